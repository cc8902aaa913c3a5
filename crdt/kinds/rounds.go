package kinds

import (
	"slices"
	"strings"
	"time"

	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
)

// A decision may have rounds, where who proposes it wants them: first questions, then reactions, then positions. What is said in the first
// two is said in its thread; the round in which somebody spoke is the one that their computer knew of then. Anybody ends a round,
// and so does its day: whoever says the next thing after that ends it with the same change, so that no replica asks a clock. A
// round that has ended doesn't begin again, and a word that came while somebody ended it stays in it, as one that wasn't known then.
//
// Positions are taken in the last round only, which is a courtesy of the commands: a position that another program gives before that counts
// as any other. But replicas hold no outcome that was recorded before the last round.
//
// In a share they begin anew: the people of the ally ask their questions, too.

// Rounds are those that a decision has, in their order; the last one is that in which positions are taken.
var Rounds = []string{"questions", "reactions", "positions"}

var (
	decisionRounds = &kind.Field{Key: "rounds", Is: kind.Flag, First: true, Hint: "in rounds: first questions, then reactions, then positions", Log: untold}

	decisionQuestions     = &kind.Field{Key: "questions_until", Is: kind.Day, Hint: "until when the round of questions goes"}
	decisionReactions     = &kind.Field{Key: "reactions_until", Is: kind.Day, Hint: "until when the round of reactions goes"}
	decisionQuestionsOver = &kind.Field{Key: "questions_over", Is: kind.Flag, Stays: true, Hint: "the round of questions is over", Log: endedRound("questions"), Form: "once it was written it is over, whatever is written there later"}
	decisionReactionsOver = &kind.Field{Key: "reactions_over", Is: kind.Flag, Stays: true, Hint: "the round of reactions is over", Log: endedRound("reactions"), Form: "as `questions_over`"}

	roundDays  = []*kind.Field{decisionQuestions, decisionReactions}
	roundEnded = []*kind.Field{decisionQuestionsOver, decisionReactionsOver}
)

// A DecidingRound is a round of a decision, and what was said in it.
type DecidingRound struct {
	Over bool
	By   charter.MemberID // who ended it first
	At   kind.Time        // when
	Said []Spoken         // what stands of it in the thread, in its order
}

// Spoken is a remark of a round.
type Spoken struct {
	Remark string // see kind.Remark.ID
	Late   bool   // nobody who ended the round knew of it
}

// roundsOf are the rounds of a decision; nil if it has none.
func roundsOf(s *kind.Story) []DecidingRound {
	if !decisionRounds.Has(s.View) {
		return nil
	}
	rounds := make([]DecidingRound, len(Rounds))
	at := make(map[change.Hash]int, len(s.Items))
	over := make([]int, len(s.Items)) // how many rounds were over for who wrote it
	ended := make([]change.OpID, len(roundEnded))
	for n, item := range s.Items {
		at[item.Change.Hash] = n
		for _, dep := range item.Change.Deps {
			if i, ok := at[dep]; ok {
				over[n] = max(over[n], over[i])
			}
		}
		for i, f := range roundEnded {
			if op := writes(item, f.Key); op != nil {
				over[n] = max(over[n], i+1)
				if r := &rounds[i]; !r.Over || op.ID.Less(ended[i]) {
					r.Over, r.By, r.At, ended[i] = true, item.Author, kind.Time(item.Change.Time), op.ID
				}
			}
		}
	}
	// A later round that is over ends those before it, whoever wrote so.
	for i := len(roundEnded) - 1; i > 0; i-- {
		if r := &rounds[i-1]; rounds[i].Over && !r.Over {
			r.Over, r.By, r.At = true, rounds[i].By, rounds[i].At
		}
	}
	knew, said := knownToEnds(s.Items, at), saidFirst(s.Items)
	for i := range s.Talk {
		r := &s.Talk[i]
		n, ok := said["by:"+r.By.String()+"/"+kind.TalkField.Key+"/"+r.Name]
		if !ok || r.Text == "" {
			continue
		}
		in := over[n]
		rounds[in].Said = append(rounds[in].Said, Spoken{r.ID(), rounds[in].Over && knew[n] < in})
	}
	return rounds
}

// knownToEnds says of each change which round was the last one that somebody ended who knew of it; -1: none.
func knownToEnds(items []*accept.Item, at map[change.Hash]int) []int {
	knew := make([]int, len(items))
	for n := range knew {
		knew[n] = -1
	}
	for n := len(items) - 1; n >= 0; n-- {
		last := knew[n]
		for i, f := range roundEnded {
			if writes(items[n], f.Key) != nil {
				last = max(last, i)
				knew[n] = max(knew[n], i) // what its own change says was known to who ended it
			}
		}
		for _, dep := range items[n].Change.Deps {
			if i, ok := at[dep]; ok {
				knew[i] = max(knew[i], last)
			}
		}
	}
	return knew
}

