package kinds

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
)

// Stages are those that groups go through, as each sees the co-op (Tuckman, “Developmental sequence in small groups”,
// Psychological Bulletin 63, 1965).
var Stages = []string{"forming", "storming", "norming", "performing"}

// PulseClosed is a state of rounds besides Open.
const PulseClosed = "closed"

var (
	pulseUntil = &kind.Field{Key: "until", Is: kind.Day, Hint: "until when answers are hoped for"}
	pulseAt    = &kind.Field{Key: "closed", Is: kind.Moment, As: "closed_at", Hint: "when it was closed", Stays: true, Log: pulseWasClosed}

	pulseWell        = &kind.Field{Key: "well", Is: kind.Reason, Hint: "what works", Log: saidHowWeAre}
	pulseNotWell     = &kind.Field{Key: "not_well", Is: kind.Reason, Hint: "what doesn't work", Log: untold}
	pulseTogether    = &kind.Field{Key: "collaboration", Is: kind.Reason, Hint: "what works in how we work together", Log: untold}
	pulseNotTogether = &kind.Field{Key: "collaboration_not", Is: kind.Reason, Label: "collaboration that doesn't work", Hint: "what doesn't work in how we work together", Log: untold}
	pulseStage       = &kind.Field{Key: "stage", Is: kind.Line, Max: 40, Hint: "where I think the co-op is: " + strings.Join(Stages, ", "), Log: untold, Form: "`forming`, `storming`, `norming` or `performing`; anything else says nothing"}

	pulseNote = &kind.Field{Key: "note", Is: kind.Ref, Of: "note", Hint: "the note of its retrospective"}
	// PulseActions are what follows from a round, as tasks: "Oil the drum=2h".
	PulseActions = &kind.Field{Key: "action", Is: kind.Tags, Label: "what follows", Hint: "what follows from it, as a task with its hours: “Oil the drum=2h”", Var: "TASK"}
	pulseInto    = &kind.Field{Key: "note", Is: kind.Ref, Of: "note", Hint: "a note that is there already; without it one is made"}

	pulseWords = []*kind.Field{pulseWell, pulseNotWell, pulseTogether, pulseNotTogether}
)

