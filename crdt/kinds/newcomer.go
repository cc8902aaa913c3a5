package kinds

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/schema"
)

// How it stands with somebody new, besides Open.
const (
	NewcomerFull = "full"
	NewcomerOver = "over"
)

// MaxSteps bounds a checklist: the first so many of what members put on it. maxOwnSteps bounds those of one member.
const (
	MaxSteps    = 100
	maxOwnSteps = 60
)

// talkSoon is how many days before a talk about becoming full everybody is told.
const talkSoon = 7

var (
	newcomerMember   = &kind.Field{Key: "member", Is: kind.Line, Max: 64, First: true, Hint: "who is new", Form: "a member's ID; anything else is nobody", Log: untold}
	newcomerExpect   = &kind.Field{Key: "expect", Is: kind.Reason, Label: "what they can expect", Hint: "what they can expect of us, and by when"}
	newcomerMeet     = &kind.Field{Key: "meet", Is: kind.Day, Label: "we talk on", Hint: "when we talk about becoming a full member"}
	newcomerDecision = &kind.Field{Key: "decision", Is: kind.Ref, Of: "decision", Hint: "the decision whether they become a full member"}
	newcomerAdmit    = &kind.Field{Key: "admit", Is: kind.Line, Max: 64, Label: "step", Hint: "the step of the charter that makes them one", Form: "`p-` and 32 letters", As: "step"}
	newcomerOver     = &kind.Field{Key: "over", Is: kind.Reason, Label: "why it is over", Hint: "why it is over", Log: newcomerEnded}

	newcomerStep = &kind.Field{Key: "step", Is: kind.Line, Each: maxOwnSteps, Hint: "a step that they put on the list; empty: not any more", Log: putOnList}
	newcomerDone = &kind.Field{Key: "done", Is: kind.Moment, Each: MaxSteps, Hint: "when they said that the step of that name is done; 0: it isn't", Log: saidStepDone}

	newcomerWho        = &kind.Field{Key: "members", Is: kind.Members, Typed: 1, Label: "who is new", Hint: "who is new: a prospective member"}
	newcomerCompanion  = &kind.Field{Key: "companion", Is: kind.Members, Typed: MaxHolders, Hint: "who is asked to accompany them", Needs: true}
	newcomerCompanions = &kind.Field{Key: "members", Is: kind.Members, Typed: MaxHolders, Hint: "who is asked to accompany them"}
	newcomerNext       = &kind.Field{Key: "members", Is: kind.Members, Typed: 1, Hint: "who is to accompany them next"}
	newcomerList       = templateField(true)
	newcomerNumber     = &kind.Field{Key: "number", Is: kind.Line, Typed: 20, Label: "step", Hint: "which step, by its number", Var: "N"}
	newcomerWords      = &kind.Field{Key: "words", Is: kind.Line, Label: "step", Hint: "the step", Var: "STEP"}
	newcomerDay        = &kind.Field{Key: "date", Is: kind.Day, Hint: "when we talk about becoming a full member"}
	newcomerInto       = &kind.Field{Key: "decision", Is: kind.Ref, Of: "decision", Hint: "a decision that is open already; without it one is opened"}
	newcomerYes        = &kind.Field{Key: "yes", Is: kind.Flag, Hint: "I know that it changes how the co-op decides, where it does"}
	newcomerProposed   = &kind.Field{Key: "step", Is: kind.Line}
)

