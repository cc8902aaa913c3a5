package kinds

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/money"
)

// How it stands with a request from outside.
const (
	IntakeNew        = "new"
	IntakeTalking    = "talking"
	IntakeEstimating = "estimating"
	IntakeAccepted   = "accepted"
	IntakeDeclined   = "declined"
	IntakePassed     = "passed"
)

var (
	intakeState = &kind.Field{
		Key: "state", Is: kind.Word, Words: []string{IntakeNew, IntakeTalking, IntakeEstimating, IntakeAccepted, IntakeDeclined, IntakePassed}, Hint: "how it stands", Log: intakeMoved,
	}
	intakeWhy     = &kind.Field{Key: "state_why", Is: kind.Reason, Label: "why it was declined or passed on", Hint: "why it was declined or passed on", With: intakeState}
	intakeSubject = &kind.Field{Key: "subject", Is: kind.Line, Hint: "what it is about, in a few words; its project is called so"}
	intakeContact = &kind.Field{Key: "contact", Is: kind.Line, Hint: "how to reach them", Stays: true}
	intakeBudget  = &kind.Field{Key: "budget", Is: kind.Line, Hint: "what they can pay, as 4000 EUR", Var: "AMOUNT", Reads: money.Clean}
	intakeDue     = &kind.Field{Key: "due", Is: kind.Day, Hint: "when they need it"}
	intakeHours   = &kind.Field{Key: "hours", Is: kind.Hours, Max: 60_000_000, Typed: 100_000, Hint: "how many hours we think it takes"}
	intakeProject = &kind.Field{Key: "project", Is: kind.Ref, Of: "project", Hint: "the project that it became"}
	intakeAlly    = &kind.Field{Key: "ally", Is: kind.Line, Hint: "to whom it was passed on"}

	// IntakeTasks are the first tasks of what a request becomes: "Wireframes=8h".
	IntakeTasks = &kind.Field{Key: "task", Is: kind.Tags, Label: "first task", Hint: "a first task, with its hours: Wireframes=8h", Var: "TASK"}
	intakeInto  = &kind.Field{Key: "project", Is: kind.Ref, Of: "project", Hint: "a project that is there already; without it one is made"}
	intakeTo    = &kind.Field{Key: "ally", Is: kind.Line, Hint: "which ally", Var: "ALLY"}
)

var intakeByDue = &kind.Order{Name: "due", Says: "what is due first comes first", Fact: "due"}

