package assembly

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/daemon/api"
	"kith/daemon/replica"
	"kith/daemon/words"
)

// AnswerProposal implements server.Charter.
func (m *Assembly) AnswerProposal(ctx context.Context, id string, a api.ProposalAnswer) (api.Proposal, error) {
	r := m.at.Replica
	p, err := proposalStep(r.Charter(), id)
	if err != nil {
		return api.Proposal{}, err
	}
	switch a.Verb {
	case api.ProposalConsent:
		switch err = consent(ctx, r, &p, a); {
		case !errors.Is(err, charter.ErrInForce):
		case consented(r, &p):
			err = charter.ErrConsented
		default:
			err = inForce(words.New(r.Charter()), p.ID)
		}
	case api.ProposalRefuse:
		_, err = r.Say(ctx, func(c *charter.Charter) ([]byte, error) { return c.Refuse(r.Device(), p.ID, a.Why) })
		if me, _ := r.Me(); err == nil && p.Type == charter.ProposalRemove && p.Subject == me.ID {
			p, err := ProposalNow(r, p.ID)
			p.Says = append(p.Says, "Your side is on the record: the others read it before they consent. It isn't counted.")
			return p, err
		}
	case api.ProposalWithdraw:
		_, err = r.Say(ctx, func(c *charter.Charter) ([]byte, error) { return c.TakeBack(r.Device(), p.ID) })
	case api.ProposalRenew:
		return renew(ctx, r, &p)
	}
	if err != nil {
		return api.Proposal{}, about(words.New(r.Charter()), &p, err)
	}
	shown, err := ProposalNow(r, p.ID)
	if a.Verb == api.ProposalWithdraw && shown.State == string(charter.ProposalOpen) {
		shown.Says = append(shown.Says, "If your consent has completed it where it isn't heard of yet, taking it back comes too late, and the step holds.")
	}
	return shown, err
}

// consented says whether the member of this device is among those who consented to a proposal.
func consented(r *replica.Replica, p *charter.Proposal) bool {
	me, ok := r.Me()
	return ok && slices.ContainsFunc(p.Consents, func(a charter.Answer) bool { return a.Member == me.ID })
}

// consent consents, unless more is here of who is to be removed than the proposal honours.
func consent(ctx context.Context, r *replica.Replica, p *charter.Proposal, a api.ProposalAnswer) error {
	if p.Type == charter.ProposalRemove && p.State == charter.ProposalOpen && !a.LeaveOut {
		n, err := r.Beyond(p.Frontiers, words.DevicesOf(r.Charter(), p.Subject))
		if err != nil {
			return err
		}
		if n > 0 {
			w := words.New(r.Charter())
			return api.Problemf(api.NotAllowed, fmt.Sprintf("propose it again with them: kith charter renew %s; or leave them out: kith charter consent %[1]s --leave-out", w.Short(p.ID)),
				"%s of %s came after this was proposed, and would not count", words.Counted(n, "change", "changes"), w.Name(p.Subject))
		}
	}
	_, err := r.Say(ctx, func(c *charter.Charter) ([]byte, error) {
		said, err := c.Consent(r.Device(), p.ID, a.Anyway)
		now, _ := c.Proposal(p.ID)
		if err == nil && a.Revision != revisionOf(&now) {
			err = unread(r, &now, a.Revision)
		}
		return said, err
	})
	return err
}

// unread says that somebody would consent to what they weren't shown, or to a revision that it isn't at.
func unread(r *replica.Replica, p *charter.Proposal, said string) error {
	w := words.NewIn(r)
	short := w.Short(p.ID)
	if shown, err := r.Shown(words.ProposalID(p.ID)); err == nil && said != "" && said != shown.Revision {
		return api.Problemf(api.Changed, "read it: kith charter pending; then say it again", "%s isn't at revision %s; it is at %s", short, api.Brief(said), revisionOf(p))
	}
	out := api.Problemf(api.Changed, "read it: kith charter pending; then say it again", "%s hasn't been shown to you yet", short)
	side := api.Change{Field: "side"}
	for _, a := range p.Refusals {
		if a.Member == p.Subject {
			side.Is = a.Why
		}
	}
	if shown, err := r.Shown(words.ProposalID(p.ID)); err == nil && shown.Revision != "" {
		out.Message = w.Name(p.Subject) + " has said their side since you were shown " + short
		out.Changed = []api.Change{side}
		return out
	}
	out.Changed = []api.Change{{Field: "title", Is: w.Does(&p.Terms, p.Subject)}, {Field: "why", Is: words.Reason(p)}}
	if side.Is != "" {
		out.Changed = append(out.Changed, side)
	}
	return out
}

