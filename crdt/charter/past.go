package charter

import (
	"bytes"
	"crypto/sha256"
	"slices"

	"kith/crdt/entry"
)

// Past is the charter as some heads know it. It never changes, whatever arrives, and is safe
// for concurrent use.
type Past struct {
	pool *pool
	step *step
	ids  []entry.ID // the heads, sorted
	has  []uint64   // a bit for each node in the past, by its index
}

// maxPasts bounds the pasts that are remembered. Honest entries name a few heads again and
// again; a hostile device may name any.
const maxPasts = 1 << 12

// headsKey identifies heads: the hash of the IDs, or the only one itself.
type headsKey [32]byte

func keyOf(heads []entry.ID) headsKey {
	if len(heads) == 1 {
		return headsKey(heads[0])
	}
	b := make([]byte, 0, 32*8)
	for _, h := range heads {
		b = append(b, h[:]...)
	}
	return sha256.Sum256(b)
}

// At returns the charter as an entry knows it that names the given heads, sorted and unique
// as Decode leaves them. The state is Void if one of them is void, or they are on both sides
// of a fork; else Pending if one is not here, or pending; else Elsewhere if one is; else
// Accepted. The past is nil in all states but Accepted.
func (c *Charter) At(heads []entry.ID) (*Past, State) {
	if len(heads) == 0 {
		return nil, Void // only a genesis names none, and nothing else is asked about
	}
	if slices.Equal(heads, c.heads) {
		return c.now, Accepted
	}
	here := true
	for _, id := range heads {
		switch n := c.nodes[id]; {
		case n == nil:
			here = false
		case !n.sound():
			return nil, Void
		}
	}
	if !here {
		return nil, Pending
	}
	p := c.past(heads)
	if p == nil {
		return nil, Void
	}
	if s := c.placed(p.step); s != Accepted {
		return nil, s
	}
	return p, Accepted
}

// past returns the past of sound heads that are here, or nil if they are on both sides of a
// fork.
func (c *Charter) past(heads []entry.ID) *Past {
	key := keyOf(heads)
	c.pool.mu.RLock()
	p, ok := c.pool.pasts[key]
	c.pool.mu.RUnlock()
	if ok {
		return p
	}
	nodes := make([]*node, len(heads))
	for i, id := range heads {
		nodes[i] = c.nodes[id]
	}
	if tip, one := newest(nodes); one {
		p = &Past{pool: c.pool, step: tip, ids: slices.Clone(heads)}
		for _, n := range nodes {
			p.add(n)
		}
	}
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	if len(c.pool.pasts) >= maxPasts {
		clear(c.pool.pasts)
	}
	c.pool.pasts[key] = p // nil, too: both sides of a fork they are for good
	return p
}

// add puts n and its past into p.
func (p *Past) add(n *node) {
	for stack := []*node{n}; len(stack) > 0; {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if p.in(n) {
			continue
		}
		for len(p.has) <= n.index/64 {
			p.has = append(p.has, 0)
		}
		p.has[n.index/64] |= 1 << (n.index % 64)
		stack = append(stack, n.heads...)
	}
}

func (p *Past) in(n *node) bool {
	return n.index/64 < len(p.has) && p.has[n.index/64]&(1<<(n.index%64)) != 0
}

// covers says whether n adds nothing to p: it is in p, or all it does is to bring a step
// into force that p has by another statement, and what it stands on adds nothing either.
// So a device that signs one step a thousand times can't drive others apart.
func (p *Past) covers(n *node) bool {
	if p.in(n) {
		return true
	}
	seen := map[*node]bool{}
	for stack := []*node{n}; len(stack) > 0; {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if p.in(n) || seen[n] {
			continue
		}
		if n.carries == nil || !p.step.reaches(n.carries) {
			return false
		}
		seen[n] = true
		stack = append(stack, n.heads...)
	}
	return true
}

// Covers says whether older heads know nothing that p doesn't: each is in the past, or only
// brings a step into force that the past has already. Ask about heads that are accepted: one
// that isn't here, or waits, is not covered.
func (p *Past) Covers(older []entry.ID) bool {
	if slices.Equal(older, p.ids) {
		return true
	}
	for _, id := range older {
		n := p.pool.node(id)
		if n == nil || !n.sound() || !p.covers(n) {
			return false
		}
	}
	return true
}

// Step returns the newest step in the past.
func (p *Past) Step() StepID { return p.step.id }

// Rules returns the version of the shared rules that holds there.
func (p *Past) Rules() uint64 { return p.step.rules }

// Speaks returns the member for whom a device may speak: its certificate is in the past, and
// no retirement or removal of it is.
func (p *Past) Speaks(device entry.Device) (MemberID, bool) {
	m, ok := p.step.speaks(device)
	return m.ID, ok
}

// Standing returns what part a member has there.
func (p *Past) Standing(id MemberID) (Standing, bool) {
	m, ok := p.step.member(id)
	return m.Standing, ok
}

// Full returns the full members, sorted by ID.
func (p *Past) Full() []MemberID {
	full := make([]MemberID, 0, len(p.step.members))
	for _, m := range p.step.members {
		if m.Standing == Full {
			full = append(full, m.ID)
		}
	}
	slices.SortFunc(full, func(a, b MemberID) int { return bytes.Compare(a[:], b[:]) })
	return full
}
