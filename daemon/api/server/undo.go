package server

import (
	"errors"
	"net/http"

	"kith/daemon/api"
)

// undo takes back what this device did last, in whichever of the spaces that are meant that was.
func (s *Server) undo(r *http.Request, _ nothing) (api.Undone, error) {
	var last api.LastDeed
	var at Space
	var none error
	for _, b := range s.among {
		if !b.isFounded() {
			continue
		}
		d, err := b.Versions.LastDeed(r.Context())
		var p *api.Problem
		switch {
		case errors.As(err, &p) && p.Code == api.Nothing:
			none = err
			continue
		case err != nil:
			return api.Undone{}, err
		}
		if d.Of == last.Of {
			return api.Undone{}, api.Problemf(api.NotAllowed, "what was shared, and how it comes back: kith share list",
				"what this computer did last was done in %s and in %s at once, and isn't taken back", at.Peers.Space().Name, b.Peers.Space().Name)
		}
		if at.Versions == nil || d.At.After(last.At.Time) {
			last, at = d, b
		}
	}
	if at.Versions == nil {
		return api.Undone{}, none
	}
	done, err := at.Versions.Undo(r.Context(), last.Of)
	if err != nil {
		return api.Undone{}, err
	}
	if len(s.among) > 1 {
		space := at.Peers.Space()
		done.Space = &space
	}
	return api.Undone{Undone: done, Changed: true}, nil
}
