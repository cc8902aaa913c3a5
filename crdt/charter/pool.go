package charter

import (
	"slices"
	"sync"

	"kith/crdt/entry"
)

// node is a statement whose whole past is here and judged. What it says is a function of its
// entry alone, and so the same in every Charter that holds it; it never changes.
type node struct {
	entry *entry.Entry
	said  *Statement
	heads []*node // of entry.Heads; nil in what is void
	void  string  // why it is void, in a member's words; "" if it is sound

	id      MemberID         // who made it; of a redemption: who comes in
	member  int              // their number in the pool
	by      int              // of a redemption: who countersigned it; else as member
	issuer  int              // of what is about an invite: whose
	carries *step            // the step it brings into force; nil if none
	about   *step            // of what is about a proposal: the parent; nil if none
	nth     int              // of a rename: one more than the highest of its maker's in its past
	seen    *acknowledgement // nil in all else

	index       int // its place in the pool: after all in its past
	line, place int // see known.has
	after       known
}

func (n *node) sound() bool { return n.void == "" }

// tip returns the newest step in the past, its own included; nil in what is void.
func (n *node) tip() *step { return n.after.step }

// pool holds what a Charter and those made of it by With have in common: nodes, steps, and
// the pasts that were asked for. All are functions of entries alone, so it is only a cache;
// what of it a past knows is asked of known.
type pool struct {
	space entry.SpaceID

	mu        sync.RWMutex
	nodes     map[entry.ID]*node // sound ones
	ends      []*node            // of each line
	steps     map[StepID]*step
	numbers   map[MemberID]int
	parts     map[entry.Device][]part
	proposals map[StepID]*proposal
	ballots   map[StepID][]*node // consents, refusals, taken back ones, by parent
	acks      map[RunOf][]*node  // acknowledgements, by what they list
	seen      []*node            // all of them, in the order in which they came
	seenBy    map[entry.Device][]*node
	pasts     map[headsKey]*Past // nil for heads on both sides of a fork

	looks sync.Map // of names: looks
}

// proposal is a step that somebody proposed, and by which statements.
type proposal struct {
	id     StepID
	parent *step
	terms  *Terms
	by     []*node
}

// What a key is for.
const (
	partDevice = iota
	partMemberKey
	partInvite
)

// part says that a statement or a step gives a key a part.
type part struct {
	what   int
	number int // of the member
	node   *node
	step   *step // if no node
}

func (p part) in(k known) bool {
	if p.node != nil {
		return k.in(p.node)
	}
	return k.step.reaches(p.step)
}

func newPool(space entry.SpaceID) *pool {
	return &pool{
		space: space,
		nodes: map[entry.ID]*node{}, steps: map[StepID]*step{}, numbers: map[MemberID]int{},
		parts: map[entry.Device][]part{}, proposals: map[StepID]*proposal{},
		ballots: map[StepID][]*node{}, acks: map[RunOf][]*node{}, seenBy: map[entry.Device][]*node{}, pasts: map[headsKey]*Past{},
	}
}

func (p *pool) node(id entry.ID) *node {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.nodes[id]
}

func (p *pool) step(id StepID) *step {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.steps[id]
}

func (p *pool) partsOf(key entry.Device) []part {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.parts[key]
}

func (p *pool) ballotsAt(parent StepID) []*node {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.ballots[parent]
}

// proposed returns a proposal and the statements in a past that make it; none if the past
// doesn't know it.
func (p *pool) proposed(id StepID, k known) (*proposal, []*node) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	prop := p.proposals[id]
	if prop == nil {
		return nil, nil
	}
	var by []*node
	for _, n := range prop.by {
		if k.in(n) {
			by = append(by, n)
		}
	}
	return prop, by
}

// proposedAt returns the proposals at a step, whoever knows them, in no order.
func (p *pool) proposedAt(parent *step) (ids []StepID) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for id, prop := range p.proposals {
		if prop.parent == parent {
			ids = append(ids, id)
		}
	}
	return ids
}

// number returns the number of a member; a new one for who is new.
func (p *pool) number(id MemberID) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, ok := p.numbers[id]
	if !ok {
		n = len(p.numbers)
		p.numbers[id] = n
	}
	return n
}

