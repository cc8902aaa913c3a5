package replica

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"math"
	"sync"
	"time"

	"kith/crdt/entry"
	"kith/daemon/store"
)

// Bounds on what each device writes in a day, or those that share a room (see whose), whatever becomes of it. What nobody uses adds up, so that somebody who was
// away, or a computer that was off, brings all of it at once; a device whose word has ended gets no more.
const (
	DayEntries    = 20_000
	DayStatements = 1_000 // of these, statements of the charter: each is kept in memory
	DayBytes      = 16 << 20
	// MaxDays is how many days' worth adds up. It is what a device begins with that this replica knew when it began, or
	// within newFor of that: all of its work comes then.
	MaxDays = 30
)

// newFor is for how long a replica takes devices that it hears of for old ones.
const newFor = 7 * 24 * time.Hour

const (
	dayPrefix   = "day/"  // with a bucket: an allowance
	begunRecord = "begun" // when the replica began, in milliseconds since 1970
)

// allowance is how much more may be written: of what DayEntries, DayStatements and DayBytes count, in that order.
type allowance struct {
	left [3]float64
	at   time.Time // when that was
}

var aDay = [3]float64{DayEntries, DayStatements, DayBytes}

// days knows what those may write that have written anything.
type days struct {
	mu    sync.Mutex
	worth [3]float64 // of a day
	of    map[bucket]*allowance
	named map[bucket]bool // of these, where something was named since they were stored, see mayName
	new   time.Time       // until when devices are taken for old ones
}

// spent is what an entry takes of an allowance.
func spent(e *entry.Entry) [3]float64 {
	s := [3]float64{1, 0, float64(len(e.Encoded()))}
	if e.Kind == entry.Statement {
		s[1] = 1
	}
	return s
}

// spend takes an entry's part of what its device may write, if anything is left. One's own device isn't bounded.
func (r *Replica) spend(e *entry.Entry) bool {
	return e.Device == r.device || r.spendOf(r.bucketOf(e.Device), e)
}

func (r *Replica) spendOf(b bucket, e *entry.Entry) bool {
	d := &r.days
	d.mu.Lock()
	defer d.mu.Unlock()
	a := r.allowanceLocked(b)
	for i, n := range spent(e) {
		if n > 0 && a.left[i] < 1 {
			return false
		}
	}
	for i, n := range spent(e) {
		a.left[i] -= n
	}
	if of, _ := r.whose.sharing(b); of.names {
		if d.named == nil {
			d.named = map[bucket]bool{}
		}
		d.named[b] = true
	}
	return true
}

// isLedTo says whether an entry in a room is kept of which its device has written too much: a frontier leads to it, and without it nobody could say what
// is under that. It comes in however much a thief has written since; but anybody names in a frontier of their own what they like, so
// no more than a day's worth comes in that way, in all.
func (r *Replica) isLedTo(e *entry.Entry, own bucket) bool {
	return r.wanted.has(e.ID()) && r.spendOf(ledRoom(own), e)
}

// ledRoom is where what frontiers lead to in a room takes its part; it doesn't grow.
func ledRoom(of bucket) bucket {
	return sha256.Sum256(append([]byte("kith/room/led/1\x00"), of[:]...))
}

// giveBack undoes a spend.
func (r *Replica) giveBack(e *entry.Entry) { r.giveBackTo(r.bucketOf(e.Device), e) }

func (r *Replica) giveBackTo(b bucket, e *entry.Entry) {
	d := &r.days
	d.mu.Lock()
	defer d.mu.Unlock()
	if a := d.of[b]; a != nil {
		for i, n := range spent(e) {
			a.left[i] += n
		}
	}
}

