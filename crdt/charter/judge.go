package charter

import (
	"slices"

	"kith/crdt/entry"
)

// Why a statement is void or waits, in a member's words.
const (
	whyForeign     = "it belongs to another space"
	whyNotGenesis  = "it founds nothing: only the first statement of a space can"
	whyOnVoid      = "it stands on a statement that is void"
	whyBothSides   = "it stands on both sides of a split of the co-op"
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

// trial judges one statement by its own past.
type trial struct {
	*pool
	e    *entry.Entry
	said Statement
	k    known   // what its heads know together
	who  *person // for whom its device speaks; nil if for nobody
	node *node   // what it becomes
}

// judge says what a statement is, as far as its own past can tell: a node if it is sound or
// void, which is for good, else nil and why it waits. What it stands on is looked up in have.
// Of a sound one it returns what its heads know, too, for pool.keep.
func (p *pool) judge(e *entry.Entry, have func(entry.ID) *node) (n *node, before known, waits string) {
	void := func(why string) (*node, known, string) { return &node{entry: e, void: why}, known{}, "" }
	if e.SpaceOf() != p.space {
		return void(whyForeign)
	}
	understood := e.Rules <= entry.RulesVersion // else the payload may have another form
	var s Statement
	if understood {
		var err error
		if s, err = ReadStatement(e.Payload); err != nil {
			return void(whyUnreadable + err.Error())
		}
	}
	heads := make([]*node, 0, len(e.Heads))
	for _, id := range e.Heads {
		switch h := have(id); {
		case h == nil:
			waits = whyWaits
		case !h.sound():
			return void(whyOnVoid) // even if others are missing: it can't become anything else
		default:
			heads = append(heads, h)
		}
	}
	switch {
	case !understood:
		return nil, known{}, whyNewRules
	case waits != "":
		return nil, known{}, waits
	case e.ID() == entry.ID(p.space):
		if s.Genesis == nil {
			if !s.Known() {
				return nil, known{}, whyNewType // another kind of space may begin otherwise
			}
			return void(whyNotGenesis)
		}
		return p.judgeGenesis(e, s)
	case s.Genesis != nil:
		return void(whyNotGenesis)
	}
	k, one := joined(heads)
	if !one {
		return void(whyBothSides)
	}
	t := &trial{pool: p, e: e, said: s, k: k, node: &node{entry: e, said: s, heads: heads}}
	why := t.judge()
	switch why {
	case "":
		return t.node, k, ""
	case whyNewType:
		return nil, known{}, why
	}
	return void(why)
}

// joined returns what sound heads know together, and whether all are on one way from the
// genesis.
func joined(heads []*node) (k known, one bool) {
	for _, h := range heads {
		k.step = deeper(k.step, h.tip())
	}
	for _, h := range heads {
		if !k.step.reaches(h.tip()) {
			return known{}, false
		}
	}
	for i, h := range heads {
		if i == 0 {
			tip := k.step
			k = h.after
			k.step = tip
		} else {
			k = k.join(h.after)
		}
	}
	return k, k.step != nil
}

func deeper(a, b *step) *step {
	if a == nil || b != nil && b.depth > a.depth {
		return b
	}
	return a
}

func (p *pool) judgeGenesis(e *entry.Entry, said Statement) (*node, known, string) {
	g := said.Genesis
	if !entry.VerifySignature(g.MemberKey, entry.DomainCertificate, certificateMessage(entry.SpaceID{}, e.Device), g.Certificate) {
		return &node{entry: e, void: whyCertificate}, known{}, ""
	}
	id := MemberIDOf(p.space, g.MemberKey)
	s := &step{
		id: GenesisStep(p.space), founding: g, founder: p.number(id), seats: 1, full: 1,
		rules: e.Rules, threshold: g.Threshold, invites: DefaultInvites,
	}
	s.set(&seat{
		id: id, number: s.founder, name: g.Founder, key: g.MemberKey, standing: Full, since: s,
		device: NewDevice{Key: e.Device, Name: g.DeviceName},
	})
	return &node{entry: e, said: said, carries: s, id: id, member: s.founder, by: s.founder}, known{}, ""
}

// judge returns why the statement is void, or whyNewType, or "".
func (t *trial) judge() string {
	if t.said.Type == TypeRecover {
		return t.recover()
	}
	if !t.said.Known() && t.said.Step == nil {
		return whyNewType
	}
	t.who = t.k.speaker(t.pool, t.e.Device)
	if t.said.Type == TypeRetire { // holds even by a device that another has retired
		t.who = t.k.claimant(t.pool, t.e.Device)
		if t.who != nil && (!t.who.here() || !t.who.device(t.e.Device).certified) {
			t.who = nil
		}
	}
	if t.who == nil {
		return whyNobody
	}
	t.node.id, t.node.member, t.node.by = t.who.id, t.who.number, t.who.number
	switch t.said.Type {
	case TypeCertify, TypeRetire, TypeMove, TypeResign:
		if t.who.own >= MaxOwn {
			return whyTooMany
		}
	}
	switch t.said.Type {
	case TypeFounding:
		return t.founding()
	case TypePropose:
		return t.propose()
	case TypeConsent, TypeRefuse, TypeTakeBack:
		return t.ballot()
	case TypeEnact:
		return t.enact()
	case TypeCertify:
		return t.certify()
	case TypeRetire:
		if t.who.device(t.said.Device) == nil {
			return whyNotOwn
		}
	case TypeMove:
		return t.move()
	case TypeProspective:
		return t.prospective()
	case TypeInvite:
		return t.invite()
	case TypeRevoke:
		return t.revoke()
	}
	return "" // to resign, acknowledge or follow needs no more than to speak
}

// Why a statement by a device about itself and others of its kind is void.
const (
	whyNobody       = "the device that signed it spoke for no member"
	whyNotOwn       = "the device isn't one of theirs"
	whyKeyTaken     = "its member key or device is in the charter already"
	whyNotAccepted  = "the device hasn't agreed to belong to this member"
	whyTooMany      = "they have added more devices, or changed them more often, than Kith takes"
	whyNotMemberKey = "it isn't signed by the key of a member"
	whyNotMover     = "only the device that consents can hand that on"
	whyNotFull      = "only a full member can do this"
	whyInviteKey    = "its invite key is in use already"
	whyNoInvite     = "no invite with this key is in its past"
	whySpent        = "its invite code was used before"
	whyRevoked      = "its invite was taken back"
	whyInvitesFull  = "who invited them has as many open invites as the co-op allows"
)

const (
	// MaxDevices bounds the devices that one member can add, retired ones included.
	MaxDevices = 200
	// MaxOwn bounds what the devices of one member can say about each other between two words
	// of the member key.
	MaxOwn = 1000
)

func (t *trial) certify() string {
	new := t.said.New
	switch {
	case t.k.uses(t.pool, new.Key):
		return whyKeyTaken
	case len(t.who.devices) >= MaxDevices:
		return whyTooMany
	case !t.accepted(new, t.who.key):
		return whyNotAccepted
	}
	return ""
}

func (t *trial) accepted(d *NewDevice, memberKey entry.Device) bool {
	return entry.VerifySignature(d.Key, entry.DomainDevice, certificateMessage(t.space, memberKey), d.Accepted)
}

// recover judges a statement by a member key. It holds whatever the member's devices said.
func (t *trial) recover() string {
	who := t.k.holder(t.pool, t.e.Device)
	if who == nil || who.standing == Removed || t.ended(who) {
		return whyNotMemberKey
	}
	for i := range t.said.Live {
		d := &t.said.Live[i]
		own := who.device(d.Key) != nil
		switch {
		case !own && t.k.uses(t.pool, d.Key):
			return whyKeyTaken
		case own && d.Accepted == ([64]byte{}):
		case !t.accepted(d, who.key):
			return whyNotAccepted
		}
	}
	t.node.id, t.node.member, t.node.by = who.id, who.number, who.number
	return ""
}

// ended says whether the chain has ended a membership.
func (t *trial) ended(who *person) bool {
	s := t.k.step.members.get(who.number)
	return s != nil && s.standing != Full
}

// move hands the consents on: by the device that has them, or by one of several that have;
// by any if none is left.
func (t *trial) move() string {
	switch d := t.who.device(t.said.Device); {
	case d == nil || !d.live:
		return whyNotOwn
	case len(t.who.consents) > 0 && !slices.Contains(t.who.consents, t.e.Device):
		return whyNotMover
	}
	return ""
}

func (t *trial) fullMember() bool { return t.who.standing == Full }

func (t *trial) invite() string {
	t.node.issuer = t.who.number
	switch {
	case !t.fullMember():
		return whyNotFull
	case t.k.uses(t.pool, t.said.Invite):
		return whyInviteKey
	}
	return ""
}

// issued finds the invite of a key in the past: of several, which only a hostile member makes,
// the one with the lowest ID.
func (t *trial) issued(key entry.Device) (invite *node) {
	for _, part := range t.partsOf(key) {
		if n := part.node; part.what == partInvite && n != nil && t.k.in(n) {
			if invite == nil || n.entry.ID().Compare(invite.entry.ID()) < 0 {
				invite = n
			}
		}
	}
	return invite
}

func (t *trial) revoke() string {
	switch invite := t.issued(t.said.Invite); {
	case !t.fullMember():
		return whyNotFull
	case invite == nil:
		return whyNoInvite
	default:
		t.node.issuer = invite.member
	}
	return ""
}

// prospective judges the countersigned redemption of an invite.
func (t *trial) prospective() string {
	invite := t.issued(t.said.Invite)
	r := t.said.Joiner
	switch {
	case !t.fullMember():
		return whyNotFull
	case invite == nil:
		return whyNoInvite
	case r.Member == r.Device:
		return whyKeyTaken
	}
	if issuer := t.k.person(invite.member); issuer.standing != Full {
		return whyNoInvite
	}
	revoked, used := t.became(t.said.Invite)
	switch {
	case revoked:
		return whyRevoked
	case used:
		return whySpent
	case t.k.invitesOf(invite.member).open >= t.k.step.invites:
		return whyInvitesFull
	case t.k.uses(t.pool, r.Member), t.k.uses(t.pool, r.Device):
		return whyKeyTaken
	}
	if err := r.Verify(t.space, t.said.Invite); err != nil {
		return err.Error()
	}
	t.node.id = MemberIDOf(t.space, r.Member)
	t.node.member, t.node.by, t.node.issuer = t.number(t.node.id), t.who.number, invite.member
	return ""
}

// became says what became of an invite, whoever published it.
func (t *trial) became(key entry.Device) (revoked, used bool) {
	for _, part := range t.partsOf(key) {
		if n := part.node; part.what == partInvite && n != nil && t.k.in(n) {
			s := t.k.invitesOf(n.member)
			revoked, used = revoked || s.revoked[key], used || s.used[key]
		}
	}
	return revoked, used
}

// invited is what became of a member's invites.
type invited struct {
	revoked, used map[entry.Device]bool
	open          int // prospective members who came by them
}

func (k known) invitesOf(number int) invited {
	s := invited{revoked: map[entry.Device]bool{}, used: map[entry.Device]bool{}}
	counted := map[int]bool{}
	for _, n := range k.invites.get(number).list() {
		switch n.said.Type {
		case TypeRevoke:
			s.revoked[n.said.Invite] = true
		case TypeProspective:
			s.used[n.said.Invite] = true
			if !counted[n.member] && k.person(n.member).standing == Prospective {
				counted[n.member] = true
				s.open++
			}
		}
	}
	return s
}
