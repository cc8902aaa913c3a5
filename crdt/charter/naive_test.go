package charter_test

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// naive is the fold once more, as slow and plain as it gets: the rules of docs/CHARTER.md, "Precisely", in their
// order and under their names, and the order of judging of docs/PROTOCOL.md, "Charter statements". It was written
// from these words by somebody who hadn't read the fold. Nothing is shared with that but the reading of payloads and
// the checking of signatures.
type naive struct {
	space    entry.SpaceID
	entries  map[entry.ID]*entry.Entry
	verdicts map[entry.ID]*naiveVerdict
	steps    map[charter.StepID]*charter.Step // by the statements that carry them
	chains   map[charter.StepID]*naiveChain   // by the last step
	path     []charter.StepID                 // the way that is followed, F1
}

type naiveWord int

const (
	waits naiveWord = iota
	void
	sound
)

// naiveVerdict is what is decided about one statement by its past alone.
type naiveVerdict struct {
	word naiveWord
	s    charter.Statement
	id   entry.ID
	by   charter.MemberID // whose word it is
	host charter.MemberID // of a redemption: who made the invite
	nth  int              // of a rename: its number (R1)
	past naiveView
	path []charter.StepID // what its past knows, and the step that it brings into force
}

// knows says whether another statement is in the past of this one.
func (x *naiveVerdict) knows(other entry.ID) bool { return x.past.set[other] != nil }

// knowsStep says whether the past of the statement knows a step.
func (x *naiveVerdict) knowsStep(step charter.StepID) bool {
	return slices.Contains(x.past.path, step)
}

// naiveView is a set of sound statements that has the past of each, and the steps that it knows.
type naiveView struct {
	set    map[entry.ID]*naiveVerdict
	path   []charter.StepID
	people map[charter.MemberID]*naivePerson // filled when first asked for
	counts map[entry.ID]bool                 // P3, as far as it was asked for
}

func (v naiveView) tip() charter.StepID { return v.path[len(v.path)-1] }

// all returns the statements of one type, by ascending ID.
func (v naiveView) all(what charter.Type) (xs []*naiveVerdict) {
	for _, x := range v.set {
		if x.s.Type == what {
			xs = append(xs, x)
		}
	}
	slices.SortFunc(xs, func(a, b *naiveVerdict) int { return a.id.Compare(b.id) })
	return xs
}

// by returns those of them that one member made.
func (v naiveView) by(who charter.MemberID, what charter.Type) (xs []*naiveVerdict) {
	for _, x := range v.all(what) {
		if x.by == who {
			xs = append(xs, x)
		}
	}
	return xs
}

func naiveFold(space entry.SpaceID, statements []*entry.Entry, stand charter.StepID) *naive {
	n := &naive{
		space:    space,
		entries:  map[entry.ID]*entry.Entry{},
		verdicts: map[entry.ID]*naiveVerdict{},
		steps:    map[charter.StepID]*charter.Step{},
		chains:   map[charter.StepID]*naiveChain{},
	}
	for _, e := range statements {
		n.entries[e.ID()] = e
		if s, err := charter.ReadStatement(e.Payload); err == nil && s.Step != nil {
			n.steps[s.Step.ID()] = s.Step
		}
	}
	n.follow(stand)
	return n
}

// Judging, as docs/PROTOCOL.md orders it.

func (n *naive) judge(id entry.ID) *naiveVerdict {
	if x := n.verdicts[id]; x != nil {
		return x
	}
	x := &naiveVerdict{id: id}
	if e := n.entries[id]; e != nil {
		x.word = n.decide(e, x)
	}
	n.verdicts[id] = x
	return x
}

func (n *naive) decide(e *entry.Entry, x *naiveVerdict) naiveWord {
	known := e.Rules <= entry.RulesVersion
	var err error
	if known {
		x.s, err = charter.ReadStatement(e.Payload)
	}
	of := e.Space
	if of == (entry.SpaceID{}) {
		of = entry.SpaceID(e.ID())
	}
	if of != n.space || err != nil { // 1
		return void
	}
	taken := 0
	for _, h := range e.Heads { // 2
		if n.judge(h).word == void || known && n.leaf(h) && !n.takes(x.s, h) {
			return void
		}
		if n.leaf(h) {
			taken++
		}
	}
	if known && taken > 1 {
		return void
	}
	for _, h := range e.Heads { // 3
		if n.judge(h).word == waits {
			return waits
		}
	}
	if !known {
		return waits
	}
	unknown := x.s.Step == nil && !x.s.Known()
	if len(e.Heads) == 0 { // 4
		switch g := x.s.Genesis; {
		case unknown:
			return waits
		case g == nil || !entry.VerifySignature(g.MemberKey, entry.DomainCertificate, append(make([]byte, 32), e.Device[:]...), g.Certificate):
			return void
		default:
			x.by = charter.MemberIDOf(n.space, g.MemberKey)
			x.path = []charter.StepID{charter.GenesisStep(n.space)}
			return sound
		}
	}
	if x.s.Genesis != nil {
		return void
	}
	var ok bool
	if x.past, ok = n.view(e.Heads); !ok { // 5
		return void
	}
	x.path = x.past.path
	if unknown { // 6
		return waits
	}
	return n.rule(x.past, e, x) // 7
}

