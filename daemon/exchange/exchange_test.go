package exchange_test

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kith/crdt/entry"
	"kith/daemon/exchange"
)

func TestWhatEitherSideLacksReachesIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		ben := ana.other(2)
		a := newReplica(t, ana.space, append(ana.writeMany(700), genesis)...)
		b := newReplica(t, ana.space, ben.writeMany(3000)...)
		m := meet(a, b, nil)
		settle()
		wantSame(t, a, b)
		if !m.inStep() {
			t.Errorf("not in step:\n%+v\n%+v", m.status[0].get(), m.status[1].get())
		}
		if s := m.status[0].get(); s.ToGet != 3000 || s.Got != 3000 || s.ToSend != 701 || s.Sent != 701 {
			t.Errorf("counts: %+v", s)
		}
		m.end()
		if m.errs[0] != nil || m.errs[1] != nil {
			t.Error(m.errs)
		}
	})
}

// Attack 27: two who dialed each other at the same moment. Either connection may end first.
func TestTwoConnectionsAtOnceBetweenTheSameTwoLoseNothing(t *testing.T) {
	for first := range 2 {
		bubble(t, func(t *testing.T) {
			ana, genesis := found(1)
			ben := ana.other(2)
			a := newReplica(t, ana.space, append(ana.writeMany(300), genesis)...)
			b := newReplica(t, ana.space, ben.writeMany(400)...)
			both := [2]*meeting{meet(a, b, nil), meet(a, b, nil)}
			settle()
			wantSame(t, a, b)
			for _, m := range both {
				if !m.inStep() {
					t.Errorf("not in step:\n%+v\n%+v", m.status[0].get(), m.status[1].get())
				}
			}
			both[first].end()
			a.Add(ana.write("after one has ended"))
			settle()
			wantSame(t, a, b)
			both[1-first].end()
			if errs := [2][2]error{both[0].errs, both[1].errs}; errs != [2][2]error{} {
				t.Error(errs)
			}
		})
	}
}

func TestWhoMayHaveOnlyAPartGetsThatAndGivesAll(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		eli := ana.other(2)
		a := newReplica(t, ana.space, append(ana.writeMany(700), genesis)...)
		b := newReplica(t, ana.space, eli.writeMany(30)...)
		allowed := map[entry.ID]bool{genesis.ID(): true}
		ca, cb := net.Pipe()
		ctx, stop := context.WithCancel(t.Context())
		status := [2]*latest{{}, {}}
		var done sync.WaitGroup
		done.Go(func() {
			_ = a.x.RunWith(ctx, ca, exchange.Peer{Only: func(id entry.ID) bool { return allowed[id] }}, status[0].set)
		})
		done.Go(func() { _ = b.x.Run(ctx, cb, status[1].set) })
		settle()
		if b.Len() != 31 || !b.Has(genesis.ID()) || a.Len() != 731 {
			t.Errorf("one has %d entries, the other %d", a.Len(), b.Len())
		}
		if !status[0].get().InStep {
			t.Errorf("who withholds isn't in step: %+v", status[0].get())
		}
		if got := status[1].get(); !got.InStep || got.Bare != 700 || got.Withheld != 0 {
			t.Errorf("who is told that there is nothing else for it: %+v", got)
		}
		news := []*entry.Entry{ana.write("not for everybody"), ana.write("for everybody")}
		allowed[news[1].ID()] = true
		a.Add(news...)
		settle()
		if b.Has(news[0].ID()) || !b.Has(news[1].ID()) {
			t.Error("what is pushed isn't what may be had")
		}
		stop()
		done.Wait()
	})
}