// Intake is a request from outside: who wants what from us. Its title is who asks.
var Intake = &kind.Kind{
	Name: "intake", Many: "intakes", Letters: "i", Gist: "what others ask us to do", View: 4,
	Fields: []*kind.Field{intakeState, intakeWhy, intakeSubject, intakeContact, intakeBudget, intakeDue, intakeHours, intakeProject, intakeAlly},
	Derive: kind.Deriving(whoMoved), State: intakeState.Str,
	Shows: []*kind.Shown{
		kind.OwnValue("who", "who asks: the title", func(l kind.Look) string { return l.Title }),
		intakeState.Shown(), intakeWhy.Shown(), intakeSubject.Shown(), intakeContact.Shown(), intakeBudget.Shown(), intakeDue.Shown(), intakeHours.Shown(),
		intakeProject.Shown(), intakeAlly.Shown(),
		kind.Value("moved_by", "who said last how it stands; null: nobody yet", func(l kind.Look) *kind.Named {
			if kind.Of[Moved](l.View).By == (charter.MemberID{}) {
				return nil
			}
			return new(l.Named(kind.Of[Moved](l.View).By))
		}),
		kind.Value("projects_apart", "projects that it became for people who didn't know of each other; empty if it is one", func(l kind.Look) []string {
			return append([]string{}, kind.Of[Moved](l.View).Projects...)
		}),
		kind.Value("said_apart", "what people who didn't know of each other said of how it stands; empty if they agree", func(l kind.Look) []string {
			return append([]string{}, kind.Of[Moved](l.View).Apart...)
		}),
	},
	Facts: func(v *kind.View, f *kind.Facts) {
		m, s := kind.Of[Moved](v), intakeState.Str(v)
		f.Has("state", s)
		f.Has("due", intakeDue.Str(v))
		f.Is("open", isOpenIntake(v) == nil && s != IntakePassed)
		f.Is("passed", s == IntakePassed)
		if intakeAlly.Has(v) && s != IntakePassed && m.By != v.CreatedBy {
			f.Who("answered", v.CreatedBy)
		}
		f.Is("new", s == IntakeNew)
		f.Is("apart", len(m.Apart) > 0)
		f.Is("twice", len(m.Projects) > 0)
		if s == IntakeTalking || s == IntakeEstimating {
			f.Who("mine", m.By)
		}
		if s != IntakeNew && m.Before != (charter.MemberID{}) {
			f.Who("ended", m.Before)
		}
	},
	Finds: []*kind.Filter{
		{Name: "open", Gist: "neither accepted, declined nor passed on", Fact: "open"},
		{Name: "who", Gist: "that they talk about or estimate", Fact: "mine", Takes: whose},
		{Name: "nobody", Gist: "that nobody has answered", Fact: "new"},
		{Name: "state", Gist: "that stand like that", Fact: "state", Takes: intakeState},
		{Name: "due-before", Gist: "needed before then", Fact: "due", Takes: intakeDue, Before: true},
	},
	Orders: []*kind.Order{intakeByDue},
	Columns: []*kind.Column{
		{Title: "STATE", Says: kind.WordsOf("state")},
		{Title: "BUDGET", Says: kind.OwnOf("budget")},
		{Title: "NEEDED BY", Says: kind.DayOf("", "due")},
	},
	Today: []*kind.Wait{{
		Key: "intakes_mine", Title: "Requests that you talk about", Gist: "requests from outside that I talk about or estimate",
		Facts: []string{"mine/me", "open"}, Order: intakeByDue, Says: kind.WordsOf("state"), Run: "show",
	}, {
		Key: "intakes_ended", Title: "Others went on with what you talked about", Gist: "requests that I talked about, and with which somebody else went on",
		Facts: []string{"ended/me"}, Says: endedSays("state", "moved_by", "state_why"), Who: whoIn("moved_by"), News: true, Run: "show",
	}, {
		Key: "intakes_apart", Title: "Said differently at once: talk, and say once more how it stands", Gist: "requests on which two said different things at once", Anybody: true,
		Facts: []string{"apart"}, Says: func(a kind.Answer) kind.Cell { return kind.Cell{Words: strings.Join(a.Words("said_apart"), ", ")} }, Run: "show",
	}, {
		Key: "intakes_twice", Title: "Two accepted it at once, each with a project: accept it once more, with the one that goes on", Gist: "requests that became two projects at once", Anybody: true,
		Facts: []string{"twice"}, Says: func(a kind.Answer) kind.Cell { return kind.Cell{Words: strings.Join(a.Words("projects_apart"), ", ")} }, Run: "accept",
	}, {
		Key: "intakes_answered", Title: "Answered by who you passed it on to", Gist: "requests that I passed on, and that were answered",
		Facts: []string{"answered/me"}, News: true, Says: passedBecame, Who: whoIn("moved_by"), Run: "show",
	}, {
		Key: "intakes_handed_us", Title: "Passed on to your co-op, and it waits for your answer", Gist: "requests that an ally passed on to us", Anybody: true,
		Facts: []string{"passed"}, Only: fromAlly, Order: intakeByDue, Says: allyOf, Run: "talk",
	}, {
		Key: "intakes_passed", Title: "Passed on, and not answered yet", Gist: "requests that were passed on", Anybody: true, Besides: "intakes_handed_us",
		Facts: []string{"passed"}, Order: intakeByDue, Says: kind.OwnOf("ally"), Run: "show",
	}, {
		Key: "intakes_left", Title: "Who talked about these left", Gist: "requests from outside that people talked about who left", Anybody: true,
		Facts: []string{"mine/gone", "open"}, Order: intakeByDue, Says: func(a kind.Answer) kind.Cell { return kind.OwnWords(a.In("moved_by").Str("name")) }, Run: "talk",
	}, {
		Key: "intakes", Title: "Requests that nobody has answered", Gist: "requests from outside that nobody has answered", Anybody: true,
		Facts: []string{"new"}, Order: intakeByDue, Says: kind.OwnOf("budget"), Run: "talk",
	}},
	Examples: kind.Examples{
		List: []string{`kith intake list --open`},
		Show: []string{`kith intake show i-4kq2`, `kith intake show 4kq2 --jq .state`},
	},
	Make: &kind.Verb{
		Name: "add", Gist: "write down what somebody asks for", Text: kind.May, Opens: true, With: []*kind.Field{intakeSubject, intakeContact, intakeBudget, intakeDue, intakeHours},
		More:     "The title is who asks, the text what they need. Its project is called as the subject says, or else as who asks.",
		Examples: []string{`kith intake add "Tandem Bikes" --text "a website with a shop" --contact mia@tandem.example --budget 4000EUR --due 2027-03-01`},
	},
	Edit: &kind.Verb{
		Name: "edit", Gist: "change a request", Text: kind.May, Opens: true, With: []*kind.Field{intakeSubject, intakeContact, intakeBudget, intakeDue, intakeHours},
		Examples: []string{`kith intake edit i-4kq2 --budget 4500EUR`},
	},
	Verbs: []*kind.Verb{
		{Name: "talk", Gist: "I talk to them", Contrary: "reopen", Live: isOpenIntake, Do: intakeBecomes(IntakeTalking), Examples: []string{`kith intake talk i-4kq2`}},
		{
			Name: "estimate", Gist: "say how many hours we think it takes", Contrary: "estimate", With: []*kind.Field{intakeEstimate}, Live: isOpenIntake, Do: estimateIntake,
			Examples: []string{`kith intake estimate i-4kq2 --hours 60`},
		},
		{
			Name: "accept", Gist: "we do it", Contrary: "reopen", With: []*kind.Field{IntakeTasks, intakeInto}, Promises: true, Live: canAccept, Do: acceptIntake, Tells: thatNothingIsEstimated,
			More:     "Makes the project, with the hours as its budget, and its first tasks. How full the co-op is, kith intake show says before.",
			Examples: []string{`kith intake accept i-4kq2 --task "Talk about what they need=3h" --task Wireframes=8h`},
		},
		{
			Name: "decline", Gist: "we don't do it", Contrary: "reopen", Why: kind.Must, Act: "declining a request", Live: hasNoProject, Do: intakeBecomes(IntakeDeclined),
			Examples: []string{`kith intake decline i-4kq2 --why "not before June"`},
		},
		{
			Name: "pass", Gist: "pass it on to an ally", Contrary: "reopen", Args: []*kind.Field{intakeTo}, Why: kind.May, Live: notAccepted, Do: passIntake,
			More:     "It goes into the share with them, without how to reach who asks: say that yourself, or ask them first whether you may.",
			Examples: []string{`kith intake pass i-4kq2 Quilted`},
		},
		{Name: "reopen", Gist: "it is open after all", Do: intakeBecomes(IntakeNew), Examples: []string{`kith intake reopen i-4kq2`}},
	},
	Share: &kind.Share{},
}