// leaf says whether a statement is a sound one that is in no past.
func (n *naive) leaf(id entry.ID) bool {
	x := n.judge(id)
	return x.word == sound && (x.s.Type == charter.TypeSeen || x.s.Type == charter.TypeForget)
}

// takes says whether a statement takes over another that is sound (S1).
func (n *naive) takes(s charter.Statement, id entry.ID) bool {
	return s.Type == charter.TypeSeen && n.judge(id).s.Type == charter.TypeSeen
}

// view is what heads that are all sound know; not ok if they stand on both sides of a fork (C1).
func (n *naive) view(heads []entry.ID) (v naiveView, ok bool) {
	v = naiveView{set: map[entry.ID]*naiveVerdict{}, people: map[charter.MemberID]*naivePerson{}, counts: map[entry.ID]bool{}}
	for _, h := range heads {
		x := n.judge(h)
		v.set[h] = x
		maps.Copy(v.set, x.past.set)
		if v.path, ok = oneWay(v.path, x.path); !ok {
			return v, false
		}
	}
	return v, true
}

// oneWay returns the longer of two ways from the genesis, if the other is part of it.
func oneWay(a, b []charter.StepID) ([]charter.StepID, bool) {
	if len(a) < len(b) {
		a, b = b, a
	}
	return a, slices.Equal(a[:len(b)], b)
}

// rule holds a statement against "Precisely", and notes whose it is and what it brings into force.
func (n *naive) rule(v naiveView, e *entry.Entry, x *naiveVerdict) naiveWord {
	chain := n.chain(v.path)
	speaking := n.speaks(v, e.Device)
	if speaking != nil {
		x.by = speaking.id
	}
	full := speaking != nil && speaking.standing == charter.Full
	consenting := full && speaking.consentsFrom(e.Device)
	s := x.s
	if speaking == nil && s.Type != charter.TypeRetire && s.Type != charter.TypeRecover { // D8
		return void
	}
	switch s.Type {
	case charter.TypeFounding: // C4
		return n.foundingStep(v, chain, x, consenting)
	case charter.TypePropose: // A1
		switch {
		case !full || s.Step.Parent != v.tip():
			return void
		case !s.Known():
			return waits
		}
		return soundIf(n.rightlyNamed(v, chain, s.Step) && n.fits(v, chain, s.Step))
	case charter.TypeConsent, charter.TypeRefuse: // A2
		step := n.steps[s.Of]
		if len(n.proposals(v, s.Of)) == 0 || step.Parent != v.tip() || !speaking.consentsFrom(e.Device) {
			return void
		}
		if n.removes(step) == x.by {
			return soundIf(s.Type == charter.TypeRefuse) // their side
		}
		return soundIf(full)
	case charter.TypeTakeBack: // A2
		said := slices.ContainsFunc(slices.Concat(n.proposals(v, s.Of), v.by(x.by, charter.TypeConsent)), func(y *naiveVerdict) bool {
			return y.by == x.by && (y.s.Step != nil || y.s.Of == s.Of)
		})
		return soundIf(len(n.proposals(v, s.Of)) > 0 && said)
	case charter.TypeEnact: // A3
		if len(n.proposals(v, s.Of)) == 0 {
			return void
		}
		if slices.Contains(v.path, s.Of) {
			return sound
		}
		if n.steps[s.Of].Parent != v.tip() || n.allTookBack(v, s.Of) || !n.enough(v, s.Of) {
			return void
		}
		x.path = append(slices.Clone(v.path), s.Of)
		return sound
	case charter.TypeCertify: // D2
		_, taken := n.parts(v)
		return soundIf(!taken[s.New.Key] && charter.DeviceAccepts(n.space, speaking.key, *s.New) &&
			len(speaking.devices) < 200 && n.own(v, speaking) < 1000)
	case charter.TypeRetire: // D2
		of := n.claimants(v, e.Device)
		if len(of) != 1 {
			return void
		}
		p := of[0]
		x.by = p.id
		return soundIf(p.certified[e.Device] && p.standing != charter.Removed && !p.resigned() && p.devices[s.Device] && n.own(v, p) < 1000)
	case charter.TypeMove: // D2
		return soundIf((len(speaking.consents) != 1 || speaking.consentsFrom(e.Device)) && speaking.live(s.Device) && n.own(v, speaking) < 1000)
	case charter.TypeResign: // D2
		return soundIf(n.own(v, speaking) < 1000)
	case charter.TypeSeen, charter.TypeFollow, charter.TypeForget: // D2
		return sound
	case charter.TypeRename: // R1
		for _, y := range v.by(x.by, charter.TypeRename) {
			x.nth = max(x.nth, y.nth)
		}
		x.nth++
		return soundIf((s.Device == entry.Device{} || speaking.devices[s.Device]) && len(speaking.renames) < 100)
	case charter.TypeRecover: // D3
		return n.byMemberKey(v, e, x)
	case charter.TypeInvite: // P1
		parts, _ := n.parts(v)
		return soundIf(full && !parts[s.Invite])
	case charter.TypeRevoke: // P1
		return soundIf(full && n.invite(v, s.Invite) != nil)
	case charter.TypeProspective: // P2
		return soundIf(full && n.redeems(v, chain, x))
	}
	panic("a statement of a known type without a rule")
}

