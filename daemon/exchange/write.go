package exchange

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"kith/crdt/batch"
	"kith/crdt/entry"
)

// write sends what there is to send until ctx ends. The error is never nil.
func (l *link) write(ctx context.Context) error {
	hi := hello{oldestVersion, Version, l.x.local.Space(), features}
	if err := l.out.write(frameHello, hi.encode()); err != nil {
		return err
	}
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	l.retry = time.NewTimer(time.Hour)
	defer l.retry.Stop()
	for {
		// Small and urgent things first, new entries before old ones, one frame of each at a time.
		worked, err := l.writeSome()
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if worked {
			continue
		}
		if err := l.out.flush(); err != nil {
			return err
		}
		l.report()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.wake:
		case <-l.retry.C:
		case <-ping.C:
			l.mu.Lock()
			l.pingDue = true
			l.mu.Unlock()
		}
	}
}

// writeSome goes once through all that may be due and says whether anything was.
func (l *link) writeSome() (worked bool, err error) {
	l.due = time.Time{}
	jobs := [...]func() (bool, error){
		l.writePong, l.writePing, l.writeAck, l.open, l.writeKey, l.writeSaid, l.writeList, l.writeNew, l.writeBacklog,
	}
	for _, job := range jobs {
		did, err := job()
		if err != nil {
			return false, err
		}
		worked = worked || did
	}
	return worked, nil
}

// later puts something off.
func (l *link) later(d time.Duration) {
	if at := time.Now().Add(d); l.due.IsZero() || at.Before(l.due) {
		l.due = at
		l.retry.Reset(d)
	}
}

func (l *link) writePing() (bool, error) {
	l.mu.Lock()
	due, nonce := l.pingDue, pingOf(l.x.Clock())
	if due {
		l.pingDue, l.pingAt, l.pingNonce = false, time.Now(), nonce
	}
	l.mu.Unlock()
	if !due {
		return false, nil
	}
	return true, l.out.write(framePing, number(nonce))
}

// pingOf is a ping that tells what the time is: in its first 48 bits the milliseconds since 1970, behind them chance.
func pingOf(now time.Time) uint64 { return uint64(now.UnixMilli())<<16 | rand.Uint64()>>48 }

// timeOf is what a ping tells.
func timeOf(ping uint64) time.Time { return time.UnixMilli(int64(ping >> 16)) }

func (l *link) writePong() (bool, error) {
	l.mu.Lock()
	pong := l.pong
	l.pong = nil
	l.mu.Unlock()
	if pong == nil {
		return false, nil
	}
	return true, l.out.write(framePong, pong)
}

func (l *link) writeAck() (bool, error) {
	l.mu.Lock()
	due, n := l.ackDue > l.acked, l.ackDue
	l.acked = n
	l.mu.Unlock()
	if !due {
		return false, nil
	}
	return true, l.out.write(frameAck, number(n))
}

// open starts a comparison where one is due and nobody is sending us much just now, or answers
// the peer's.
func (l *link) open() (bool, error) {
	invited := l.compare.invitation()
	l.mu.Lock()
	o := &l.send
	first := o.started.IsZero()
	due := invited || first || l.take.anew || o.again && !l.busyLocked()
	now := time.Now()
	ago, wait := now.Sub(o.started), l.x.paces.wait(&l.with, now)
	if !first {
		wait = max(wait, min(comparePause<<min(max(l.take.short-1, 0), 10), shortMost)-ago)
	}
	l.mu.Unlock()
	switch {
	case !due:
		return false, nil
	case !invited && !first && ago < busyPatience && l.x.turns.busy():
		l.later(busyPatience - ago)
		return false, nil
	case wait > 0:
		l.later(wait)
		return false, nil
	}
	l.mu.Lock()
	l.send.again, l.send.comparing, l.send.started = false, true, now
	l.take = incoming{short: l.take.short}
	l.mu.Unlock()
	// The snapshot is taken after again was cleared: what is stored from here on compares again,
	// or is in the queue.
	return true, l.went(l.compare.open())
}

// writeKey goes on under a key as soon as that may be.
func (l *link) writeKey() (bool, error) {
	to, wait, err := l.compare.key()
	if wait > 0 {
		l.later(wait)
	}
	if to == nothing {
		return false, err
	}
	return true, l.went(to, err)
}

// writeSaid writes what the comparison has to say. What follows from it comes after it, so who
// writes that asks for this first.
func (l *link) writeSaid() (worked bool, err error) {
	for {
		s, ok := l.compare.say()
		if !ok {
			return worked, nil
		}
		if err := l.out.write(s.kind, s.body); err != nil {
			return worked, err
		}
		worked = true
	}
}

// writeList writes our list, or what we want of the peer's, when it is our turn to be sent much.
func (l *link) writeList() (bool, error) {
	l.mu.Lock()
	in := l.take
	l.mu.Unlock()
	switch {
	case !in.list && !in.ask || in.anew:
		return false, nil
	case in.started:
		return true, l.writeListPart()
	case in.ask && len(in.lack) == 0: // there is nothing to wait for
	case !in.inLine:
		l.mu.Lock()
		l.take.inLine = true
		l.mu.Unlock()
		l.turn.wait()
		return true, nil // it may have come at once
	case !in.come:
		return false, nil
	}
	var ids, named []entry.ID
	owed := 0
	if in.list {
		_, ids = l.x.set.list()
		if len(ids)-l.compare.size() >= l.x.bounds.many {
			// Others have brought much while we waited: what is still missing may not need a list.
			l.mu.Lock()
			l.take.anew = true
			l.mu.Unlock()
			l.turn.leave()
			return true, nil
		}
		owed = l.compare.rest() - len(ids)
	} else {
		ids = slices.DeleteFunc(in.lack, l.x.local.Has)
		named = append([]entry.ID{}, ids...)
	}
	if _, err := l.writeSaid(); err != nil {
		return false, err
	}
	l.mu.Lock()
	l.take.started, l.take.writing, l.take.lack, l.take.named, l.take.owed = true, ids, nil, named, owed
	l.mu.Unlock()
	return true, l.writeListPart()
}

