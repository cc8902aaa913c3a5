// Package exchange is what two replicas say to each other over one connection: it brings the
// entries of each to the other, and then passes on new ones as they are stored.
//
// It knows nothing of what entries mean. Whether one is pending or void is Local's affair and
// makes no difference here: it is stored, so it is had, so it is passed on. Nor does it know
// networks: a connection is an io.ReadWriteCloser, and whoever opened it has made sure who is at
// the other end. Frames and limits: docs/PROTOCOL.md, "Streams".
//
// It is large: comparing, asking, sending and the bounds of each share the state of one session, and a reader of any
// of them needs the others.
package exchange

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"

	"kith/crdt/entry"
)

// Local is this replica, as far as an exchange needs to know it. Its methods are called from
// many goroutines at once. Package exchangetest checks an implementation against this contract.
type Local interface {
	// Space is the space that both sides must mean. It never changes.
	Space() entry.SpaceID

	// Owns says whether entries of a space are exchanged: that space, and in a share those of the
	// charters in it.
	Owns(entry.SpaceID) bool

	// IDs yields the ID of every entry that is had, in no particular order: pending and void
	// ones too, and those whose body was dropped for a quota. Entries stored after the call may
	// be missing. It is called once, at the first exchange.
	IDs() iter.Seq[entry.ID]

	// Has says whether the entry is among those that IDs yields.
	Has(entry.ID) bool

	// Watch calls stored with the IDs of new entries, from peers and from here alike, once they
	// are on disk, until stop is called. An entry that IDs didn't yield in a call made later than
	// Watch is reported; one that it did may be. Calls come one at a time; stored returns at
	// once and neither keeps nor modifies the slice.
	Watch(stored func([]entry.ID)) (stop func())

	// Entry returns the encoding of an entry that is had; ok is false if its body isn't kept.
	// The caller doesn't modify it.
	Entry(entry.ID) (encoded []byte, ok bool)

	// Order sorts IDs of entries that are had into the order in which a peer that lacks them is
	// served best: charter statements first, then the documents changed last. Any order is right. It may keep the slice, which
	// the caller doesn't modify any more, to find what is asked for in that order.
	Order([]entry.ID)

	// First moves some of those that a peer needs first to the front of IDs that are ascending, charter statements before all others, and says how
	// many: enough to be sent while the others are put in order, and so few that nobody waits for it. The others stay ascending. It may be none.
	First([]entry.ID) int

	// Keep keeps something for Kept, in the place of what was kept before, across a restart.
	Keep([]byte) error

	// Kept returns what was kept last, whole; or what was kept before that, or nothing or something
	// else, if a crash or damage came in between. It is called once, at the first exchange.
	Kept() []byte

	// Accept stores a batch and returns once it is on disk. Form, signature and space of the
	// entries were checked; none of them was had a moment ago; there are no duplicates. After it
	// returned nil all of them are had, whatever the rules make of them. An error ends the
	// exchange. It is this replica's own trouble, such as a full disk, unless a *BadEntryError is
	// in it, which says that no honest replica would have passed an entry on.
	Accept(ctx context.Context, batch []*entry.Entry) error

	// Idle says how many of a batch that Accept took, and that a device brought, stand for nothing and can be laid to
	// that device: void ones by its own person, and those held back. It may keep this replica busy with them for a
	// small part of its time only. What else is void honest devices pass on, too, as far as they had room for it.
	Idle(batch []*entry.Entry, from entry.Device) int
}

// Exchange is one replica's side of all its connections. What they share is kept here: the
// set of IDs with its symbols, and whose turn it is to send us much.
type Exchange struct {
	// Clock is what pings tell peers that the time is, and what theirs are held against: see Status.Ahead. It is set before the first Run.
	Clock func() time.Time

	local  Local
	bounds bounds
	verify func([]*entry.Entry) error // checks signatures
	random func([]byte)               // for the keys of comparisons
	zip    *zstd.Encoder
	unzip  *zstd.Decoder
	set    idSet
	turns  turns
	stop   func()
	fresh  atomic.Int64 // bytes of entries that were stored, from any peer
	paces  paces

	mu    sync.Mutex
	links map[*link]struct{} // those that want to hear of new entries
	came  map[entry.ID]bool  // being stored now, from a peer; true: out of a great many
}

