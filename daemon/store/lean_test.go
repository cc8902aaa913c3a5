package store

import (
	"sync"
	"testing"

	"kith/crdt/entry"
)

func TestMemoryOfTableBuildersIsGivenBack(t *testing.T) {
	s := open(t, t.TempDir())
	if s.lean.pool == nil {
		t.Fatal("this release of Badger keeps the memory of builders elsewhere: see lean")
	}
	const large = 4 << 20
	for range builders {
		s.lean.pool.Return(s.lean.pool.Get(large, "")) // at once: a pool gives what was returned first
	}
	s.lean.wrote(leanAfter + 1)
	for range builders {
		if a := s.lean.pool.Get(0, ""); a.Allocated() >= large {
			t.Errorf("%d bytes are held for a builder that is done", a.Allocated())
		}
	}
}

func TestWhatIsStoredIsReadAfterItsPagesWereGivenUp(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	var ids []entry.ID
	for i := range 300 {
		e := entryNo(t, entry.DocID{1}, i)
		must(t, s.Commit(put(s, nil, e)))
		ids = append(ids, e.ID())
	}
	must(t, s.Close()) // what is in memory goes into tables
	s = open(t, dir)
	for range 2 {
		for _, id := range ids {
			if _, _, err := s.Entry(id); err != nil {
				t.Fatal(err)
			}
		}
		s.lean.pageOut()
	}
}

func TestNobodyWaitsForPagesThatAreGivenBack(t *testing.T) {
	s := open(t, t.TempDir())
	began, goOn := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(goOn) }) // before the store is closed
	s.lean.resident = func() int { return maxMapped + 1 }
	s.lean.out = sync.OnceFunc(func() {
		close(began)
		<-goOn
	})
	s.lean.read(leanAfter + 1)
	<-began
	for i := range 3 {
		must(t, s.Commit(put(s, nil, entryNo(t, entry.DocID{1}, i))))
		s.lean.wrote(leanAfter + 1)
	}
	must(t, s.Sought(func(entry.DocID, []byte) bool { return true }))
}

func TestPagesAreGivenBackForAWhileAfterMuchWasWritten(t *testing.T) {
	s := open(t, t.TempDir())
	out := make(chan struct{})
	s.lean.resident = func() int { return maxMapped + 1 }
	s.lean.out = func() {
		select {
		case out <- struct{}{}:
		case <-s.lean.over:
		}
	}
	s.lean.read(leanAfter + 1) // once; what is due later isn't asked for
	for range 3 {
		<-out
	}
}
