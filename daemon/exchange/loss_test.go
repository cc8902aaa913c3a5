package exchange_test

import (
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"kith/crdt/entry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scissors cuts a connection after so many bytes, read and written together.
type scissors struct {
	io.ReadWriteCloser
	mu   sync.Mutex
	left int
}

func (s *scissors) take(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n = min(n, s.left)
	s.left -= n
	return n
}

func (s *scissors) Read(b []byte) (int, error) {
	n, err := s.ReadWriteCloser.Read(b)
	if got := s.take(n); got < n || err == nil && n == 0 {
		_ = s.Close()
		return got, io.ErrUnexpectedEOF
	}
	return n, err
}

func (s *scissors) Write(b []byte) (int, error) {
	n := s.take(len(b))
	m, err := s.ReadWriteCloser.Write(b[:n])
	if n < len(b) {
		_ = s.Close()
		return m, io.ErrClosedPipe
	}
	return m, err
}

// raced says that the race detector watches, under which everything takes many times as long.
var raced bool

// unwatched leaves a test out under the race detector: minutes, of what smaller tests do there too. scripts/test runs
// it without the detector.
func unwatched(t *testing.T) {
	t.Helper()
	if raced {
		t.Skip("not under the race detector")
	}
}

// Attack 27: the connection dies at every byte offset, and goes on where it was. Whatever way the
// sets are compared: by lists, by symbols, and by symbols with so much missing that it is asked for.
func TestACutAtEveryByteLosesNothing(t *testing.T) {
	tests := []struct {
		name             string
		common, onA, onB int
		step             int // every byte, where that doesn't take too long
	}{
		{"lists", 0, 4, 3, 1},
		{"symbols", 60, 2, 1, 1},
		{"symbols, then asked for", 500, 80, 3, 61},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			step := test.step
			if testing.Short() || raced { // scripts/test runs it once more without, for every byte
				step *= 37
			}
			ana, genesis := found(1)
			ben := ana.other(2)
			common := append(ana.writeMany(test.common), genesis)
			as, bs := append(ana.writeMany(test.onA), common...), append(ben.writeMany(test.onB), common...)
			news := ana.write("pushed later")
			whole := false // nothing was cut
			for at := 0; !whole && !t.Failed(); at += step {
				bubble(t, func(t *testing.T) { // one for each: what has met stays until it ends
					a, b := newReplica(t, ana.space, as...), newReplica(t, ana.space, bs...)
					var cut *scissors
					m := meet(a, b, func(rw io.ReadWriteCloser) io.ReadWriteCloser {
						cut = &scissors{ReadWriteCloser: rw, left: at}
						return cut
					})
					synctest.Wait()
					a.Add(news)
					synctest.Wait()
					m.end()
					before := b.Len()
					m = meet(a, b, nil)
					synctest.Wait()
					if !m.inStep() {
						t.Fatalf("cut at %d: not in step after reconnecting", at)
					}
					wantSame(t, a, b)
					if b.Len() < before || b.Len() != len(as)+test.onB+1 {
						t.Fatalf("cut at %d: %d entries", at, b.Len())
					}
					m.end()
					a.x.Close()
					b.x.Close()
					if whole = cut.left > 0; whole {
						t.Logf("%d bytes in all", at)
					}
				})
			}
		})
	}
}

// chopper gives and takes pieces of random sizes.
type chopper struct {
	io.ReadWriteCloser
	rnd *rand.Rand
}

func (c chopper) Read(b []byte) (int, error) {
	return c.ReadWriteCloser.Read(b[:min(len(b), 1+c.rnd.IntN(700))])
}

func (c chopper) Write(b []byte) (n int, err error) {
	for len(b) > 0 && err == nil {
		m, w := 1+rand.IntN(700), 0 // another goroutine reads with c.rnd
		w, err = c.ReadWriteCloser.Write(b[:min(len(b), m)])
		n, b = n+w, b[w:]
	}
	return n, err
}

