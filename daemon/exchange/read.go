package exchange

import (
	"context"
	"encoding/binary"
	"time"

	"kith/crdt/entry"
)

// read takes frames until the connection ends. The error is never nil.
func (l *link) read(ctx context.Context) error {
	var room []byte
	for {
		t, body, err := l.in.next()
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.mu.Lock()
		l.status.Heard = time.Now()
		l.mu.Unlock()
		if (t == frameHello) == l.greeted && t != frameBye {
			return broken("%q out of place", t)
		}
		switch t {
		case frameHello:
			err = l.readHello(body)
		case frameAsk:
			err = l.readAsk(body)
		case frameSame:
			err = l.readSame()
		case frameIDs:
			err = l.readIDs(body)
		case frameBegin:
			err = l.readBegin(body)
		case frameEntries:
			room, err = l.readEntries(ctx, body, room)
		case frameDone:
			err = l.readDone(ctx)
		case frameAck:
			err = l.readAck(binary.BigEndian.Uint64(body))
		case framePing:
			l.mu.Lock()
			l.pong = append([]byte(nil), body...)
			l.mu.Unlock()
			l.wakeUp()
		case framePong:
			l.readPong(binary.BigEndian.Uint64(body))
		case frameBye:
			err = &GoodbyeError{string(body)}
		}
		if err != nil {
			return err
		}
		l.report()
	}
}

func (l *link) readHello(body []byte) error {
	h, err := decodeHello(body)
	if err != nil {
		return err
	}
	l.greeted = true
	l.mu.Lock()
	l.status.Features = h.features
	l.mu.Unlock()
	return h.meet(l.x.local.Space())
}

func (l *link) readAsk(body []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.take.asked {
		return broken("asked again before the answer")
	}
	l.take.asked, l.take.done = true, false
	l.take.digest = [32]byte(body[8:])
	l.wakeUp()
	return nil
}

func (l *link) readSame() error {
	l.mu.Lock()
	asking := l.send.asking
	l.mu.Unlock()
	if !asking || l.comparing != nil {
		return broken("an answer that nobody asked for")
	}
	l.startSending(nil)
	return nil
}

func (l *link) readIDs(body []byte) error {
	l.mu.Lock()
	asking := l.send.asking
	l.mu.Unlock()
	if !asking {
		return broken("a list that nobody asked for")
	}
	if l.comparing == nil {
		l.comparing = &comparison{mine: l.x.set.snapshot().ids}
	}
	if len(body) > 0 {
		return l.comparing.chunk(body)
	}
	missing := l.comparing.end()
	l.comparing = nil
	l.x.local.Order(missing)
	l.startSending(missing)
	return nil
}

// startSending begins to send what the peer lacks.
func (l *link) startSending(missing []entry.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.send.asking, l.send.beginDue, l.send.backlog = false, true, missing
	l.status.ToSend, l.status.Sent = len(missing), 0
	l.wakeUp()
}

func (l *link) readBegin(body []byte) error {
	n := binary.BigEndian.Uint64(body)
	if n > MaxListed {
		return broken("%d entries announced, the limit is %d", n, MaxListed)
	}
	l.arriving = int(n)
	l.mu.Lock()
	l.status.ToGet, l.status.Got = int(n), 0
	l.mu.Unlock()
	return nil
}

func (l *link) readEntries(ctx context.Context, body, room []byte) ([]byte, error) {
	if body[0] > 1 {
		return room, broken("entries of an unknown sort (%d)", body[0])
	}
	l.turn.progress(len(body))
	batch, room, err := l.x.unpack(body[1:], room)
	if err != nil {
		return room, err
	}
	listed := body[0] == 1
	came := arrival{all: len(batch), listed: listed, many: listed && l.arriving >= greatMany}
	came.batch = l.news(batch)
	if err := verify(came.batch); err != nil {
		return room, err
	}
	return room, l.hand(ctx, came)
}

// news notes that the peer has these entries and returns those that aren't here, each once.
func (l *link) news(batch []*entry.Entry) []*entry.Entry {
	l.mu.Lock()
	for _, e := range batch {
		l.have.add(e.ID())
	}
	l.mu.Unlock()
	seen := make(map[entry.ID]bool, len(batch))
	fresh := batch[:0]
	for _, e := range batch {
		if id := e.ID(); !seen[id] && !l.x.local.Has(id) {
			seen[id] = true
			fresh = append(fresh, e)
		}
	}
	return fresh
}

// readDone notes that the peer has sent all that our list lacked.
func (l *link) readDone(ctx context.Context) error {
	// Once this is taken, all that came before it is stored.
	if err := l.hand(ctx, arrival{last: true}); err != nil {
		return err
	}
	l.turn.leave()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.take.done = true
	l.status.Got = l.status.ToGet // the peer may have passed over some that we got elsewhere
	return nil
}

func (l *link) hand(ctx context.Context, a arrival) error {
	select {
	case l.came <- a:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *link) readAck(n uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := &l.send
	if n < o.framesAck || n > o.framesOut {
		return broken("acknowledged %d messages of %d to %d", n, o.framesAck, o.framesOut)
	}
	for ; o.framesAck < n; o.framesAck++ {
		o.inFlight -= o.flight[0].bytes
		l.status.Sent += o.flight[0].listed
		o.flight = o.flight[1:]
	}
	l.wakeUp()
	return nil
}

func (l *link) readPong(nonce uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if nonce == l.pingNonce && !l.pingAt.IsZero() {
		l.status.RTT, l.pingAt = max(time.Since(l.pingAt), time.Nanosecond), time.Time{}
	}
}

// accept has what the reader took stored, one batch after the other.
func (l *link) accept(ctx context.Context) error {
	for {
		var a arrival
		select {
		case a = <-l.came:
		case <-ctx.Done():
			return ctx.Err()
		}
		if a.last {
			continue
		}
		if len(a.batch) > 0 {
			if err := l.x.store(ctx, a.batch, a.many); err != nil {
				return err
			}
		}
		l.mu.Lock()
		l.ackDue++
		if a.listed {
			l.status.Got = min(l.status.Got+a.all, l.status.ToGet)
		}
		l.mu.Unlock()
		l.report()
		l.wakeUp()
	}
}
