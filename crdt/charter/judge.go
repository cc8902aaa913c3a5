package charter

import (
	"slices"
	"sync"

	"kith/crdt/entry"
)

// node is a statement whose whole past is here and judged. What it says is a function of its
// entry alone, and so the same in every Charter that holds it; it never changes.
type node struct {
	entry   *entry.Entry
	index   int     // its number in the pool
	heads   []*node // of entry.Heads; nil in what is void
	void    string  // why it is void, in a member's words; "" if it is sound
	tip     *step   // the newest step in its past, its own included; nil in what is void
	carries *step   // the step it brings into force; nil if none
}

func (n *node) sound() bool { return n.void == "" }

// pool holds what a Charter and those made of it by With have in common: nodes, steps, and
// the pasts that were asked for. All are functions of entries alone, so it is only a cache.
type pool struct {
	mu    sync.RWMutex
	nodes map[entry.ID]*node
	steps map[StepID]*step
	pasts map[headsKey]*Past // nil for heads on both sides of a fork
}

func newPool() *pool {
	return &pool{nodes: map[entry.ID]*node{}, steps: map[StepID]*step{}, pasts: map[headsKey]*Past{}}
}

func (p *pool) node(id entry.ID) *node {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.nodes[id]
}

// keep adds n, or returns what another Charter added for the same statement before.
func (p *pool) keep(n *node) *node {
	p.mu.Lock()
	defer p.mu.Unlock()
	if old, ok := p.nodes[n.entry.ID()]; ok {
		return old
	}
	if s := n.carries; s != nil {
		if old, ok := p.steps[s.id]; ok {
			n.carries = old
			if n.tip.id == s.id {
				n.tip = old
			}
		} else {
			p.steps[s.id] = s
		}
	}
	n.index = len(p.nodes)
	p.nodes[n.entry.ID()] = n
	return n
}

// Why a statement is void or waits, in a member's words.
const (
	whyForeign     = "it belongs to another space"
	whyNotGenesis  = "it founds nothing: only the first statement of a space can"
	whyOnVoid      = "it stands on a statement that is void"
	whyBothSides   = "it stands on both sides of a split of the co-op"
	whyNotFounder  = "only the founder's first device fills seats"
	whyParent      = "its parent step is not the newest one in its past"
	whyNoSeat      = "all founding seats are filled"
	whySpent       = "its invite code was used before"
	whyKeyTaken    = "its member key or device is in the charter already"
	whyCertificate = "the founder's member key hasn't certified the device"

	whyNotHere    = "it isn't here yet"
	whyWaits      = "it stands on statements that aren't here yet"
	whyNewRules   = "it was made under rules that this release doesn't know; update Kith"
	whyNewType    = "it is of a kind that this release doesn't know; update Kith"
	whyUndecided  = "the co-op has split, and this replica hasn't taken a side"
	whyOtherSide  = "it is on the other side of a split of the co-op"
	whyAccepted   = ""
	whyUnreadable = "it can't be read: "
)

