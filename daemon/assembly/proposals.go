package assembly

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/daemon/api"
	"kith/daemon/replica"
	"kith/daemon/words"
)

// Proposals implements server.Charter.
func (a *Assembly) Proposals(_ context.Context) ([]api.Proposal, error) {
	r := a.at.Replica
	return proposals(r, r.Charter().Proposals()), nil
}

func proposals(r *replica.Replica, list []charter.Proposal) []api.Proposal {
	w := words.NewIn(r)
	out := make([]api.Proposal, 0, len(list))
	pending := map[charter.StepID]bool{}
	for _, p := range w.Charter.Pending() {
		pending[p.ID] = true
	}
	for i := range list {
		out = append(out, proposalOf(r, w, &list[i], pending[list[i].ID]))
	}
	slices.SortStableFunc(out, func(a, b api.Proposal) int { return a.At.Compare(b.At.Time) }) // as they came
	return out
}

// ProposalNow gives a proposal as it stands.
func ProposalNow(r *replica.Replica, id charter.StepID) (api.Proposal, error) {
	p, ok := r.Charter().Proposal(id)
	if !ok {
		return api.Proposal{}, charter.ErrNoProposal
	}
	return proposals(r, []charter.Proposal{p})[0], nil
}

func proposalOf(r *replica.Replica, w *words.Words, p *charter.Proposal, pending bool) api.Proposal {
	out := api.Proposal{
		ID: words.ProposalID(p.ID), Short: w.Short(p.ID), Action: words.Action(&p.Terms), Title: w.Does(&p.Terms, p.Subject),
		Subject: w.OrNobody(p.Subject), Value: words.Value(&p.Terms), Why: words.Reason(p), At: api.At(r.Came(p.Entry)),
		Needs: p.Needs, Of: p.Of, State: string(p.State), Pending: pending, Hopeless: p.Hopeless, Revision: p.ID.String(),
	}
	if len(p.By) > 0 {
		out.By = w.Named(p.By[0])
	}
	answered := map[charter.MemberID]string{}
	for _, a := range p.Consents {
		answered[a.Member] = "consented"
		out.Consents = append(out.Consents, api.Consent{Member: w.Named(a.Member), At: api.At(r.Came(a.Entry))})
	}
	for _, a := range p.Refusals {
		if p.Type == charter.ProposalRemove && a.Member == p.Subject {
			out.Side = &api.Refusal{Member: w.Named(a.Member), Why: a.Why, At: api.At(r.Came(a.Entry))}
			out.Revision = revisionOf(p)
			continue
		}
		answered[a.Member] = "refused"
		out.Refusals = append(out.Refusals, api.Refusal{Member: w.Named(a.Member), Why: a.Why, At: api.At(r.Came(a.Entry))})
	}
	// By name, so that everybody sees the same: in which order answers came here says when computers met, and not who was first.
	slices.SortFunc(out.Consents, func(a, b api.Consent) int { return cmp.Compare(a.Member.Name, b.Member.Name) })
	slices.SortFunc(out.Refusals, func(a, b api.Refusal) int { return cmp.Compare(a.Member.Name, b.Member.Name) })
	if shown, err := r.Shown(out.ID); err == nil { // what can't be read wasn't shown
		out.Shown = shown.Revision == out.Revision
	}
	me, _ := r.Me()
	out.AboutMe = p.Subject == me.ID && me.ID != (charter.MemberID{})
	for _, m := range w.Charter.Members() {
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
			out.WaitingFor = append(out.WaitingFor, w.Named(m.ID))
		}
	}
	switch p.State {
	case charter.ProposalOpen:
		out.WaitsForMe = out.Mine == "none" && !p.Hopeless
	case charter.ProposalOvertaken:
		out.WaitsForMe = pending && me.Standing == charter.Full && slices.Contains(p.By, me.ID)
	}
	out.Says = w.Stands(p, &out)
	return out
}

// revisionOf names what somebody consents to: the step, and what who is to be removed has to say to it.
func revisionOf(p *charter.Proposal) string {
	for _, a := range p.Refusals {
		if p.Type == charter.ProposalRemove && a.Member == p.Subject {
			return kind.Revision(p.ID.String(), a.Why)
		}
	}
	return p.ID.String()
}

// proposalStep finds the step of a whole proposal ID.
func proposalStep(c *charter.Charter, id string) (charter.Proposal, error) {
	for _, p := range c.Proposals() {
		if words.ProposalID(p.ID) == id {
			return p, nil
		}
	}
	return charter.Proposal{}, charter.ErrNoProposal
}

// branchStep finds the branch that was typed: the start of the ID of its step, or of its proposal.
func branchStep(c *charter.Charter, typed string) (charter.StepID, error) {
	var found []charter.StepID
	typed = strings.ToLower(typed)
	for _, f := range c.Forks() {
		for _, br := range f.Branches {
			if typed != "" && typed != "p-" && (strings.HasPrefix(br.Step.String(), typed) || strings.HasPrefix(words.ProposalID(br.Step), typed)) {
				found = append(found, br.Step)
			}
		}
	}
	switch {
	case len(c.Forks()) == 0:
		return charter.StepID{}, api.Problemf(api.NotAllowed, "kith charter show", "the co-op hasn't split: there is no side to take")
	case len(found) == 0:
		return charter.StepID{}, api.Problemf(api.NotFound, "kith charter show names them", "no side of the split begins with “%s”", typed)
	case len(found) > 1:
		return charter.StepID{}, api.Problemf(api.Ambiguous, "type more of it", "“%s” is the start of more than one step", typed)
	}
	return found[0], nil
}