// NoteShown keeps that the member of this device was shown a proposal here.
func NoteShown(r *replica.Replica, id charter.StepID) error {
	p, ok := r.Charter().Proposal(id)
	if !ok {
		return charter.ErrNoProposal
	}
	return r.NoteShown(words.ProposalID(id), replica.Shown{Revision: revisionOf(&p)})
}

// NoteProposal implements server.Charter.
func (m *Assembly) NoteProposal(_ context.Context, id string) error {
	p, err := proposalStep(m.at.Replica.Charter(), id)
	if err != nil {
		return err
	}
	return NoteShown(m.at.Replica, p.ID)
}

// inForce tells who would have a step come into force that it has: nothing is to do.
func inForce(w *words.Words, id charter.StepID) error {
	return api.Problemf(api.Nothing, "what came when: kith charter log", "%s is in force already", w.Short(id))
}

// renew proposes once more what a proposal says. A removal honours what came meanwhile.
func renew(ctx context.Context, r *replica.Replica, p *charter.Proposal) (api.Proposal, error) {
	terms := p.Terms
	if p.State == charter.ProposalInForce {
		return api.Proposal{}, inForce(words.New(r.Charter()), p.ID)
	}
	if p.Type != charter.ProposalRemove {
		return Propose(ctx, r, func(c *charter.Charter) ([]byte, charter.StepID, error) { return c.Renew(r.Device(), p.ID) })
	}
	now, err := r.Honoured(words.DevicesOf(r.Charter(), p.Subject))
	if err != nil {
		return api.Proposal{}, err
	}
	terms.Member = p.Subject
	terms.Frontiers = charter.Frontiers(slices.Concat(terms.Frontiers, now))
	return Propose(ctx, r, func(c *charter.Charter) ([]byte, charter.StepID, error) { return c.Propose(r.Device(), terms) })
}

// untilRefused says by whom a step has to be refused until it can't come into force any more. It may be withdrawn and in no list.
func untilRefused(w *words.Words, step charter.StepID) string {
	p, _ := w.Charter.Proposal(step)
	return fmt.Sprintf("%s is to %s: once %d more who never consented to it have said kith charter refuse %[1]s --why %[4]s, it can't come into force any more, and your consent here counts",
		w.Short(step), w.Does(&p.Terms, p.Subject), p.Stops, kind.WhyPlace)
}

// goesFirst says what helps whoever has given their word to another step.
func goesFirst(w *words.Words, step charter.StepID, short string) string {
	p, _ := w.Charter.Proposal(step)
	if p.Hopeless {
		return fmt.Sprintf("%s can't come into force any more; take your word back: kith charter withdraw %[1]s", w.Short(step))
	}
	return fmt.Sprintf("wait until %s, to %s, is in force or refused: kith charter pending; to take it back (kith charter withdraw %[1]s) doesn't free your word for %[3]s before then", w.Short(step), w.Does(&p.Terms, p.Subject), short)
}

// about adds to an error what it is about, and what can be done.
func about(w *words.Words, p *charter.Proposal, err error) error {
	var held *charter.HeldError
	short := w.Short(p.ID)
	switch {
	case errors.As(err, &held) && held.TakenBack:
		return api.Problemf(api.NotAllowed, fmt.Sprintf("%s; or wait until another step is in force; or, if you are sure that nobody completed it: kith charter consent %s --anyway", untilRefused(w, held.Step), short),
			"you took your consent to %s back, but it may have completed it where this isn't heard of yet; to consent to %s now could split the co-op", w.Short(held.Step), short)
	case errors.As(err, &held):
		return api.Problemf(api.NotAllowed, goesFirst(w, held.Step, short),
			"your word is with %s, and only one step can come next", w.Short(held.Step))
	case errors.Is(err, charter.ErrOvertaken):
		return api.Problemf(api.NotAllowed, "propose it again as it is: kith charter renew "+short, "the co-op took another step since %s was proposed", short)
	case errors.Is(err, charter.ErrSubject):
		return api.Problemf(api.NotAllowed, "talk with the others; what is being proposed: kith charter pending", "%s is about you, so you aren't asked", short)
	case errors.Is(err, charter.ErrRefused):
		return api.Problemf(api.NotAllowed, "if you think otherwise now, somebody can propose it in other words: --why", "you have refused %s, and a refusal is for good", short)
	}
	return err
}
