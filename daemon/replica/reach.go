package replica

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/store"
)

// MaxUnconfirmed bounds how many changes Unconfirmed counts.
const MaxUnconfirmed = 1000

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
	e, _, err := entryIn(r.store, id)
	if err != nil || e.Device != of.device || e.Run != of.run {
		return 0
	}
	return e.Number
}

// reachedIn returns up to which number a device has acknowledged runs, as far as that is known here; whole says that all is here that it named.
func reachedIn(c Rules, device entry.Device, number func(deviceRun, entry.ID) uint64) (upTo map[deviceRun]uint64, whole bool) {
	upTo, whole = map[deviceRun]uint64{}, true
	for end := range c.SeenBy(device) {
		of := deviceRun{end.Device, end.Run}
		n := number(of, end.Last)
		upTo[of], whole = max(upTo[of], n), whole && n > 0
	}
	return upTo, whole
}

// reached is up to which number a device has acknowledged each run, by the runs' indices; runs that came later aren't in it.
type reached struct {
	said charter.Said
	upTo []uint32
}

// reachedLocked is reachedIn, and remembers it until the device says more: of each of fifty computers that is all that there ever was, and
// `kith status` asks for all of them. What isn't here can still come, so then it isn't remembered.
func (r *Replica) reachedLocked(c Rules, device entry.Device) reached {
	said := c.SaidBy(device)
	if known, ok := r.reach.reached[device]; ok && known.said == said {
		return known
	}
	by := reached{said, make([]uint32, len(r.reach.listed))}
	upTo, whole := reachedIn(c, device, r.numberLocked)
	for of, n := range upTo {
		if w := r.reach.runs[of]; w != nil {
			by.upTo[w.index] = uint32(min(n, math.MaxUint32))
		} else {
			whole = false
		}
	}
	if delete(r.reach.reached, device); whole {
		r.reach.reached[device] = by
	}
	return by
}

// ConfirmedBy returns the members of whom a device has acknowledged a change, in no particular
// order: its run, up to it or further.
func (r *Replica) ConfirmedBy(e *entry.Entry) ([]charter.MemberID, error) {
	if err := r.lockRuns(); err != nil {
		return nil, err
	}
	defer r.reach.mu.Unlock()
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

// Unconfirmed returns what each of some devices hasn't acknowledged, of what others wrote. What several of them haven't is read once:
// on most days nobody has acknowledged what was written since the morning.
func (r *Replica) Unconfirmed(ctx context.Context, devices ...entry.Device) ([]Unconfirmed, error) {
	all := make([]Unconfirmed, len(devices))
	read := map[uint64]madeThen{}
	for i, d := range devices {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var err error
		if all[i], err = r.unconfirmed(d, read); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// unconfirmed is Unconfirmed for one device; read is what was read of changes by their arrival, and takes what is read now.
func (r *Replica) unconfirmed(device entry.Device, read map[uint64]madeThen) (Unconfirmed, error) {
	if err := r.lockRuns(); err != nil {
		return Unconfirmed{}, err
	}
	defer r.reach.mu.Unlock()
	c := r.Rules()
	by := r.reachedLocked(c, device)
	out := Unconfirmed{Never: by.said.Count == 0}
	var runs []unreached
	far := behind{rules: c}
	for i, w := range r.reach.listed {
		var upTo uint64
		if i < len(by.upTo) {
			upTo = uint64(by.upTo[i])
		}
		if far.upTo += upTo; w.forked {
			far.forks++
		}
		if w.device != device && !w.within(upTo) {
			runs = append(runs, unreached{w, upTo})
		}
	}
	if b, ok := r.reach.many[device]; ok && b.rules == c && b.upTo == far.upTo && b.forks == far.forks {
		return b.said, nil
	}
	for after := uint64(0); out.Changes < MaxUnconfirmed; {
		missing := firstMissing(runs, after)
		if len(missing) == 0 {
			break
		}
		after = missing[len(missing)-1]
		for _, arrival := range missing {
			m, ok := read[arrival]
			if !ok {
				var err error
				if m, err = r.madeAt(arrival); err != nil {
					return Unconfirmed{}, err
				}
				read[arrival] = m
			}
			if !m.counts {
				continue
			}
			if out.Changes++; out.Since.IsZero() || m.at.Before(out.Since) {
				out.Since = m.at
			}
			if out.Changes == MaxUnconfirmed {
				break
			}
		}
	}
	if delete(r.reach.many, device); out.Changes == MaxUnconfirmed {
		far.said = out
		r.reach.many[device] = far
	}
	return out, nil
}

// behind is what was said of a device that hasn't acknowledged as much as is counted. The first ones by their arrival stay the first,
// whatever comes, until it acknowledges more of them or the charter says other of them: to read a thousand entries anew at each asking
// took a twentieth of a large catch-up.
type behind struct {
	rules Rules
	upTo  uint64 // the numbers that it had acknowledged, summed over all runs
	forks int    // how many runs had forked
	said  Unconfirmed
}

// unreached is a run of which a device has acknowledged what is up to a number.
type unreached struct {
	*runChanges
	reached uint64
}

// within says whether a run holds nothing beyond a number, as far as that can be known.
func (w *runChanges) within(number uint64) bool {
	return !w.forked && (len(w.changes) == 0 || uint64(w.changes[len(w.changes)-1].number) <= number)
}

// firstMissing returns when those arrived that a device hasn't acknowledged, after a number, in order: the first of them, at
// most 2 * MaxUnconfirmed. To somebody who is new that is all there is, of which nobody wants to know more.
func firstMissing(runs []unreached, after uint64) (first []uint64) {
	const most = 2 * MaxUnconfirmed
	last := uint64(math.MaxUint64) // nothing behind it is among the first
	for _, w := range runs {
		for _, n := range slices.Backward(w.changes) {
			arrival := uint64(n.arrival)
			if uint64(n.number) <= w.reached && !w.forked {
				break
			}
			if arrival <= after || arrival > last {
				continue
			}
			if first = append(first, arrival); len(first) == 2*most {
				slices.Sort(first)
				first = first[:most]
				last = first[most-1]
			}
		}
	}
	slices.Sort(first)
	return first[:min(len(first), most)]
}

// madeThen is when a change was made, by its author's clock, and whether it is accepted.
type madeThen struct {
	at     time.Time
	counts bool
}

// madeAt says it of the change that arrived under a number.
func (r *Replica) madeAt(arrival uint64) (madeThen, error) {
	id, err := r.store.At(arrival)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return madeThen{}, nil
	case err != nil:
		return madeThen{}, err
	}
	e, rec, err := entryIn(r.store, id)
	if err != nil || charter.State(rec.State) != charter.Accepted {
		return madeThen{}, nil
	}
	c, err := change.Parse(e.Payload)
	if err != nil {
		return madeThen{}, nil
	}
	return madeThen{crdt.Time(c.Time).Time(), true}, nil
}
