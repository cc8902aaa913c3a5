package charter

import (
	"slices"

	"kith/crdt/entry"
)

// Why a statement about a step is void.
const (
	whyNotFounder   = "only the founder's device can do this, and only while the founding is open"
	whyParent       = "its parent step is not the newest one in its past"
	whyNoSeat       = "all founding seats are filled"
	whyClosed       = "the founding is closed"
	whyAgreed       = "the members agree on this together; nobody can do it alone"
	whyNoProposal   = "the proposal isn't in its past"
	whyNotConsenter = "they consent from another device"
	whySubject      = "who is to be removed doesn't decide on it"
	whyTooFew       = "it hasn't enough consents in its past"
	whyWithdrawn    = "the proposal was withdrawn"
	whyNothingBack  = "they have nothing to take back"
	whyResignation  = "it names a resignation that doesn't count here"
	whyNoRedemption = "who is to be admitted isn't a prospective member"
	whyStay         = "it names a redemption that isn't the member's word"
	whyNotMember    = "who it is about isn't a member"
	whyNoChange     = "that is so already"
	whyOldRules     = "the rules can only be raised"
)

// founding judges a step by the founder alone.
func (t *trial) founding() string {
	p := t.said.Step
	id := p.ID()
	if t.who.number != t.k.step.founder || !t.who.consentsBy(t.e.Device) {
		return whyNotFounder
	}
	if again := t.step(id); again != nil && t.k.step.reaches(again) {
		t.node.carries = again
		return "" // by a statement that knows it already
	}
	switch {
	case p.Parent != t.k.step.id:
		return whyParent
	case t.k.step.closed:
		return whyClosed
	case !t.k.step.open():
		return whyNoSeat
	case !p.known():
		return whyNewType
	}
	switch p.Type {
	case ProposalSeat:
		if why := t.seat(p.Seat); why != "" {
			return why
		}
	case ProposalClose:
		if why := t.resignations(p.Resigned); why != "" {
			return why
		}
	default:
		return whyAgreed
	}
	t.node.carries = t.place(id, &p.Terms)
	return ""
}

func (t *trial) seat(s *Seat) string {
	r := &s.Redemption
	switch {
	case t.k.step.spent(s.Invite):
		return whySpent
	case r.Member == r.Device, r.Member == s.Invite, r.Device == s.Invite,
		t.k.isTaken(t.pool, r.Member), t.k.isTaken(t.pool, r.Device), t.k.uses(t.pool, s.Invite):
		return whyKeyTaken
	}
	if t.step(t.said.Step.ID()) != nil {
		return "" // the same bytes were verified before
	}
	if err := r.Verify(t.space, s.Invite); err != nil {
		return err.Error()
	}
	return ""
}

// place returns the step that terms make of the newest one.
func (t *trial) place(id StepID, terms *Terms) *step {
	if s := t.step(id); s != nil {
		return s
	}
	return t.k.step.next(t.pool, id, terms)
}

func (t *trial) propose() string {
	p := t.said.Step
	t.node.about = t.k.step
	switch {
	case p.Parent != t.k.step.id:
		return whyParent
	case !t.fullMember():
		return whyNotFull
	case !p.known():
		return whyNewType
	}
	if why := t.resignations(p.Resigned); why != "" {
		return why
	}
	return t.terms(&p.Terms)
}

// terms says what is wrong with a proposal.
func (t *trial) terms(p *Terms) string {
	s := t.k.step
	switch p.Type {
	case ProposalSeat:
		return whyNotFounder
	case ProposalClose:
		if !s.open() {
			return whyClosed
		}
	case ProposalAdmit:
		n := t.pool.node(p.Admission)
		switch {
		case n == nil || !t.k.in(n) || n.said.Type != TypeProspective:
			return whyNoRedemption
		case t.k.person(n.member).standing != Prospective, !t.k.admits(n):
			return whyNoRedemption
		}
	case ProposalRemove:
		who := t.k.member(t.pool, p.Member)
		if who == nil || t.ended(who) {
			return whyNotMember
		}
		return t.stay(p.Stay, who.number)
	case ProposalKey:
		if why := t.rekey(p.Rekey); why != "" {
			return why
		}
		return t.stay(p.Stay, t.number(p.Rekey.Member))
	case ProposalThreshold:
		if p.Threshold == s.threshold {
			return whyNoChange
		}
	case ProposalInvites:
		if p.Invites == s.invites {
			return whyNoChange
		}
	case ProposalRules:
		if p.Rules <= s.rules {
			return whyOldRules
		}
	}
	return ""
}

// stay judges the redemptions that a proposal about a member names.
func (t *trial) stay(ids []entry.ID, by int) string {
	for _, id := range ids {
		if n := t.pool.node(id); n == nil || !t.k.in(n) || n.said.Type != TypeProspective || n.by != by {
			return whyStay
		}
	}
	return ""
}

func (t *trial) rekey(r *Rekey) string {
	who := t.k.member(t.pool, r.Member)
	switch {
	case who == nil || !t.k.step.isFull(who.number):
		return whyNotMember
	case r.Key == r.Device, t.k.isTaken(t.pool, r.Key), t.k.isTaken(t.pool, r.Device):
		return whyKeyTaken
	}
	if err := r.Verify(t.space); err != nil {
		return err.Error()
	}
	return ""
}

// member returns a member by ID.
func (k known) member(p *pool, id MemberID) *person {
	p.mu.RLock()
	number, ok := p.numbers[id]
	p.mu.RUnlock()
	if !ok {
		return nil
	}
	return k.person(number)
}

