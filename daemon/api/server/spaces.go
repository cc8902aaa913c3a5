package server

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"

	"kith/daemon/api"
)

// Spaces is what the server needs to know of a daemon that serves several spaces.
type Spaces interface {
	// Spaces gives each space, the oldest first; there is always at least one, which may have no co-op
	// yet. The order of those that are there doesn't change.
	Spaces() []Space
	// Begun gives a channel that is closed once another space is among them.
	Begun() <-chan struct{}
	// Found makes another co-op in this home.
	Found(ctx context.Context, r api.InitRequest) (api.InitResult, error)
	// Join redeems a code: in a home that has no space yet, or beside those that it has.
	Join(ctx context.Context, r api.JoinRequest) (api.JoinResult, error)
	// JoinDevice becomes another device of a member, likewise. show is told the words to compare; it returns once somebody
	// has compared them.
	JoinDevice(ctx context.Context, r api.DeviceJoinRequest, show func(api.Compare)) (api.DeviceJoined, error)
	// Ways are the others into this home.
	Ways() Ways
	Computer() Computer
	// Page makes a link that opens the page in a browser, once.
	Page() (api.PageLink, error)
}

// Ways are those into a home where nobody answers a code at once: by file, with a recovery phrase, from a backup.
type Ways interface {
	// JoinAsk writes a request to join into a text; JoinAsking gives those that wait for their answers. JoinRead joins by an answer.
	JoinAsk(ctx context.Context, r api.JoinRequest) (api.JoinAsked, error)
	JoinAsking(ctx context.Context) ([]api.JoinAsked, error)
	JoinRead(ctx context.Context, answer io.Reader) (api.JoinResult, error)
	// Recover brings a member back by their phrase, or says which devices are to be chosen about before.
	Recover(ctx context.Context, r api.RecoverRequest) (api.RecoverAnswer, error)
	// NewPhrase draws a phrase that the co-op has to agree on.
	NewPhrase(ctx context.Context, r api.NewPhraseRequest) (api.NewPhrase, error)
	// Restore brings a device back from a backup; progress may be told meanwhile.
	Restore(ctx context.Context, file io.Reader, passphrase string, progress func(api.RestoreProgress)) (api.Restored, error)
}

// pick gives the server for one request: of the space that the caller names by name or ID, of the
// only co-op, or of the one space in which the document is that the path names. A share is meant only if it is
// named, or by a document that is there and not in the co-op. Nothing is changed by the start of an ID that several
// spaces have: what shows in an answer about all of them may be of any.
func (s *Server) pick(r *http.Request, route *route) (*Server, error) {
	served := s.spaces.Spaces()
	want := r.URL.Query().Get("space")
	named := called(served, want)
	switch {
	case len(named) == 0 && len(served) == 1:
		return nil, api.Problemf(api.NotFound, "leave --space out, there is only one", "this daemon serves “%s” and no space called “%s”", served[0].Peers.Space().Name, want)
	case len(named) == 0:
		return nil, whichSpace(api.NotFound, served, "this daemon serves no space called “%s”", api.Brief(want))
	case len(named) == 1 && !named[0].isFounded() && !route.bare:
		return nil, api.Problemf(api.NotFound, `kith init "Name of the co-op" --as You, or kith join - --as You`, "there is no co-op here yet")
	case len(named) == 1 || want == "" && route.about == everySpace:
		return s.of(named...), nil
	case want != "":
		return nil, whichSpace(api.Ambiguous, named, "several spaces are called “%s”: give the title, or the ID", api.Brief(want))
	}
	var holding []Space
	word := documentWord(r, route)
	for _, b := range named {
		holds, err := s.of(b).holds(r.Context(), word)
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
		return nil, whichSpace(api.Ambiguous, holding, "“%s” is the start of an ID in several spaces: type more of it, or say which", api.Brief(word))
	}
	if coops := slices.DeleteFunc(slices.Clone(named), isShare); len(coops) == 1 {
		return s.of(coops[0]), nil
	}
	return nil, whichSpace(api.Usage, named, "which space is meant? This daemon serves %d", len(named))
}

