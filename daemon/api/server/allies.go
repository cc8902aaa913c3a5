package server

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"kith/daemon/api"
)

// Bounds of a pact.
const (

	// defaultAllyCode and maxAllyCode bound how long a code for an ally is good, in seconds.
	defaultAllyCode = 7 * 24 * 3600
	maxAllyCode     = 90 * 24 * 3600
)

func (s *Server) allies(r *http.Request) (any, error) { return s.backend.Allies(r.Context()) }

func (s *Server) ally(r *http.Request) (any, error) {
	return s.resolveAlly(r.Context(), r.PathValue("id"))
}

func (s *Server) allyInvite(r *http.Request) (any, error) {
	var q api.AllyInviteRequest
	err := firstError(
		func() error { return decode(r, &q) },
		func() error {
			q.Purpose = strings.TrimSpace(q.Purpose)
			if q.Purpose == "" {
				return api.Problemf(api.Invalid, `kith ally invite --purpose "print the fair programme together" --ends 2027-11-24`, "a pact needs a purpose")
			}
			return checkPurpose(&q.Purpose)
		},
		func() error {
			if q.Ends == "" {
				return api.Problemf(api.Invalid, "kith ally invite --ends 2027-11-24", "a pact needs a day on which it ends; it can be made to last longer then")
			}
			return checkDate("the end of a pact", &q.Ends)
		},
		func() error { return checkSelf(&q.As, q.Contacts) },
	)
	if err != nil {
		return nil, err
	}
	if q.ExpiresIn == 0 {
		q.ExpiresIn = defaultAllyCode
	}
	if q.ExpiresIn < 0 || q.ExpiresIn > maxAllyCode {
		return nil, api.Problemf(api.Invalid, "kith ally invite --expires 168h", "a code for an ally holds for 1 second to 90 days")
	}
	return s.backend.AllyInvite(r.Context(), q)
}

func checkPurpose(s *string) error {
	if len(*s) > api.MaxPurpose {
		return api.Problemf(api.Limit, "shorten it; a note in the share can hold more", "a purpose has at most %d bytes, this one has %d", api.MaxPurpose, len(*s))
	}
	return checkText(s)
}

// checkSelf cleans how somebody is called in a share and whom the others can ask.
func checkSelf(as *string, contacts []string) (err error) {
	if len(contacts) > api.MaxContacts {
		return api.Problemf(api.Limit, "name those who answer", "a side names at most %d contacts, these are %d", api.MaxContacts, len(contacts))
	}
	if *as, err = line("name", *as, 80); err != nil {
		return err
	}
	for i := range contacts {
		if contacts[i], err = line("name", contacts[i], 80); err != nil {
			return err
		}
		if contacts[i] == "" {
			return api.Problemf(api.Invalid, "--contact NAME", "a contact needs a name")
		}
	}
	return nil
}

func (s *Server) allyJoin(r *http.Request) (any, error) {
	var q api.AllyJoinRequest
	err := firstError(func() error { return decode(r, &q) }, func() error { return checkSelf(&q.As, q.Contacts) })
	if err != nil {
		return nil, err
	}
	ctx, cancel := asLongAsAsked(r)
	defer cancel()
	return s.backend.AllyJoin(ctx, q)
}

func (s *Server) allyConfirm(r *http.Request) (any, error) {
	var q api.AllyConfirmRequest
	if err := decode(r, &q); err != nil {
		return nil, err
	}
	if q.Ally != "" {
		a, err := s.resolveAlly(r.Context(), q.Ally)
		if err != nil {
			return nil, err
		}
		q.Ally = a.ID
		return s.backend.AllyConfirm(r.Context(), q)
	}
	all, err := s.backend.Allies(r.Context())
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(a api.Ally) bool { return a.State != api.AllyCompare })
	switch len(all) {
	case 0:
		return nil, api.Problemf(api.NotFound, "kith ally list", "there is no pact whose words are to be compared")
	case 1:
		q.Ally = all[0].ID
		return s.backend.AllyConfirm(r.Context(), q)
	}
	return nil, amongAllies(api.Usage, all, "kith ally confirm WORD WORD --ally NAME", "with which co-op did you compare words?")
}

func (s *Server) allyCancel(r *http.Request) (any, error) {
	if err := decode(r, &struct{}{}); err != nil {
		return nil, err
	}
	a, err := s.resolveAlly(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return s.backend.AllyCancel(r.Context(), a.ID)
}

// resolveAlly finds the one pact that word names: by the name of the other co-op, those that are made or under
// way first; by a start of its ID or its share's; or by its code.
func (s *Server) resolveAlly(ctx context.Context, word string) (api.Ally, error) {
	all, err := s.backend.Allies(ctx)
	if err != nil {
		return api.Ally{}, err
	}
	pick := func(is func(api.Ally) bool) []api.Ally {
		return slices.DeleteFunc(slices.Clone(all), func(a api.Ally) bool { return !is(a) })
	}
	folded, start := api.FoldName(word), strings.ToLower(strings.TrimSpace(word))
	found := pick(func(a api.Ally) bool { return a.Name != "" && api.FoldName(a.Name) == folded })
	for _, states := range [][]string{{api.AllyMade, api.AllyCompare, api.AllyAgree, api.AllyWaits}, {api.AllyEnded}} {
		if now := slices.DeleteFunc(slices.Clone(found), func(a api.Ally) bool { return !slices.Contains(states, a.State) }); len(now) > 0 {
			found = now
			break
		}
	}
	if first := slices.DeleteFunc(slices.Clone(found), func(a api.Ally) bool { return a.Further }); len(first) > 0 {
		found = first
	}
	if len(found) == 0 && start != "" {
		found = pick(func(a api.Ally) bool {
			return strings.HasPrefix(a.ID, start) || a.Code == start || a.Share != nil && len(start) >= api.MinBareID && strings.HasPrefix(a.Share.ID, start)
		})
	}
	switch len(found) {
	case 0:
		return api.Ally{}, api.Problemf(api.NotFound, "kith ally list", "there is no pact with “%s”", api.Brief(word))
	case 1:
		return found[0], nil
	}
	return api.Ally{}, amongAllies(api.Ambiguous, found, "use the start of its ID", "“%s” may be more than one pact", api.Brief(word))
}

func amongAllies(code api.Code, all []api.Ally, hint, format string, args ...any) error {
	p := api.Problemf(code, hint, format, args...)
	for _, a := range all[:min(len(all), api.MaxCandidates)] {
		p.Candidates = append(p.Candidates, api.Candidate{ID: a.ID, Short: a.ID, Title: a.Name})
	}
	return p
}
