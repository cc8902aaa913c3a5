package exchange

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"
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
		waste := l.cost(t, body)
		switch t {
		case frameHello:
			err = l.readHello(body)
		case frameSet:
			err = l.readSet(body)
		case frameSymbols:
			err = l.went(l.compare.readSymbols(body))
		case frameKey:
			err = l.went(l.compare.readKey(body))
		case frameIDs:
			err = l.readIDs(body)
		case frameBegin:
			err = l.readBegin(body)
		case frameEntries:
			room, err = l.readEntries(ctx, body, room)
		case frameBare:
			err = l.readBare(body)
		case frameDone:
			err = l.readDone(ctx)
		case frameAck:
			var some bool
			if some, err = l.readAck(binary.BigEndian.Uint64(body)); some {
				waste = 0
			}
		case framePing:
			l.mu.Lock()
			l.pong = append([]byte(nil), body...)
			l.status.Clocked, l.status.Ahead = true, timeOf(binary.BigEndian.Uint64(body)).Sub(l.x.Clock()).Round(time.Minute)
			l.mu.Unlock()
			l.wakeUp()
		case framePong:
			l.readPong(binary.BigEndian.Uint64(body))
		case frameBye:
			err = &GoodbyeError{string(body)}
		}
		if err == nil {
			err = l.waste(ctx, waste)
		}
		if err != nil {
			return err
		}
		l.report()
	}
}

