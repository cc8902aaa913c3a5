package store

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"strings"
	"sync"
	"testing"

	"kith/crdt/entry"
)

func TestBatchesThatWaitForTheDiskShareATransaction(t *testing.T) {
	s := open(t, t.TempDir())
	g := hold(s)
	first := s.Enqueue(put(s, nil, entryNo(t, entry.DocID{1}, 0)))
	<-g.reached // the writer is on its way with the first; all others gather behind it
	var waiting []*Ticket
	for n := 1; n <= 100; n++ {
		waiting = append(waiting, s.Enqueue(put(s, nil, entryNo(t, entry.DocID{byte(n)}, n))))
	}
	close(g.open)
	must(t, first.Wait())
	for _, w := range waiting {
		must(t, w.Wait())
	}
	if n := len(g.passed); n != 2 {
		t.Errorf("101 batches took %d transactions, want 2", n)
	}
	if n := s.Counts().Stored; n != 101 {
		t.Errorf("%d entries are counted, want 101", n)
	}
}

func TestALargeGroupIsCut(t *testing.T) {
	s := open(t, t.TempDir())
	g := hold(s)
	tickets := []*Ticket{s.Enqueue(put(s, nil, entryNo(t, entry.DocID{1}, 0)))}
	<-g.reached
	for n := range 6 { // 6 MB: more than one transaction of Badger takes
		b := NewBatch(nil)
		b.PutSmall(fmt.Sprintf("large/%d", n), make([]byte, 1<<20))
		tickets = append(tickets, s.Enqueue(b))
	}
	close(g.open)
	for _, w := range tickets {
		must(t, w.Wait())
	}
	if n := len(g.passed); n < 4 {
		t.Errorf("6 MB went in %d transactions", n)
	}
}

func TestABatchOfTheGreatestSizeIsStoredAndALargerOneFailsAlone(t *testing.T) {
	s := open(t, t.TempDir())
	fits := NewBatch(nil)
	last := 0
	for ; fits.Size() < MaxBatch-1<<19; last++ {
		fits.PutSmall(fmt.Sprintf("fits/%d", last), bytes.Repeat([]byte{byte(last)}, 1<<19-64))
	}
	must(t, s.Commit(fits))
	large := NewBatch(nil)
	for n := range 8 {
		large.PutSmall(fmt.Sprintf("large/%d", n), make([]byte, 1<<20-64))
	}
	if err := s.Commit(large); err == nil {
		t.Error("a batch of 8 MB was taken")
	}
	if _, err := s.Small("large/0"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a part of the batch that failed is there: %v", err)
	}
	must(t, s.Commit(put(s, nil, entryNo(t, entry.DocID{1}, 0))))
	if v, err := s.Small(fmt.Sprintf("fits/%d", last-1)); err != nil || v[9] != byte(last-1) {
		t.Errorf("the batch that fits isn't whole: %v", err)
	}
}

func TestAFailedBatchTakesTheLaterOnesOfItsChainAlong(t *testing.T) {
	s := open(t, t.TempDir())
	chain, other := new(Chain), new(Chain)
	must(t, s.Commit(put(s, chain, entryNo(t, entry.DocID{1}, 1))))

	free := s.free
	g := hold(s)
	open := s.free
	full := true
	s.free = func(dir string) (uint64, error) { // the writer's alone
		if _, err := open(dir); err == nil && full {
			full = false
			return 0, nil
		}
		return free(dir)
	}
	fails := s.Enqueue(put(s, chain, entryNo(t, entry.DocID{1}, 2)))
	<-g.reached
	after := s.Enqueue(put(s, chain, entryNo(t, entry.DocID{1}, 3)))
	alone := s.Enqueue(put(s, nil, entryNo(t, entry.DocID{2}, 4)))
	elsewhere := s.Enqueue(put(s, other, entryNo(t, entry.DocID{3}, 5)))
	close(g.open)
	if err := fails.Wait(); !errors.Is(err, ErrDiskFull) {
		t.Errorf("on a full disk: %v", err)
	}
	if err := after.Wait(); !errors.Is(err, ErrDiskFull) {
		t.Errorf("after it in the chain: %v", err)
	}
	must(t, alone.Wait())
	must(t, elsewhere.Wait())
	if err := s.Commit(put(s, chain, entryNo(t, entry.DocID{1}, 6))); !errors.Is(err, ErrDiskFull) {
		t.Errorf("the chain goes on: %v", err)
	}
	must(t, s.Commit(put(s, new(Chain), entryNo(t, entry.DocID{1}, 7))))
	if n := s.Counts().Stored; n != 4 {
		t.Errorf("%d entries are counted, want 4", n)
	}
}