// Pulse is a round in which each says in their own words how we are. It is shown together once it is closed.
var Pulse = &kind.Kind{
	Name: "pulse", Many: "pulses", Letters: "pu", Gist: "how we are, each in their own words", View: 4, Present: "open",
	Fields: []*kind.Field{pulseUntil, pulseAt, pulseNote},
	Own:    append(slices.Clone(pulseWords), pulseStage),
	Derive: kind.Deriving(howWeAre), Counts: true, State: pulseState,
	Shows: []*kind.Shown{
		kind.Value("status", "open, closed", func(l kind.Look) string { return pulseState(l.View) }),
		pulseUntil.Shown(), pulseAt.Shown(), pulseNote.Shown(),
		kind.Value("answered", "how many have said something", func(l kind.Look) int { return len(kind.Of[Round](l.View).Said) }),
		kind.Value("waiting_for", "full members who haven't", func(l kind.Look) []kind.Named { return l.All(kind.Of[Round](l.View).Waiting) }),
		kind.Value("words", "what each said, once it is closed", showPulse),
		kind.Value("stages", "how many see the co-op in which stage, once it is closed", showStages),
	},
	Facts: func(v *kind.View, f *kind.Facts) {
		r := kind.Of[Round](v)
		f.Is("open", !pulseAt.Has(v))
		if !pulseAt.Has(v) {
			f.Who("waits", r.Waiting...)
			return
		}
		f.Is("undiscussed", !pulseNote.Has(v))
		for _, s := range r.Said {
			f.Who("said", s.Member)
		}
	},
	Finds: []*kind.Filter{{Name: "open", Gist: "not closed", Fact: "open"}, {Name: "to-discuss", Gist: "closed, and without a retrospective", Fact: "undiscussed"}},
	Columns: []*kind.Column{
		{Title: "STATUS", Says: kind.WordsOf("status")},
		{Title: "UNTIL", Says: kind.DayOf("", "until")},
		{Title: "STAGES", Says: func(a kind.Answer) kind.Cell { return kind.Cell{Words: stageWords(a)} }},
	},
	Searched: func(v *kind.View) (words []string) {
		if pulseAt.Has(v) {
			for _, s := range kind.Of[Round](v).Said {
				words = append(words, s.Words...)
			}
		}
		return words
	},
	Today: []*kind.Wait{{
		Key: "pulses", Title: "How are we? Say it in your own words", Gist: "rounds in which I haven't said how we are",
		Facts: []string{"waits/me"}, Says: kind.DayOf("until", "until"), Run: "say",
	}, {
		Key: "pulses_closed", Title: "How we are, shown together", Gist: "rounds that were closed since I was shown them",
		Facts: []string{"said/me"}, Says: func(a kind.Answer) kind.Cell { return kind.Cell{Words: stageWords(a)} }, News: true, Run: "show",
	}},
	Examples: kind.Examples{
		List: []string{`kith pulse list`, `kith pulse list --json`},
		Show: []string{`kith pulse show pu-2m7d`, `kith pulse show 2m7d --jq .stages`},
	},
	Make: &kind.Verb{
		Name: "open", Gist: "open a round", Text: kind.May, With: []*kind.Field{pulseUntil}, Calls: howAreWe,
		Alone:    func(*kind.Args) kind.Want { return kind.Want{Fact: "open"} },
		Examples: []string{`kith pulse open --until friday`, `kith pulse open "How are we after the move" --until friday`},
	},
	Edit: &kind.Verb{
		Name: "edit", Gist: "change a round", Text: kind.May, With: []*kind.Field{pulseUntil}, Live: pulseIsOpen,
		Examples: []string{`kith pulse edit pu-2m7d --until monday`},
	},
	Verbs: []*kind.Verb{
		{
			Name: "say", Gist: "say how we are", Contrary: "say", With: append(slices.Clone(pulseWords), pulseStage), Some: true, Live: pulseIsOpen, Do: sayHowWeAre,
			More: "All of it is optional, and can be said anew until the round is closed; then it is shown together, with your name. Kith shows it to nobody before; it lies on everybody's computer " +
				"already, where a changed program could read it. The stage is shown as a number only.",
			Examples: []string{`kith pulse say pu-2m7d --well "the new drum" --collaboration "we answer each other" --collaboration-not "nobody says no" --stage norming`},
		},
		{
			Name: "close", Gist: "close it, and show what was said", Live: pulseIsntClosed, Do: closePulse, Tells: whatFollowsAClose,
			Examples: []string{`kith pulse close pu-2m7d`},
		},
		{
			Name: "retro", Gist: "make the note of its retrospective, and tasks of what follows", Present: "to-discuss", With: []*kind.Field{PulseActions, pulseInto}, Live: pulseIsClosed, Do: noteRetro, Tells: whatARetroMade,
			More:     "Without an ID it is that of the closed round that has none yet. The note has what each said. Each --action is a task, and stands in the note with its ID; further ones can be added later in the same way.",
			Examples: []string{`kith pulse retro pu-2m7d --action "Oil the drum=2h" --action "Ask who does the books"`},
		},
	},
}

// howAreWe is what a round is called that nobody calls otherwise.
func howAreWe(now time.Time) string { return "How are we, " + now.Format("2 January 2006") }

// Round is what was said in a pulse.
type Round struct {
	Said    []HowWeAre         // by member
	Waiting []charter.MemberID // full members who have said nothing
	Stages  []int              // how many see the co-op in which of Stages
}

// HowWeAre is what one member said. Words are in the order of pulseWords. Late: whoever closed the round didn't know of it.
type HowWeAre struct {
	Member charter.MemberID
	Words  []string
	Late   bool
}

