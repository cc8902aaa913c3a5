package server

import (
	"context"
	"net/http"

	"kith/daemon/api"
)

// Agreements is what those of a space say together.
type Agreements interface {
	// Figures gives what the agreements that hold now say in numbers.
	Figures(ctx context.Context) ([]api.Figure, error)
}

func (s *Server) figures(r *http.Request) ([]api.Figure, error) {
	return s.at.Agreements.Figures(r.Context())
}
