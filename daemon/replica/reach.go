package replica

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/store"
)

// MaxUnconfirmed bounds how many changes Unconfirmed counts.
const MaxUnconfirmed = 1000

// reach knows the changes of all runs by their number, to tell what an acknowledgement covers. It is
// made when somebody asks first, and kept: 16 bytes a change.
type reach struct {
	mu      sync.Mutex
	upTo    uint64 // arrival
	runs    map[deviceRun]*runChanges
	numbers map[acknowledged]uint64 // of what acknowledgements name; 0 for what isn't here
}

// acknowledged is an entry that an acknowledgement names as the last of a run.
type acknowledged struct {
	of   deviceRun
	last entry.ID
}

// runChanges is what a run holds, by ascending number.
type runChanges struct {
	changes []numbered
	forked  bool // two entries have one number: an acknowledgement of one says nothing of the other
}

type numbered struct{ number, arrival uint64 }

func (w *runChanges) add(n numbered) {
	at, taken := slices.BinarySearchFunc(w.changes, n, func(a, b numbered) int { return cmp.Compare(a.number, b.number) })
	if taken {
		w.forked = w.forked || w.changes[at].arrival != n.arrival
		return
	}
	w.changes = slices.Insert(w.changes, at, n) // mostly at the end
}

// learnLocked brings r.reach up to what is stored.
func (r *Replica) learnLocked() error {
	x := &r.reach
	learn := func(arrival uint64, e *entry.Entry) {
		x.upTo = max(x.upTo, arrival)
		if e.Kind != entry.Change {
			return
		}
		of := deviceRun{e.Device, e.Run}
		if x.runs[of] == nil {
			x.runs[of] = &runChanges{}
		}
		x.runs[of].add(numbered{e.Number, arrival})
	}
	broken := error(nil)
	read := func(arrival uint64, encoded []byte) bool {
		e, err := entry.Decode(encoded)
		if err != nil {
			broken = fmt.Errorf("%w: an entry that arrived as number %d: %v", store.ErrCorrupt, arrival, err)
			return false
		}
		learn(arrival, e)
		return true
	}
	if x.runs == nil {
		x.runs, x.numbers = map[deviceRun]*runChanges{}, map[acknowledged]uint64{}
		err := r.store.All(func(arrival uint64, encoded []byte) bool { return read(arrival, slices.Clone(encoded)) })
		return cmp.Or(broken, err)
	}
	err := r.store.Since(x.upTo, func(arrival uint64, id entry.ID) bool {
		b, _, err := r.store.Entry(id)
		if err != nil {
			broken = err
			return false
		}
		return read(arrival, b)
	})
	return cmp.Or(broken, err)
}

// forget lets all of it be learned anew.
func (x *reach) forget() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.runs, x.numbers, x.upTo = nil, nil, 0
}

// numberLocked is numberIn, and remembers.
func (r *Replica) numberLocked(of deviceRun, id entry.ID) uint64 {
	n := r.reach.numbers[acknowledged{of, id}]
	if n == 0 {
		n = r.numberIn(of, id)
		r.reach.numbers[acknowledged{of, id}] = n
	}
	return n
}

// numberIn returns the number that an acknowledged entry has in its run; 0 if it isn't here, or is of
// another run, which an acknowledgement can name as well as any.
func (r *Replica) numberIn(of deviceRun, id entry.ID) uint64 {
	b, _, err := r.store.Entry(id)
	if err != nil {
		return 0
	}
	e, err := entry.Decode(b)
	if err != nil || e.Device != of.device || e.Run != of.run {
		return 0
	}
	return e.Number
}

// reachedBy returns the number up to which a device has acknowledged a run, 0 if that isn't known here,
// and whether it has acknowledged any of it. number is numberIn or numberLocked.
func reachedBy(c Rules, of deviceRun, device entry.Device, number func(deviceRun, entry.ID) uint64) (upTo uint64, ever bool) {
	for _, s := range c.SeenOf(of.device, of.run) {
		if s.Device == device {
			upTo, ever = max(upTo, number(of, s.Last)), true
		}
	}
	return upTo, ever
}

// ConfirmedBy returns the members of whom a device has acknowledged a change, in no particular
// order: its run, up to it or further.
func (r *Replica) ConfirmedBy(e *entry.Entry) ([]charter.MemberID, error) {
	r.reach.mu.Lock()
	defer r.reach.mu.Unlock()
	if err := r.learnLocked(); err != nil {
		return nil, err
	}
	of := deviceRun{e.Device, e.Run}
	if w := r.reach.runs[of]; w == nil || w.forked {
		return nil, nil
	}
	var who []charter.MemberID
	for _, s := range r.Rules().SeenOf(e.Device, e.Run) {
		if !slices.Contains(who, s.Member) && r.numberLocked(of, s.Last) >= e.Number {
			who = append(who, s.Member)
		}
	}
	return who, nil
}

// Unconfirmed is what a device hasn't acknowledged of what counts here.
type Unconfirmed struct {
	Changes int       // at most MaxUnconfirmed
	Since   time.Time // when the oldest of them was made, by its author's clock; zero if there is none
	Never   bool      // it has acknowledged nothing yet
}

// Unconfirmed returns what a device hasn't acknowledged, of what others wrote.
func (r *Replica) Unconfirmed(device entry.Device) (Unconfirmed, error) {
	r.reach.mu.Lock()
	defer r.reach.mu.Unlock()
	if err := r.learnLocked(); err != nil {
		return Unconfirmed{}, err
	}
	c := r.Rules()
	out := Unconfirmed{Never: true}
	var missing []uint64
	for of, w := range r.reach.runs {
		reached, ever := reachedBy(c, of, device, r.numberLocked)
		out.Never = out.Never && !ever
		if of.device == device {
			continue
		}
		for _, n := range slices.Backward(w.changes) {
			if n.number <= reached && !w.forked {
				break
			}
			missing = append(missing, n.arrival)
		}
	}
	slices.Sort(missing)
	for _, arrival := range missing {
		made, counts, err := r.madeAt(arrival)
		if err != nil {
			return Unconfirmed{}, err
		}
		if !counts {
			continue
		}
		if out.Changes++; out.Since.IsZero() || made.Before(out.Since) {
			out.Since = made
		}
		if out.Changes == MaxUnconfirmed {
			break
		}
	}
	return out, nil
}

// madeAt says when a change was made that arrived under a number, and whether it is accepted.
func (r *Replica) madeAt(arrival uint64) (made time.Time, counts bool, err error) {
	err = r.store.Since(arrival-1, func(_ uint64, id entry.ID) bool {
		b, rec, err := r.store.Entry(id)
		if err != nil || charter.State(rec.State) != charter.Accepted {
			return false
		}
		if e, err := entry.Decode(b); err == nil {
			if c, err := change.Parse(e.Payload); err == nil {
				made, counts = crdt.Time(c.Time).Time(), true
			}
		}
		return false
	})
	return made, counts, err
}
