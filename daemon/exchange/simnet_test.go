package exchange_test

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
	"sync"
)

// road is one connection over the simulated network. Nothing moves on it by itself: what one end
// writes lies on its lane until the simulation carries it on, some bytes or all.
type road struct {
	ends  [2]*end
	nodes [2]*node
	left  int  // bytes until it breaks, both ways together; negative: it holds
	slow  bool // a few bytes at a time
}

// laneRoom is how much lies on a lane before who writes has to wait, as with a socket.
const laneRoom = 16 << 10

// lane is one direction.
type lane struct {
	mu     sync.Mutex
	moved  *sync.Cond
	sent   []byte // written, and not carried yet
	there  []byte // carried, and not read yet
	fin    bool   // nothing more is written
	broken bool   // nothing more is read or written
	wrote  func() // hears that something was written; nil: nobody
}

func newLane() *lane {
	l := &lane{}
	l.moved = sync.NewCond(&l.mu)
	return l
}

// end is what a replica reads and writes.
type end struct {
	in, out *lane
	status  latest

	mu    sync.Mutex
	ended bool // Run is over
	err   error
}

func (e *end) end(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ended, e.err = true, err
}

// over says whether Run is over, and what it returned.
func (e *end) over() (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ended, e.err
}

func newRoad(a, b *node) *road {
	there, back := newLane(), newLane()
	return &road{ends: [2]*end{{in: back, out: there}, {in: there, out: back}}, nodes: [2]*node{a, b}, left: -1}
}

func (e *end) Read(b []byte) (int, error) {
	l := e.in
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.there) == 0 {
		switch {
		case l.broken:
			return 0, io.ErrUnexpectedEOF
		case l.fin && len(l.sent) == 0:
			return 0, io.EOF
		}
		l.moved.Wait()
	}
	n := copy(b, l.there)
	l.there = l.there[n:]
	l.moved.Broadcast()
	return n, nil
}

func (e *end) Write(b []byte) (n int, err error) {
	l := e.out
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(b) > 0 {
		room := laneRoom - len(l.sent) - len(l.there)
		switch {
		case l.broken || l.fin:
			return n, io.ErrClosedPipe
		case room <= 0:
			l.moved.Wait()
		default:
			room = min(room, len(b))
			l.sent = append(l.sent, b[:room]...)
			n, b = n+room, b[room:]
			if l.wrote != nil {
				l.wrote()
			}
		}
	}
	return n, nil
}

// Close ends what this end writes after what lies on the lane, and breaks the other direction.
func (e *end) Close() error {
	e.out.set(func(l *lane) { l.fin = true })
	e.in.set(func(l *lane) { l.broken, l.sent, l.there = true, nil, nil })
	return nil
}

func (l *lane) set(f func(*lane)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f(l)
	l.moved.Broadcast()
}

// waiting is how many bytes lie on the lane.
func (l *lane) waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.sent)
}

// carry moves up to n bytes, and breaks the road where that is due.
func (r *road) carry(e *end, n int) {
	if r.left >= 0 {
		n = min(n, r.left)
	}
	e.out.set(func(l *lane) {
		n = min(n, len(l.sent))
		l.there = append(l.there, l.sent[:n]...)
		l.sent = l.sent[n:]
	})
	if r.left >= 0 {
		if r.left -= n; r.left == 0 {
			r.cut()
		}
	}
}

// cut breaks the road. What was carried can still be read.
func (r *road) cut() {
	for _, e := range r.ends {
		e.out.set(func(l *lane) { l.broken, l.sent = true, nil })
	}
}

// over says how many of both ends are.
func (r *road) over() (ends int) {
	for _, e := range r.ends {
		if ended, _ := e.over(); ended {
			ends++
		}
	}
	return ends
}

// forger is the end of one who doesn't keep to the protocol: a real exchange, of whose frames
// some are spoilt, said twice, left out or followed by others.
type forger struct {
	*end
	rnd  *rand.Rand
	rest []byte
	bad  [][]byte // whole frames to throw in
}

func (f *forger) Write(b []byte) (int, error) {
	f.rest = append(f.rest, b...)
	for len(f.rest) >= 5 {
		n := 5 + int(binary.BigEndian.Uint32(f.rest))
		if n > len(f.rest) {
			break
		}
		frame := append([]byte(nil), f.rest[:n]...)
		f.rest = f.rest[n:]
		out := frame
		switch f.rnd.IntN(24) {
		case 0:
			out[f.rnd.IntN(n)] ^= 1 << f.rnd.IntN(8)
		case 1:
			out = append(out, frame...)
		case 2:
			out = nil
		case 3, 4:
			out = append(out, f.bad[f.rnd.IntN(len(f.bad))]...)
		case 5: // a flood
			one := f.bad[f.rnd.IntN(len(f.bad))]
			for range f.rnd.IntN(200) {
				out = append(out, one...)
			}
		}
		if _, err := f.end.Write(out); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}
