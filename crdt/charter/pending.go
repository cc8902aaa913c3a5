package charter

import (
	"bytes"
	"cmp"
	"slices"
	"sync"

	"kith/crdt/entry"
)

// ProposalState says what became of a proposal.
type ProposalState string

const (
	ProposalOpen      ProposalState = "open"
	ProposalInForce   ProposalState = "in_force"
	ProposalOvertaken ProposalState = "overtaken" // another step was taken where it was proposed; it can be renewed
	ProposalWithdrawn ProposalState = "withdrawn"
)

// Proposal is a step that somebody proposed, as it stands now.
type Proposal struct {
	ID       StepID
	Parent   StepID
	Terms             // what it says
	Subject  MemberID // whom it is about: admitted, removed, given a new key; zero if nobody
	By       []MemberID
	Entry    entry.ID // the statement that made it: the lowest ID of several
	Consents []Answer // those that count now
	Refusals []Answer
	Needs    int  // consents in all
	Of       int  // members that count
	Founder  bool // the founder's consent is needed and missing
	Hopeless bool // so many have refused that it can't come into force
	Stops    int  // so many more refusals of who never consented to it make it hopeless; 0 if it is
	Ready    bool // Enact would bring it into force
	State    ProposalState
}

// Answer is what one member said to a proposal.
type Answer struct {
	Member MemberID
	Entry  entry.ID
	Why    string // of a refusal
}

// Proposals returns all proposals on the branch that is followed: the oldest parent first,
// then by ID.
func (c *Charter) Proposals() []Proposal { return slices.Clone(c.proposals()) }

func (c *Charter) allProposals() []Proposal {
	if c.tip() == nil {
		return nil
	}
	var all []Proposal
	found := map[StepID]bool{}
	c.nodes.each(func(_ entry.ID, n *node) {
		if !n.sound() || n.said.Type != TypePropose || c.placed(n.tip()) != Accepted {
			return
		}
		if id := n.said.Step.ID(); !found[id] {
			found[id] = true
			all = append(all, c.proposal(id))
		}
	})
	slices.SortFunc(all, func(a, b Proposal) int {
		return cmp.Or(cmp.Compare(c.pool.step(a.Parent).depth, c.pool.step(b.Parent).depth), entry.ID(a.ID).Compare(entry.ID(b.ID)))
	})
	return all
}

// Proposal returns one proposal on the branch that is followed.
func (c *Charter) Proposal(id StepID) (Proposal, bool) {
	if c.tip() == nil {
		return Proposal{}, false
	}
	if _, by := c.pool.proposed(id, c.all); len(by) == 0 {
		return Proposal{}, false
	}
	return c.proposal(id), true
}