func soundIf(ok bool) naiveWord {
	if ok {
		return sound
	}
	return void
}

// The chain.

type naiveChain struct {
	founder            charter.MemberID
	members            map[charter.MemberID]naiveSeat
	used               []entry.Device // invite keys, by seats
	seats, total       int
	closed             bool
	threshold, invites int
	rules              uint64
}

// naiveSeat is a member's place in the chain.
type naiveSeat struct {
	standing    charter.Standing // zero for who has no place
	key         entry.Device
	keys        []entry.Device // and those before
	first       []entry.Device // of the seat, or of the newest key
	devices     []entry.Device // given by any step
	rekeyed     charter.StepID // gave them their newest key
	removed     charter.StepID
	resignation entry.ID // that a step names
}

// chain is what the steps of a way from the genesis make (C2).
func (n *naive) chain(path []charter.StepID) *naiveChain {
	last := path[len(path)-1]
	if c := n.chains[last]; c != nil {
		return c
	}
	c := &naiveChain{}
	n.chains[last] = c
	if len(path) == 1 {
		e := n.entries[entry.ID(n.space)]
		s, _ := charter.ReadStatement(e.Payload)
		g := s.Genesis
		c.founder = charter.MemberIDOf(n.space, g.MemberKey)
		first := []entry.Device{e.Device}
		c.members = map[charter.MemberID]naiveSeat{c.founder: {standing: charter.Full, key: g.MemberKey, first: first, devices: first}}
		c.seats, c.total = 1, g.Seats
		c.threshold, c.invites, c.rules = int(g.Threshold), 5, e.Rules
		return c
	}
	*c = *n.chain(path[:len(path)-1])
	c.members = maps.Clone(c.members)
	step := n.steps[last]
	for _, id := range step.Resigned {
		x := n.judge(id)
		seat := c.members[x.by]
		seat.standing, seat.resignation = charter.Resigned, id
		c.members[x.by] = seat
	}
	switch step.Type {
	case charter.ProposalSeat:
		r := step.Seat.Redemption
		first := []entry.Device{r.Device}
		c.members[charter.MemberIDOf(n.space, r.Member)] = naiveSeat{standing: charter.Full, key: r.Member, first: first, devices: first}
		c.used = append(slices.Clone(c.used), step.Seat.Invite)
		c.seats++
	case charter.ProposalClose:
		c.closed = true
	case charter.ProposalAdmit:
		r := n.judge(step.Admission).s.Joiner
		c.members[charter.MemberIDOf(n.space, r.Member)] = naiveSeat{standing: charter.Full, key: r.Member}
	case charter.ProposalRemove:
		seat := c.members[step.Member]
		seat.standing, seat.removed = charter.Removed, last
		c.members[step.Member] = seat
	case charter.ProposalKey:
		seat := c.members[step.Rekey.Member]
		seat.keys = append(slices.Clone(seat.keys), seat.key)
		seat.key, seat.first, seat.rekeyed = step.Rekey.Key, []entry.Device{step.Rekey.Device}, last
		seat.devices = append(slices.Clone(seat.devices), step.Rekey.Device)
		c.members[step.Rekey.Member] = seat
	case charter.ProposalThreshold:
		c.threshold = int(step.Threshold)
	case charter.ProposalInvites:
		c.invites = step.Invites
	case charter.ProposalRules:
		c.rules = step.Rules
	case charter.ProposalPact:
	}
	return c
}

func (c *naiveChain) full(m charter.MemberID) bool { return c.members[m].standing == charter.Full }

// open says whether the founding is (C3).
func (c *naiveChain) open() bool { return !c.closed && c.seats < c.total && c.full(c.founder) }

// foundingStep is C4.
func (n *naive) foundingStep(v naiveView, chain *naiveChain, x *naiveVerdict, consenting bool) naiveWord {
	step := x.s.Step
	if !consenting || x.by != chain.founder {
		return void
	}
	if slices.Contains(v.path, step.ID()) {
		return sound
	}
	if step.Parent != v.tip() || !chain.open() {
		return void
	}
	if !x.s.Known() {
		return waits
	}
	switch step.Type {
	case charter.ProposalSeat:
		r, invite := step.Seat.Redemption, step.Seat.Invite
		parts, taken := n.parts(v)
		if slices.Contains(chain.used, invite) || parts[invite] || taken[r.Member] || taken[r.Device] ||
			invite == r.Member || invite == r.Device || r.Member == r.Device || r.Verify(n.space, invite) != nil {
			return void
		}
	case charter.ProposalClose:
	default:
		return void
	}
	if !n.rightlyNamed(v, chain, step) {
		return void
	}
	x.path = append(slices.Clone(v.path), step.ID())
	return sound
}

// Agreed steps.

