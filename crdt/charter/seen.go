package charter

import (
	"bytes"
	"cmp"
	"iter"
	"slices"

	"kith/crdt/entry"
)

// Computers say once a day what they have seen, each of every other: lists of it would grow with the square of the people. Mostly somebody has said
// the same a moment before. So an acknowledgement can take over another, by naming it as a head, and lists what has moved since.

// MaxTaken bounds what an acknowledgement takes over: it goes from one to the next as long as the runs that they list, its own
// included, and they themselves are at most so many together.
const MaxTaken = 512

// RunEnd is one run in an acknowledgement: all up to an entry of it was seen.
type RunEnd struct {
	Device entry.Device
	Run    entry.Run
	Last   entry.ID
}

// Seen is one acknowledgement of a run: its maker has seen all up to an entry of it.
type Seen struct {
	Member MemberID
	Full   bool         // the maker was a full member
	Device entry.Device // that acknowledges
	Run    entry.Run    // of the acknowledging device, and not the one that is acknowledged
	Last   entry.ID     // of what is acknowledged
	Entry  entry.ID     // the acknowledgement
}

// acknowledgement is what a node of TypeSeen says.
type acknowledgement struct {
	full  bool     // its maker was a full member
	lists []RunEnd // by device, then run; unique
	over  *node    // the one that it takes over; nil if none
	by    []*node  // those that take it over; under pool.mu
}

// cost is how much of MaxTaken an acknowledgement takes.
func (a *acknowledgement) cost() int { return len(a.lists) + 1 }

// runOf is a run of a device.
type runOf struct {
	device entry.Device
	run    entry.Run
}

func (r RunEnd) compareRun(of runOf) int {
	return cmp.Or(bytes.Compare(r.Device[:], of.device[:]), bytes.Compare(r.Run[:], of.run[:]))
}

// last returns up to which entry of a run an acknowledgement says something; ok is false if it doesn't list the run.
func (a *acknowledgement) last(of runOf) (last entry.ID, ok bool) {
	at, ok := slices.BinarySearchFunc(a.lists, of, RunEnd.compareRun)
	if ok {
		last = a.lists[at].Last
	}
	return last, ok
}

// saysSeen is what all acknowledgements say beside their lists: they are most of a charter.
var saysSeen = &Statement{Type: TypeSeen}

// addSeen notes an acknowledgement where it is looked for.
func (p *pool) addSeen(n *node) {
	for _, d := range n.said.Lists {
		for _, l := range d.Frontier {
			n.seen.lists = append(n.seen.lists, RunEnd{d.Device, l.Run, l.Entry})
			at := runOf{d.Device, l.Run}
			p.acks[at] = append(p.acks[at], n)
		}
	}
	n.said = saysSeen
	if o := n.seen.over; o != nil {
		o.seen.by = append(o.seen.by, n)
	}
	p.seen = append(p.seen, n)
}

// ack is what one acknowledgement says of a run.
type ack struct {
	node *node
	last entry.ID
}

// acksOf returns what is said of a run, by those that list it and those that take these over, and don't list it themselves: each says one
// thing of it, however many before it list it.
func (p *pool) acksOf(of runOf) (all []ack) {
	type step struct {
		n    *node
		left int
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, n := range p.acks[of] {
		last, _ := n.seen.last(of)
		for stack := []step{{n, MaxTaken - n.seen.cost()}}; len(stack) > 0; {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			all = append(all, ack{at.n, last})
			for _, by := range at.n.seen.by {
				left := at.left - by.seen.cost()
				if _, itself := by.seen.last(of); left >= 0 && !itself {
					stack = append(stack, step{by, left})
				}
			}
		}
	}
	return all
}

// taken yields an acknowledgement and those that it takes over, and how much of MaxTaken is left with each, of so much.
func (n *node) taken(left int) iter.Seq2[*node, int] {
	return func(yield func(*node, int) bool) {
		for first := n; n != nil; n = n.seen.over {
			left -= n.seen.cost()
			if left < 0 && n != first || !yield(n, left) {
				return
			}
		}
	}
}

// accepts says whether a sound acknowledgement is here, and counts.
func (c *Charter) accepts(n *node) bool {
	return c.nodes.get(n.entry.ID()) != nil && c.placed(n.tip()) == Accepted
}

// SeenOf returns what accepted acknowledgements say of a run of a device, in no particular order.
func (c *Charter) SeenOf(device entry.Device, run entry.Run) []Seen {
	var all []Seen
	for _, a := range c.pool.acksOf(runOf{device, run}) {
		if e := a.node.entry; c.accepts(a.node) {
			all = append(all, Seen{Member: a.node.id, Full: a.node.seen.full, Device: e.Device, Run: e.Run, Last: a.last, Entry: e.ID()})
		}
	}
	return all
}

// SeenIn returns what a sound acknowledgement lists and then what those list that it takes over, one after the other: of a run that is
// there several times it says the first. It is none for anything else.
func (c *Charter) SeenIn(id entry.ID) (all []RunEnd) {
	n := c.nodes.get(id)
	if n == nil || n.seen == nil {
		return nil
	}
	for n := range n.taken(MaxTaken) {
		all = append(all, n.seen.lists...)
	}
	return all
}

// Takes yields what an acknowledgement takes over that names this one, in the order of SeenIn, and how many runs it may list itself so that it does.
func (c *Charter) Takes(id entry.ID) iter.Seq2[RunEnd, int] {
	return func(yield func(RunEnd, int) bool) {
		n := c.nodes.get(id)
		if n == nil || n.seen == nil {
			return
		}
		for n, left := range n.taken(MaxTaken - 1) { // itself
			for _, end := range n.seen.lists {
				if left < 0 || !yield(end, left) {
					return
				}
			}
		}
	}
}

// SeenBy yields what the accepted acknowledgements of a device list, and those that they take over, in no particular order; a run can be there several times.
func (c *Charter) SeenBy(device entry.Device) iter.Seq[RunEnd] {
	return func(yield func(RunEnd) bool) {
		been := map[*node]int{} // with how much left
		for _, n := range c.pool.allSeen() {
			if n.entry.Device != device || !c.accepts(n) {
				continue
			}
			for n, left := range n.taken(MaxTaken) {
				before, ok := been[n]
				if ok && before >= left {
					break // and so with all that it takes over
				}
				been[n] = left
				for _, end := range n.seen.lists {
					if !ok && !yield(end) {
						return
					}
				}
			}
		}
	}
}

// Acknowledgements yields the accepted acknowledgements and who made them, those first that came last.
func (c *Charter) Acknowledgements() iter.Seq2[entry.ID, entry.Device] {
	return func(yield func(entry.ID, entry.Device) bool) {
		for _, n := range slices.Backward(c.pool.allSeen()) {
			if c.accepts(n) && !yield(n.entry.ID(), n.entry.Device) {
				return
			}
		}
	}
}

// allSeen returns all sound acknowledgements of the pool, in the order in which they came.
func (p *pool) allSeen() []*node {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.seen
}
