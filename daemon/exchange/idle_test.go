package exchange_test

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"kith/crdt/entry"
	"kith/daemon/exchange"
)

// A device that brings void entries at full speed keeps a replica busy with them for a while, and then for a twentieth of
// its time, also if it hangs up and comes again with another device of the same person; what others write meanwhile is there at once.
func TestWhatStandsForNothingKeepsAReplicaBusyForASmallPartOfItsTime(t *testing.T) {
	unwatched(t)
	const each = 10 * time.Millisecond
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		mel := ana.other(2)
		a := newReplica(t, ana.space, genesis)
		a.x.Tune(exchange.Tuning{Bounds: usual, Verify: func([]*entry.Entry) error { return nil }})
		a.Idles = func(e *entry.Entry, from entry.Device) bool {
			return e.Device == mel.key.Device() && from != (entry.Device{})
		}
		var mu sync.Mutex
		var spent time.Duration
		a.Refuse = func(batch []*entry.Entry) error {
			if batch[0].Device == mel.key.Device() {
				time.Sleep(each) // what judging and storing it takes
				mu.Lock()
				spent += each
				mu.Unlock()
			}
			return nil
		}
		busy := func() time.Duration {
			mu.Lock()
			defer mu.Unlock()
			return spent
		}
		var devices byte
		flood := func(ctx context.Context) {
			devices++
			ours, theirs := net.Pipe()
			defer theirs.Close()
			var all sync.WaitGroup
			defer all.Wait()
			all.Go(func() { _ = a.x.RunWith(ctx, ours, exchange.Peer{Device: entry.Device{devices}, Person: "Mel"}, nil) })
			all.Go(func() { _, _ = io.Copy(io.Discard, theirs) })
			_, err := theirs.Write(helloOf(1, 1, ana.space))
			for err == nil && ctx.Err() == nil {
				_, err = theirs.Write(zipped(0, batchOf(mel.write("nonsense").Encoded())))
			}
		}
		begin := time.Now()
		ctx, stop := context.WithCancel(t.Context())
		var flooding sync.WaitGroup
		flooding.Go(func() {
			for ctx.Err() == nil { // it hangs up now and then
				one, end := context.WithTimeout(ctx, 20*time.Second)
				flood(one)
				end()
			}
		})
		ben := ana.other(3)
		b := newReplica(t, ana.space, genesis)
		m := meet(a, b, nil)
		after(5 * time.Minute)
		first := busy()
		if first < 2*time.Second {
			t.Errorf("busy for %v: it isn't at full speed, so this shows nothing", first)
		}
		note := ben.write("something")
		b.Add(note)
		after(time.Second)
		if !a.Has(note.ID()) {
			t.Error("what Ben wrote isn't here after a second")
		}
		after(5 * time.Minute)
		if most := 2*time.Second + time.Since(begin)/20 + 100*each; busy() > most {
			t.Errorf("busy for %v of %v, at most %v", busy(), time.Since(begin), most)
		}
		var said exchange.Spent
		for d := range devices {
			one := a.x.Spent(entry.Device{d + 1})
			said.Idle, said.Busy = said.Idle+one.Idle, said.Busy+one.Busy
		}
		if said.Idle != int64(busy()/each) || said.Busy < busy() {
			t.Errorf("what it cost is said to be %+v, and it was %v", said, busy())
		}
		m.end()
		stop()
		flooding.Wait()
	})
}
