package server

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"kith/crdt/kinds"
	"kith/crdt/problem"
	"kith/daemon/api"
)

// Shares are what a co-op shares with its allies, and what they ask each other for.
type Shares interface {
	// Shares gives the shares of the co-op, the oldest first, without what is in them.
	Shares(ctx context.Context) ([]api.Share, error)
	// ShowShare gives one that is named by the ally, its title, name or ID, with all that is in it.
	ShowShare(ctx context.Context, share string) (api.Share, error)
	// PreviewSharing says what sharing a document will show, and to whom; nothing is done.
	PreviewSharing(ctx context.Context, share string, q api.ShareAdd) (api.SharePreview, error)
	// ShareDocument puts a document's present state into a share, and lets it go on there. Where the co-op
	// has agreed that this takes an agreed step, and there is none yet, it proposes that instead.
	ShareDocument(ctx context.Context, share string, q api.ShareAdd) (api.ShareResult, error)
	// Asks gives what was asked in all shares of the co-op, the newest first.
	Asks(ctx context.Context) ([]api.Ask, error)
	AskAlly(ctx context.Context, q api.AskRequest) (api.Ask, error)
	// AnswerAsk shares what the answer names, unless it is shared, and answers.
	AnswerAsk(ctx context.Context, id string, q api.AnswerRequest) (api.Ask, error)
	WithdrawAsk(ctx context.Context, id, why string) (api.Ask, error)
	// Carry carries the documents of another co-op of this home into this one, which was founded from it.
	Carry(ctx context.Context, q api.CarryRequest) (api.Carried, error)
}

// maxAnswered bounds how many documents one answer names.
const maxAnswered = 20

func (s *Server) shares(r *http.Request) ([]api.Share, error) { return s.at.Shares.Shares(r.Context()) }

func (s *Server) share(r *http.Request) (api.Share, error) {
	return s.at.Shares.ShowShare(r.Context(), r.PathValue("share"))
}

func (s *Server) previewSharing(r *http.Request, q api.ShareAdd) (api.SharePreview, error) {
	if err := s.wholeID(r, &q); err != nil {
		return api.SharePreview{}, err
	}
	return s.at.Shares.PreviewSharing(r.Context(), r.PathValue("share"), q)
}

func (s *Server) shareDocument(r *http.Request, q api.ShareAdd) (api.ShareResult, error) {
	if err := s.wholeID(r, &q); err != nil {
		return api.ShareResult{}, err
	}
	return s.at.Shares.ShareDocument(r.Context(), r.PathValue("share"), q)
}

func (s *Server) wholeID(r *http.Request, q *api.ShareAdd) error {
	word := q.ID
	d, err := s.resolve(r.Context(), "", word)
	q.ID = d.ID
	if p, ok := problem.Of(err); ok && p.Code == api.NotFound {
		return cmp.Or(s.sharedByAlly(r.Context(), word), err)
	}
	return err
}

// sharedByAlly refuses to share what an ally shared, which has no place at home; nil: nothing in a share is meant by the word.
func (s *Server) sharedByAlly(ctx context.Context, word string) error {
	named, start, ok := api.SplitID(word)
	for _, b := range s.spaces.Spaces() {
		share, is := b.Peers.Share()
		if !is || !ok || named == "" {
			continue
		}
		if found, err := b.Documents.Find(ctx, named, start, 1); err == nil && len(found) > 0 {
			return api.Problemf(api.NotAllowed, "what can be done with it: kith "+named+" show "+found[0].Short, "%s is in what you share with %s, who shared it, and can't go into a share once more", found[0].Short, share.Ally)
		}
	}
	return nil
}

func (s *Server) asks(r *http.Request) ([]api.Ask, error) { return s.at.Shares.Asks(r.Context()) }

func (s *Server) ask(r *http.Request) (api.Ask, error) {
	return s.resolveAsk(r.Context(), r.PathValue("id"))
}

func (s *Server) createAsk(r *http.Request, q api.AskRequest) (api.Ask, error) {
	if err := checkTitle(&q.Title); err != nil {
		return api.Ask{}, err
	}
	if err := checkText(&q.Text); err != nil {
		return api.Ask{}, err
	}
	return s.at.Shares.AskAlly(r.Context(), q)
}

