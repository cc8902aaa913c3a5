package exchange

import (
	"bufio"
	"io"
	"reflect"
	"sync"
	"time"

	"kith/crdt/entry"
)

// link is one connection. Three goroutines serve it: one reads, one has stored what was read, one
// writes. The reader never waits for the writer, so two links that both have much to send can't
// block each other; it waits for the storing one, which is what slows a peer down.
type link struct {
	x    *Exchange
	with Peer
	in   frameReader // the reader's
	out  frameWriter // the writer's, and after it has ended, Run's
	turn *turn
	wake chan struct{} // for the writer: there may be something to do
	came chan arrival  // from the reader to the storing goroutine

	// the reader's
	greeted  bool
	arriving int        // entries that the peer's Begin announced
	wanted   []entry.ID // out of what it lacks, while it says which
	listed   int        // IDs of the list that is arriving
	gained   int        // entries of the peer's pass that were new here
	bare     []entry.ID // what it announced and doesn't give, ascending
	budget   budget

	compare comparison // the reader's and the writer's

	// the writer's
	retry *time.Timer // wakes it when something it put off is due
	due   time.Time   // when that is; zero: nothing was put off

	tellMu sync.Mutex // held while the status is told
	tell   func(Status)
	told   Status
	soon   sync.WaitGroup // reports that nobody waits for

	mu        sync.Mutex
	have      have
	queue     []entry.ID // stored since the start, to be pushed
	held      [2][]held  // the same, a little later: where we are the first of the two to pass it on, and where the peer is
	queueGen  int        // counts how often the queue was dropped
	send      outgoing
	take      incoming
	ackDue    uint64 // frames of entries stored here
	acked     uint64 // of these, what the peer was told
	pong      []byte // to be sent back
	pingDue   bool
	pingAt    time.Time
	pingNonce uint64
	status    Status // but for InStep and Slowed
	wasting   bool   // read slowly, for what is here already
	idling    bool   // and for what stands for nothing
	inStep    bool   // as last told
}

// outgoing is what the peer lacks.
type outgoing struct {
	again     bool // compare once more: the queue ran over, or we got a great many
	comparing bool // what it lacks isn't known yet
	started   time.Time
	asking    bool // it will say which of these it wants, when it is its turn
	backlog   []entry.ID
	rest      []entry.ID // what comes behind the backlog
	ordering  bool       // it is being put in order
	pass      int        // counts backlogs
	bare      []entry.ID // out of it, what isn't given
	beginDue  bool
	batch     int  // where the next one of the backlog is cut, in bytes
	sending   bool // between Begin and Done
	flight    []sent
	inFlight  int    // bytes of these
	framesOut uint64 // frames of entries written
	framesAck uint64 // of these, acknowledged
}

// held is an entry that is to be pushed if the peer doesn't have it by then.
type held struct {
	id  entry.ID
	due time.Time
}

// sent is a frame of entries without acknowledgement.
type sent struct{ bytes, listed int }

// incoming is what we lack.
type incoming struct {
	list    bool       // our list is to be written, so that the peer sees what we lack
	ask     bool       // or what we lack is known, and to be asked for
	lack    []entry.ID // that
	inLine  bool       // waiting for our turn with either
	come    bool       // it is our turn
	anew    bool       // but others have brought so much that we rather compare once more
	writing []entry.ID // what isn't written yet
	started bool       // part of it was

	named []entry.ID // what the peer named, ascending, and is to give; nil: our list went out
	owed  int        // then, how many entries it has at least that we lack
	short int        // how often in a row it gave less than it named

	due   bool // the peer is to send what we lack
	begun bool // and has begun
	done  bool // nothing of what we lacked at the last comparison is still to come or to be stored
}

// arrival is what the reader hands to the storing goroutine, in the order in which it came.
type arrival struct {
	batch  []*entry.Entry // new and verified
	all    int            // entries in the frame, known ones included
	listed bool           // they belong to the peer's comparison
	many   bool           // and there are a great many of those
	stored chan struct{}  // else nil: this is nothing, and closed once all before it is stored
}

