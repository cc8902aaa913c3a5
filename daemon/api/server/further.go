package server

import (
	"net/http"

	"kith/daemon/api"
)

func (s *Server) newShare(r *http.Request) (any, error) {
	var q api.NewShareRequest
	err := firstError(
		func() error { return decode(r, &q) },
		func() (err error) {
			if q.Title, err = line("title", q.Title, api.MaxTitle); err == nil && q.Title == "" {
				err = api.Problemf(api.Invalid, `kith share new Quilted "The winter fair"`, "a share needs a title, which says what it is for")
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
	var q api.JoinShareRequest
	err := firstError(func() error { return decode(r, &q) }, func() error { return checkSelf(&q.As, nil) })
	if err != nil {
		return nil, err
	}
	ctx, cancel := asLongAsAsked(r)
	defer cancel()
	return s.backend.JoinShare(ctx, q)
}
