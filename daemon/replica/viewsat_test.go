package replica

import (
	"sync"
	"sync/atomic"
	"testing"

	"kith/crdt"
	"kith/crdt/crdttest"
	"kith/crdt/kinds"
)

func TestWhoAsksForTheNumberOfViewsFirstMissesNothing(t *testing.T) {
	t.Parallel()
	ana := found(t, "Ana").all[0]
	read := func() (n int) {
		must(t, ana.Views(kinds.Task.Name, func(*crdt.View) bool { n++; return true }))
		return n
	}
	var over atomic.Bool
	seen := map[uint64]int{} // by the number: how many there were when it was first found
	var looking sync.WaitGroup
	looking.Go(func() {
		for !over.Load() {
			at := ana.ViewsAt()
			n := read()
			if _, ok := seen[at]; !ok {
				seen[at] = n
			}
		}
	})
	final := map[uint64]int{}
	for n := range 100 {
		_, err := ana.Create(t.Context(), kinds.Task.Name, func(e Edit) error {
			return crdttest.NewTask(e.Now, crdttest.TaskFields{Title: "Order paper"})(e.Doc, nil)
		})
		must(t, err)
		final[ana.ViewsAt()] = n + 1
	}
	over.Store(true)
	looking.Wait()
	for at, n := range final {
		if had, ok := seen[at]; ok && had < n {
			t.Fatalf("who looked at %d found %d tasks, and there were %d: they would never look again", at, had, n)
		}
	}
}