func TestAnyTwoSetsComeIntoStep(t *testing.T) {
	ana, genesis := found(1)
	ben := ana.other(2)
	pool := append(append(ana.writeMany(400), ben.writeMany(400)...), genesis)
	rapid.Check(t, func(rt *rapid.T) {
		as := rapid.SliceOfDistinct(rapid.IntRange(0, len(pool)-1), rapid.ID[int]).Draw(rt, "a has")
		bs := rapid.SliceOfDistinct(rapid.IntRange(0, len(pool)-1), rapid.ID[int]).Draw(rt, "b has")
		bare := rapid.SliceOfN(rapid.IntRange(0, len(pool)-1), 0, 5).Draw(rt, "a has dropped the bodies of")
		live := rapid.SliceOfN(rapid.IntRange(0, len(pool)-1), 0, 20).Draw(rt, "stored while connected")
		links := rapid.IntRange(1, 2).Draw(rt, "connections")
		seed := rapid.Uint64().Draw(rt, "seed")
		bubble(t, func(t *testing.T) {
			a, b := newReplica(t, ana.space), newReplica(t, ana.space)
			dropped := map[entry.ID]bool{}
			for _, i := range bare {
				a.DropBody(pool[i].ID())
				dropped[pool[i].ID()] = true
			}
			for _, i := range as {
				a.Add(pool[i])
			}
			for _, i := range bs {
				b.Add(pool[i])
			}
			var meetings []*meeting
			for n := range links {
				meetings = append(meetings, meet(a, b, func(rw io.ReadWriteCloser) io.ReadWriteCloser {
					return chopper{rw, rand.New(rand.NewPCG(seed, uint64(n)))}
				}))
			}
			for n, i := range live {
				if n%2 == 0 {
					a.Add(pool[i])
				} else {
					b.Add(pool[i])
				}
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			for _, m := range meetings {
				if !m.inStep() {
					rt.Errorf("not in step: %+v %+v", m.status[0].get(), m.status[1].get())
				}
				m.end()
				if m.errs[0] != nil || m.errs[1] != nil {
					rt.Errorf("%v %v", m.errs[0], m.errs[1])
				}
			}
			for id := range b.IDs() {
				if !a.Has(id) {
					rt.Errorf("a lacks %.8s", id)
				}
			}
			for id := range a.IDs() {
				if !b.Has(id) && !dropped[id] {
					rt.Errorf("b lacks %.8s", id)
				}
			}
		})
	})
}

func TestOneByteAtATimeIsEnough(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		ben := ana.other(2)
		a := newReplica(t, ana.space, append(ana.writeMany(40), genesis)...)
		b := newReplica(t, ana.space, ben.writeMany(30)...)
		m := meet(a, b, func(rw io.ReadWriteCloser) io.ReadWriteCloser { return drip{rw, 10 * time.Microsecond} })
		after(20 * time.Second)
		wantSame(t, a, b)
		if !m.inStep() {
			t.Error("not in step")
		}
		m.end()
	})
}

// Attack 25: what one side has refused, or has no body of, isn't sent for ever.
func TestWhatIsHadWithoutABodyDoesNotKeepThemOutOfStep(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		many := ana.writeMany(50)
		a, b := newReplica(t, ana.space, genesis), newReplica(t, ana.space, append(many, genesis)...)
		for _, e := range many[:20] {
			a.DropBody(e.ID()) // over the quota here, there in full
		}
		b.DropBody(many[49].ID())
		m := meet(a, b, nil)
		settle()
		if !m.inStep() {
			t.Fatalf("%+v", m.status[0].get())
		}
		quiet := m.status[0].get().Received
		after(10 * time.Minute)
		if grown := m.status[0].get().Received - quiet; grown > 10*60/15*2*13 {
			t.Errorf("%d bytes in ten idle minutes: more than pings", grown)
		}
		if a.Has(many[49].ID()) || a.Len() != 50 {
			t.Errorf("a has %d", a.Len())
		}
		m.end()
	})
}

