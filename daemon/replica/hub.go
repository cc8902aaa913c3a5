package replica

import (
	"context"
	"iter"
	"sync"
	"time"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/entry"
)

// Event is something that happened. What it says of entries is on the disk.
type Event struct {
	Seq     uint64    // rising, from 1 at each start
	At      time.Time // by this device's clock
	Type    string    // created, changed, position, forgotten, member, charter, void; or what Announce was given
	Doc     entry.DocID
	Kind    string
	Title   string
	By      charter.MemberID
	Entry   entry.ID
	Changes []crdt.FieldChange
	Why     string             // of a void entry: why
	Said    *charter.Statement // of a charter statement

	// Lagged says that the reader was too slow and that events before this one are missing.
	Lagged bool
}

// maxQueued bounds what a subscriber may leave unread.
const maxQueued = 4096

// hub tells subscribers what happens. A slow one loses the oldest and is told so; it never
// holds up the teller.
type hub[T any] struct {
	mu     sync.Mutex
	closed bool
	subs   map[*subscription[T]]struct{}
}

type subscription[T any] struct {
	queue  []T // guarded by hub.mu
	lagged bool
	wake   chan struct{} // has room for one
}

func newHub[T any]() *hub[T] { return &hub[T]{subs: map[*subscription[T]]struct{}{}} }

func (h *hub[T]) tell(items ...T) {
	if len(items) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subs {
		s.queue = append(s.queue, items...)
		if over := len(s.queue) - maxQueued; over > 0 {
			s.queue = append([]T(nil), s.queue[over:]...)
			s.lagged = true
		}
		s.poke()
	}
}

func (s *subscription[T]) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (h *hub[T]) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.subs {
		s.poke()
	}
}

// subscribe registers now and yields, in order, what is told from now on, in batches, until
// ctx ends or the hub closes. lagged says that something before the batch was lost.
func (h *hub[T]) subscribe(ctx context.Context) iter.Seq2[[]T, bool] {
	s := &subscription[T]{wake: make(chan struct{}, 1)}
	h.mu.Lock()
	h.subs[s] = struct{}{}
	h.mu.Unlock()
	context.AfterFunc(ctx, func() { // also where the caller never ranges
		h.mu.Lock()
		delete(h.subs, s)
		h.mu.Unlock()
	})
	return func(yield func([]T, bool) bool) {
		for {
			h.mu.Lock()
			queue, lagged, closed := s.queue, s.lagged, h.closed
			s.queue, s.lagged = nil, false
			h.mu.Unlock()
			if len(queue) > 0 {
				if !yield(queue, lagged) {
					return
				}
				continue
			}
			if closed {
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-s.wake:
			}
		}
	}
}

// Announce tells the watchers of something that is no entry, such as a peer that came.
func (r *Replica) Announce(events ...Event) {
	r.announcing.Lock() // so that numbers rise in the order of telling
	defer r.announcing.Unlock()
	for i := range events {
		r.announced++
		events[i].Seq = r.announced
	}
	r.events.tell(events...)
}

// Events yields what happens from this call on, until ctx ends or the replica closes. The
// subscription stands when Events returns.
func (r *Replica) Events(ctx context.Context) iter.Seq[Event] {
	batches := r.events.subscribe(ctx)
	return func(yield func(Event) bool) {
		for batch, lagged := range batches {
			for i, e := range batch {
				e.Lagged = lagged && i == 0
				if !yield(e) {
					return
				}
			}
		}
	}
}

// watchers are told the IDs of stored entries, one call at a time.
type watchers struct {
	mu   sync.Mutex
	next int
	fns  map[int]func([]entry.ID)
}

func (w *watchers) tell(ids ...entry.ID) {
	if len(ids) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, fn := range w.fns {
		fn(ids)
	}
}

// Watch calls stored with the IDs of entries once they are on the disk or held back, by whatever way they
// came, until stop is called. stored returns at once and neither keeps nor modifies the slice.
func (r *Replica) Watch(stored func([]entry.ID)) (stop func()) { return r.stored.watch(stored) }

// WatchWanted calls wanted with the IDs of entries that were held back and may come again, as Watch
// does.
func (r *Replica) WatchWanted(wanted func([]entry.ID)) (stop func()) { return r.unheld.watch(wanted) }

func (w *watchers) watch(fn func([]entry.ID)) (stop func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fns == nil {
		w.fns = map[int]func([]entry.ID){}
	}
	w.next++
	key := w.next
	w.fns[key] = fn
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.fns, key)
	}
}