func (l *link) writeListPart() error {
	l.mu.Lock()
	in := &l.take
	part := in.writing[:min(listChunk, len(in.writing))]
	in.writing = in.writing[len(part):]
	if len(part) == 0 {
		if in.list { // the peer answers it with what it wants
			l.send.comparing, l.send.asking = false, true
		}
		in.list, in.ask, in.started, in.due = false, false, false, true
	}
	l.mu.Unlock()
	l.turn.progress(0) // our own sending is no dawdling of the peer's
	return l.out.write(frameIDs, idsOf(part))
}

func idsOf(ids []entry.ID) []byte {
	b := make([]byte, 0, len(ids)*32)
	for i := range ids {
		b = append(b, ids[i][:]...)
	}
	return b
}

// writeNew pushes what was stored lately.
func (l *link) writeNew() (bool, error) {
	l.mu.Lock()
	next := l.dueLocked(time.Now())
	ids, gen, full := l.queue, l.queueGen, l.send.inFlight >= l.x.bounds.window
	l.mu.Unlock()
	if next > 0 {
		l.later(next)
	}
	if len(ids) == 0 || full {
		return false, nil
	}
	some, size, used, _ := l.pack(ids, l.x.bounds.batch)
	return true, l.writeBatch(some, size, 0, func() {
		if gen == l.queueGen {
			l.queue = l.queue[used:]
		}
	})
}

// writeBacklog sends what the peer lacked at the last comparison.
func (l *link) writeBacklog() (bool, error) {
	l.mu.Lock()
	o := &l.send
	if o.beginDue {
		o.beginDue, o.sending, o.batch = false, true, min(firstBatch, l.x.bounds.batch)
		n := len(o.backlog) + len(o.rest)
		l.mu.Unlock()
		if _, err := l.writeSaid(); err != nil {
			return false, err
		}
		return true, l.out.write(frameBegin, number(uint64(n)))
	}
	if len(o.backlog) == 0 && len(o.rest) > 0 {
		if o.ordering {
			l.mu.Unlock()
			return false, nil
		}
		o.backlog, o.rest = o.rest, nil
	}
	cut := o.batch
	ids, sending, full := o.backlog, o.sending, o.inFlight >= l.x.bounds.window
	if sending && len(ids) == 0 {
		bare := o.bare[:min(len(o.bare), listChunk)]
		o.bare, o.sending, o.backlog = o.bare[len(bare):], len(bare) > 0, nil
		l.mu.Unlock()
		if len(bare) == 0 {
			return true, l.out.write(frameDone)
		}
		return true, l.out.write(frameBare, idsOf(bare))
	}
	l.mu.Unlock()
	if !sending || full {
		return false, nil
	}
	some, size, used, bare := l.pack(ids, cut)
	return true, l.writeBatch(some, size, 1, func() {
		o.backlog, o.batch = ids[used:], min(2*cut, l.x.bounds.batch)
		if o.bare = append(o.bare, bare...); len(o.backlog) == 0 {
			slices.SortFunc(o.bare, entry.ID.Compare)
		}
		l.status.ToSend -= used - len(some) // had by now, or not given
	})
}

// pack takes the next of ids for a batch, passing over what the peer has by now, until their encodings have about cut bytes; size
// is how many. used is how many IDs it went through, bare which of these aren't given: their body isn't kept, or
// isn't for this peer.
func (l *link) pack(ids []entry.ID, cut int) (some []*entry.Entry, size, used int, bare []entry.ID) {
	for _, id := range ids {
		if size >= cut {
			break
		}
		l.mu.Lock()
		has := l.have.has(id)
		l.mu.Unlock()
		if !has {
			e := l.give(id)
			if e == nil {
				bare = append(bare, id)
			} else {
				if size > 0 && size+4+len(e.Encoded()) > MaxBatch {
					break
				}
				some, size = append(some, e), size+4+len(e.Encoded())
			}
		}
		used++
	}
	l.mu.Lock()
	without := bare
	for _, id := range ids[:used] {
		if len(without) > 0 && without[0] == id {
			without = without[1:] // it doesn't have it, and is told so each time
			continue
		}
		l.have.add(id)
	}
	l.mu.Unlock()
	return some, size, used, bare
}

// give returns an entry, or nil if it isn't given.
func (l *link) give(id entry.ID) *entry.Entry {
	if !l.with.gets(id) {
		return nil
	}
	encoded, kept := l.x.local.Entry(id)
	if !kept {
		return nil
	}
	e, err := entry.Decode(encoded)
	if err != nil || e.ID() != id {
		return nil // it is damaged here, which is no peer's affair
	}
	return e
}

// writeBatch writes entries, whose encodings have so many bytes. take takes them out of what waits to be sent; it is called together
// with their being counted as under way, so that at no time they are neither.
func (l *link) writeBatch(some []*entry.Entry, size int, sort byte, take func()) error {
	n := len(some)
	if n == 0 {
		l.mu.Lock()
		defer l.mu.Unlock()
		take()
		return nil
	}
	zipped := l.x.zip.EncodeAll(batch.Append(nil, some), []byte{sort})
	l.mu.Lock()
	take()
	o := &l.send
	o.flight = append(o.flight, sent{bytes: size, listed: n * int(sort)})
	o.inFlight += size
	o.framesOut++
	l.status.EntriesOut += int64(n)
	l.mu.Unlock()
	return l.out.write(frameEntries, zipped)
}