// Newcomer is how somebody grows into the co-op: with a companion, a checklist, agreements to read, and a day to talk about
// becoming a full member. It decides nothing: who is a full member stands in the charter. Its title is their name.
var Newcomer = &kind.Kind{
	Name: "newcomer", Many: "newcomers", Letters: "nc", Gist: "who is new, and how they grow into the co-op", View: 6, Present: "open",
	Fields: []*kind.Field{newcomerMember, newcomerExpect, newcomerMeet, newcomerDecision, newcomerAdmit, newcomerOver, heldBy, heldLast},
	Own:    []*kind.Field{newcomerStep, newcomerDone, holdAnswer, holdHanded},
	Derive: kind.Deriving(howTheyGrow), Counts: true, State: newcomerState,
	Shows: []*kind.Shown{
		kind.Value("status", "open, full, over", func(l kind.Look) string { return newcomerState(l.View) }),
		kind.Value("member", "who is new; null: nobody who is known", func(l kind.Look) *kind.Named {
			if m := kind.Of[Growing](l.View).Member; m != (charter.MemberID{}) {
				return new(l.Named(m))
			}
			return nil
		}),
		kind.Value("companions", "who accompanies them", func(l kind.Look) []HolderJSON { return showHolders(l, kind.Of[Growing](l.View).Holders) }),
		kind.Value("asked", "to whom that is handed over, and who haven't answered", func(l kind.Look) []HolderJSON { return showHolders(l, kind.Of[Growing](l.View).Asked) }),
		kind.Value("refused", "who were asked to, and said no or put it back", func(l kind.Look) []HolderJSON { return showHolders(l, kind.Of[Growing](l.View).Refused) }),
		kind.Value("named_by", "who said last who accompanies them; null: nobody yet", func(l kind.Look) *kind.Named { return namedOr(l, kind.Of[Growing](l.View).NamedBy) }),
		kind.Value("ended_by", "who said that it is over; null: nobody", func(l kind.Look) *kind.Named { return namedOr(l, kind.Of[Growing](l.View).EndedBy) }),
		newcomerExpect.Shown(),
		kind.Value("steps", "the checklist", showSteps),
		kind.Value("agreements", "the agreements that hold, and whether they have read each as it is", toRead),
		newcomerMeet.Shown(), newcomerDecision.Shown(), newcomerAdmit.Shown(), newcomerOver.Shown(),
	},
	Facts: func(v *kind.View, f *kind.Facts) {
		g := kind.Of[Growing](v)
		f.Who("ended", g.Ended...)
		if newcomerState(v) != Open {
			if newcomerState(v) == NewcomerOver {
				f.Who("ended", others(slices.Concat(g.named(), g.unanswered()), g.EndedBy)...)
			}
			return
		}
		f.Is("open", true)
		f.Who("new", g.Member)
		f.Who("accompanies", g.named()...)
		f.Who("asked", g.unanswered()...)
		f.Is("alone", len(g.Holders) == 0)
		g.handing(f)
		if !newcomerAdmit.Has(v) {
			f.Has("meet", newcomerMeet.Str(v))
		}
	},
	Finds: []*kind.Filter{
		{Name: "open", Gist: "who aren't full members yet, and haven't left off", Fact: "open"},
		{Name: "mine", Gist: "whom I accompany", Fact: "accompanies", Me: true},
		{Name: "who", Gist: "whom they accompany", Fact: "accompanies", Takes: whose},
		{Name: "nobody", Gist: "whom nobody accompanies yet", Fact: "alone"},
	},
	Columns: []*kind.Column{
		{Title: "STATUS", Says: kind.WordsOf("status")},
		{Title: "COMPANION", Says: func(a kind.Answer) kind.Cell { return holderNames(a, "companions", "nobody") }},
		{Title: "DONE", Says: func(a kind.Answer) kind.Cell { return kind.Cell{Words: stepsDone(a)} }},
		{Title: "WE TALK ON", Says: kind.DayOf("", "meet")},
	},
	Searched: func(v *kind.View) (words []string) {
		for _, s := range kind.Of[Growing](v).Steps {
			words = append(words, s.Text)
		}
		return words
	},
	Today: []*kind.Wait{{
		Key: "newcomers_asked", Title: "You are asked to accompany somebody new", Gist: "newcomers whom I am asked to accompany",
		Facts: []string{"asked/me", "new/here"}, Says: stepsLeft, Run: "take",
	}, {
		Key: "newcomers_me", Title: "Growing into the co-op: your next step", Gist: "what is next for me who am new",
		Facts: []string{"new/me"}, Says: stepsLeft, Run: "show",
	}, {
		Key: "newcomers_mine", Title: "Whom you accompany", Gist: "what is next for whom I accompany", Besides: "newcomers_asked",
		Facts: []string{"accompanies/me", "new/here"}, Says: stepsLeft, Run: "show",
	}, staysWith("newcomers_stay", "newcomers"), {
		Key: "newcomers_ended", Title: "You accompanied them, and others ended that", Gist: "newcomers whom I accompanied until somebody else said that it is over, or that others do",
		Facts: []string{"ended/me"}, Says: endedOr(endedSays("status", "ended_by", "over"), heldNow("companions")), Who: whoEnded, News: true, Run: "show",
	}, {
		Key: "newcomers_meet", Title: "To talk about: becoming a full member", Gist: "newcomers with whom a talk about becoming full is near", Anybody: true,
		Facts: []string{"new/here"}, Before: "meet", Ahead: talkSoon, Says: kind.DayOf("meet", "meet"), Run: "decide",
	}, {
		Key: "newcomers", Title: "Nobody accompanies them yet", Gist: "newcomers whom nobody accompanies", Anybody: true,
		Facts: []string{"alone", "new/here"}, Says: stepsLeft, Run: "take",
	}, {
		Key: "newcomers_left", Title: "Who accompanied them left", Gist: "newcomers whom people accompany who left", Anybody: true,
		Facts: []string{"accompanies/gone", "new/here"}, Says: func(a kind.Answer) kind.Cell { return holderNames(a, "companions", "") }, Run: "companion",
	}},
	Examples: kind.Examples{
		List: []string{`kith newcomer list --open`, `kith newcomer list --mine`},
		Show: []string{`kith newcomer show nc-4kq2`, `kith newcomer show 4kq2 --jq '.agreements[] | select(.read | not) | .name'`},
	},
	Make: &kind.Verb{
		Alone: func(a *kind.Args) kind.Want {
			return kind.Want{Fact: "new", Is: func(who string) bool { return slices.Contains(a.All(newcomerWho), who) }}
		},
		Name: "add", Gist: "welcome somebody new", Args: []*kind.Field{newcomerWho}, With: []*kind.Field{newcomerCompanion, newcomerList, newcomerMeet, newcomerExpect}, Do: welcome,
		More:     "Who is to accompany them is asked, and says yes or no. Without --template the checklist is first-months; primeros-meses is one in Spanish.",
		Examples: []string{`kith newcomer add Eli --companion Cleo --meet "in 3 months"`, `kith newcomer add Eli --companion Cleo --template primeros-meses --expect "a month's notice if it is no"`},
	},
	Edit: &kind.Verb{
		Name: "edit", Gist: "change what is said of somebody new", With: []*kind.Field{newcomerExpect, newcomerMeet},
		Examples: []string{`kith newcomer edit nc-4kq2 --expect "half of the usual hours until March, and a word on how it goes each month"`},
	},
	Verbs: []*kind.Verb{
		{
			Name: "companion", Gist: "ask somebody else to accompany them", Contrary: "companion", Args: []*kind.Field{newcomerCompanions}, Live: isGrowing,
			Do:       func(d *kind.Draft) error { return askCompanions(d, newcomerCompanions) },
			Examples: []string{`kith newcomer companion nc-4kq2 Ben`},
		},
		{
			Name: "take", Gist: "say yes to accompanying them, or take that on if nobody does", Contrary: "decline", Promises: true, Live: isGrowing, Do: accompany,
			Examples: []string{`kith newcomer take nc-4kq2`},
		},
		{
			Name: "decline", Gist: "say no to accompanying them, or put that back", Contrary: "take", Why: kind.May,
			Do:       func(d *kind.Draft) error { return growing(d).refuse(d) },
			Examples: []string{`kith newcomer decline nc-4kq2 --why "I am away until May"`},
		},
		{
			Name: "hand-over", Gist: "ask somebody to accompany them in my place", Contrary: "companion", Args: []*kind.Field{newcomerNext}, With: []*kind.Field{roleNote}, Live: isGrowing, Do: handNewcomerOver,
			More:     "It stays with you until they take it. If they decline, you keep it.",
			Examples: []string{`kith newcomer hand-over nc-4kq2 Ben --note "she wants to see the books"`},
		},
		{
			Name: "done", Gist: "say that a step of the checklist is done", Args: []*kind.Field{newcomerNumber}, Undo: true, Do: stepDone,
			Examples: []string{`kith newcomer done nc-4kq2 3`, `kith newcomer done nc-4kq2 3 --undo`},
		},
		{
			Name: "step", Gist: "put one more step on the checklist, or take mine away", Args: []*kind.Field{newcomerWords}, Undo: true, Live: isGrowing, Do: putStep,
			Examples: []string{`kith newcomer step nc-4kq2 "Print a poster together"`, `kith newcomer step nc-4kq2 4 --undo`},
		},
		{
			Name: "meet", Gist: "say when we talk about becoming a full member", Contrary: "meet", Args: []*kind.Field{newcomerDay}, Live: isGrowing, Do: meetThem,
			More:     "A week before, everybody is told. From that day on kith newcomer decide opens the decision.",
			Examples: []string{`kith newcomer meet nc-4kq2 "in 3 months"`},
		},
		{
			Name: "decide", Gist: "open the decision whether they become a full member", With: []*kind.Field{newcomerInto, newcomerYes}, Live: isGrowing, Do: decideOn, Tells: whatIsAnswered,
			More:     "Opens a decision by consent, and proposes the step of the charter that makes them a full member: both stand here from then on. What counts is the step; talking is for the decision.",
			Examples: []string{`kith newcomer decide nc-4kq2`},
		},
		{
			Name: "end", Gist: "it is over without their becoming a full member", Contrary: "reopen", Why: kind.Must, Act: "ending it", Live: isGrowing, Do: endGrowing,
			Examples: []string{`kith newcomer end nc-4kq2 --why "she found work near her mother"`},
		},
		{Name: "reopen", Gist: "it goes on after all", Contrary: "end", Do: growOn, Examples: []string{`kith newcomer reopen nc-4kq2`}},
	},
}

