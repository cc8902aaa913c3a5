package exchange_test

import (
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kith/crdt/entry"
	"kith/daemon/exchange"
	"kith/daemon/exchange/rateless"
)

// holding says what a device that has the turn says: that it has a hundred entries and gives five hundred,
// and then again and again what next makes, a second apart.
func holding(t *testing.T, a *replica, space entry.SpaceID, next func() []byte) (end func()) {
	t.Helper()
	ours, theirs := net.Pipe()
	ctx, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { _ = a.x.RunWith(ctx, ours, exchange.Peer{Device: entry.Device{66}}, nil) })
	all.Go(func() { _, _ = io.Copy(io.Discard, theirs) })
	all.Go(func() {
		_, err := theirs.Write(append(helloOf(1, 1, space), setOf(100)...))
		time.Sleep(100 * time.Millisecond) // it has heard our list by then
		begin := binary.BigEndian.AppendUint64(nil, 500)
		for say := slices.Concat(frame(4, nil), frame(5, begin)); err == nil; say = next() {
			_, err = theirs.Write(say)
			time.Sleep(time.Second)
		}
	})
	after(time.Second / 2)
	return func() {
		stop()
		_ = theirs.Close()
		all.Wait()
	}
}

// Attack 52: for twenty minutes it kept everybody else's entries out.
func TestWhoResendsWhatIsHereLosesItsTurn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		old := ana.write(strings.Repeat("an old note of which there is much ", 3500))
		a := newReplica(t, ana.space, genesis, old)
		b := newReplica(t, ana.space, append(ana.other(2).writeMany(500), genesis, old)...)
		again := zipped(1, batchOf(old.Encoded()))
		end := holding(t, a, ana.space, func() []byte { return again })
		defer end()
		m := meet(a, b, nil)
		defer m.end()
		settle()
		if a.Len() != 2 {
			t.Fatal("it doesn't have the turn, so this shows nothing")
		}
		after(5 * time.Second)
		wantSame(t, a, b)
	})
}

// noise is text that can't be compressed.
func noise(bytes int) string {
	b := make([]byte, bytes)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return string(b)
}

// What is new keeps a turn, but not for ever while others wait: a device can write as much as it likes.
func TestATurnEndsWhoeverHasIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		a := newReplica(t, ana.space, genesis)
		a.x.Tune(exchange.Tuning{Bounds: usual, Verify: func([]*entry.Entry) error { return nil }})
		ben, eli := ana.other(2).writeMany(500), ana.other(3)
		b := newReplica(t, ana.space, append(ben, genesis)...)
		end := holding(t, a, ana.space, func() []byte { return zipped(1, batchOf(eli.write(noise(40_000)).Encoded())) })
		defer end()
		m := meet(a, b, nil)
		defer m.end()
		after(4 * time.Minute)
		if a.Has(ben[0].ID()) {
			t.Fatal("it doesn't have the turn, so this shows nothing")
		}
		after(90 * time.Second)
		for _, e := range ben {
			if !a.Has(e.ID()) {
				t.Fatalf("after five minutes a turn goes on; %d entries are here", a.Len())
			}
		}
	})
}

// without holds back frames of a kind that its end writes.
type without struct {
	io.ReadWriteCloser
	kind byte
	rest []byte
}

func (w *without) Write(b []byte) (int, error) {
	w.rest = append(w.rest, b...)
	for len(w.rest) >= 5 && len(w.rest) >= 5+int(binary.BigEndian.Uint32(w.rest)) {
		n := 5 + int(binary.BigEndian.Uint32(w.rest))
		frame := slices.Clone(w.rest[:n])
		w.rest = w.rest[n:]
		if frame[4] == w.kind {
			continue
		}
		if _, err := w.ReadWriteCloser.Write(frame); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// Attack 62: named 500, gave none.
func TestWhoNamesEntriesAndGivesNoneIsNotInStep(t *testing.T) {
	for name, of := range map[string]struct{ ours, named int }{
		"found by symbols":          {3000, 500},
		"few, so not asked for":     {3000, 20},
		"the list of the one":       {10, 500},
		"the list of the other one": {600, 500},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				ana, genesis := found(1)
				common, named := ana.writeMany(of.ours), ana.other(2).writeMany(of.named)
				base := append(common, genesis)
				a, c := newReplica(t, ana.space, base...), newReplica(t, ana.space, slices.Concat(base, named)...)
				liar := newReplica(t, ana.space, base...)
				if name == "the list of the other one" {
					liar = newReplica(t, ana.space, base[len(base)-20:]...) // so it is the smaller set
				}
				for _, e := range named {
					liar.DropBody(e.ID())
				}
				m := meet(liar, a, func(rw io.ReadWriteCloser) io.ReadWriteCloser {
					return &without{ReadWriteCloser: rw, kind: bare}
				})
				defer m.end()
				settle()
				for range 5 {
					if s := m.status[1].get(); s.InStep {
						t.Fatalf("in step with who gave nothing of what it named: %+v", s)
					}
					after(10 * time.Second)
				}
				if s := m.status[1].get(); of.ours == 3000 && s.Withheld != of.named {
					t.Errorf("it isn't shown what is missing: %+v", s)
				}
				// Who gives them makes up for it.
				more := meet(c, a, nil)
				defer more.end()
				after(20 * time.Minute)
				if s := m.status[1].get(); !s.InStep || s.Withheld != 0 || !more.inStep() {
					t.Errorf("somebody else gave them, and still: %+v; %+v", s, more.status[1].get())
				}
			})
		})
	}
}