var intakeEstimate = &kind.Field{Key: "hours", Is: kind.Hours, Max: intakeHours.Max, Typed: intakeHours.Typed, Hint: intakeHours.Hint, Needs: true}

// IntakeInto is the project that a request becomes, as an argument of accepting it.
func IntakeInto() *kind.Field { return intakeInto }

// IntakeAlly is to whom a request is passed on, as an argument.
func IntakeAlly() *kind.Field { return intakeTo }

// IntakeTerms are what a project takes over from a request: what it is called, its hours in minutes, and when it is due.
func IntakeTerms(v *kind.View) (title string, minutes int64, due string) {
	return cmp.Or(intakeSubject.Str(v), v.Title), intakeHours.Int(v), intakeDue.Str(v)
}

// IntakeBecame are the project that a request became, and all of them where people accepted it apart.
func IntakeBecame(v *kind.View) (one string, all []string) {
	return intakeProject.Str(v), kind.Of[Moved](v).Projects
}

// Moved is who said how it stands with a request.
type Moved struct {
	By       charter.MemberID // who said it last; zero: nobody yet
	Before   charter.MemberID // who talked about it or estimated it before somebody else went on with it; zero: nobody
	Apart    []string         // what stands beside each other, since people who didn't know of each other said it; ascending
	Projects []string         // the same of the project that it became
}