// keep adds a sound statement with what its heads know, or returns what another Charter added
// for the same one before.
func (p *pool) keep(n *node, before known) *node {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := n.entry.ID()
	if old, ok := p.nodes[id]; ok {
		return old
	}
	n.after = before
	if s := n.carries; s != nil {
		if old, ok := p.steps[s.id]; ok {
			n.carries = old
		} else {
			p.steps[s.id] = s
			p.addStep(s)
		}
		n.after.step = deeper(before.step, n.carries)
	}
	n.index = len(p.nodes)
	if n.line, n.place = -1, 1; !n.leaf() { // a leaf is in no past
		p.addToLine(n)
		n.after.has = before.has.with(n.line, n.place)
	}
	p.addParts(n)
	p.nodes[id] = n
	return n
}

// addToLine puts n on the line of a head that nothing follows there yet, or begins one.
func (p *pool) addToLine(n *node) {
	for _, h := range n.heads {
		if p.ends[h.line] == h {
			n.line, n.place = h.line, h.place+1
			p.ends[n.line] = n
			return
		}
	}
	n.line, n.place = len(p.ends), 1
	p.ends = append(p.ends, n)
}

func (p *pool) addPart(key entry.Device, x part) { p.parts[key] = append(p.parts[key], x) }

// addStep notes the keys that a step gives a part.
func (p *pool) addStep(s *step) {
	switch {
	case s.terms == nil:
		g := s.members.get(s.founder)
		p.addPart(g.key, part{what: partMemberKey, number: g.number, step: s})
		p.addPart(g.device.Key, part{what: partDevice, number: g.number, step: s})
	case s.terms.Seat != nil:
		r := &s.terms.Seat.Redemption
		number := p.numbers[MemberIDOf(p.space, r.Member)]
		p.addPart(r.Member, part{what: partMemberKey, number: number, step: s})
		p.addPart(r.Device, part{what: partDevice, number: number, step: s})
		p.addPart(s.terms.Seat.Invite, part{what: partInvite, number: number, step: s})
	case s.terms.Rekey != nil:
		r := s.terms.Rekey
		number := p.numbers[r.Member]
		p.addPart(r.Key, part{what: partMemberKey, number: number, step: s})
		p.addPart(r.Device, part{what: partDevice, number: number, step: s})
	}
}

// addParts notes what a statement says, where it is looked for.
func (p *pool) addParts(n *node) {
	switch s := n.said; s.Type {
	case TypePropose:
		id := s.Step.ID()
		if p.proposals[id] == nil {
			p.proposals[id] = &proposal{id: id, parent: n.about, terms: &s.Step.Terms}
		}
		p.proposals[id].by = append(slices.Clip(p.proposals[id].by), n)
	case TypeConsent, TypeRefuse, TypeTakeBack:
		p.ballots[n.about.id] = append(p.ballots[n.about.id], n)
	case TypeSeen:
		p.addSeen(n)
	case TypeCertify:
		p.addPart(s.New.Key, part{what: partDevice, number: n.member, node: n})
		n.addOwn()
	case TypeRecover:
		for _, l := range s.Live {
			p.addPart(l.Key, part{what: partDevice, number: n.member, node: n})
		}
		n.addOwn()
	case TypeRetire, TypeResign, TypeMove, TypeRename:
		n.addOwn()
	case TypeProspective:
		p.addPart(s.Joiner.Member, part{what: partMemberKey, number: n.member, node: n})
		p.addPart(s.Joiner.Device, part{what: partDevice, number: n.member, node: n})
		n.addOwn()
		n.addInvite()
	case TypeInvite:
		p.addPart(s.Invite, part{what: partInvite, number: n.member, node: n})
		n.addInvite()
	case TypeRevoke:
		n.addInvite()
	}
}

func (n *node) addOwn() {
	n.after.own = n.after.own.with(n.member, n.after.own.get(n.member).with(n))
}

func (n *node) addInvite() {
	n.after.invites = n.after.invites.with(n.issuer, n.after.invites.get(n.issuer).with(n))
}