func howWeAre(s *kind.Story) (*Round, error) {
	r := &Round{Stages: make([]int, len(Stages))}
	known := knownAtClose(s)
	for _, m := range slices.SortedFunc(maps.Keys(s.Said), compareMembers) {
		said := s.Said[m]
		one := HowWeAre{Member: m, Late: pulseAt.Has(s.View) && !known[m]}
		some := false
		for _, f := range pulseWords {
			words := said[f.Key].Str()
			one.Words = append(one.Words, words)
			some = some || words != ""
		}
		if i := slices.Index(Stages, said[pulseStage.Key].Str()); i >= 0 {
			r.Stages[i]++
			some = true
		}
		if some {
			r.Said = append(r.Said, one)
		}
	}
	for _, m := range electorate(s.Charter.Sides(), true).full() {
		if !slices.ContainsFunc(r.Said, func(h HowWeAre) bool { return h.Member == m }) {
			r.Waiting = append(r.Waiting, m)
		}
	}
	return r, nil
}

// knownAtClose are those of whose last words a close knew.
func knownAtClose(s *kind.Story) map[charter.MemberID]bool {
	t := &trial{items: s.Items}
	newest, by, closes := map[charter.MemberID]int{}, map[charter.MemberID]change.OpID{}, []int{}
	for n, item := range s.Items {
		for i := range item.Change.Ops {
			op := &item.Change.Ops[i]
			switch {
			case !op.Obj.IsZero():
			case op.Key == pulseAt.Key && op.Value.Int() != 0:
				closes = append(closes, n)
			case strings.HasPrefix(op.Key, "by:") && !strings.Contains(op.Key, "/talk/"):
				if by[item.Author].Less(op.ID) { // of two devices that say it apart the one whose words stand
					newest[item.Author], by[item.Author] = n, op.ID
				}
			}
		}
	}
	known := map[charter.MemberID]bool{}
	for _, n := range closes {
		past := t.past(n)
		for m, at := range newest {
			known[m] = known[m] || past.has(at)
		}
	}
	return known
}

func pulseState(v *kind.View) string {
	if pulseAt.Has(v) {
		return PulseClosed
	}
	return Open
}

func pulseIsntClosed(v *kind.View) error {
	if pulseAt.Has(v) {
		return kind.Already("this round is closed, and what was said is shown")
	}
	return nil
}

func pulseIsOpen(v *kind.View) error {
	if pulseAt.Has(v) {
		return kind.NotAllowed("open another one: kith pulse open", "this round is closed, and what was said is shown")
	}
	return nil
}

func pulseIsClosed(v *kind.View) error {
	if !pulseAt.Has(v) {
		return kind.NotAllowed("kith pulse close", "this round is open: what was said is shown when it is closed")
	}
	return nil
}

func noteRetro(d *kind.Draft) error {
	if n := d.Asks.Str(pulseInto); n != "" {
		d.Set(pulseNote, change.StrValue(n))
	}
	return nil
}

// PulseNote is the note of a round's retrospective, as an argument, and RetroOf the one that there is; "": none.
func PulseNote() *kind.Field { return pulseInto }

// RetroOf is the note of a round's retrospective; "": there is none yet.
func RetroOf(v *kind.View) string { return pulseNote.Str(v) }

// Retrospective is the text of a note that has what each said in a round that is closed. name is what a member is called.
func Retrospective(v *kind.View, name func(charter.MemberID) string) string {
	var b strings.Builder
	r := kind.Of[Round](v)
	for i, heading := range []string{"What works", "What doesn't work", "What works in how we work together", "What doesn't work in how we work together"} {
		begun := false
		for _, said := range r.Said {
			if i >= len(said.Words) || said.Words[i] == "" {
				continue
			}
			if !begun {
				fmt.Fprintf(&b, "## %s\n\n", heading)
			}
			begun = true
			fmt.Fprintf(&b, "- %s: %s\n", name(said.Member), strings.ReplaceAll(said.Words[i], "\n", "\n  "))
		}
		if begun {
			b.WriteString("\n")
		}
	}
	return b.String()
}

