package replica

import (
	"errors"
	"sync"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/store"
)

// Bounds on what waits or is void, so that a hostile device can't fill the disks of the others.
// An honest device stays far below: its entries wait only while a catch-up is under way.
const (
	// MaxUnsettledPerDevice is for each device of the charter, in bytes of entries.
	MaxUnsettledPerDevice = 64 << 20
	// MaxUnsettledUnknown is for all devices together that the charter doesn't know (yet).
	MaxUnsettledUnknown = 8 << 20
	// maxDropped bounds how many IDs are remembered of entries that were over a quota.
	maxDropped = 100_000
)

// quota counts the bytes that are not accepted, by device. What is over the bound is dropped
// and only its ID is remembered, so that peers don't send it for ever; a restart forgets the
// IDs, and then there may be room.
type quota struct {
	mu    sync.Mutex
	bytes map[entry.Device]int
	over  map[entry.ID]struct{}
}

func newQuota() *quota {
	return &quota{bytes: map[entry.Device]int{}, over: map[entry.ID]struct{}{}}
}

// bucket is whose quota an entry falls into; devices outside the charter share one.
func (r *Replica) bucket(d entry.Device) (entry.Device, int) {
	if r.Rules().Knows(d) {
		return d, MaxUnsettledPerDevice
	}
	return entry.Device{}, MaxUnsettledUnknown
}

// withinQuota leaves out the entries of devices that have used up theirs.
func (r *Replica) withinQuota(batch []*entry.Entry) []*entry.Entry {
	r.quota.mu.Lock()
	defer r.quota.mu.Unlock()
	kept := make([]*entry.Entry, 0, len(batch))
	for _, e := range batch {
		whose, limit := r.bucket(e.Device)
		if r.quota.bytes[whose] < limit {
			kept = append(kept, e)
			continue
		}
		if len(r.quota.over) < maxDropped {
			r.quota.over[e.ID()] = struct{}{}
		}
	}
	return kept
}

// readQuota counts again what is stored and not accepted.
func (r *Replica) readQuota() error {
	if c := r.store.Counts(); c.Pending+c.Void+c.Elsewhere == 0 {
		return nil
	}
	var found error
	err := r.store.Records(func(id entry.ID, rec store.Record) bool {
		if charter.State(rec.State) == charter.Accepted {
			return true
		}
		b, _, err := r.store.Entry(id)
		if err != nil {
			found = err
			return false
		}
		if e, err := entry.Decode(b); err == nil {
			r.account(e, charter.State(rec.State), true)
		}
		return true
	})
	return errors.Join(err, found)
}

func (q *quota) dropped(id entry.ID) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	_, ok := q.over[id]
	return ok
}

// droppedIDs returns the IDs that were over a quota.
func (q *quota) droppedIDs() []entry.ID {
	q.mu.Lock()
	defer q.mu.Unlock()
	ids := make([]entry.ID, 0, len(q.over))
	for id := range q.over {
		ids = append(ids, id)
	}
	return ids
}

// account adds a new entry that isn't accepted, and takes one off that is at last.
func (r *Replica) account(e *entry.Entry, state charter.State, fresh bool) {
	if fresh == (state == charter.Accepted) {
		return // new and accepted: never counted; waiting before and still not accepted: counted
	}
	whose, _ := r.bucket(e.Device)
	n := len(e.Encoded())
	if !fresh {
		n = -n
	}
	r.quota.mu.Lock()
	defer r.quota.mu.Unlock()
	r.quota.bytes[whose] = max(0, r.quota.bytes[whose]+n)
}
