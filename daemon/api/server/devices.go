package server

import (
	"context"
	"net/http"

	"kith/daemon/api"
)

// maxDeviceCode bounds how long a code for a new device is good, in seconds.
const maxDeviceCode = 24 * 3600

func (s *Server) devices(r *http.Request) (any, error) { return s.backend.Devices(r.Context()) }

func (s *Server) addDevice(r *http.Request) (any, error) {
	var q api.DeviceCodeRequest
	if err := decode(r, &q); err != nil {
		return nil, err
	}
	if q.ExpiresIn < 0 || q.ExpiresIn > maxDeviceCode {
		return nil, api.Problemf(api.Invalid, "kith device add --expires 15m", "a code for a new device holds for 1 second to 24 hours")
	}
	return s.backend.AddDevice(r.Context(), q)
}

func (s *Server) pairing(r *http.Request) (any, error) { return s.backend.Pairing(r.Context()) }

func (s *Server) confirmDevice(r *http.Request) (any, error) {
	var q api.WordsRequest
	if err := decode(r, &q); err != nil {
		return nil, err
	}
	return s.backend.ConfirmDevice(r.Context(), q.Words)
}

func (s *Server) declineDevice(r *http.Request) (any, error) {
	if err := decode(r, &struct{}{}); err != nil {
		return nil, err
	}
	return s.backend.DeclineDevice(r.Context())
}

func (s *Server) retireDevice(r *http.Request) (any, error) {
	var q api.RetireRequest
	if err := decode(r, &q); err != nil {
		return nil, err
	}
	d, err := s.resolveDevice(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if q.Consents != "" {
		next, err := s.resolveDevice(r.Context(), q.Consents)
		if err != nil {
			return nil, err
		}
		q.Consents = next.ID
	}
	return s.backend.RetireDevice(r.Context(), d.ID, q)
}

func (s *Server) moveConsents(r *http.Request) (any, error) {
	if err := decode(r, &struct{}{}); err != nil {
		return nil, err
	}
	d, err := s.resolveDevice(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return s.backend.MoveConsents(r.Context(), d.ID)
}

func (s *Server) wayBack(r *http.Request) (any, error) {
	if err := decode(r, &struct{}{}); err != nil {
		return nil, err
	}
	m, err := s.resolveMember(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return s.backend.WayBack(r.Context(), m.ID)
}

// resolveDevice finds the one device of this member that word names: by name, those in use first,
// or by a start of its key; "this" is the one that answers unless one is called so.
func (s *Server) resolveDevice(ctx context.Context, word string) (api.Device, error) {
	all, err := s.backend.Devices(ctx)
	if err != nil {
		return api.Device{}, err
	}
	return api.ResolveDevice(all, word)
}
