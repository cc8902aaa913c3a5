package replica

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/problem"
	"kith/daemon/store"
)

// What this device did last can be taken back whole, as if it had never been, as long as nobody else can have it: its entries are
// taken out of the store. Elsewhere nothing is ever taken out. What holds of it: docs/ARCHITECTURE.md, "Taking back".

const (
	// deedsRecord is the small record of what this device did last, the newest last.
	deedsRecord = "deeds"
	// maxDeeds bounds how many things can be taken back, one after the other, and maxDeedEntries how many entries one has.
	maxDeeds       = 8
	maxDeedEntries = 64
)

var (
	// ErrNoDeed says that there is nothing that could be taken back.
	ErrNoDeed = problem.New(problem.Nothing, "", "there is nothing of this computer's to take back")
	// ErrHanded says that others may have what this device did last.
	ErrHanded = errors.New("others may have it")
	// ErrDeedPast says that something else was done since, or that it was too much to be taken back.
	ErrDeedPast = errors.New("it isn't the last thing any more")
)

// Deed is one thing that a person did on this device, as one request.
type Deed struct {
	Of      string        `json:"of"`   // names the request
	Verb    string        `json:"verb"` // of the kind: "add", "take"
	Back    bool          `json:"back"` // what it does was undone by it: --undo
	Doc     entry.DocID   `json:"-"`    // the first document that was written to
	Made    bool          `json:"made"` // and begun with it
	At      time.Time     `json:"at"`
	Entries []entry.ID    `json:"-"`
	Docs    []entry.DocID `json:"-"`
	Many    bool          `json:"many"` // more entries than are remembered: it stays
}

// deedStored is a Deed as it is kept.
type deedStored struct {
	Deed
	IDs  []string `json:"entries"`
	Docs []string `json:"docs"`
}

// deeds are what this device did last.
type deeds struct {
	mu   sync.Mutex
	last []Deed // the newest last
}

type doingKey struct{}

// Doing says with which request what is written under ctx is done, and by which verb: all of it is one deed. What is written without is
// the daemon's own doing.
func Doing(ctx context.Context, of, verb string) context.Context {
	return context.WithValue(ctx, doingKey{}, Deed{Of: of, Verb: verb})
}

// ForGood has what is written under ctx be no deed: it isn't taken back.
func ForGood(ctx context.Context) context.Context { return context.WithValue(ctx, doingKey{}, nil) }

// ByVerb is Doing with another verb of the same request; back says that what the verb does is undone.
func ByVerb(ctx context.Context, verb string, back bool) context.Context {
	d, ok := ctx.Value(doingKey{}).(Deed)
	if !ok {
		return ctx
	}
	d.Verb, d.Back = verb, back
	return context.WithValue(ctx, doingKey{}, d)
}

// putDeed adds an entry that is about to be stored to what is done under ctx.
func (r *Replica) putDeed(ctx context.Context, b *store.Batch, e *entry.Entry, doc entry.DocID) error {
	doing, ok := ctx.Value(doingKey{}).(Deed)
	if !ok {
		return nil
	}
	r.handed.mu.Lock() // nobody is given it before this is noted
	defer r.handed.mu.Unlock()
	r.deeds.mu.Lock()
	defer r.deeds.mu.Unlock()
	all := r.deeds.last
	if n := len(all); n == 0 || all[n-1].Of != doing.Of {
		doing.Doc, doing.Made, doing.At = doc, e.Create != nil, r.now()
		all = append(slices.Clip(all), doing)
		all = all[max(0, len(all)-maxDeeds):]
	}
	now := &all[len(all)-1]
	if len(now.Entries) < maxDeedEntries {
		now.Entries = append(slices.Clip(now.Entries), e.ID())
	} else {
		now.Many = true
	}
	if !slices.Contains(now.Docs, doc) {
		now.Docs = append(slices.Clip(now.Docs), doc)
	}
	r.deeds.last = all
	r.handed.noteLocked(e.ID(), all)
	encoded, err := encodeDeeds(all)
	if err != nil {
		return err
	}
	b.PutSmall(deedsRecord, encoded)
	return nil
}

func encodeDeeds(all []Deed) ([]byte, error) {
	stored := make([]deedStored, len(all))
	for i, d := range all {
		stored[i].Deed = d
		for _, id := range d.Entries {
			stored[i].IDs = append(stored[i].IDs, id.String())
		}
		for _, doc := range d.Docs {
			stored[i].Docs = append(stored[i].Docs, doc.String())
		}
	}
	return json.Marshal(stored)
}

// readDeeds reads what this device did last, as the store has it: what didn't make it to the disk isn't among it.
func (r *Replica) readDeeds() ([]Deed, error) {
	b, err := r.store.Small(deedsRecord)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	var stored []deedStored
	if err == nil {
		err = json.Unmarshal(b, &stored)
	}
	if err != nil {
		return nil, fmt.Errorf("read what was done last: %w", err)
	}
	var all []Deed
	for _, s := range stored {
		d := s.Deed
		for _, word := range s.IDs {
			b, err := hex.DecodeString(word)
			if err != nil || len(b) != len(entry.ID{}) {
				return nil, fmt.Errorf("read what was done last: “%s” is no entry", word)
			}
			if id := entry.ID(b); r.store.Has(id) {
				d.Entries = append(d.Entries, id)
			}
		}
		for _, word := range s.Docs {
			doc, err := entry.ParseDocID(word)
			if err != nil {
				return nil, fmt.Errorf("read what was done last: %w", err)
			}
			d.Docs = append(d.Docs, doc)
		}
		if len(d.Entries) > 0 && len(d.Docs) > 0 {
			d.Doc = d.Docs[0]
			all = append(all, d)
		}
	}
	return all, nil
}

