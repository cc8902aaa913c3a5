package replica

import (
	"container/list"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/automerge/automerge-go"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/entry"
	"kith/daemon/store"
)

// Bounds of what is loaded at once. The core takes up to 1.2 kB for an operation of a small document, outside Go's
// heap, and a small document some 10 kB; so this is about 100 MB at most, and 600 MB with a document that is as large as
// there can be one. What is being loaded comes on top: see alone.
const (
	maxLoadedOps  = 60_000
	maxLoadedDocs = 1_000
	// maxBrought is how many of these nobody here has edited while they were loaded: in a catch-up each comes once, and whole.
	maxBrought = 128
	// maxBroughtChanges is how many changes these have, but for the one used last. What the judge knows of each takes 3 kB of Go's heap, and the collector
	// goes through it again and again.
	maxBroughtChanges = 4_000
	// maxWeight is what a document counts at most: the one large document that is used stays, with some beside it.
	maxWeight = maxLoadedOps * 2 / 3
	// collectAfter is how many operations may have been dropped before the collector is asked
	// to run: it frees the core's memory but doesn't see how much there is.
	collectAfter = 20_000
)

// document is a loaded document. Whoever holds its stripe owns it.
type document struct {
	id      entry.DocID
	judge   *accept.Document
	charter Rules // that judge was last given
	am      *automerge.Doc
	actor   [entry.ActorSize]byte // under which am writes now
	viewed  bool                  // whether a view is stored
	weight  int                   // operations, as last told to the cache
	changes int                   // the same
	edited  bool                  // here, while it was loaded
	awaits  store.Unsettled       // what it waits for, as last written
	sum     uint64                // of what a search looks through, as last written
	partly  bool                  // that isn't all of it
	heads   *accept.Heads         // of one that is forgotten: judge and am are empty then
	wants   []entry.ID            // entries without which it can't be said whether it is forgotten
	bare    []entry.ID            // of its entries those that judge doesn't know

	view        *crdt.View // nil: not computed; for viewLen changes under viewCharter
	viewCharter Rules
	viewLen     int
}

// cache keeps recently used documents loaded. Dropping one that is in use is harmless: its
// user holds the stripe, and whoever comes next loads what the user stored.
type cache struct {
	used atomic.Uint64
	most int // changes in brought, but for the one used last; maxBroughtChanges but in tests

	mu      sync.Mutex
	byID    map[entry.DocID]*list.Element // of *document
	recent  *list.List                    // most recently used first: those that were edited here
	brought *list.List                    // the same: the others
	ops     int
	changes int // of what is in brought
	dropped int
}

func newCache() *cache {
	return &cache{most: maxBroughtChanges, byID: map[entry.DocID]*list.Element{}, recent: list.New(), brought: list.New()}
}

// listOf is where a document stands.
func (c *cache) listOf(d *document) *list.List {
	if d.edited {
		return c.recent
	}
	return c.brought
}

func (c *cache) get(id entry.DocID) *document {
	c.used.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.byID[id]
	if !ok {
		return nil
	}
	d := el.Value.(*document)
	c.listOf(d).MoveToFront(el)
	return d
}

// putEdited is put for a document that was edited here, and will be again.
func (c *cache) putEdited(d *document) {
	c.mu.Lock()
	if el, ok := c.byID[d.id]; ok && !d.edited && el.Value.(*document) == d {
		c.brought.Remove(el)
		c.changes -= d.changes
		c.byID[d.id] = c.recent.PushFront(d)
	}
	d.edited = true
	c.mu.Unlock()
	c.put(d)
}

// put keeps d, with its present weight, and drops what is over the bounds, d itself only if it
// alone is.
func (c *cache) put(d *document) {
	c.mu.Lock()
	defer c.mu.Unlock()
	weight := min(d.judge.Ops(), maxWeight) + 1
	if el, ok := c.byID[d.id]; ok && el.Value.(*document) == d {
		c.listOf(d).MoveToFront(el)
	} else {
		c.dropLocked(d.id)
		c.byID[d.id] = c.listOf(d).PushFront(d)
		d.weight, d.changes = 0, 0
	}
	c.weighLocked(d, weight, d.judge.Len())
	for (c.ops > maxLoadedOps && len(c.byID) > 1) || len(c.byID) > maxLoadedDocs ||
		c.brought.Len() > maxBrought || (c.changes > c.most && c.brought.Len() > 1) {
		c.dropLocked(c.oldestLocked(d).id)
	}
}

// weighLocked counts d, which is loaded, as so many operations and changes from now on.
func (c *cache) weighLocked(d *document, ops, changes int) {
	c.ops += ops - d.weight
	if !d.edited {
		c.changes += changes - d.changes
	}
	d.weight, d.changes = ops, changes
}

// oldestLocked is the document to be dropped next: one that wasn't edited here, unless kept is the only such one.
func (c *cache) oldestLocked(kept *document) *document {
	if el := c.brought.Back(); el != nil && (el.Value.(*document) != kept || c.recent.Len() == 0) {
		return el.Value.(*document)
	}
	return c.recent.Back().Value.(*document)
}

// shrink drops what was used longest ago until no more than ops are loaded.
func (c *cache) shrink(ops int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.ops > ops && len(c.byID) > 0 {
		c.dropLocked(c.oldestLocked(nil).id)
	}
}

// dropLarge drops documents that count as much as one can, and says whether there was any.
func (c *cache) dropLarge() (any bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, el := range c.byID {
		if el.Value.(*document).weight > maxWeight {
			c.dropLocked(id)
			any = true
		}
	}
	return any
}

// drop forgets a document; the next user loads it from the store.
func (c *cache) drop(id entry.DocID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropLocked(id)
}

func (c *cache) dropLocked(id entry.DocID) {
	el, ok := c.byID[id]
	if !ok {
		return
	}
	d := el.Value.(*document)
	c.listOf(d).Remove(el)
	delete(c.byID, id)
	dropped := d.weight
	c.weighLocked(d, 0, 0)
	c.droppedLocked(dropped)
}

func (c *cache) droppedLocked(ops int) {
	if c.dropped += ops; c.dropped > collectAfter {
		c.dropped = 0
		go runtime.GC()
	}
}

// using calls fn, which reads or edits d, and counts as dropped what the core has copied of it meanwhile.
func (c *cache) using(d *document, fn func() error) error {
	before := crdt.Copies()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.droppedLocked(int(crdt.Copies()-before) * d.judge.Ops())
	}()
	return fn()
}
