package page

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

const (
	mostWaiting = 20 // under each heading on the page of today
	mostLately  = 6
	soonDays    = 7
)

// day is the page of today.
type day struct {
	Sentence string
	Sections []section
	Lately   []lately
	Nothing  bool
	All      action // back to all, where one heading stands alone; "" words: it doesn't
}

// lately is something that somebody wrote in last.
type lately struct {
	ID, When, Who, Title, At string
}

// together are the sections of the API that stand under one heading here, by how the address names it.
var together = map[string][]string{
	"waits": {"decisions", "asked", "agreements"},
	"soon":  {"overdue", "due", "mine", "reviews", "agreement_reviews"},
}

// sidesUnder is the section under which stand the steps of shares, too.
const sidesUnder = "proposals"

// headings are those of what no kind declares, and of what has another one here than on a terminal.
var headings = map[string]string{
	"waits": "Waits for you", "soon": "Soon", "help_wanted": "Help wanted", "nobody": "Nobody has it",
	"about_me": "About you", "proposals": "About us, for you to consent or refuse", "steps_over": "About us, and over", "mentions": "You are named in talk", "asks": "Allies ask us",
	"merged": "Two wrote at one place here", "forget": "Others want this forgotten, and you wrote in it", "shares": "From allies", "away": "Away today", "arrivals": "New here, and welcomed by nobody yet",
	"decisions_moot": "Nothing is left to decide here, and it is still open", "agreements_figures": "Agreements say different numbers, so none of these counts",
	"departures": "No members any more", "renames": "Called otherwise now",
}

// waiting is what waits for the reader, as the daemon tells it.
type waiting struct {
	api.Today
	sides     []sideStep
	documents map[string]map[string]document // by the key that the declaration of their kind has, and ID
}

func readWaiting(raw json.RawMessage) (t waiting, err error) {
	if err := json.Unmarshal(raw, &t.Today); err != nil {
		return t, err
	}
	t.documents = map[string]map[string]document{}
	for key, each := range t.Documents {
		all, err := eachDocument(each)
		if err != nil {
			return t, err
		}
		t.documents[key] = map[string]document{}
		for _, d := range all {
			t.documents[key][d.ID] = d
		}
	}
	return t, nil
}

func (in *asking) today(w http.ResponseWriter) error {
	only := in.r.FormValue("of")
	raw, err := in.c.Waits(in.ctx(), only != "")
	if err != nil {
		return err
	}
	t, err := readWaiting(raw)
	if err != nil {
		return err
	}
	if t.sides, err = in.sideSteps(); err != nil {
		return err
	}
	v := in.dayOf(t, only)
	if only == "" {
		if v.Lately, err = in.lately(); err != nil {
			return err
		}
	}
	in.show(w, http.StatusOK, "today", in.t.T("Today"), v)
	return nil
}

// dayOf tells all that waits: what the daemon has a section for stands here too, also if it is one of which the page has never
// heard. only names one heading, which is shown whole; "" means all.
func (in *asking) dayOf(t waiting, only string) (v day) {
	under, names := in.gathered(t, only)
	if s := under["waits"]; s != nil {
		slices.SortStableFunc(s.Rows, func(a, b row) int { return cmp.Compare(a.rank, b.rank) }) // decisions first: for those others wait
		if only == "" || only == "waits" {
			likeliest(s)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(headingRank(a), headingRank(b)) })
	for _, name := range names {
		if only != "" && only != name {
			continue
		}
		s := under[name]
		if in.shorten(s, only != ""); len(s.Rows) > 0 || s.More.Words != "" {
			v.Sections = append(v.Sections, *s)
		}
	}
	var asked []document
	for _, s := range t.Sections {
		if s.Name == "asked" {
			for _, item := range s.Items {
				asked = append(asked, t.documents[s.Name][item.ID])
			}
		}
	}
	v.Sentence = in.sentence(len(t.documents["decisions"]), asked)
	v.Nothing = len(v.Sections) == 0
	if only != "" {
		v.All = action{Words: in.t.T("All that waits"), At: in.At("")}
	}
	return v
}

// gathered puts what waits under its headings, which are named in the order in which the daemon tells of them. only: see dayOf.
func (in *asking) gathered(t waiting, only string) (under map[string]*section, names []string) {
	under = map[string]*section{}
	at := func(name, title string) *section {
		if under[name] == nil {
			under[name] = &section{Title: in.t.T(cmp.Or(headings[name], title)), Mine: name == "waits", More: action{At: in.At("") + "?of=" + url.QueryEscape(name)}}
			names = append(names, name)
		}
		return under[name]
	}
	for _, s := range t.Sections {
		name := s.Name
		for heading, names := range together {
			if slices.Contains(names, name) {
				name = heading
			}
		}
		one := at(name, s.Title)
		one.cut = one.cut || s.More
		for _, item := range s.Items {
			_, helped := t.documents["help_wanted"][item.ID] // told there, and not a second time
			switch {
			case helped && (name == "nobody" || name == "soon"):
			case s.Name == "mine" && only == "" && !in.within(item.Due, soonDays):
				one.others++
			default:
				r := in.waitingRow(s.Name, item, t)
				r.rank = slices.Index(together[name], s.Name)
				one.Rows = append(one.Rows, r)
			}
		}
	}
	for _, s := range t.sides {
		if s.p.WaitsForMe {
			steps := at(sidesUnder, "")
			steps.Rows = append(steps.Rows, in.stepWaits(s.co, s.p))
		}
	}
	return under, names
}