// Growing is how it stands with somebody new.
type Growing struct {
	Holding // who accompanies them
	Member  charter.MemberID
	Full    bool             // they are a full member now
	Turns   []Turn           // of all who were asked to accompany them, by member
	Steps   []Step           // of the checklist, in the order in which they were put on it
	EndedBy charter.MemberID // who said that it is over; zero: nobody
}

// Step is one line of a checklist.
type Step struct {
	Name string
	Text string
	By   charter.MemberID // who put it there
	Done []StepDone       // who said that it is done, by member; none: it isn't
}

// StepDone is that somebody said that a step is done.
type StepDone struct {
	Member charter.MemberID
	At     kind.Time
}

func howTheyGrow(s *kind.Story) (*Growing, error) {
	g := &Growing{Holding: holding(s)}
	if m, err := charter.ParseMemberID(newcomerMember.Str(s.View)); err == nil {
		g.Member = m
	}
	g.Full = slices.Contains(electorate(s.Charter.Sides(), true).full(), g.Member)
	for _, m := range membersIn(s.In[heldLast.Key]) {
		g.Turns = append(g.Turns, Turn{Member: m, Last: kind.Time(s.In[heldLast.Key][m.String()].Int())})
	}
	g.Steps = stepsOf(s)
	if newcomerOver.Has(s.View) {
		g.EndedBy = setBy(s, newcomerOver)
	}
	return g, nil
}