// A replica that gets a great many entries at once while its peer can't keep up holds no list of
// them: it compares once more.
func TestMoreNewsThanTheQueueHoldsIsComparedInstead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		a, b := newReplica(t, ana.space, genesis), newReplica(t, ana.space, genesis)
		gate := make(chan struct{})
		b.Refuse = func([]*entry.Entry) error { <-gate; return nil }
		m := meet(a, b, nil)
		settle()
		big := make([]byte, 1<<20-4096)
		for i := range big {
			big[i] = byte(rand.Uint32())
		}
		for range 8 { // fills the window
			a.Add(ana.write(string(big)))
		}
		settle()
		for range 60 {
			a.Add(ana.writeMany(100)...)
		}
		settle()
		close(gate)
		after(20 * time.Second)
		wantSame(t, a, b)
		if !m.inStep() {
			t.Errorf("%+v", m.status[0].get())
		}
		if s := m.status[0].get(); s.ToSend == 0 {
			t.Error("the queue held it all, so this shows nothing")
		}
		m.end()
	})
}

// In a catch-up from several, each sends what the others haven't.
func TestANewcomerGetsEachEntryAboutOnce(t *testing.T) {
	unwatched(t)
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		all := append(ana.writeMany(5000), genesis)
		newcomer := newReplica(t, ana.space)
		disk := make(chan struct{})
		newcomer.Refuse = func([]*entry.Entry) error { <-disk; return nil }
		var meetings []*meeting
		var received int64
		for range 4 {
			meetings = append(meetings, meet(newcomer, newReplica(t, ana.space, all...), nil))
		}
		settle() // all have told each other what they have, before anything has come
		close(disk)
		after(30 * time.Second)
		if newcomer.Len() != len(all) {
			t.Fatalf("%d of %d", newcomer.Len(), len(all))
		}
		idle := 0
		for i, m := range meetings {
			if !m.inStep() {
				t.Errorf("not in step with %d: %+v", i, m.status[0].get())
			}
			received += m.status[0].get().Received
			if s := m.status[0].get(); s.Received+s.Written < 4000 {
				idle++ // by the time it was its turn, symbols showed that nothing was missing
			}
			t.Logf("from %d: %d received, %d sent", i, m.status[0].get().Received, m.status[0].get().Written)
			m.end()
		}
		if idle != 3 {
			t.Errorf("%d of 4 had little to say; want all but one", idle)
		}
		if n := len(newcomer.Accepted()); n > len(all)*11/10 {
			t.Errorf("%d entries were stored for %d", n, len(all))
		}
		t.Logf("%d bytes an entry", received/int64(len(all)))
	})
}

// Attack 24, and whoever gets a part: what came under a signature further up goes on without the entries between.
func TestWhatCameUnderASignatureFurtherUpGoesOnAloneAndShowsWhoWroteIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		all := ana.writeMany(40)
		a := newReplica(t, ana.space, append(slices.Clone(all), genesis)...)
		b := newReplica(t, ana.space, genesis)
		m := meet(a, b, nil)
		after(time.Second)
		m.end()
		wantSame(t, a, b)
		above := 0
		for _, e := range all {
			if encoded, _ := b.Entry(e.ID()); must(entry.Decode(encoded)).Top() != e.ID() {
				above++
			}
		}
		if above < 35 {
			t.Errorf("%d of 40 came under a signature further up", above)
		}
		// The next one has every other, from whom B never heard; what it lacks is in the middle of stretches.
		c := newReplica(t, ana.space, genesis)
		for i, e := range all {
			if i%2 == 0 {
				c.Add(e)
			}
		}
		m = meet(b, c, nil)
		after(time.Second)
		m.end()
		wantSame(t, b, c)
		for _, e := range all {
			if encoded, ok := c.Entry(e.ID()); !ok || must(entry.Decode(encoded)).Verify() != nil {
				t.Fatalf("%.8s doesn't show who wrote it", e.ID())
			}
		}
	})
}
