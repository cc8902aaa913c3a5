package exchange_test

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kith/crdt/entry"
	"kith/daemon/exchange"
	"kith/daemon/exchange/exchangetest"
)

// author makes entries as one device would, without asking what they mean.
type author struct {
	key   entry.Signer
	space entry.SpaceID
	head  entry.ID
	run   entry.Run
	n     uint64
	last  entry.ID
	below entry.ID // the last change
}

// found makes a genesis and its author.
func found(seed byte) (*author, *entry.Entry) {
	a := &author{key: entry.SignerFromSeed([32]byte{seed})}
	e := must(entry.New(entry.Fields{Kind: entry.Statement, Run: a.run, Number: 1, Payload: []byte("genesis")}, a.key))
	a.space, a.head, a.n, a.last = entry.SpaceID(e.ID()), e.ID(), 1, e.ID()
	return a, e
}

// other is another device of the same space.
func (a *author) other(seed byte) *author {
	return &author{key: entry.SignerFromSeed([32]byte{seed}), space: a.space, head: a.head}
}

// write makes the next entry.
func (a *author) write(payload string) *entry.Entry {
	a.n++
	previous := a.last
	if a.last.IsZero() {
		a.n, previous = 1, entry.ID{}
	}
	e := must(entry.New(entry.Fields{Space: a.space, Heads: []entry.ID{a.head}, Kind: entry.Change,
		Doc: entry.DocID{1}, Run: a.run, Number: a.n, Previous: previous, Payload: []byte(payload), Below: a.below}, a.key))
	a.last, a.below = e.ID(), e.ID()
	return e
}

func (a *author) writeMany(n int) (all []*entry.Entry) {
	for range n {
		all = append(all, a.write("a change of some forty bytes or so, to be exchanged"))
	}
	return all
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// replica is one side in a test.
type replica struct {
	*exchangetest.Memory
	x *exchange.Exchange
}

func newReplica(t *testing.T, space entry.SpaceID, entries ...*entry.Entry) *replica {
	r := &replica{Memory: &exchangetest.Memory{Of: space}}
	r.Add(entries...)
	r.x = exchange.New(r.Memory)
	t.Cleanup(r.x.Close)
	return r
}

// meeting is two replicas, connected.
type meeting struct {
	stop   context.CancelFunc
	errs   [2]error
	status [2]*latest
	done   sync.WaitGroup
}

// latest keeps the newest status.
type latest struct {
	mu   sync.Mutex
	last exchange.Status
}

func (l *latest) set(s exchange.Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = s
}

func (l *latest) get() exchange.Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// meet connects two replicas; wrap, if not nil, may come between a and its connection.
func meet(a, b *replica, wrap func(io.ReadWriteCloser) io.ReadWriteCloser) *meeting {
	ca, cb := net.Pipe()
	ctx, stop := context.WithCancel(context.Background())
	m := &meeting{stop: stop, status: [2]*latest{{}, {}}}
	var sa io.ReadWriteCloser = ca
	if wrap != nil {
		sa = wrap(ca)
	}
	m.done.Go(func() { m.errs[0] = a.x.RunWith(ctx, sa, exchange.Peer{Low: true}, m.status[0].set) })
	m.done.Go(func() { m.errs[1] = b.x.Run(ctx, cb, m.status[1].set) })
	return m
}

func (m *meeting) end() {
	m.stop()
	m.done.Wait()
}

func (m *meeting) inStep() bool { return m.status[0].get().InStep && m.status[1].get().InStep }

func wantSame(t *testing.T, a, b *replica) {
	t.Helper()
	if a.Len() != b.Len() {
		t.Fatalf("one has %d entries, the other %d", a.Len(), b.Len())
	}
	for id := range a.IDs() {
		if !b.Has(id) {
			t.Fatalf("%.8s is on one side only", id)
		}
	}
}

// bubble runs a test with a clock of its own, which goes on when all wait.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// settle waits until both sides have nothing to do at this moment.
func settle() { synctest.Wait() }

// after lets time pass.
func after(d time.Duration) { time.Sleep(d); synctest.Wait() }
