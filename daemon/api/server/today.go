package server

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"kith/crdt/kind"
	"kith/crdt/kinds"
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

// today collects what waits for the member of this daemon, in every space that is meant: for each kind of document
// what its declaration says, and what every co-op has.
func (s *Server) today(r *http.Request) (any, error) {
	ctx := r.Context()
	notice, err := across(s, func(one *Server) ([]string, error) {
		status, err := one.at.Peers.Status(ctx)
		return status.Notice, err
	}, func(says *string, space *api.Named) {
		if !strings.Contains(*says, space.Name) {
			*says = space.Name + ": " + *says
		}
	})
	if err != nil {
		return nil, err
	}
	s = s.withRolls(ctx)
	told := *s // also what has ended is told of
	s, err = s.whereIn(ctx)
	if err != nil {
		return nil, err
	}
	d := &day{Server: s, ctx: ctx, seenToo: (query{r.URL.Query()}).flag("all"), waits: map[string][]Shown{}, more: map[string]bool{}}
	if err := d.gather(); err != nil {
		return nil, err
	}
	sections, err := d.sections(&told)
	if err != nil {
		return nil, err
	}
	t := object{
		mentionsKey: withLists(d.mentions), "notice": withLists(notice), "about_me": withLists(d.aboutMe), "proposals": withLists(d.proposals), "asks": withLists(d.asks),
		"sections": withLists(sections),
	}
	for key, waiting := range d.waits {
		t[key] = withLists(waiting)
	}
	return t, nil
}

// mostTold bounds what is told of a space for one reason unless all is asked for: others choose how much of it there is.
const mostTold = 100

// waiting are the documents of a kind in which something waits for the member of this daemon, in every space. What they took on
// themselves, which is told in parts, comes whole; of the rest no more than is read in a moment, and whether there is more.
func (s *Server) waiting(ctx context.Context, k *kind.Kind, w *kind.Wait, all bool) (found []Shown, more bool, err error) {
	limit := mostTold + 1 // what is more than that shows that there is more
	inParts := func(o *kind.Wait) bool { return o.Besides == w.Key }
	if all || w.Only != nil || w.Besides != "" || slices.ContainsFunc(k.Today, inParts) {
		limit = 0
	}
	found, err = across(s, func(one *Server) ([]Shown, error) {
		me, err := one.mine(ctx)
		if err != nil || me == "" {
			return nil, err
		}
		told, err := one.at.Documents.List(ctx, ListQuery{Kind: k, Wants: w.Wants, Order: w.Order, News: w.News && !all, Limit: limit})
		if limit > 0 && len(told) == limit {
			told, more = told[:mostTold], true
		}
		return told, err
	}, func(d *Shown, space *api.Named) { d.Space = space })
	found = once(found, func(d Shown) (string, *api.Shared) { return d.ID, d.Shared })
	if err != nil || w.Only == nil {
		return found, more, err
	}
	var meant []Shown
	for _, d := range found {
		says, err := d.answer()
		if err != nil {
			return nil, false, err
		}
		if w.Only(says) {
			meant = append(meant, d)
		}
	}
	return meant, more, nil
}

// todayWork is what waits for somebody.
func todayWork() work {
	return work{do: (*Server).today, out: func(s schemas) object {
		properties := object{
			"sections":  s.of(reflect.TypeFor[[]api.Section](), false),
			"notice":    s.of(reflect.TypeFor[[]string](), false),
			"about_me":  s.of(reflect.TypeFor[[]api.Proposal](), false),
			"proposals": s.of(reflect.TypeFor[[]api.Proposal](), false),
			"asks":      s.of(reflect.TypeFor[[]api.Ask](), false),
			mentionsKey: s.of(reflect.TypeFor[[]api.Mention](), false),
		}
		for _, k := range kinds.All.Nouns() {
			for _, w := range k.Today {
				properties[w.Key] = object{"type": "array", "items": s.shown(k), "description": w.Gist}
			}
		}
		return object{"type": "object", "properties": properties, "required": slices.Sorted(maps.Keys(properties))}
	}}
}

// unlessNamed leaves out the shares that are over, unless one is meant alone: they count for nothing any more.
func (s *Server) unlessNamed() *Server {
	if len(s.among) < 2 {
		return s
	}
	return s.goingOn()
}

// goingOn leaves out the shares that are over: nothing in them waits for anybody.
func (s *Server) goingOn() *Server {
	going := slices.DeleteFunc(slices.Clone(s.among), func(b Space) bool {
		share, ok := b.Peers.Share()
		return ok && share.Over
	})
	one := *s
	one.among = going
	return &one
}

// whereIn leaves out the spaces in which nothing waits for the member of this daemon: shares that are over, what they
// have left, and where this device is out of use, since nothing can be answered from it.
func (s *Server) whereIn(ctx context.Context) (*Server, error) {
	one := *s.goingOn()
	var left error
	one.among = slices.DeleteFunc(slices.Clone(one.among), func(b Space) bool {
		all, err := b.Entrance.Members(ctx)
		left = errors.Join(left, err)
		if slices.ContainsFunc(all, func(m api.Member) bool { return m.Me && whoIsIn(m) != nil }) {
			return true
		}
		own, err := b.Entrance.Devices(ctx)
		left = errors.Join(left, err)
		return slices.ContainsFunc(own, func(d api.Device) bool { return d.This && d.Retired })
	})
	return &one, left
}

// roll is a space's entrance which is asked once who is in: for a request that changes nothing.
type roll struct {
	Entrance
	members func() ([]api.Member, error)
}

func (r roll) Members(context.Context) ([]api.Member, error) { return r.members() }

// withRolls is a server for one request that asks again and again who is in.
func (s *Server) withRolls(ctx context.Context) *Server {
	one := *s
	one.among = slices.Clone(one.among)
	for i := range one.among {
		if in := one.among[i].Entrance; in != nil {
			one.among[i].Entrance = roll{in, sync.OnceValues(func() ([]api.Member, error) { return in.Members(ctx) })}
		}
	}
	return &one
}

// everyAsk is what allies ask for, and what was asked of them. Those of a share come from its co-op too, and once.
func (s *Server) everyAsk(ctx context.Context) ([]api.Ask, error) {
	all, err := across(s, func(one *Server) ([]api.Ask, error) { return one.at.Shares.Asks(ctx) }, func(*api.Ask, *api.Named) {})
	had := map[string]bool{}
	return those(all, func(a *api.Ask) bool {
		twice := had[a.ID]
		had[a.ID] = true
		return !twice
	}), err
}
