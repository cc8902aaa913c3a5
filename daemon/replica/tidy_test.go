package replica

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// However changes of a run come, and whenever somebody asks in between, they are in the order of their numbers, each once.
func TestARunIsInOrderHoweverItsChangesCome(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := &runChanges{unkept: map[uint64]bool{}}
		var all []numbered
		forked := false
		for range rapid.IntRange(0, 60).Draw(rt, "changes") {
			n := numbered{rapid.Uint32Range(1, 20).Draw(rt, "number"), rapid.Uint32Range(1, 3).Draw(rt, "arrival")}
			w.add(n)
			all = append(all, n)
			if rapid.Bool().Draw(rt, "asked") {
				w.tidy()
			}
		}
		w.tidy()
		slices.SortFunc(all, func(a, b numbered) int {
			return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.arrival, b.arrival))
		})
		numbers := slices.CompactFunc(slices.Clone(all), func(a, b numbered) bool {
			forked = forked || a != b && a.number == b.number
			return a.number == b.number
		})
		if !slices.EqualFunc(w.changes, numbers, func(a, b numbered) bool { return a.number == b.number }) || w.forked != forked {
			rt.Fatalf("%v, forked %v; want the numbers of %v, forked %v", w.changes, w.forked, numbers, forked)
		}
	})
}