// writes returns the operation of a change that writes a key of the document; nil if there is none.
func writes(item *accept.Item, key string) *change.Op {
	for i := range item.Change.Ops {
		if op := &item.Change.Ops[i]; op.Obj.IsZero() && op.Key == key && op.Action == change.Set {
			return op
		}
	}
	return nil
}

// saidFirst gives the place of the change that first said each remark, by its key.
func saidFirst(items []*accept.Item) map[string]int {
	first, by := map[string]int{}, map[string]change.OpID{}
	for n, item := range items {
		for i := range item.Change.Ops {
			op := &item.Change.Ops[i]
			if !op.Obj.IsZero() || op.Action != change.Set || !strings.Contains(op.Key, "/"+kind.TalkField.Key+"/") {
				continue
			}
			if was, ok := by[op.Key]; !ok || op.ID.Less(was) {
				first[op.Key], by[op.Key] = n, op.ID
			}
		}
	}
	return first
}

// round is which of the Rounds it is in; the last one if it has none.
func (d *Deciding) round() int {
	for i, r := range d.Rounds {
		if !r.Over {
			return i
		}
	}
	return len(Rounds) - 1
}

// inPositions says whether positions are taken.
func (d *Deciding) inPositions() bool { return d.round() == len(Rounds)-1 }

// roundAt is which of the Rounds it is in for somebody whose clock says now: those whose day is over, and those before them, are over.
func roundAt(v *kind.View, now time.Time, place *time.Location) int {
	d := kind.Of[Deciding](v)
	at := d.round()
	for i, f := range roundDays {
		if end, ok := kind.DayEnds(f.Str(v), place); ok && len(d.Rounds) > 0 && !now.Before(end) {
			at = max(at, i+1)
		}
	}
	return at
}

// endRounds ends all rounds before one.
func endRounds(d *kind.Draft, before int) {
	for i, r := range kind.Of[Deciding](d.View).Rounds {
		if i < before && !r.Over {
			d.Set(roundEnded[i], change.BoolValue(true))
		}
	}
}

// takesPositions refuses what is for the last round, and ends those whose day is over.
func takesPositions(d *kind.Draft) error {
	at := roundAt(d.View, d.Now, d.Place)
	const instead = "say it in its thread: kith talk ID. Or end this round: kith decision next ID"
	switch at {
	case 0:
		return kind.NotAllowed(instead, "this decision is in the round of questions; positions are taken in the last round")
	case 1:
		return kind.NotAllowed(instead, "this decision is in the round of reactions; positions are taken in the last round")
	}
	endRounds(d, at)
	return nil
}

// spokeInRound ends the rounds whose day is over when somebody speaks.
func spokeInRound(d *kind.Draft) { endRounds(d, roundAt(d.View, d.Now, d.Place)) }

// nextRound ends the present round.
func nextRound(d *kind.Draft) error {
	at := roundAt(d.View, d.Now, d.Place)
	if was := kind.Of[Deciding](d.View).round(); at == was { // else its day has ended it, and that is all that is asked for
		at++
	}
	endRounds(d, at)
	return nil
}

// whichRoundIsNow tells who ended a round which one began with that, and if nobody had said anything in the one that is over: it may
// have begun only just now, with what somebody else did, or with a command that was typed twice.
func whichRoundIsNow(v *kind.View) string {
	d := kind.Of[Deciding](v)
	at := d.round()
	silent := at > 0 && len(d.Rounds[at-1].Said) == 0
	switch {
	case at == 1 && silent:
		return "Now is the round of reactions. Nobody had said anything in the round of questions. What is still to be said of that goes into its thread."
	case at == 1:
		return "Now is the round of reactions."
	case at == 2 && silent:
		return "Now is the round of positions. Nobody had said anything in the round of reactions. What is still to be said of that goes into its thread."
	case at == 2:
		return "Now is the round of positions."
	}
	return ""
}

func hasNextRound(v *kind.View) error {
	d := kind.Of[Deciding](v)
	switch err := isOpen(v); {
	case err != nil:
		return err
	case len(d.Rounds) == 0:
		return kind.NotAllowed("say what you think of it: "+stanceCommands(d.Process), "this decision has no rounds: positions are taken from the start")
	case d.inPositions():
		return kind.Already("this decision is in its last round, in which positions are taken")
	}
	return nil
}

func stanceCommands(process string) string {
	if isChoice(process) {
		return "kith decision choose ID OPTION"
	}
	return "kith decision " + Stances(process)[0] + " ID"
}