// New makes the exchange of one replica. Close it after the last Run has returned.
func New(local Local) *Exchange {
	// The options are constants, so neither can fail.
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)),
		zstd.WithWindowSize(256<<10), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false))
	if err != nil {
		panic(err)
	}
	unzip, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(runtime.GOMAXPROCS(0)),
		zstd.WithDecoderMaxMemory(MaxBatch), zstd.WithDecoderLowmem(true))
	if err != nil {
		panic(err)
	}
	x := &Exchange{Clock: time.Now, local: local, bounds: defaultBounds, verify: verify, random: randomBytes, zip: zip, unzip: unzip,
		links: map[*link]struct{}{}, came: map[entry.ID]bool{}}
	x.set.load, x.set.kept = local.IDs, local.Kept
	x.turns.free = x.wakeAll
	x.stop = local.Watch(x.stored)
	return x
}

func randomBytes(b []byte) { _, _ = rand.Read(b) } // never fails

// Close stops listening to the replica and frees what New made.
func (x *Exchange) Close() {
	x.stop()
	x.unzip.Close()
	_ = x.zip.Close() // writes nothing: it has no output
}

// stored passes new entries on to every connection. Those out of a great many that one peer is
// sending us aren't pushed one by one: the others probably have them, so it is cheaper to compare
// with them again when all are here.
func (x *Exchange) stored(ids []entry.ID) {
	x.set.add(ids)
	x.mu.Lock()
	defer x.mu.Unlock()
	var own, passed []entry.ID
	for _, id := range ids {
		switch many, came := x.came[id]; {
		case !came:
			own = append(own, id)
		case !many:
			passed = append(passed, id)
		}
	}
	due := x.hold(len(x.links))
	for l := range x.links {
		l.stored(ids, own, passed, due)
	}
}

// Forget takes out of what is had entries of which only the IDs were, such as those held back for want of
// room, and compares with every peer: whoever has them sends them again.
func (x *Exchange) Forget(ids []entry.ID) {
	x.set.remove(ids)
	x.mu.Lock()
	defer x.mu.Unlock()
	for l := range x.links {
		l.mu.Lock()
		l.send.again = true
		l.mu.Unlock()
		l.wakeUp()
	}
}

// hold is until when entries that came from a peer wait before they are passed on: over a connection on which we are the first to do so,
// and over one on which the peer is.
func (x *Exchange) hold(links int) (due [2]time.Time) {
	now := time.Now()
	if links <= x.bounds.few || x.bounds.spread == 0 {
		return [2]time.Time{now, now}
	}
	var b [8]byte
	x.random(b[:])
	most := min(time.Duration(links)*x.bounds.spread, mostSpread)
	first := now.Add(time.Duration(binary.BigEndian.Uint64(b[:]) % uint64(most)))
	return [2]time.Time{first, first.Add(secondLater * most)}
}

// store has the replica store a batch; many says that it is part of a great many.
func (x *Exchange) store(ctx context.Context, batch []*entry.Entry, many bool) error {
	x.mu.Lock()
	for _, e := range batch {
		x.came[e.ID()] = many || x.came[e.ID()]
	}
	x.mu.Unlock()
	defer func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		for _, e := range batch {
			delete(x.came, e.ID())
		}
	}()
	for _, e := range batch {
		x.fresh.Add(int64(len(e.Encoded())))
	}
	err := x.local.Accept(ctx, batch)
	var bad *BadEntryError
	if err == nil || errors.As(err, &bad) {
		return err
	}
	return &LocalError{err}
}

// wakeAll lets each connection see that nobody is sending us much any more.
func (x *Exchange) wakeAll() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for l := range x.links {
		l.wakeUp()
	}
}

func (x *Exchange) join(l *link) (leave func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.links[l] = struct{}{}
	return func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		delete(x.links, l)
	}
}

