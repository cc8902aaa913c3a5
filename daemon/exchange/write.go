package exchange

import (
	"context"
	"math/rand/v2"
	"time"

	"kith/crdt/entry"
)

// write sends what there is to send until ctx ends. The error is never nil.
func (l *link) write(ctx context.Context) error {
	hi := hello{oldestVersion, Version, l.x.local.Space(), features}
	if err := l.out.write(frameHello, hi.encode()); err != nil {
		return err
	}
	if err := l.writeAsk(); err != nil {
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
		l.writePong, l.writePing, l.writeAck, l.writeList, l.writeAgain, l.writeNew, l.writeBacklog,
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
	due, nonce := l.pingDue, rand.Uint64()
	if due {
		l.pingDue, l.pingAt, l.pingNonce = false, time.Now(), nonce
	}
	l.mu.Unlock()
	if !due {
		return false, nil
	}
	return true, l.out.write(framePing, number(nonce))
}

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

// writeAsk asks for the peer's list, unless it has just what we have.
func (l *link) writeAsk() error {
	l.mu.Lock()
	l.send.asking, l.send.again, l.send.askedAt = true, false, time.Now()
	l.mu.Unlock()
	// Taken after again was cleared: what is stored from here on asks again, or is in the queue.
	now := l.x.set.snapshot()
	return l.out.write(frameAsk, number(uint64(len(now.ids))), now.digest[:])
}

// writeAgain compares again where that is due, and nobody is sending us much just now.
func (l *link) writeAgain() (bool, error) {
	l.mu.Lock()
	o := &l.send
	due := o.again && !o.asking && !o.beginDue && !o.sending
	wait := askPause - time.Since(o.askedAt)
	l.mu.Unlock()
	if !due || l.x.turns.busy() {
		return false, nil
	}
	if wait > 0 {
		l.later(wait)
		return false, nil
	}
	return true, l.writeAsk()
}

// writeList answers the peer's question with our list, when it is our turn to be sent much.
func (l *link) writeList() (bool, error) {
	l.mu.Lock()
	asked, in := l.take.asked, l.take
	l.mu.Unlock()
	if !asked {
		return false, nil
	}
	if in.started {
		return true, l.writeListPart()
	}
	now := l.x.set.snapshot()
	if now.digest == in.digest {
		l.mu.Lock()
		l.take.asked, l.take.inLine, l.take.come = false, false, false
		l.mu.Unlock()
		l.turn.leave()
		return true, l.out.write(frameSame)
	}
	if wait := listPause - time.Since(in.ended); !in.ended.IsZero() && wait > 0 {
		l.later(wait)
		return false, nil
	}
	if !in.inLine {
		l.mu.Lock()
		l.take.inLine = true
		l.mu.Unlock()
		l.turn.wait()
		return true, nil // it may have come at once
	}
	if !in.come {
		return false, nil
	}
	l.mu.Lock()
	l.take.started, l.take.listing = true, now.ids
	l.mu.Unlock()
	return true, l.writeListPart()
}

func (l *link) writeListPart() error {
	l.mu.Lock()
	part := l.take.listing[:min(listChunk, len(l.take.listing))]
	l.take.listing = l.take.listing[len(part):]
	if len(part) == 0 {
		l.take = incoming{ended: time.Now(), digest: l.take.digest}
	}
	l.mu.Unlock()
	l.turn.progress(0) // our own sending is no dawdling of the peer's
	b := make([]byte, 0, len(part)*32)
	for i := range part {
		b = append(b, part[i][:]...)
	}
	return l.out.write(frameIDs, b)
}

// writeNew pushes what was stored lately.
func (l *link) writeNew() (bool, error) {
	l.mu.Lock()
	ids, gen, full := l.queue, l.queueGen, l.send.inFlight >= window
	l.mu.Unlock()
	if len(ids) == 0 || full {
		return false, nil
	}
	raw, sent, used := l.pack(ids)
	l.mu.Lock()
	if gen == l.queueGen {
		l.queue = l.queue[used:]
	}
	l.mu.Unlock()
	return true, l.writeBatch(raw, sent, 0)
}

// writeBacklog sends what the peer lacked at the last comparison.
func (l *link) writeBacklog() (bool, error) {
	l.mu.Lock()
	o := &l.send
	if o.beginDue {
		o.beginDue, o.sending = false, true
		n := len(o.backlog)
		l.mu.Unlock()
		return true, l.out.write(frameBegin, number(uint64(n)))
	}
	ids, sending, full := o.backlog, o.sending, o.inFlight >= window
	if sending && len(ids) == 0 {
		o.sending, o.once, o.backlog = false, true, nil
		l.mu.Unlock()
		return true, l.out.write(frameDone)
	}
	l.mu.Unlock()
	if !sending || full {
		return false, nil
	}
	raw, sent, used := l.pack(ids)
	l.mu.Lock()
	o.backlog = ids[used:]
	l.status.ToSend -= used - sent // had by now, or without a body
	l.mu.Unlock()
	return true, l.writeBatch(raw, sent, 1)
}

// pack fills a batch with the next of ids, passing over what the peer has by now. used is how
// many it went through, sent how many of these are in the batch.
func (l *link) pack(ids []entry.ID) (raw []byte, sent, used int) {
	for _, id := range ids {
		if len(raw) >= batchSize {
			break
		}
		l.mu.Lock()
		has := l.have.has(id)
		l.mu.Unlock()
		if !has && (l.only == nil || l.only(id)) {
			if encoded, kept := l.x.local.Entry(id); kept {
				if len(raw) > 0 && len(raw)+4+len(encoded) > MaxBatch {
					break
				}
				raw = appendEntry(raw, encoded)
				sent++
			}
		}
		used++
	}
	l.mu.Lock()
	for _, id := range ids[:used] {
		l.have.add(id)
	}
	l.mu.Unlock()
	return raw, sent, used
}

func (l *link) writeBatch(raw []byte, n int, sort byte) error {
	if n == 0 {
		return nil
	}
	zipped := l.x.zip.EncodeAll(raw, []byte{sort})
	l.mu.Lock()
	o := &l.send
	o.flight = append(o.flight, sent{bytes: len(raw), listed: n * int(sort)})
	o.inFlight += len(raw)
	o.framesOut++
	l.mu.Unlock()
	return l.out.write(frameEntries, zipped)
}