// fits says whether what a proposal says does (A1).
func (n *naive) fits(v naiveView, chain *naiveChain, step *charter.Step) bool {
	switch step.Type {
	case charter.ProposalClose:
		return chain.open()
	case charter.ProposalAdmit:
		x := v.set[step.Admission]
		if x == nil || x.s.Type != charter.TypeProspective || !n.counts(v, x) {
			return false
		}
		who := charter.MemberIDOf(n.space, x.s.Joiner.Member)
		return n.person(v, who).standing == charter.Prospective && n.withRoom(v, x.host)[who]
	case charter.ProposalRemove:
		p := n.everybody(v)[step.Member]
		return p != nil && p.seat.standing != charter.Removed && p.seat.standing != charter.Resigned && n.mayStay(v, step, step.Member)
	case charter.ProposalKey:
		k := step.Rekey
		_, taken := n.parts(v)
		return chain.full(k.Member) && !taken[k.Key] && !taken[k.Device] && k.Key != k.Device && k.Verify(n.space) == nil && n.mayStay(v, step, k.Member)
	case charter.ProposalThreshold:
		return int(step.Threshold) != chain.threshold
	case charter.ProposalInvites:
		return step.Invites != chain.invites
	case charter.ProposalRules:
		return step.Rules > chain.rules
	case charter.ProposalPact:
		return true
	}
	return false
}

// mayStay says whether what a proposal says stays are redemptions in its past that the member countersigned (A1).
func (n *naive) mayStay(v naiveView, step *charter.Step, who charter.MemberID) bool {
	for _, id := range step.Stay {
		if x := v.set[id]; x == nil || x.s.Type != charter.TypeProspective || x.by != who {
			return false
		}
	}
	return true
}

// removes returns who is to be removed by a step.
func (n *naive) removes(step *charter.Step) charter.MemberID {
	if step.Type == charter.ProposalRemove {
		return step.Member
	}
	return charter.MemberID{}
}

// proposals are those of a step.
func (n *naive) proposals(v naiveView, step charter.StepID) (xs []*naiveVerdict) {
	for _, x := range v.all(charter.TypePropose) {
		if x.s.Step.ID() == step {
			xs = append(xs, x)
		}
	}
	return xs
}

// tookBack says whether a member took a step back by a statement that knows what they had said for it.
func (n *naive) tookBack(v naiveView, step charter.StepID, said *naiveVerdict) bool {
	for _, x := range v.by(said.by, charter.TypeTakeBack) {
		if x.s.Of == step && x.knows(said.id) {
			return true
		}
	}
	return false
}

// allTookBack says whether all who proposed a step have taken that back after their proposal (A3).
func (n *naive) allTookBack(v naiveView, step charter.StepID) bool {
	for _, x := range n.proposals(v, step) {
		if !n.tookBack(v, step, x) {
			return false
		}
	}
	return true
}

// isOpen says whether a consent is (A3).
func (n *naive) isOpen(v naiveView, consent *naiveVerdict) bool {
	if n.tookBack(v, consent.s.Of, consent) {
		return false
	}
	for _, x := range v.by(consent.by, charter.TypeRefuse) {
		if x.s.Of == consent.s.Of {
			return false
		}
	}
	p := n.person(v, consent.by)
	for _, x := range p.holding {
		if !x.knows(consent.id) {
			return false
		}
	}
	return !n.cut(p, consent)
}

// consenting returns the members whose consents to a step count, by ascending ID, and of how many (A3).
func (n *naive) consenting(v naiveView, id charter.StepID) (who []charter.MemberID, of int) {
	step := n.steps[id]
	at := n.chain(v.path[:slices.Index(v.path, step.Parent)+1])
	for _, m := range slices.SortedFunc(maps.Keys(at.members), func(a, b charter.MemberID) int { return bytes.Compare(a[:], b[:]) }) {
		if !at.full(m) || n.names(step, m) {
			continue
		}
		of++
		this, other := false, false
		for _, x := range v.by(m, charter.TypeConsent) {
			if n.steps[x.s.Of].Parent == step.Parent && n.isOpen(v, x) {
				this = this || x.s.Of == id
				other = other || x.s.Of != id
			}
		}
		if this && !other && n.removes(step) != m {
			who = append(who, m)
		}
	}
	return who, of
}

// names says whether a step names a resignation of a member.
func (n *naive) names(step *charter.Step, who charter.MemberID) bool {
	return slices.ContainsFunc(step.Resigned, func(id entry.ID) bool { return n.judge(id).by == who })
}

// enough says whether a step whose parent is the tip has the consents that it needs (A3).
func (n *naive) enough(v naiveView, id charter.StepID) bool {
	who, of := n.consenting(v, id)
	chain, step := n.chain(v.path), n.steps[id]
	if chain.open() && !n.names(step, chain.founder) && !slices.Contains(who, chain.founder) {
		return false
	}
	share := 0 // ⌈t·n⌉
	switch charter.Threshold(chain.threshold) {
	case charter.Majority:
		share = (of + 1) / 2
	case charter.TwoThirds:
		share = (2*of + 2) / 3
	case charter.ThreeQuarters:
		share = (3*of + 3) / 4
	case charter.AllButOne:
		share = of - 1
	}
	return len(who) >= max(of/2+1, min(share, of-1))
}

