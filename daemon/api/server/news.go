package server

import (
	"context"
	"net/http"

	"kith/daemon/api"
)

// News is what the member of this device was told here of things that are no documents. Nobody else is told.
type News interface {
	// ToldOf gives how a thing stood when they were told of it; "" if they weren't.
	ToldOf(ctx context.Context, thing string) (stood string, err error)
	// NoteTold keeps that they were told how it stands.
	NoteTold(ctx context.Context, thing, stood string) error
}

// noteTold keeps in each space that is meant what somebody was told: it is looked for in any of them.
func (s *Server) noteTold(r *http.Request, q api.ToldRequest) (nothing, error) {
	if len(q.Things) > api.MaxTold {
		return nothing{}, api.Problemf(api.Limit, "say it in several requests", "one request has %d things at most, and not %d", api.MaxTold, len(q.Things))
	}
	for _, t := range q.Things {
		if t.Of == "" || t.Stood == "" || len(t.Of) > api.MaxToldWord || len(t.Stood) > api.MaxToldWord {
			return nothing{}, api.Problemf(api.Invalid, "say what it is, and how it stood", "a thing that somebody was told of has two words of at most %d bytes", api.MaxToldWord)
		}
		for _, b := range s.among {
			if !b.isFounded() {
				continue
			}
			if err := b.News.NoteTold(r.Context(), t.Of, t.Stood); err != nil {
				return nothing{}, err
			}
		}
	}
	return nothing{}, nil
}

// isNews says whether somebody wasn't told yet how a thing stands.
func (s *Server) isNews(ctx context.Context, t api.Told) (bool, error) {
	for _, b := range s.among {
		if !b.isFounded() {
			continue
		}
		stood, err := b.News.ToldOf(ctx, t.Of)
		if err != nil || stood == t.Stood {
			return false, err
		}
	}
	return true, nil
}
