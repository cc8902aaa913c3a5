package server

import (
	"net/http"

	"kith/daemon/api"
)

func (s *Server) newShare(r *http.Request, q api.NewShareRequest) (api.Ally, error) {
	err := firstError(
		func() (err error) {
			if q.Title, err = line("title", q.Title, api.MaxTitle); err == nil && q.Title == "" {
				err = api.Problemf(api.Invalid, `kith share new Quilted "The winter fair"`, "a share needs a title, which says what it is for")
			}
			return err
		},
		func() error { return checkSelf(&q.As, nil) },
	)
	if err != nil {
		return api.Ally{}, err
	}
	return s.at.Allies.NewShare(r.Context(), q)
}

func (s *Server) joinShare(r *http.Request, q api.JoinShareRequest) (api.Ally, error) {
	if err := checkSelf(&q.As, nil); err != nil {
		return api.Ally{}, err
	}
	ctx, cancel := asLongAsAsked(r)
	defer cancel()
	return s.at.Allies.JoinShare(ctx, q)
}