// headingRank is where a heading stands among the others: what is about the reader, and waits for them, before what is for anybody, and
// last what is to come.
func headingRank(name string) int {
	if at, is := map[string]int{"about_me": 0, "waits": 1, "help_wanted": 3, "nobody": 4, "soon": 6, "away": 7}[name]; is {
		return at
	}
	if isForAnybody(name) {
		return 5
	}
	return 2
}

// likeliest makes the first thing to do the one that the reader most likely came for.
func likeliest(s *section) {
	if s.Count = len(s.Rows); s.Count > 0 && len(s.Rows[0].Does) > 0 {
		s.Rows[0].Does[0].Look = "filled"
	}
}

// shorten leaves of a section as much as is read in a moment, and says how much more there is. whole: it stands alone, with as much
// as the address asks for.
func (in *asking) shorten(s *section, whole bool) {
	most := mostWaiting
	if whole {
		most = min(max(firstListed, in.asNumber("n")), mostListed)
	}
	more := len(s.Rows) - most
	s.Rows = s.Rows[:min(len(s.Rows), most)]
	switch {
	case more > 0 && s.cut:
		s.More.Words = in.t.N("more than {#} more", more)
	case more > 0:
		s.More.Words = in.t.N("{#} more", more)
	case s.cut:
		s.More.Words = in.t.T("there are more")
	case s.others > 0:
		s.More.Words = in.t.N("and what is due later, or has no day: {#}", s.others)
	}
	if whole {
		s.More.At += "&n=" + strconv.Itoa(most+200)
	}
}

// asNumber is a number in the address; 0 if there is none.
func (in *asking) asNumber(name string) int {
	n, err := strconv.Atoi(in.r.FormValue(name))
	if err != nil {
		return 0
	}
	return n
}

func isForAnybody(key string) bool {
	w := kinds.All.Wait(key)
	return w != nil && w.Anybody
}

// waitingRow is one thing that waits, in a section of the daemon's.
func (in *asking) waitingRow(name string, item api.SectionItem, t waiting) row {
	k := kinds.All.Named(item.Kind)
	d, is := t.documents[name][item.ID]
	var own []string // of why it waits, what somebody wrote
	if w := kinds.All.Wait(name); is && w != nil {
		own = w.Cell(d.says, in.me).Own
	}
	why := in.whySays(item.Why, own...)
	switch {
	case name == "mentions":
		for _, m := range t.Mentions {
			if m.ID == item.ID {
				return in.mention(m)
			}
		}
	case k != nil && is && k.Many != "":
		return in.documentWaits(name, k, d, item, why)
	case item.Kind == "proposal":
		for _, p := range slices.Concat(t.AboutMe, t.Proposals) {
			if p.ID == item.ID {
				return in.stepWaits(in.home(), p)
			}
		}
		return row{ID: name + "-" + item.ID, Mark: taskMark(kind.Answer{"status": kinds.TaskDone}), Title: capital(in.said(item.Title).Says), At: in.At("proposals", item.Short), Says: why}
	case item.Kind == kinds.Ask.Name:
		for _, a := range t.Asks {
			if a.ID == item.ID {
				return in.askRow(a)
			}
		}
		return row{ID: item.ID, Mark: allyMark(), Title: item.Title, At: in.At("asks", item.Short), Says: dots(why, in.Moment(item.At.Time))}
	case item.Kind == "share":
		return row{ID: item.ID, Mark: allyMark(), Title: item.Title, At: in.At("allies"), Says: dots(why, in.Moment(item.At.Time))}
	case item.Kind == "member" && item.Who == nil: // somebody new, or who has gone
		r := row{ID: name + "-" + item.ID, Mark: awayMark(), Title: item.Title, At: in.At("members", item.ID), Says: dots(why, in.Moment(item.At.Time))}
		if name == "arrivals" {
			r.Does = []action{{Words: in.t.T("Accompany them"), At: in.At(kinds.Newcomer.Many, "new"), Look: "line", About: item.Title}}
		}
		return r
	case item.Kind == "member":
		return row{ID: name + "-" + item.ID, Mark: awayMark(), Title: item.Title, At: in.At("members", item.Who.ID), Says: in.t.T("away until {when}", "when", in.Due(item.Due, in.Near))}
	}
	r := row{ID: name + "-" + item.ID, Mark: textMark(), Title: item.Title, Says: dots(in.byWhom(item, why), why, in.Moment(item.At.Time))}
	if k != nil && k.Many != "" {
		r.At = in.At(k.Many, item.Short)
	}
	return r
}

