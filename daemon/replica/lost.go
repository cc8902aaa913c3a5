package replica

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/store"
)

// LostError says that so many entries have lost their bytes. Rebuild mends that, as far as others have them.
type LostError struct{ Entries int }

func (e *LostError) Error() string {
	return fmt.Sprintf("entries that have lost their bytes: %d", e.Entries)
}

// lookedRecord says that this store was looked through for entries that have lost their bytes. Before 30 November 2026, cleaning the
// files of a document that was forgotten and written in again took away what had come back.
const lookedRecord = "looked"

// notLooked has the next start look through the store.
func notLooked() *store.Batch {
	b := store.NewBatch(nil)
	putFlag(b, lookedRecord, false)
	return b
}

// lookForLost lets go once of what such a build has lost, so that others bring it again.
func (r *Replica) lookForLost() error {
	if _, err := r.store.Small(lookedRecord); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if _, err := r.letGoLost(); err != nil {
		return err
	}
	b := store.NewBatch(nil)
	putFlag(b, lookedRecord, true)
	return r.store.Commit(b)
}

// letGoLost takes entries out that have lost their bytes: then they aren't had any more, and whoever has them brings them. Their documents are
// on the list of those to be judged.
func (r *Replica) letGoLost() (int, error) {
	r.judging.Lock() // nobody writes, judges or reads a document meanwhile
	defer r.judging.Unlock()
	lost, err := r.store.Lost()
	if err != nil || len(lost) == 0 {
		return 0, err
	}
	gone, of := map[uint64]bool{}, map[entry.DocID]bool{}
	p := r.store.Pieces()
	for id, rec := range lost {
		gone[rec.Arrival], of[rec.Doc] = true, true
		b := p.Batch()
		b.PutJudge(rec.Doc, true)
		b.DropEntry(id, rec)
		count(b, charter.State(rec.State), noState)
	}
	shown := int64(0)
	if err := r.store.Documents(func(entry.DocID, store.Doc) bool { shown++; return true }); err != nil {
		return 0, err
	}
	b := p.Batch()
	b.CountDocuments(shown - r.store.Counts().Documents)
	b.KeepArrival(r.store.LastArrival())
	b.PutSmall(keptRecord, nil) // what is kept of runs names them
	if err := r.store.Smalls(keptPrefix, func(name string, _ []byte) { p.Batch().PutSmall(name, nil) }); err != nil {
		return 0, err
	}
	if err := p.Commit(); err != nil {
		return 0, err
	}
	for doc := range of {
		r.docs.drop(doc)
	}
	r.reach.drop(gone)
	r.places.forget()
	r.unheld.tell(slices.Collect(maps.Keys(lost))...)
	r.log.Warn("entries have lost their bytes: who has them brings them again", "entries", len(lost), "documents", len(of))
	return len(lost), nil
}