func whoMoved(s *kind.Story) (*Moved, error) {
	m := &Moved{}
	for _, one := range standing(s, intakeState) {
		if one.moved && one.words == intakeState.Str(s.View) {
			m.By = one.by
		}
		m.Apart = append(m.Apart, one.words)
	}
	for _, one := range standing(s, intakeProject) {
		m.Projects = append(m.Projects, one.words)
	}
	m.Apart, m.Projects = several(m.Apart), several(m.Projects)
	for _, one := range everSaid(s, intakeState) {
		if (one.words == IntakeTalking || one.words == IntakeEstimating) && one.by != m.By {
			m.Before = one.by
		}
	}
	return m, nil
}

// said is one value of a field, and who wrote it.
type said struct {
	id    change.OpID
	words string
	by    charter.MemberID
	moved bool // it isn't the one with which the document began
	over  bool // who wrote another knew of it
}

// standing are the values of a field that nobody has written over who knew of them: one, or several that were written apart. The one
// that stands in the view is last.
func standing(s *kind.Story, f *kind.Field) []*said {
	return slices.DeleteFunc(everSaid(s, f), func(one *said) bool { return one.over })
}

// setBy is who gave a field the value that stands in the view; zero: nobody has.
func setBy(s *kind.Story, f *kind.Field) (m charter.MemberID) {
	if all := standing(s, f); len(all) > 0 {
		m = all[len(all)-1].by
	}
	return m
}

// everSaid are all values that a field ever had. Their order is that of their IDs, and none in which they came.
func everSaid(s *kind.Story, f *kind.Field) (out []*said) {
	all := map[change.OpID]*said{}
	for _, it := range s.Items {
		for i := range it.Change.Ops {
			op := &it.Change.Ops[i]
			if !op.Obj.IsZero() || op.Key != f.Key {
				continue
			}
			for _, before := range op.Pred {
				if was := all[before]; was != nil {
					was.over = true
				}
			}
			all[op.ID] = &said{id: op.ID, words: op.Value.Str(), by: it.Author, moved: len(all) > 0}
			out = append(out, all[op.ID])
		}
	}
	slices.SortFunc(out, func(a, b *said) int { return a.id.Compare(b.id) })
	return out
}

// several are the words that stand beside each other, each once, ascending; none if they agree.
func several(words []string) []string {
	slices.Sort(words)
	if words = slices.Compact(words); len(words) < 2 {
		return nil
	}
	return words
}

// fromAlly says whether an answer is of what an ally shared.
func fromAlly(a kind.Answer) bool { return a["shared"] != nil && !a.In("shared").Is("ours") }

// passedBecame says what became of a request that was passed on, who said so, and why.
func passedBecame(a kind.Answer) kind.Cell {
	if s := a.Str("state"); s == IntakeAccepted || s == IntakeDeclined {
		return endedSays("state", "moved_by", "state_why")(a)
	}
	who := a.In("moved_by").Str("name")
	return kind.Cell{Words: a.Str("state") + ", says " + who, Own: []string{who}}
}

