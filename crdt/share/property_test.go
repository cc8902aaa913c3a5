package share_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
)

func TestAShareIsTheSameForEveryOrderOfArrival(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLife(t)
		space, stands := l.replicas[0].space, l.stands()
		want := share.Fold(space, l.history, stands)
		got := share.Fold(space, nil, stands)
		for _, batch := range l.arrival() {
			before := seen(got, l.history)
			next := got.With(batch...)
			same(t, "a share changed when another was made of it", before, seen(got, l.history))
			got = next
		}
		same(t, "the share depends on the order of arrival", seen(want, l.history), seen(got, l.history))
		moved := l.stands()
		want = share.Fold(space, l.history, moved)
		same(t, "StandOn isn't Fold", seen(want, l.history), seen(got.StandOn(0, moved[0]).StandOn(1, moved[1]), l.history))
	})
}

func TestAShareAgreesWithANaiveOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLife(t)
		a, stands := l.replicas[0], l.stands()
		s := share.Fold(a.space, l.history, stands)
		n := naiveFold(a.space, a.spaces, print, l.history, stands)
		terms, ended, offers := n.together(n.sides)
		if got, _ := s.Terms(); got != terms || len(s.Offers()) != offers {
			t.Fatalf("terms %+v, %d offers; to the naive fold %+v, %d", got, len(s.Offers()), terms, offers)
		}
		if _, over := s.Ended(); over != ended {
			t.Fatalf("ended %v, and %v to the naive fold", over, ended)
		}
		for i, c := range n.sides {
			if !slices.Equal(s.Sides()[i], full(c)) && !c.Undecided() {
				t.Fatalf("side %d is %v, and %v to the naive fold", i, s.Sides()[i], full(c))
			}
		}
		for _, e := range l.history {
			if e.Kind != entry.Change {
				continue
			}
			want, got := n.seenBy(e), seenBy(s, e)
			if want == "speaks for nobody" {
				p, state := s.Of(e)
				if state == charter.Accepted {
					if _, ok := p.Speaks(e.Device); !ok {
						continue
					}
				}
			}
			if got != want {
				t.Fatalf("an entry %s\nand to the naive fold %s", got, want)
			}
		}
	})
}

// sideText is all that a share says about one side.
func sideText(s *share.Share, side int) string {
	c := s.Side(side)
	var b strings.Builder
	for _, m := range c.Members() {
		fmt.Fprintf(&b, "%+v\n", m)
	}
	return fmt.Sprintf("%s%v %v %v %v %v %v", &b, c.Tip(), c.Pacts(), c.Forks(), s.Contacts(side), s.Suspended(side), c.Heads())
}

// Either side may be hostile: it signs whatever it likes, in whichever space.
func TestNothingThatOneSideSignsChangesTheOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLife(t)
		space, stands := l.replicas[0].space, l.stands()
		whole := share.Fold(space, l.history, stands)
		for side := range 2 {
			// The pact and the other's genesis are needed for a share at all.
			alone := slices.Clone(l.said[side])
			for _, e := range l.history {
				if e.Space == (entry.SpaceID{}) {
					alone = append(alone, e)
				}
			}
			s := share.Fold(space, alone, stands)
			same(t, "the other side had a say", sideText(s, side), sideText(whole, side))
			by, _ := s.Ended()
			if all, _ := whole.Ended(); all[side] != by[side] {
				t.Fatal("the other side ended it in its name")
			}
		}
	})
}

func TestWhatBindsBothIsNeverTheWordOfOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLife(t)
		s := share.Fold(l.replicas[0].space, l.history, l.stands())
		terms, _ := s.Terms()
		if terms == print {
			return
		}
		for side := range 2 {
			said, _ := words(s.Side(side))
			if !slices.ContainsFunc(said, func(w share.Word) bool { return w.What == share.Change && w.Terms == terms }) {
				t.Fatalf("side %d never said the terms that are in force", side)
			}
		}
	})
}

// A replica that takes part stands on the newest steps that it sees.
func TestWhatAReplicaOfAShareTookPartInNeverChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLife(t)
		a := &ally{t: t, space: l.replicas[0].space, spaces: l.replicas[0].spaces}
		a.s = share.Fold(a.space, nil, [2]charter.StepID{})
		states := map[entry.ID]string{}
		var had []*entry.Entry
		var ended [2]charter.StepID
		for _, batch := range l.arrival() {
			a.s = a.s.With(batch...)
			if a.s.Pact() != nil {
				a.stand()
			}
			had = append(had, batch...)
			for _, e := range had {
				var now string
				if e.Kind == entry.Change {
					now = seenBy(a.s, e)
				} else {
					state, why := a.s.State(e.ID())
					now = state.String() + why
				}
				if old, ok := states[e.ID()]; ok && old != now {
					t.Fatalf("what was\n%s\nis\n%s", old, now)
				}
				if !strings.Contains(now, "pending") {
					states[e.ID()] = now
				}
			}
			by, _ := a.s.Ended()
			for i := range by {
				if ended[i] != (charter.StepID{}) && ended[i] != by[i] {
					t.Fatal("a share that had ended goes on, or ended otherwise")
				}
			}
			ended = by
		}
	})
}
