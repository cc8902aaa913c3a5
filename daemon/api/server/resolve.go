package server

import (
	"context"
	"slices"
	"strings"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// resolve finds the one document that word names: its ID or any start of it that no other
// document of that kind shares, with or without the letter. kind "" is any.
func (s *Server) resolve(ctx context.Context, kind, word string) (api.Document, error) {
	none := api.Problemf(api.NotFound, listHint(kind), "no %s has an ID that starts with “%s”", orDocument(kind), api.Brief(word))
	named, start, ok := api.SplitID(word)
	if k := kinds.All.Named(kind); k != nil && k.Single && named == "" {
		if d, found, err := s.single(ctx, k, word); found || err != nil {
			return d, err
		}
	}
	if !ok {
		return api.Document{}, s.orTitled(ctx, kind, word, none)
	}
	if of := kinds.All.Lettered(word); of != nil { // nobody means whichever there is
		return api.Document{}, api.Problemf(api.Ambiguous, "type more of the ID: "+listHint(of.Name), "the ID of every %s begins with “%s”", of.Name, of.Letters)
	}
	if kind != "" && named != "" && named != kind {
		return api.Document{}, api.Problemf(api.NotFound, listHint(kind), "%s is the ID of %s; %s is wanted here", api.Brief(word), an(named), an(kind))
	}
	if named == "" {
		named = kind
	}
	found, err := s.at.Documents.Find(ctx, named, start, api.MaxCandidates+1)
	switch {
	case err != nil:
		return api.Document{}, err
	case len(found) == 0:
		if err := s.gone(ctx, word); err != nil {
			return api.Document{}, err
		}
		return api.Document{}, s.orTitled(ctx, kind, word, none)
	case len(found) == 1:
		return found[0], nil
	}
	p := api.Problemf(api.Ambiguous, "type more of the ID", "“%s” is the start of more than one ID", api.Brief(word))
	return api.Document{}, api.WithCandidates(p, found, func(d api.Document) api.Candidate { return api.Candidate{ID: d.ID, Short: d.Short, Title: d.Title} })
}

// orTitled adds to a problem the documents of a kind that have a word as their title: what is done to a document is told by its ID, and a
// title may be had by several.
func (s *Server) orTitled(ctx context.Context, kind, word string, none *api.Problem) error {
	k := kinds.All.Named(kind)
	if k == nil || len(word) > maxTitleTyped {
		return none
	}
	all, err := s.at.Documents.List(ctx, ListQuery{Kind: k})
	if err != nil {
		return none
	}
	title := api.FoldText(word)
	for _, d := range all {
		if api.FoldText(d.Title) == title && len(none.Candidates) < api.MaxCandidates {
			none.Candidates = append(none.Candidates, api.Candidate{ID: d.ID, Short: d.Short, Title: d.Title})
		}
	}
	if len(none.Candidates) > 0 {
		none.Hint = "did you mean " + none.Candidates[0].Short + "? A title may be had by several, so say its ID"
	}
	return none
}

// maxTitleTyped bounds, in bytes, what is looked for among titles.
const maxTitleTyped = 500

func orDocument(kind string) string {
	if kind == "" {
		return "document"
	}
	return kind
}

func listHint(kind string) string {
	if kind == "" {
		return "look for it: kith search WORDS"
	}
	return "kith " + kind + " list"
}

// resolveMember finds the one member that word names: by name, or by ID or a start of it;
// "me" is the member of this daemon unless somebody is called so.
func (s *Server) resolveMember(ctx context.Context, word string) (api.Member, error) {
	all, err := s.at.Entrance.Members(ctx)
	if err != nil {
		return api.Member{}, err
	}
	folded := api.FoldName(word)
	found := slices.DeleteFunc(slices.Clone(all), func(m api.Member) bool {
		return api.FoldName(m.Name) != folded && (m.Coop == "" || api.FoldName(m.Name+" ("+m.Coop+")") != folded)
	})
	if len(found) == 0 && folded != "" {
		bare := api.FoldText(word)
		found = slices.DeleteFunc(slices.Clone(all), func(m api.Member) bool { return api.FoldText(m.Name) != bare })
	}
	if len(found) == 0 && folded == "me" {
		found = slices.DeleteFunc(slices.Clone(all), func(m api.Member) bool { return !m.Me })
	}
	if len(found) == 0 {
		id, letter := strings.CutPrefix(strings.ToLower(strings.TrimSpace(word)), "m-")
		if id = api.Crockford.Replace(id); letter && id != "" || len(id) >= api.MinBareID {
			found = slices.DeleteFunc(slices.Clone(all), func(m api.Member) bool { return !strings.HasPrefix(m.ID, "m-"+id) })
		}
	}
	switch len(found) {
	case 0:
		return api.Member{}, api.Problemf(api.NotFound, orMeant("kith member list", word, all), "nobody here is called “%s”", api.Brief(word))
	case 1:
		return found[0], nil
	}
	p := api.Problemf(api.Ambiguous, "use the ID", "“%s” may be more than one member", api.Brief(word))
	return api.Member{}, api.WithCandidates(p, found, func(m api.Member) api.Candidate {
		return api.Candidate{ID: m.ID, Short: shortMember(m.ID, all), Title: m.Called()}
	})
}

// orMeant adds to a hint the members of whose names a word is a part, or what they were called before: a first name is no name
// here, since another Dora may come.
func orMeant(hint, word string, all []api.Member) string {
	var alike []string
	for _, m := range all {
		was := slices.ContainsFunc(m.Former, func(f api.FormerName) bool { return api.FoldText(f.Name) == api.FoldText(word) })
		if whoIsIn(m) == nil && (was || slices.Contains(strings.Fields(api.FoldText(m.Name)), api.FoldText(word))) {
			alike = append(alike, "“"+api.Brief(m.Called())+"”")
		}
	}
	if len(alike) == 0 {
		return hint
	}
	return "did you mean " + strings.Join(alike[:min(len(alike), api.MaxCandidates)], " or ") + "? Else: " + hint
}

// shortMember is the shortest start of a member's ID, of 4 letters or more, that no other
// member's ID shares.
func shortMember(id string, all []api.Member) string {
	for n := len("m-") + 4; n < len(id); n++ {
		if !slices.ContainsFunc(all, func(m api.Member) bool { return m.ID != id && strings.HasPrefix(m.ID, id[:n]) }) {
			return id[:n]
		}
	}
	return id
}

// whoIsIn refuses to ask something of somebody who isn't a member any more.
func whoIsIn(m api.Member) error {
	if m.Standing == "resigned" || m.Standing == "removed" {
		return api.Problemf(api.NotAllowed, "who is: kith member list", "%s isn't a member any more", m.Name)
	}
	return nil
}

// me gives the ID of the member of this daemon.
func (s *Server) me(ctx context.Context) (string, error) {
	all, err := s.at.Entrance.Members(ctx)
	if err != nil {
		return "", err
	}
	for _, m := range all {
		if m.Me {
			return m.ID, nil
		}
	}
	return "", api.Problemf(api.NotFound, "kith status", "this device belongs to no member yet")
}

// oneOf says whether a value is one of these names, in whatever case.
func oneOf(names []string) func(string) bool {
	return func(value string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, value) })
	}
}

// single finds the document of a kind of which each member has one, by the member; found is false if words mean nobody. Of
// several, which only two devices of one person make apart, it is the one that was changed last.
func (s *Server) single(ctx context.Context, k *kind.Kind, words string) (d api.Document, found bool, err error) {
	m, err := s.resolveMember(ctx, words)
	if err != nil {
		return d, false, nil
	}
	all, err := s.at.Documents.List(ctx, ListQuery{Kind: k, Limit: 1, Wants: wanting(kind.Want{Fact: kind.OfFact, Is: oneOf([]string{m.ID})})})
	switch {
	case err != nil:
		return d, false, err
	case len(all) == 0 && m.Me:
		return d, false, api.Problemf(api.NotFound, "kith "+k.Name+" set --help", "you have no %s yet", k.Name)
	case len(all) == 0:
		return d, false, api.Problemf(api.NotFound, "kith "+k.Name+" list", "%s has no %s yet", m.Name, k.Name)
	}
	return all[0].Document, true, nil
}