// rightlyNamed says whether a proposal names its resignations so (A4).
func (n *naive) rightlyNamed(v naiveView, chain *naiveChain, step *charter.Step) bool {
	named := map[charter.MemberID]bool{}
	for _, id := range step.Resigned {
		x := v.set[id]
		if x == nil || x.s.Type != charter.TypeResign || named[x.by] || !chain.full(x.by) || !slices.Contains(n.person(v, x.by).holding, x) {
			return false
		}
		named[x.by] = true
		for _, consent := range v.by(x.by, charter.TypeConsent) {
			if x.knows(consent.id) && n.steps[consent.s.Of].Parent == step.Parent {
				return false
			}
		}
	}
	return true
}

// Devices.

// naivePerson is somebody as a view knows them.
type naivePerson struct {
	id          charter.MemberID
	seat        naiveSeat
	standing    charter.Standing
	out         bool // P4
	key         entry.Device
	devices     map[entry.Device]bool // that were ever theirs
	first       []entry.Device
	redemptions []*naiveVerdict // that brought them in
	K           []*naiveVerdict
	retirements []*naiveVerdict // these and the others: that count (D4)
	certs       []*naiveVerdict
	moves       []*naiveVerdict
	resigns     []*naiveVerdict
	certified   map[entry.Device]bool
	renames     []*naiveVerdict // that count (R1)
	holding     []*naiveVerdict // resignations, D7
	consents    []entry.Device  // D9: live ones
}

// resigned is D7, and what a step made final (C2).
func (p *naivePerson) resigned() bool {
	return len(p.holding) > 0 || p.seat.standing == charter.Resigned
}

// parts are the keys that have one (D1), and those of them that have another than that of an invite.
func (n *naive) parts(v naiveView) (parts, taken map[entry.Device]bool) {
	parts, taken = map[entry.Device]bool{}, map[entry.Device]bool{}
	defer func() { maps.Copy(parts, taken) }()
	for _, id := range v.path[1:] {
		switch step := n.steps[id]; step.Type {
		case charter.ProposalSeat:
			parts[step.Seat.Invite], taken[step.Seat.Redemption.Member], taken[step.Seat.Redemption.Device] = true, true, true
		case charter.ProposalKey:
			taken[step.Rekey.Key], taken[step.Rekey.Device] = true, true
		}
	}
	for id, x := range v.set {
		switch x.s.Type {
		case charter.TypeGenesis:
			taken[x.s.Genesis.MemberKey], taken[n.entries[id].Device] = true, true
		case charter.TypeCertify:
			taken[x.s.New.Key] = true
		case charter.TypeRecover:
			for _, d := range x.s.Live {
				taken[d.Key] = true
			}
		case charter.TypeInvite:
			parts[x.s.Invite] = true
		case charter.TypeProspective:
			taken[x.s.Joiner.Member], taken[x.s.Joiner.Device] = true, true
		}
	}
	return parts, taken
}

// own is how many of the statements that D2 bounds count of a member.
func (n *naive) own(_ naiveView, p *naivePerson) int {
	return len(p.certs) + len(p.retirements) + len(p.moves) + len(p.resigns)
}

// byMemberKey is D3.
func (n *naive) byMemberKey(v naiveView, e *entry.Entry, x *naiveVerdict) naiveWord {
	var of []*naivePerson
	for _, p := range n.everybody(v) {
		if slices.Contains(p.seat.keys, e.Device) || p.key == e.Device {
			of = append(of, p)
		}
	}
	if len(of) != 1 || of[0].key != e.Device {
		return void
	}
	p := of[0]
	_, taken := n.parts(v)
	x.by = p.id
	if p.seat.standing == charter.Removed || p.seat.standing == charter.Resigned {
		return void
	}
	fresh := map[entry.Device]bool{}
	for _, d := range x.s.Live {
		if p.devices[d.Key] && d.Accepted == ([64]byte{}) {
			continue
		}
		if p.devices[d.Key] {
			if !charter.DeviceAccepts(n.space, p.key, d) {
				return void
			}
			continue
		}
		if taken[d.Key] || !charter.DeviceAccepts(n.space, p.key, d) {
			return void
		}
		fresh[d.Key] = true
	}
	listed := map[entry.Device]bool{}
	for _, y := range v.by(p.id, charter.TypeRecover) {
		for _, d := range y.s.Live {
			listed[d.Key] = true
		}
	}
	return soundIf(len(fresh) == 0 || len(listed)+len(fresh) <= 200)
}

