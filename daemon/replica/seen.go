package replica

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/store"
)

// seenRecord holds up to which arrival this device has acknowledged what it saw, and when, in
// milliseconds since 1970: two numbers of 8 bytes, big-endian.
const seenRecord = "seen"

// maxSeen bounds the runs in one acknowledgement; more go into further ones.
const maxSeen = 1000

// Acknowledged returns when this device last said what it has seen; zero if it never did.
func (r *Replica) Acknowledged() time.Time {
	_, at, err := r.seen()
	if err != nil || at == 0 {
		return time.Time{}
	}
	return time.UnixMilli(at)
}

func (r *Replica) seen() (arrival uint64, at int64, err error) {
	b, err := r.store.Small(seenRecord)
	if errors.Is(err, store.ErrNotFound) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, err
	}
	if len(b) != 16 {
		return 0, 0, fmt.Errorf("%w: what was acknowledged has %d bytes", store.ErrCorrupt, len(b))
	}
	return binary.BigEndian.Uint64(b), int64(binary.BigEndian.Uint64(b[8:])), nil
}

func (r *Replica) putSeen(arrival uint64) error {
	b := store.NewBatch(nil)
	record := binary.BigEndian.AppendUint64(nil, arrival)
	b.PutSmall(seenRecord, binary.BigEndian.AppendUint64(record, uint64(r.now().UnixMilli())))
	return r.store.Commit(b)
}

// stoppedPrefix begins the names of the small records of runs of which not all was acknowledged that is accepted, since
// something before it isn't: in each the ID of the last that is. There are at most maxSeen.
const stoppedPrefix = "stopped/"

// Acknowledge says, in charter statements, what this device has seen since it last did: of each
// run in which something came that others wrote, the last accepted change before which all changes of the run are accepted. What
// was made after a time, and came after it, is left for the next time: devices that do so at the same time of day say the same, and
// take it over from each other (takeOver). It says nothing if nothing came. Somebody who has read a thing stands on it, as if they had
// written on it: so nothing is acknowledged by what came after it that doesn't count here.
func (r *Replica) Acknowledge(ctx context.Context, upTo time.Time) error {
	since, _, err := r.seen()
	if err != nil {
		return err
	}
	last, stopped, err := r.stopped()
	if err != nil {
		return err
	}
	until, err := r.cameSince(since, upTo, last)
	if err != nil {
		return err
	}
	left := map[deviceRun]*entry.Entry{}
	b := store.NewBatch(nil)
	for of, e := range last {
		name := stoppedPrefix + of.device.String() + "/" + hex.EncodeToString(of.run[:])
		end, whole := r.wholeUpTo(e)
		switch {
		case whole && stopped[of]:
			b.PutSmall(name, nil)
		case !whole && (stopped[of] || len(stopped) < maxSeen):
			id := e.ID()
			b.PutSmall(name, id[:])
			stopped[of] = true
		}
		if end != nil {
			left[of] = end
		}
	}
	if err := r.sayLeft(ctx, left); err != nil {
		return err
	}
	if err := r.store.Commit(b); err != nil {
		return err
	}
	return r.putSeen(until)
}

// cameSince adds to last, of each run of others, the last accepted change that came since an arrival, and was made before a time or
// came before it. It returns up to which arrival nothing was left out.
func (r *Replica) cameSince(since uint64, upTo time.Time, last map[deviceRun]*entry.Entry) (until uint64, err error) {
	before, err := r.ArrivedBefore(upTo)
	if err != nil {
		return 0, err
	}
	until, whole, broken := since, true, error(nil)
	err = r.store.Since(since, func(arrival uint64, id entry.ID) bool {
		e, rec, err := entryIn(r.store, id)
		if err != nil {
			broken = err
			return false
		}
		if charter.State(rec.State) == charter.Accepted && e.Kind == entry.Change {
			of := deviceRun{e.Device, e.Run}
			switch {
			case e.Device == r.device:
			case arrival > before && madeAfter(e, upTo):
				whole = false
			case last[of] == nil || last[of].Number < e.Number:
				last[of] = e
			}
		}
		if whole {
			until = arrival
		}
		return true
	})
	return until, errors.Join(err, broken)
}

// madeAfter says whether a change was made after a time, by its author's clock. Of a bare one it isn't known.
func madeAfter(e *entry.Entry, t time.Time) bool {
	c, err := change.Parse(e.Payload)
	return err == nil && crdt.Time(c.Time).Time().After(t)
}

const (
	// lookedThrough is how many acknowledgements, the newest, are looked through for one to be taken over.
	lookedThrough = 256
	// maxBeside bounds the runs that one lists which takes over another: the more it lists, the less it takes over.
	maxBeside = 64
	// worthTaking is how many runs one must say to be taken over in a statement of its own: they take as much room when they are listed.
	worthTaking = 8
)

