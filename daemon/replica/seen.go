package replica

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

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
// run in which something came that others wrote, the last accepted change before which all changes of the run are accepted. It
// says nothing if nothing came. Somebody who has read a thing stands on it, as if they had written on it: so nothing is
// acknowledged by what came after it that doesn't count here.
func (r *Replica) Acknowledge(ctx context.Context) error {
	since, _, err := r.seen()
	if err != nil {
		return err
	}
	last, stopped, err := r.stopped()
	if err != nil {
		return err
	}
	until, broken := since, error(nil)
	err = r.store.Since(since, func(arrival uint64, id entry.ID) bool {
		until = arrival
		b, rec, err := r.store.Entry(id)
		if err != nil {
			broken = err
			return false
		}
		if charter.State(rec.State) != charter.Accepted || rec.Doc == (entry.DocID{}) {
			return true
		}
		e, err := entry.Decode(b)
		if err != nil {
			broken = fmt.Errorf("%w: entry %s: %v", store.ErrCorrupt, id, err)
			return false
		}
		of := deviceRun{e.Device, e.Run}
		if e.Device != r.device && (last[of] == nil || last[of].Number < e.Number) {
			last[of] = e
		}
		return true
	})
	if err := errors.Join(err, broken); err != nil {
		return err
	}
	var list []charter.DeviceFrontier
	b := store.NewBatch(nil)
	for of, e := range last {
		name := stoppedPrefix + of.device.String() + "/" + hex.EncodeToString(of.run[:])
		upTo, whole := r.wholeUpTo(e)
		switch {
		case whole && stopped[of]:
			b.PutSmall(name, nil)
		case !whole && (stopped[of] || len(stopped) < maxSeen):
			id := e.ID()
			b.PutSmall(name, id[:])
			stopped[of] = true
		}
		if e = upTo; e == nil {
			continue
		}
		list = append(list, charter.DeviceFrontier{Device: of.device, Frontier: charter.Frontier{{Run: of.run, Entry: e.ID()}}})
	}
	for len(list) > 0 {
		part := list[:min(len(list), maxSeen)]
		list = list[len(part):]
		_, err := r.Say(ctx, func(c *charter.Charter) ([]byte, error) { return c.Acknowledge(r.device, part) })
		if err != nil {
			return err
		}
	}
	if err := r.store.Commit(b); err != nil {
		return err
	}
	return r.putSeen(until)
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
		b, rec, err := r.store.Entry(id)
		if err != nil {
			return nil, nil, err
		}
		e, err := entry.Decode(b)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: entry %s: %v", store.ErrCorrupt, id, err)
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
	upTo, whole = e, true
	for at := e; !until[at.Previous]; {
		b, rec, err := r.store.Entry(at.Previous)
		if err != nil {
			return nil, false // what is before it isn't here
		}
		if at, err = entry.Decode(b); err != nil {
			return nil, false
		}
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
