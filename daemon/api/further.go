package api

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// NewShareRequest opens a further share with an ally.
type NewShareRequest struct {
	Ally     string   `json:"ally"`
	Title    string   `json:"title"`
	As       string   `json:"as,omitempty"` // "": as in the share that there is
	Listen   []string `json:"listen,omitempty"`
	Announce []string `json:"announce,omitempty"`
}

// JoinShareRequest joins a further share that an ally has opened.
type JoinShareRequest struct {
	Ask      string   `json:"ask"` // the ID of the request that says so, or a start of it
	As       string   `json:"as,omitempty"`
	Listen   []string `json:"listen,omitempty"`
	Announce []string `json:"announce,omitempty"`
}

// IsStart says whether a word that somebody typed is an ID, or the start of one, with its letter or without.
func IsStart(word, id string) bool {
	kind, start, ok := idStart(word)
	letter, rest, _ := strings.Cut(id, "-")
	return ok && (kind == "" || letters[kind] == letter+"-") && strings.HasPrefix(rest, start)
}

func (s *Server) newShare(r *http.Request) (any, error) {
	var q NewShareRequest
	err := firstError(
		func() error { return decode(r, &q) },
		func() (err error) {
			if q.Title, err = line("title", q.Title, MaxTitle); err == nil && q.Title == "" {
				err = Problemf(Invalid, `kith share new Quilted "The winter fair"`, "a share needs a title, which says what it is for")
			}
			return err
		},
		func() error { return checkSelf(&q.As, nil) },
	)
	if err != nil {
		return nil, err
	}
	return s.backend.NewShare(r.Context(), q)
}

func (s *Server) joinShare(r *http.Request) (any, error) {
	var q JoinShareRequest
	err := firstError(func() error { return decode(r, &q) }, func() error { return checkSelf(&q.As, nil) })
	if err != nil {
		return nil, err
	}
	ctx, cancel := asLongAsAsked(r)
	defer cancel()
	return s.backend.JoinShare(ctx, q)
}

// NewShare opens a further share with an ally.
func (c *Client) NewShare(ctx context.Context, q NewShareRequest) (Ally, error) {
	return call[Ally](ctx, c, "POST", "further", nil, q)
}

// JoinShare joins a further share that an ally has opened, and waits for them at most so long.
func (c *Client) JoinShare(ctx context.Context, q JoinShareRequest, wait time.Duration) (Ally, error) {
	return call[Ally](ctx, c, "POST", "further/join", waiting(wait), q)
}