func (s *Server) answerAsk(r *http.Request, q api.AnswerRequest) (api.Ask, error) {
	a, err := s.resolveAsk(r.Context(), r.PathValue("id"))
	if err != nil {
		return a, err
	}
	switch {
	case q.No && len(q.IDs) > 0:
		err = api.Problemf(api.Invalid, "kith ally answer --help", "an answer shares something, or refuses")
	case q.No:
		err = needWhy("a refusal", &q.Why)
	case len(q.IDs) == 0 && q.Why == "":
		err = api.Problemf(api.Invalid, "kith ally answer ID --say TEXT, or with --share ID, or --no WHY", "say what to share, answer in words, or refuse")
	case len(q.IDs) > maxAnswered:
		err = api.Problemf(api.Limit, "answer in two steps", "an answer names at most %d documents, this one %d", maxAnswered, len(q.IDs))
	default:
		err = checkWhy(&q.Why)
	}
	if err != nil {
		return a, err
	}
	for i, word := range q.IDs {
		d, err := s.resolve(r.Context(), "", word)
		if p := (*api.Problem)(nil); errors.As(err, &p) && p.Code == api.NotFound { // it may be in the share
			if there := s.spaceWithID(a.Share.ID); there != nil {
				d, err = there.resolve(r.Context(), "", word)
			}
		}
		if err != nil {
			return a, err
		}
		q.IDs[i] = d.ID
	}
	q.IDs = unique(q.IDs)
	return s.at.Shares.AnswerAsk(r.Context(), a.ID, q)
}

func (s *Server) withdrawAsk(r *http.Request, w api.WhyRequest) (api.Ask, error) {
	a, err := s.resolveAsk(r.Context(), r.PathValue("id"))
	if err != nil {
		return a, err
	}
	if err := needWhy("withdrawing what you asked", &w.Why); err != nil {
		return a, err
	}
	return s.at.Shares.WithdrawAsk(r.Context(), a.ID, w.Why)
}

// resolveAsk finds the one thing asked that a word names: its ID or a start of it.
func (s *Server) resolveAsk(ctx context.Context, word string) (api.Ask, error) {
	all, err := s.at.Shares.Asks(ctx)
	if err != nil {
		return api.Ask{}, err
	}
	kind, start, ok := api.SplitID(word)
	found := slices.DeleteFunc(all, func(a api.Ask) bool { return !ok || !strings.HasPrefix(a.ID, api.FullID(kinds.Ask.Name, start)) })
	switch {
	case kind != "" && kind != kinds.Ask.Name:
		return api.Ask{}, api.Problemf(api.NotFound, "kith ally asks", "%s is the ID of a %s; what an ally asked is wanted here", api.Brief(word), kind)
	case len(found) == 0:
		return api.Ask{}, api.Problemf(api.NotFound, "kith ally asks", "nothing that was asked has an ID that starts with “%s”", api.Brief(word))
	case len(found) == 1:
		return found[0], nil
	}
	p := api.Problemf(api.Ambiguous, "type more of the ID", "“%s” is the start of more than one ID", api.Brief(word))
	return api.Ask{}, api.WithCandidates(p, found, func(a api.Ask) api.Candidate { return api.Candidate{ID: a.ID, Short: a.Short, Title: a.Title} })
}

// inShare gives the server of the share in which a document goes on; s if it doesn't, or that isn't here.
func (s *Server) inShare(d api.Document) *Server {
	if d.Shared == nil || !d.Shared.Here || d.Shared.Copy {
		return s
	}
	if there := s.spaceWithID(d.Shared.Share.ID); there != nil {
		return there
	}
	return s
}

// spaceWithID gives the server of one space; nil if it isn't served here.
func (s *Server) spaceWithID(id string) *Server {
	for _, b := range s.spaces.Spaces() {
		if b.Peers.Space().ID == id {
			return s.of(b)
		}
	}
	return nil
}

// meThere replaces one's own ID by the one that one has in a share, in place: a document that goes on there
// names one as at home.
func (s *Server) meThere(ctx context.Context, there *Server, words []string) {
	here, err := s.me(ctx)
	me, errThere := there.me(ctx)
	if err != nil || errThere != nil {
		return // then it is nobody's
	}
	for i := range words {
		if words[i] == here {
			words[i] = me
		}
	}
}

// once leaves out of an answer about several spaces what stands in it twice: as a document of a share, and as
// one of a co-op that goes on there.
func once[T any](list []T, of func(T) (id string, shared *api.Shared)) []T {
	shown := map[string]bool{}
	for _, t := range list {
		if id, s := of(t); s != nil && s.Here && !s.Copy && s.ID != id {
			shown[s.Share.ID+" "+s.ID] = true
		}
	}
	return slices.DeleteFunc(list, func(t T) bool {
		id, s := of(t)
		return s != nil && s.ID == id && shown[s.Share.ID+" "+id]
	})
}

func (s *Server) carry(r *http.Request, q api.CarryRequest) (api.Carried, error) {
	return s.at.Shares.Carry(r.Context(), q)
}