// byWhom says whose doing it is, unless that is said already.
func (in *asking) byWhom(item api.SectionItem, says string) string {
	if item.Who == nil || strings.Contains(says, item.Who.Name) {
		return ""
	}
	return in.by(*item.Who, "by {who}", "by you")
}

// whySays says in the reader's language why something waits. Several sayings have semicolons between them.
func (in *asking) whySays(why string, own ...string) string {
	if amount.MatchString(why) {
		return in.money(why)
	}
	if says := in.said(why, own...); says.Lang == "" {
		return says.Says
	}
	parts := strings.Split(why, "; ")
	for i, one := range parts {
		parts[i] = in.countSays(one, own...)
	}
	return strings.Join(parts, "; ")
}

var outOf = regexp.MustCompile(`^(\d+) of (\d+)($|: )`)

// countSays says what a declaration tells: an amount of money, or what may begin with a count: "2 of 5".
func (in *asking) countSays(says string, own ...string) string {
	if amount.MatchString(says) {
		return in.money(says)
	}
	if m := outOf.FindStringSubmatch(says); m != nil {
		return in.t.T("{done} of {all}", "done", m[1], "all", m[2]) + says[len(m[0])-len(m[3]):]
	}
	return in.said(says, own...).Says
}

// documentWaits is a document in which something waits.
func (in *asking) documentWaits(name string, k *kind.Kind, d document, item api.SectionItem, why string) row {
	switch {
	case name == "decisions":
		return in.decisionToDo(d)
	case name == "agreements":
		return in.doable(k, d, action{Words: in.t.T("Read it"), At: in.At(k.Many, d.Short), Look: "line", About: d.Title})
	case name == "help_wanted":
		r := in.doable(k, d, in.taskDoes(d)...)
		r.Says = dots(in.by(named(d.says.In("help").In("by")), "{who} asks for help", "you ask for help"), in.dueSays(d), d.says.In("help").Str("why"))
		return r
	case name == "nobody":
		r := in.doable(k, d, in.taskDoes(d)...)
		r.Says = dots(in.dueSays(d), in.hours(d), d.says.Str("project"), in.t.T("since {when}", "when", in.Near(d.CreatedAt.In(in.now.Location()))))
		return r
	case slices.Contains(together["soon"], name) && k != kinds.Task:
		r := in.rowOf(k, d)
		r.Says = in.t.T("to be looked at again {when}", "when", in.Due(d.says.Str("review_on"), in.Near))
		return r
	case slices.Contains(together["waits"], name), slices.Contains(together["soon"], name):
		return in.doable(k, d, in.taskDoes(d)...)
	}
	does := []action{}
	if k == kinds.Task {
		does = in.taskDoes(d)
	} else if w := kinds.All.Wait(name); w != nil {
		if v := k.Verb(w.Run); v != nil {
			does = append(does, action{Words: in.deed(k, v), At: in.At(k.Many, d.Short, v.Name), Look: "line", About: d.Title})
		}
	}
	r := in.doable(k, d, does...)
	if on := in.Due(item.Due, in.Near); on != "" && k != kinds.Task && k != kinds.Decision { // the lines of those say it
		why = strings.TrimSpace(why + " " + on)
	}
	switch {
	case why != "" && !slices.Contains(ownPage, k.Name): // what its list tells in columns is the same once more
		r.Says = dots(why, in.tags(d))
	case !strings.Contains(r.Says, why):
		r.Says = dots(why, r.Says)
	}
	r.Says = dots(in.byWhom(item, r.Says), r.Says)
	return r
}

// mention is a thread in which the reader is named, and hasn't seen that.
func (in *asking) mention(m api.Mention) row {
	r := row{ID: "talk-" + m.ID, Mark: textMark(), Title: m.Title, Says: dots(in.by(m.By, "{who} says: {words}", "you say: {words}", "words", cut(m.Text, 140)), in.Moment(m.At.Time))}
	if k := kinds.All.Named(m.Kind); k != nil && k.Many != "" {
		r.At = in.At(k.Many, m.Short) + "#talk"
	}
	return r
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
	another := len(asked) == 1 && !in.isMe(kind.Answer{"id": asked[0].CreatedBy.ID}) // one may have asked oneself
	switch {
	case decisions > 0 && another:
		return in.t.N("{N} decisions wait for your word, {name}, and {who} asks you for something.", decisions, "name", name, "who", in.namedBy(asked[0].CreatedBy))
	case decisions > 0 && len(asked) > 0:
		return in.t.N("{N} decisions wait for your word, {name}, and {tasks} for an answer.", decisions, "name", name, "tasks", in.t.N("{n} tasks", len(asked)))
	case decisions > 0:
		return in.t.N("{N} decisions wait for your word, {name}.", decisions, "name", name)
	case another:
		return in.t.T("{who} asks you for something, {name}.", "who", capital(in.namedBy(asked[0].CreatedBy)), "name", name)
	case len(asked) > 0:
		return in.t.N("You are asked for {n} things, {name}.", len(asked), "name", name)
	}
	return in.t.T("Nothing waits for you, {name}.", "name", name)
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