// called gives the spaces that a word names: all if it is empty; else by name or ID or, a share, by the ally or
// its title.
func called(served []Space, want string) (named []Space) {
	is := func(name string) bool { return api.FoldName(name) == api.FoldName(want) }
	for _, b := range served {
		if space := b.Peers.Space(); want == "" || is(space.Name) || space.ID == want {
			named = append(named, b)
		}
	}
	if len(named) > 0 {
		return named
	}
	var byAlly, byTitle, byID []Space
	for _, b := range served {
		if len(want) >= minSpaceID && strings.HasPrefix(b.Peers.Space().ID, strings.ToLower(want)) {
			byID = append(byID, b)
		}
		switch s, ok := b.Peers.Share(); {
		case ok && is(s.Ally):
			byAlly = append(byAlly, b)
		case ok && is(s.Title):
			byTitle = append(byTitle, b)
		}
	}
	if named = byAlly; len(named) == 0 { // an ally's name goes before titles, which other allies may have chosen
		named = byTitle
	}
	over := func(b Space) bool { s, _ := b.Peers.Share(); return s.Over }
	if live := slices.DeleteFunc(slices.Clone(named), over); len(live) > 0 {
		named = live
	}
	return both(named, byID)
}

// both puts spaces that a word means by name and by ID together.
func both(named, byID []Space) []Space {
	for _, b := range byID {
		if !slices.ContainsFunc(named, func(o Space) bool { return o.Peers.Space().ID == b.Peers.Space().ID }) {
			named = append(named, b)
		}
	}
	return named
}

// minSpaceID is the least number of letters of a space's ID that name it.
const minSpaceID = 4

// isFounded says whether there is a co-op, or a share, and not just the home for one.
func (b Space) isFounded() bool { return b.Charter != nil }

// ShareName is what a share is called, beside the name of its space: as the ally, or as its title says.
type ShareName struct {
	Ally, Title string
	Over        bool // if others are called alike, those are meant
}

func isShare(b Space) bool {
	_, ok := b.Peers.Share()
	return ok
}

func isCoop(b Space) bool { return !isShare(b) }

// documentWord gives the word of a request that names a document or a proposal; "" if it is about
// something else. A member or a device may be called like the start of an ID, which says nothing of where.
func documentWord(r *http.Request, route *route) string {
	if route.about != aDocument {
		return ""
	}
	return cmp.Or(r.PathValue("id"), r.URL.Query().Get("id"))
}

// holds says whether a word that is the ID of a document or a proposal, or the start of one, names one
// in this space.
func (s *Server) holds(ctx context.Context, word string) (bool, error) {
	if kind, start, ok := api.SplitID(word); ok {
		found, err := s.at.Documents.Find(ctx, kind, start, 1)
		return len(found) > 0, err
	}
	if start, ok := strings.CutPrefix(strings.ToLower(word), "p-"); ok && start != "" {
		all, err := s.at.Charter.Proposals(ctx)
		return slices.ContainsFunc(all, func(p api.Proposal) bool { return strings.HasPrefix(p.ID, "p-"+api.Crockford.Replace(start)) }), err
	}
	return false, nil
}

// whichSpace is a refusal that names the spaces to choose from.
func whichSpace(code api.Code, among []Space, format string, args ...any) error {
	p := api.Problemf(code, "--space NAME, or KITH_SPACE=NAME for all commands", format, args...)
	for _, b := range among {
		space := b.Peers.Space()
		title := space.Name
		if s, ok := b.Peers.Share(); ok && s.Title != "" {
			title += ": " + s.Title
		}
		p.Candidates = append(p.Candidates, api.Candidate{ID: space.ID, Short: space.ID[:min(len(space.ID), 8)], Title: title})
	}
	return p
}

// of is the server of these spaces alone; requests about one space go to the first.
func (s *Server) of(b ...Space) *Server {
	one := *s
	one.at, one.among = b[0], b
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
			space := b.Peers.Space()
			for i := range list {
				mark(&list[i], &space)
			}
		}
		all = append(all, list...)
	}
	return all, nil
}

func (s *Server) overview(r *http.Request) (api.Overview, error) {
	o := api.Overview{InStep: true}
	for _, b := range s.unlessNamed().among {
		status, err := s.statusOf(r, b)
		if err != nil {
			return o, err
		}
		o.InStep = o.InStep && status.InStep
		if status.Space.ID != "" {
			o.Spaces = append(o.Spaces, status)
		}
	}
	return o, nil
}

func (s *Server) found(r *http.Request, i api.InitRequest) (api.InitResult, error) {
	return s.spaces.Found(r.Context(), i)
}

// byScore puts hits of several spaces in one order.
func byScore(hits []api.Hit) {
	slices.SortStableFunc(hits, func(a, b api.Hit) int { return cmp.Compare(b.Score, a.Score) })
}

func (s *Server) page(*http.Request, nothing) (api.PageLink, error) { return s.spaces.Page() }
