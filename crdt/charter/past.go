package charter

import (
	"crypto/sha256"
	"slices"

	"kith/crdt/entry"
)

// Past is the charter as some heads know it. It never changes, whatever arrives, and is safe
// for concurrent use.
type Past struct {
	pool *pool
	ids  []entry.ID // the heads, sorted
	known
	beside *Other // of a share; nil in a co-op
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
	if len(heads) > 0 && slices.Equal(heads, c.heads) {
		return c.now, Accepted
	}
	p, state := c.Sound(heads)
	if state != Accepted {
		return nil, state
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
		nodes[i] = c.nodes.get(id)
	}
	if k, one := joined(nodes); one {
		p = &Past{pool: c.pool, ids: slices.Clone(heads), known: k}
	}
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	if len(c.pool.pasts) >= maxPasts {
		clear(c.pool.pasts)
	}
	c.pool.pasts[key] = p // nil, too: both sides of a fork they are for good
	return p
}

// Covers says whether older heads know no newer step than p does. What one member says alone is no
// matter: it couldn't be asked of others that they know all of it. Ask about heads that are accepted:
// one that isn't here, or waits, is not covered.
func (p *Past) Covers(older []entry.ID) bool {
	for _, id := range older {
		n := p.pool.node(id)
		if n == nil && p.beside != nil {
			if n = p.beside.Of.pool.node(id); n != nil && n.sound() && p.beside.covers(n) {
				continue
			}
			return false
		}
		if n == nil || !n.sound() || !p.step.reaches(n.tip()) {
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
// no retirement or removal of it is. A device that two members claim speaks for neither; in a
// share, one that speaks on both sides does on none.
func (p *Past) Speaks(device entry.Device) (MemberID, bool) {
	who := p.speaker(p.pool, device)
	if o := p.beside; o != nil && o.Past != nil {
		if theirs := o.Past.speaker(o.Past.pool, device); who == nil {
			who = theirs
		} else if theirs != nil {
			who = nil
		}
	}
	if who != nil {
		return who.id, true
	}
	return MemberID{}, false
}

// Standing returns what part a member has there. Who said that they leave has Resigned from
// then on, though they leave the count of agreed steps only with the next one.
func (p *Past) Standing(id MemberID) (Standing, bool) {
	if who := p.member(p.pool, id); who != nil {
		return who.standing, true
	}
	if o := p.beside; o != nil && o.Past != nil {
		return o.Past.Standing(id)
	}
	return 0, false
}

// Full returns the full members, sorted by ID; in a share those of all sides that are counted.
func (p *Past) Full() []MemberID {
	full := slices.Concat(p.Sides()...)
	slices.SortFunc(full, compareMembers)
	return full
}

// own returns the full members of the past's own side.
func (p *Past) own() []MemberID {
	full := make([]MemberID, 0, p.step.full)
	p.step.members.each(func(_ int, s *seat) {
		if s.standing == Full && p.person(s.number).standing == Full {
			full = append(full, s.id)
		}
	})
	slices.SortFunc(full, compareMembers)
	return full
}
