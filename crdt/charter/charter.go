// Package charter turns the membership log of a space, its charter statements, into who may
// do what: a pure function of the statements and of the branch that a replica stands on.
//
// A statement is judged by its own past alone, so what it is there never changes as more
// arrives: sound, or void. What is sound is accepted if it is on the branch that the replica
// follows, elsewhere if it is on another. There is no clock, and no order of arrival.
// Whether an entry's own signature is right is not asked here: hand in verified entries
// only. Layout: docs/PROTOCOL.md, "Charter statements".
package charter

import (
	"cmp"
	"container/heap"
	"fmt"
	"maps"
	"slices"
	"sync"

	"kith/crdt/entry"
)

// State says what becomes of an entry.
type State uint8

const (
	// Pending: part of what it stands on isn't here yet, or this release can't judge it, or
	// it lies beyond a fork at which this replica hasn't taken a side.
	Pending State = iota
	// Accepted: it holds.
	Accepted
	// Void: a rule refuses it, for good.
	Void
	// Elsewhere: it holds on another branch than the one this replica follows.
	Elsewhere
)

// String returns the state as a word.
func (s State) String() string {
	switch s {
	case Pending:
		return "pending"
	case Accepted:
		return "accepted"
	case Void:
		return "void"
	case Elsewhere:
		return "elsewhere"
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// Charter is what a set of statements says, from where a replica stands. It never changes and
// is safe for concurrent use.
type Charter struct {
	space entry.SpaceID
	stand StepID
	pool  *pool

	nodes   map[entry.ID]*node   // judged, and here
	waiting map[entry.ID]waiting // here, not to be judged yet
	steps   map[StepID]*step     // all sound steps, on whichever branch

	// Set by place, from the above.
	path     []*step             // from the genesis to the tip of the branch that is followed
	carriers map[StepID]entry.ID // of each sound step, the statement with the lowest ID
	heads    []entry.ID
	now      *Past // of heads
	all      known // what all accepted statements say together

	ordered func() []*entry.Entry
	devices func() map[entry.Device]bool
	cuts    func() map[entry.Device][]Frontier
	seen    func() map[runOf][]Seen
}

type waiting struct {
	entry *entry.Entry
	why   string
}

// Fold reads a charter from statements in any order; duplicates cost nothing. stand is the
// newest step that this replica took part in, which decides where the chain forks at or
// before it; zero in a replica that took part in nothing.
func Fold(space entry.SpaceID, statements []*entry.Entry, stand StepID) *Charter {
	none := &Charter{space: space, stand: stand, pool: newPool(space)}
	return none.With(statements...)
}

// With returns the charter of the statements of c and more: what Fold makes of all of them
// with the same stand. c stays as it is. It costs as much as what is new, and a copy of a
// map. Entries that aren't statements are left out.
func (c *Charter) With(more ...*entry.Entry) *Charter {
	next := &Charter{
		space: c.space, stand: c.stand, pool: c.pool,
		nodes: cloned(c.nodes), waiting: cloned(c.waiting), steps: cloned(c.steps),
	}
	next.judge(more)
	next.place()
	return next
}

func cloned[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return maps.Clone(m)
}

// StandOn returns the charter of the same statements from another stand. A replica moves its
// stand to Tip whenever it takes part, and elsewhere only when its person says so.
func (c *Charter) StandOn(stand StepID) *Charter {
	next := &Charter{
		space: c.space, stand: stand, pool: c.pool,
		nodes: c.nodes, waiting: c.waiting, steps: c.steps, // never modified once placed
	}
	next.place()
	return next
}

// judge adds statements, and judges all whose past is complete now.
func (c *Charter) judge(more []*entry.Entry) {
	var ready []*entry.Entry
	for _, e := range more {
		if e.Kind != entry.Statement || c.nodes[e.ID()] != nil {
			continue
		}
		if _, ok := c.waiting[e.ID()]; ok {
			continue
		}
		c.waiting[e.ID()] = waiting{entry: e}
		ready = append(ready, e)
	}
	if len(ready) == 0 {
		return
	}
	dependents := map[entry.ID][]*entry.Entry{}
	for _, w := range c.waiting {
		for _, h := range w.entry.Heads {
			if c.nodes[h] == nil {
				dependents[h] = append(dependents[h], w.entry)
			}
		}
	}
	for len(ready) > 0 {
		e := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		if c.nodes[e.ID()] != nil {
			continue
		}
		n := c.pool.node(e.ID())
		if n == nil || !c.holds(n) {
			var before known
			var why string
			if n, before, why = c.pool.judge(e, c.nodes); n == nil {
				c.waiting[e.ID()] = waiting{entry: e, why: why}
				continue
			}
			if n.sound() {
				n = c.pool.keep(n, before)
			}
		}
		c.nodes[e.ID()] = n
		if n.carries != nil {
			c.steps[n.carries.id] = n.carries
		}
		delete(c.waiting, e.ID())
		ready = append(ready, dependents[e.ID()]...)
	}
}

// holds says whether all that n stands on is here, too: n may come from another Charter of
// the same pool.
func (c *Charter) holds(n *node) bool {
	for _, h := range n.heads {
		if c.nodes[h.entry.ID()] == nil {
			return false
		}
	}
	return true
}

// place follows the chain as far as the stand leads, and sets what depends on that.
func (c *Charter) place() {
	children := map[StepID][]*step{}
	var root *step
	for _, s := range c.steps {
		if s.parent == nil {
			root = s
		} else {
			children[s.parent.id] = append(children[s.parent.id], s)
		}
	}
	stand := c.steps[c.stand]
	for s := root; s != nil; {
		c.path = append(c.path, s)
		var next *step
		for _, child := range children[s.id] {
			if len(children[s.id]) == 1 || stand != nil && stand.reaches(child) {
				next = child
			}
		}
		s = next
	}

	c.carriers = map[StepID]entry.ID{}
	var ends []*node // accepted, and named by nothing accepted
	named := map[*node]bool{}
	for id, n := range c.nodes {
		if !n.sound() {
			continue
		}
		if s := n.carries; s != nil {
			if old, ok := c.carriers[s.id]; !ok || id.Compare(old) < 0 {
				c.carriers[s.id] = id
			}
		}
		if c.placed(n.tip()) != Accepted {
			continue
		}
		ends = append(ends, n)
		for _, h := range n.heads {
			named[h] = true
		}
	}
	ends = slices.DeleteFunc(ends, func(n *node) bool { return named[n] })
	c.now = c.cover(ends)
	c.heads, c.all = nil, known{}
	if c.now != nil {
		c.heads, c.all = c.now.ids, c.now.known
		for _, n := range ends {
			if !c.all.in(n) {
				c.all = c.all.join(n.after)
			}
		}
	}
	c.ordered = sync.OnceValue(c.order)
	c.devices = sync.OnceValue(c.allDevices)
	c.cuts = sync.OnceValue(c.allCuts)
	c.seen = sync.OnceValue(c.allSeen)
}

// cover returns the past of as few of the candidates as cover all of them, at most
// entry.MaxHeads: those that know the newest step first.
func (c *Charter) cover(candidates []*node) *Past {
	if len(candidates) == 0 {
		return nil
	}
	slices.SortFunc(candidates, func(a, b *node) int {
		return cmp.Or(cmp.Compare(b.tip().depth, a.tip().depth), a.entry.ID().Compare(b.entry.ID()))
	})
	p := &Past{pool: c.pool, known: known{step: candidates[0].tip()}}
	for i, n := range candidates {
		if i == 0 || len(p.ids) < entry.MaxHeads && !p.covers(n) {
			p.known = p.known.join(n.after)
			p.ids = append(p.ids, n.entry.ID())
		}
	}
	slices.SortFunc(p.ids, entry.ID.Compare)
	return p
}

// placed says where a statement is whose past has the newest step tip.
func (c *Charter) placed(tip *step) State {
	if len(c.path) == 0 {
		return Pending
	}
	end := c.path[len(c.path)-1]
	switch {
	case end.reaches(tip):
		return Accepted
	case tip.reaches(end):
		return Pending // the chain forks right after end
	}
	return Elsewhere
}

// Space returns the ID of the space.
func (c *Charter) Space() entry.SpaceID { return c.space }

// tip returns the newest step followed; nil while the genesis isn't here.
func (c *Charter) tip() *step {
	if len(c.path) == 0 {
		return nil
	}
	return c.path[len(c.path)-1]
}

// Tip returns the newest step of the branch that is followed, or zero while the genesis
// isn't here.
func (c *Charter) Tip() StepID {
	if t := c.tip(); t != nil {
		return t.id
	}
	return StepID{}
}

// Stand returns the step given to Fold or StandOn.
func (c *Charter) Stand() StepID { return c.stand }

// Heads returns the statements that a new entry names: as few as cover all that is accepted
// (see Past.Covers), but at most entry.MaxHeads. Sorted; empty only while the genesis isn't
// here. The caller must not modify the slice.
func (c *Charter) Heads() []entry.ID { return c.heads }

// Has says whether a statement is here, in whichever state.
func (c *Charter) Has(id entry.ID) bool {
	_, waits := c.waiting[id]
	return waits || c.nodes[id] != nil
}

// State returns what became of a statement, and why in a member's words ("" if accepted).
func (c *Charter) State(id entry.ID) (State, string) {
	n := c.nodes[id]
	if n == nil {
		if w, ok := c.waiting[id]; ok {
			return Pending, w.why
		}
		return Pending, whyNotHere
	}
	if !n.sound() {
		return Void, n.void
	}
	switch s := c.placed(n.tip()); s {
	case Pending:
		return s, whyUndecided
	case Elsewhere:
		return s, whyOtherSide
	default:
		return s, whyAccepted
	}
}

// Waiting returns which of the heads that a pending statement names aren't here, or wait
// themselves. It is empty if the statement waits for something else: a newer release, or a
// side to be taken.
func (c *Charter) Waiting(id entry.ID) []entry.ID {
	var waits []entry.ID
	if w, ok := c.waiting[id]; ok {
		for _, h := range w.entry.Heads {
			if c.nodes[h] == nil {
				waits = append(waits, h)
			}
		}
	}
	return waits
}

// Statements returns the accepted statements, each after all in its past; of those that may
// come next the one on the older step goes first, then the lower ID. The caller must not
// modify the slice.
func (c *Charter) Statements() []*entry.Entry { return c.ordered() }

func (c *Charter) order() []*entry.Entry {
	missing := map[*node]int{} // heads of a node that aren't in order yet
	dependents := map[*node][]*node{}
	var next byStep
	for _, n := range c.nodes {
		if !n.sound() || c.placed(n.tip()) != Accepted {
			continue
		}
		if len(n.heads) == 0 {
			heap.Push(&next, n)
		}
		missing[n] = len(n.heads)
		for _, h := range n.heads {
			dependents[h] = append(dependents[h], n)
		}
	}
	order := make([]*entry.Entry, 0, len(missing))
	for len(next) > 0 {
		n := heap.Pop(&next).(*node)
		order = append(order, n.entry)
		for _, d := range dependents[n] {
			if missing[d]--; missing[d] == 0 {
				heap.Push(&next, d)
			}
		}
	}
	return order
}

// byStep is a heap of nodes: older steps first, then lower IDs.
type byStep []*node

func (h byStep) Len() int { return len(h) }
func (h byStep) Less(i, j int) bool {
	a, b := h[i], h[j]
	return cmp.Or(cmp.Compare(a.tip().depth, b.tip().depth), a.entry.ID().Compare(b.entry.ID())) < 0
}
func (h byStep) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *byStep) Push(x any)   { *h = append(*h, x.(*node)) }
func (h *byStep) Pop() any {
	old := *h
	n := old[len(old)-1]
	*h = old[:len(old)-1]
	return n
}