// resignations judges those that a proposal names. One whose maker consented to a step at this
// parent before can't be counted out here: that consent may complete the step elsewhere.
func (t *trial) resignations(ids []entry.ID) string {
	seen := map[int]bool{}
	for _, id := range ids {
		n := t.pool.node(id)
		if n == nil || !t.k.in(n) || n.said.Type != TypeResign || seen[n.member] || !t.nameable(t.k, n) {
			return whyResignation
		}
		seen[n.member] = true
	}
	return ""
}

// nameable says whether a resignation in a past can leave the count with the next step.
func (p *pool) nameable(k known, n *node) bool {
	if who := k.person(n.member); !k.step.isFull(n.member) || !slices.Contains(who.resigned, n) {
		return false
	}
	return !slices.ContainsFunc(p.ballotsAt(k.step.id), func(c *node) bool {
		return c.said.Type == TypeConsent && c.member == n.member && n.knows(c)
	})
}

// ballot judges a consent, a refusal, or one taken back.
func (t *trial) ballot() string {
	prop, by := t.proposed(t.said.Of, t.k)
	if len(by) == 0 {
		return whyNoProposal
	}
	t.node.about = prop.parent
	if t.said.Type == TypeTakeBack {
		own := func(n *node) bool { return n.member == t.who.number && t.k.in(n) }
		if !slices.ContainsFunc(by, own) && !slices.ContainsFunc(t.ballotsAt(prop.parent.id), func(n *node) bool {
			return n.said.Type == TypeConsent && n.said.Of == prop.id && own(n)
		}) {
			return whyNothingBack
		}
		return ""
	}
	side := prop.subject() == t.who.id && t.said.Type == TypeRefuse // who is to be removed says their side, which isn't counted
	switch {
	case prop.parent != t.k.step:
		return whyParent
	case !t.fullMember() && !side:
		return whyNotFull
	case !t.who.consentsBy(t.e.Device):
		return whyNotConsenter
	case prop.subject() == t.who.id && !side:
		return whySubject
	}
	return ""
}

// subject returns who is to be removed, and so doesn't decide.
func (p *proposal) subject() MemberID {
	if p.terms.Type == ProposalRemove {
		return p.terms.Member
	}
	return MemberID{}
}

func (t *trial) enact() string {
	prop, by := t.proposed(t.said.Of, t.k)
	if len(by) == 0 {
		return whyNoProposal
	}
	if again := t.step(prop.id); again != nil && t.k.step.reaches(again) {
		t.node.carries = again
		return ""
	}
	if prop.parent != t.k.step {
		return whyParent
	}
	all := t.answersAt(prop.parent.id, t.k)
	if withdrawn(prop.id, by, all) {
		return whyWithdrawn
	}
	if c := t.count(prop, all); !c.enough() {
		return whyTooFew
	}
	t.node.carries = t.place(prop.id, prop.terms)
	return ""
}

// count is who has answered a proposal, as some past knows it.
type count struct {
	consents []int        // numbers of the members whose consent counts
	gone     map[int]bool // whose resignation the proposal names
	needed   int
	founder  bool // the founder's consent is needed and missing
}

func (c *count) enough() bool { return len(c.consents) >= c.needed && !c.founder }

// answers is what one member said about steps at one parent.
type answers struct {
	consents []*node
	back     map[StepID]trie[int] // of those that they took back: all that was known then, see known.has
	refused  map[StepID][]*node
	open     map[StepID]*node // of the steps to which their consent stands, one consent
}

// answersAt gathers what a past knows of the answers to proposals at one parent, by number of the member.
func (p *pool) answersAt(parent StepID, k known) map[int]*answers {
	all := map[int]*answers{}
	for _, n := range p.ballotsAt(parent) {
		if !k.in(n) {
			continue
		}
		a := all[n.member]
		if a == nil {
			a = &answers{back: map[StepID]trie[int]{}, refused: map[StepID][]*node{}, open: map[StepID]*node{}}
			all[n.member] = a
		}
		switch of := n.said.Of; n.said.Type {
		case TypeConsent:
			a.consents = append(a.consents, n)
		case TypeTakeBack:
			a.back[of] = a.back[of].union(n.after.has, maxOf)
		case TypeRefuse:
			a.refused[of] = append(a.refused[of], n)
		}
	}
	for number, a := range all {
		who := k.person(number)
		for _, c := range a.consents {
			of := c.said.Of
			if a.tookBack(c, of) || len(a.refused[of]) > 0 || who.silenced(c) {
				continue
			}
			if old := a.open[of]; old == nil || c.entry.ID().Compare(old.entry.ID()) < 0 {
				a.open[of] = c
			}
		}
	}
	return all
}

// tookBack says whether a consent or a proposal of a step was known when its maker took that step back.
func (a *answers) tookBack(n *node, of StepID) bool {
	return a != nil && a.back[of].get(n.line) >= n.place
}

// count counts the answers to a proposal, at its parent, by the rule for agreed steps.
func (p *pool) count(prop *proposal, all map[int]*answers) count {
	parent := prop.parent
	gone := map[int]bool{}
	for _, id := range prop.terms.Resigned {
		gone[p.node(id).member] = true
	}
	c := count{
		needed:  parent.threshold.Needed(parent.full - len(gone)),
		founder: parent.open() && !gone[parent.founder], gone: gone,
	}
	subject := prop.subject()
	for number, a := range all {
		m := parent.members.get(number)
		if m == nil || m.standing != Full || gone[number] || m.id == subject {
			continue
		}
		if len(a.open) == 1 && a.open[prop.id] != nil {
			c.consents = append(c.consents, number)
			c.founder = c.founder && number != parent.founder
		}
	}
	slices.Sort(c.consents)
	return c
}

// withdrawn says whether all who proposed a step have taken that back.
func withdrawn(id StepID, by []*node, all map[int]*answers) bool {
	return !slices.ContainsFunc(by, func(n *node) bool { return !all[n.member].tookBack(n, id) })
}
