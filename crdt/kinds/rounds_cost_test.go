package kinds

import (
	"fmt"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/kind"
)

// Ben has said something in a round as often as he may, and so have many others: ten times as many remarks cost ten times as much, and not a
// hundred times.
func TestWhatIsSaidInRoundsIsShownAtACostThatFollowsIt(t *testing.T) {
	cost := func(remarks int) float64 {
		v := &kind.View{}
		round := DecidingRound{}
		for i := range remarks {
			r := kind.Remark{Name: fmt.Sprint(i), Text: "why?"}
			v.Talk = append(v.Talk, r)
			round.Said = append(round.Said, Spoken{Remark: r.ID()})
		}
		v.Derived = &Deciding{Status: Open, Rounds: []DecidingRound{round, {}, {}}}
		look := kind.Look{View: v, Named: func(charter.MemberID) kind.Named { return kind.Named{} }}
		if n := len(showRounds(look)[0].Said); n != remarks {
			t.Fatalf("of %d remarks %d are shown", remarks, n)
		}
		return testing.AllocsPerRun(1, func() { showRounds(look) })
	}
	if few, many := cost(50), cost(500); many > 20*few {
		t.Errorf("50 remarks take %.0f allocations, and 500 take %.0f", few, many)
	}
}