// derive says what a person's own statements make of their devices (D4 to D9), and nothing of their standing.
func (n *naive) derive(v naiveView, who charter.MemberID) *naivePerson {
	p := &naivePerson{id: who, seat: n.chain(v.path).members[who], devices: map[entry.Device]bool{}, certified: map[entry.Device]bool{}}
	p.key, p.first = p.seat.key, slices.Clone(p.seat.first)
	for _, d := range p.seat.devices {
		p.devices[d] = true
	}
	for _, x := range v.all(charter.TypeProspective) {
		r := x.s.Joiner
		if charter.MemberIDOf(n.space, r.Member) != who {
			continue
		}
		p.redemptions = append(p.redemptions, x)
		p.devices[r.Device] = true
		if p.seat.rekeyed == (charter.StepID{}) {
			p.key = r.Member
			if !slices.Contains(p.first, r.Device) {
				p.first = append(p.first, r.Device)
			}
		}
	}
	for _, x := range v.by(who, charter.TypeCertify) {
		p.devices[x.s.New.Key] = true
	}
	for _, x := range v.by(who, charter.TypeRecover) {
		for _, d := range x.s.Live {
			p.devices[d.Key] = true
		}
	}

	// D4
	left := func(what charter.Type) (xs []*naiveVerdict) {
		for _, x := range v.by(who, what) {
			if p.seat.rekeyed == (charter.StepID{}) || x.knowsStep(p.seat.rekeyed) {
				xs = append(xs, x)
			}
		}
		return xs
	}
	p.K = newestOf(left(charter.TypeRecover))
	counting := func(what charter.Type) (xs []*naiveVerdict) {
		for _, x := range left(what) {
			if !slices.ContainsFunc(p.K, func(k *naiveVerdict) bool { return !x.knows(k.id) }) {
				xs = append(xs, x)
			}
		}
		return xs
	}
	p.certs, p.retirements = counting(charter.TypeCertify), counting(charter.TypeRetire)
	p.moves, p.resigns = counting(charter.TypeMove), counting(charter.TypeResign)

	// D5
	certs := slices.Clone(p.certs)
	slices.SortFunc(certs, func(a, b *naiveVerdict) int { return cmp.Or(len(a.past.path)-len(b.past.path), a.id.Compare(b.id)) })
	var first []entry.Device
	for _, cert := range certs {
		if len(first) < 200 && !slices.Contains(first, cert.s.New.Key) {
			first = append(first, cert.s.New.Key)
		}
	}
	if len(p.K) == 0 {
		for _, d := range p.first {
			p.certified[d] = true
		}
	} else {
		for d := range p.devices {
			p.certified[d] = !slices.ContainsFunc(p.K, func(k *naiveVerdict) bool { return !lists(k, d) })
		}
	}
	for grown := true; grown; {
		grown = false
		for _, cert := range p.certs {
			if slices.Contains(first, cert.s.New.Key) && p.certified[n.entries[cert.id].Device] && !p.certified[cert.s.New.Key] && !p.retiredBeside(n.entries[cert.id].Device, cert) {
				p.certified[cert.s.New.Key], grown = true, true
			}
		}
	}

	// R1
	for _, x := range left(charter.TypeRename) {
		if !n.cut(p, x) {
			p.renames = append(p.renames, x)
		}
	}

	// D7
	for _, x := range p.resigns {
		if !n.cut(p, x) {
			p.holding = append(p.holding, x)
		}
	}

	// D9
	var from []entry.Device
	moves := newestOf(slices.DeleteFunc(slices.Clone(p.moves), func(x *naiveVerdict) bool { return n.cut(p, x) }))
	switch {
	case len(moves) > 0:
		for _, x := range moves {
			from = append(from, x.s.Device)
		}
	case len(p.K) > 0:
		for _, k := range p.K {
			from = append(from, k.s.Live[0].Key)
		}
	default:
		from = p.first
	}
	for _, d := range from {
		if p.live(d) && !slices.Contains(p.consents, d) {
			p.consents = append(p.consents, d)
		}
	}
	return p
}

// newestOf returns those that no other of them knows.
func newestOf(xs []*naiveVerdict) []*naiveVerdict {
	return slices.DeleteFunc(slices.Clone(xs), func(x *naiveVerdict) bool {
		return slices.ContainsFunc(xs, func(y *naiveVerdict) bool { return y.knows(x.id) })
	})
}

func lists(k *naiveVerdict, d entry.Device) bool {
	return slices.ContainsFunc(k.s.Live, func(l charter.NewDevice) bool { return l.Key == d })
}

// retiredBeside says whether a retirement of a device counts and doesn't know what it said.
func (p *naivePerson) retiredBeside(d entry.Device, said *naiveVerdict) bool {
	return slices.ContainsFunc(p.retirements, func(r *naiveVerdict) bool { return r.s.Device == d && !r.knows(said.id) })
}

// live is D5.
func (p *naivePerson) live(d entry.Device) bool {
	return p.certified[d] && !slices.ContainsFunc(p.retirements, func(r *naiveVerdict) bool { return r.s.Device == d })
}

// cut is D6.
func (n *naive) cut(p *naivePerson, x *naiveVerdict) bool {
	d := n.entries[x.id].Device
	switch {
	case p.retiredBeside(d, x):
		return true
	case p.certified[d]:
		return false
	case len(p.K) == 0:
		return p.seat.rekeyed == (charter.StepID{}) || x.knowsStep(p.seat.rekeyed)
	}
	return slices.ContainsFunc(p.K, func(k *naiveVerdict) bool { return !lists(k, d) && !k.knows(x.id) })
}

// claimants are those whose device this was ever.
func (n *naive) claimants(v naiveView, d entry.Device) (of []*naivePerson) {
	for _, p := range n.everybody(v) {
		if p.devices[d] {
			of = append(of, p)
		}
	}
	return of
}

