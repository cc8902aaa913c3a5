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
	// MaxUnsettledPerDevice is for each device of the charter that has a room of its own, and for those that share one, in bytes of entries.
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

// quota counts what isn't accepted, by whose room it takes.
type quota struct {
	mu          sync.Mutex
	most        room // for each bucket
	mostUnknown int  // for all that aren't known, in bytes
	mostHeld    int  // see maxHeld
	used        map[bucket]room
	parts       map[entry.Device]part // of the rooms that several share
	granted     map[bucket]int        // how often its person here has given as much again
	held        map[entry.ID]*heldEntry
	byDevice    map[entry.Device]map[entry.ID]*heldEntry
	byRoom      map[bucket]map[entry.ID]*heldEntry
	byKey       map[[32]byte]map[entry.ID]*heldEntry // see heldEntry.keys
	byRun       map[deviceRun]map[entry.ID]*heldEntry
	more        map[entry.Device]int // held back beyond maxHeld
	wanted      []entry.ID           // let go, and not told yet
}

func newQuota() *quota {
	return &quota{
		most: room{bytes: MaxUnsettledPerDevice, entries: MaxUnsettledEntries, ops: MaxUnsettledOps}, mostUnknown: MaxUnsettledUnknown, mostHeld: maxHeld,
		used: map[bucket]room{}, parts: map[entry.Device]part{}, granted: map[bucket]int{},
		held: map[entry.ID]*heldEntry{}, byDevice: map[entry.Device]map[entry.ID]*heldEntry{}, byRoom: map[bucket]map[entry.ID]*heldEntry{},
		byKey: map[[32]byte]map[entry.ID]*heldEntry{}, byRun: map[deviceRun]map[entry.ID]*heldEntry{},
		more: map[entry.Device]int{},
	}
}

// part is what a device takes of a room that it shares.
type part struct {
	of   bucket
	room room
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
	q := r.quota
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(by) == len(b) {
		b = bucket(by)
	} else {
		q.partLocked(device, b, n)
	}
	q.used[b] = q.used[b].plus(n)
	if bound := q.bound(b); n.entries < 0 && len(q.byRoom[b]) > 0 && q.used[b].within(bound.minus(bound.part(8))) {
		q.letGoLocked(q.byRoom[b]) // there is room again
	}
}

// partLocked notes that a device takes n more of a room. What it took of another one before goes along.
func (q *quota) partLocked(device entry.Device, b bucket, n room) {
	p, shares := q.parts[device]
	if shares && p.of != b {
		q.used[p.of], q.used[b] = q.used[p.of].minus(p.room), q.used[b].plus(p.room)
	}
	if p = (part{b, p.room.plus(n)}); b == device || p.room == (room{}) {
		delete(q.parts, device)
		return
	}
	q.parts[device] = p
}

func (r room) part(n int) room { return room{r.bytes / n, r.entries / n, r.ops / n} }

// knownNow moves what devices took of the room of unknown ones to where it belongs: the charter knows them now. What they name may be kept for that.
func (r *Replica) knownNow(old, grown Rules) {
	q := r.quota
	q.mu.Lock()
	defer q.mu.Unlock()
	for d, p := range q.parts {
		if p.of == (bucket{}) && grown.Knows(d) && !old.Knows(d) {
			q.partLocked(d, r.bucketUnder(grown, d), room{})
		}
	}
	if len(q.held) > 0 && r.opensKnown(old, grown) {
		for _, o := range r.open {
			for _, h := range o.entry.Heads {
				q.letGoForLocked(h)
			}
		}
	}
	for d, held := range q.byDevice {
		if grown.Knows(d) && !old.Knows(d) {
			q.letGoLocked(held)
		}
	}
}

// opensKnown says whether a statement that waits is of a device that the charter knows only now.
func (r *Replica) opensKnown(old, grown Rules) bool {
	for _, o := range r.open {
		if d := o.entry.Device; grown.Knows(d) && !old.Knows(d) {
			return true
		}
	}
	return false
}

// readQuota counts again what is stored and not accepted.
func (r *Replica) readQuota() error {
	q := r.quota
	q.mu.Lock()
	q.used, q.parts = map[bucket]room{}, map[entry.Device]part{}
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
