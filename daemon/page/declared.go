package page

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// What a kind that has no page of its own says and does follows from its declaration alone: so one of which the page has never
// heard can be read, begun, and worked with.

// declared are the facts of a document, and what members say in it, in the order of the declaration.
func (in *asking) declared(k *kind.Kind, d document) (facts []fact, says []said) {
	for _, s := range k.Shows {
		if s.Name == revision { // for programs
			continue
		}
		name := capital(in.t.T(inWords(s.Name)))
		switch value := d.says[s.Name].(type) {
		case []any:
			people, lines := in.listed(s, value)
			if len(people) > 0 {
				facts = append(facts, fact{Name: name, Says: in.t.And(people)})
			}
			says = append(says, lines...)
		default:
			if words := in.valueSays(k, s, value); words != "" {
				facts = append(facts, fact{Name: name, Says: words, At: in.leadsTo(k, s.Name, value)})
			}
		}
	}
	return facts, says
}

// inWords is the name of a field as people read it.
func inWords(name string) string { return strings.ReplaceAll(name, "_", " ") }

// valueSays is one value in words; "" if there is none.
func (in *asking) valueSays(k *kind.Kind, s *kind.Shown, value any) string {
	switch v := value.(type) {
	case bool:
		if v {
			return in.t.T("yes")
		}
	case float64:
		switch {
		case v != 0 && s.Is == kind.Hours:
			return in.t.T("{hours}\u00a0h", "hours", in.t.numbers.Sprint(v))
		case v != 0:
			return in.t.numbers.Sprint(v)
		}
	case map[string]any:
		a := kind.Answer(v)
		if a.Str("name") != "" {
			return in.you(a)
		}
		return in.parts(a)
	case string:
		at, err := time.Parse(time.RFC3339, v)
		switch {
		case v == "":
		case isTongue(k, s.Name):
			if t := in.p.words.called(v); t != nil {
				return t.Name
			}
		case s.Is == kind.Day:
			return capital(in.Due(v, in.Day))
		case s.Is == kind.Ref:
			return in.titleOf(ofField(k, s.Name), v)
		case err == nil && s.Is != kind.Line && s.Is != kind.Reason:
			return in.Moment(at)
		case s.Is == kind.Line && amount.MatchString(v):
			return in.money(v)
		case s.Is == kind.Word || s.Is == 0:
			return capital(in.t.T(inWords(v)))
		}
		return v
	}
	return ""
}

// amount is one of money, as documents hold it.
var amount = regexp.MustCompile(`^[0-9]+(\.[0-9]+)? [A-Z]{3}$`)

// parts are the values of an object, each behind its name.
func (in *asking) parts(a kind.Answer) string {
	var all []string
	for _, name := range sortedNames(a) {
		if words := in.partSays(a[name]); words != "" && name != "id" {
			all = append(all, in.t.T(inWords(name))+": "+words)
		}
	}
	return dots(all...)
}

// partSays is a value of which nothing is declared: what stands in it somebody may have written, so it stays as it is.
func (in *asking) partSays(value any) string {
	own, is := value.(string)
	if !is {
		return in.valueSays(nil, &kind.Shown{}, value)
	}
	if at, err := time.Parse(time.RFC3339, own); err == nil {
		return in.Moment(at)
	}
	return own
}

