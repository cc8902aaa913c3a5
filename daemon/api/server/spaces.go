package server

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"kith/daemon/api"
)

// Spaces is what the server needs to know of a daemon that serves several spaces.
type Spaces interface {
	// Spaces gives the backend of each space, the oldest first; there is always at least one, which
	// may be of no space yet. The order of those that are there doesn't change.
	Spaces() []Backend
	// Found makes another co-op in this home.
	Found(ctx context.Context, r api.InitRequest) (api.InitResult, error)
	// Join redeems a code: in a home that has no space yet, or beside those that it has.
	Join(ctx context.Context, r api.JoinRequest) (api.JoinResult, error)
}

// anySpace are the paths that need no one space: they are about all of them, or about none yet.
var anySpace = []string{
	"GET /v1/today", "GET /v1/search", "GET /v1/events", "GET /v1/find", "GET /v1/spaces",
	"POST /v1/spaces", "POST /v1/spaces/sync", "POST /v1/join", "POST /v1/doctor",
}

// pick gives the server for one request: of the space that the caller names by name or ID, of the
// only co-op, or of the one space in which the document is that the path names. A share is meant only if it is
// named, or by a document that is there and not in the co-op. Nothing is changed by the start of an ID that several
// spaces have: what shows in an answer about all of them may be of any.
func (s *Server) pick(r *http.Request) (*Server, error) {
	served := s.spaces.Spaces()
	want := r.URL.Query().Get("space")
	named := called(served, want)
	switch {
	case len(named) == 0 && len(served) == 1:
		return nil, api.Problemf(api.NotFound, "leave --space out, there is only one", "this daemon serves “%s” and no space called “%s”", served[0].Space().Name, want)
	case len(named) == 0:
		return nil, whichSpace(api.NotFound, served, "this daemon serves no space called “%s”", api.Brief(want))
	case len(named) == 1 || want == "" && slices.Contains(anySpace, r.Pattern):
		return s.of(named...), nil
	case want != "":
		return nil, whichSpace(api.Ambiguous, named, "several spaces are called “%s”: give the title, or the ID", api.Brief(want))
	}
	var holding []Backend
	for _, b := range named {
		holds, err := s.of(b).holds(r.Context(), documentWord(r))
		if err != nil {
			return nil, err
		}
		if holds {
			holding = append(holding, b)
		}
	}
	if len(holding) == 1 {
		return s.of(holding[0]), nil
	}
	if len(holding) > 1 && (r.Method != http.MethodGet || !slices.ContainsFunc(holding, isCoop)) {
		return nil, whichSpace(api.Ambiguous, holding, "“%s” is the start of an ID in several spaces: type more of it, or say which", api.Brief(documentWord(r)))
	}
	if coops := slices.DeleteFunc(slices.Clone(named), isShare); len(coops) == 1 {
		return s.of(coops[0]), nil
	}
	return nil, whichSpace(api.Usage, named, "which space is meant? This daemon serves %d", len(named))
}

// called gives the spaces that a word names: all if it is empty; else by name or ID or, a share, by the ally or
// its title.
func called(served []Backend, want string) (named []Backend) {
	is := func(name string) bool { return api.FoldName(name) == api.FoldName(want) }
	for _, b := range served {
		if space := b.Space(); want == "" || is(space.Name) || space.ID == want {
			named = append(named, b)
		}
	}
	if len(named) > 0 {
		return named
	}
	for _, b := range served {
		if s, ok := b.Share(); ok && (is(s.Ally) || is(s.Title)) {
			named = append(named, b)
		}
	}
	if len(named) == 0 && len(want) >= minSpaceID {
		for _, b := range served {
			if strings.HasPrefix(b.Space().ID, strings.ToLower(want)) {
				named = append(named, b)
			}
		}
		return named
	}
	over := func(b Backend) bool { s, _ := b.Share(); return s.Over }
	if live := slices.DeleteFunc(slices.Clone(named), over); len(live) > 0 {
		return live
	}
	return named
}

// minSpaceID is the least number of letters of a space's ID that name it.
const minSpaceID = 4

// ShareName is what a share is called, beside the name of its space: as the ally, or as its title says.
type ShareName struct {
	Ally, Title string
	Over        bool // if others are called alike, those are meant
}

func isShare(b Backend) bool {
	_, ok := b.Share()
	return ok
}

func isCoop(b Backend) bool { return !isShare(b) }

// documentWord gives the word of a request that names a document or a proposal; "" if it is about
// something else. A member or a device may be called like the start of an ID, which says nothing of where.
func documentWord(r *http.Request) string {
	_, path, _ := strings.Cut(r.Pattern, "/v1/")
	switch noun, _, _ := strings.Cut(path, "/"); noun {
	case "tasks", "decisions", "notes", "proposals":
		return r.PathValue("id")
	case "log":
		return r.URL.Query().Get("id")
	}
	return ""
}

// holds says whether a word that is the ID of a document or a proposal, or the start of one, names one
// in this space.
func (s *Server) holds(ctx context.Context, word string) (bool, error) {
	if kind, start, ok := api.SplitID(word); ok {
		found, err := s.backend.Find(ctx, kind, start, 1)
		return len(found) > 0, err
	}
	if start, ok := strings.CutPrefix(strings.ToLower(word), "p-"); ok && start != "" {
		all, err := s.backend.Proposals(ctx)
		return slices.ContainsFunc(all, func(p api.Proposal) bool { return strings.HasPrefix(p.ID, "p-"+api.Crockford.Replace(start)) }), err
	}
	return false, nil
}

// whichSpace is a refusal that names the spaces to choose from.
func whichSpace(code api.Code, among []Backend, format string, args ...any) error {
	p := api.Problemf(code, "--space NAME, or KITH_SPACE=NAME for all commands", format, args...)
	for _, b := range among {
		space := b.Space()
		title := space.Name
		if s, ok := b.Share(); ok && s.Title != "" {
			title += ": " + s.Title
		}
		p.Candidates = append(p.Candidates, api.Candidate{ID: space.ID, Short: space.ID[:min(len(space.ID), 8)], Title: title})
	}
	return p
}

// of is the server of these spaces alone; requests about one space go to the first.
func (s *Server) of(b ...Backend) *Server {
	one := *s
	one.backend, one.among = b[0], b
	return &one
}

// across asks each space that is meant. What comes is marked with its space where there are several.
func across[T any](s *Server, ask func(one *Server) ([]T, error), mark func(*T, *api.Named)) ([]T, error) {
	var all []T
	for _, b := range s.among {
		list, err := ask(s.of(b))
		if err != nil {
			return nil, err
		}
		if len(s.among) > 1 {
			space := b.Space()
			for i := range list {
				mark(&list[i], &space)
			}
		}
		all = append(all, list...)
	}
	return all, nil
}

func (s *Server) overview(r *http.Request) (any, error) {
	o := api.Overview{InStep: true}
	for _, b := range s.among {
		status, err := s.statusOf(r, b)
		if err != nil {
			return nil, err
		}
		o.InStep = o.InStep && status.InStep
		if status.Space.ID != "" {
			o.Spaces = append(o.Spaces, status)
		}
	}
	return o, nil
}

func (s *Server) found(r *http.Request) (any, error) {
	var i api.InitRequest
	if err := decode(r, &i); err != nil {
		return nil, err
	}
	return s.spaces.Found(r.Context(), i)
}

// byScore puts hits of several spaces in one order.
func byScore(hits []api.Hit) {
	slices.SortStableFunc(hits, func(a, b api.Hit) int { return cmp.Compare(b.Score, a.Score) })
}