// stepsOf reads the checklist. Whoever says that a step is done says so of all that have its name: no command gives two one. What
// somebody did stays on the list, though whoever put it there took it away meanwhile.
func stepsOf(s *kind.Story) []Step {
	type key struct {
		by   charter.MemberID
		name string
	}
	type written struct {
		first, last change.OpID
		text        string // what was said there last
	}
	put := map[key]written{}
	for _, it := range s.Items {
		for i := range it.Change.Ops {
			op := &it.Change.Ops[i]
			of, own, ok := schema.SplitOwn(op.Key)
			name, is := strings.CutPrefix(own, newcomerStep.Key+"/")
			if !ok || !is || !op.Obj.IsZero() {
				continue
			}
			w, had := put[key{of, name}]
			if !had || op.ID.Less(w.first) {
				w.first = op.ID
			}
			if s := op.Value.Str(); s != "" && w.last.Less(op.ID) {
				w.last, w.text = op.ID, s
			}
			put[key{of, name}] = w
		}
	}
	done := map[string][]StepDone{}
	var steps []Step
	for _, m := range sortedMembers(s.Said) {
		for name, v := range newcomerDone.All(s.Said[m]) {
			if v.Int() != 0 {
				done[name] = append(done[name], StepDone{m, kind.Time(v.Int())})
			}
		}
	}
	for m, said := range s.Said {
		for name, v := range newcomerStep.All(said) {
			if v.Str() != "" || len(done[name]) > 0 {
				steps = append(steps, Step{Name: name, Text: cmp.Or(v.Str(), put[key{m, name}].text), By: m})
			}
		}
	}
	slices.SortFunc(steps, func(a, b Step) int {
		return put[key{a.By, a.Name}].first.Compare(put[key{b.By, b.Name}].first)
	})
	steps = steps[:min(len(steps), MaxSteps)]
	for i := range steps {
		steps[i].Done = done[steps[i].Name]
	}
	return steps
}

