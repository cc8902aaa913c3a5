package replica

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"kith/crdt/entry"
	"kith/daemon/store"
)

// Parcel is entries as of one moment, to be carried where there is no network.
type Parcel struct {
	Statements, Entries int // how many it holds; of these, charter statements

	lying    []lies // statements first, each kind in the order of arrival
	snapshot *store.Snapshot
}

type lies struct {
	doc     entry.DocID
	arrival uint64
}

// Pack calls fn with a parcel of what came here, or was made here, since a moment (zero: ever),
// pending and void entries included, and without what all of these devices are known to have. What is
// written meanwhile isn't in it.
func (r *Replica) Pack(ctx context.Context, since time.Time, having []entry.Device, fn func(*Parcel) error) error {
	after := uint64(0)
	if !since.IsZero() {
		var err error
		if after, err = r.ArrivedBefore(since); err != nil {
			return err
		}
	}
	defer r.Copying()() // whoever gets it has what is in it
	return r.store.Snapshot(func(v *store.Snapshot) error {
		p := &Parcel{snapshot: v}
		has, err := r.knownToAll(ctx, v, having)
		if err != nil {
			return err
		}
		var changes []lies
		err = v.Arrivals(after, func(_ entry.ID, rec store.Record) error {
			switch at := (lies{rec.Doc, rec.Arrival}); {
			case has[rec.Arrival]:
			case rec.Doc == entry.DocID{}:
				p.lying = append(p.lying, at)
			default:
				changes = append(changes, at)
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
		p.Statements, p.Entries = len(p.lying), len(p.lying)+len(changes)
		p.lying = append(p.lying, changes...)
		return fn(p)
	})
}

// Each calls fn with every entry's encoding: charter statements first, then changes in the order in
// which they arrived.
func (p *Parcel) Each(fn func(encoded []byte) error) error {
	for _, at := range p.lying {
		b, err := p.snapshot.EntryAt(at.doc, at.arrival)
		if err != nil {
			return err
		}
		if err := fn(b); err != nil {
			return err
		}
	}
	return nil
}

// KnownToAll says of entries that are here whether each of some devices is known to have them, as of now. It reads all that there
// is, once.
func (r *Replica) KnownToAll(ctx context.Context, devices []entry.Device) (has func(entry.ID) bool, err error) {
	var known map[uint64]bool
	err = r.store.Snapshot(func(v *store.Snapshot) error {
		known, err = r.knownToAll(ctx, v, devices)
		return err
	})
	return func(id entry.ID) bool {
		rec, err := r.store.Record(id)
		return err == nil && known[rec.Arrival]
	}, err
}

// knownToAll returns the arrivals that each of some devices is known to have; none for no devices.
func (r *Replica) knownToAll(ctx context.Context, v *store.Snapshot, devices []entry.Device) (map[uint64]bool, error) {
	if len(devices) == 0 {
		return nil, nil
	}
	all, err := r.authored(ctx, v)
	if err != nil {
		return nil, err
	}
	var known map[uint64]bool
	for _, d := range devices {
		theirs := r.knownTo(all, d)
		if known == nil {
			known = theirs
			continue
		}
		for arrival := range known {
			if !theirs[arrival] {
				delete(known, arrival)
			}
		}
	}
	return known, nil
}

// authored is who wrote what, by runs.
type authored struct {
	runs       map[deviceRun][]authoredEntry
	statements map[entry.ID]statement
	heads      map[entry.Device]map[entry.ID]bool // charter heads that a device has named
}

type authoredEntry struct {
	number, arrival uint64
	kind            entry.Kind
}

type statement struct {
	arrival uint64
	heads   []entry.ID
}

func (r *Replica) authored(ctx context.Context, v *store.Snapshot) (*authored, error) {
	w := &authored{
		runs:       map[deviceRun][]authoredEntry{},
		statements: map[entry.ID]statement{}, heads: map[entry.Device]map[entry.ID]bool{},
	}
	return w, v.Arrivals(0, func(id entry.ID, rec store.Record) error {
		b, err := v.EntryAt(rec.Doc, rec.Arrival)
		if err != nil {
			return err
		}
		e, err := entry.Decode(b)
		if err != nil {
			return fmt.Errorf("%w: entry %s: %v", store.ErrCorrupt, id, err)
		}
		if w.heads[e.Device] == nil {
			w.heads[e.Device] = map[entry.ID]bool{}
		}
		for _, h := range e.Heads {
			w.heads[e.Device][h] = true
		}
		if e.Kind == entry.Statement {
			w.heads[e.Device][id] = true
			w.statements[id] = statement{rec.Arrival, slices.Clone(e.Heads)}
		}
		of := deviceRun{e.Device, e.Run}
		w.runs[of] = append(w.runs[of], authoredEntry{e.Number, rec.Arrival, e.Kind})
		return ctx.Err()
	})
}

// knownTo returns the arrivals that a device is known to have: what it wrote; of each run, what comes
// before a change that it has acknowledged; and of the charter, what is in the past of what it wrote.
func (r *Replica) knownTo(w *authored, device entry.Device) map[uint64]bool {
	known := map[uint64]bool{}
	reached, _ := reachedIn(r.Rules(), device, r.numberIn)
	for of, entries := range w.runs {
		upTo := reached[of]
		if of.device == device {
			upTo = math.MaxUint64
		}
		if upTo == 0 || of.device != device && hasTwins(entries) {
			continue
		}
		for _, n := range entries {
			if n.number <= upTo && n.kind == entry.Change {
				known[n.arrival] = true
			}
		}
	}
	var past []entry.ID
	for id := range w.heads[device] {
		past = append(past, id)
	}
	for len(past) > 0 {
		s, here := w.statements[past[len(past)-1]]
		past = past[:len(past)-1]
		if here && !known[s.arrival] {
			known[s.arrival] = true
			past = append(past, s.heads...)
		}
	}
	return known
}

// hasTwins says whether two entries of a run have one number: to have one of them says nothing of the
// other, nor of what comes before it.
func hasTwins(entries []authoredEntry) bool {
	taken := make(map[uint64]bool, len(entries))
	for _, n := range entries {
		if taken[n.number] {
			return true
		}
		taken[n.number] = true
	}
	return false
}
