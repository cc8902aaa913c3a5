package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"kith/daemon/api"
)

func (s *Server) status(r *http.Request) (any, error) { return s.statusOf(r, s.backend) }

// statusOf gives how it stands with a space; with what others have acknowledged if that is asked for,
// since it takes longer.
func (s *Server) statusOf(r *http.Request, b Backend) (api.Status, error) {
	status, err := b.Status(r.Context())
	if err != nil || len(status.Peers) == 0 || !(query{r.URL.Query()}).flag("acknowledged") {
		return status, err
	}
	status.Peers, err = b.Confirmed(r.Context(), status.Peers)
	return status, err
}

func (s *Server) peers(r *http.Request) (any, error) { return s.backend.Peers(r.Context()) }

// sync waits as long as the caller says; when that is over it tells with whom this daemon
// isn't in step. So it does if there are others and none of them could be reached: whoever asks may be
// about to switch off.
func (s *Server) sync(r *http.Request) (any, error) {
	if err := decode(r, &struct{}{}); err != nil {
		return nil, err
	}
	return syncWith(r, s.backend)
}

func syncWith(r *http.Request, b Backend) (api.Status, error) {
	ctx, cancel := context.WithTimeout(r.Context(), waitOf(r))
	defer cancel()
	status, err := b.Sync(ctx)
	late := errors.Is(err, context.DeadlineExceeded) && r.Context().Err() == nil
	alone := err == nil && len(status.Peers) > 0 && !slices.ContainsFunc(status.Peers, func(p api.Peer) bool { return p.Connected })
	if late || alone {
		return status, notInStep(status)
	}
	return status, err
}

// syncAll is sync of all spaces at once. It refuses only if none came into step that has others.
func (s *Server) syncAll(r *http.Request) (any, error) {
	if err := decode(r, &struct{}{}); err != nil {
		return nil, err
	}
	o := api.Overview{Spaces: make([]api.Status, len(s.among)), InStep: true}
	refused := make([]error, len(s.among))
	var g errgroup.Group
	for i, b := range s.among {
		g.Go(func() (err error) {
			var p *api.Problem
			if o.Spaces[i], err = syncWith(r, b); errors.As(err, &p) {
				refused[i], err = p, nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	came := false
	for i, status := range o.Spaces {
		o.InStep = o.InStep && refused[i] == nil
		came = came || refused[i] == nil && len(status.Peers) > 0
	}
	if !o.InStep && !came {
		return nil, cmp.Or(refused...)
	}
	return o, nil
}

// maxReasons bounds how many devices are named in a refusal.
const maxReasons = 3

// notInStep says with whom a daemon isn't in step, and why.
func notInStep(status api.Status) *api.Problem {
	var behind, away []string
	connected := 0
	for _, p := range status.Peers {
		switch {
		case p.Connected && p.InStep:
			connected++
		case p.Connected:
			connected++
			behind = append(behind, p.Member.Name+"'s "+p.Device.Name+lacks(p))
		case p.Trouble != "":
			away = append(away, p.Trouble)
		}
	}
	some := func(list []string) string {
		if more := len(list) - maxReasons; more > 0 {
			list = append(slices.Clip(list[:maxReasons]), fmt.Sprintf("and %d more", more))
		}
		return strings.Join(list, "; ")
	}
	switch {
	case connected == 0 && len(away) > 0:
		return api.Problemf(api.TimedOut, "it goes on by itself as soon as somebody is there: kith peers", "no other device could be reached in this time. %s", some(away))
	case connected == 0:
		return api.Problemf(api.TimedOut, "it goes on by itself as soon as somebody is there: kith peers", "no other device could be reached in this time")
	case len(behind) == 0:
		return api.Problemf(api.TimedOut, "it goes on by itself: kith status", "not in step in this time")
	}
	return api.Problemf(api.TimedOut, "it goes on by itself: kith peers", "not yet in step with %s", some(behind))
}

// lacks says what is missing, in brackets; "" if that isn't known yet.
func lacks(p api.Peer) string {
	toFetch, toSend := p.Lacks()
	var parts []string
	for _, part := range []struct {
		n  int
		to string
	}{{toFetch, "to fetch"}, {toSend, "to send"}} {
		if part.n == 1 {
			parts = append(parts, "1 entry "+part.to)
		} else if part.n > 1 {
			parts = append(parts, fmt.Sprintf("%d entries %s", part.n, part.to))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func (s *Server) join(r *http.Request) (any, error) {
	var j api.JoinRequest
	if err := decode(r, &j); err != nil {
		return nil, err
	}
	as, err := line("name", j.As, 80)
	switch {
	case err != nil:
		return nil, err
	case as == "":
		return nil, api.Problemf(api.Invalid, "say it with --as NAME", "a name is needed to join under")
	}
	j.As = as
	ctx, cancel := asLongAsAsked(r)
	defer cancel()
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
	found := slices.DeleteFunc(all, func(i api.Invite) bool {
		return i.Code != word && !strings.HasPrefix(strings.ToLower(i.ID), strings.ToLower(word))
	})
	switch len(found) {
	case 0:
		return nil, api.Problemf(api.NotFound, "kith invite list", "there is no invite “%s”", api.Brief(word))
	case 1:
		return s.backend.RevokeInvite(r.Context(), found[0].ID)
	}
	p := api.Problemf(api.Ambiguous, "type more of the ID", "“%s” is the start of more than one invite's ID", api.Brief(word))
	for _, i := range found[:min(len(found), api.MaxCandidates)] {
		p.Candidates = append(p.Candidates, api.Candidate{ID: i.ID, Short: i.ID, Title: i.State})
	}
	return nil, p
}