// askedInRounds checks the days of the rounds: each comes behind the one before, and the day of positions behind them. v is nil for
// what is being proposed.
func askedInRounds(d *kind.Draft, v *kind.View) error {
	before, of := "", ""
	for i, f := range append(slices.Clone(roundDays), decisionBy) {
		on := ""
		if v != nil {
			on = f.Str(v)
		}
		if given := d.Asks.Has(f); given {
			on = d.Asks.Str(f)
			if v != nil && i < len(roundDays) {
				if err := roundGoesOn(v, i); err != nil {
					return err
				}
			}
		}
		const day = len("2026-12-01")
		if len(on) >= day && len(before) >= day && on[:day] < before[:day] {
			return &kind.InvalidError{Why: "the round of " + Rounds[i] + " would be over on " + on[:day] + ", before that of " + of + ", on " + before[:day], Hint: "the rounds come one after the other: " + Rounds[0] + ", " + Rounds[1] + ", " + Rounds[2]}
		}
		if on != "" {
			before, of = on, Rounds[i]
		}
	}
	return nil
}

// roundGoesOn refuses to give a day to a round that there isn't, or that is over.
func roundGoesOn(v *kind.View, i int) error {
	d := kind.Of[Deciding](v)
	if len(d.Rounds) == 0 {
		return kind.NotAllowed("propose it with --rounds", "this decision has no rounds: positions are taken from the start")
	}
	const instead = "what is still to be said goes into its thread: kith talk ID"
	switch {
	case d.Rounds[i].Over && i == 0:
		return kind.NotAllowed(instead, "the round of questions is over")
	case d.Rounds[i].Over:
		return kind.NotAllowed(instead, "the round of reactions is over")
	}
	return nil
}

// RoundJSON is one round of a decision.
type RoundJSON struct {
	Round   string       `json:"round"`    // questions, reactions, positions
	State   string       `json:"state"`    // over, now, coming
	Until   string       `json:"until"`    // the day until which it goes; ""
	EndedBy *kind.Named  `json:"ended_by"` // null: it isn't over
	EndedAt kind.Time    `json:"ended_at"`
	Said    []SpokenJSON `json:"said"` // in its thread
}

// SpokenJSON is what somebody said in a round.
type SpokenJSON struct {
	Remark string     `json:"remark"`
	Member kind.Named `json:"member"`
	Text   string     `json:"text"`
	At     kind.Time  `json:"at"`
	Late   bool       `json:"late"` // it came while somebody ended the round who didn't know of it
}

func showRounds(l kind.Look) []RoundJSON {
	d := kind.Of[Deciding](l.View)
	out := []RoundJSON{}
	if len(d.Rounds) == 0 {
		return out
	}
	remarks := make(map[string]*kind.Remark, len(l.Talk)) // there can be thousands
	for i := range l.Talk {
		remarks[l.Talk[i].ID()] = &l.Talk[i]
	}
	for i, r := range d.Rounds {
		one := RoundJSON{Round: Rounds[i], State: "over", EndedAt: r.At, Said: []SpokenJSON{}}
		if i < len(roundDays) {
			one.Until = roundDays[i].Str(l.View)
		} else {
			one.Until = decisionBy.Str(l.View)
		}
		switch at := d.round(); {
		case r.Over:
			by := l.Named(r.By)
			one.EndedBy = &by
		case i == at && d.Status == Open:
			one.State = "now"
		case d.Status == Open:
			one.State = "coming"
		}
		for _, s := range r.Said {
			if t := remarks[s.Remark]; t != nil {
				one.Said = append(one.Said, SpokenJSON{s.Remark, l.Named(t.By), t.Text, t.At, s.Late})
			}
		}
		out = append(out, one)
	}
	return out
}

// factsInRounds are those of a decision that is in a round before positions, for all who will take one.
func (d *Deciding) factsInRounds(v *kind.View, f *kind.Facts) {
	f.Who("rounds", d.Full...)
	for _, day := range roundDays[d.round():] {
		if on := day.Str(v); on != "" {
			f.Has("round_until", on)
			return
		}
	}
}

// roundSays is the round that a decision is in, and its day.
func roundSays(a kind.Answer) kind.Cell {
	for _, r := range a.List("rounds") {
		if r.Str("state") == "now" {
			if r.Str("until") == "" {
				return kind.Cell{Words: r.Str("round")}
			}
			return kind.Cell{Words: r.Str("round") + ", until", Day: r.Str("until")}
		}
	}
	return kind.Cell{}
}

func endedRound(round string) func(change.Value, bool) (verb, to string) {
	return func(v change.Value, _ bool) (verb, to string) {
		if !v.Bool() {
			return "", ""
		}
		return "ended the round of " + round, ""
	}
}
