package charter

import (
	"slices"

	"kith/crdt/entry"
)

// The functions of this file make the payloads of statements: for the device by to sign in
// an entry that names c.Heads(). They check all that would make the statement void, and what
// would harm the co-op or its maker besides.

// Propose makes a proposal after the newest step. Of terms, Type, Why and what the type asks
// for are the caller's; for an admission the Member may be given instead of the statement. The
// resignations that are known here are added, and so are the redemptions that go on counting.
func (c *Charter) Propose(by entry.Device, terms Terms) ([]byte, StepID, error) {
	t := c.tip()
	if t == nil {
		return nil, StepID{}, ErrNoGenesis
	}
	if len(terms.Why) > MaxWhy {
		return nil, StepID{}, &LimitError{"reason", len(terms.Why), MaxWhy}
	}
	terms.Resigned = c.resignations()
	terms.Frontiers = Frontiers(terms.Frontiers)
	terms.Stay = c.stay(&terms)
	if terms.Type == ProposalAdmit && terms.Admission.IsZero() {
		who := c.all.member(c.pool, terms.Member)
		if who == nil || who.standing != Prospective {
			return nil, StepID{}, ErrNotProspective
		}
		for _, n := range c.all.own.get(who.number).list() {
			if id := n.entry.ID(); c.all.admits(n) && (terms.Admission.IsZero() || id.Compare(terms.Admission) < 0) {
				terms.Admission = id
			}
		}
	}
	if terms.Type == ProposalAdmit {
		terms.Member = MemberID{}
	}
	payload, err := newStep(TypePropose, t.id, terms)
	if payload, err = c.try(by, payload, err); err != nil {
		return nil, StepID{}, err
	}
	s, err := ReadStatement(payload)
	if err != nil {
		return nil, StepID{}, err
	}
	return payload, s.Step.ID(), nil
}

// Renew proposes what an overtaken or withdrawn proposal says once more, after the newest step.
func (c *Charter) Renew(by entry.Device, id StepID) ([]byte, StepID, error) {
	prop, from := c.pool.proposed(id, c.all)
	if c.tip() == nil || len(from) == 0 {
		return nil, StepID{}, ErrNoProposal
	}
	if c.inForce(id) {
		return nil, StepID{}, ErrInForce
	}
	return c.Propose(by, *prop.terms)
}

// resignations returns those that a proposal made now counts out: of each member the lowest ID.
func (c *Charter) resignations() []entry.ID {
	var ids []entry.ID
	c.all.own.each(func(number int, f *facts) {
		var first entry.ID
		for _, n := range f.nodes {
			id := n.entry.ID()
			if n.said.Type == TypeResign && c.now.in(n) && c.pool.nameable(c.all, n) && (first.IsZero() || id.Compare(first) < 0) {
				first = id
			}
		}
		if !first.IsZero() && len(ids) < MaxResigned {
			ids = append(ids, first)
		}
	})
	slices.SortFunc(ids, entry.ID.Compare)
	return ids
}

// stay returns, of a proposal about a member, the redemptions by them that count now.
func (c *Charter) stay(t *Terms) (ids []entry.ID) {
	about := t.Member
	switch {
	case t.Type == ProposalKey && t.Rekey != nil:
		about = t.Rekey.Member
	case t.Type != ProposalRemove:
		return nil
	}
	who := c.all.member(c.pool, about)
	if who == nil {
		return nil
	}
	c.all.own.each(func(_ int, f *facts) {
		for _, n := range f.nodes {
			if n.said.Type == TypeProspective && n.by == who.number && len(ids) < MaxStay && c.now.in(n) && c.all.admits(n) {
				ids = append(ids, n.entry.ID())
			}
		}
	})
	slices.SortFunc(ids, entry.ID.Compare)
	return ids
}

// CloseFounding makes the statement with which the founder's device ends the founding, alone.
func (c *Charter) CloseFounding(by entry.Device, why string) ([]byte, error) {
	t := c.tip()
	if t == nil {
		return nil, ErrNoGenesis
	}
	if err := c.held(t.founder, StepID{}, false); err != nil {
		return nil, err
	}
	if len(why) > MaxWhy {
		return nil, &LimitError{"reason", len(why), MaxWhy}
	}
	payload, err := newStep(TypeFounding, t.id, Terms{Type: ProposalClose, Why: why, Resigned: c.resignations()})
	return c.try(by, payload, err)
}