// allyOf is the ally with whom something is shared.
func allyOf(a kind.Answer) kind.Cell {
	with := a.In("shared").Str("with")
	return kind.Cell{Words: with, Own: []string{with}}
}

// isOpenIntake refuses what makes no sense on a request that was answered.
func isOpenIntake(v *kind.View) error {
	switch s := intakeState.Str(v); s {
	case IntakeAccepted, IntakeDeclined: // who it was passed on to answers
		return kind.NotAllowed("it can be open again: kith intake reopen ID", "the request was %s", s)
	}
	return nil
}

func notAccepted(v *kind.View) error {
	if m := kind.Of[Moved](v); len(m.Apart)+len(m.Projects) > 0 {
		return nil // that is what there is to be settled
	}
	return isOpenIntake(v)
}

// canAccept is notAccepted; what was accepted is as it is to be.
func canAccept(v *kind.View) error {
	err := notAccepted(v)
	var so *kind.NotAllowedError
	if errors.As(err, &so) && intakeState.Str(v) == IntakeAccepted {
		so.Is = true
	}
	return err
}

// hasNoProject refuses to decline what was accepted: its project would go on, and nobody would be told.
func hasNoProject(v *kind.View) error {
	if intakeState.Str(v) != IntakeAccepted || len(kind.Of[Moved](v).Apart) > 0 {
		return nil
	}
	const again = "to answer anew: kith intake reopen ID"
	project := intakeProject.Str(v)
	if project == "" {
		return kind.NotAllowed(again, "the request was accepted")
	}
	project = kind.StartOf(project)
	return kind.NotAllowed("if it comes to nothing after all: kith project drop "+project+" --why WHY; "+again, "the request was accepted, and its project %s goes on", project)
}

func intakeBecomes(state string) func(*kind.Draft) error {
	return func(d *kind.Draft) error {
		// The core writes no value once more where it stands alone.
		switch m := kind.Of[Moved](d.View); {
		case len(m.Apart) > 0:
			d.SetAnew(intakeState, change.StrValue(state)) // of several it is this one
		case state == intakeState.Str(d.View) && d.Left != nil && d.Left(m.By):
			d.SetAnew(intakeState, change.StrValue(IntakeNew)) // so that it is said by the author, since who said it left
			d.SetAnew(intakeState, change.StrValue(state))
		default:
			d.Set(intakeState, change.StrValue(state))
		}
		d.Set(intakeWhy, change.StrValue(d.Asks.Why))
		return nil
	}
}

func estimateIntake(d *kind.Draft) error {
	d.Set(intakeHours, d.Asks.Value(intakeEstimate))
	return intakeBecomes(IntakeEstimating)(d)
}

func acceptIntake(d *kind.Draft) error {
	if p := d.Asks.Str(intakeInto); p != "" && len(kind.Of[Moved](d.View).Projects) > 0 {
		d.SetAnew(intakeProject, change.StrValue(p)) // of several it is this one
	} else if p != "" {
		d.Set(intakeProject, change.StrValue(p))
	}
	return intakeBecomes(IntakeAccepted)(d)
}

// thatNothingIsEstimated tells whoever accepts a request of which nobody has said how long it takes.
func thatNothingIsEstimated(v *kind.View) string {
	project := intakeProject.Str(v)
	if intakeHours.Int(v) > 0 || project == "" {
		return ""
	}
	return "Nobody has said how many hours it takes, so its project has no budget: kith project edit " + kind.StartOf(project) + " --budget HOURS"
}

func passIntake(d *kind.Draft) error {
	d.Set(intakeAlly, change.StrValue(d.Asks.Str(intakeTo)))
	return intakeBecomes(IntakePassed)(d)
}

func intakeMoved(v change.Value, first bool) (verb, to string) {
	if first {
		return "", ""
	}
	return map[string]string{
		IntakeNew: "reopened", IntakeTalking: "talks to them", IntakeEstimating: "estimated", IntakeAccepted: "accepted",
		IntakeDeclined: "declined", IntakePassed: "passed it on",
	}[v.Str()], ""
}
