package charter

import (
	"slices"

	"kith/crdt/entry"
)

// known is what some statements and all in their past say together. It never changes; two of
// them share what they have in common.
type known struct {
	step *step
	// has says how far along each of the pool's lines the past goes: statements that follow
	// each other are numbered along a line, so a few numbers stand for thousands of them.
	has     trie[int]
	own     trie[*facts] // by number of a member: what they say of themselves
	invites trie[*facts] // by number of a member: their invites, and who redeemed them
}

// facts are statements in the order in which they came into the pool, each after its past.
type facts struct {
	nodes  []*node
	memo   memo       // of what they say of themselves
	guests guestsMemo // of their invites
}

func (f *facts) list() []*node {
	if f == nil {
		return nil
	}
	return f.nodes
}

// with returns the facts and one more, which comes after all of them in the pool.
func (f *facts) with(n *node) *facts { return mergeFacts(f, &facts{nodes: []*node{n}}) }

func mergeFacts(a, b *facts) *facts {
	if a == nil || a == b {
		return b
	}
	out := make([]*node, 0, len(a.nodes)+len(b.nodes))
	x, y := a.nodes, b.nodes
	for len(x) > 0 && len(y) > 0 {
		switch {
		case x[0] == y[0]:
			out = append(out, x[0])
			x, y = x[1:], y[1:]
		case x[0].index < y[0].index:
			out = append(out, x[0])
			x = x[1:]
		default:
			out = append(out, y[0])
			y = y[1:]
		}
	}
	out = append(append(out, x...), y...)
	switch len(out) {
	case len(a.nodes):
		return a
	case len(b.nodes):
		return b
	}
	return &facts{nodes: out}
}

// join returns what two say together. Their steps must be on one way from the genesis.
func (k known) join(o known) known {
	return known{
		step:    deeper(k.step, o.step),
		has:     k.has.union(o.has, maxOf),
		own:     k.own.union(o.own, mergeFacts),
		invites: k.invites.union(o.invites, mergeFacts),
	}
}

func maxOf(a, b int) int { return max(a, b) }

// in says whether a sound statement is in the past.
func (k known) in(n *node) bool { return k.has.get(n.line) >= n.place }

// knows says whether other is in n's past.
func (n *node) knows(other *node) bool { return n != other && n.after.in(other) }

// person returns what is known of a member; nil if nothing is.
func (k known) person(number int) *person {
	s, f := k.step.members.get(number), k.own.get(number)
	switch {
	case f == nil && s == nil:
		return nil
	case f == nil:
		return s.bare
	}
	who := f.memo.derived(s, f.nodes)
	counts := k.admits
	if who.standing == Resigned {
		counts = k.redeems // they need no room any more, and keep what they wrote while they had one
	}
	if s == nil && !slices.ContainsFunc(f.nodes, counts) {
		return who.lapse()
	}
	return who
}

// speaker returns for whom a device speaks. A device that two members claim speaks for neither.
func (k known) speaker(p *pool, device entry.Device) *person {
	who := k.claimant(p, device)
	if who == nil || !who.speaks(device) {
		return nil
	}
	return who
}

// claimant returns the only member who ever claimed a device.
func (k known) claimant(p *pool, device entry.Device) *person {
	return k.only(p, device, partDevice)
}

// holder returns whose member key it is; nobody's if two have it.
func (k known) holder(p *pool, key entry.Device) *person {
	if who := k.only(p, key, partMemberKey); who != nil && who.key == key {
		return who
	}
	return nil
}

// only returns the only member for whom a key has a part of some kind.
func (k known) only(p *pool, key entry.Device, what int) *person {
	found := -1
	for _, part := range p.partsOf(key) {
		if part.what != what || part.number == found || !part.in(k) {
			continue
		}
		if found >= 0 {
			return nil
		}
		found = part.number
	}
	if found < 0 {
		return nil
	}
	return k.person(found)
}

// uses says whether a key has a part in the charter already: as a member key, a device, or an invite.
func (k known) uses(p *pool, key entry.Device) bool {
	return slices.ContainsFunc(p.partsOf(key), func(part part) bool { return part.in(k) })
}

// isTaken says whether a key can't become a member key or a device any more. That it is an invite's doesn't matter: anybody publishes
// what key they like as one, also that of a request that they have read.
func (k known) isTaken(p *pool, key entry.Device) bool {
	return slices.ContainsFunc(p.partsOf(key), func(part part) bool { return part.what != partInvite && part.in(k) })
}