func newcomerState(v *kind.View) string {
	switch g := kind.Of[Growing](v); {
	case g.Full:
		return NewcomerFull
	case newcomerOver.Has(v) || g.Member == (charter.MemberID{}):
		return NewcomerOver
	}
	return Open
}

func isGrowing(v *kind.View) error {
	switch newcomerState(v) {
	case NewcomerFull:
		return kind.NotAllowed("kith newcomer show ID", "they are a full member")
	case NewcomerOver:
		return kind.NotAllowed("it can go on: kith newcomer reopen ID", "it is over")
	}
	return nil
}

func growing(d *kind.Draft) *Growing {
	if d.View == nil {
		return &Growing{} // it is being made
	}
	return kind.Of[Growing](d.View)
}

// newcomerOf is who a document is about, also while it is being made.
func newcomerOf(d *kind.Draft) (charter.MemberID, error) {
	if d.View != nil {
		return growing(d).Member, nil
	}
	members, err := asMembers(d.Asks.All(newcomerWho))
	if err == nil && len(members) != 1 {
		err = &kind.InvalidError{Why: "one is welcomed at a time", Hint: "kith newcomer add MEMBER --companion MEMBER"}
	}
	if err != nil {
		return charter.MemberID{}, err
	}
	return members[0], nil
}

func welcome(d *kind.Draft) error {
	m, err := newcomerOf(d)
	if err != nil {
		return err
	}
	if d.Full != nil && d.Full(m) {
		return kind.NotAllowed("who is new is a prospective member: kith invite", "%s is a full member already", d.Name(m))
	}
	d.Set(newcomerMember, change.StrValue(m.String()))
	name := d.Asks.Str(newcomerList)
	if name == "" {
		name = firstMonths[0]
	}
	text, err := templateText(name, true)
	if err != nil {
		return err
	}
	var steps []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !slices.Contains(steps, line) {
			steps = append(steps, line)
		}
	}
	putSteps(d, steps)
	return askCompanions(d, newcomerCompanion)
}

func putSteps(d *kind.Draft, steps []string) {
	for _, s := range steps {
		d.SayOf(newcomerStep, d.NewName("step\x00"+s), change.StrValue(s))
	}
}

func askCompanions(d *kind.Draft, whom *kind.Field) error {
	new, err := newcomerOf(d)
	if err != nil {
		return err
	}
	members, err := asMembers(d.Asks.All(whom))
	switch {
	case err != nil:
		return err
	case len(members) == 0:
		return kind.Missing("--companion MEMBER", "it isn't said who accompanies them")
	case slices.Contains(members, new):
		return kind.Invalid("nobody accompanies themselves")
	}
	g := growing(d)
	return g.fill(d, members, g.Turns)
}

// accompany says yes. Who is new doesn't accompany themselves.
func accompany(d *kind.Draft) error {
	g := growing(d)
	if d.Author == g.Member {
		return kind.Invalid("nobody accompanies themselves")
	}
	return g.accept(d, g.Turns)
}

func handNewcomerOver(d *kind.Draft) error {
	members, err := asMembers(d.Asks.All(newcomerNext))
	g := growing(d)
	switch {
	case err != nil:
		return err
	case slices.Contains(members, g.Member):
		return kind.Invalid("nobody accompanies themselves")
	}
	return g.handOverTo(d, members, "several accompany them together: kith newcomer companion ID MEMBER", g.Turns)
}

