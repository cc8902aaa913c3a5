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

// Peers is how it stands with the other devices of a space.
type Peers interface {
	// Space is the space that it answers for, which never changes; empty if there is none yet.
	Space() api.Named
	// Share says what a share with an ally is called; ok is false for a co-op.
	Share() (s ShareName, ok bool)
	Status(ctx context.Context) (api.Status, error)
	// Confirmed fills in what each of these devices has acknowledged. The first time after a start it
	// reads all that is here.
	Confirmed(ctx context.Context, peers []api.Peer) ([]api.Peer, error)
	// Peers gives every other device of the charter, connected or not.
	Peers(ctx context.Context) ([]api.Peer, error)
	// Sync dials who can be dialed and returns as soon as this daemon is in step with at
	// least one peer and with all that are connected. If ctx ends first it returns how far
	// it came, with ctx's error.
	Sync(ctx context.Context) (api.Status, error)
	// Events gives what happens from the moment it returns, until ctx ends or the reader
	// falls too far behind; the channel is closed then.
	Events(ctx context.Context) (<-chan api.Event, error)
}

func (s *Server) status(r *http.Request) (api.Status, error) { return s.statusOf(r, s.at) }

// statusOf gives how it stands with a space; with what others have acknowledged if that is asked for,
// since it takes longer.
func (s *Server) statusOf(r *http.Request, b Space) (api.Status, error) {
	status, err := b.Peers.Status(r.Context())
	if err != nil || len(status.Peers) == 0 || !(query{r.URL.Query()}).flag("acknowledged") {
		return status, err
	}
	status.Peers, err = b.Peers.Confirmed(r.Context(), status.Peers)
	return status, err
}

func (s *Server) peers(r *http.Request) ([]api.Peer, error) { return s.at.Peers.Peers(r.Context()) }

// sync waits as long as the caller says; when that is over it tells with whom this daemon
// isn't in step. So it does if there are others and none of them was there all that time: whoever asks may be
// about to switch off.
func (s *Server) sync(r *http.Request, _ nothing) (api.Status, error) { return syncWith(r, s.at, true) }

// syncWith comes into step in a space. Where nobody is there it is tried once, or waits for somebody.
func syncWith(r *http.Request, b Space, waits bool) (api.Status, error) {
	ctx, cancel := context.WithTimeout(r.Context(), waitOf(r))
	defer cancel()
	status, err := tryToSync(ctx, b, waits)
	if late := errors.Is(err, context.DeadlineExceeded) && r.Context().Err() == nil; late || isAlone(status, err) {
		if all, err := b.Entrance.Members(r.Context()); err == nil && slices.ContainsFunc(all, func(m api.Member) bool { return m.Me && whoIsIn(m) != nil }) {
			return status, api.Problemf(api.NotAllowed, "what is here stays: kith status", "you are no member any more: what the others write doesn't come here, and nobody is there who would take what you write")
		}
		return status, notInStep(status)
	}
	return status, err
}

// tryToSync comes into step with who is there. Where that is nobody it waits for somebody, if it is to, and then tries again: right after a start the
// others are still being looked for.
func tryToSync(ctx context.Context, b Space, waits bool) (api.Status, error) {
	for {
		news, err := b.Peers.Events(ctx) // before it is tried, so that nobody comes unheard
		if err != nil {
			return api.Status{}, err
		}
		status, err := b.Peers.Sync(ctx)
		if !waits || !isAlone(status, err) || !somebodyComes(ctx, b, news) {
			return status, err
		}
	}
}

// isAlone says whether there are other devices, and none of them is connected.
func isAlone(status api.Status, err error) bool {
	return err == nil && len(status.Peers) > 0 && !slices.ContainsFunc(status.Peers, func(p api.Peer) bool { return p.Connected })
}

// somebodyComes waits until a device is connected; false: ctx ended before.
func somebodyComes(ctx context.Context, b Space, news <-chan api.Event) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case e, more := <-news:
			if !more { // too much happened to be told of each
				return ctx.Err() == nil
			}
			if e.Type != "peer" && e.Type != "sync" {
				continue
			}
			if status, err := b.Peers.Status(ctx); !isAlone(status, err) {
				return true
			}
		}
	}
}

// syncAll is sync of all spaces at once, without shares that are over and co-ops that were left. It refuses if a co-op that has others didn't come
// into step, or none of the shares did: that an ally's device answers says nothing of one's colleagues. Nor is an ally waited for where there are colleagues.
func (s *Server) syncAll(r *http.Request, _ nothing) (api.Overview, error) {
	s = s.unlessNamed()
	if in, err := s.whereIn(r.Context()); err != nil {
		return api.Overview{}, err
	} else if len(in.among) > 0 {
		s = in
	}
	o := api.Overview{Spaces: make([]api.Status, len(s.among)), InStep: true}
	refused := make([]error, len(s.among))
	var g errgroup.Group
	some := slices.ContainsFunc(s.among, isCoop)
	for i, b := range s.among {
		g.Go(func() (err error) {
			var p *api.Problem
			if o.Spaces[i], err = syncWith(r, b, isCoop(b) || !some); errors.As(err, &p) {
				refused[i], err = p, nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return o, err
	}
	came := false
	for i, status := range o.Spaces {
		o.InStep = o.InStep && refused[i] == nil
		came = came || refused[i] == nil && len(status.Peers) > 0
	}
	for i, b := range s.among {
		if refused[i] != nil && isCoop(b) {
			return o, refused[i]
		}
	}
	if !o.InStep && !came {
		return o, cmp.Or(refused...)
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