func TestNewEntriesArePushedAndNotEchoed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		a, b := newReplica(t, ana.space, genesis), newReplica(t, ana.space, genesis)
		m := meet(a, b, nil)
		defer m.end()
		settle()
		before := m.status[0].get().Received
		for range 20 {
			a.Add(ana.write("news"))
			settle()
			wantSame(t, a, b)
			if !m.inStep() {
				t.Fatal("not in step after a push")
			}
		}
		// An acknowledgement has 13 bytes; an entry that comes back has some 200.
		if n := m.status[0].get().Received - before; n > 20*13 {
			t.Errorf("20 entries brought %d bytes in return: more than acknowledgements", n)
		}
		after(time.Hour)
		if !m.inStep() {
			t.Error("an idle hour ended the connection")
		}
	})
}

func TestNobodyIsInStepBeforeTheLastEntryIsOnDisk(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		a, b := newReplica(t, ana.space, append(ana.writeMany(3), genesis)...), newReplica(t, ana.space)
		disk := make(chan struct{})
		b.Refuse = func([]*entry.Entry) error { <-disk; return nil }
		m := meet(a, b, nil)
		settle()
		if m.status[0].get().InStep || m.status[1].get().InStep {
			t.Errorf("in step while the disk is busy:\n%+v\n%+v", m.status[0].get(), m.status[1].get())
		}
		close(disk)
		settle()
		if !m.inStep() {
			t.Error("not in step afterwards")
		}
		m.end()
	})
}

func TestWhileTheDiskTakesABatchTheNextIsJudged(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		a, b := newReplica(t, ana.space, append(ana.writeMany(4_000), genesis)...), newReplica(t, ana.space)
		disk := make(chan struct{})
		var inside, most atomic.Int64
		b.Refuse = func([]*entry.Entry) error {
			n := inside.Add(1)
			defer inside.Add(-1)
			if n > most.Load() {
				most.Store(n)
			}
			<-disk
			return nil
		}
		m := meet(a, b, nil)
		settle()
		if most.Load() != 2 {
			t.Errorf("%d batches are judged at once, want 2", most.Load())
		}
		close(disk)
		settle()
		wantSame(t, a, b)
		m.end()
	})
}

// stuck lets nothing through any more once it is shut.
type stuck struct {
	io.ReadWriteCloser
	shut, closed chan struct{}
	once         *sync.Once
}

func (s stuck) Write(b []byte) (int, error) {
	select {
	case <-s.shut:
		<-s.closed
	default:
	}
	return s.ReadWriteCloser.Write(b)
}

func (s stuck) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.ReadWriteCloser.Close()
}

func TestWhoCannotSendIsNotInStepThoughNothingElseHappens(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		a, b := newReplica(t, ana.space, genesis), newReplica(t, ana.space, genesis)
		s := stuck{shut: make(chan struct{}), closed: make(chan struct{}), once: new(sync.Once)}
		m := meet(a, b, func(rw io.ReadWriteCloser) io.ReadWriteCloser { s.ReadWriteCloser = rw; return s })
		settle()
		if !m.inStep() {
			t.Fatal("not in step at first")
		}
		close(s.shut)
		a.x.Ping() // which doesn't get through
		settle()
		a.Add(ana.write("nor does this"))
		settle()
		if m.status[0].get().InStep {
			t.Error("said to be in step, with an entry that the peer lacks")
		}
		m.end()
	})
}

func TestWhatAPeerHasHeldBackComesAgainOverTheSameConnection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		a := newReplica(t, ana.space, genesis)
		b := newReplica(t, ana.space, genesis)
		m := meet(a, b, nil)
		settle()
		all := ana.writeMany(300) // more than are sent without being asked for
		a.Add(all...)
		settle()
		wantSame(t, a, b)
		var ids []entry.ID
		for _, e := range all {
			b.Lose(e.ID())
			ids = append(ids, e.ID())
		}
		b.x.Forget(ids)
		after(time.Minute)
		wantSame(t, a, b)
		if !m.inStep() {
			t.Errorf("not in step:\n%+v\n%+v", m.status[0].get(), m.status[1].get())
		}
		m.end()
	})
}