func TestCloseWritesWhatIsQueuedAndRefusesTheRest(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	var (
		writers sync.WaitGroup
		mu      sync.Mutex
		kept    []entry.ID
		started = make(chan struct{}, 8*1000)
	)
	for w := range 8 {
		writers.Go(func() {
			for n := 0; ; n++ {
				e := entryNo(t, entry.DocID{byte(w + 1)}, w<<16|n)
				err := s.Commit(put(s, nil, e))
				if errors.Is(err, ErrClosed) {
					return
				}
				if err != nil {
					t.Errorf("commit: %v", err)
					return
				}
				mu.Lock()
				kept = append(kept, e.ID())
				mu.Unlock()
				select {
				case started <- struct{}{}:
				default:
				}
			}
		})
	}
	for range 40 {
		<-started
	}
	must(t, s.Close())
	writers.Wait()
	again := open(t, dir)
	if n := again.Counts().Stored; n != int64(len(kept)) {
		t.Errorf("%d entries were acknowledged, %d are counted", len(kept), n)
	}
	for _, id := range kept {
		if !again.Has(id) {
			t.Errorf("entry %s was acknowledged and is gone", id)
		}
	}
	must(t, s.Close()) // once more does nothing
}

func TestCountsArrivalsAndRecordsOutliveARestart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	doc := entry.DocID{7}
	var ids []entry.ID
	for n := range 5 {
		e := entryNo(t, doc, n)
		ids = append(ids, e.ID())
		b := put(s, nil, e)
		b.Count(1, 0, 0)
		must(t, s.Commit(b))
	}
	b := NewBatch(nil)
	b.Count(-2, 1, 1)
	b.PutView(doc, Doc{Kind: "task", Updated: 1}, []byte("seen"), true)
	b.Quarantine(ids[3], doc)
	b.PutUnsettled(doc, Unsettled{Heads: ids[:1], Any: true})
	b.PutJudge(doc, true)
	b.PutSmall("a/1", []byte("x"))
	b.PutSmall("b/1", []byte("y"))
	must(t, s.Commit(b))
	want := s.Counts()
	closeWell(t, s)

	s = open(t, dir)
	if got := s.Counts(); got != want || got != (Counts{Stored: 5, Pending: 3, Void: 1, Elsewhere: 1, Quarantined: 1, Documents: 1}) {
		t.Errorf("counted %+v, before the restart %+v", got, want)
	}
	if next := s.NextArrival(); next != 6 {
		t.Errorf("the next arrival is %d, want 6", next)
	}
	lying, err := s.Entries(doc)
	must(t, err)
	for i, l := range lying {
		if e, err := entry.Decode(l.Encoded); err != nil || e.ID() != ids[i] || l.Arrival != uint64(i+1) {
			t.Errorf("place %d has arrival %d, %v", i, l.Arrival, err)
		}
	}
	var recent []entry.ID
	for _, id := range s.Recent(5) {
		recent = append(recent, id)
	}
	if len(recent) != 4 || recent[0] != ids[3] {
		t.Errorf("below the fifth: %v", recent)
	}
	if kind, view, err := s.View(doc); err != nil || kind != "task" || string(view) != "seen" {
		t.Errorf("the view is %q of %q, %v", view, kind, err)
	}
	if q, err := s.Quarantined(); err != nil || q[ids[3]] != doc || len(q) != 1 {
		t.Errorf("quarantined are %v, %v", q, err)
	}
	unsettled := map[entry.DocID]Unsettled{}
	must(t, s.Unsettled(func(doc entry.DocID, u Unsettled) { unsettled[doc] = u }))
	if u := unsettled[doc]; len(unsettled) != 1 || len(u.Heads) != 1 || u.Heads[0] != ids[0] || !u.Any || u.Turn {
		t.Errorf("unsettled are %v", unsettled)
	}
	if docs, err := s.Judge(); err != nil || len(docs) != 1 {
		t.Errorf("to judge are %v, %v", docs, err)
	}
	var smalls []string
	must(t, s.Smalls("a/", func(name string, v []byte) { smalls = append(smalls, name+string(v)) }))
	if strings.Join(smalls, " ") != "a/1x" {
		t.Errorf("small records: %v", smalls)
	}
	b = NewBatch(nil)
	b.DropView("task", doc)
	b.PutSmall("a/1", nil)
	b.PutJudge(doc, false)
	b.PutUnsettled(doc, Unsettled{})
	must(t, s.Commit(b))
	if _, _, err := s.View(doc); !errors.Is(err, ErrNotFound) {
		t.Errorf("a dropped view: %v", err)
	}
	if _, err := s.Small("a/1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a removed record: %v", err)
	}
}

func TestAFullDiskRefusesWritesAndReadsGoOn(t *testing.T) {
	s := open(t, t.TempDir())
	e := entryNo(t, entry.DocID{1}, 1)
	must(t, s.Commit(put(s, nil, e)))
	room := uint64(minFree - 1)
	s.free = func(string) (uint64, error) { return room, nil }
	err := s.Commit(put(s, nil, entryNo(t, entry.DocID{1}, 2)))
	if !errors.Is(err, ErrDiskFull) || !strings.Contains(err.Error(), "MiB left") {
		t.Errorf("without room: %v", err)
	}
	if b, _, err := s.Entry(e.ID()); err != nil || !bytes.Equal(b, e.Encoded()) {
		t.Errorf("reading: %v", err)
	}
	room = 1 << 40
	must(t, s.Commit(put(s, nil, entryNo(t, entry.DocID{1}, 3))))
}