// judge says what a statement is, as far as its own past can tell: a node if it is sound or
// void, which is for good, else nil and why it waits. sound and void nodes of the past are
// looked up in have.
func judge(space entry.SpaceID, e *entry.Entry, have map[entry.ID]*node, steps map[StepID]*step) (n *node, waits string) {
	void := func(why string) (*node, string) { return &node{entry: e, void: why}, "" }
	if e.SpaceOf() != space {
		return void(whyForeign)
	}
	known := e.Rules <= entry.RulesVersion // else the payload may have another form
	var s Statement
	if known {
		var err error
		if s, err = ReadStatement(e.Payload); err != nil {
			return void(whyUnreadable + err.Error())
		}
	}
	heads := make([]*node, 0, len(e.Heads))
	for _, id := range e.Heads {
		switch h := have[id]; {
		case h == nil:
			waits = whyWaits
		case !h.sound():
			return void(whyOnVoid) // even if others are missing: it can't become anything else
		default:
			heads = append(heads, h)
		}
	}
	switch {
	case !known:
		return nil, whyNewRules
	case waits != "":
		return nil, waits
	case e.ID() == entry.ID(space):
		if s.Genesis == nil {
			if !s.Known() && s.Type != TypeFounding {
				return nil, whyNewType // another kind of space may begin otherwise
			}
			return void(whyNotGenesis)
		}
		return judgeGenesis(space, e, s.Genesis)
	case s.Genesis != nil:
		return void(whyNotGenesis)
	}
	tip, one := newest(heads)
	switch {
	case !one:
		return void(whyBothSides)
	case s.Step == nil:
		return nil, whyNewType
	}
	carried, why, known := judgeFounding(space, e, s.Step, tip, steps)
	switch {
	case why != "":
		return void(why)
	case !known:
		return nil, whyNewType
	}
	return &node{entry: e, heads: heads, carries: carried, tip: deeper(tip, carried)}, ""
}

func judgeGenesis(space entry.SpaceID, e *entry.Entry, g *Genesis) (*node, string) {
	if !entry.VerifySignature(g.MemberKey, entry.DomainCertificate, certificateMessage(entry.SpaceID{}, e.Device), g.Certificate) {
		return &node{entry: e, void: whyCertificate}, ""
	}
	id := GenesisStep(space)
	s := &step{
		id: id, founding: g, device: e.Device, rules: e.Rules,
		members: []Member{{
			ID: MemberIDOf(space, g.MemberKey), Name: g.Founder, Key: g.MemberKey, Standing: Full,
			Devices: []Device{{Key: e.Device, Name: g.DeviceName}}, Since: id,
		}},
	}
	return &node{entry: e, carries: s, tip: s}, ""
}

// judgeFounding judges a step by the genesis device in the past whose newest step is tip: the
// step, or why it is void, or that its proposal is of an unknown type.
func judgeFounding(space entry.SpaceID, e *entry.Entry, p *Step, tip *step, steps map[StepID]*step) (s *step, why string, known bool) {
	id := p.ID()
	if e.Device != tip.device {
		return nil, whyNotFounder, true
	}
	if again := steps[id]; again != nil && (p.Parent == tip.id || tip.reaches(again)) {
		return again, "", true // judged before, or by a statement that knows it already
	}
	switch {
	case p.Parent != tip.id:
		return nil, whyParent, true
	case !tip.open():
		return nil, whyNoSeat, true
	case p.Seat == nil:
		return nil, "", false
	case tip.spent(p.Seat.Invite):
		return nil, whySpent, true
	}
	r := &p.Seat.Redemption
	if r.Member == r.Device || r.Member == p.Seat.Invite || r.Device == p.Seat.Invite ||
		tip.uses(r.Member) || tip.uses(r.Device) || tip.uses(p.Seat.Invite) {
		return nil, whyKeyTaken, true
	}
	if err := r.Verify(space, p.Seat.Invite); err != nil {
		return nil, err.Error(), true
	}
	s = &step{
		id: id, founding: tip.founding, device: tip.device, rules: tip.rules, invite: p.Seat.Invite,
		members: append(slices.Clone(tip.members), Member{
			ID: MemberIDOf(space, r.Member), Name: r.Name, Key: r.Member, Standing: Full,
			Devices: []Device{{Key: r.Device, Name: r.DeviceName}}, Since: id,
		}),
	}
	s.follow(tip)
	return s, "", true
}

// newest returns the newest of the steps that heads know, and whether all are on one way
// from the genesis.
func newest(heads []*node) (tip *step, one bool) {
	for _, h := range heads {
		tip = deeper(tip, h.tip)
	}
	for _, h := range heads {
		if !tip.reaches(h.tip) {
			return tip, false
		}
	}
	return tip, tip != nil
}

func deeper(a, b *step) *step {
	if a == nil || b != nil && b.depth > a.depth {
		return b
	}
	return a
}
