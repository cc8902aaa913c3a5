package exchangetest

import (
	"bytes"
	"context"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"kith/crdt/entry"
	"kith/daemon/exchange"
	"kith/daemon/waittest"
)

// shows says whether an encoding is of an entry, and shows who wrote it.
func shows(encoded []byte, e *entry.Entry) bool {
	got, err := entry.Decode(encoded)
	return err == nil && got.ID() == e.ID() && got.Verify() == nil
}

// Subject is an implementation under test, fresh, and entries that it doesn't have yet: at least
// three, of its space and rightly signed, in an order in which each comes after all in its past.
// Whether the rules accept them doesn't matter.
type Subject struct {
	Local   exchange.Local
	Entries []*entry.Entry
}

// TestLocal checks an implementation of exchange.Local against its contract. open is called for
// every part of the test.
func TestLocal(t *testing.T, open func(t *testing.T) Subject) {
	accept := func(t *testing.T, l exchange.Local, batch ...*entry.Entry) {
		t.Helper()
		if err := l.Accept(context.Background(), slices.Clone(batch)); err != nil {
			t.Fatal(err)
		}
	}
	had := func(t *testing.T, l exchange.Local, want ...*entry.Entry) {
		t.Helper()
		times := map[entry.ID]int{}
		for id := range l.IDs() {
			if times[id]++; times[id] > 1 {
				t.Errorf("IDs yields %.8s twice", id)
			}
		}
		for _, e := range want {
			if times[e.ID()] == 0 || !l.Has(e.ID()) {
				t.Errorf("%.8s is accepted and not had (in IDs: %d)", e.ID(), times[e.ID()])
			}
			// From a peer it may have come under another signature.
			if encoded, ok := l.Entry(e.ID()); ok && !shows(encoded, e) {
				t.Errorf("%.8s came back as another one, or without a signature", e.ID())
			}
		}
	}

	t.Run("what is accepted is had, with its bytes", func(t *testing.T) {
		s := open(t)
		for _, e := range s.Entries {
			if s.Local.Has(e.ID()) {
				t.Fatalf("%.8s is had before it is accepted", e.ID())
			}
			if _, ok := s.Local.Entry(e.ID()); ok {
				t.Fatalf("%.8s has a body before it is accepted", e.ID())
			}
		}
		accept(t, s.Local, s.Entries...)
		had(t, s.Local, s.Entries...)
	})

	t.Run("in an order in which the past comes last", func(t *testing.T) {
		s := open(t)
		for _, e := range slices.Backward(s.Entries) {
			accept(t, s.Local, e)
			had(t, s.Local, e)
		}
		had(t, s.Local, s.Entries...)
	})

	t.Run("twice, and by several at once", func(t *testing.T) {
		s := open(t)
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				if err := s.Local.Accept(context.Background(), slices.Clone(s.Entries)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		accept(t, s.Local, s.Entries[:2]...)
		had(t, s.Local, s.Entries...)
	})

	t.Run("watchers hear of every entry once it is had, until they stop", func(t *testing.T) {
		s := open(t)
		var mu sync.Mutex
		heard := map[entry.ID]bool{}
		told := make(chan struct{}, 1)
		stop := s.Local.Watch(func(ids []entry.ID) {
			mu.Lock()
			defer mu.Unlock()
			for _, id := range ids {
				heard[id] = true
				if !s.Local.Has(id) {
					t.Errorf("told of %.8s before it is had", id)
				}
			}
			select {
			case told <- struct{}{}:
			default:
			}
		})
		most := s.Entries[:len(s.Entries)-1]
		accept(t, s.Local, most...)
		limit := time.After(waittest.Limit)
		for missing := true; missing; {
			mu.Lock()
			missing = slices.ContainsFunc(most, func(e *entry.Entry) bool { return !heard[e.ID()] })
			mu.Unlock()
			if !missing {
				break
			}
			select {
			case <-told:
			case <-limit:
				t.Fatal("not told of all that was stored")
			}
		}
		stop()
		last := s.Entries[len(s.Entries)-1]
		accept(t, s.Local, last)
		mu.Lock()
		defer mu.Unlock()
		if heard[last.ID()] {
			t.Error("told after it had stopped")
		}
	})

	t.Run("the order for a newcomer keeps all, statements first", func(t *testing.T) {
		s := open(t)
		accept(t, s.Local, s.Entries...)
		ids := slices.Collect(s.Local.IDs())
		ordered := slices.Clone(ids)
		s.Local.Order(ordered)
		kinds := map[entry.ID]entry.Kind{}
		for _, e := range s.Entries {
			kinds[e.ID()] = e.Kind
		}
		changes := 0
		for _, id := range ordered {
			switch kinds[id] {
			case entry.Change:
				changes++
			case entry.Statement:
				if changes > 0 {
					t.Errorf("a statement after %d changes", changes)
				}
			}
		}
		slices.SortFunc(ids, entry.ID.Compare)
		slices.SortFunc(ordered, entry.ID.Compare)
		if !slices.Equal(ids, ordered) {
			t.Error("it has other IDs in it")
		}
	})

	t.Run("of what is sent first the charter comes first, and the others stay as they were", func(t *testing.T) {
		s := open(t)
		accept(t, s.Local, s.Entries...)
		ids := slices.SortedFunc(s.Local.IDs(), entry.ID.Compare)
		picked := slices.Clone(ids)
		n := s.Local.First(picked)
		if n < 0 || n > len(ids) {
			t.Fatalf("%d of %d come first", n, len(ids))
		}
		if !slices.IsSortedFunc(picked[n:], entry.ID.Compare) {
			t.Error("the others aren't ascending any more")
		}
		statements := 0
		for _, e := range s.Entries {
			if e.Kind == entry.Statement {
				statements++
			}
		}
		for i, id := range picked[:n] {
			at := slices.IndexFunc(s.Entries, func(e *entry.Entry) bool { return e.ID() == id })
			if at >= 0 && s.Entries[at].Kind == entry.Change && i < statements {
				t.Errorf("a change is number %d of what comes first, and there are %d statements", i, statements)
			}
		}
		slices.SortFunc(picked, entry.ID.Compare)
		if !slices.Equal(ids, picked) {
			t.Error("it has other IDs in it")
		}
	})

	t.Run("what is kept is found, however large, and the newest of it", func(t *testing.T) {
		s := open(t)
		if b := s.Local.Kept(); len(b) != 0 {
			t.Errorf("%d bytes are kept of nothing", len(b))
		}
		for _, size := range []int{10, 3 << 20, 1000, 0} {
			b := bytes.Repeat([]byte{byte(size)}, size)
			for i := range b {
				b[i] ^= byte(i / 1000)
			}
			if err := s.Local.Keep(b); err != nil {
				t.Fatal(err)
			}
			if got := s.Local.Kept(); !bytes.Equal(got, b) {
				t.Errorf("%d bytes were kept, %d came back", len(b), len(got))
			}
		}
	})

	t.Run("a context that has ended stores nothing by halves", func(t *testing.T) {
		s := open(t)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := s.Local.Accept(ctx, slices.Clone(s.Entries)); err == nil {
			had(t, s.Local, s.Entries...)
		}
		accept(t, s.Local, s.Entries...)
		had(t, s.Local, s.Entries...)
	})

	t.Run("it exchanges all with another replica", func(t *testing.T) {
		s := open(t)
		other := &Memory{Of: s.Local.Space(), Also: s.Local.Owns}
		other.Add(s.Entries[:len(s.Entries)-1]...)
		a, b := net.Pipe()
		ctx, cancel := context.WithTimeout(context.Background(), waittest.Limit)
		defer cancel()
		inStep := make(chan struct{}, 1)
		var all sync.WaitGroup
		all.Go(func() {
			if err := run(ctx, a, s.Local, func(st exchange.Status) {
				if st.InStep {
					select {
					case inStep <- struct{}{}:
					default:
					}
				}
			}); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			if err := run(ctx, b, other, nil); err != nil {
				t.Error(err)
			}
		})
		wait := func() {
			select {
			case <-inStep:
			case <-ctx.Done():
				t.Error("not in step in time")
			}
		}
		wait()
		had(t, s.Local, s.Entries[:len(s.Entries)-1]...)
		other.Add(s.Entries[len(s.Entries)-1])
		for !s.Local.Has(s.Entries[len(s.Entries)-1].ID()) && ctx.Err() == nil {
			wait()
		}
		for id := range s.Local.IDs() {
			if _, kept := s.Local.Entry(id); kept && !other.Has(id) {
				t.Errorf("the other lacks %.8s", id)
			}
		}
		cancel()
		all.Wait()
	})
}

// run is an exchange over one connection alone.
func run(ctx context.Context, rw io.ReadWriteCloser, local exchange.Local, report func(exchange.Status)) error {
	x := exchange.New(local)
	defer x.Close()
	return x.Run(ctx, rw, report)
}
