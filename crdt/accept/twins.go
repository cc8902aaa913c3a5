package accept

import (
	mathbits "math/bits"
	"slices"

	"kith/crdt/change"
	"kith/crdt/charter"
)

// Twins are changes under the same actor and number. Only a device whose software was altered
// makes them, and one of them must go: the core takes whichever it sees first.
//
// Each actor's twins are decided by ascending number. Those compete that have in their past the
// change which stays under the number before, and none of their own twins. The one stays on
// which most people stand: full members, other than its author, who have it in the past of a
// change of theirs, or acknowledged its run up to it or further, in an entry that isn't beyond a
// frontier. Who stands on several of them counts for none. Only a tie goes to the lower place in
// the run, and then to the lower entry ID.
//
// None of this asks what was accepted, so what is decided about one actor's twins never hangs on
// another's.
type twins struct {
	actors   []change.Actor // who made any
	stale    bool           // there are twins that contests and marks don't have yet
	contests []contest      // of each actor by ascending number
	places   int            // in marks
	stood    map[charter.MemberID]bits
}

// contest is what was written under one number of an actor that made twins there.
type contest struct {
	nodes  []*node
	prior  *node // the only one under the number before
	follow bool  // there were several under the number before, in the contest before this one
	kept   *node // of nodes; nil if none competes
}

func (t *twins) none() bool { return len(t.actors) == 0 }

// settleNew is settle for a change that is new here. Among twins, only a twin and a change that others build
// on already (the one before twins, too) asks for all marks anew.
func (d *Document) settleNew(n *node, stoodOn bool) {
	if !d.twins.none() {
		if d.twins.stale || stoodOn {
			d.markAll()
		} else {
			d.mark(n)
		}
		if d.decide(n) {
			d.due = dueAll
			return
		}
	}
	d.settle(n)
	if d.crowd.over {
		d.due = dueAll
	}
}

// markAll finds the twins and, for each change, which of them are in its past.
func (d *Document) markAll() {
	actors := d.twins.actors
	d.twins = twins{actors: actors, stood: map[charter.MemberID]bits{}}
	for _, s := range d.arrived {
		s.node.marks, s.node.twin, s.node.walked = nil, 0, false
	}
	for _, a := range actors {
		d.findContests(d.slots[a])
	}
	var path []*node
	for _, s := range d.arrived {
		path = append(path[:0], s.node)
		for len(path) > 0 {
			n := path[len(path)-1]
			deeper := false
			if !n.walked {
				for _, dep := range n.change.Deps {
					if m := d.changes[dep]; m != nil && !m.walked {
						path, deeper = append(path, m), true
					}
				}
			}
			if !deeper {
				path = path[:len(path)-1]
				if !n.walked {
					n.walked = true
					d.mark(n)
				}
			}
		}
	}
}

// findContests goes through the changes of one actor that made twins.
func (d *Document) findContests(list []*node) {
	place := func(n *node) {
		if n.twin == 0 {
			d.twins.places++
			n.twin = d.twins.places
		}
	}
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && list[to].change.Seq == list[from].change.Seq {
			to++
		}
		if to-from > 1 {
			c := contest{nodes: slices.Clone(list[from:to])}
			if from > 0 && list[from-1].change.Seq+1 == list[from].change.Seq {
				if from > 1 && list[from-2].change.Seq == list[from-1].change.Seq {
					c.follow = true
				} else {
					c.prior = list[from-1]
					place(c.prior)
				}
			}
			for _, n := range c.nodes {
				place(n)
			}
			d.twins.contests = append(d.twins.contests, c)
		}
		from = to
	}
}

// mark notes which twins a change has in its past, and that its authors stand on them. Those of
// its dependencies must be noted already.
func (d *Document) mark(n *node) {
	for _, dep := range n.change.Deps {
		if m := d.changes[dep]; m != nil {
			n.marks = n.marks.with(m.marks)
			if m.twin > 0 {
				n.marks = n.marks.withOne(m.twin - 1)
			}
		}
	}
	if len(n.marks) == 0 {
		return
	}
	for _, s := range n.carriers() {
		if s.full && s.at == within {
			d.twins.stood[s.Author] = d.twins.stood[s.Author].with(n.marks)
		}
	}
}

// decide says for each twin whether it is lost, and reports whether that is another answer than
// before for any of them but the new ones.
func (d *Document) decide(new ...*node) (changed bool) {
	for i := range d.twins.contests {
		c := &d.twins.contests[i]
		if c.follow {
			c.prior = d.twins.contests[i-1].kept
		}
		competing := c.competing()
		c.kept = d.most(competing)
		for _, n := range c.nodes {
			lost := n != c.kept && slices.Contains(competing, n)
			if lost != n.lost {
				n.lost = lost
				changed = changed || !slices.Contains(new, n)
			}
		}
	}
	return changed
}

func (c *contest) competing() []*node {
	var all []*node
	for _, n := range c.nodes {
		if n.change.Seq > 1 && (c.prior == nil || !n.marks.has(c.prior.twin-1)) {
			continue
		}
		if !slices.ContainsFunc(c.nodes, func(o *node) bool { return n.marks.has(o.twin - 1) }) {
			all = append(all, n)
		}
	}
	return all
}

// most returns the one of competing twins that stays; nil if there are none.
func (d *Document) most(competing []*node) *node {
	people := make([]int, len(competing))
	var authors []charter.MemberID
	for _, n := range competing {
		for _, s := range n.carriers() {
			authors = append(authors, s.Author)
		}
	}
	on := d.acknowledged(competing)
	for member, marks := range d.twins.stood {
		for i, n := range competing {
			if marks.has(n.twin-1) && !slices.Contains(on[member], i) {
				on[member] = append(on[member], i)
			}
		}
	}
	for member, twins := range on {
		if len(twins) == 1 && !slices.Contains(authors, member) {
			people[twins[0]]++
		}
	}
	best := -1
	for i, n := range competing {
		if best < 0 || people[i] > people[best] ||
			people[i] == people[best] && compare(n.bestSound(), competing[best].bestSound()) < 0 {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	return competing[best]
}

// bits is a set of places. It is never modified, so that many changes can share one.
type bits []uint64

func (b bits) has(i int) bool { return i>>6 < len(b) && b[i>>6]>>(i&63)&1 != 0 }

func (b bits) len() (n int) {
	for _, word := range b {
		n += mathbits.OnesCount64(word)
	}
	return n
}

func (b bits) withOne(i int) bits {
	if b.has(i) {
		return b
	}
	out := make(bits, max(len(b), i>>6+1))
	copy(out, b)
	out[i>>6] |= 1 << (i & 63)
	return out
}

func (b bits) with(o bits) bits {
	if len(b) < len(o) {
		b, o = o, b
	}
	for i, word := range o {
		if word&^b[i] != 0 {
			out := slices.Clone(b)
			for j, word := range o {
				out[j] |= word
			}
			return out
		}
	}
	return b
}
