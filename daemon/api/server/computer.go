package server

import (
	"context"
	"net/http"

	"kith/daemon/api"
)

// Computer is the one that a daemon runs on.
type Computer interface {
	Computer(ctx context.Context) (api.Computer, error)
	// StartAtLogin has the system start the daemon whenever its person logs in. The one that runs goes on.
	StartAtLogin(ctx context.Context) (api.Computer, error)
}

func (s *Server) computer(r *http.Request) (api.Computer, error) {
	return s.spaces.Computer().Computer(r.Context())
}

func (s *Server) startAtLogin(r *http.Request, _ nothing) (api.Computer, error) {
	return s.spaces.Computer().StartAtLogin(r.Context())
}