func sayHowWeAre(d *kind.Draft) error {
	stage := strings.ToLower(d.Asks.Str(pulseStage))
	if stage != "" && !slices.Contains(Stages, stage) {
		return &kind.InvalidError{Why: "there is no stage “" + stage + "”", Hint: "it is one of: " + strings.Join(Stages, ", ")}
	}
	some := false
	for _, f := range pulseWords {
		if d.Asks.Has(f) {
			d.Say(f, d.Asks.Value(f))
			some = true
		}
	}
	if d.Asks.Has(pulseStage) {
		d.Say(pulseStage, change.StrValue(stage))
		some = true
	}
	if !some {
		return kind.Missing("kith pulse say ID --well TEXT", "it isn't said how we are")
	}
	return nil
}

// closePulse closes a round once all have said something, or its day is over. One without a day anybody closes once
// somebody has said something.
func closePulse(d *kind.Draft) error {
	r, until := kind.Of[Round](d.View), pulseUntil.Str(d.View)
	if len(r.Said) == 0 {
		return kind.NotAllowed("say something: kith pulse say ID --well TEXT", "nobody has said anything yet")
	}
	if end, ok := kind.DayEnds(until, d.Place); ok && len(r.Waiting) > 0 && d.Now.Before(end) {
		until = kind.DayInWords(until, d.Place)
		return kind.NotAllowed("close it after "+until+", or make that day earlier: kith pulse edit ID --until DATE", "%s can still say something until %s", Names(d.Name).list(r.Waiting), until)
	}
	d.Set(pulseAt, change.IntValue(d.Now.UnixMilli()))
	return nil
}

// whatFollowsAClose tells whoever closed a round where to read it, and what can be made of it.
func whatFollowsAClose(v *kind.View) string {
	id := kind.StartOf("pu-" + v.ID.String())
	return "What each said is shown now: kith pulse show " + id + ". The note of a retrospective is made with: kith pulse retro " + id + " --action TEXT"
}

// whatARetroMade tells where the note is, and the tasks.
func whatARetroMade(v *kind.View) string {
	return "The note of it: kith note show " + kind.StartOf(RetroOf(v)) + ". Tasks that follow from it: kith task list --tag retrospective"
}

// HowWeAreJSON is what one member said.
type HowWeAreJSON struct {
	Member           kind.Named `json:"member"`
	Well             string     `json:"well"`
	NotWell          string     `json:"not_well"`
	Collaboration    string     `json:"collaboration"`
	CollaborationNot string     `json:"collaboration_not"`
	Late             bool       `json:"late"` // whoever closed it didn't know of it
}

func showPulse(l kind.Look) []HowWeAreJSON {
	out := []HowWeAreJSON{}
	if !pulseAt.Has(l.View) {
		return out
	}
	for _, s := range kind.Of[Round](l.View).Said {
		out = append(out, HowWeAreJSON{l.Named(s.Member), s.Words[0], s.Words[1], s.Words[2], s.Words[3], s.Late})
	}
	return out
}

// StagesJSON says how many see the co-op in which stage.
type StagesJSON struct {
	Forming    int `json:"forming"`
	Storming   int `json:"storming"`
	Norming    int `json:"norming"`
	Performing int `json:"performing"`
}

func showStages(l kind.Look) (out StagesJSON) {
	if n := kind.Of[Round](l.View).Stages; pulseAt.Has(l.View) && len(n) == len(Stages) {
		out = StagesJSON{n[0], n[1], n[2], n[3]}
	}
	return out
}

func stageWords(a kind.Answer) string {
	var said []string
	for _, stage := range Stages {
		if n, _ := a.In("stages")[stage].(float64); n > 0 {
			said = append(said, fmt.Sprintf("%s %d", stage, int(n)))
		}
	}
	return strings.Join(said, ", ")
}

func pulseWasClosed(v change.Value, _ bool) (verb, to string) {
	if v.Int() == 0 {
		return "", ""
	}
	return "closed the round", ""
}

// saidHowWeAre tells nothing of what was said: that is shown together.
func saidHowWeAre(change.Value, bool) (verb, to string) { return "said how we are", "" }
