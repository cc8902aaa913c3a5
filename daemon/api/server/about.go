package server

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	outside "kith/crdt/about"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// languageOf is in which language Kith is to say its own words in what is for others.
func languageOf(r *http.Request) (string, error) {
	language := cmp.Or(r.URL.Query().Get("language"), outside.Languages[0])
	return language, checkWord("language", language, outside.Languages)
}

// about gathers what members meant for others outside.
func (s *Server) about(r *http.Request) (outside.Page, error) {
	ctx := r.Context()
	language, err := languageOf(r)
	out := outside.Page{Language: language, Roles: []outside.Matter{}, Agreements: []outside.Part{}, People: []string{}}
	if err != nil {
		return out, err
	}
	c, err := s.at.Charter.Charter(ctx)
	if err != nil {
		return out, err
	}
	out.Coop, out.Threshold = c.Space.Name, c.Threshold
	people, err := s.publicPeople(ctx)
	if err != nil {
		return out, err
	}
	roles, err := s.at.Documents.List(ctx, publicOf(kinds.Role))
	if err != nil {
		return out, err
	}
	for _, d := range roles {
		says, holders := kinds.RolePublic(d.View)
		if says == "" {
			continue
		}
		one := outside.Matter{Title: d.Title, Says: says, Who: []string{}}
		for _, m := range holders {
			if words := people[m]; words != "" {
				one.Who = append(one.Who, words)
			}
		}
		out.Roles = append(out.Roles, one)
	}
	agreements, err := s.at.Documents.List(ctx, publicOf(kinds.Agreement))
	for _, d := range agreements {
		if kinds.IsPublic(d.View) {
			out.Agreements = append(out.Agreements, outside.Part{Title: d.Title, Text: d.Text})
		}
	}
	for _, words := range people {
		out.People = append(out.People, words)
	}
	slices.Sort(out.People)
	return out, err
}

// publicOf asks for all documents of a kind that weren't put away, by title.
func publicOf(k *kind.Kind) ListQuery {
	return ListQuery{Kind: k, Order: kind.ByTitle, Wants: wanting(kind.NotArchived)}
}

// publicPeople is what each who is in says of themselves to others: of several profiles the one that was changed last counts.
func (s *Server) publicPeople(ctx context.Context) (map[charter.MemberID]string, error) {
	members, err := s.at.Entrance.Members(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.at.Documents.List(ctx, ListQuery{Kind: kinds.Profile})
	out, had := map[charter.MemberID]string{}, map[charter.MemberID]bool{}
	for _, d := range all { // the newest change first
		of := d.View.CreatedBy
		here := slices.ContainsFunc(members, func(m api.Member) bool { return m.ID == of.String() && whoIsIn(m) == nil })
		if had[of] || !here {
			continue
		}
		had[of] = true
		if words := strings.TrimSpace(kinds.ProfilePublic(d.View)); words != "" {
			out[of] = words
		}
	}
	return out, err
}
