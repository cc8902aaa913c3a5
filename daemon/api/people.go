package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
)

func (s *Server) status(r *http.Request) (any, error) { return s.backend.Status(r.Context()) }

func (s *Server) peers(r *http.Request) (any, error) { return s.backend.Peers(r.Context()) }

// sync waits as long as the caller says; when that is over it tells with whom this daemon
// isn't in step.
func (s *Server) sync(r *http.Request) (any, error) {
	if err := decode(r, &struct{}{}); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), waitOf(r))
	defer cancel()
	status, err := s.backend.Sync(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || r.Context().Err() != nil {
		return status, err
	}
	var behind []string
	connected := 0
	for _, p := range status.Peers {
		if p.Connected {
			connected++
			if !p.InStep {
				behind = append(behind, p.Member.Name+" ("+p.Device.Name+")")
			}
		}
	}
	switch {
	case connected == 0:
		return nil, Problemf(TimedOut, "it goes on by itself as soon as somebody is there: kith peers", "no other device could be reached in this time")
	case len(behind) == 0:
		return nil, Problemf(TimedOut, "it goes on by itself: kith status", "not in step in this time")
	}
	return nil, Problemf(TimedOut, "it goes on by itself: kith peers", "not yet in step with %s", strings.Join(behind, ", "))
}

func (s *Server) join(r *http.Request) (any, error) {
	var j JoinRequest
	if err := decode(r, &j); err != nil {
		return nil, err
	}
	as, err := line("name", j.As, 80)
	switch {
	case err != nil:
		return nil, err
	case as == "":
		return nil, Problemf(Invalid, "say it with --as NAME", "a name is needed to join under")
	}
	j.As = as
	ctx := r.Context()
	if wait := waitOf(r); wait > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, wait)
		defer cancel()
	}
	return s.spaces.Join(ctx, j)
}

func (s *Server) members(r *http.Request) (any, error) { return s.backend.Members(r.Context()) }

func (s *Server) member(r *http.Request) (any, error) {
	return s.resolveMember(r.Context(), r.PathValue("id"))
}

func (s *Server) invites(r *http.Request) (any, error) { return s.backend.Invites(r.Context()) }

// revokeInvite takes the ID, a start of it that no other has, or the code itself.
func (s *Server) revokeInvite(r *http.Request) (any, error) {
	if err := decode(r, &struct{}{}); err != nil {
		return nil, err
	}
	word := r.PathValue("id")
	all, err := s.backend.Invites(r.Context())
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(all, func(i Invite) bool {
		return i.Code != word && !strings.HasPrefix(strings.ToLower(i.ID), strings.ToLower(word))
	})
	switch len(found) {
	case 0:
		return nil, Problemf(NotFound, "kith invite list", "there is no invite “%s”", brief(word))
	case 1:
		return s.backend.RevokeInvite(r.Context(), found[0].ID)
	}
	p := Problemf(Ambiguous, "type more of the ID", "“%s” is the start of more than one invite's ID", brief(word))
	for _, i := range found[:min(len(found), maxCandidates)] {
		p.Candidates = append(p.Candidates, Candidate{i.ID, i.ID, i.State})
	}
	return nil, p
}
