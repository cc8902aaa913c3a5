package server

import (
	"context"
	"net/http"

	"kith/daemon/api"
)

// Drops are the folders that something else carries, in which daemons leave bundles for each other.
type Drops interface {
	Drops(ctx context.Context) ([]api.Drop, error)
	// AddDrop takes a folder, named from the root on, that is there.
	AddDrop(ctx context.Context, dir string) (api.DropChanged, error)
	// RemoveDrop gives one up; what lies in it stays.
	RemoveDrop(ctx context.Context, dir string) (api.DropChanged, error)
}

func (s *Server) drops(r *http.Request) ([]api.Drop, error) { return s.at.Drops.Drops(r.Context()) }

func (s *Server) addDrop(r *http.Request, q api.DropRequest) (api.DropChanged, error) {
	return s.at.Drops.AddDrop(r.Context(), q.Dir)
}

func (s *Server) removeDrop(r *http.Request, q api.DropRequest) (api.DropChanged, error) {
	return s.at.Drops.RemoveDrop(r.Context(), q.Dir)
}
