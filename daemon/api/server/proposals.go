package server

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"kith/daemon/api"
)

// defaultInvite and maxInvite bound how long an invite may be redeemed, in seconds.
const (
	defaultInvite = 72 * 3600
	maxInvite     = 90 * 24 * 3600
)

func (s *Server) invite(r *http.Request) (any, error) {
	var i api.InviteRequest
	if err := decode(r, &i); err != nil {
		return nil, err
	}
	if i.ExpiresIn == 0 {
		i.ExpiresIn = defaultInvite
	}
	if i.ExpiresIn < 0 || i.ExpiresIn > maxInvite {
		return nil, api.Problemf(api.Invalid, "kith invite --expires 72h", "an invite holds for 1 second to 90 days")
	}
	return s.backend.Invite(r.Context(), i)
}

// proposeAbout proposes a step about a member.
func proposeAbout(action string) answerer {
	return func(s *Server, r *http.Request) (any, error) {
		m, err := s.resolveMember(r.Context(), r.PathValue("id"))
		if err != nil {
			return nil, err
		}
		var p api.ProposalRequest
		err = firstError(func() error { return decode(r, &p) }, func() error {
			switch action {
			case api.ActionRemove:
				return needWhy("to end a membership", &p.Why)
			case api.ActionNewKey:
				return needWhy("to give somebody a new recovery phrase", &p.Why)
			}
			return checkWhy(&p.Why)
		})
		if err != nil {
			return nil, err
		}
		p.Action, p.Member = action, m.ID
		return s.backend.Propose(r.Context(), p)
	}
}

// propose proposes a step about the charter as a whole.
func (s *Server) propose(r *http.Request) (any, error) {
	var p api.ProposalRequest
	err := firstError(func() error { return decode(r, &p) }, func() error { return checkWhy(&p.Why) })
	if err != nil {
		return nil, err
	}
	switch p.Action = r.PathValue("action"); p.Action {
	case api.ActionThreshold:
		err = checkWord("threshold", p.Threshold, api.Thresholds)
	case api.ActionInvites, api.ActionClose, api.ActionContacts:
	case api.ActionEndShare:
		err = needWhy("to end a share", &p.Why)
	case api.ActionTerms:
		if p.Purpose == "" && p.Ends == "" && p.Voices == "" {
			err = api.Problemf(api.Usage, "kith share terms --help", "say what is to be different: the purpose, the end date or how joint decisions count")
		} else if p.Voices != "" {
			err = checkWord("way to count", p.Voices, api.Voices)
		}
	case api.ActionSharing:
		err = checkWord("rule", p.Rule, api.SharingRules)
	default:
		err = api.Problemf(api.NotFound, "kith charter --help", "there is no such thing to propose: %s", api.Brief(p.Action))
	}
	if err != nil {
		return nil, err
	}
	return s.backend.Propose(r.Context(), p)
}

func (s *Server) charter(r *http.Request) (any, error) { return s.backend.Charter(r.Context()) }

func (s *Server) charterLog(r *http.Request) (any, error) {
	q := query{r.URL.Query()}
	limit, err := q.number("limit", defaultLines)
	if err != nil {
		return nil, err
	}
	return s.backend.CharterLog(r.Context(), min(limit, maxLines))
}

func (s *Server) proposals(r *http.Request) (any, error) {
	all, err := s.backend.Proposals(r.Context())
	if (query{r.URL.Query()}).flag("pending") {
		all = slices.DeleteFunc(all, func(p api.Proposal) bool { return !p.Pending })
	}
	return all, err
}

func (s *Server) proposal(r *http.Request) (any, error) {
	return s.resolveProposal(r.Context(), r.PathValue("id"))
}

func (s *Server) answerProposal(r *http.Request) (any, error) {
	verb := r.PathValue("verb")
	if err := checkWord("answer", verb, api.ProposalVerbs); err != nil {
		return nil, err
	}
	p, err := s.resolveProposal(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	var a api.ProposalAnswer
	err = firstError(func() error { return decode(r, &a) }, func() error {
		if verb == api.ProposalRefuse {
			return needWhy("a refusal", &a.Why)
		}
		return checkWhy(&a.Why)
	})
	if err != nil {
		return nil, err
	}
	a.Verb = verb
	return s.backend.AnswerProposal(r.Context(), p.ID, a)
}

// endAlly proposes to end all that is shared with an ally.
func (s *Server) endAlly(r *http.Request) (any, error) {
	var p api.ProposalRequest
	err := firstError(func() error { return decode(r, &p) }, func() error { return needWhy("to end a pact", &p.Why) })
	if err != nil {
		return nil, err
	}
	a, err := s.resolveAlly(r.Context(), r.PathValue("ally"))
	if err != nil {
		return nil, err
	}
	if a.Share == nil {
		return nil, api.Problemf(api.NotAllowed, "to give it up: kith ally cancel "+a.ID, "the pact isn't made yet")
	}
	return s.backend.EndAlly(r.Context(), a.Name, p.Why)
}

func (s *Server) follow(r *http.Request) (any, error) {
	if err := decode(r, &struct{}{}); err != nil {
		return nil, err
	}
	return s.backend.Follow(r.Context(), r.PathValue("step"))
}

func (s *Server) adopt(r *http.Request) (any, error) {
	if err := decode(r, &struct{}{}); err != nil {
		return nil, err
	}
	return s.backend.Adopt(r.Context(), r.PathValue("entry"))
}

func (s *Server) resign(r *http.Request) (any, error) {
	var q api.ResignRequest
	err := firstError(func() error { return decode(r, &q) }, func() error { return checkWhy(&q.Why) })
	if err != nil {
		return nil, err
	}
	return s.backend.Resign(r.Context(), q)
}

// resolveProposal finds the one proposal that word names: its ID or any start of it that no other
// shares, with or without the letter.
func (s *Server) resolveProposal(ctx context.Context, word string) (api.Proposal, error) {
	all, err := s.backend.Proposals(ctx)
	if err != nil {
		return api.Proposal{}, err
	}
	start := api.Crockford.Replace(strings.TrimPrefix(strings.ToLower(strings.TrimSpace(word)), "p-"))
	found := slices.DeleteFunc(slices.Clone(all), func(p api.Proposal) bool { return start == "" || !strings.HasPrefix(p.ID, "p-"+start) })
	switch len(found) {
	case 0:
		return api.Proposal{}, api.Problemf(api.NotFound, "kith charter pending", "no proposal has an ID that starts with “%s”", api.Brief(word))
	case 1:
		return found[0], nil
	}
	p := api.Problemf(api.Ambiguous, "type more of the ID", "“%s” is the start of more than one ID", api.Brief(word))
	for _, f := range found[:min(len(found), api.MaxCandidates)] {
		p.Candidates = append(p.Candidates, api.Candidate{ID: f.ID, Short: f.Short, Title: f.Title})
	}
	return api.Proposal{}, p
}