// stepAt finds a step by its number, as it is shown, or by its words.
func (g *Growing) stepAt(word string) (Step, error) {
	if n, err := strconv.Atoi(word); err == nil && n >= 1 && n <= len(g.Steps) {
		return g.Steps[n-1], nil
	}
	for _, s := range g.Steps {
		if strings.EqualFold(s.Text, word) {
			return s, nil
		}
	}
	if len(g.Steps) == 0 {
		return Step{}, &kind.InvalidError{Why: "there are no steps", Hint: "kith newcomer step ID STEP"}
	}
	return Step{}, &kind.InvalidError{Why: fmt.Sprintf("there is no step “%s”: they are numbered from 1 to %d", word, len(g.Steps)), Hint: "kith newcomer show ID"}
}

// stepDone says that a step is done, or takes back that the author said so.
func stepDone(d *kind.Draft) error {
	s, err := growing(d).stepAt(d.Asks.Str(newcomerNumber))
	if err != nil {
		return err
	}
	mine := slices.ContainsFunc(s.Done, func(one StepDone) bool { return one.Member == d.Author })
	switch {
	case d.Asks.Undo && !mine && len(s.Done) > 0:
		return kind.NotAllowed("talk with them: kith talk ID", "%s said that it is done", d.Name(s.Done[0].Member))
	case d.Asks.Undo:
		d.SayOf(newcomerDone, s.Name, change.IntValue(0))
	case len(s.Done) == 0:
		d.SayOf(newcomerDone, s.Name, change.IntValue(d.Now.UnixMilli()))
	}
	return nil
}

// putStep puts one more step on the list, or takes one of the author's own away.
func putStep(d *kind.Draft) error {
	g, word := growing(d), d.Asks.Str(newcomerWords)
	if d.Asks.Undo {
		s, err := g.stepAt(word)
		switch {
		case err != nil:
			return err
		case s.By != d.Author:
			return kind.NotAllowed("if it needn't be done: kith newcomer done ID N", "%s put this on the list", d.Name(s.By))
		case len(s.Done) > 0:
			return kind.NotAllowed("talk with them: kith talk ID", "%s said that it is done", d.Name(s.Done[0].Member))
		}
		d.SayOf(newcomerStep, s.Name, change.StrValue(""))
		return nil
	}
	own := 0
	for _, s := range g.Steps {
		if s.Text == word {
			return kind.Invalid("the step “%s” is there already", word)
		}
		if s.By == d.Author {
			own++
		}
	}
	if own >= maxOwnSteps || len(g.Steps) >= MaxSteps {
		return &kind.LimitError{What: "the checklist", Got: len(g.Steps) + 1, Limit: len(g.Steps), Unit: "steps"}
	}
	putSteps(d, []string{word})
	return nil
}

func meetThem(d *kind.Draft) error {
	d.Set(newcomerMeet, d.Asks.Value(newcomerDay))
	return nil
}

// decideOn notes the decision and the step of the charter that somebody opened: see NewcomerOpened.
func decideOn(d *kind.Draft) error {
	if s := d.Asks.Str(newcomerInto); s != "" {
		d.Set(newcomerDecision, change.StrValue(s))
	}
	if s := d.Asks.Str(newcomerProposed); s != "" {
		d.Set(newcomerAdmit, change.StrValue(s))
	}
	return nil
}

// whatIsAnswered tells who opened the decision about somebody what the others answer now.
func whatIsAnswered(v *kind.View) string {
	decision := newcomerDecision.Str(v)
	if decision == "" {
		return ""
	}
	decision = kind.StartOf(decision)
	return "Two things are to be answered now: the decision (kith decision show " + decision + "), and the step that makes them a full member (kith charter pending)"
}

// WhyDecide is the text of the decision whether somebody becomes a full member: what is asked, and where it stands how they came in.
func WhyDecide(name, short string) string {
	return "Shall " + name + " become a full member? Say here what speaks for it, and what has to be settled before. What makes them one is the step about the co-op that is open beside this: kith charter pending.\n\n" +
		"How they came in, with their checklist and what they can expect of us: kith newcomer show " + short
}

// NewcomerOpened are the decision and the step of the charter that were opened, as arguments of the verb that opens them, and
// NewcomerKnows is that somebody knows what follows.
func NewcomerOpened() (decision, step *kind.Field) { return newcomerInto, newcomerProposed }