// speaks is D8: for whom a device does; nil for nobody.
func (n *naive) speaks(v naiveView, d entry.Device) *naivePerson {
	of := n.claimants(v, d)
	if len(of) != 1 || !of[0].live(d) || of[0].resigned() || of[0].standing != charter.Full && of[0].standing != charter.Prospective {
		return nil
	}
	return of[0]
}

// consentsFrom is D9.
func (p *naivePerson) consentsFrom(d entry.Device) bool {
	return len(p.consents) == 1 && p.consents[0] == d
}

// Names.

// called is what a member, or a device of theirs, was called by the renames that hold, the newest last (R1).
func (n *naive) called(v naiveView, p *naivePerson, device entry.Device) (names []string) {
	ends := slices.Clone(p.holding)
	if p.seat.resignation != (entry.ID{}) {
		ends = append(ends, n.judge(p.seat.resignation))
	}
	for _, x := range v.all(charter.TypeEnact) {
		if p.seat.standing == charter.Removed && x.s.Of == p.seat.removed {
			ends = append(ends, x)
		}
	}
	var held []*naiveVerdict
	for _, x := range p.renames {
		if !p.out && !slices.ContainsFunc(ends, func(e *naiveVerdict) bool { return !e.knows(x.id) }) {
			held = append(held, x)
		}
	}
	slices.SortFunc(held, func(a, b *naiveVerdict) int {
		return cmp.Or(a.nth-b.nth, len(a.path)-len(b.path), b.id.Compare(a.id))
	})
	for _, x := range held[max(0, len(held)-100):] {
		if x.s.Device == device {
			names = append(names, x.s.Name)
		}
	}
	return names
}

// Prospective members.

// invite returns the one with this key, if one counts; of several, the one with the lowest ID (P2).
func (n *naive) invite(v naiveView, key entry.Device) *naiveVerdict {
	for _, x := range v.all(charter.TypeInvite) {
		if x.s.Invite == key && n.counts(v, x) {
			return x
		}
	}
	return nil
}

// redeems is P2, of a redemption that a full member countersigned.
func (n *naive) redeems(v naiveView, chain *naiveChain, x *naiveVerdict) bool {
	r, key := x.s.Joiner, x.s.Invite
	invite := n.invite(v, key)
	if invite == nil || n.person(v, invite.by).standing != charter.Full || slices.Contains(chain.used, key) {
		return false
	}
	x.host = invite.by
	for _, y := range slices.Concat(v.all(charter.TypeRevoke), v.all(charter.TypeProspective)) {
		if y.s.Invite == key {
			return false
		}
	}
	_, taken := n.parts(v)
	return len(n.withRoom(v, x.host)) < chain.invites && !taken[r.Member] && !taken[r.Device] && r.Member != r.Device && r.Member != key && r.Device != key && r.Verify(n.space, key) == nil
}

// counts is P3, of an invite or a redemption.
func (n *naive) counts(v naiveView, x *naiveVerdict) bool {
	if is, ok := v.counts[x.id]; ok {
		return is
	}
	is := n.countsStill(n.derive(v, x.by), x)
	v.counts[x.id] = is
	return is
}

func (n *naive) countsStill(p *naivePerson, x *naiveVerdict) bool {
	stays := func(by charter.StepID) bool { return slices.Contains(n.steps[by].Stay, x.id) }
	switch seat := p.seat; {
	case seat.standing == charter.Removed:
		return stays(seat.removed)
	case seat.rekeyed != charter.StepID{} && !x.knowsStep(seat.rekeyed):
		if !stays(seat.rekeyed) {
			return false
		}
	default:
		if n.cut(p, x) || slices.ContainsFunc(p.holding, func(r *naiveVerdict) bool { return !r.knows(x.id) }) {
			return false
		}
	}
	return p.seat.resignation == entry.ID{} || n.judge(p.seat.resignation).knows(x.id)
}

// withRoom are the people who have room by the invites of one member (P4).
func (n *naive) withRoom(v naiveView, host charter.MemberID) map[charter.MemberID]bool {
	room := map[charter.MemberID]bool{}
	chain := n.chain(v.path)
	for _, x := range v.all(charter.TypeProspective) {
		who := charter.MemberIDOf(n.space, x.s.Joiner.Member)
		if x.host != host || !n.counts(v, x) || chain.members[who].standing != 0 || n.derive(v, who).resigned() {
			continue
		}
		if len(room) < n.chain(x.past.path).invites {
			room[who] = true
		}
	}
	return room
}

// everybody is who has a place in the chain or a redemption.
func (n *naive) everybody(v naiveView) map[charter.MemberID]*naivePerson {
	if len(v.people) > 0 {
		return v.people
	}
	for who := range n.chain(v.path).members {
		v.people[who] = n.derive(v, who)
	}
	room := map[charter.MemberID]map[charter.MemberID]bool{}
	for _, x := range v.all(charter.TypeProspective) {
		who := charter.MemberIDOf(n.space, x.s.Joiner.Member)
		v.people[who] = n.derive(v, who)
		if room[x.host] == nil {
			room[x.host] = n.withRoom(v, x.host)
		}
	}
	for who, p := range v.people { // P4
		switch {
		case p.seat.standing == charter.Removed:
			p.standing = charter.Removed
		case p.resigned():
			p.standing = charter.Resigned
		case p.seat.standing != 0:
			p.standing = p.seat.standing
		case slices.ContainsFunc(p.redemptions, func(x *naiveVerdict) bool { return n.counts(v, x) && room[x.host][who] }):
			p.standing = charter.Prospective
		default:
			p.standing, p.out = charter.Removed, true
		}
	}
	return v.people
}

