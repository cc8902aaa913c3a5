package store

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"kith/crdt/entry"
)

func TestBadgerHoldsLittleThatItDoesNotUse(t *testing.T) {
	s := open(t, t.TempDir())
	if s.lean.pool == nil {
		t.Fatal("this release of Badger looks otherwise than leanTables thinks")
	}
	if n := s.db.Opts().MemTableSize; n != smallTableSize {
		t.Errorf("the next memory table is made for %d bytes, want %d", n, smallTableSize)
	}
}

// The largest batches, right behind one another, go into memory tables that are smaller than Badger thinks when it starts.
func TestTheLargestBatchesFitSmallMemoryTables(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	large, small := make([]byte, MaxBatch/3-1<<10), []byte("small") // three fill a batch, and none goes into a value log
	for n := range large {
		large[n] = byte(n * n >> 3)
	}
	const times = 12
	for n := range times {
		b := NewBatch(nil)
		for _, part := range []string{"a", "b", "c"} {
			b.PutSmall(fmt.Sprintf("large/%d/%s", n, part), large)
		}
		must(t, s.Commit(b))
		b = NewBatch(nil) // as many writes as there can be
		for i := 0; b.Size() < MaxBatch-1<<10; i++ {
			b.PutSmall(fmt.Sprintf("small/%d/%d", n, i), small)
		}
		must(t, s.Commit(b))
	}
	crash := filepath.Join(t.TempDir(), "crash")
	must(t, os.CopyFS(crash, os.DirFS(dir))) // with the logs of memory tables, as a crash leaves them
	for _, s := range []*Store{s, open(t, crash)} {
		for n := range times {
			if got, err := s.Small(fmt.Sprintf("large/%d/c", n)); err != nil || !bytes.Equal(got, large) {
				t.Fatalf("large/%d/c has %d bytes, want %d: %v", n, len(got), len(large), err)
			}
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
