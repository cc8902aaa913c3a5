package replica

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"kith/crdt/accept"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/store"
)

// deviceRun is one run of a device.
type deviceRun struct {
	device entry.Device
	run    entry.Run
}

// maxRunsKept bounds the entries of which runs remembers the one before, about 200 bytes each.
const maxRunsKept = 50_000

// runs tells in which order devices wrote, from the store. It is asked only about devices of
// which not all is honoured, and then for whole runs, once for each document: so it remembers.
type runs struct {
	store *store.Store

	mu      sync.Mutex
	entries map[entry.ID]runEntry
}

// runEntry says of an entry in which document it is, and which one its device wrote before it.
type runEntry struct {
	doc    entry.DocID
	before entry.ID
}

var _ accept.Runs = (*runs)(nil)

// Previous implements accept.Runs.
func (r *runs) Previous(id entry.ID) (before entry.ID, ok bool) {
	at, ok := r.at(id)
	return at.before, ok
}

// at looks an entry up; ok is false as long as it isn't here.
func (r *runs) at(id entry.ID) (at runEntry, ok bool) {
	r.mu.Lock()
	at, ok = r.entries[id]
	r.mu.Unlock()
	if ok {
		return at, true
	}
	e, _, err := entryIn(r.store, id)
	if err != nil {
		return runEntry{}, false
	}
	at = runEntry{e.Doc, e.Previous}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.entries == nil || len(r.entries) >= maxRunsKept {
		r.entries = map[entry.ID]runEntry{}
	}
	r.entries[id] = at
	return at, true
}

// forget gives the memory back.
func (r *runs) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = nil
}

// wanted remembers which documents wait for an entry of somewhere else, without which it can't be
// said whether something in them is honoured.
type wanted struct {
	mu   sync.Mutex
	docs map[entry.ID]map[entry.DocID]bool
}

// note remembers that documents wait for an entry, and says whether none did so far.
func (w *wanted) note(id entry.ID, docs ...entry.DocID) (fresh bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.docs == nil {
		w.docs = map[entry.ID]map[entry.DocID]bool{}
	}
	if fresh = w.docs[id] == nil; fresh {
		w.docs[id] = map[entry.DocID]bool{}
	}
	for _, doc := range docs {
		w.docs[id][doc] = true
	}
	return fresh
}

// has says whether a document waits for an entry.
func (w *wanted) has(id entry.ID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.docs[id]) > 0
}

// take returns who waited for an entry, and forgets that.
func (w *wanted) take(id entry.ID) map[entry.DocID]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	docs := w.docs[id]
	delete(w.docs, id)
	return docs
}

// wake notes for what entries these documents wait, and puts those on the list to be judged again
// for which one that is stored now decides something.
func (r *Replica) wake(todo []*work, stored []entry.ID) error {
	for _, w := range todo {
		if w.doc == nil {
			continue
		}
		for _, id := range slices.Concat(w.doc.judge.Wanted(), w.doc.wants) {
			if r.wants(id, w.id) {
				stored = append(stored, id)
			}
		}
	}
	return r.listJudge(r.decidedBy(stored))
}

// wants notes that documents wait for an entry. It says whether that is stored: it came while they were judged.
func (r *Replica) wants(id entry.ID, docs ...entry.DocID) (here bool) {
	if r.wanted.note(id, docs...) {
		r.quota.letGo(id) // it is kept now, unless as much as frontiers may lead to is here
	}
	return r.store.Has(id)
}

// decidedBy returns the documents that wait for any of some entries, as far as something can be said of them now: the way back along the run from
// there comes to an entry of theirs, or to its start. Others wait for the first entry on that way that isn't here. To those who catch up a run comes
// from its end, one entry after the other: to judge all that wait for it at each of them took a third of the work.
func (r *Replica) decidedBy(stored []entry.ID) (docs []entry.DocID) {
	for _, id := range stored {
		for waiting := r.wanted.take(id); len(waiting) > 0; {
			at, here := r.runs.at(id)
			if !here && !r.wants(id, slices.Collect(maps.Keys(waiting))...) {
				break
			}
			if !here || at.before.IsZero() { // it came just now, or there is no more
				docs = slices.AppendSeq(docs, maps.Keys(waiting))
				break
			}
			if waiting[at.doc] {
				docs = append(docs, at.doc)
				delete(waiting, at.doc)
			}
			id = at.before
		}
	}
	return docs
}