func newLink(x *Exchange, rw io.ReadWriter, with Peer, fail func(error), report func(Status)) *link {
	l := &link{x: x, with: with, wake: make(chan struct{}, 1), came: make(chan arrival), tell: report, pingDue: true}
	l.compare.set, l.compare.random = &x.set, x.random
	l.compare.pace = func(ids int) time.Duration { return x.paces.key(&l.with, ids, time.Now()) }
	l.have.most = x.bounds.have
	l.send.comparing, l.send.again = true, true // the first thing to be done
	l.turn = &turn{all: &x.turns, come: func() {
		l.mu.Lock()
		l.take.come = true
		l.mu.Unlock()
		l.wakeUp()
	}}
	l.in = frameReader{in: bufio.NewReaderSize(rw, 32<<10), fail: fail, count: l.counter(&l.status.Received, &l.status.Receiving)}
	l.out = frameWriter{out: bufio.NewWriterSize(rw, 32<<10), fail: fail, count: l.counter(&l.status.Written, &l.status.Writing)}
	return l
}

func (l *link) counter(total *int64, rate *Rate) func(int) {
	return func(n int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		*total += int64(n)
		rate.add(n, time.Now())
	}
}

func (l *link) wakeUp() {
	select {
	case l.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// stored hears of all new entries, and of those among them that are worth pushing: at once, or when
// they are due, which is later where the peer passes it on first.
func (l *link) stored(all, own, passed []entry.ID, due [2]time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(own)+len(passed) < len(all) && !l.knowsLocked(all) {
		l.send.again = true
	}
	for _, id := range own {
		if !l.have.has(id) {
			l.roomLocked()
			l.queue = append(l.queue, id)
		}
	}
	for _, id := range passed {
		if !l.have.has(id) {
			l.roomLocked()
			turn := l.with.turn(id)
			waits, due := &l.held[turn], due[turn]
			if n := len(*waits); n > 0 && due.Before((*waits)[n-1].due) {
				due = (*waits)[n-1].due // in the order in which they came
			}
			*waits = append(*waits, held{id, due})
		}
	}
	l.wakeUp()
	if l.inStep && !l.inStepLocked() {
		// Not left to the writer, which a peer that reads nothing keeps waiting: until then
		// we would say that it has all.
		l.soon.Go(l.report)
	}
}

// roomLocked drops what waits to be pushed if it is too much.
func (l *link) roomLocked() {
	if len(l.queue)+l.waitLocked() >= l.x.bounds.queue {
		l.queue, l.held, l.send.again = nil, [2][]held{}, true
		l.queueGen++
	}
}

// waitLocked is how many entries wait to be pushed.
func (l *link) waitLocked() int { return len(l.held[0]) + len(l.held[1]) }

// dueLocked puts what is due into the queue, unless the peer has it by now, and returns how long it
// is until the next is; 0: there is none.
func (l *link) dueLocked(now time.Time) (next time.Duration) {
	for turn := range l.held {
		waits := &l.held[turn]
		for len(*waits) > 0 {
			first := (*waits)[0]
			known := l.have.has(first.id)
			if !known && first.due.After(now) {
				if d := first.due.Sub(now); next == 0 || d < next {
					next = d
				}
				break
			}
			if !known {
				l.queue = append(l.queue, first.id)
			}
			*waits = (*waits)[1:]
		}
		if len(*waits) == 0 {
			*waits = nil
		}
	}
	return next
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
	now.InStep, now.Slowed = l.inStepLocked(), l.wasting || l.idling
	l.inStep = now.InStep
	l.mu.Unlock()
	if reflect.DeepEqual(now, l.told) {
		return
	}
	l.told = now
	l.tell(now)
}

func (l *link) inStepLocked() bool {
	return !l.send.again && !l.busyLocked() && len(l.queue) == 0 && l.waitLocked() == 0 && len(l.send.flight) == 0 && l.take.done
}

// busyLocked says whether what the last comparison led to is still under way, on either side.
func (l *link) busyLocked() bool {
	return l.send.comparing || l.passingLocked()
}

func (l *link) passingLocked() bool {
	o, in := &l.send, &l.take
	return o.asking || o.beginDue || o.sending || in.list || in.ask || in.due
}