// cost is what a message takes off the budget, beside the entries in it. What moves something on
// is bounded by what it moves.
func (l *link) cost(t frameType, body []byte) int {
	switch t {
	case frameSet, frameSymbols, frameKey:
		return frameCost + len(body)
	case frameIDs:
		// A list is of the smaller set, or out of ours, so it isn't longer than ours.
		if l.listed += len(body) / 32; len(body) == 0 {
			l.listed = 0
		}
		if l.listed > l.compare.size()+l.x.bounds.many {
			return frameCost + len(body)
		}
		return frameCost
	case frameEntries:
		return 0 // see readEntries
	}
	return frameCost
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

func (l *link) readSet(body []byte) error {
	l.mu.Lock()
	mayOpen := !l.passingLocked()
	l.send.comparing = true
	l.mu.Unlock()
	defer l.wakeUp()
	return l.went(l.compare.readSet(body, mayOpen))
}

// went goes on from where a step of the comparison has led. Either goroutine may get there.
func (l *link) went(to outcome, err error) error {
	if err != nil {
		return err
	}
	defer l.wakeUp()
	switch to {
	case list:
		l.mu.Lock()
		l.take.list = true
		l.mu.Unlock()
	case found:
		missing, lack, _ := l.compare.result()
		l.foundBySymbols(missing, lack)
	case listed:
		missing, lack, more := l.compare.result()
		l.foundByList(missing, lack, more)
	}
	return nil
}

// foundBySymbols begins to send what the peer lacks, and to wait for what we do. Few are sent
// without being asked for.
func (l *link) foundBySymbols(missing, lack []entry.ID) {
	// A hostile peer makes symbols in which is what nobody has.
	few := len(missing) <= unasked
	defer l.x.paces.work(&l.with, time.Now())
	missing = slices.DeleteFunc(missing, func(id entry.ID) bool { return !l.x.local.Has(id) })
	if few {
		l.x.local.Order(missing)
	}
	slices.SortFunc(lack, entry.ID.Compare)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.send.comparing, l.send.asking = false, !few
	if few && len(missing) > 0 {
		l.sendLocked(missing)
	}
	l.take.due, l.take.done, l.take.named = len(lack) > 0, len(lack) == 0, lack
	if l.take.done {
		l.take.short, l.status.Withheld, l.status.Bare = 0, 0, 0
	}
	if len(lack) > unasked {
		l.take.ask, l.take.lack = true, lack
	}
	for _, id := range lack {
		l.have.add(id)
	}
	l.status.ToGet, l.status.Got = len(lack), 0
	l.status.ToSend, l.status.Sent = len(missing), 0
}

// foundByList begins to send what the peer's list lacks, and asks for what it has and we don't.
func (l *link) foundByList(missing, lack []entry.ID, more bool) {
	defer l.x.paces.work(&l.with, time.Now())
	first := len(missing)
	if first < l.x.bounds.many {
		l.x.local.Order(missing)
	} else {
		first = l.x.local.First(missing)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.send.comparing = false
	l.sendLocked(missing)
	if first < len(missing) {
		l.orderLocked(first)
	}
	if lack == nil {
		lack = []entry.ID{}
	}
	l.take.ask, l.take.lack, l.take.named, l.take.due = true, lack, lack, true
	l.send.again = l.send.again || more
	l.status.ToGet, l.status.Got = len(lack), 0
}

// sendLocked begins to send what the peer lacks. It may have had some of that, and held it back; if all that was
// sent is acknowledged, it isn't on its way either.
func (l *link) sendLocked(missing []entry.ID) {
	if len(l.send.flight) == 0 {
		for _, id := range missing {
			l.have.forget(id)
		}
	}
	l.send.asking, l.send.beginDue, l.send.backlog = false, true, missing
	l.send.rest, l.send.ordering = nil, false
	l.send.pass++
	l.status.ToSend, l.status.Sent = len(missing), 0
}

// orderLocked has what is behind the first of the backlog put in order while those are sent: of a million entries that takes seconds.
func (l *link) orderLocked(first int) {
	o := &l.send
	o.backlog, o.rest, o.ordering = o.backlog[:first], o.backlog[first:], true
	rest, pass := o.rest, o.pass
	l.soon.Go(func() {
		defer l.wakeUp()
		defer l.x.paces.work(&l.with, time.Now())
		l.x.local.Order(rest)
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.send.pass == pass {
			l.send.ordering = false
		}
	})
}

// readIDs takes a part of the peer's list, or of what it wants of ours.
func (l *link) readIDs(body []byte) error {
	l.mu.Lock()
	asking := l.send.asking
	l.mu.Unlock()
	if !asking {
		return l.went(l.compare.readList(body))
	}
	for b := body; len(b) > 0; b = b[32:] {
		if len(b) < 32 {
			return broken("a list of IDs that ends inside one")
		}
		id := entry.ID(b[:32])
		if n := len(l.wanted); n > 0 && id.Compare(l.wanted[n-1]) <= 0 {
			return broken("a list of IDs that isn't in order")
		}
		if !l.x.local.Has(id) {
			return broken("wants an entry that isn't here")
		}
		l.wanted = append(l.wanted, id)
	}
	if len(body) > 0 {
		return nil
	}
	missing := l.wanted
	l.wanted = nil
	defer l.x.paces.work(&l.with, time.Now())
	l.x.local.Order(missing)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sendLocked(missing)
	l.wakeUp()
	return nil
}

func (l *link) readBegin(body []byte) error {
	n := binary.BigEndian.Uint64(body)
	if n > MaxListed {
		return broken("%d entries announced, the limit is %d", n, MaxListed)
	}
	l.arriving, l.gained, l.bare = int(n), 0, nil
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.take.due || l.take.ask || l.take.begun {
		return broken("%q out of place", frameBegin)
	}
	l.take.begun = true
	l.status.ToGet, l.status.Got = int(n), 0
	return nil
}

func (l *link) readEntries(ctx context.Context, body, room []byte) ([]byte, error) {
	if body[0] > 1 {
		return room, broken("entries of an unknown sort (%d)", body[0])
	}
	began := time.Now()
	batch, room, err := l.x.unpack(body[1:], room)
	if err != nil {
		return room, err
	}
	listed := body[0] == 1
	l.mu.Lock()
	begun := l.take.begun
	l.mu.Unlock()
	if listed && !begun {
		return room, broken("entries that were not announced")
	}
	came := arrival{all: len(batch), listed: listed, many: listed && l.arriving >= l.x.bounds.many}
	waste := frameCost
	for _, e := range batch {
		waste += len(e.Encoded())
	}
	came.batch = l.news(batch)
	for _, e := range came.batch {
		waste -= len(e.Encoded())
	}
	if listed {
		l.brought(came.batch)
	}
	if err := l.x.verify(came.batch); err != nil {
		return room, err
	}
	l.x.paces.busy(&l.with, time.Since(began))
	if err := l.hand(ctx, came); err != nil {
		return room, err
	}
	return room, l.waste(ctx, waste)
}

// news notes that the peer has these entries and returns those that aren't here, each once.
func (l *link) news(batch []*entry.Entry) []*entry.Entry {
	l.mu.Lock()
	for _, e := range batch {
		l.have.add(e.ID())
	}
	l.mu.Unlock()
	return l.x.set.lacks(batch) // the store would be asked for each, which costs a fifteenth of taking it in
}

// brought counts what of the pass is new here, and keeps the turn by what was asked for.
func (l *link) brought(fresh []*entry.Entry) {
	l.gained += len(fresh)
	l.mu.Lock()
	named := l.take.named
	l.mu.Unlock()
	bytes := 0
	for _, e := range fresh {
		if _, asked := slices.BinarySearchFunc(named, e.ID(), entry.ID.Compare); asked || named == nil {
			bytes += len(e.Encoded())
		}
	}
	if bytes > 0 {
		l.turn.progress(bytes)
	}
}

// readBare takes some of what the peer announced and doesn't give.
func (l *link) readBare(body []byte) error {
	l.mu.Lock()
	begun := l.take.begun
	l.mu.Unlock()
	switch {
	case !begun:
		return broken("%q out of place", frameBare)
	case len(body)%32 != 0:
		return broken("a list of IDs that ends inside one")
	case len(l.bare)+len(body)/32 > l.arriving:
		return broken("more is left out than was announced")
	}
	for b := body; len(b) > 0; b = b[32:] {
		id := entry.ID(b[:32])
		if n := len(l.bare); n > 0 && id.Compare(l.bare[n-1]) <= 0 {
			return broken("a list of IDs that isn't in order")
		}
		l.bare = append(l.bare, id)
	}
	return nil
}

// withheld says how many entries the peer named, or owes by the size of its set, and neither gave nor
// said that it doesn't. All that came is stored.
func (l *link) withheld(named []entry.ID, owed int) (n int) {
	if named == nil {
		return max(0, max(owed, l.arriving)-l.gained-len(l.bare))
	}
	for _, id := range named {
		if _, bare := slices.BinarySearchFunc(l.bare, id, entry.ID.Compare); !bare && !l.x.local.Has(id) {
			n++
		}
	}
	return n
}

// readDone notes that the peer has sent all that we lacked, or says that it has.
func (l *link) readDone(ctx context.Context) error {
	l.mu.Lock()
	begun := l.take.begun
	l.mu.Unlock()
	if !begun {
		return broken("%q out of place", frameDone)
	}
	stored := make(chan struct{})
	if err := l.hand(ctx, arrival{stored: stored}); err != nil {
		return err
	}
	select {
	case <-stored:
	case <-ctx.Done():
		return ctx.Err()
	}
	l.turn.leave()
	l.mu.Lock()
	named, owed := l.take.named, l.take.owed
	l.mu.Unlock()
	short := l.withheld(named, owed)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.take.due, l.take.begun, l.take.done, l.take.named = false, false, short == 0, nil
	l.status.Withheld, l.status.Bare = 0, len(l.bare)
	l.bare = nil
	if short == 0 {
		l.take.short = 0
		l.status.Got = l.status.ToGet // the peer may have passed over some that we got elsewhere
		return nil
	}
	// Compared once more, later each time: what is short by the size of a set alone may have come another
	// way, and what was named may come from somebody else meanwhile.
	l.take.short++
	l.send.again = true
	if named != nil {
		l.status.Withheld = short
	}
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

// readAck says whether it acknowledges anything.
func (l *link) readAck(n uint64) (some bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := &l.send
	if n < o.framesAck || n > o.framesOut {
		return false, broken("acknowledged %d messages of %d to %d", n, o.framesAck, o.framesOut)
	}
	some = n > o.framesAck
	for ; o.framesAck < n; o.framesAck++ {
		o.inFlight -= o.flight[0].bytes
		l.status.Sent += o.flight[0].listed
		o.flight = o.flight[1:]
	}
	l.wakeUp()
	return some, nil
}

func (l *link) readPong(nonce uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if nonce == l.pingNonce && !l.pingAt.IsZero() {
		l.status.RTT, l.pingAt = max(time.Since(l.pingAt), time.Nanosecond), time.Time{}
	}
}

// atOnce is how many batches of a connection are stored at once: while the disk takes one, the next is judged.
const atOnce = 2

// accept has what the reader took stored, until ctx ends or fail was told why not.
func (l *link) accept(ctx context.Context, fail func(error)) {
	var storing sync.WaitGroup
	defer storing.Wait()
	free := make(chan struct{}, atOnce)
	for {
		var a arrival
		select {
		case a = <-l.came:
		case <-ctx.Done():
			return
		}
		if a.stored != nil {
			storing.Wait()
			close(a.stored)
			continue
		}
		free <- struct{}{} // those that are stored don't take long once ctx has ended
		storing.Go(func() {
			defer func() { <-free }()
			if err := l.accepted(ctx, a); err != nil {
				fail(err)
			}
		})
	}
}

// accepted has a batch stored, and waits if that costs its sender a pause.
func (l *link) accepted(ctx context.Context, a arrival) error {
	var wait time.Duration
	if len(a.batch) > 0 {
		began := time.Now()
		if err := l.x.store(ctx, a.batch, a.many); err != nil {
			return err
		}
		now := time.Now()
		wait = l.x.paces.stored(&l.with, len(a.batch), l.x.local.Idle(a.batch, l.with.Device), now.Sub(began), now)
	}
	l.mu.Lock()
	l.idling = wait > 0
	l.ackDue++
	l.status.EntriesIn += int64(len(a.batch))
	if a.listed {
		l.status.Got = min(l.status.Got+a.all, l.status.ToGet)
	}
	l.mu.Unlock()
	l.report()
	l.wakeUp()
	return sleep(ctx, wait)
}
