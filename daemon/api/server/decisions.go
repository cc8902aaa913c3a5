package server

import (
	"context"
	"net/http"

	"kith/daemon/api"
)

// Decisions are the decisions of a space.
type Decisions interface {
	Decisions(ctx context.Context, f DecisionFilter) ([]api.Decision, error)
	Decision(ctx context.Context, id string) (api.Decision, error)
	CreateDecision(ctx context.Context, d api.NewDecision) (api.Decision, error)
	EditDecision(ctx context.Context, id string, e api.DecisionEdit) (api.Decision, error)
	// TakePosition records my position; not allowed when the decision isn't open.
	TakePosition(ctx context.Context, id string, p api.PositionRequest) (api.Decision, error)
	// CloseDecision records the outcome that the positions give. While they give none yet
	// (an objection, somebody to wait for) it refuses, saying whom or what it waits for.
	CloseDecision(ctx context.Context, id string, c api.CloseRequest) (api.Decision, error)
	WithdrawDecision(ctx context.Context, id, why string) (api.Decision, error)
}

func (s *Server) decisions(r *http.Request) ([]api.Decision, error) {
	q := query{r.URL.Query()}
	f := DecisionFilter{Open: q.flag("open"), ReviewBefore: q.Get("review_before"), Tag: q.Get("tag"), Brief: q.flag("brief")}
	err := firstError(
		func() (err error) { f.Limit, err = q.number("limit", 0); return },
		func() error { return checkDate("review_before", &f.ReviewBefore) },
		func() (err error) {
			if q.flag("waiting_for_me") {
				f.WaitingFor, err = s.me(r.Context())
			}
			return
		},
	)
	if err != nil {
		return nil, err
	}
	list, err := s.at.Decisions.Decisions(r.Context(), f)
	return f.Apply(list), err
}

func (s *Server) decision(r *http.Request) (api.Decision, error) {
	d, err := s.resolve(r.Context(), api.KindDecision, r.PathValue("id"))
	if err != nil {
		return api.Decision{}, err
	}
	return s.at.Decisions.Decision(r.Context(), d.ID)
}

func (s *Server) createDecision(r *http.Request, d api.NewDecision) (api.Decision, error) {
	err := firstError(
		func() error { return checkTitle(&d.Title) },
		func() error { return checkText(&d.Text) },
		func() error {
			if d.Process == "" {
				d.Process = api.Processes[0]
			}
			return checkWord("process", d.Process, api.Processes)
		},
		func() error { return checkDate("by", &d.By) },
		func() error { return checkDate("review", &d.Review) },
		func() error { return checkTags(d.Tags) },
	)
	if err != nil {
		return api.Decision{}, err
	}
	return s.at.Decisions.CreateDecision(r.Context(), d)
}

func (s *Server) editDecision(r *http.Request, e api.DecisionEdit) (api.Decision, error) {
	d, err := s.resolve(r.Context(), api.KindDecision, r.PathValue("id"))
	if err != nil {
		return api.Decision{}, err
	}
	err = firstError(
		func() error { return optional(e.Title, checkTitle) },
		func() error { return checkEdit(e.Text) },
		func() error { return optional(e.By, func(by *string) error { return checkDate("by", by) }) },
		func() error { return optional(e.Review, func(on *string) error { return checkDate("review", on) }) },
		func() error { return checkTags(e.Tag) },
		func() error { return checkTags(e.Untag) },
	)
	if err != nil {
		return api.Decision{}, err
	}
	if e.Title == nil && e.Text == nil && e.By == nil && e.Review == nil && len(e.Tag)+len(e.Untag) == 0 {
		return api.Decision{}, nothingToChange
	}
	return s.at.Decisions.EditDecision(r.Context(), d.ID, e)
}

// reasoned are the positions that say nothing without a reason.
var reasoned = map[string]string{"object": "an objection", "block": "a block", "advise": "advice"}

func (s *Server) takePosition(r *http.Request, p api.PositionRequest) (api.Decision, error) {
	d, err := s.resolve(r.Context(), api.KindDecision, r.PathValue("id"))
	if err != nil {
		return api.Decision{}, err
	}
	err = firstError(
		func() error { return checkWord("position", p.Stance, api.Stances) },
		func() error {
			if what, ok := reasoned[p.Stance]; ok {
				return needWhy(what, &p.Why)
			}
			return checkWhy(&p.Why)
		},
	)
	if err != nil {
		return api.Decision{}, err
	}
	return s.at.Decisions.TakePosition(r.Context(), d.ID, p)
}

func (s *Server) closeDecision(r *http.Request, c api.CloseRequest) (api.Decision, error) {
	d, err := s.resolve(r.Context(), api.KindDecision, r.PathValue("id"))
	if err != nil {
		return api.Decision{}, err
	}
	if err := checkWhy(&c.Text); err != nil {
		return api.Decision{}, err
	}
	return s.at.Decisions.CloseDecision(r.Context(), d.ID, c)
}

func (s *Server) withdrawDecision(r *http.Request, w api.WhyRequest) (api.Decision, error) {
	d, err := s.resolve(r.Context(), api.KindDecision, r.PathValue("id"))
	if err != nil {
		return api.Decision{}, err
	}
	if err := needWhy("withdrawing a decision", &w.Why); err != nil {
		return api.Decision{}, err
	}
	return s.at.Decisions.WithdrawDecision(r.Context(), d.ID, w.Why)
}
