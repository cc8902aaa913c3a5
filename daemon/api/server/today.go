package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"kith/daemon/api"
)

// mine is me, or "" in a space that this device is in no more while there are others.
func (s *Server) mine(ctx context.Context) (string, error) {
	me, err := s.me(ctx)
	var p *api.Problem
	if len(s.spaces.Spaces()) > 1 && errors.As(err, &p) && p.Code == api.NotFound {
		return "", nil
	}
	return me, err
}

// today collects what waits for the member of this daemon, in every space that is meant.
func (s *Server) today(r *http.Request) (api.Today, error) {
	ctx := r.Context()
	tomorrow := s.now().AddDate(0, 0, 1).Format(time.DateOnly)
	var t api.Today
	var err error
	t.Notice, err = across(s, func(one *Server) ([]string, error) {
		status, err := one.at.Peers.Status(ctx)
		return status.Notice, err
	}, func(says *string, space *api.Named) { *says = space.Name + ": " + *says })
	if err != nil {
		return t, err
	}
	if s = s.goingOn(); s == nil {
		return t, nil
	}
	for _, part := range []struct {
		into   *[]api.Task
		filter func(me string) TaskFilter
	}{
		{&t.Asked, func(me string) TaskFilter { return TaskFilter{AskedOf: me, Sort: "due"} }},
		{&t.Due, func(me string) TaskFilter {
			return TaskFilter{Member: me, Open: true, DueBefore: tomorrow, Sort: "due"}
		}},
		{&t.HelpWanted, func(string) TaskFilter { return TaskFilter{HelpWanted: true} }},
	} {
		var err error
		*part.into, err = across(s, func(one *Server) ([]api.Task, error) {
			me, err := one.mine(ctx)
			if err != nil || me == "" {
				return nil, err
			}
			f := part.filter(me)
			list, err := one.at.Tasks.Tasks(ctx, f)
			list = f.Apply(list)
			if f.HelpWanted {
				list = slices.DeleteFunc(list, func(t api.Task) bool { return t.Help.By != nil && t.Help.By.ID == me })
			}
			return list, err
		}, func(t *api.Task, space *api.Named) { t.Space = space })
		if err != nil {
			return t, err
		}
		*part.into = once(*part.into, func(t api.Task) (string, *api.Shared) { return t.ID, t.Shared })
	}
	t.Decisions, err = across(s, func(one *Server) ([]api.Decision, error) {
		me, err := one.mine(ctx)
		if err != nil || me == "" {
			return nil, err
		}
		waiting := DecisionFilter{WaitingFor: me}
		list, err := one.at.Decisions.Decisions(ctx, waiting)
		return waiting.Apply(list), err
	}, func(d *api.Decision, space *api.Named) { d.Space = space })
	if err != nil {
		return t, err
	}
	t.Decisions = once(t.Decisions, func(d api.Decision) (string, *api.Shared) { return d.ID, d.Shared })
	if t.Asks, err = s.openAsks(ctx); err != nil {
		return t, err
	}
	t.Proposals, err = across(s, func(one *Server) ([]api.Proposal, error) {
		list, err := one.at.Charter.Proposals(ctx)
		return slices.DeleteFunc(list, func(p api.Proposal) bool { return !p.WaitsForMe }), err
	}, func(p *api.Proposal, space *api.Named) { p.Space = space })
	return t, err
}

// goingOn leaves out the shares that are over: nothing in them waits for anybody. It is nil if no space is left.
func (s *Server) goingOn() *Server {
	going := slices.DeleteFunc(slices.Clone(s.among), func(b Space) bool {
		share, ok := b.Peers.Share()
		return ok && share.Over
	})
	if len(going) == 0 {
		return nil
	}
	return s.of(going...)
}

// openAsks are what allies ask for, and nobody has answered. Those of a share come from its co-op too, and once.
func (s *Server) openAsks(ctx context.Context) ([]api.Ask, error) {
	all, err := across(s, func(one *Server) ([]api.Ask, error) { return one.at.Shares.Asks(ctx) }, func(*api.Ask, *api.Named) {})
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(a api.Ask) bool {
		twice := seen[a.ID]
		seen[a.ID] = true
		return twice || a.Ours || a.State != api.AskOpen
	}), err
}
