package store

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"

	"go.uber.org/goleak"

	"kith/crdt/entry"
	"kith/daemon/store/storetest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(readerEnv); dir != "" {
		os.Exit(readAll(dir))
	}
	goleak.VerifyTestMain(m, storetest.Lasting()...)
}

// open opens a store whose consistency is checked when the test ends.
func open(t testing.TB, dir string) *Store { t.Helper(); return openWith(t, dir, nil) }

// testKey is of encrypted stores.
var testKey = bytes.Repeat([]byte{7}, KeySize)

func openWith(t testing.TB, dir string, key []byte) *Store {
	t.Helper()
	s, err := Open(dir, key)
	must(t, err)
	t.Cleanup(func() { closeWell(t, s) })
	return s
}

// closeWell checks a store and closes it; closed ones are checked already.
func closeWell(t testing.TB, s *Store) {
	t.Helper()
	s.life.RLock()
	closed := s.closed
	s.life.RUnlock()
	if closed {
		return
	}
	if err := s.Verify(); err != nil {
		t.Error(err)
	}
	checkCounts(t, s)
	must(t, s.Close())
}

// checkCounts compares what is counted with what is there, each entry by all ways to it.
func checkCounts(t testing.TB, s *Store) {
	t.Helper()
	var n, arrived, documents int64
	must(t, s.Records(func(id entry.ID, r Record) bool {
		n++
		b, _, err := s.Entry(id)
		must(t, err)
		e, err := entry.Decode(b)
		must(t, err)
		if e.ID() != id || e.Doc != r.Doc {
			t.Errorf("entry %s lies under %s", e.ID(), id)
		}
		return true
	}))
	must(t, s.Since(0, func(uint64, entry.ID) bool { arrived++; return true }))
	must(t, s.Documents(func(entry.DocID, Doc) bool { documents++; return true }))
	c := s.Counts()
	if c.Stored != n || arrived != n || c.Documents != documents {
		t.Errorf("counted %+v; there are %d entries, %d arrivals, %d documents", c, n, arrived, documents)
	}
}

var signer = entry.NewSigner()

// entryNo makes an entry of a document, different for every number.
func entryNo(t testing.TB, doc entry.DocID, n int) *entry.Entry {
	t.Helper()
	e, err := entry.New(entry.Fields{
		Space: entry.SpaceID{1}, Heads: []entry.ID{{1}}, Kind: entry.Change, Doc: doc,
		Run: entry.Run{byte(n), byte(n >> 8), byte(n >> 16)}, Number: 1,
		Payload: binary.BigEndian.AppendUint64(nil, uint64(n)),
	}, signer)
	must(t, err)
	return e
}

// put is a batch with one entry.
func put(s *Store, chain *Chain, e *entry.Entry) *Batch {
	b := NewBatch(chain)
	b.PutEntry(e, Record{Arrival: s.NextArrival(), Doc: e.Doc})
	return b
}

// gate holds up the writer of a store.
type gate struct {
	reached chan struct{} // the writer stands at it
	open    chan struct{} // closed to let everything through
	passed  chan struct{} // one for each transaction that went through
}

// hold lets the writer stop before its next transaction.
func hold(s *Store) *gate {
	g := &gate{reached: make(chan struct{}, 1000), open: make(chan struct{}), passed: make(chan struct{}, 1000)}
	free := s.free
	s.free = func(dir string) (uint64, error) {
		g.reached <- struct{}{}
		<-g.open
		g.passed <- struct{}{}
		return free(dir)
	}
	return g
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
