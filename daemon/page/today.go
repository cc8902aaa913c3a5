package page

import (
	"cmp"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strconv"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

const (
	mostWaiting = 20  // of each kind on the page of today
	mostOpen    = 200 // tasks of the reader's own that are looked through for those that are due soon
	mostLately  = 6
	soonDays    = 7
)

// day is the page of today.
type day struct {
	Sentence string
	Sections []section
	Lately   []lately
	Nothing  bool
}

// lately is something that somebody wrote in last.
type lately struct {
	ID, When, Who, Title, At string
}

func (in *asking) today(w http.ResponseWriter) error {
	raw, err := in.c.Waits(in.ctx(), false)
	if err != nil {
		return err
	}
	var t api.Today
	if err := json.Unmarshal(raw, &t); err != nil {
		return err
	}
	waits := map[string][]document{}
	for key, each := range t.Documents {
		if waits[key], err = eachDocument(each); err != nil {
			return err
		}
	}
	var v day
	mine := section{Title: in.t.T("Waits for you"), Mine: true}
	for _, d := range waits["decisions"] {
		mine.Rows = append(mine.Rows, in.decisionToDo(d))
	}
	for _, d := range waits["asked"] {
		mine.Rows = append(mine.Rows, in.doable(kinds.Task, d, in.taskDoes(d)...))
	}
	for _, d := range waits["agreements"] {
		mine.Rows = append(mine.Rows, in.doable(kinds.Agreement, d, action{Words: in.t.T("Read it"), At: in.At("agreements", d.Short), Look: "line", About: d.Title}))
	}
	v.Sentence = in.sentence(len(waits["decisions"]), waits["asked"])
	if mine.Count = len(mine.Rows); mine.Count > 0 {
		if does := mine.Rows[0].Does; len(does) > 0 {
			does[0].Look = "filled"
		}
	}
	help, nobody := section{Title: in.t.T("Help wanted")}, section{Title: in.t.T("Nobody has it")}
	seen := map[string]bool{}
	for _, d := range waits["help_wanted"] {
		r := in.doable(kinds.Task, d, in.taskDoes(d)...)
		r.Says = dots(in.by(named(d.says.In("help").In("by")), "{who} asks for help", "you ask for help"), in.dueSays(d), d.says.In("help").Str("why"))
		help.Rows, seen[d.ID] = append(help.Rows, r), true
	}
	for _, d := range waits["nobody"] {
		if !seen[d.ID] {
			r := in.doable(kinds.Task, d, in.taskDoes(d)...)
			r.Says = dots(in.dueSays(d), in.hours(d), d.says.Str("project"), in.t.T("since {when}", "when", in.Near(d.CreatedAt.In(in.now.Location()))))
			nobody.Rows = append(nobody.Rows, r)
		}
	}
	soon := section{Title: in.t.T("Soon")}
	own, err := in.list(kinds.Task, mostOpen, "open", "true", "mine", "true", "sort", "due")
	if err != nil {
		return err
	}
	for _, d := range own {
		if !seen[d.ID] && in.within(d.says.Str("due"), soonDays) {
			soon.Rows = append(soon.Rows, in.doable(kinds.Task, d, in.taskDoes(d)...))
		}
	}
	until := in.now.AddDate(0, 0, soonDays+1).Format("2006-01-02")
	for _, k := range []*kind.Kind{kinds.Agreement, kinds.Decision} {
		review, err := in.list(k, mostWaiting, "review_before", until)
		if err != nil {
			return err
		}
		for _, d := range review {
			r := in.rowOf(k, d)
			r.Says = in.t.T("to be looked at again {when}", "when", in.Due(d.says.Str("review_on"), in.Near))
			soon.Rows = append(soon.Rows, r)
		}
	}
	for _, s := range slices.Concat([]section{mine}, in.declaredWaits(waits, false), []section{help, nobody}, in.declaredWaits(waits, true), []section{soon}) {
		if len(s.Rows) > 0 {
			if more := len(s.Rows) - mostWaiting; more > 0 {
				s.Rows, s.More = s.Rows[:mostWaiting], action{Words: in.t.N("{#} more", more), At: cmp.Or(s.More.At, in.At("tasks"))}
			}
			v.Sections = append(v.Sections, s)
		}
	}
	for i, about := range [][]api.Proposal{t.AboutMe, t.Proposals} {
		if len(about) > 0 {
			v.Sections = append(v.Sections, in.aboutUs([]string{in.t.T("About you"), in.t.T("About us, for you to consent or refuse")}[i], about))
		}
	}
	if named := in.mentions(t.Mentions); len(named.Rows) > 0 {
		v.Sections = append(v.Sections, named)
	}
	if asks := in.askRows(t.Asks); len(asks) > 0 {
		v.Sections = append(v.Sections, section{Title: in.t.T("Allies ask us"), Count: len(t.Asks), Rows: asks, More: action{At: in.At("allies")}})
	}
	v.Nothing = len(v.Sections) == 0
	if v.Lately, err = in.lately(); err != nil {
		return err
	}
	in.show(w, http.StatusOK, "today", in.t.T("Today"), v)
	return nil
}

// mentions are the threads in which the reader is named, and hasn't seen that.
func (in *asking) mentions(all []api.Mention) section {
	s := section{Title: in.t.T("You are named in talk"), Count: len(all)}
	for _, m := range all[:min(len(all), mostWaiting)] {
		if k := kinds.All.Named(m.Kind); k != nil && k.Many != "" {
			s.Rows = append(s.Rows, row{ID: "talk-" + m.ID, Mark: textMark(), Title: m.Title, At: in.At(k.Many, m.Short) + "#talk",
				Says: dots(in.by(m.By, "{who} says: {words}", "you say: {words}", "words", cut(m.Text, 140)), in.Moment(m.At.Time))})
		}
	}
	return s
}

// within says whether a day comes in so many days, or was.
func (in *asking) within(date string, days int) bool {
	at, _, err := api.ParseDate(date, in.now.Location())
	return err == nil && daysBetween(in.now, at) <= days
}

func (in *asking) doable(k *kind.Kind, d document, does ...action) row {
	r := in.rowOf(k, d)
	r.Does = does
	for i := range r.Does {
		r.Does[i].Back = in.At("")
	}
	return r
}

// decisionToDo is a decision that waits for the reader's word.
func (in *asking) decisionToDo(d document) row {
	words := in.t.T("Read and answer")
	if in.mine(d).stance != notYet {
		words = in.t.T("Read it again")
	}
	return in.doable(kinds.Decision, d, action{Words: words, At: in.At("decisions", d.Short), Look: "line", About: d.Title})
}

// sentence says what waits, in at most two clauses.
func (in *asking) sentence(decisions int, asked []document) string {
	name := in.status.Me.Name
	switch {
	case decisions > 0 && len(asked) == 1:
		return in.t.N("{N} decisions wait for your word, {name}, and {who} asks you for something.", decisions, "name", name, "who", in.namedBy(asked[0].CreatedBy))
	case decisions > 0 && len(asked) > 1:
		return in.t.N("{N} decisions wait for your word, {name}, and {tasks} for an answer.", decisions, "name", name, "tasks", in.t.N("{n} tasks", len(asked)))
	case decisions > 0:
		return in.t.N("{N} decisions wait for your word, {name}.", decisions, "name", name)
	case len(asked) == 1:
		return in.t.T("{who} asks you for something, {name}.", "who", capital(in.namedBy(asked[0].CreatedBy)), "name", name)
	case len(asked) > 1:
		return in.t.N("You are asked for {n} things, {name}.", len(asked), "name", name)
	}
	return in.t.T("Nothing waits for you, {name}.", "name", name)
}

// aboutUs are steps about the co-op itself that ask for the reader's word.
func (in *asking) aboutUs(title string, all []api.Proposal) section {
	s := section{Title: title}
	for _, p := range all[:min(len(all), mostWaiting)] {
		r := in.proposalRow(p)
		r.Does = []action{{Words: in.t.T("Read and answer"), At: r.At, Look: "line", About: p.Title}}
		s.Rows = append(s.Rows, r)
	}
	return s
}

// told are the waits that have a place of their own on the page of today, or stand among what is soon.
var told = []string{"decisions", "asked", "agreements", "help_wanted", "nobody", "overdue", "due", "mine", "reviews"}

// declaredWaits are the sections of all else that the declarations of kinds have wait for somebody: for nobody in
// particular, or for the reader.
func (in *asking) declaredWaits(waits map[string][]document, anybody bool) (all []section) {
	for _, k := range kinds.All.Nouns() {
		for _, w := range k.Today {
			if w.Anybody != anybody || slices.Contains(told, w.Key) {
				continue
			}
			s := section{Title: in.t.T(w.Title), More: action{At: in.At(k.Many)}}
			for _, d := range waits[w.Key] {
				does := []action{}
				if k == kinds.Task {
					does = in.taskDoes(d)
				} else if v := k.Verb(w.Run); v != nil {
					does = append(does, action{Words: in.deed(k, v), At: in.At(k.Many, d.Short, v.Name), Look: "line", About: d.Title})
				}
				s.Rows = append(s.Rows, in.doable(k, d, does...))
			}
			all = append(all, s)
		}
	}
	return all
}

// lately are the documents that were written in last.
func (in *asking) lately() (out []lately, err error) {
	all, err := keep(&in.p.hub, in.space+"/lately", in.changedLast)
	if err != nil {
		return nil, err
	}
	for _, c := range all[:min(len(all), mostLately)] {
		out = append(out, lately{
			ID: c.d.ID, When: in.Moment(c.d.UpdatedAt.Time), Who: capital(in.namedBy(c.d.UpdatedBy)), Title: c.d.Title, At: in.At(c.k.Many, c.d.Short),
		})
	}
	return out, nil
}

// written is a document that somebody wrote in.
type written struct {
	k *kind.Kind
	d document
}

// changedLast are the documents that were written in last, of all kinds, newest first.
func (in *asking) changedLast() (all []written, err error) {
	for _, k := range kinds.All.Nouns() {
		found, err := in.list(k, mostLately)
		if err != nil {
			return nil, err
		}
		for _, d := range found {
			all = append(all, written{k, d})
		}
	}
	slices.SortStableFunc(all, func(a, b written) int {
		return cmp.Or(b.d.UpdatedAt.Compare(a.d.UpdatedAt.Time), cmp.Compare(a.d.ID, b.d.ID))
	})
	return all, nil
}

// listed is the list of a kind.
type listed struct {
	Sentence string
	New      action
	Tabs     []entry
	Sections []section
	Empty    string // what to say where there is nothing
	More     action // "" words: that is all

	Wide, Narrow template.HTML // what is better looked at; "": nothing
}

const (
	firstListed = 50
	mostListed  = 2000
)

func (in *asking) documents(w http.ResponseWriter) error {
	k := in.kind()
	if k == nil {
		return noSuchThing
	}
	limit, err := strconv.Atoi(cmp.Or(in.r.FormValue("n"), strconv.Itoa(firstListed)))
	if err != nil || limit < 1 || limit > mostListed {
		limit = firstListed
	}
	v := listed{New: action{Words: in.t.T(capital(k.Make.Gist)), At: in.At(k.Many, "new"), Look: "filled"}}
	var with []string
	tabs := []tab{{words: "All"}}
	switch k {
	case kinds.Task:
		tabs = []tab{{"All of us", []string{"open", "true", "sort", "due"}, ""}, {"Mine", []string{"open", "true", "mine", "true", "sort", "due"}, "mine"}, {"With what is done", nil, "all"}, {"As a board", nil, boardTab}}
	case kinds.Decision:
		tabs = []tab{{"Open", []string{"open", "true"}, ""}, {"Waits for you", []string{"waiting_for_me", "true"}, "mine"}, {"With what is closed", nil, "all"}}
	case kinds.Agreement:
		tabs = []tab{{"What holds", []string{"current", "true", "sort", "title"}, ""}, {"With what doesn’t hold any more", nil, "all"}}
	}
	chosen := in.r.FormValue("of")
	for i, t := range tabs {
		at := in.At(k.Many)
		if t.name != "" {
			at += "?of=" + t.name
		}
		here := t.name == chosen || i == 0 && !slices.ContainsFunc(tabs, func(t tab) bool { return t.name == chosen })
		if here {
			with = t.with
		}
		v.Tabs = append(v.Tabs, entry{Words: in.t.T(t.words), At: at, Here: here})
	}
	if k == kinds.Task && chosen == boardTab {
		return in.showBoard(w, v)
	}
	found, err := in.list(k, limit+1, with...)
	if err != nil {
		return err
	}
	if len(found) > limit {
		found = found[:limit]
		v.More = action{Words: in.t.T("Show more"), At: in.At(k.Many) + "?of=" + chosen + "&n=" + strconv.Itoa(min(limit+200, mostListed))}
	}
	rows := section{}
	for _, d := range found {
		r := in.rowOf(k, d)
		if k == kinds.Task {
			r.Does = in.taskDoes(d)
		}
		for i := range r.Does {
			if r.Does[i].Look == "line" {
				r.Does[i].Look = "plain"
			}
		}
		rows.Rows = append(rows.Rows, r)
	}
	if len(found) > 0 {
		v.Sections = []section{rows}
	}
	if k == kinds.Pulse {
		rounds := in.stagesOf(found)
		v.Wide, v.Narrow = in.stagesPicture(wideStages, rounds), in.stagesPicture(narrowStages, rounds)
	}
	v.Sentence, v.Empty = in.listSays(k, found, len(v.More.Words) > 0)
	in.show(w, http.StatusOK, "list", in.t.T(capital(k.Many)), v)
	return nil
}

// tab is one part of a list.
type tab struct {
	words string
	with  []string // what is asked for
	name  string   // in the address
}

// listSays is the sentence above a list, and what is said in the place of an empty one.
func (in *asking) listSays(k *kind.Kind, found []document, more bool) (sentence, empty string) {
	n := len(found)
	title := in.t.T(capital(k.Many))
	switch k {
	case kinds.Task:
		nobody, help := 0, 0
		for _, d := range found {
			h := in.handsOf(d)
			if h.live && len(h.taken)+len(h.asked) == 0 {
				nobody++
			}
			if h.live && h.wanted {
				help++
			}
		}
		empty = in.t.T("Nothing is to be done here. What comes up can be written down.")
		switch {
		case n == 0 || more:
			return title, empty
		case nobody > 0 && help > 0:
			return in.t.N("{N} tasks. {rest}", n, "rest", in.t.N("{N} have nobody yet, {help}.", nobody, "help", in.t.N("{n} need help", help))), empty
		case nobody > 0:
			return in.t.N("{N} tasks. {rest}", n, "rest", in.t.N("{N} have nobody yet.", nobody)), empty
		}
		return in.t.N("{N} tasks, and each has somebody.", n), empty
	case kinds.Decision:
		empty = in.t.T("Nothing is to be decided here. Anybody may propose something.")
		waiting := 0
		for _, d := range found {
			if slices.ContainsFunc(d.says.List("waiting_for"), in.isMe) {
				waiting++
			}
		}
		switch {
		case n == 0 || more || in.r.FormValue("of") != "":
			return title, empty
		case waiting > 0:
			return in.t.N("{N} decisions are open. {rest}", n, "rest", in.t.N("{N} wait for your word.", waiting)), empty
		}
		return in.t.N("{N} decisions are open.", n), empty
	case kinds.Note:
		return title, in.t.T("There are no notes yet. Minutes, lists and how-tos stand here, and everybody writes in them.")
	case kinds.Agreement:
		return title, in.t.T("Nothing is written down yet. What you keep to stands here, where everybody finds it.")
	}
	return title, in.t.T("There is nothing here yet.")
}
