package replica

import (
	"context"
	"encoding/binary"
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

// Acknowledge says, in charter statements, what this device has seen since it last did: of each
// run in which something came that others wrote, the last accepted change. It says nothing if
// nothing came. Somebody who has read a thing stands on it, as if they had written on it.
func (r *Replica) Acknowledge(ctx context.Context) error {
	since, _, err := r.seen()
	if err != nil {
		return err
	}
	last := map[deviceRun]*entry.Entry{}
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
	for of, e := range last {
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
	return r.putSeen(until)
}

// StartAcknowledging notes the time from which the next acknowledgement counts, in a replica that
// has made none yet.
func (r *Replica) StartAcknowledging() error {
	if !r.Acknowledged().IsZero() {
		return nil
	}
	return r.putSeen(0)
}
