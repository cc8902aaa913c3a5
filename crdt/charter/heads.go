package charter

import (
	"cmp"
	"slices"

	"kith/crdt/entry"
)

// Heads are what a new statement or entry names of the charter. They needn't reach all that is
// accepted: a statement needs the proposals and answers that it is about, an entry the newest step.
// Where there is no room for all, they are fair: everybody has a place before anybody has another
// one, and so has each device of a person.

// leaf says whether nothing stands on statements like n: no statement and no entry names one as a head.
func (n *node) leaf() bool { return n.said.Type == TypeSeen || n.said.Type == TypeForget }

// cover returns the past of as many of the candidates as fit.
func (c *Charter) cover(candidates []*node, limit int) *Past {
	if len(candidates) == 0 {
		return nil
	}
	chosen := candidates
	if len(candidates) > limit {
		chosen = c.fair(candidates, limit)[:limit]
	}
	p := &Past{pool: c.pool, known: known{step: chosen[0].tip()}}
	for _, n := range chosen {
		p.known = p.known.join(n.after)
		p.ids = append(p.ids, n.entry.ID())
	}
	slices.SortFunc(p.ids, entry.ID.Compare)
	return p
}

// turn is the place of a statement among those that wait for room.
type turn struct {
	n      *node
	first  bool // knows the newest step, and is the first that does
	phrase bool // by the member key, which beats what devices say
	device int  // which of its maker's: those that they have had for longer come before new ones
	round  int  // how many go before it of the same device, and then of the same person
	full   bool // its maker is a full member
}

// fair puts statements, none in the past of another, in the order in which the first of them get room;
// of one device, no more than limit. It puts ends in an order of its own: those of the next charter are
// these and a few more, and take no time to sort again.
func (c *Charter) fair(ends []*node, limit int) []*node {
	later := func(a, b *node) int {
		return cmp.Or(cmp.Compare(b.tip().depth, a.tip().depth), a.entry.ID().Compare(b.entry.ID()))
	}
	slices.SortFunc(ends, later)
	type deviceOf struct {
		by     int
		device entry.Device
	}
	ofDevice, ofPerson := map[deviceOf]int{}, map[int]int{}
	var turns []turn
	for _, n := range ends {
		at := deviceOf{n.by, n.entry.Device}
		t := turn{n: n, round: ofDevice[at]}
		if ofDevice[at]++; t.round >= limit {
			continue
		}
		if who := c.all.person(n.by); who != nil {
			place, known := who.places[n.entry.Device]
			t.phrase, t.device, t.full = !known, place, who.standing == Full
		}
		turns = append(turns, t)
	}
	newest := func(a, b turn) int { return later(a.n, b.n) }
	first := slices.MinFunc(turns, func(a, b turn) int {
		return cmp.Or(cmp.Compare(b.n.tip().depth, a.n.tip().depth), less(a.full, b.full), newest(a, b))
	}).n
	slices.SortFunc(turns, func(a, b turn) int {
		return cmp.Or(less(a.phrase, b.phrase), cmp.Compare(a.round, b.round), cmp.Compare(a.device, b.device), newest(a, b))
	})
	for i := range turns {
		t := &turns[i]
		t.round, t.first = ofPerson[t.n.by], t.n == first
		ofPerson[t.n.by]++
	}
	slices.SortFunc(turns, func(a, b turn) int {
		return cmp.Or(less(a.first, b.first), cmp.Compare(a.round, b.round), less(a.full, b.full), newest(a, b))
	})
	order := make([]*node, len(turns))
	for i, t := range turns {
		order[i] = t.n
	}
	return order
}

// less puts what is so before what isn't.
func less(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// Introduction returns what somebody who comes in has to know, to see who belongs to the co-op and to
// take part: the accepted statements without acknowledgements, each after all in its past, in at most
// limit bytes of encoded entries. If that isn't enough for all, it is the pasts of as many of Heads as
// fit. The rest comes by sync.
func (c *Charter) Introduction(limit int) []*entry.Entry {
	left := limit
	take := func(*node) bool { return true }
	for _, e := range c.Statements() {
		if !c.nodes.get(e.ID()).leaf() {
			left -= len(e.Encoded())
		}
	}
	if left < 0 {
		in := map[*node]bool{}
		left = limit
		for _, end := range c.fair(slices.Clone(c.ends), entry.MaxHeads) {
			fresh, size := end.notIn(in)
			if size > left {
				continue
			}
			left -= size
			for _, n := range fresh {
				in[n] = true
			}
		}
		take = func(n *node) bool { return in[n] }
	}
	var all []*entry.Entry
	for _, e := range c.Statements() {
		if n := c.nodes.get(e.ID()); !n.leaf() && take(n) {
			all = append(all, e)
		}
	}
	return all
}

// notIn returns n and what is in its past, without what is in a set, and how large the entries are.
func (n *node) notIn(in map[*node]bool) (fresh []*node, size int) {
	found := map[*node]bool{}
	for stack := []*node{n}; len(stack) > 0; {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if in[n] || found[n] {
			continue
		}
		found[n] = true
		fresh, size = append(fresh, n), size+len(n.entry.Encoded())
		stack = append(stack, n.heads...)
	}
	return fresh, size
}
