package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"kith/daemon/api"
)

// Charter is what the members of a space agree on about the space itself.
type Charter interface {
	Charter(ctx context.Context) (api.Charter, error)
	// CharterLog gives what was said about the charter, newest first, at most limit lines.
	CharterLog(ctx context.Context, limit int) ([]api.CharterLine, error)
	// Proposals gives all proposals, oldest first.
	Proposals(ctx context.Context) ([]api.Proposal, error)
	// Propose makes a proposal and consents to it, where its maker may.
	Propose(ctx context.Context, r api.ProposalRequest) (api.Proposal, error)
	// AnswerProposal gives the proposal as it stands then; a renewal gives the new one.
	AnswerProposal(ctx context.Context, id string, a api.ProposalAnswer) (api.Proposal, error)
	// NoteProposal keeps that the member of this device was shown a proposal. Nobody else is told.
	NoteProposal(ctx context.Context, id string) error
	// Follow takes a side where the charter has forked. step is a start of its ID.
	Follow(ctx context.Context, step string) (api.Charter, error)
	// Resign leaves the co-op, and gives who left.
	Resign(ctx context.Context, r api.ResignRequest) (api.Member, error)
}

// proposeAbout proposes a step about a member.
func proposeAbout(action string) func(*Server, *http.Request, api.ProposalRequest) (api.Proposal, error) {
	return func(s *Server, r *http.Request, p api.ProposalRequest) (api.Proposal, error) {
		m, err := s.resolveMember(r.Context(), r.PathValue("id"))
		if err != nil {
			return api.Proposal{}, err
		}
		switch action {
		case api.ActionRemove:
			err = needWhy("to end a membership", &p.Why)
		case api.ActionNewKey:
			err = needWhy("to give somebody a new recovery phrase", &p.Why)
		default:
			err = checkWhy(&p.Why)
		}
		if err != nil {
			return api.Proposal{}, err
		}
		p.Action, p.Member = action, m.ID
		return s.at.Charter.Propose(r.Context(), p)
	}
}

// propose proposes a step about the charter as a whole.
func (s *Server) propose(r *http.Request, p api.ProposalRequest) (api.Proposal, error) {
	err := checkWhy(&p.Why)
	if err != nil {
		return api.Proposal{}, err
	}
	switch p.Action = r.PathValue("action"); p.Action {
	case api.ActionThreshold:
		err = checkWord("threshold", p.Threshold, api.Thresholds)
	case api.ActionInvites, api.ActionRules, api.ActionClose, api.ActionContacts:
	case api.ActionEndShare:
		err = needWhy("to end a share", &p.Why)
	case api.ActionTerms:
		if p.Purpose == "" && p.Ends == "" && p.Voices == "" {
			err = api.Problemf(api.Usage, "kith share terms --help", "say what is to be different: the purpose, the end date or how joint decisions count")
		} else if p.Voices != "" {
			err = checkWord("way to count", p.Voices, api.Voices)
		}
	case api.ActionZone:
		if p.Zone == "" {
			err = api.Problemf(api.Usage, "kith charter time-zone Europe/Berlin", "it isn't said which time zone")
		}
	case api.ActionSharing:
		err = checkWord("rule", p.Rule, api.SharingRules)
	default:
		err = api.Problemf(api.NotFound, "kith charter --help", "there is no such thing to propose: %s", api.Brief(p.Action))
	}
	if err != nil {
		return api.Proposal{}, err
	}
	return s.at.Charter.Propose(r.Context(), p)
}

// charterActions are what propose takes.
var charterActions = []string{
	api.ActionThreshold, api.ActionInvites, api.ActionRules, api.ActionClose, api.ActionContacts, api.ActionEndShare, api.ActionTerms, api.ActionSharing, api.ActionZone,
}

func (s *Server) charter(r *http.Request) (api.Charter, error) {
	return s.at.Charter.Charter(r.Context())
}

func (s *Server) charterLog(r *http.Request) ([]api.CharterLine, error) {
	q := query{r.URL.Query()}
	limit, err := q.number("limit", defaultLines)
	if err != nil {
		return nil, err
	}
	return s.at.Charter.CharterLog(r.Context(), min(limit, maxLines))
}

func (s *Server) proposals(r *http.Request) ([]api.Proposal, error) {
	all, err := s.at.Charter.Proposals(r.Context())
	if (query{r.URL.Query()}).flag("pending") {
		all = slices.DeleteFunc(all, func(p api.Proposal) bool { return !p.Pending })
	}
	return all, err
}

func (s *Server) proposal(r *http.Request) (api.Proposal, error) {
	return s.resolveProposal(r.Context(), r.PathValue("id"))
}

func (s *Server) answerProposal(r *http.Request, a api.ProposalAnswer) (api.Proposal, error) {
	a.Verb = r.PathValue("verb")
	if err := checkWord("answer", a.Verb, api.ProposalVerbs); err != nil {
		return api.Proposal{}, err
	}
	p, err := s.resolveProposal(r.Context(), r.PathValue("id"))
	if err != nil {
		return p, err
	}
	if a.Verb == api.ProposalRefuse {
		err = needWhy("a refusal", &a.Why)
	} else {
		err = checkWhy(&a.Why)
	}
	if err != nil {
		return p, err
	}
	p, err = s.at.Charter.AnswerProposal(r.Context(), p.ID, a)
	var refused *api.Problem
	if len(s.spaces.Spaces()) > 1 && errors.As(err, &refused) {
		said, space := *refused, s.at.Peers.Space()
		said.Hint = strings.ReplaceAll(said.Hint, seePending, inSpace(seePending, &space))
		err = &said
	}
	return p, err
}

// seePending shows what is being agreed on.
const seePending = "kith charter pending"

func (s *Server) noteProposal(r *http.Request, _ nothing) (nothing, error) {
	p, err := s.resolveProposal(r.Context(), r.PathValue("id"))
	if err != nil {
		return nothing{}, err
	}
	return nothing{}, s.at.Charter.NoteProposal(r.Context(), p.ID)
}

func (s *Server) follow(r *http.Request, _ nothing) (api.Charter, error) {
	return s.at.Charter.Follow(r.Context(), r.PathValue("step"))
}

func (s *Server) resign(r *http.Request, q api.ResignRequest) (api.Member, error) {
	if err := checkWhy(&q.Why); err != nil {
		return api.Member{}, err
	}
	return s.at.Charter.Resign(r.Context(), q)
}

// resolveProposal finds the one proposal that word names: its ID or any start of it that no other
// shares, with or without the letter.
func (s *Server) resolveProposal(ctx context.Context, word string) (api.Proposal, error) {
	all, err := s.at.Charter.Proposals(ctx)
	if err != nil {
		return api.Proposal{}, err
	}
	start := api.Crockford.Replace(strings.TrimPrefix(strings.ToLower(strings.TrimSpace(word)), "p-"))
	found := slices.DeleteFunc(slices.Clone(all), func(p api.Proposal) bool { return start == "" || !strings.HasPrefix(p.ID, "p-"+start) })
	switch len(found) {
	case 0:
		return api.Proposal{}, api.Problemf(api.NotFound, seePending, "no proposal has an ID that starts with “%s”", api.Brief(word))
	case 1:
		return found[0], nil
	}
	p := api.Problemf(api.Ambiguous, "type more of the ID", "“%s” is the start of more than one ID", api.Brief(word))
	return api.Proposal{}, api.WithCandidates(p, found, func(f api.Proposal) api.Candidate { return api.Candidate{ID: f.ID, Short: f.Short, Title: f.Title} })
}