// Who has dropped the bodies says so, and is in step: it gives all that it has.
func TestWhoSaysThatItHasNoBodiesIsInStep(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		common := append(ana.writeMany(3000), genesis)
		a, b := newReplica(t, ana.space, common...), newReplica(t, ana.space, common...)
		for _, e := range ana.other(2).writeMany(500) {
			b.DropBody(e.ID())
		}
		m := meet(b, a, nil)
		defer m.end()
		settle()
		if s := m.status[1].get(); !m.inStep() || s.Bare != 500 || s.Withheld != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// Attack 59: symbols under a key cost something for each ID, so a device may have them now and then, however often
// it hangs up and comes again.
func TestKeyedComparisonsArePacedByDeviceAndNotByConnection(t *testing.T) {
	keys := func(t *testing.T, with func(n int) exchange.Peer) (used int) {
		ana, genesis := found(1)
		a := newReplica(t, ana.space, append(ana.writeMany(800), genesis)...)
		ours := rateless.NewSet()
		for id := range a.IDs() {
			ours.Add(id)
		}
		set := binary.BigEndian.AppendUint64(nil, 801)
		set = frame(2, ours.Snapshot().Append(append(set, make([]byte, 32)...), 0, 12))
		say := [][]byte{helloOf(1, 1, ana.space), set, keyOf()}
		for n := range 59 {
			near, theirs := net.Pipe()
			w := &wire{ReadWriteCloser: near}
			ctx, stop := context.WithCancel(context.Background())
			var all sync.WaitGroup
			all.Go(func() { _, _ = io.Copy(io.Discard, theirs) })
			all.Go(func() { _ = a.x.RunWith(ctx, w, with(n), nil) })
			for _, frame := range say {
				settle()
				_, _ = theirs.Write(frame)
			}
			after(time.Second)
			_, frames := w.get()
			used += frames[2] - 2 // that of either side, and the one under the key
			stop()
			_ = theirs.Close()
			all.Wait()
		}
		return used
	}
	for name, test := range map[string]struct {
		with func(n int) exchange.Peer
		want int
	}{
		"one that hangs up and comes again": {func(int) exchange.Peer { return exchange.Peer{Device: entry.Device{1}} }, 3},
		"a former device":                   {func(int) exchange.Peer { return exchange.Peer{Device: entry.Device{1}, Former: true} }, 1},
		"many devices, each for itself":     {func(n int) exchange.Peer { return exchange.Peer{Device: entry.Device{byte(n)}} }, 59},
		"many devices of one person":        {func(n int) exchange.Peer { return exchange.Peer{Device: entry.Device{byte(n)}, Person: "Mel"} }, 12},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				if used := keys(t, test.with); used != test.want {
					t.Errorf("in a minute %d comparisons under a key; want %d", used, test.want)
				}
			})
		})
	}
}

// A key that has to wait comes once it may, and both sides come into step.
func TestAKeyThatHasToWaitIsUsedOnceItMay(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		common := append(ana.writeMany(3000), genesis)
		ground := make([]entry.ID, 40)
		for i := range ground {
			copy(ground[i][:8], "the same")
			ground[i][31] = byte(i)
		}
		have := func(ids []entry.ID) *replica {
			r := newReplica(t, ana.space, common...)
			for _, id := range ids {
				r.DropBody(id)
			}
			return r
		}
		a, b := have(ground[:25]), have(ground[25:])
		for n := range 2 {
			ca, cb := net.Pipe()
			ctx, stop := context.WithCancel(context.Background())
			status := [2]*latest{{}, {}}
			var all sync.WaitGroup
			all.Go(func() { _ = a.x.RunWith(ctx, ca, exchange.Peer{Device: entry.Device{2}}, status[0].set) })
			all.Go(func() { _ = b.x.RunWith(ctx, cb, exchange.Peer{Device: entry.Device{1}}, status[1].set) })
			after(time.Second)
			if in := status[0].get().InStep && status[1].get().InStep; in != (n == 0) {
				t.Errorf("connection %d: in step at once: %v", n, in)
			}
			if n > 0 {
				after(20 * time.Second)
			}
			if !status[0].get().InStep || !status[1].get().InStep {
				t.Errorf("connection %d: %+v %+v", n, status[0].get(), status[1].get())
			}
			stop()
			all.Wait()
		}
	})
}
