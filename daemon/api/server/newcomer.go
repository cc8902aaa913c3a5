package server

import (
	"cmp"
	"context"
	"slices"
	"time"

	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// decideNewcomer opens the decision whether somebody becomes a full member, and proposes the step of the charter that makes
// them one; then it says in the document which they are. Begun again after it was interrupted, it goes on with what is there.
func (s *Server) decideNewcomer(ctx context.Context, d api.Document, a Asks) (Shown, error) {
	verb := kinds.Newcomer.Verb("decide")
	was, err := s.at.Documents.Show(ctx, kinds.Newcomer, d.ID)
	if err == nil {
		err = verb.Live(was.View)
	}
	if err != nil {
		return Shown{}, err
	}
	who, day, opened := kinds.NewcomerTerms(was.View)
	m, err := s.resolveMember(ctx, who.String())
	if err == nil {
		err = whoIsIn(m)
	}
	if err != nil {
		return Shown{}, err
	}
	if err := s.needsFull(ctx); err != nil { // before a decision is opened, which would be left behind
		return Shown{}, err
	}
	into, proposed := kinds.NewcomerOpened()
	decision := cmp.Or(a.Str(into), opened)
	if decision == "" {
		made, err := s.openDecision(ctx, m.Name+": full member", kinds.WhyDecide(m.Name, was.Short), day)
		if err != nil {
			return Shown{}, err
		}
		decision = made.ID
		if err := a.say(into, decision); err != nil {
			return Shown{}, err
		}
		if _, err := s.at.Documents.Do(ctx, kinds.Newcomer, verb, d.ID, a); err != nil { // before the step, which can be refused
			return Shown{}, err
		}
	}
	step, err := s.admitting(ctx, m.ID, decision, a.Value(kinds.NewcomerKnows()).Bool())
	if err != nil {
		return Shown{}, err
	}
	if err := a.say(into, decision); err != nil {
		return Shown{}, err
	}
	if err := a.say(proposed, step.ID); err != nil {
		return Shown{}, err
	}
	return s.at.Documents.Do(ctx, kinds.Newcomer, verb, d.ID, a)
}

// needsFull refuses what only a full member can do.
func (s *Server) needsFull(ctx context.Context) error {
	all, err := s.at.Entrance.Members(ctx)
	if err == nil && !slices.ContainsFunc(all, func(m api.Member) bool { return m.Me && m.Standing == charter.Full.String() }) {
		err = charter.ErrNotFull
	}
	return err
}

// openDecision proposes something by consent. A day that is over is no day until
// which positions are hoped for.
func (s *Server) openDecision(ctx context.Context, title, text, day string) (Shown, error) {
	var make Asks
	make.Title, make.Text = &title, &kind.Writing{Text: text}
	if day > s.now().Format(time.DateOnly) {
		if err := make.say(kinds.Decision.Field("by"), day); err != nil {
			return Shown{}, err
		}
	}
	if err := kinds.Decision.Make.Check(&make.Request); err != nil {
		return Shown{}, err
	}
	return s.at.Documents.Create(ctx, kinds.Decision, make)
}

// admitting is the step that makes somebody a full member: one that is open already, or a new one that names the decision.
func (s *Server) admitting(ctx context.Context, member, decision string, knows bool) (api.Proposal, error) {
	all, err := s.at.Charter.Proposals(ctx)
	if err != nil {
		return api.Proposal{}, err
	}
	for _, p := range all {
		if p.Action == api.ActionAdmit && p.Subject != nil && p.Subject.ID == member && p.State == "open" {
			return p, nil
		}
	}
	return s.at.Charter.Propose(ctx, api.ProposalRequest{Action: api.ActionAdmit, Member: member, Why: "see the decision " + kind.StartOf(decision), Yes: knows})
}
