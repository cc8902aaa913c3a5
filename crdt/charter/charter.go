// Package charter turns the membership log of a space, its charter statements, into who may
// do what: a pure function of the statements and of the branch that a replica stands on.
//
// A statement is judged by its own past alone, so what it is there never changes as more
// arrives: sound, or void. What is sound is accepted if it is on the branch that the replica
// follows, elsewhere if it is on another. There is no clock, and no order of arrival.
// Whether an entry's own signature is right is not asked here: hand in verified entries
// only. The rules, in plain words and then precisely: docs/CHARTER.md; the bytes:
// docs/PROTOCOL.md, "Charter statements".
//
// Where to read: judge.go and agree.go judge a statement; person.go says what a member's own
// statements make of them and their devices, step.go what the chain does; known.go and pool.go
// hold what a past knows; make.go makes statements; view.go, pending.go and fork.go are what
// people see.
//
// It is large: statements and the fold that judges them name each other throughout, and a rule read in half is read
// wrongly. Codes and phrases (code.go, invite.go, phrase.go) could go.
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

	nodes   layers[entry.ID, *node] // judged, and here
	waiting map[entry.ID]waiting    // here, not to be judged yet
	steps   layers[StepID, *step]   // all sound steps, on whichever branch

	forgetting []*node // of nodes, the sound ones of TypeForget

	// Set by place or grow, from the above.
	end   *step   // the tip of the branch that is followed
	split bool    // the chain forks right after it
	ends  []*node // accepted, and named by nothing accepted; no leaves
	heads []entry.ID
	now   *Past // of heads
	all   known // what all accepted statements say together

	// Computed when somebody asks.
	polls     *polls
	ordered   func() []*entry.Entry
	carriers  func() map[StepID]entry.ID // of each sound step, the statement with the lowest ID
	devices   func() map[entry.Device]bool
	cuts      func() map[entry.Device][]Frontier
	made      func() map[int][]*node
	proposals func() []Proposal
	forgets   func() map[entry.DocID]Forgets
	called    func() map[int]*called
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
// with the same stand. c stays as it is. It costs as much as what is new, as long as the chain
// only grows at its end. Entries that aren't statements are left out.
func (c *Charter) With(more ...*entry.Entry) *Charter {
	next := &Charter{
		space: c.space, stand: c.stand, pool: c.pool,
		nodes: c.nodes.apart(), waiting: map[entry.ID]waiting{}, steps: c.steps.apart(),
	}
	if len(c.waiting) > 0 { // an emptied map stays large
		next.waiting = maps.Clone(c.waiting)
	}
	fresh := next.judge(more)
	next.forgetting = slices.Clip(c.forgetting)
	for _, n := range fresh {
		if n.said.Type == TypeForget {
			next.forgetting = append(next.forgetting, n)
		}
	}
	next.nodes, next.steps = next.nodes.settled(), next.steps.settled()
	if !next.grow(c, fresh) {
		next.place()
	}
	return next
}

// StandOn returns the charter of the same statements from another stand. A replica moves its
// stand to Tip whenever it takes part, and elsewhere only when its person says so.
func (c *Charter) StandOn(stand StepID) *Charter {
	next := *c // what is in it is never modified once placed
	next.stand = stand
	if stand != c.stand && (c.end == nil || stand != c.end.id) {
		next.place()
	}
	return &next
}

// judge adds statements, and judges all whose past is complete now. It returns the sound ones.
func (c *Charter) judge(more []*entry.Entry) (fresh []*node) {
	var ready []*entry.Entry
	for _, e := range more {
		if e.Kind != entry.Statement || c.nodes.get(e.ID()) != nil {
			continue
		}
		if _, ok := c.waiting[e.ID()]; ok {
			continue
		}
		c.waiting[e.ID()] = waiting{entry: e}
		ready = append(ready, e)
	}
	if len(ready) == 0 {
		return nil
	}
	slices.Reverse(ready) // taken from the end: mostly each comes after its past
	dependents := map[entry.ID][]*entry.Entry{}
	for _, w := range c.waiting {
		for _, h := range w.entry.Heads {
			if c.nodes.get(h) == nil {
				dependents[h] = append(dependents[h], w.entry)
			}
		}
	}
	for len(ready) > 0 {
		e := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		if c.nodes.get(e.ID()) != nil {
			continue
		}
		n := c.pool.node(e.ID())
		if n == nil || !c.holds(n) {
			var before known
			var why string
			if n, before, why = c.pool.judge(e, c.nodes.get); n == nil {
				c.waiting[e.ID()] = waiting{entry: e, why: why}
				continue
			}
			if n.sound() {
				n = c.pool.keep(n, before)
			}
		}
		c.nodes.put(e.ID(), n)
		if n.sound() {
			fresh = append(fresh, n)
		}
		if s := n.carries; s != nil && c.steps.get(s.id) == nil {
			c.steps.put(s.id, s)
		}
		delete(c.waiting, e.ID())
		ready = append(ready, dependents[e.ID()]...)
	}
	return fresh
}

// holds says whether all that n stands on is here, too: n may come from another Charter of
// the same pool.
func (c *Charter) holds(n *node) bool {
	for _, h := range n.heads {
		if c.nodes.get(h.entry.ID()) == nil {
			return false
		}
	}
	return true
}

