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
// something before it isn't: in each the ID of the last that is. There are at most maxStopped.
const (
	stoppedPrefix = "stopped/"
	maxStopped    = 1000
)

// Acknowledge says, in charter statements, what this device has seen since it last did: of each
// run in which something came that others wrote, the last accepted change before which all changes of the run are accepted. What
// was made after a time, and came after it, is left for the next time: devices that do so at the same time of day say the same, and
// take it over from each other (charter.WhatToSay). It says nothing if nothing came. Somebody who has read a thing stands on it, as if they had
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
	var ends []charter.RunEnd
	b := store.NewBatch(nil)
	for of, e := range last {
		name := stoppedPrefix + of.device.String() + "/" + hex.EncodeToString(of.run[:])
		end, whole := r.wholeUpTo(e)
		switch {
		case whole && stopped[of]:
			b.PutSmall(name, nil)
		case !whole && (stopped[of] || len(stopped) < maxStopped):
			id := e.ID()
			b.PutSmall(name, id[:])
			stopped[of] = true
		}
		if end != nil {
			ends = append(ends, charter.RunEnd{RunOf: charter.RunOf{Device: of.device, Run: of.run}, Last: end.ID()})
		}
	}
	all, err := r.whatToSay(ends)
	if err != nil {
		return err
	}
	for _, one := range all {
		if _, err := r.Say(ctx, func(c *charter.Charter) ([]byte, error) { return c.Acknowledge(r.device, one.Lists) }, one.Over...); err != nil {
			return err
		}
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

// whatToSay is charter.WhatToSay for this device.
func (r *Replica) whatToSay(ends []charter.RunEnd) ([]charter.ToSay, error) {
	if len(ends) == 0 {
		return nil, nil
	}
	if err := r.lockRuns(); err != nil {
		return nil, err
	}
	defer r.reach.mu.Unlock()
	c := r.Charter()
	seen, _ := reachedIn(c, r.device, r.numberLocked)
	return c.WhatToSay(r.device, ends, func(end charter.RunEnd) (number uint64, said bool) {
		of := deviceRun{end.Device, end.Run}
		if w := r.reach.runs[of]; w == nil || w.forked {
			return 0, false
		}
		number = r.numberLocked(of, end.Last)
		return number, number <= seen[of] || of.device == r.device // who wrote a thing stands on it
	}), nil
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