// sayLeft says of runs up to where they were seen, and takes that over from others' acknowledgements as far as it can.
func (r *Replica) sayLeft(ctx context.Context, left map[deviceRun]*entry.Entry) error {
	for len(left) > 0 {
		over, said, err := r.takeOver(left)
		if err != nil {
			return err
		}
		for _, of := range said {
			delete(left, of)
		}
		_, more, err := r.takeOver(left)
		if err != nil {
			return err
		}
		var list []charter.DeviceFrontier
		switch {
		case len(over) == 0:
			list = takeList(left, maxSeen)
		case len(more) < worthTaking:
			list = takeList(left, maxBeside)
		}
		if _, err := r.Say(ctx, func(c *charter.Charter) ([]byte, error) { return c.Acknowledge(r.device, list) }, over...); err != nil {
			return err
		}
	}
	return nil
}

// takeList takes at most so many runs of those that are left, to be listed.
func takeList(left map[deviceRun]*entry.Entry, most int) (list []charter.DeviceFrontier) {
	for of, e := range left {
		if len(list) == most {
			break
		}
		list = append(list, charter.DeviceFrontier{Device: of.device, Frontier: charter.Frontier{{Run: of.run, Entry: e.ID()}}})
		delete(left, of)
	}
	return list
}

// takeOver returns, of the newest acknowledgements by others, the one that says most of what is left to say, and of which runs it
// says that. It is none if none says any of it, or all say something else, too, that this device hasn't seen or of which not all counts here.
func (r *Replica) takeOver(left map[deviceRun]*entry.Entry) (over []entry.ID, says []deviceRun, err error) {
	c := r.Charter()
	if len(left) == 0 || len(c.Heads()) == entry.MaxHeads {
		return nil, nil, nil
	}
	if err := r.lockRuns(); err != nil {
		return nil, nil, err
	}
	defer r.reach.mu.Unlock()
	looked := 0
	seen, _ := reachedIn(c, r.device, r.numberLocked)
	for id, by := range c.Acknowledgements() {
		if looked++; looked > lookedThrough || len(says) == len(left) {
			break
		}
		if by == r.device {
			continue
		}
		if runs, fits := r.saysLocked(c, id, left, seen); fits && len(runs) > len(says) {
			over, says = []entry.ID{id}, runs
		}
	}
	return over, says, nil
}

// saysLocked returns which of what is left to say an acknowledgement says, and whether this device may say all that it says. seen is up to
// which number it has said that of runs. The caller holds r.reach.mu.
func (r *Replica) saysLocked(c *charter.Charter, id entry.ID, left map[deviceRun]*entry.Entry, seen map[deviceRun]uint64) (runs []deviceRun, fits bool) {
	said := map[deviceRun]bool{} // it says what it lists first of a run
	for end, room := range c.Takes(id) {
		of := deviceRun{end.Device, end.Run}
		number := r.numberLocked(of, end.Last)
		if w := r.reach.runs[of]; number == 0 || w == nil || w.forked {
			return nil, false
		}
		if e := left[of]; e != nil {
			if number > e.Number {
				return nil, false
			}
			if number == e.Number && !said[of] && room >= maxBeside {
				runs = append(runs, of)
			}
			said[of] = true
			continue
		}
		if number > seen[of] && of.device != r.device { // who wrote a thing stands on it
			return nil, false
		}
	}
	return runs, true
}

// stopped reads of which runs not all was acknowledged: of each the last that is accepted.
func (r *Replica) stopped() (last map[deviceRun]*entry.Entry, runs map[deviceRun]bool, err error) {
	last, runs = map[deviceRun]*entry.Entry{}, map[deviceRun]bool{}
	var ids []entry.ID
	if err := r.store.Smalls(stoppedPrefix, func(_ string, v []byte) {
		if len(v) == len(entry.ID{}) {
			ids = append(ids, entry.ID(v))
		}
	}); err != nil {
		return nil, nil, err
	}
	for _, id := range ids {
		e, rec, err := entryIn(r.store, id)
		if err != nil {
			return nil, nil, err
		}
		of := deviceRun{e.Device, e.Run}
		if runs[of] = true; charter.State(rec.State) == charter.Accepted {
			last[of] = e
		}
	}
	return last, runs, nil
}

// wholeUpTo returns the last accepted change of a run, up to e, before which all changes of the run are here and accepted, as far as
// it wasn't acknowledged by this device already; nil if there is none. whole says that it is e.
func (r *Replica) wholeUpTo(e *entry.Entry) (upTo *entry.Entry, whole bool) {
	until := map[entry.ID]bool{{}: true}
	for _, s := range r.Rules().SeenOf(e.Device, e.Run) {
		if s.Device == r.device {
			until[s.Last] = true
		}
	}
	if until[e.ID()] {
		return nil, true
	}
	upTo, whole = e, true
	for at := e; !until[at.Previous]; {
		before, rec, err := entryIn(r.store, at.Previous)
		if err != nil {
			return nil, false // what is before it isn't here
		}
		at = before
		switch {
		case at.Kind != entry.Change:
		case charter.State(rec.State) != charter.Accepted:
			upTo, whole = nil, false
		case upTo == nil:
			upTo = at
		}
	}
	return upTo, whole
}

// StartAcknowledging notes the time from which the next acknowledgement counts, in a replica that
// has made none yet.
func (r *Replica) StartAcknowledging() error {
	if !r.Acknowledged().IsZero() {
		return nil
	}
	return r.putSeen(0)
}
