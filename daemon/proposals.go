package daemon

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"kith/crdt/charter"
	"kith/daemon/api"
	"kith/daemon/replica"
)

// Proposals implements server.Charter.
func (b *backend) Proposals(_ context.Context) ([]api.Proposal, error) {
	r, err := b.replica()
	if err != nil {
		return nil, err
	}
	return proposals(r, r.Charter().Proposals()), nil
}

func proposals(r *replica.Replica, list []charter.Proposal) []api.Proposal {
	w := newWordsIn(r)
	out := make([]api.Proposal, 0, len(list))
	pending := map[charter.StepID]bool{}
	for _, p := range w.c.Pending() {
		pending[p.ID] = true
	}
	for i := range list {
		out = append(out, proposalOf(r, w, &list[i], pending[list[i].ID]))
	}
	slices.SortStableFunc(out, func(a, b api.Proposal) int { return a.At.Compare(b.At.Time) }) // as they came
	return out
}

// proposalNow gives a proposal as it stands.
func proposalNow(r *replica.Replica, id charter.StepID) (api.Proposal, error) {
	p, ok := r.Charter().Proposal(id)
	if !ok {
		return api.Proposal{}, charter.ErrNoProposal
	}
	return proposals(r, []charter.Proposal{p})[0], nil
}

func proposalOf(r *replica.Replica, w *words, p *charter.Proposal, pending bool) api.Proposal {
	out := api.Proposal{
		ID: proposalID(p.ID), Short: w.short(p.ID), Action: actions[p.Type], Title: w.does(&p.Terms, p.Subject),
		Subject: w.orNobody(p.Subject), Value: value(&p.Terms), Why: reasonOf(p), At: api.At(r.Came(p.Entry)),
		Needs: p.Needs, Of: p.Of, State: string(p.State), Pending: pending, Hopeless: p.Hopeless,
	}
	if len(p.By) > 0 {
		out.By = w.named(p.By[0])
	}
	answered := map[charter.MemberID]string{}
	for _, a := range p.Consents {
		answered[a.Member] = "consented"
		out.Consents = append(out.Consents, api.Consent{Member: w.named(a.Member), At: api.At(r.Came(a.Entry))})
	}
	for _, a := range p.Refusals {
		answered[a.Member] = "refused"
		out.Refusals = append(out.Refusals, api.Refusal{Member: w.named(a.Member), Why: a.Why, At: api.At(r.Came(a.Entry))})
	}
	slices.SortFunc(out.Consents, func(a, b api.Consent) int {
		return cmp.Or(a.At.Compare(b.At.Time), cmp.Compare(a.Member.Name, b.Member.Name))
	})
	slices.SortFunc(out.Refusals, func(a, b api.Refusal) int {
		return cmp.Or(a.At.Compare(b.At.Time), cmp.Compare(a.Member.Name, b.Member.Name))
	})
	me, _ := r.Me()
	for _, m := range w.c.Members() {
		if m.Standing != charter.Full || p.Type == charter.ProposalRemove && m.ID == p.Subject {
			continue
		}
		if m.ID == me.ID {
			out.Mine = "none"
			if answer := answered[m.ID]; answer != "" {
				out.Mine = answer
			}
		}
		if p.State == charter.ProposalOpen && answered[m.ID] == "" {
			out.WaitingFor = append(out.WaitingFor, w.named(m.ID))
		}
	}
	switch p.State {
	case charter.ProposalOpen:
		out.WaitsForMe = out.Mine == "none" && !p.Hopeless
	case charter.ProposalOvertaken:
		out.WaitsForMe = pending && me.Standing == charter.Full && slices.Contains(p.By, me.ID)
	}
	out.Says = w.stands(p, &out)
	return out
}

// stands says how it stands with a proposal.
func (w *words) stands(p *charter.Proposal, shown *api.Proposal) []string {
	switch p.State {
	case charter.ProposalInForce:
		return []string{"It is in force: " + w.done(&p.Terms, p.Subject) + "."}
	case charter.ProposalWithdrawn:
		return []string{"It was withdrawn."}
	case charter.ProposalOvertaken:
		if w.isSide(p.ID) {
			return []string{"It came into force on the other side of the split of the co-op, and not here. To propose it here as well: kith charter renew " + shown.Short}
		}
		if !shown.Pending {
			return []string{"The co-op took another step since this was proposed, and it was proposed again."}
		}
		return []string{"The co-op took another step since this was proposed. To propose it again as it is: kith charter renew " + shown.Short}
	}
	var says []string
	missing := p.Needs - len(p.Consents)
	switch {
	case p.Hopeless && p.Type == charter.ProposalRemove && p.Of == 2:
		return []string{"With two members both have to agree, and who is to leave isn't asked: so this can't come into force."}
	case p.Hopeless:
		return []string{"So many have refused that this can't come into force any more."}
	case missing > 0:
		says = append(says, fmt.Sprintf("%d of %s have to consent; %d more to come. Not answering counts for nothing, either way.",
			p.Needs, counted(p.Of, "full member", "full members"), missing))
	case p.Founder:
	default:
		says = append(says, "All consents are here; it comes into force in a moment.")
	}
	if p.Founder {
		says = append(says, "The founding is open, so "+w.name(w.c.Founder())+"'s consent is needed too.")
	}
	if p.Type == charter.ProposalRemove {
		says = append(says, w.name(p.Subject)+" isn't asked, and is counted.")
	}
	if p.Type == charter.ProposalKey {
		says = append(says, w.compareKey(p))
	}
	if after := w.after(p.Type, p.Of); after != "" {
		says = append(says, after)
	}
	return says
}

// after says what is different once somebody was admitted or removed, of n full members now; ""
// if there is nothing to say.
func (w *words) after(t charter.ProposalType, n int) string {
	switch {
	case t == charter.ProposalAdmit && n == 1, t == charter.ProposalRemove && n == 3:
		return bothMustAgree
	}
	return ""
}

// bothMustAgree is said before there are two.
const bothMustAgree = "With two full members both have to agree to every step like this one: neither can admit or remove anybody, or change the charter, alone, and if one of you is gone for good the other can't either."

// proposalStep finds the step of a whole proposal ID.
func proposalStep(c *charter.Charter, id string) (charter.Proposal, error) {
	for _, p := range c.Proposals() {
		if proposalID(p.ID) == id {
			return p, nil
		}
	}
	return charter.Proposal{}, charter.ErrNoProposal
}