// entriesOf calls fn with all stored entries of these devices, in whatever state.
func (r *Replica) entriesOf(devices []entry.Device, fn func(arrival uint64, e *entry.Entry)) error {
	var broken error
	err := r.store.All(func(arrival uint64, encoded []byte) bool {
		ours := func(d entry.Device) bool { return bytes.Contains(encoded, d[:]) }
		if !slices.ContainsFunc(devices, ours) {
			return true
		}
		e, err := entry.Decode(bytes.Clone(encoded))
		if err != nil {
			broken = fmt.Errorf("%w: an entry that arrived as number %d: %v", store.ErrCorrupt, arrival, err)
			return false
		}
		if slices.Contains(devices, e.Device) {
			fn(arrival, e)
		}
		return true
	})
	return errors.Join(err, broken)
}

// writtenBy returns the documents in which any of these devices wrote.
func (r *Replica) writtenBy(devices []entry.Device) ([]entry.DocID, error) {
	docs := map[entry.DocID]bool{}
	err := r.entriesOf(devices, func(_ uint64, e *entry.Entry) {
		if e.Kind == entry.Change {
			docs[e.Doc] = true
		}
	})
	list := make([]entry.DocID, 0, len(docs))
	for doc := range docs {
		list = append(list, doc)
	}
	return list, err
}

// Honoured returns all that is here of these devices, as a frontier: of each run the last entry
// that is here with all before it.
func (r *Replica) Honoured(devices []entry.Device) ([]charter.DeviceFrontier, error) {
	type lying struct {
		id, previous    entry.ID
		number, arrival uint64
	}
	all := map[deviceRun][]lying{}
	err := r.entriesOf(devices, func(arrival uint64, e *entry.Entry) {
		of := deviceRun{e.Device, e.Run}
		all[of] = append(all[of], lying{e.ID(), e.Previous, e.Number, arrival})
	})
	if err != nil {
		return nil, err
	}
	type last struct {
		of deviceRun
		at lying
	}
	var lasts []last
	for of, entries := range all {
		slices.SortFunc(entries, func(a, b lying) int {
			return cmp.Or(cmp.Compare(a.number, b.number), a.id.Compare(b.id))
		})
		whole := map[entry.ID]bool{{}: true} // the first names none before it
		var end *lying
		for i := range entries {
			e := &entries[i]
			if whole[e.previous] {
				whole[e.id] = true
				if end == nil || end.number < e.number {
					end = e
				}
			}
		}
		if end != nil {
			lasts = append(lasts, last{of, *end})
		}
	}
	// What others built on needs no naming, so the oldest runs are those to leave out.
	slices.SortFunc(lasts, func(a, b last) int { return cmp.Compare(b.at.arrival, a.at.arrival) })
	var list []charter.DeviceFrontier
	for _, d := range devices {
		list = append(list, charter.DeviceFrontier{Device: d})
	}
	for _, l := range lasts[:min(len(lasts), charter.MaxRuns)] {
		list = append(list, charter.DeviceFrontier{
			Device: l.of.device, Frontier: charter.Frontier{{Run: l.of.run, Entry: l.at.id}},
		})
	}
	return charter.Frontiers(list), nil
}

// Beyond counts the entries of these devices that are here and not under a frontier.
func (r *Replica) Beyond(list []charter.DeviceFrontier, devices []entry.Device) (int, error) {
	under := map[entry.ID]bool{}
	for _, d := range list {
		for _, l := range d.Frontier {
			for id, ok := l.Entry, true; ok && !id.IsZero() && !under[id]; {
				under[id] = true
				id, ok = r.runs.Previous(id)
			}
		}
	}
	n := 0
	err := r.entriesOf(devices, func(_ uint64, e *entry.Entry) {
		if !under[e.ID()] && e.Kind == entry.Change {
			n++
		}
	})
	return n, err
}
