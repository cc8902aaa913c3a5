package server

import (
	"context"
	"net/http"

	"kith/daemon/api"
)

// Porches are the small relays that a co-op uses, and how it stands with them on this device. A porch is named by its ID, the start
// of it, or its label.
type Porches interface {
	Porches(ctx context.Context) ([]api.Porch, error)
	// AddPorch adds one for all.
	AddPorch(ctx context.Context, q api.PorchRequest) (api.PorchAdded, error)
	// RemovePorch gives one up for all.
	RemovePorch(ctx context.Context, word string) (api.Porch, error)
	// FollowPorch has this device use one, before others; LeavePorch has it use that no more.
	FollowPorch(ctx context.Context, word string) (api.Porch, error)
	LeavePorch(ctx context.Context, word string) (api.Porch, error)
	// LendPorch puts one into the share with this ID, for the ally to add.
	LendPorch(ctx context.Context, share string, q api.PorchRequest) (api.Porch, error)
}

func (s *Server) porches(r *http.Request) ([]api.Porch, error) {
	return s.at.Porches.Porches(r.Context())
}

func (s *Server) addPorch(r *http.Request, q api.PorchRequest) (api.PorchAdded, error) {
	return s.at.Porches.AddPorch(r.Context(), q)
}

func (s *Server) removePorch(r *http.Request, q api.PorchNamed) (api.Porch, error) {
	return s.at.Porches.RemovePorch(r.Context(), q.Porch)
}

func (s *Server) followPorch(r *http.Request, q api.PorchNamed) (api.Porch, error) {
	return s.at.Porches.FollowPorch(r.Context(), q.Porch)
}

// lendPorch lends one to the ally that is named.
func (s *Server) lendPorch(r *http.Request, q api.PorchRequest) (api.Porch, error) {
	a, err := s.resolveAlly(r.Context(), r.PathValue("id"))
	if err != nil {
		return api.Porch{}, err
	}
	if a.Share == nil {
		return api.Porch{}, api.Problemf(api.NotAllowed, "kith ally show "+a.ID, "the pact isn't made yet")
	}
	return s.at.Porches.LendPorch(r.Context(), a.Share.ID, q)
}

func (s *Server) leavePorch(r *http.Request, q api.PorchNamed) (api.Porch, error) {
	return s.at.Porches.LeavePorch(r.Context(), q.Porch)
}