// grows shows the checklist of somebody new, with what can be said of each step; the verbs that it stands for aren't offered besides.
func (in *asking) grows(v *reading) {
	open := v.D.says.Str("status") == kinds.Open
	for _, step := range v.D.says.List("steps") {
		text := step.Str("text")
		number := fmt.Sprint(step["number"])
		r := row{ID: "step-" + number, Title: text, Mark: taskMark(kind.Answer{"status": kinds.TaskOpen})}
		if step.Is("done") {
			r.Mark = taskMark(kind.Answer{"status": kinds.TaskDone})
		}
		does := func(words, verb, field, look string) {
			at := in.At(v.Many, v.D.Short, verb) + "?" + url.Values{field: {number}}.Encode()
			r.Does = append(r.Does, action{Words: words, At: at, Post: true, Look: look, Back: in.Here(), About: text})
		}
		by := step.List("by")
		mine := slices.ContainsFunc(by, in.isMe)
		if len(by) > 0 {
			r.Says = in.t.T("{names} said that it is done", "names", capital(in.t.And(in.names(by))))
		}
		switch {
		case mine:
			does(in.t.T("It isn’t done"), "done"+undone, "number", "plain")
		case !step.Is("done") && open:
			does(in.t.T("It is done"), "done", "number", "line")
		}
		if put := step.In("put_by"); open && put != nil && in.isMe(put) && !step.Is("done") {
			does(in.t.T("Take it off the list"), "step"+undone, "words", "plain")
		}
		v.Steps = append(v.Steps, r)
	}
	v.Said = slices.DeleteFunc(v.Said, func(s said) bool { return s.Who == capital(in.t.T("steps")) })
	v.Next = slices.DeleteFunc(v.Next, func(a action) bool {
		return strings.HasSuffix(a.At, "/done") || strings.HasSuffix(a.At, "/done"+undone) || strings.HasSuffix(a.At, "/step"+undone)
	})
}

