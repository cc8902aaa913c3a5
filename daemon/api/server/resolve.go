package server

import (
	"context"
	"slices"
	"strings"

	"kith/daemon/api"
)

// resolve finds the one document that word names: its ID or any start of it that no other
// document of that kind shares, with or without the letter. kind "" is any.
func (s *Server) resolve(ctx context.Context, kind, word string) (api.Document, error) {
	none := api.Problemf(api.NotFound, listHint(kind), "no %s has an ID that starts with “%s”", orDocument(kind), api.Brief(word))
	named, start, ok := api.SplitID(word)
	if !ok {
		return api.Document{}, none
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
		return api.Document{}, none
	case len(found) == 1:
		return found[0], nil
	}
	p := api.Problemf(api.Ambiguous, "type more of the ID", "“%s” is the start of more than one ID", api.Brief(word))
	for _, d := range found[:min(len(found), api.MaxCandidates)] {
		p.Candidates = append(p.Candidates, api.Candidate{ID: d.ID, Short: d.Short, Title: d.Title})
	}
	return api.Document{}, p
}

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
		return api.Member{}, api.Problemf(api.NotFound, "kith member list", "nobody here is called “%s”", api.Brief(word))
	case 1:
		return found[0], nil
	}
	p := api.Problemf(api.Ambiguous, "use the ID", "“%s” may be more than one member", api.Brief(word))
	for _, m := range found[:min(len(found), api.MaxCandidates)] {
		p.Candidates = append(p.Candidates, api.Candidate{ID: m.ID, Short: shortMember(m.ID, all), Title: m.Called()})
	}
	return api.Member{}, p
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
