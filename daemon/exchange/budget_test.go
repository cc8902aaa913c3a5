package exchange_test

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kith/crdt/entry"
	"kith/daemon/exchange"
)

// nag says the same over and over, as fast as it is read, and reads all.
func nag(rw io.ReadWriteCloser, first, then []byte) (said *int, wait func()) {
	said = new(int)
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(io.Discard, rw) })
	both.Go(func() {
		_, err := rw.Write(first)
		for err == nil {
			var n int
			n, err = rw.Write(then)
			*said += n
		}
	})
	return said, both.Wait
}

// A member's device that has gone wrong costs the others no more than its share, and no one else
// waits for it.
func TestAPeerThatSendsWhatIsHereAlreadyIsSlowedAndThenLeft(t *testing.T) {
	ana, genesis := found(1)
	some := ana.writeMany(300)
	var encoded [][]byte
	size := 0
	for _, e := range some {
		encoded, size = append(encoded, e.Encoded()), size+len(e.Encoded())
	}
	raw := batchOf(encoded...)
	for name, then := range map[string][]byte{
		"entries":       zipped(0, raw),
		"empty batches": zipped(0, nil),
		"pings":         frame(9, make([]byte, 8)),
		"pongs":         frame(10, make([]byte, 8)),
		"acks":          frame(8, make([]byte, 8)),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				a := newReplica(t, ana.space, append(slices.Clone(some), genesis)...)
				b := newReplica(t, ana.space, append(slices.Clone(some), genesis)...)
				// Little is enough here: what counts is that it is bounded.
				a.x.Tune(exchange.Tuning{Bounds: exchange.Bounds{Queue: 4096, Have: 16384, Window: 4 << 20, Batch: 128 << 10, Many: 1024, Keep: 512, Store: 128 << 10, Rate: 4 << 10}})
				m := meet(a, b, nil)
				ours, theirs := net.Pipe()
				said, wait := nag(theirs, helloOf(1, 1, ana.space), then)
				ended := make(chan error, 1)
				status := &latest{}
				begin := time.Now()
				go func() { ended <- a.x.Run(context.Background(), ours, status.set) }()
				after(30 * time.Second)
				if !status.get().Slowed {
					t.Error("nobody is told that it is slowed down")
				}
				news := ana.other(2).write("somebody else's")
				b.Add(news)
				settle()
				if !a.Has(news.ID()) || !m.inStep() {
					t.Error("others wait for it")
				}
				err := <-ended
				var waste *exchange.WasteError
				if !errors.As(err, &waste) || !exchange.Blame(err) || !strings.Contains(err.Error(), "already") {
					t.Errorf("it ended with %v", err)
				}
				if took := time.Since(begin); took < time.Minute || took > 3*time.Minute {
					t.Errorf("after %v", took)
				}
				wait()
				if name == "entries" {
					// What it said while it was told why is thrown away unread.
					if most := (128<<10+100*4<<10)/size + 1<<20/len(then) + 2; *said/len(then) > most {
						t.Errorf("%d batches were read, at most %d", *said/len(then), most)
					}
				}
				m.end()
			})
		})
	}
}

// In a full mesh everybody passes on what the others have by then. That is nobody's fault.
func TestABusyMeshSlowsNobodyDown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		var all []*replica
		for range 4 {
			r := newReplica(t, ana.space, genesis)
			r.x.Tune(exchange.Tuning{Bounds: exchange.Bounds{Queue: 4096, Have: 16384, Window: 4 << 20, Batch: 128 << 10, Many: 1024, Keep: 512, Store: 64 << 10, Rate: 1 << 10, Few: 3, Spread: time.Millisecond},
				Verify: func([]*entry.Entry) error { return nil }})
			all = append(all, r)
		}
		meetings := mesh(all, 10*time.Millisecond)
		after(time.Second)
		for range 20 {
			all[0].Add(ana.writeMany(50)...)
			time.Sleep(20 * time.Millisecond)
		}
		after(10 * time.Second)
		for _, m := range meetings {
			if !m.inStep() || m.status[0].get().Slowed || m.status[1].get().Slowed {
				t.Errorf("%+v %+v", m.status[0].get(), m.status[1].get())
			}
			m.end()
		}
		for _, r := range all {
			wantSame(t, all[0], r)
		}
	})
}