// allowanceLocked is what may be written as of now. The caller holds days.mu.
func (r *Replica) allowanceLocked(b bucket) *allowance {
	d, now := &r.days, r.now()
	a := d.of[b]
	if a == nil {
		a = &allowance{at: now}
		worth := 1.0
		if of, _ := r.whose.sharing(b); of.names || now.Before(d.new) {
			worth = MaxDays
		}
		for i := range a.left {
			a.left[i] = worth * d.worth[i]
		}
		if d.of == nil {
			d.of = map[bucket]*allowance{}
		}
		d.of[b] = a
		return a
	}
	passed := now.Sub(a.at).Hours() / 24
	a.at = now
	if passed < 0 || !r.growing(b) {
		return a
	}
	for i := range a.left {
		a.left[i] = max(a.left[i], min(a.left[i]+passed*d.worth[i], MaxDays*d.worth[i]))
	}
	return a
}

// putDays adds to a batch what may still be written.
func (r *Replica) putDays(b *store.Batch, rooms map[bucket]bool) {
	r.days.mu.Lock()
	defer r.days.mu.Unlock()
	for of := range rooms {
		a := r.days.of[of]
		if a == nil {
			continue
		}
		v := append([]byte{}, of[:]...)
		v = binary.BigEndian.AppendUint64(v, uint64(a.at.UnixMilli()))
		for _, n := range a.left {
			v = binary.BigEndian.AppendUint64(v, math.Float64bits(n))
		}
		b.PutSmall(dayPrefix+of.String(), v)
	}
}

// putSpent is putDays of those who wrote some entries.
func (r *Replica) putSpent(b *store.Batch, all []*entry.Entry) {
	rooms := map[bucket]bool{}
	for _, e := range all {
		of := r.bucketOf(e.Device)
		rooms[of], rooms[ledRoom(of)] = true, true
	}
	r.days.mu.Lock()
	maps.Copy(rooms, r.days.named)
	clear(r.days.named)
	r.days.mu.Unlock()
	r.putDays(b, rooms)
}

// readDays reads what may still be written, and so which devices have a room of their own.
func (r *Replica) readDays() error {
	d := &r.days
	if b, err := r.store.Small(begunRecord); err == nil && len(b) == 8 {
		d.new = time.UnixMilli(int64(binary.BigEndian.Uint64(b))).Add(newFor)
	}
	d.worth, d.of = aDay, map[bucket]*allowance{}
	return r.store.Smalls(dayPrefix, func(_ string, v []byte) {
		var of bucket
		if len(v) != len(of)+32 {
			return
		}
		v = v[copy(of[:], v):]
		a := &allowance{at: time.UnixMilli(int64(binary.BigEndian.Uint64(v)))}
		for i := range a.left {
			a.left[i] = math.Float64frombits(binary.BigEndian.Uint64(v[8+8*i:]))
		}
		d.of[of] = a
		r.whose.have(of)
	})
}

// putBegun notes when a replica begins.
func putBegun(b *store.Batch, now time.Time) {
	b.PutSmall(begunRecord, binary.BigEndian.AppendUint64(nil, uint64(now.UnixMilli())))
}

// allow gives a room as much as can add up. The caller stores it.
func (r *Replica) allow(b bucket) {
	r.days.mu.Lock()
	defer r.days.mu.Unlock()
	a := r.allowanceLocked(b)
	for i := range a.left {
		a.left[i] = MaxDays * r.days.worth[i]
	}
}

// letGoDays lets go what was held back since its device wrote too much, as far as it may write more by now. It waits for a
// part of a day's worth, so that entries aren't asked for one by one.
func (r *Replica) letGoDays() {
	const part = 24
	q := r.quota
	q.mu.Lock()
	defer q.mu.Unlock()
	for of, held := range q.byRoom {
		r.days.mu.Lock()
		left := r.allowanceLocked(of).left
		r.days.mu.Unlock()
		some := map[entry.ID]*heldEntry{}
		for i := range left {
			if left[i] < r.days.worth[i]/part {
				left[i] = 0
			}
		}
		for id, h := range held {
			if h.why != HeldDay || left[0] < 1 || left[2] < 1 || h.says && left[1] < 1 {
				continue
			}
			left[0], left[2] = left[0]-1, left[2]-float64(h.size)
			if h.says {
				left[1]--
			}
			some[id] = h
		}
		q.letGoLocked(some)
	}
}