func (c *Charter) say(by entry.Device, s Statement) ([]byte, error) {
	payload, err := s.encode()
	return c.try(by, payload, err)
}

func (c *Charter) inForce(id StepID) bool {
	s := c.pool.step(id)
	return s != nil && c.tip() != nil && c.tip().reaches(s)
}

// onProposal checks what consents, refusals and enacts have in common.
func (c *Charter) onProposal(id StepID) error {
	switch prop, by := c.pool.proposed(id, c.all); {
	case c.tip() == nil:
		return ErrNoGenesis
	case c.inForce(id):
		return ErrInForce
	case len(by) == 0:
		return ErrNoProposal
	case prop.parent != c.tip():
		return ErrOvertaken
	}
	return nil
}

// Consent consents to a proposal. The error is a *HeldError if the member consented to
// another one at the same parent, and didn't take that back or it may still come into force;
// anyway goes on in the second case.
func (c *Charter) Consent(by entry.Device, id StepID, anyway bool) ([]byte, error) {
	if err := c.onProposal(id); err != nil {
		return nil, err
	}
	if who := c.all.speaker(c.pool, by); who != nil {
		a := c.answersAt(c.tip().id, false)[who.number]
		switch {
		case a == nil:
		case len(a.refused[id]) > 0:
			return nil, ErrRefused
		default:
			// Also one that can't come into force any more: two open ones count for neither.
			for _, n := range a.consents {
				if of := n.said.Of; of != id && a.open[of] != nil {
					return nil, &HeldError{Step: of}
				}
			}
			if a.open[id] != nil {
				return nil, ErrConsented
			}
		}
		if err := c.held(who.number, id, anyway); err != nil {
			return nil, err
		}
	}
	return c.say(by, Statement{Type: TypeConsent, Of: id})
}

// held says whether a member's word at the newest step was given to another one that may
// still come into force.
func (c *Charter) held(number int, to StepID, anyway bool) error {
	all := c.answersAt(c.tip().id, false)
	a := all[number]
	if a == nil {
		return nil
	}
	var held *HeldError
	for _, n := range a.consents {
		of := n.said.Of
		if of == to || !c.mayPass(of, all) {
			continue
		}
		if a.open[of] != nil {
			return &HeldError{Step: of}
		}
		held = &HeldError{Step: of, TakenBack: true}
	}
	if held == nil || anyway {
		return nil
	}
	return held
}

// mayPass says whether a proposal at the newest step can still come into force, somewhere:
// those can't consent to it any more who refused it, or resigned, without a consent before.
func (c *Charter) mayPass(id StepID, all map[int]*answers) bool { return c.stops(id, all) > 0 }

// stops counts how many more have to refuse until a proposal can't pass any more; 0 if it can't.
func (c *Charter) stops(id StepID, all map[int]*answers) int {
	prop, _ := c.pool.proposed(id, c.all)
	n := c.pool.count(prop, all)
	able := 0
	prop.parent.members.each(func(number int, m *seat) {
		if m.standing != Full || m.id == prop.subject() || n.gone[number] {
			return
		}
		a := all[number]
		did := a != nil && slices.ContainsFunc(a.consents, func(n *node) bool { return n.said.Of == id })
		refused := a != nil && len(a.refused[id]) > 0
		if did || !refused && c.all.person(number).standing == Full {
			able++
		}
	})
	return max(0, able-n.needed+1)
}

// Refuse refuses a proposal, for good, with the reason.
func (c *Charter) Refuse(by entry.Device, id StepID, why string) ([]byte, error) {
	if err := c.onProposal(id); err != nil {
		return nil, err
	}
	if len(why) > MaxWhy {
		return nil, &LimitError{"reason", len(why), MaxWhy}
	}
	return c.say(by, Statement{Type: TypeRefuse, Of: id, Why: why})
}

// TakeBack takes a consent back or, of who made the proposal, withdraws it. It can't undo
// what the consent has completed elsewhere.
func (c *Charter) TakeBack(by entry.Device, id StepID) ([]byte, error) {
	if err := c.onProposal(id); err != nil {
		return nil, err
	}
	return c.say(by, Statement{Type: TypeTakeBack, Of: id})
}