// LastDeed gives what was done last on this device in documents; ErrNoDeed if that isn't known, or nothing.
func (r *Replica) LastDeed() (Deed, error) {
	r.deeds.mu.Lock()
	defer r.deeds.mu.Unlock()
	all, err := r.readDeeds()
	if err == nil && len(all) == 0 {
		err = ErrNoDeed
	}
	if err != nil {
		return Deed{}, err
	}
	return all[len(all)-1], nil
}

// Undo takes back what this device did last in documents, if that is the deed of this name: its entries are in the store no more, and
// all is as it was before. The error is ErrNoDeed, ErrHanded or ErrDeedPast, or this replica's own trouble.
func (r *Replica) Undo(ctx context.Context, of string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d, err := r.takeBack(of)
	if err != nil {
		return err
	}
	r.unheld.tell(d.Entries...) // nobody is told of them
	var failed error
	for _, doc := range d.Docs {
		failed = errors.Join(failed, r.settle(doc))
	}
	return failed
}

// takeBack takes the entries of the last deed out of the store, in one transaction that also puts their documents on the list to be
// judged again: a crash right behind it changes nothing.
func (r *Replica) takeBack(of string) (d Deed, err error) {
	r.judging.Lock() // nobody writes, judges or reads a document meanwhile
	defer r.judging.Unlock()
	r.handed.mu.Lock() // and nobody is given anything
	defer r.handed.mu.Unlock()
	r.deeds.mu.Lock()
	defer r.deeds.mu.Unlock()
	all, err := r.readDeeds()
	if err != nil {
		return d, err
	}
	if len(all) == 0 {
		return d, ErrNoDeed
	}
	if d = all[len(all)-1]; d.Of != of || d.Many {
		return d, ErrDeedPast
	}
	b := store.NewBatch(nil)
	runs, gone := map[entry.Run]bool{}, map[uint64]bool{}
	for _, id := range d.Entries {
		e, rec, err := entryIn(r.store, id)
		if err != nil {
			return d, err
		}
		if r.handed.mayHaveLocked(id, rec.Arrival) {
			return d, ErrHanded
		}
		runs[e.Run], gone[rec.Arrival] = true, true
		b.DropEntry(id, rec)
		count(b, charter.State(rec.State), noState)
	}
	if err := r.isLastOf(runs, d.Entries); err != nil {
		return d, err
	}
	for _, doc := range d.Docs {
		b.PutJudge(doc, true)
	}
	encoded, err := encodeDeeds(all[:len(all)-1])
	if err != nil {
		return d, err
	}
	b.PutSmall(deedsRecord, encoded)
	b.KeepArrival(r.store.LastArrival())
	b.PutSmall(keptRecord, nil)
	if err := r.store.Commit(b); err != nil {
		return d, err
	}
	r.deeds.last = all[:len(all)-1]
	r.endRun(r.currentRun()) // its numbers, and what the core calls its author, are used once
	for _, doc := range d.Docs {
		r.docs.drop(doc)
	}
	r.reach.drop(gone)
	_ = r.keepRuns(r.clock.settled(), 1) // else it is read again
	r.places.forget()
	return d, nil
}

// isLastOf says whether nothing of this device's came behind these entries in their runs: a run has no gaps.
func (r *Replica) isLastOf(runs map[entry.Run]bool, entries []entry.ID) error {
	first := uint64(0)
	for _, id := range entries {
		rec, err := r.store.Record(id)
		if err != nil {
			return err
		}
		if first == 0 || rec.Arrival < first {
			first = rec.Arrival
		}
	}
	var broken error
	err := r.store.Since(first, func(_ uint64, id entry.ID) bool {
		if slices.Contains(entries, id) {
			return true
		}
		e, _, err := entryIn(r.store, id)
		if err == nil && e.Device == r.device && runs[e.Run] {
			err = ErrDeedPast
		}
		broken = err
		return err == nil
	})
	return errors.Join(err, broken)
}

// SaidSince gives what this device said last about the charter after a deed, of its person's own accord; nil: nothing.
func (r *Replica) SaidSince(d Deed) (*charter.Statement, error) {
	r.judging.RLock()
	defer r.judging.RUnlock()
	newest := uint64(0)
	for _, id := range d.Entries {
		rec, err := r.store.Record(id)
		if err != nil {
			return nil, err
		}
		newest = max(newest, rec.Arrival)
	}
	for _, e := range slices.Backward(r.statements) {
		if e.Device != r.device {
			continue
		}
		s, err := charter.ReadStatement(e.Payload)
		if err != nil || s.Type == charter.TypeSeen || s.Type == charter.TypeEnact || s.Type == charter.TypeProspective { // which a daemon says
			continue
		}
		rec, err := r.store.Record(e.ID())
		if err != nil || rec.Arrival <= newest {
			return nil, err
		}
		return &s, nil
	}
	return nil, nil
}