func TestABatchOfVeryManySmallWritesUnderTheBoundIsStored(t *testing.T) {
	s := open(t, t.TempDir())
	n := 0
	b := NewBatch(nil)
	for ; b.Size() < MaxBatch-1000; n++ {
		var doc entry.DocID
		rand.Read(doc[:])
		b.PutJudge(doc, true)
	}
	if err := s.Commit(b); err != nil {
		t.Fatalf("%d documents in a batch of %d bytes: %v", n, b.Size(), err)
	}
}

func TestASnapshotShowsOneMomentWhileOthersWrite(t *testing.T) {
	s := open(t, t.TempDir())
	for n := range 10 {
		must(t, s.Commit(put(s, nil, entryNo(t, entry.DocID{byte(n%3 + 1)}, n))))
	}
	b := NewBatch(nil)
	b.PutSmall("a/1", []byte("x"))
	b.PutSmall("b/1", []byte("y"))
	b.Quarantine(entry.ID{9}, entry.DocID{1})
	must(t, s.Commit(b))
	var seen []uint64
	must(t, s.Snapshot(func(v *Snapshot) error {
		n, err := v.Counts()
		must(t, err)
		must(t, v.Entries(func(encoded []byte) error {
			must(t, s.Commit(put(s, nil, entryNo(t, entry.DocID{1}, 100+len(seen))))) // after the moment
			e, err := entry.Decode(encoded)
			must(t, err)
			seen = append(seen, e.Number)
			return nil
		}))
		if n.Stored != 10 || len(seen) != 10 {
			t.Errorf("it counts %d entries and gives %d", n.Stored, len(seen))
		}
		must(t, v.Smalls("a/", func(name string, value []byte) error {
			if name+string(value) != "a/1x" {
				t.Errorf("a small record: %s %s", name, value)
			}
			return nil
		}))
		return v.Quarantined(func(id entry.ID, doc entry.DocID) error {
			if id != (entry.ID{9}) || doc != (entry.DocID{1}) {
				t.Errorf("quarantined is %s of %s", id, doc)
			}
			return nil
		})
	}))
	if n := s.Counts().Stored; n != 20 {
		t.Errorf("%d entries are there afterwards, want 20", n)
	}
	stop := errors.New("enough")
	if err := s.Snapshot(func(v *Snapshot) error { return v.Entries(func([]byte) error { return stop }) }); !errors.Is(err, stop) {
		t.Errorf("the reader's own error became %v", err)
	}
}

// With a view for each of its scans, kith doctor said of a daemon that was written to that its store had lost bytes.
func TestWhatComesWhileLostEntriesAreLookedForIsNotLost(t *testing.T) {
	s := open(t, t.TempDir())
	const entries = 400
	written := make(chan struct{})
	go func() {
		defer close(written)
		for n := range entries {
			if err := s.Commit(put(s, nil, entryNo(t, entry.DocID{byte(n%7 + 1)}, n))); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for looks := 0; ; looks++ {
		lost, err := s.Lost()
		must(t, err)
		if len(lost) > 0 {
			t.Fatalf("at look %d %d entries are said to be lost", looks, len(lost))
		}
		select {
		case <-written:
			return
		default:
		}
	}
}

// Who looks for entries of a document of which there are none is told so by its mark, not by a search.
func TestADocumentWithoutAMarkHasNoEntriesUnlessTheStoreIsOlderThanMarks(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	of := func(doc byte) int {
		t.Helper()
		all, err := s.Entries(entry.DocID{doc})
		must(t, err)
		return len(all)
	}
	for n := range 4 {
		must(t, s.Commit(put(s, nil, entryNo(t, entry.DocID{byte(1 + n%2)}, n))))
	}
	if of(1) != 2 || of(2) != 2 || of(3) != 0 {
		t.Errorf("%d, %d and %d entries, want 2, 2 and 0", of(1), of(2), of(3))
	}
	takeMark := func(doc byte) {
		t.Helper()
		b := NewBatch(nil)
		b.del(docKey(prefixMark, entry.DocID{doc}))
		must(t, s.Commit(b))
	}
	takeMark(1)
	if of(1) != 0 {
		t.Error("the mark isn't asked for")
	}
	s.marked = false // so does an earlier program leave it, in a store that it began or wrote to
	must(t, s.Commit(put(s, nil, entryNo(t, entry.DocID{3}, 4))))
	takeMark(3)
	must(t, s.Close())
	s = open(t, dir)
	if of(1) != 2 || of(2) != 2 || of(3) != 1 {
		t.Errorf("in an older store %d, %d and %d entries, want 2, 2 and 1", of(1), of(2), of(3))
	}
}