// Enact brings a proposal into force that has enough consents.
func (c *Charter) Enact(by entry.Device, id StepID) ([]byte, error) {
	if err := c.onProposal(id); err != nil {
		return nil, err
	}
	return c.say(by, Statement{Type: TypeEnact, Of: id})
}

// Certify adds a device of one's own, which has accepted with AcceptDevice.
func (c *Charter) Certify(by entry.Device, d NewDevice) ([]byte, error) {
	name, err := CleanName(d.Name)
	if err != nil {
		return nil, err
	}
	d.Name = name
	return c.say(by, Statement{Type: TypeCertify, New: &d})
}

// Retire takes a device of one's own out of use. What it wrote stands up to the frontier, and
// what others build on.
func (c *Charter) Retire(by, device entry.Device, honoured Frontier) ([]byte, error) {
	lists := Frontiers([]DeviceFrontier{{device, honoured}})
	return c.say(by, Statement{Type: TypeRetire, Device: device, Frontier: lists[0].Frontier})
}

// Recover makes the statement of a member key: the devices that speak on, of which the first
// consents; all others of the member are retired, with what is honoured of them. It replaces
// all that the devices said about each other. The entry must be signed by the member key.
func (c *Charter) Recover(memberKey entry.Device, live []NewDevice, others []DeviceFrontier) ([]byte, error) {
	if len(live) == 0 || len(live) > MaxListed {
		return nil, &LimitError{"list of devices", len(live), MaxListed}
	}
	live = slices.Clone(live)
	for i := range live {
		name, err := CleanName(live[i].Name)
		if err != nil {
			return nil, err
		}
		live[i].Name = name
	}
	return c.say(memberKey, Statement{Type: TypeRecover, Live: live, Lists: Frontiers(others)})
}

// Resign leaves the co-op. The devices fall silent at once; what they wrote stands up to the
// frontiers. With the next agreed step the member leaves the count.
func (c *Charter) Resign(by entry.Device, honoured []DeviceFrontier, why string) ([]byte, error) {
	if len(why) > MaxWhy {
		return nil, &LimitError{"reason", len(why), MaxWhy}
	}
	return c.say(by, Statement{Type: TypeResign, Lists: Frontiers(honoured), Why: why})
}

// MoveConsents lets another device of one's own consent from now on.
func (c *Charter) MoveConsents(by, to entry.Device) ([]byte, error) {
	return c.say(by, Statement{Type: TypeMove, Device: to})
}

// Acknowledge says what was seen: for each run that moved, the last entry.
func (c *Charter) Acknowledge(by entry.Device, seen []DeviceFrontier) ([]byte, error) {
	return c.say(by, Statement{Type: TypeSeen, Lists: Frontiers(seen)})
}

// Follow says in public which side of a fork one follows. What a replica follows is its stand.
func (c *Charter) Follow(by entry.Device, id StepID) ([]byte, error) {
	return c.say(by, Statement{Type: TypeFollow, Of: id})
}

// Invite publishes the public half of an invite of a prospective member. expires is in
// milliseconds since 1970, and a duty of who answers; 0 for never.
func (c *Charter) Invite(by, invite entry.Device, expires uint64) ([]byte, error) {
	if t := c.tip(); t != nil {
		if who := c.all.speaker(c.pool, by); who != nil && len(c.all.guestsOf(who.number)) >= t.invites {
			return nil, ErrInvitesFull
		}
	}
	return c.say(by, Statement{Type: TypeInvite, Invite: invite, Expires: expires})
}

// Revoke takes an invite back that wasn't redeemed.
func (c *Charter) Revoke(by, invite entry.Device) ([]byte, error) {
	return c.say(by, Statement{Type: TypeRevoke, Invite: invite})
}

// AdmitProspective countersigns the redemption of an invite of a prospective member. Besides
// what the fold checks, nobody may be called so already.
func (c *Charter) AdmitProspective(by, invite entry.Device, r Redemption) ([]byte, error) {
	payload, err := c.say(by, Statement{Type: TypeProspective, Invite: invite, Joiner: &r})
	if err != nil {
		return nil, err
	}
	return payload, c.nameFree(r.Name, MemberID{})
}
