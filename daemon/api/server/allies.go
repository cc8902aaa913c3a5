package server

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"kith/daemon/api"
)

// Allies are the pacts of a co-op with others, and how they come to be.
type Allies interface {
	// Allies gives the pacts with other co-ops, made or half made, the oldest first.
	Allies(ctx context.Context) ([]api.Ally, error)
	// AllyInvite makes a code with which another co-op gets in touch to make a pact.
	AllyInvite(ctx context.Context, r api.AllyInviteRequest) (api.Ally, error)
	// AllyJoin gets in touch with who made a code. The daemon goes on by itself.
	AllyJoin(ctx context.Context, r api.AllyJoinRequest) (api.Ally, error)
	// AllyConfirm proposes the pact to the co-op, if these are the words that the other side reads. Other words
	// end it, as AllyCancel does.
	AllyConfirm(ctx context.Context, r api.AllyConfirmRequest) (api.Ally, error)
	// AllyCancel gives up a pact that is half made, and isn't shown one any more that came to nothing.
	AllyCancel(ctx context.Context, id string) (api.Ally, error)
	// EndAlly proposes to end every share of the pact to which one belongs, given by its ID.
	EndAlly(ctx context.Context, share, why string) ([]api.Proposal, error)
	// NewShare opens a further share with an ally, and JoinShare joins one that an ally has opened.
	NewShare(ctx context.Context, q api.NewShareRequest) (api.Ally, error)
	JoinShare(ctx context.Context, q api.JoinShareRequest) (api.Ally, error)
}

const (
	// defaultAllyCode and maxAllyCode bound how long a code for an ally is good, in seconds.
	defaultAllyCode = 7 * 24 * 3600
	maxAllyCode     = 90 * 24 * 3600
)

func (s *Server) allies(r *http.Request) ([]api.Ally, error) { return s.at.Allies.Allies(r.Context()) }

func (s *Server) ally(r *http.Request) (api.Ally, error) {
	return s.resolveAlly(r.Context(), r.PathValue("id"))
}

func (s *Server) allyInvite(r *http.Request, q api.AllyInviteRequest) (api.Ally, error) {
	if q.Purpose = strings.TrimSpace(q.Purpose); q.Purpose == "" {
		return api.Ally{}, api.Problemf(api.Invalid, `kith ally invite --purpose "print the fair programme together" --ends 2027-11-24`, "a pact needs a purpose")
	}
	if err := checkPurpose(&q.Purpose); err != nil {
		return api.Ally{}, err
	}
	if q.Ends == "" {
		return api.Ally{}, api.Problemf(api.Usage, "kith ally invite --purpose TEXT --ends DATE", "a pact needs a day on which it ends; it can be made to last longer then")
	}
	if err := checkDate("the end of a pact", &q.Ends); err != nil {
		return api.Ally{}, err
	}
	if err := checkSelf(&q.As, q.Contacts); err != nil {
		return api.Ally{}, err
	}
	if q.ExpiresIn == 0 {
		q.ExpiresIn = defaultAllyCode
	}
	if q.ExpiresIn < 0 || q.ExpiresIn > maxAllyCode {
		return api.Ally{}, api.Problemf(api.Invalid, "kith ally invite --purpose TEXT --ends DATE --expires 168h", "a code for an ally holds for 1 second to 90 days")
	}
	return s.at.Allies.AllyInvite(r.Context(), q)
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

func (s *Server) allyJoin(r *http.Request, q api.AllyJoinRequest) (api.Ally, error) {
	if err := checkSelf(&q.As, q.Contacts); err != nil {
		return api.Ally{}, err
	}
	ctx, cancel := asLongAsAsked(r)
	defer cancel()
	return s.at.Allies.AllyJoin(ctx, q)
}

func (s *Server) allyConfirm(r *http.Request, q api.AllyConfirmRequest) (api.Ally, error) {
	if q.Ally != "" {
		a, err := s.resolveAlly(r.Context(), q.Ally)
		if err != nil {
			return api.Ally{}, err
		}
		q.Ally = a.ID
		return s.at.Allies.AllyConfirm(r.Context(), q)
	}
	all, err := s.at.Allies.Allies(r.Context())
	if err != nil {
		return api.Ally{}, err
	}
	in := func(states ...string) []api.Ally {
		return those(all, func(a *api.Ally) bool { return slices.Contains(states, a.State) })
	}
	compared := in(api.AllyAgree, api.AllyWaits, api.AllyJoining)
	if all = in(api.AllyCompare); len(all) == 0 && len(compared) == 1 {
		all = compared // the words were compared before: it is said so
	}
	switch len(all) {
	case 0:
		return api.Ally{}, api.Problemf(api.NotFound, "kith ally list", "there is no pact whose words are to be compared")
	case 1:
		q.Ally = all[0].ID
		return s.at.Allies.AllyConfirm(r.Context(), q)
	}
	return api.Ally{}, amongAllies(api.Usage, all, "kith ally confirm WORD WORD --ally NAME", "with which co-op did you compare words?")
}

func (s *Server) allyCancel(r *http.Request, _ nothing) (api.Ally, error) {
	a, err := s.resolveAlly(r.Context(), r.PathValue("id"))
	if err != nil {
		return api.Ally{}, err
	}
	return s.at.Allies.AllyCancel(r.Context(), a.ID)
}

// endAlly proposes to end all that is shared with an ally.
func (s *Server) endAlly(r *http.Request, p api.ProposalRequest) ([]api.Proposal, error) {
	if err := needWhy("to end a pact", &p.Why); err != nil {
		return nil, err
	}
	a, err := s.resolveAlly(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if a.Share == nil {
		return nil, api.Problemf(api.NotAllowed, "to give it up: kith ally cancel "+a.ID, "the pact isn't made yet")
	}
	return s.at.Allies.EndAlly(r.Context(), a.Share.ID, p.Why)
}

// resolveAlly finds the one pact that word names: by the name of the other co-op, those that are made or under
// way first; by a start of its ID or its share's; or by its code.
func (s *Server) resolveAlly(ctx context.Context, word string) (api.Ally, error) {
	all, err := s.at.Allies.Allies(ctx)
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
	return api.WithCandidates(api.Problemf(code, hint, format, args...), all, func(a api.Ally) api.Candidate {
		return api.Candidate{ID: a.ID, Short: a.ID, Title: a.Name}
	})
}
