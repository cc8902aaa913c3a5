package charter

import "kith/crdt/entry"

// Why a statement is void or waits, in a member's words.
const (
	whyForeign     = "it belongs to another space"
	whyNotGenesis  = "it founds nothing: only the first statement of a space can"
	whyOnVoid      = "it stands on a statement that is void, or on an acknowledgement"
	whyTwoTaken    = "it takes over more than one acknowledgement"
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

// voided is what is void; it says nothing.
func voided(e *entry.Entry, why string) *node { return &node{entry: e, said: saysNothing, void: why} }

var saysNothing = &Statement{}

// trial judges one statement by its own past.
type trial struct {
	*pool
	e    *entry.Entry
	said Statement
	k    known   // what its heads know together
	who  *person // for whom its device speaks; nil if for nobody
	over *node   // the acknowledgement that it takes over; nil if none
	node *node   // what it becomes
}

// judge says what a statement is, as far as its own past can tell: a node if it is sound or
// void, which is for good, else nil and why it waits. What it stands on is looked up in have.
// Of a sound one it returns what its heads know, too, for pool.keep.
func (p *pool) judge(e *entry.Entry, have func(entry.ID) *node) (n *node, before known, waits string) {
	void := func(why string) (*node, known, string) { return voided(e, why), known{}, "" }
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
	var over *node // an acknowledgement that one takes over
	for _, id := range e.Heads {
		switch h := have(id); {
		case h == nil:
			waits = whyWaits
		case !h.sound(), h.leaf() && understood && (h.seen == nil || s.Type != TypeSeen):
			return void(whyOnVoid) // even if others are missing: it can't become anything else
		case h.leaf() && understood && over != nil:
			return void(whyTwoTaken)
		case h.leaf():
			over = h
			fallthrough
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
	t := &trial{pool: p, e: e, said: s, k: k, over: over, node: &node{entry: e, said: &s, heads: heads}}
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
		return voided(e, whyCertificate), known{}, ""
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
	return &node{entry: e, said: &said, carries: s, id: id, member: s.founder, by: s.founder}, known{}, ""
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
	case TypeRename:
		return t.rename()
	case TypeSeen:
		t.node.seen = &acknowledgement{full: t.fullMember(), over: t.over}
	case TypeProspective:
		return t.prospective()
	case TypeInvite:
		return t.invite()
	case TypeRevoke:
		return t.revoke()
	}
	return "" // to resign, acknowledge, follow or want something forgotten needs no more than to speak
}

// Why a statement by a device about itself and others of its kind is void.
const (
	whyNobody       = "the device that signed it spoke for no member"
	whyNotOwn       = "the device isn't one of theirs"
	whyKeyTaken     = "its member key or device is in the charter already"
	whyNotAccepted  = "the device hasn't agreed to belong to this member"
	whyRenamed      = "they have changed their names more often than Kith takes"
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
	// MaxDevices bounds the devices that one member can add, retired ones included, and those that their member key can list.
	MaxDevices = 200
	// MaxOwn bounds what the devices of one member can say about each other between two words
	// of the member key.
	MaxOwn = 1000
)

func (t *trial) certify() string {
	new := t.said.New
	switch {
	case t.k.isTaken(t.pool, new.Key):
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
	if who == nil || t.ended(who) {
		return whyNotMemberKey
	}
	fresh := 0
	for i := range t.said.Live {
		d := &t.said.Live[i]
		own := who.device(d.Key) != nil
		if !own {
			fresh++
		}
		switch {
		case fresh > 0 && who.listed+fresh > MaxDevices: // however many a thief has added
			return whyTooMany
		case !own && t.k.isTaken(t.pool, d.Key):
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

// move hands the consents on: by the device that has them; by any if none has, or several.
func (t *trial) move() string {
	switch d := t.who.device(t.said.Device); {
	case d == nil || !d.live:
		return whyNotOwn
	case len(t.who.consents) == 1 && !t.who.consentsBy(t.e.Device):
		return whyNotMover
	}
	return ""
}

func (t *trial) fullMember() bool { return t.who.standing == Full }
