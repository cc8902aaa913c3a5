package exchange_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kith/crdt/entry"
	"kith/daemon/exchange"
)

// wire notes what goes over a connection, in both directions.
type wire struct {
	io.ReadWriteCloser
	mu     sync.Mutex
	bytes  int
	frames map[byte]int // by type
	rest   [2][]byte    // what isn't a whole frame yet, in either direction
}

func (w *wire) note(direction int, b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bytes += len(b)
	all := append(w.rest[direction], b...)
	for len(all) >= 5 {
		n := 5 + int(binary.BigEndian.Uint32(all))
		if n > len(all) {
			break
		}
		if w.frames == nil {
			w.frames = map[byte]int{}
		}
		w.frames[all[4]]++
		all = all[n:]
	}
	w.rest[direction] = all
}

func (w *wire) Read(b []byte) (int, error) {
	n, err := w.ReadWriteCloser.Read(b)
	w.note(0, b[:n])
	return n, err
}

func (w *wire) Write(b []byte) (int, error) {
	n, err := w.ReadWriteCloser.Write(b)
	w.note(1, b[:n])
	return n, err
}

func (w *wire) get() (bytes int, frames map[byte]int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.bytes, w.frames
}

// far puts a way of some time between a connection and its user.
type far struct {
	net.Conn // the near end of the way
	way      io.Closer
	done     *sync.WaitGroup
}

func (f far) Close() error {
	err := f.Conn.Close()
	_ = f.way.Close()
	f.done.Wait()
	return err
}

func overDistance(rw io.ReadWriteCloser, oneWay time.Duration) io.ReadWriteCloser {
	near, inner := net.Pipe()
	var done sync.WaitGroup
	carry := func(to io.WriteCloser, from io.Reader) {
		type parcel struct {
			b   []byte
			due time.Time
		}
		road := make(chan parcel, 1000)
		done.Go(func() {
			defer close(road)
			for {
				b := make([]byte, 64<<10)
				n, err := from.Read(b)
				if err != nil {
					return
				}
				road <- parcel{b[:n], time.Now().Add(oneWay)}
			}
		})
		done.Go(func() {
			defer to.Close()
			for p := range road {
				time.Sleep(time.Until(p.due))
				if _, err := to.Write(p.b); err != nil {
					break
				}
			}
			for range road { // whoever sends must not wait
			}
		})
	}
	carry(rw, inner)
	carry(inner, rw)
	return far{near, closers{rw, inner}, &done}
}

type closers []io.Closer

func (c closers) Close() error {
	for _, each := range c {
		_ = each.Close()
	}
	return nil
}

// A reconnect costs what changed, in bytes and in round trips, however much both sides have.
func TestAReconnectCostsWhatChanged(t *testing.T) {
	unwatched(t)
	ana, genesis := found(1)
	ben := ana.other(2)
	common := append(ana.writeMany(10_000), genesis)
	justA, justB := ana.writeMany(50), ben.writeMany(50)
	const oneWay = 100 * time.Millisecond
	bytes := map[string]int{}
	for _, changed := range []int{0, 3, 100} {
		for _, size := range []int{100, 1000, 10_000} {
			name := fmt.Sprintf("%d of %d", changed, size)
			bubble(t, func(t *testing.T) {
				there := common[len(common)-size:]
				a := newReplica(t, ana.space, slices.Concat(there, justA[:changed/2])...)
				b := newReplica(t, ana.space, slices.Concat(there, justB[:changed-changed/2])...)
				var w *wire
				m := meet(a, b, func(rw io.ReadWriteCloser) io.ReadWriteCloser {
					w = &wire{ReadWriteCloser: overDistance(rw, oneWay)}
					return w
				})
				defer m.end()
				trips := 0
				for ; !m.inStep(); trips++ {
					if trips > 20 {
						t.Fatalf("%s: not in step: %+v %+v", name, m.status[0].get(), m.status[1].get())
					}
					if changed == 3 && trips == 2 { // one round trip: greeting there, entries back
						wantSame(t, a, b)
					}
					after(oneWay + time.Millisecond/10)
				}
				wantSame(t, a, b)
				n, frames := w.get()
				bytes[name] = n
				t.Logf("%-13s %6d bytes, in step after %.1f round trips; frames by type: %v", name, n, float64(trips)/2, frames)
				// A greeting there and an acknowledgement back is a round trip and a half.
				if changed <= 3 && trips > 3 {
					t.Errorf("%s: %d ways", name, trips)
				}
			})
		}
	}
	for changed, slack := range map[int]int{0: 64, 3: 64, 100: 8000} {
		most, least := 0, 1<<30
		for _, size := range []int{100, 1000, 10_000} {
			n := bytes[fmt.Sprintf("%d of %d", changed, size)]
			most, least = max(most, n), min(least, n)
		}
		if most-least > slack {
			t.Errorf("%d changed: %d to %d bytes", changed, least, most)
		}
	}
	if n := bytes["3 of 10000"]; n > 2000 {
		t.Errorf("3 of 10,000 changed: %d bytes", n)
	}
}