// Proposers returns who had proposed what a step says when more than half of those consented to it who did: also in an
// older place of the chain, before another step came first. Who says the same later, or dates it back, isn't among
// them, since nobody consented to anything of theirs.
func (c *Charter) Proposers(id StepID) []MemberID {
	p, ok := c.Proposal(id)
	if !ok {
		return nil
	}
	var pasts []*Past
	voters := map[MemberID]int{}
	voterOf := []int{}
	for _, n := range c.pool.ballotsAt(p.Parent) {
		if n.said.Type != TypeConsent || n.said.Of != id || !c.all.in(n) {
			continue
		}
		if past, state := c.At([]entry.ID{n.entry.ID()}); state == Accepted {
			if _, ok := voters[n.id]; !ok {
				voters[n.id] = len(voters)
			}
			pasts, voterOf = append(pasts, past), append(voterOf, voters[n.id])
		}
	}
	knew := map[MemberID]map[int]bool{}
	says := p.text()
	for _, q := range c.proposals() {
		if q.Type != p.Type || q.ID != id && q.text() != says {
			continue
		}
		_, by := c.pool.proposed(q.ID, c.all)
		for _, n := range by {
			for i, past := range pasts {
				if past.in(n) {
					if knew[n.id] == nil {
						knew[n.id] = map[int]bool{}
					}
					knew[n.id][voterOf[i]] = true
				}
			}
		}
	}
	var out []MemberID
	for m, by := range knew {
		if 2*len(by) > len(voters) {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, compareMembers)
	return out
}

// Pending returns the proposals that ask for something: to be answered, or to be renewed
// because another step overtook them and nobody has renewed or withdrawn them yet.
func (c *Charter) Pending() []Proposal {
	all := c.Proposals()
	newest := map[string]StepID{}
	for i := range all {
		newest[all[i].text()] = all[i].ID
	}
	return slices.DeleteFunc(all, func(p Proposal) bool {
		return p.State != ProposalOpen && (p.State != ProposalOvertaken || newest[p.text()] != p.ID)
	})
}

// text is what a proposal says, apart from what each renewal brings up to date.
func (p *Proposal) text() string {
	t := p.Terms
	t.Resigned, t.Frontiers, t.Stay = nil, nil, nil
	b, _ := t.encode()
	return string(b)
}

// Enactable returns the proposals that have enough consents to be enacted now.
func (c *Charter) Enactable() []StepID {
	var ids []StepID
	for _, id := range c.pool.proposedAt(c.tip()) {
		if p, ok := c.Proposal(id); ok && p.Ready {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b StepID) int { return entry.ID(a).Compare(entry.ID(b)) })
	return ids
}

func (c *Charter) proposal(id StepID) Proposal {
	prop, by := c.pool.proposed(id, c.all)
	all := c.answersAt(prop.parent.id, false)
	n := c.pool.count(prop, all)
	p := Proposal{
		ID: id, Parent: prop.parent.id, Terms: *prop.terms, Subject: c.subject(prop.terms),
		Needs: n.needed, Of: prop.parent.full - len(prop.terms.Resigned), Founder: n.founder,
	}
	for _, m := range by {
		if !slices.Contains(p.By, m.id) {
			p.By = append(p.By, m.id)
		}
		if at := m.entry.ID(); p.Entry.IsZero() || at.Compare(p.Entry) < 0 {
			p.Entry = at
		}
	}
	slices.SortFunc(p.By, compareMembers)
	for number, a := range all {
		if slices.Contains(n.consents, number) {
			m := a.open[id]
			p.Consents = append(p.Consents, Answer{Member: m.id, Entry: m.entry.ID()})
		}
		if r := a.refused[id]; len(r) > 0 {
			first := slices.MinFunc(r, func(a, b *node) int { return a.entry.ID().Compare(b.entry.ID()) })
			p.Refusals = append(p.Refusals, Answer{Member: first.id, Entry: first.entry.ID(), Why: first.said.Why})
		}
	}
	slices.SortFunc(p.Consents, compareAnswers)
	slices.SortFunc(p.Refusals, compareAnswers)
	p.Stops = c.stops(id, all)
	p.Hopeless = p.Stops == 0
	switch {
	case c.inForce(id):
		p.State = ProposalInForce
	case withdrawn(id, by, all):
		p.State = ProposalWithdrawn
	case prop.parent != c.tip():
		p.State = ProposalOvertaken
	default:
		p.State = ProposalOpen
		inHeads := c.pool.count(prop, c.answersAt(prop.parent.id, true)) // an enact is judged by what it names
		p.Ready = inHeads.enough()
	}
	return p
}

// poll is the answers at one parent, as they were asked for.
type poll struct {
	parent  StepID
	inHeads bool
}

type polls struct {
	mu   sync.Mutex
	have map[poll]map[int]*answers
}

// answersAt gathers the answers to proposals at one parent: all that are accepted, or those that the heads
// know. They are gathered once, however many proposals there are.
func (c *Charter) answersAt(parent StepID, inHeads bool) map[int]*answers {
	k := c.all
	if inHeads {
		k = c.now.known
	}
	c.polls.mu.Lock()
	defer c.polls.mu.Unlock()
	at := poll{parent, inHeads}
	all, ok := c.polls.have[at]
	if !ok {
		all = c.pool.answersAt(parent, k)
		c.polls.have[at] = all
	}
	return all
}

func compareAnswers(a, b Answer) int {
	return cmp.Or(bytes.Compare(a.Member[:], b.Member[:]), a.Entry.Compare(b.Entry))
}

// subject returns whom terms are about.
func (c *Charter) subject(t *Terms) MemberID {
	switch {
	case t.Seat != nil:
		return MemberIDOf(c.space, t.Seat.Redemption.Member)
	case t.Rekey != nil:
		return t.Rekey.Member
	case t.Type == ProposalAdmit:
		if n := c.pool.node(t.Admission); n != nil {
			return n.id
		}
	}
	return t.Member
}

// Line is one statement of the log as data for a sentence.
type Line struct {
	Entry    *entry.Entry
	By       MemberID   // who made it
	Said     Statement  // what it says
	Subject  MemberID   // whom it is about, if anybody
	Of       *Proposal  // the proposal that it is about, as it stands now; nil if none
	Consents []MemberID // of an enact that brought the step into force: those that it counted
	InForce  bool       // it brought a step into force, and is the first of several that did
}

// Log returns the accepted statements in the order of Statements.
func (c *Charter) Log() []Line {
	lines := make([]Line, 0, len(c.Statements()))
	enacted := map[StepID]bool{}
	proposed := map[StepID]*Proposal{}
	for _, p := range c.Proposals() {
		proposed[p.ID] = &p
	}
	for _, e := range c.Statements() {
		n := c.nodes.get(e.ID())
		l := Line{Entry: e, Said: *n.said, By: n.id}
		if n.said.Type == TypeProspective {
			l.Subject, l.By = n.id, c.all.person(n.by).id
		}
		if n.said.Step != nil {
			l.Subject = c.subject(&n.said.Step.Terms)
		}
		if n.carries != nil && !enacted[n.carries.id] {
			enacted[n.carries.id] = true
			l.InForce = true
		}
		if id, ok := n.proposalID(); ok {
			if p := proposed[id]; p != nil {
				l.Of, l.Subject = p, p.Subject
			}
		}
		if n.said.Type == TypeEnact && l.InForce { // others may say so thousands of times
			prop, _ := c.pool.proposed(n.said.Of, n.after)
			counted := c.pool.count(prop, c.pool.answersAt(prop.parent.id, n.after))
			for _, number := range counted.consents {
				l.Consents = append(l.Consents, c.all.person(number).id)
			}
			slices.SortFunc(l.Consents, compareMembers)
		}
		lines = append(lines, l)
	}
	return lines
}

func (n *node) proposalID() (StepID, bool) {
	switch n.said.Type {
	case TypePropose:
		return n.said.Step.ID(), true
	case TypeConsent, TypeRefuse, TypeTakeBack, TypeEnact:
		return n.said.Of, true
	}
	return StepID{}, false
}
