package server

import (
	"net/http"

	"kith/daemon/api"
)

func (s *Server) newShare(r *http.Request, q api.NewShareRequest) (api.Ally, error) {
	title, err := line("title", q.Title, api.MaxTitle)
	switch {
	case err != nil:
		return api.Ally{}, err
	case title == "":
		return api.Ally{}, api.Problemf(api.Invalid, `kith share new Quilted "The winter fair"`, "a share needs a title, which says what it is for")
	}
	q.Title = title
	if err := checkSelf(&q.As, nil); err != nil {
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
