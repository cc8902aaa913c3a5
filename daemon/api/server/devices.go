package server

import (
	"context"
	"net/http"
	"time"

	"kith/daemon/api"
)

// maxDeviceCode bounds how long a code for a new device is good, in seconds.
const maxDeviceCode = 24 * 3600

func (s *Server) devices(r *http.Request) ([]api.Device, error) {
	return s.at.Entrance.Devices(r.Context())
}

func (s *Server) addDevice(r *http.Request, q api.DeviceCodeRequest) (api.DeviceCode, error) {
	if q.ExpiresIn < 0 || q.ExpiresIn > maxDeviceCode {
		return api.DeviceCode{}, api.Problemf(api.Invalid, "kith device add --expires 15m", "a code for a new device holds for 1 second to 24 hours")
	}
	return s.at.Entrance.AddDevice(r.Context(), q)
}

func (s *Server) pairing(r *http.Request) (api.Pairing, error) {
	return s.at.Entrance.Pairing(r.Context())
}

func (s *Server) confirmDevice(r *http.Request, q api.WordsRequest) (api.Device, error) {
	return s.at.Entrance.ConfirmDevice(r.Context(), q.Words)
}

func (s *Server) declineDevice(r *http.Request, _ nothing) (api.Pairing, error) {
	return s.at.Entrance.DeclineDevice(r.Context())
}

func (s *Server) retireDevice(r *http.Request, q api.RetireRequest) (api.Device, error) {
	d, err := s.resolveDevice(r.Context(), r.PathValue("id"))
	if err != nil {
		return api.Device{}, err
	}
	if q.Consents != "" {
		next, err := s.resolveDevice(r.Context(), q.Consents)
		if err != nil {
			return api.Device{}, err
		}
		q.Consents = next.ID
	}
	return s.at.Entrance.RetireDevice(r.Context(), d.ID, q)
}

func (s *Server) moveConsents(r *http.Request, _ nothing) (api.Device, error) {
	d, err := s.resolveDevice(r.Context(), r.PathValue("id"))
	if err != nil {
		return api.Device{}, err
	}
	return s.at.Entrance.MoveConsents(r.Context(), d.ID)
}

func (s *Server) renameDevice(r *http.Request, q api.RenameRequest) (api.Device, error) {
	d, err := s.resolveDevice(r.Context(), r.PathValue("id"))
	if err != nil {
		return api.Device{}, err
	}
	name, err := newName(q)
	if err != nil {
		return api.Device{}, err
	}
	return s.at.Names.RenameDevice(r.Context(), d.ID, name)
}

func (s *Server) wayBack(r *http.Request, _ nothing) (api.WayBack, error) {
	m, err := s.resolveMember(r.Context(), r.PathValue("id"))
	if err != nil {
		return api.WayBack{}, err
	}
	return s.at.Entrance.WayBack(r.Context(), m.ID)
}

// resolveDevice finds the one device of this member that word names: by name, those in use first,
// or by a start of its key; "this" is the one that answers unless one is called so.
func (s *Server) resolveDevice(ctx context.Context, word string) (api.Device, error) {
	all, err := s.at.Entrance.Devices(ctx)
	if err != nil {
		return api.Device{}, err
	}
	return api.ResolveDevice(all, word)
}

// joinDevice becomes another device of a member. The words to compare are a line of the answer, and how it ended is the last.
func (s *Server) joinDevice(w http.ResponseWriter, r *http.Request) {
	var q api.DeviceJoinRequest
	err := decode(r, &q)
	tell, begun := s.lineByLine(w)
	ctx, cancel := asLongAsAsked(r)
	defer cancel()
	var res api.DeviceJoined
	if err == nil {
		res, err = s.spaces.JoinDevice(ctx, q, func(words api.Compare) { tell(api.DeviceJoinLine{Compare: &words}) })
	}
	switch {
	case err != nil && !begun():
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout)) // it may have taken long
		s.refuse(w, r, err)
	case err != nil:
		tell(api.DeviceJoinLine{Error: s.problem(r, err)})
	default:
		tell(api.DeviceJoinLine{Result: &res})
	}
}
