package replica

import (
	"errors"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/store"
)

// Saved is what a replica needs to come back, beside its changes: these are accepted again, as
// if a peer brought them.
type Saved struct {
	Space entry.SpaceID
	// Stand is the newest step that the device took part in.
	Stand charter.StepID
	// Statements are verified and of the space, in the order in which they arrived.
	Statements []*entry.Entry
	// Quarantined stay away from the Automerge core, which one of them has ended before.
	Quarantined map[entry.ID]entry.DocID
	Small       map[string][]byte
}

// Stand returns the newest step that a replica took part in, as a snapshot has it.
func Stand(v *store.Snapshot) (step charter.StepID, err error) {
	b, err := v.Small(standRecord)
	if errors.Is(err, store.ErrNotFound) {
		return step, nil
	}
	copy(step[:], b)
	return step, err
}

// Restore makes a replica in an empty folder from what was saved; changes follow by Accept. A
// crash before the last of them leaves a replica that lacks some, so make it where nobody looks and
// move it when it is whole. It never writes under a run of the past: like every start, this one
// begins a run of its own.
func Restore(cfg Config, saved Saved) (*Replica, error) {
	c := charter.Fold(saved.Space, saved.Statements, saved.Stand)
	s, err := store.Open(cfg.Dir, cfg.StoreKey)
	if err != nil {
		return nil, err
	}
	if err := putSaved(s, c, saved); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return Open(cfg)
}

func putSaved(s *store.Store, c *charter.Charter, saved Saved) error {
	if _, err := s.Small(spaceRecord); err == nil {
		return ErrHasSpace
	}
	p := s.Pieces()
	putFlag(p.Batch(), restoredRecord, somebodyElse(c))
	stand := c.Tip()
	p.Batch().PutSmall(standRecord, stand[:])
	for name, value := range saved.Small {
		p.Batch().PutSmall(name, value)
	}
	for id, doc := range saved.Quarantined {
		p.Batch().Quarantine(id, doc)
	}
	for _, e := range saved.Statements {
		state, _ := c.State(e.ID())
		b := p.Batch()
		b.PutEntry(e, store.Record{Arrival: s.NextArrival(), State: uint8(state)})
		count(b, noState, state)
	}
	last := p.Batch() // without the space there is no replica
	putFormat(last)
	last.PutSmall(spaceRecord, saved.Space[:])
	return p.Commit()
}