// Both sides go on writing while they compare, over a way that takes its time.
func TestBothSidesChangeWhileTheyCompare(t *testing.T) {
	ana, genesis := found(1)
	ben := ana.other(2)
	common := append(ana.writeMany(600), genesis)
	as, bs := ana.writeMany(200), ben.writeMany(200)
	rapid.Check(t, func(rt *rapid.T) {
		beforeA := rapid.IntRange(0, 100).Draw(rt, "only A has")
		beforeB := rapid.IntRange(0, 100).Draw(rt, "only B has")
		pauses := rapid.SliceOfN(rapid.IntRange(0, 60), 0, 60).Draw(rt, "milliseconds between entries")
		bubble(t, func(t *testing.T) {
			a := newReplica(t, ana.space, slices.Concat(common, as[:beforeA])...)
			b := newReplica(t, ana.space, slices.Concat(common, bs[:beforeB])...)
			m := meet(a, b, func(rw io.ReadWriteCloser) io.ReadWriteCloser { return overDistance(rw, 20*time.Millisecond) })
			for n, pause := range pauses {
				time.Sleep(time.Duration(pause) * time.Millisecond)
				if n%2 == 0 {
					a.Add(as[beforeA+n/2])
				} else {
					b.Add(bs[beforeB+n/2])
				}
			}
			after(20 * time.Second)
			if !m.inStep() {
				rt.Errorf("not in step: %+v %+v", m.status[0].get(), m.status[1].get())
			}
			m.end()
			if m.errs[0] != nil || m.errs[1] != nil {
				rt.Errorf("%v %v", m.errs[0], m.errs[1])
			}
			if a.Len() != b.Len() || a.Len() != len(common)+beforeA+beforeB+len(pauses) {
				rt.Errorf("%d and %d entries", a.Len(), b.Len())
			}
			for id := range a.IDs() {
				if !b.Has(id) {
					rt.Errorf("b lacks %.8s", id)
				}
			}
		})
	})
}

// The second comparison on a connection is as cheap as the first, and either side may want it.
func TestAfterAQueueThatRanOverOnlyTheDifferenceIsCompared(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		common := append(ana.writeMany(3000), genesis)
		a, b := newReplica(t, ana.space, common...), newReplica(t, ana.space, common...)
		gate := make(chan struct{})
		b.Refuse = func([]*entry.Entry) error { <-gate; return nil }
		var w *wire
		m := meet(a, b, func(rw io.ReadWriteCloser) io.ReadWriteCloser {
			w = &wire{ReadWriteCloser: rw}
			return w
		})
		defer m.end()
		settle()
		big := make([]byte, 1<<20-4096)
		for range 5 { // fills the window
			a.Add(ana.write(string(big)))
		}
		settle()
		a.Add(ana.writeMany(4500)...)
		settle()
		close(gate)
		after(20 * time.Second)
		wantSame(t, a, b)
		_, frames := w.get()
		if !m.inStep() || frames[2] < 4 {
			t.Errorf("in step: %v; frames by type: %v", m.inStep(), frames)
		}
	})
}

// Both sides get a great many from others, at about the same time, and so both want to compare
// again: over a way that takes its time, either may be first, or both at once.
func TestBothWantToCompareAgain(t *testing.T) {
	ana, genesis := found(1)
	ben := ana.other(2)
	fromC, fromD := ana.writeMany(130), ben.writeMany(130)
	little := exchange.Bounds{Queue: 4096, Have: 16384, Window: 4 << 20, Batch: 128 << 10, Many: 100, Keep: 512, Store: 16 << 20, Rate: 256 << 10, Few: 3, Spread: time.Millisecond}
	rapid.Check(t, func(rt *rapid.T) {
		common := rapid.IntRange(0, 90).Draw(rt, "of C's, all have")
		oneWay := time.Duration(rapid.IntRange(0, 500).Draw(rt, "milliseconds one way")) * time.Millisecond
		later := time.Duration(rapid.IntRange(0, 5000).Draw(rt, "milliseconds later D comes")) * time.Millisecond
		bubble(t, func(t *testing.T) {
			there := append(slices.Clone(fromC[:common]), genesis)
			a, b := newReplica(t, ana.space, there...), newReplica(t, ana.space, there...)
			c := newReplica(t, ana.space, append(fromC, genesis)...)
			d := newReplica(t, ana.space, append(fromD, there...)...)
			for _, r := range []*replica{a, b, c, d} {
				r.x.Tune(exchange.Tuning{Bounds: little})
			}
			way := func(rw io.ReadWriteCloser) io.ReadWriteCloser { return overDistance(rw, oneWay) }
			ab := meet(a, b, way)
			after(time.Second)
			ac := meet(a, c, way)
			time.Sleep(later)
			bd := meet(b, d, way)
			after(time.Minute)
			for name, m := range map[string]*meeting{"a and b": ab, "a and c": ac, "b and d": bd} {
				if !m.inStep() {
					rt.Errorf("%s aren't in step: %+v %+v", name, m.status[0].get(), m.status[1].get())
				}
				m.end()
				if m.errs[0] != nil || m.errs[1] != nil {
					rt.Errorf("%s: %v %v", name, m.errs[0], m.errs[1])
				}
			}
			for _, r := range []*replica{a, b, c, d} {
				if r.Len() != len(fromC)+len(fromD)+1 {
					rt.Errorf("%d entries; want %d", r.Len(), len(fromC)+len(fromD)+1)
				}
			}
		})
	})
}
