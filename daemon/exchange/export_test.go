package exchange

import (
	"fmt"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"kith/crdt/entry"
)

// Bounds are those of a connection, for tests that make them small, so that little is much.
type Bounds struct {
	Queue, Have, Window, Batch, Many, Keep, Store, Rate, Few int
	Spread                                                   time.Duration
}

// Tuning is what a test may change about an Exchange that has no connections yet.
type Tuning struct {
	Bounds Bounds
	Verify func([]*entry.Entry) error // nil: as it is
	Random func([]byte)               // nil: as it is
	Shared bool                       // use one compressor for all, after WarmUp; then end with Quit
}

// shared is one compressor for all: each takes a megabyte and a millisecond to make. It doesn't
// try hard.
var shared = sync.OnceValues(func() (*zstd.Encoder, *zstd.Decoder) {
	x := New(nobody{})
	_ = x.zip.Close()
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(64<<10),
		zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false), zstd.WithNoEntropyCompression(true))
	if err != nil {
		panic(err)
	}
	if _, err := x.unzip.DecodeAll(zip.EncodeAll([]byte("made now, and outside of any test's bubble"), nil), nil); err != nil {
		panic(err)
	}
	return zip, x.unzip
})

type nobody struct{ Local }

func (nobody) Watch(func([]entry.ID)) func() { return func() {} }

// WarmUp makes what Tune shares. It is called outside of any bubble.
func WarmUp() { shared() }

// Tune changes x.
func (x *Exchange) Tune(t Tuning) {
	x.bounds = bounds{t.Bounds.Queue, t.Bounds.Have, t.Bounds.Window, t.Bounds.Batch, t.Bounds.Many, t.Bounds.Keep, t.Bounds.Store, t.Bounds.Rate, t.Bounds.Few, t.Bounds.Spread}
	if t.Verify != nil {
		x.verify = t.Verify
	}
	if t.Random != nil {
		x.random = t.Random
	}
	if t.Shared {
		_ = x.zip.Close()
		x.unzip.Close()
		x.zip, x.unzip = shared()
	}
}

// Quit is Close for an Exchange whose compressor is shared.
func (x *Exchange) Quit() { x.stop() }

// Held returns how many bytes all connections hold, and an error if one holds more than its
// bounds allow; most is how many IDs any set of a test
// has, largest the size of its largest entry. Nothing may be under way.
func (x *Exchange) Held(most, largest int) (bytes int, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for l := range x.links {
		l.mu.Lock()
		l.compare.mu.Lock()
		said := 0
		for _, s := range l.compare.out {
			said += len(s.body)
		}
		for _, b := range []struct {
			what      string
			has, most int
		}{
			{"new entries that wait", len(l.queue) + l.waitLocked(), x.bounds.queue},
			{"entries that the peer has", len(l.have.ring), x.bounds.have},
			{"the same, by ID", len(l.have.known), x.bounds.have},
			{"bytes in flight", l.send.inFlight, x.bounds.window + x.bounds.batch + largest + 4},
			{"the buffer of a frame", frameRoom(l), 2*MaxFrame + 64<<10},
			{"bytes of a comparison", said, 3 * bodySize[frameSymbols].most},
			{"entries to send", len(l.send.backlog), most},
			{"entries to ask for", len(l.take.lack) + len(l.take.writing), most},
			{"entries that the peer named", len(l.take.named), most},
			{"entries that aren't given, either way", len(l.send.bare) + len(l.bare), 2 * most},
			{"entries that the peer wants", len(l.wanted), most},
		} {
			if b.has > b.most {
				err = fmt.Errorf("%s: %d, at most %d", b.what, b.has, b.most)
			}
		}
		bytes += 32*(len(l.queue)+2*l.waitLocked()+2*len(l.have.ring)+len(l.send.backlog)+len(l.take.lack)+len(l.take.writing)+len(l.take.named)+len(l.send.bare)+len(l.bare)+len(l.wanted)) +
			frameRoom(l) + said
		l.compare.mu.Unlock()
		l.mu.Unlock()
	}
	return bytes, err
}

// frameRoom is how much a link's reader keeps for a frame. Who asks has seen it rest (synctest.Wait); what wakes it
// afterwards may be a timer of the bubble's clock, which for the race detector comes after nothing.
//
//go:norace
func frameRoom(l *link) int { return cap(l.in.buf) }