// NewcomerKnows is that whoever opens a decision knows what follows from it, as an argument.
func NewcomerKnows() *kind.Field { return newcomerYes }

// NewcomerTerms are who is new, the day on which they are talked with, and what was opened already.
func NewcomerTerms(v *kind.View) (m charter.MemberID, day, decision string) {
	return kind.Of[Growing](v).Member, newcomerMeet.Str(v), newcomerDecision.Str(v)
}

func endGrowing(d *kind.Draft) error {
	d.Set(newcomerOver, change.StrValue(d.Asks.Why))
	return nil
}

func growOn(d *kind.Draft) error {
	d.Set(newcomerOver, change.StrValue(""))
	return nil
}

// StepJSON is one line of a checklist.
type StepJSON struct {
	Number int          `json:"number"` // by which it is named, as the list is now
	Text   string       `json:"text"`
	Done   bool         `json:"done"`
	By     []kind.Named `json:"by"` // who said that it is done
	At     kind.Time    `json:"at"` // when that was said first; null: it isn't done
	PutBy  kind.Named   `json:"put_by"`
}

func showSteps(l kind.Look) []StepJSON {
	out := []StepJSON{}
	for i, s := range kind.Of[Growing](l.View).Steps {
		one := StepJSON{Number: i + 1, Text: s.Text, Done: len(s.Done) > 0, By: []kind.Named{}, PutBy: l.Named(s.By)}
		for _, d := range s.Done {
			one.By = append(one.By, l.Named(d.Member))
			if one.At == 0 || d.At < one.At {
				one.At = d.At
			}
		}
		out = append(out, one)
	}
	return out
}

// ToReadJSON is an agreement that somebody new reads.
type ToReadJSON struct {
	kind.Named
	Read bool `json:"read"` // they said so of the present text
}

func toRead(l kind.Look) []ToReadJSON {
	out := []ToReadJSON{}
	if l.Those == nil || newcomerState(l.View) != Open {
		return out
	}
	new := kind.Of[Growing](l.View).Member
	for _, a := range l.Those(Agreement.Name, kind.NotArchived, kind.Want{Fact: "current"}) {
		out = append(out, ToReadJSON{
			Named: kind.Named{ID: agreementLetters + "-" + a.ID.String(), Name: a.Title},
			Read:  slices.Contains(kind.Of[Reading](a).Read, new),
		})
	}
	slices.SortFunc(out, func(a, b ToReadJSON) int { return strings.Compare(a.Name+a.ID, b.Name+b.ID) })
	return out
}

func stepsDone(a kind.Answer) string {
	steps, done := a.List("steps"), 0
	for _, s := range steps {
		if s.Is("done") {
			done++
		}
	}
	return fmt.Sprintf("%d/%d", done, len(steps))
}

// stepsLeft says what is next: the first step that isn't done, and what there is to read.
func stepsLeft(a kind.Answer) kind.Cell {
	var says, own []string
	for _, s := range a.List("steps") {
		if !s.Is("done") {
			n, _ := s["number"].(float64)
			own = append(own, s.Str("text"))
			says = append(says, fmt.Sprintf("%s: %d %s", stepsDone(a), int(n), s.Str("text")))
			break
		}
	}
	unread := 0
	for _, one := range a.List("agreements") {
		if !one.Is("read") {
			unread++
		}
	}
	if unread > 0 {
		says = append(says, fmt.Sprintf("%d to read", unread))
	}
	return kind.Cell{Words: strings.Join(says, "; "), Own: own}
}

func putOnList(v change.Value, first bool) (verb, to string) {
	switch {
	case first:
		return "", ""
	case v.Str() == "":
		return "took a step off the list", ""
	}
	return "put on the list", v.Str()
}

func saidStepDone(v change.Value, _ bool) (verb, to string) {
	if v.Int() == 0 {
		return "said that a step isn't done", ""
	}
	return "said that a step is done", ""
}

func newcomerEnded(v change.Value, _ bool) (verb, to string) {
	if v.Str() == "" {
		return "said that it goes on", ""
	}
	return "ended it", v.Str()
}