func sortedNames(a kind.Answer) (names []string) {
	for name := range a {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// wordsOf are the names under which what somebody wrote stands in what they say.
var wordsOf = []string{"why", "text", "note", "say", "answer", "words", "comment"}

// listed are the values of a list: members by name, and what each of several says.
func (in *asking) listed(s *kind.Shown, values []any) (people []string, lines []said) {
	name := s.Name
	for _, v := range values {
		if w, ok := v.(string); ok {
			if s.Is == 0 { // a word of Kith's
				w = in.t.T(inWords(w))
			}
			people = append(people, w)
			continue
		}
		a, _ := v.(map[string]any)
		one := kind.Answer(a)
		who := one.In("member")
		if who == nil {
			who = one.In("by")
		}
		if who == nil && one.Str("name") != "" {
			who = one
		}
		why := ""
		for _, w := range wordsOf {
			if why == "" {
				why = one.Str(w)
			}
		}
		switch {
		case who == nil && len(one) > 0:
			lines = append(lines, said{ID: one.Str("id"), How: in.parts(one), Who: capital(in.t.T(inWords(name)))})
		case who != nil && why == "" && len(one) <= 3:
			people = append(people, in.you(who))
		case who != nil:
			rest := kind.Answer{}
			for key, value := range one {
				_, isName := value.(map[string]any)
				if s, _ := value.(string); s != why && !isName && key != "id" && key != "name" {
					rest[key] = value
				}
			}
			line := said{ID: name + "-" + who.Str("id"), Who: capital(in.you(who)), How: dots(in.t.T(inWords(name)), in.parts(rest)), Why: why}
			if since, err := time.Parse(time.RFC3339, one.Str("since")); err == nil { // it is held, or somebody was named for it
				line.Who, line.How = capital(in.t.T(inWords(name)))+":", dots(in.you(who), in.t.T("since {when}", "when", in.Moment(since)))
				if !one.Is("accepted") && name != "refused" {
					line.How = dots(line.How, in.t.T("no answer so far"))
				}
			}
			lines = append(lines, line)
		}
	}
	return people, lines
}

// fieldNamed is the field of a kind that answers call so; nil if there is none.
func fieldNamed(k *kind.Kind, name string) *kind.Field {
	if k == nil {
		return nil
	}
	for _, f := range k.Fields {
		if f.Name() == name {
			return f
		}
	}
	return nil
}

func isTongue(k *kind.Kind, name string) bool {
	f := fieldNamed(k, name)
	return f != nil && f.Tongue
}

// ofField is the kind that a field names documents of; nil if it names none.
func ofField(k *kind.Kind, name string) *kind.Kind {
	if f := fieldNamed(k, name); f != nil && f.Is == kind.Ref {
		return kinds.All.Named(f.Of)
	}
	return nil
}

// titleOf is the title of a document, or of the one in which it goes on since a part of it was forgotten; else its ID.
func (in *asking) titleOf(of *kind.Kind, id string) string {
	title, _ := in.nowAt(of, id)
	return title
}

// nowAt is what a document is called, and where it stands; of one that was forgotten in part, that of the one in which it goes on.
func (in *asking) nowAt(of *kind.Kind, id string) (title, at string) {
	if of == nil || of.Many == "" || id == "" {
		return id, ""
	}
	if d, err := readDocument(in.c.Document(in.ctx(), of.Many, id)); err == nil {
		return d.Title, in.At(of.Many, id)
	}
	f, err := in.c.Forgetting(in.ctx(), id, false)
	switch {
	case err != nil || f.State != api.Forgotten:
		return id, in.At(of.Many, id)
	case f.GoesOn == nil:
		return in.t.T("forgotten"), ""
	}
	return f.GoesOn.Title, in.At(kinds.All.Named(f.GoesOn.Kind).Many, f.GoesOn.Short)
}

func (in *asking) leadsTo(k *kind.Kind, name string, value any) string {
	id, _ := value.(string)
	_, at := in.nowAt(ofField(k, name), id)
	return at
}

// own are the kinds that have pages of their own, where their verbs stand.
var ownPage = []string{kinds.Task.Name, kinds.Decision.Name, kinds.Note.Name, kinds.Agreement.Name}

// deedsOf are what the reader can do now with a document of a kind that has no page of its own: whether it can be changed, and its
// verbs. The daemon is asked, which would refuse the others.
func (in *asking) deedsOf(k *kind.Kind, d document) (edits bool, all []action, err error) {
	possible, err := in.c.Possible(in.ctx(), k.Many, d.ID)
	for _, can := range possible {
		v := k.Verb(can.Verb)
		switch {
		case v != nil && v == passing(k):
			if a := in.passAction(k, d); a != nil {
				all = append(all, *a)
			}
		case v == nil:
			edits = edits || can.Verb == k.Edit.Name
		case can.Undo:
			all = append(all, action{Words: in.undoing(v), At: in.At(k.Many, d.Short, v.Name+undone), Post: len(v.Args) == 0, Look: "plain", Back: in.At(k.Many, d.Short), About: d.Title})
		case asksNothing(v):
			a := in.verbAt(k, d, v.Name, "", "line")
			a.Words = in.deed(k, v)
			all = append(all, a)
		default:
			all = append(all, action{Words: in.deed(k, v), At: in.At(k.Many, d.Short, v.Name), Look: "line", About: d.Title})
		}
	}
	return edits, all, err
}

// undoing says that somebody takes back what a verb did.
func (in *asking) undoing(v *kind.Verb) string {
	return in.t.T("Not any more: {deed}", "deed", in.t.T(v.Gist))
}

// asksNothing says whether a verb is done at once.
func asksNothing(v *kind.Verb) bool {
	for _, f := range slices.Concat(v.Args, v.With) {
		if f.Key != revision {
			return false
		}
	}
	return v.By == nil && v.Text == kind.No && reasonOf(v) == kind.No
}

// columns are the second line of a document in a list, by the columns that its kind declares.
func (in *asking) columns(k *kind.Kind, d document) string {
	var all []string
	for _, c := range k.Columns {
		cell := c.Says(d.says)
		words := cell.Words
		if !slices.Contains(cell.Own, words) {
			words = in.t.T(words)
		}
		if words == cell.Words {
			words = in.countSays(words, cell.Own...)
		}
		if cell.Day != "" {
			words = strings.TrimSpace(words + " " + in.Due(cell.Day, in.Near))
		}
		if at, err := time.Parse(time.RFC3339, cell.Since); err == nil {
			words = strings.TrimSpace(words + " " + in.Moment(at))
		}
		if words != "" {
			all = append(all, in.t.T(strings.ToLower(c.Title))+": "+words)
		}
	}
	return dots(all...)
}
