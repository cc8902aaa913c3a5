package replica

import (
	"slices"
	"sync"

	"kith/crdt/accept"
	"kith/crdt/entry"
	"kith/daemon/store"
)

// waits finds the documents that a statement could settle by what they wait for: of however many wait,
// those that it can't reach cost nothing. It holds what the store has of each document.
type waits struct {
	mu    sync.Mutex
	of    map[entry.DocID]store.Unsettled
	heads map[entry.ID]docSet // statement → who waits for it
	runs  map[deviceRun]docSet
	any   docSet // of any statement something may follow
	crowd docSet // of any acknowledgement
	newer int    // how many wait for a newer release
}

type docSet map[entry.DocID]struct{}

// maxAwaited bounds the statements that are remembered of one document; one that waits for more is
// judged again with every statement.
const maxAwaited = 4096

func readWaits(s *store.Store) (*waits, error) {
	w := &waits{of: map[entry.DocID]store.Unsettled{}, heads: map[entry.ID]docSet{}, runs: map[deviceRun]docSet{}, any: docSet{}, crowd: docSet{}}
	return w, s.Unsettled(w.note)
}

// awaited is what is stored of what a document waits for.
func awaited(a accept.Awaits) store.Unsettled {
	u := store.Unsettled{Heads: a.Heads, Any: a.Any, Turn: a.Turn, More: a.More, Newer: a.Newer, Crowd: a.Crowd, Large: a.Large}
	if len(u.Heads) > maxAwaited || len(a.Runs) > maxAwaited {
		u.Heads, u.Any = nil, true
		return u
	}
	for _, r := range a.Runs {
		u.Runs = append(u.Runs, slices.Concat(r.Device[:], r.Run[:]))
	}
	return u
}

// note replaces what a document waits for.
func (w *waits) note(doc entry.DocID, u store.Unsettled) {
	w.mu.Lock()
	defer w.mu.Unlock()
	old, had := w.of[doc]
	if !had && u.Empty() {
		return
	}
	for _, h := range old.Heads {
		leave(w.heads, h, doc)
	}
	for _, r := range awaitedRuns(old) {
		leave(w.runs, r, doc)
	}
	delete(w.any, doc)
	delete(w.crowd, doc)
	delete(w.of, doc)
	if old.Newer {
		w.newer--
	}
	if u.Empty() {
		return
	}
	w.of[doc] = u
	for _, h := range u.Heads {
		enter(w.heads, h, doc)
	}
	for _, r := range awaitedRuns(u) {
		enter(w.runs, r, doc)
	}
	if u.Any {
		w.any[doc] = struct{}{}
	}
	if u.Crowd {
		w.crowd[doc] = struct{}{}
	}
	if u.Newer {
		w.newer++
	}
}

// NeedNewer says of how many documents something is here that this release can't read: it is kept and passed on, and judged
// at the first start of one that can.
func (r *Replica) NeedNewer() int {
	r.waits.mu.Lock()
	defer r.waits.mu.Unlock()
	return r.waits.newer
}

func awaitedRuns(u store.Unsettled) (runs []deviceRun) {
	for _, b := range u.Runs {
		var of deviceRun
		if len(b) == len(of.device)+len(of.run) {
			copy(of.run[:], b[copy(of.device[:], b):])
			runs = append(runs, of)
		}
	}
	return runs
}

func enter[K comparable](sets map[K]docSet, k K, doc entry.DocID) {
	if sets[k] == nil {
		sets[k] = docSet{}
	}
	sets[k][doc] = struct{}{}
}

func leave[K comparable](sets map[K]docSet, k K, doc entry.DocID) {
	if delete(sets[k], doc); len(sets[k]) == 0 {
		delete(sets, k)
	}
}

// is says whether u is what is noted of the document.
func (w *waits) is(doc entry.DocID, u store.Unsettled) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	old := w.of[doc]
	return old.Any == u.Any && old.Turn == u.Turn && old.More == u.More && old.Newer == u.Newer && old.Crowd == u.Crowd && old.Large == u.Large &&
		slices.Equal(old.Heads, u.Heads) && slices.EqualFunc(old.Runs, u.Runs, slices.Equal[[]byte])
}

// reachedBy returns the documents that wait for any of these statements, new here or judged otherwise
// than before; acknowledged are the runs of which they say something.
func (w *waits) reachedBy(statements []entry.ID, acknowledged []deviceRun) (docs []entry.DocID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := docSet{}
	add := func(set docSet) {
		for doc := range set {
			if _, ok := found[doc]; !ok {
				found[doc] = struct{}{}
				docs = append(docs, doc)
			}
		}
	}
	for _, id := range statements {
		add(w.heads[id])
	}
	for _, of := range acknowledged {
		add(w.runs[of])
	}
	if len(acknowledged) > 0 {
		add(w.crowd)
	}
	if len(statements) > 0 {
		add(w.any)
	}
	return docs
}

// isLarge says whether it costs much to load a document.
func (w *waits) isLarge(doc entry.DocID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.of[doc].Large
}

// those returns the documents of which what is noted fits.
func (w *waits) those(fits func(store.Unsettled) bool) (docs []entry.DocID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for doc, u := range w.of {
		if fits(u) {
			docs = append(docs, doc)
		}
	}
	return docs
}

// acknowledgedIn are the runs of which a sound acknowledgement says something; none if a statement is another.
func acknowledgedIn(c Rules, id entry.ID) (runs []deviceRun) {
	for _, end := range c.SeenIn(id) {
		runs = append(runs, deviceRun{end.Device, end.Run})
	}
	return runs
}

// putUnsettled adds what a document waits for to a batch, if it is other than what is stored; note it
// once that is written.
func (r *Replica) putUnsettled(b *store.Batch, d *document) {
	if d.awaits = awaited(d.judge.Awaits()); d.heads != nil {
		d.awaits = awaited(d.heads.Awaits())
	}
	d.awaits.More = d.awaits.More || len(d.wants) > 0
	if !r.waits.is(d.id, d.awaits) {
		b.PutUnsettled(d.id, d.awaits)
	}
}
