package replica

import (
	"errors"
	"sync"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/store"
)

// Bounds on what waits or is void, so that a hostile device can't fill the disks and the memory of the
// others. An honest device stays far below: its entries wait only while a catch-up is under way.
const (
	// MaxUnsettledPerDevice is for each device of the charter, in bytes of entries.
	MaxUnsettledPerDevice = 64 << 20
	// MaxUnsettledUnknown is for all devices together that the charter doesn't know (yet).
	MaxUnsettledUnknown = 8 << 20
	// MaxUnsettledEntries and MaxUnsettledOps are for either, in entries and in operations of
	// changes: all of a document's are read with it.
	MaxUnsettledEntries = 10_000
	MaxUnsettledOps     = 250_000
)

// room is what entries take that aren't accepted, or may take.
type room struct{ bytes, entries, ops int }

func roomOf(e *entry.Entry, c *change.Change) room {
	r := room{bytes: len(e.Encoded()), entries: 1}
	if c != nil {
		r.ops = len(c.Ops)
	}
	return r
}

func (r room) plus(o room) room { return room{r.bytes + o.bytes, r.entries + o.entries, r.ops + o.ops} }
func (r room) minus(o room) room {
	return room{r.bytes - o.bytes, r.entries - o.entries, r.ops - o.ops}
}

func (r room) times(n int) room { return room{r.bytes * n, r.entries * n, r.ops * n} }

// within says whether there is room left under a bound. What is there may pass it by one entry.
func (r room) within(bound room) bool {
	return r.bytes < bound.bytes && r.entries < bound.entries && r.ops < bound.ops
}

// bucket is whose share of the room an entry takes: a device's, or that of all whom the charter
// doesn't know, which is the zero device's.
type bucket = entry.Device

// quota counts what isn't accepted, by whose share of the room it takes.
type quota struct {
	mu          sync.Mutex
	most        room // for each device
	mostUnknown int  // for all that aren't known, in bytes
	used        map[bucket]room
	unknown     map[entry.Device]room // the parts of the zero bucket
	granted     map[entry.Device]int  // how often its person here has given a device as much again
	held        map[entry.ID]*heldEntry
	byDevice    map[entry.Device]map[entry.ID]*heldEntry
	byKey       map[[32]byte]map[entry.ID]*heldEntry // see heldEntry.keys
	byRun       map[deviceRun]map[entry.ID]*heldEntry
	more        map[entry.Device]int // held back beyond maxHeld
	wanted      []entry.ID           // let go, and not told yet
}

func newQuota() *quota {
	return &quota{
		most: room{MaxUnsettledPerDevice, MaxUnsettledEntries, MaxUnsettledOps}, mostUnknown: MaxUnsettledUnknown,
		used: map[bucket]room{}, unknown: map[entry.Device]room{}, granted: map[entry.Device]int{},
		held: map[entry.ID]*heldEntry{}, byDevice: map[entry.Device]map[entry.ID]*heldEntry{},
		byKey: map[[32]byte]map[entry.ID]*heldEntry{}, byRun: map[deviceRun]map[entry.ID]*heldEntry{},
		more: map[entry.Device]int{},
	}
}

// bucketOf returns whose share what a device wrote takes.
func (r *Replica) bucketOf(d entry.Device) bucket {
	if r.Rules().Knows(d) {
		return d
	}
	return bucket{}
}

func (q *quota) bound(b bucket) room {
	bound := q.most
	if b == (bucket{}) {
		bound.bytes = q.mostUnknown
	}
	return bound.times(1 + q.granted[b])
}

// has says whether a bucket has room left beside what is about to take some. Of one's own device all
// is kept.
func (r *Replica) hasRoom(b bucket, beside room) bool {
	if b == r.device {
		return true
	}
	r.quota.mu.Lock()
	defer r.quota.mu.Unlock()
	return r.quota.used[b].plus(beside).within(r.quota.bound(b))
}

// charge gives an entry that isn't accepted its room: of whom by names or, if that is nobody, of its
// own device's bucket.
func (r *Replica) charge(e *entry.Entry, c *change.Change, by []byte) {
	r.move(e.Device, by, roomOf(e, c))
}

// release gives the room of an entry back that is accepted at last.
func (r *Replica) release(e *entry.Entry, c *change.Change, by []byte) {
	r.move(e.Device, by, room{}.minus(roomOf(e, c)))
}

func (r *Replica) move(device entry.Device, by []byte, n room) {
	b := r.bucketOf(device)
	if len(by) == len(b) {
		b = bucket(by)
	}
	q := r.quota
	q.mu.Lock()
	defer q.mu.Unlock()
	q.used[b] = q.used[b].plus(n)
	if b == (bucket{}) {
		q.unknown[device] = q.unknown[device].plus(n)
	}
	if bound := q.bound(b); n.entries < 0 && len(q.byDevice[b]) > 0 && q.used[b].within(bound.minus(bound.part(8))) {
		q.letGoLocked(q.byDevice[b]) // there is room again
	}
}

func (r room) part(n int) room { return room{r.bytes / n, r.entries / n, r.ops / n} }

// knownNow moves what devices took of the room of unknown ones to their own: the charter knows them now.
func (r *Replica) knownNow(old, grown Rules) {
	q := r.quota
	q.mu.Lock()
	defer q.mu.Unlock()
	for d, n := range q.unknown {
		if grown.Knows(d) && !old.Knows(d) {
			q.used[bucket{}] = q.used[bucket{}].minus(n)
			q.used[d] = q.used[d].plus(n)
			delete(q.unknown, d)
		}
	}
	for d, held := range q.byDevice {
		if grown.Knows(d) && !old.Knows(d) {
			q.letGoLocked(held)
		}
	}
}

// readQuota counts again what is stored and not accepted.
func (r *Replica) readQuota() error {
	q := r.quota
	q.mu.Lock()
	q.used, q.unknown = map[bucket]room{}, map[entry.Device]room{}
	q.mu.Unlock()
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
		e, err := entry.Decode(b)
		if err != nil {
			return true
		}
		var c *change.Change
		if e.Kind == entry.Change {
			c, _ = change.Parse(e.Payload)
		}
		r.charge(e, c, rec.Charged)
		return true
	})
	return errors.Join(err, found)
}

// putState replaces the state of a stored entry in the batch; changed is false if it has it.
func (r *Replica) putState(b *store.Batch, e *entry.Entry, state charter.State) (changed bool, err error) {
	id := e.ID()
	rec, err := r.store.Record(id)
	if err != nil {
		return false, err
	}
	was := charter.State(rec.State)
	if was == state {
		return false, nil
	}
	count(b, was, state)
	rec.State = uint8(state)
	if was == charter.Accepted || state == charter.Accepted {
		var c *change.Change
		if e.Kind == entry.Change {
			c, _ = change.Parse(e.Payload)
		}
		if state == charter.Accepted {
			r.release(e, c, rec.Charged)
			rec.Charged = nil
		} else {
			r.charge(e, c, nil)
		}
	}
	b.PutRecord(id, rec)
	return true, nil
}