// Run lives one connection's life: greeting, comparison, what either side lacks, and then new
// entries as they are stored, until ctx ends, the peer goes away or one side breaks the
// protocol. It closes rw, whose Close must unblock a Read and a Write that are under way, and
// leaves no goroutine behind.
//
// report, which may be nil, hears of each change of the status, in order and one at a time; it
// must return at once.
//
// The error is nil when ctx ended. Else it says why the connection did: see Blame for whether
// the peer broke the protocol.
func (x *Exchange) Run(ctx context.Context, rw io.ReadWriteCloser, report func(Status)) error {
	return x.RunWith(ctx, rw, Peer{}, report)
}

// Peer says who is at the other end, as far as it makes a difference.
type Peer struct {
	// Device is whose costs are counted, over all its connections.
	Device entry.Device
	// Person is whose it is: the same for all devices of one person. What they bring that stands for nothing is counted
	// together. "": the device's own.
	Person string
	// Former says that it is owed little, and waits longest.
	Former bool
	// Low says that of the two ends of the connection this is the one which passes on first what it got from others, of half of all entries; the other
	// end is of the other half. Both ends may say so, or neither: then more entries cross each other.
	Low bool
	// Only says which entries it gets; nil: all. It still sees the IDs of others, which say nothing of
	// what is in them, and so doesn't send them. It is called from one goroutine.
	Only func(entry.ID) bool
}

// turn says whether this end is the first to pass an entry on over the connection (0), or the peer is (1).
func (p *Peer) turn(id entry.ID) int {
	if p.Low == (id[0]&1 == 0) {
		return 0
	}
	return 1
}

// gets says whether an entry may go to it.
func (p *Peer) gets(id entry.ID) bool { return p.Only == nil || p.Only(id) }

// RunWith is Run with a peer that isn't just any.
func (x *Exchange) RunWith(ctx context.Context, rw io.ReadWriteCloser, with Peer, report func(Status)) error {
	inside, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	l := newLink(x, rw, with, fail, report)
	defer l.soon.Wait()
	// Listen first, compare later: what is stored in between is then in the queue.
	defer x.join(l)()
	defer l.turn.leave()

	var reader, acceptor, writer sync.WaitGroup
	reader.Go(func() { fail(l.read(inside)) })
	acceptor.Go(func() { l.accept(inside, fail) })
	writer.Go(func() { fail(l.write(inside)) })
	<-inside.Done()

	why := context.Cause(inside)
	if ctx.Err() == nil && wantsGoodbye(why) {
		// A last moment: for the goodbye to leave, and for the peer to hang up when it has read it.
		hangUp := time.AfterFunc(byeTime, func() { _ = rw.Close() })
		writer.Wait()
		if l.out.goodbye(goodbyeReason(why)) == nil {
			reader.Wait()
			_, _ = io.CopyN(io.Discard, rw, byeBytes)
		}
		hangUp.Stop()
	}
	_ = rw.Close() // its error says nothing that why doesn't
	writer.Wait()
	acceptor.Wait()
	reader.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return why
}

// Spent is what a device has cost over all its connections, since the start.
type Spent struct {
	Busy    time.Duration // checking, storing and comparing for it
	Entries int64         // that it brought and were new here
	Idle    int64         // of these, those that stand for nothing and are laid to it
}

// Spent says what a device has cost.
func (x *Exchange) Spent(d entry.Device) Spent { return x.paces.spent(d) }

// Ping asks every peer for a sign of life; the answers show in Status.Heard.
func (x *Exchange) Ping() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for l := range x.links {
		l.mu.Lock()
		l.pingDue = true
		l.mu.Unlock()
		l.wakeUp()
	}
}

// check says whether a decoded entry may be taken from a peer at all.
func (x *Exchange) check(e *entry.Entry) error {
	if !x.local.Owns(e.SpaceOf()) {
		return &BadEntryError{ID: e.ID(), Device: e.Device, Why: ErrForeign}
	}
	return nil
}
