package exchange

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"reflect"
	"sync"
	"time"

	"kith/crdt/entry"
)

// link is one connection. Three goroutines serve it: one reads, one stores what was read, one
// writes. The reader never waits for the writer, so two links that both have much to send can't
// block each other; it waits for the storing one, which is what slows a peer down.
type link struct {
	x    *Exchange
	in   frameReader // the reader's
	out  frameWriter // the writer's, and after it has ended, Run's
	turn *turn
	wake chan struct{} // for the writer: there may be something to do
	came chan arrival  // from the reader to the storing goroutine

	// the reader's
	greeted   bool
	comparing *comparison // while the peer's list arrives
	arriving  int         // entries that the peer's Begin announced

	// the writer's
	retry *time.Timer // wakes it when something it put off is due
	due   time.Time   // when that is; zero: nothing was put off

	tellMu sync.Mutex // held while the status is told
	tell   func(Status)
	told   Status

	mu        sync.Mutex
	have      have
	queue     []entry.ID // stored since the start, to be pushed
	queueGen  int        // counts how often the queue was dropped
	send      outgoing
	take      incoming
	ackDue    uint64 // frames of entries stored here
	acked     uint64 // of these, what the peer was told
	pong      []byte // to be sent back
	pingDue   bool
	pingAt    time.Time
	pingNonce uint64
	status    Status // but for InStep
}

// outgoing is what the peer lacks: asked for with our digest, answered by its list, then sent.
type outgoing struct {
	again     bool // compare once more: the queue ran over, or we got a great many
	asking    bool // the list was asked for and isn't here yet
	backlog   []entry.ID
	beginDue  bool
	sending   bool // between Begin and Done
	once      bool // a comparison has been completed
	askedAt   time.Time
	flight    []sent
	inFlight  int    // bytes of these
	framesOut uint64 // frames of entries written
	framesAck uint64 // of these, acknowledged
}

// sent is a frame of entries without acknowledgement.
type sent struct{ bytes, listed int }

// incoming is what we lack: the peer asks, we answer with our list.
type incoming struct {
	asked   bool // there is a question to answer
	digest  [32]byte
	inLine  bool // waiting for our turn
	come    bool // it is our turn
	listing []entry.ID
	started bool      // part of the list was written
	ended   time.Time // when the last list was
	done    bool      // the peer has sent all that the last list lacked, and it is stored
}

// arrival is what the reader hands to the storing goroutine, in the order in which it came.
type arrival struct {
	batch  []*entry.Entry // new and verified
	all    int            // entries in the frame, known ones included
	listed bool           // they belong to the peer's comparison
	many   bool           // and there are a great many of those
	last   bool           // nothing: only to know that all before it is stored
}

func newLink(x *Exchange, rw io.ReadWriter, fail func(error), report func(Status)) *link {
	l := &link{x: x, wake: make(chan struct{}, 1), came: make(chan arrival), tell: report, pingDue: true}
	l.send.asking = true // the question is the first thing that goes out
	l.turn = &turn{all: &x.turns, come: func() {
		l.mu.Lock()
		l.take.come = true
		l.mu.Unlock()
		l.wakeUp()
	}}
	l.in = frameReader{in: bufio.NewReaderSize(rw, 32<<10), fail: fail, count: l.counter(&l.status.Received)}
	l.out = frameWriter{out: bufio.NewWriterSize(rw, 32<<10), fail: fail, count: l.counter(&l.status.Written)}
	return l
}

func (l *link) counter(total *int64) func(int) {
	return func(n int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		*total += int64(n)
	}
}

func (l *link) wakeUp() {
	select {
	case l.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// stored hears of all new entries, and of those among them that are worth pushing.
func (l *link) stored(all, push []entry.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(push) < len(all) && !l.knowsLocked(all) {
		l.send.again = true
	}
	for _, id := range push {
		if l.have.has(id) {
			continue
		}
		if len(l.queue) >= maxQueue {
			l.queue, l.send.again = nil, true
			l.queueGen++
		}
		l.queue = append(l.queue, id)
	}
	l.wakeUp()
}

func (l *link) knowsLocked(ids []entry.ID) bool {
	for _, id := range ids {
		if !l.have.has(id) {
			return false
		}
	}
	return true
}

// report tells the status if it changed.
func (l *link) report() {
	if l.tell == nil {
		return
	}
	l.tellMu.Lock()
	defer l.tellMu.Unlock()
	l.mu.Lock()
	now := l.status
	now.InStep = l.inStepLocked()
	l.mu.Unlock()
	if reflect.DeepEqual(now, l.told) {
		return
	}
	l.told = now
	l.tell(now)
}

func (l *link) inStepLocked() bool {
	o := &l.send
	return o.once && !o.again && !o.asking && !o.sending && !o.beginDue &&
		len(l.queue) == 0 && len(o.flight) == 0 && l.take.done && !l.take.asked
}

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
