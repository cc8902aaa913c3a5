package server

import (
	"net/http"

	"kith/daemon/api"
)

func (s *Server) decisions(r *http.Request) (any, error) {
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
	list, err := s.backend.Decisions(r.Context(), f)
	return f.Apply(list), err
}

func (s *Server) decision(r *http.Request) (any, error) {
	d, err := s.resolve(r.Context(), api.KindDecision, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return s.backend.Decision(r.Context(), d.ID)
}

func (s *Server) createDecision(r *http.Request) (any, error) {
	var d api.NewDecision
	err := firstError(
		func() error { return decode(r, &d) },
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
		return nil, err
	}
	return s.backend.CreateDecision(r.Context(), d)
}

func (s *Server) editDecision(r *http.Request) (any, error) {
	d, err := s.resolve(r.Context(), api.KindDecision, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	var e api.DecisionEdit
	err = firstError(
		func() error { return decode(r, &e) },
		func() error { return optional(e.Title, checkTitle) },
		func() error { return checkEdit(e.Text) },
		func() error { return optional(e.By, func(by *string) error { return checkDate("by", by) }) },
		func() error { return optional(e.Review, func(on *string) error { return checkDate("review", on) }) },
		func() error { return checkTags(e.Tag) },
		func() error { return checkTags(e.Untag) },
	)
	if err != nil {
		return nil, err
	}
	if e.Title == nil && e.Text == nil && e.By == nil && e.Review == nil && len(e.Tag)+len(e.Untag) == 0 {
		return nil, nothingToChange
	}
	return s.backend.EditDecision(r.Context(), d.ID, e)
}

// reasoned are the positions that say nothing without a reason.
var reasoned = map[string]string{"object": "an objection", "block": "a block", "advise": "advice"}

func (s *Server) takePosition(r *http.Request) (any, error) {
	d, err := s.resolve(r.Context(), api.KindDecision, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	var p api.PositionRequest
	err = firstError(
		func() error { return decode(r, &p) },
		func() error { return checkWord("position", p.Stance, api.Stances) },
		func() error {
			if what, ok := reasoned[p.Stance]; ok {
				return needWhy(what, &p.Why)
			}
			return checkWhy(&p.Why)
		},
	)
	if err != nil {
		return nil, err
	}
	return s.backend.TakePosition(r.Context(), d.ID, p)
}

func (s *Server) closeDecision(r *http.Request) (any, error) {
	d, err := s.resolve(r.Context(), api.KindDecision, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	var c api.CloseRequest
	if err := firstError(func() error { return decode(r, &c) }, func() error { return checkWhy(&c.Text) }); err != nil {
		return nil, err
	}
	return s.backend.CloseDecision(r.Context(), d.ID, c)
}

func (s *Server) withdrawDecision(r *http.Request) (any, error) {
	d, err := s.resolve(r.Context(), api.KindDecision, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	var w api.WhyRequest
	err = firstError(func() error { return decode(r, &w) }, func() error { return needWhy("withdrawing a decision", &w.Why) })
	if err != nil {
		return nil, err
	}
	return s.backend.WithdrawDecision(r.Context(), d.ID, w.Why)
}
