package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"kith/daemon/api"
)

// maxAnswered bounds how many documents one answer names.
const maxAnswered = 20

func (s *Server) shares(r *http.Request) (any, error) { return s.backend.Shares(r.Context()) }

func (s *Server) share(r *http.Request) (any, error) {
	return s.backend.ShowShare(r.Context(), r.PathValue("share"))
}

func (s *Server) previewSharing(r *http.Request) (any, error) {
	q, err := s.shareAdd(r)
	if err != nil {
		return nil, err
	}
	return s.backend.PreviewSharing(r.Context(), r.PathValue("share"), q)
}

func (s *Server) shareDocument(r *http.Request) (any, error) {
	q, err := s.shareAdd(r)
	if err != nil {
		return nil, err
	}
	return s.backend.ShareDocument(r.Context(), r.PathValue("share"), q)
}

func (s *Server) shareAdd(r *http.Request) (api.ShareAdd, error) {
	var q api.ShareAdd
	if err := decode(r, &q); err != nil {
		return q, err
	}
	d, err := s.resolve(r.Context(), "", q.ID)
	q.ID = d.ID
	return q, err
}

func (s *Server) asks(r *http.Request) (any, error) { return s.backend.Asks(r.Context()) }

func (s *Server) ask(r *http.Request) (any, error) {
	a, err := s.resolveAsk(r.Context(), r.PathValue("id"))
	return a, err
}

func (s *Server) createAsk(r *http.Request) (any, error) {
	var q api.AskRequest
	err := firstError(
		func() error { return decode(r, &q) },
		func() error { return checkTitle(&q.Title) },
		func() error { return checkText(&q.Text) },
	)
	if err != nil {
		return nil, err
	}
	return s.backend.AskAlly(r.Context(), q)
}

func (s *Server) answerAsk(r *http.Request) (any, error) {
	var q api.AnswerRequest
	a, err := s.resolveAsk(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	err = firstError(func() error { return decode(r, &q) }, func() error {
		switch {
		case q.No && len(q.IDs) > 0:
			return api.Problemf(api.Invalid, "kith ally answer --help", "an answer shares something, or refuses")
		case q.No:
			return needWhy("a refusal", &q.Why)
		case len(q.IDs) == 0 && q.Why == "":
			return api.Problemf(api.Invalid, "kith ally answer ID --share ID, --say TEXT, or --no WHY", "say what to share, answer in words, or refuse")
		case len(q.IDs) > maxAnswered:
			return api.Problemf(api.Limit, "answer in two steps", "an answer names at most %d documents, this one %d", maxAnswered, len(q.IDs))
		}
		return checkWhy(&q.Why)
	})
	if err != nil {
		return nil, err
	}
	for i, word := range q.IDs {
		d, err := s.resolve(r.Context(), "", word)
		if p := (*api.Problem)(nil); errors.As(err, &p) && p.Code == api.NotFound { // it may be in the share
			if there := s.spaceWithID(a.Share.ID); there != nil {
				d, err = there.resolve(r.Context(), "", word)
			}
		}
		if err != nil {
			return nil, err
		}
		q.IDs[i] = d.ID
	}
	q.IDs = unique(q.IDs)
	return s.backend.AnswerAsk(r.Context(), a.ID, q)
}

func (s *Server) withdrawAsk(r *http.Request) (any, error) {
	a, err := s.resolveAsk(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	var w api.WhyRequest
	err = firstError(func() error { return decode(r, &w) }, func() error { return needWhy("withdrawing what you asked", &w.Why) })
	if err != nil {
		return nil, err
	}
	return s.backend.WithdrawAsk(r.Context(), a.ID, w.Why)
}

// resolveAsk finds the one thing asked that a word names: its ID or a start of it.
func (s *Server) resolveAsk(ctx context.Context, word string) (api.Ask, error) {
	all, err := s.backend.Asks(ctx)
	if err != nil {
		return api.Ask{}, err
	}
	kind, start, ok := api.SplitID(word)
	found := slices.DeleteFunc(all, func(a api.Ask) bool { return !ok || !strings.HasPrefix(a.ID, api.Letters[api.KindAsk]+start) })
	switch {
	case kind != "" && kind != api.KindAsk:
		return api.Ask{}, api.Problemf(api.NotFound, "kith ally asks", "%s is the ID of a %s; what an ally asked is wanted here", api.Brief(word), kind)
	case len(found) == 0:
		return api.Ask{}, api.Problemf(api.NotFound, "kith ally asks", "nothing that was asked has an ID that starts with “%s”", api.Brief(word))
	case len(found) == 1:
		return found[0], nil
	}
	p := api.Problemf(api.Ambiguous, "type more of the ID", "“%s” is the start of more than one ID", api.Brief(word))
	for _, a := range found[:min(len(found), api.MaxCandidates)] {
		p.Candidates = append(p.Candidates, api.Candidate{ID: a.ID, Short: a.Short, Title: a.Title})
	}
	return api.Ask{}, p
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
		if b.Space().ID == id {
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