func (n *naive) person(v naiveView, who charter.MemberID) *naivePerson { return n.everybody(v)[who] }

// Sides of a fork.

// follow goes along the chain from the genesis (F1).
func (n *naive) follow(stand charter.StepID) {
	var ways [][]charter.StepID
	for id := range n.entries {
		if x := n.judge(id); x.word == sound {
			ways = append(ways, x.path)
		}
	}
	n.path = []charter.StepID{charter.GenesisStep(n.space)}
	for {
		next := map[charter.StepID]bool{} // and whether the stand is it or lies beyond
		for _, way := range ways {
			if i := len(n.path); len(way) > i && slices.Equal(way[:i], n.path) {
				next[way[i]] = next[way[i]] || slices.Contains(way[i:], stand)
			}
		}
		var to []charter.StepID
		for step, stands := range next {
			if len(next) == 1 || stands {
				to = append(to, step)
			}
		}
		if len(to) != 1 {
			return
		}
		n.path = append(n.path, to[0])
	}
}

// placed is the state of what is sound and knows these steps (F1).
func (n *naive) placed(path []charter.StepID) charter.State {
	switch longer, ok := oneWay(n.path, path); {
	case !ok:
		return charter.Elsewhere
	case len(longer) > len(n.path):
		return charter.Pending
	}
	return charter.Accepted
}

func (n *naive) state(id entry.ID) charter.State {
	switch x := n.judge(id); x.word {
	case void:
		return charter.Void
	case sound:
		return n.placed(x.path)
	}
	return charter.Pending
}

// stateAt is the state of heads together (docs/PROTOCOL.md, "Heads of an entry").
func (n *naive) stateAt(heads []entry.ID) charter.State {
	var here []entry.ID
	for _, h := range heads {
		switch {
		case n.judge(h).word == void || n.leaf(h):
			return charter.Void
		case n.judge(h).word == sound:
			here = append(here, h)
		}
	}
	if _, ok := n.view(here); !ok {
		return charter.Void
	}
	state := charter.Accepted
	for _, h := range heads {
		switch n.state(h) {
		case charter.Pending:
			return charter.Pending
		case charter.Elsewhere:
			state = charter.Elsewhere
		}
	}
	return state
}

// accepted is what all accepted statements together know.
func (n *naive) accepted() naiveView {
	v := naiveView{set: map[entry.ID]*naiveVerdict{}, path: n.path, people: map[charter.MemberID]*naivePerson{}, counts: map[entry.ID]bool{}}
	for id := range n.entries {
		if n.state(id) == charter.Accepted {
			v.set[id] = n.judge(id)
		}
	}
	return v
}

// honoured is what is honoured of each cut device, and of no other: the frontiers of all reasons to cut it (H1), as text.
func (n *naive) honoured(v naiveView) map[entry.Device][]string {
	all := map[entry.Device][]string{}
	for _, p := range n.everybody(v) {
		for d := range p.devices {
			cut := func(f charter.Frontier) {
				if text := fmt.Sprint(f); !slices.Contains(all[d], text) {
					all[d] = append(all[d], text)
				}
			}
			of := func(lists []charter.DeviceFrontier) {
				var named charter.Frontier
				for _, l := range lists {
					if l.Device == d {
						named = l.Frontier
					}
				}
				cut(named)
			}
			for _, x := range p.retirements {
				if x.s.Device == d {
					cut(x.s.Frontier)
				}
			}
			if !p.certified[d] {
				for _, k := range p.K {
					if !lists(k, d) {
						of(k.s.Lists)
					}
				}
				switch {
				case len(p.K) > 0:
				case p.seat.rekeyed != (charter.StepID{}):
					of(n.steps[p.seat.rekeyed].Frontiers)
				default:
					cut(nil)
				}
			}
			for _, x := range p.holding {
				of(x.s.Lists)
			}
			if id := p.seat.resignation; !id.IsZero() {
				of(n.judge(id).s.Lists)
			}
			if p.seat.standing == charter.Removed {
				of(n.steps[p.seat.removed].Frontiers)
			}
			if p.out {
				cut(nil)
			}
		}
	}
	return all
}

// agreeOnCuts compares what both folds honour of all devices.
func agreeOnCuts(t fataler, c *charter.Charter, n *naive, v naiveView) {
	t.Helper()
	want := n.honoured(v)
	for _, p := range n.everybody(v) {
		for d := range p.devices {
			cuts, cut := c.Cut(d)
			var got []string
			for _, f := range cuts {
				got = append(got, fmt.Sprint(f))
			}
			slices.Sort(got)
			slices.Sort(want[d])
			if cut != (len(want[d]) > 0) || !slices.Equal(got, want[d]) {
				t.Fatal(fmt.Sprintf("of a device of %v %v is honoured (cut: %v), and %v to the naive fold", p.id, got, cut, want[d]))
			}
		}
	}
}
