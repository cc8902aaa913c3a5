package replica

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
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

// maxRunsKept bounds the entries of which runs remembers the one before, about 150 bytes each.
const maxRunsKept = 50_000

// runs tells in which order devices wrote, from the store. It is asked only about devices of
// which not all is honoured, and then for whole runs, once for each document: so it remembers.
type runs struct {
	store *store.Store

	mu     sync.Mutex
	before map[entry.ID]entry.ID
}

var _ accept.Runs = (*runs)(nil)

// Previous implements accept.Runs.
func (r *runs) Previous(id entry.ID) (before entry.ID, ok bool) {
	r.mu.Lock()
	before, ok = r.before[id]
	r.mu.Unlock()
	if ok {
		return before, true
	}
	e, _, err := entryIn(r.store, id)
	if err != nil {
		return entry.ID{}, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.before == nil || len(r.before) >= maxRunsKept {
		r.before = map[entry.ID]entry.ID{}
	}
	r.before[id] = e.Previous
	return e.Previous, true
}

// forget gives the memory back.
func (r *runs) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.before = nil
}

// wanted remembers which documents wait for an entry of somewhere else, without which it can't be
// said whether something in them is honoured.
type wanted struct {
	mu   sync.Mutex
	docs map[entry.ID]map[entry.DocID]bool
}

// note remembers what a document waits for, and returns what nothing waited for so far.
func (w *wanted) note(doc entry.DocID, ids []entry.ID) (fresh []entry.ID) {
	if len(ids) == 0 {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.docs == nil {
		w.docs = map[entry.ID]map[entry.DocID]bool{}
	}
	for _, id := range ids {
		if w.docs[id] == nil {
			w.docs[id] = map[entry.DocID]bool{}
			fresh = append(fresh, id)
		}
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

// take returns who waited for any of the entries, and forgets that.
func (w *wanted) take(ids []entry.ID) []entry.DocID {
	var docs []entry.DocID
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.docs) == 0 {
		return nil
	}
	for _, id := range ids {
		for doc := range w.docs[id] {
			docs = append(docs, doc)
		}
		delete(w.docs, id)
	}
	return docs
}

// wake notes for what entries these documents wait, and puts those on the list to be judged again
// that waited for one which is stored now.
func (r *Replica) wake(todo []*work, stored []entry.ID) error {
	for _, w := range todo {
		if w.doc == nil {
			continue
		}
		wants := slices.Concat(w.doc.judge.Wanted(), w.doc.wants)
		for _, id := range r.wanted.note(w.id, wants) {
			r.quota.letGo(id) // it is kept now, unless as much as frontiers may lead to is here
		}
		for _, id := range wants {
			if r.store.Has(id) { // it came while the document was judged
				stored = append(stored, id)
			}
		}
	}
	return r.listJudge(r.wanted.take(stored))
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
