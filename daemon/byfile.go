package daemon

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/bundle"
	"kith/daemon/entrance"
	"kith/daemon/home"
	"kith/daemon/knock"
	"kith/daemon/peer"
	"kith/daemon/replica"
	"kith/daemon/space"
	"kith/daemon/words"
)

// ReadWelcome makes the replica of a home, or of a place in it, from the answer to a request that was written there
// (entrance.Ask). It needs no network, and no daemon.
func ReadWelcome(ctx context.Context, dir string, file io.ReadSeeker, log *slog.Logger) (res api.JoinResult, err error) {
	own, err := home.Open(dir)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, own.Close()) }()
	places, err := own.Asking()
	if err != nil {
		return res, err
	}
	for _, place := range places {
		key, err := place.DeviceKey()
		if err != nil {
			return res, err
		}
		r, res, err := welcomedIn(ctx, place, file, replica.Config{Dir: place.StoreDir(), Key: key, Log: log})
		if errors.Is(err, bundle.ErrNotTo) {
			continue
		}
		if err == nil {
			err = r.Close()
		}
		return res, err
	}
	return res, answersNothing(own, len(places))
}

// maxWelcome bounds an answer that a daemon reads, in bytes.
const maxWelcome = 4 << 30

// JoinAsk implements server.Ways.
func (s *served) JoinAsk(_ context.Context, q api.JoinRequest) (out api.JoinAsked, err error) {
	err = s.all.Alone(func() error {
		if err := s.roomFor(q.Another); err != nil {
			return err
		}
		out, err = entrance.AskIn(s.home, entrance.JoinOptions{
			Invite: q.Invite, As: q.As, Listen: q.Listen, Announce: q.Announce, Relays: q.Relays, PortMap: q.PortMap,
		}, s.twice)
		return err
	})
	return out, err
}

// twice says why nobody comes into a co-op here that is served already.
func (s *served) twice(id entry.SpaceID) error {
	if same := s.all.Of(id); same != nil {
		return entrance.AlreadyIn(same.Replica)
	}
	return nil
}

// JoinAsking implements server.Ways.
func (s *served) JoinAsking(context.Context) ([]api.JoinAsked, error) { return entrance.Asking(s.home) }

// JoinRead implements server.Ways. The file is read more than once, so it is kept meanwhile.
func (s *served) JoinRead(ctx context.Context, in io.Reader) (res api.JoinResult, err error) {
	file, err := s.home.Spool(in, maxWelcome)
	if err != nil {
		return res, err
	}
	defer file.Close()
	places, err := s.home.Asking()
	if err != nil {
		return res, err
	}
	for _, place := range places {
		if res, err = s.readHere(ctx, place, file); !errors.Is(err, bundle.ErrNotTo) {
			return res, err
		}
	}
	return res, answersNothing(s.home, len(places))
}

// readHere reads an answer in one place that asked.
func (s *served) readHere(ctx context.Context, place *home.Home, file io.ReadSeeker) (res api.JoinResult, err error) {
	kept, err := place.Ask()
	if err != nil {
		return res, err
	}
	if at := s.all.Of(kept.Space); at != nil { // an answer was read in part, before the daemon began
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return res, err
		}
		if _, err := bundle.Take(ctx, at.Replica, file, nil); err != nil {
			return res, err
		}
		return joinedIn(at.Replica), place.Answered()
	}
	_, err = s.all.Begin(place, func(*home.Home) (r *replica.Replica, err error) {
		c, err := s.all.ReplicaConfig(place)
		if err == nil {
			r, res, err = welcomedIn(ctx, place, file, c)
		}
		return r, err
	})
	return res, err
}

// answersNothing says why an answer is none to a request of a home, in which so many wait.
func answersNothing(own *home.Home, waiting int) error {
	switch {
	case waiting > 0:
		return api.Problemf(api.NotAllowed, "read it on the computer that wrote the request; or ask who sent it for the answer to yours", "this answer isn't to a request from here: it is closed for another computer")
	case own.InUse():
		return api.Problemf(api.NotFound, "how it stands: kith status; what is in a bundle comes in with kith bundle read FILE; to join another co-op: kith join CODE --write FILE --another", "no request to join waits here any more: %s belongs to a co-op, and an answer is read once", own.Where())
	}
	return api.Problemf(api.NotFound, "first kith join CODE --write FILE, and send them the file", "no request to join waits here for an answer")
}

// welcomedIn takes an answer in the place that asked, and gives its replica, which stays open.
func welcomedIn(ctx context.Context, place *home.Home, file io.ReadSeeker, c replica.Config) (r *replica.Replica, res api.JoinResult, err error) {
	kept, err := place.Ask()
	if err != nil {
		return nil, res, err
	}
	r, h, err := bundle.Begin(ctx, c, kept.Space, kept.Step, file)
	if err != nil {
		return nil, res, err
	}
	opened := r // a return with an error gives nil
	defer func() {
		if err != nil {
			err = errors.Join(err, opened.Close())
		}
	}()
	if by, ok := peer.RecordOf(h.Record); ok {
		if err := space.Addresses(r).Save(by, h.Record); err != nil {
			return nil, res, err
		}
	}
	told := knock.UsableRelays(h.Relays)
	if len(told) == 0 {
		told = kept.Relays
	}
	relays, err := place.KeepRelays(told)
	if err != nil {
		return nil, res, err
	}
	res = joinedIn(r)
	for _, relay := range relays {
		res.Relays = append(res.Relays, peer.RelayAddress(relay))
	}
	return r, res, place.Answered()
}

// joinedIn says who came in where.
func joinedIn(r *replica.Replica) (res api.JoinResult) {
	res.Relays = []string{}
	res.Space, res.Member, res.Device = words.Self(r)
	res.Standing = words.StandingOf(r)
	return res
}