// place follows the chain as far as the stand leads, and sets what depends on that.
func (c *Charter) place() {
	children := map[StepID][]*step{}
	c.end = nil
	c.steps.each(func(_ StepID, s *step) {
		if s.parent == nil {
			c.end = s
		} else {
			children[s.parent.id] = append(children[s.parent.id], s)
		}
	})
	stand := c.steps.get(c.stand)
	for next := c.end; next != nil; {
		c.end, next = next, nil
		for _, child := range children[c.end.id] {
			if len(children[c.end.id]) == 1 || stand != nil && stand.reaches(child) {
				next = child
			}
		}
	}
	c.split = c.end != nil && len(children[c.end.id]) > 0

	c.ends, c.all = nil, known{}
	named := map[*node]bool{}
	c.nodes.each(func(_ entry.ID, n *node) {
		if n.sound() && !n.leaf() && c.placed(n.tip()) == Accepted {
			c.ends = append(c.ends, n)
			for _, h := range n.heads {
				named[h] = true
			}
		}
	})
	c.ends = slices.DeleteFunc(c.ends, func(n *node) bool { return named[n] })
	for _, n := range c.ends {
		c.all = c.all.join(n.after)
	}
	c.finish()
}

// grow is place for a charter that has a few statements more than an old one, if these
// lengthen the chain at its end or not at all; else it is false.
func (c *Charter) grow(old *Charter, fresh []*node) bool {
	if old.end == nil || old.split {
		return false
	}
	slices.SortFunc(fresh, func(a, b *node) int { return cmp.Compare(a.index, b.index) })
	c.end = old.end
	for _, n := range fresh {
		switch s := n.carries; {
		case s == nil, old.steps.get(s.id) != nil, s == c.end, c.end.reaches(s):
		case s.parent != c.end:
			return false
		default:
			c.end = s
		}
	}
	named := map[*node]bool{}
	all := slices.Clone(old.ends)
	c.all = old.all
	for _, n := range fresh {
		if !n.leaf() && c.placed(n.tip()) == Accepted {
			all = append(all, n)
			c.all = c.all.join(n.after)
			for _, h := range n.heads {
				named[h] = true
			}
		}
	}
	c.ends = slices.DeleteFunc(all, func(n *node) bool { return named[n] })
	c.finish()
	return true
}

// finish sets what follows from where the chain ends.
func (c *Charter) finish() {
	c.now, c.heads = c.cover(c.ends, entry.MaxHeads), nil
	if c.now != nil {
		c.heads = c.now.ids
	}
	c.polls = &polls{have: map[poll]map[int]*answers{}}
	c.ordered = sync.OnceValue(c.order)
	c.carriers = sync.OnceValue(c.allCarriers)
	c.devices = sync.OnceValue(c.allDevices)
	c.cuts = sync.OnceValue(c.allCuts)
	c.made = sync.OnceValue(c.allMade)
	c.proposals = sync.OnceValue(c.allProposals)
	c.forgets = sync.OnceValue(c.allForgets)
	c.called = sync.OnceValue(c.allCalled)
}

func (c *Charter) allCarriers() map[StepID]entry.ID {
	carriers := map[StepID]entry.ID{}
	c.nodes.each(func(id entry.ID, n *node) {
		if n.sound() && n.carries != nil {
			if old, ok := carriers[n.carries.id]; !ok || id.Compare(old) < 0 {
				carriers[n.carries.id] = id
			}
		}
	})
	return carriers
}

// placed says where a statement is whose past has the newest step tip.
func (c *Charter) placed(tip *step) State {
	switch {
	case c.end == nil:
		return Pending
	case c.end.reaches(tip):
		return Accepted
	case tip.reaches(c.end):
		return Pending // the chain forks right after it
	}
	return Elsewhere
}

// Space returns the ID of the space.
func (c *Charter) Space() entry.SpaceID { return c.space }

// tip returns the newest step followed; nil while the genesis isn't here.
func (c *Charter) tip() *step { return c.end }

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

// Heads returns the statements that a new entry names: those that nothing accepted names, but at most
// entry.MaxHeads, of everybody one before anybody has more; the newest step is in their past. Sorted; empty only while the genesis isn't
// here. The caller must not modify the slice.
func (c *Charter) Heads() []entry.ID { return c.heads }

// Has says whether a statement is here, in whichever state.
func (c *Charter) Has(id entry.ID) bool {
	_, waits := c.waiting[id]
	return waits || c.nodes.get(id) != nil
}

// State returns what became of a statement, and why in a member's words ("" if accepted).
func (c *Charter) State(id entry.ID) (State, string) {
	n := c.nodes.get(id)
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

// IsSound says whether a statement is here and sound, for good, on whichever branch.
func (c *Charter) IsSound(id entry.ID) bool {
	n := c.nodes.get(id)
	return n != nil && n.sound()
}

// Waiting returns which of the heads that a pending statement names aren't here, or wait
// themselves. It is empty if the statement waits for something else: a newer release, or a
// side to be taken.
func (c *Charter) Waiting(id entry.ID) []entry.ID {
	var waits []entry.ID
	if w, ok := c.waiting[id]; ok {
		for _, h := range w.entry.Heads {
			if c.nodes.get(h) == nil {
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
	c.nodes.each(func(_ entry.ID, n *node) {
		if !n.sound() || c.placed(n.tip()) != Accepted {
			return
		}
		if len(n.heads) == 0 {
			heap.Push(&next, n)
		}
		missing[n] = len(n.heads)
		for _, h := range n.heads {
			dependents[h] = append(dependents[h], n)
		}
	})
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
	return byAge(h[i], h[j]) < 0
}
func (h byStep) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *byStep) Push(x any)   { *h = append(*h, x.(*node)) }
func (h *byStep) Pop() any {
	old := *h
	n := old[len(old)-1]
	*h = old[:len(old)-1]
	return n
}
