package daemon

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"kith/daemon/api"
	"kith/daemon/bundle"
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
		res, err := welcomedIn(ctx, place, file, log)
		if !errors.Is(err, bundle.ErrNotTo) {
			return res, err
		}
	}
	switch {
	case len(places) > 0:
		return res, api.Problemf(api.NotAllowed, "read it on the computer that wrote the request; or ask who sent it for the answer to yours", "this answer isn't to a request from here: it is closed for another computer")
	case own.InUse():
		return res, api.Problemf(api.NotFound, "how it stands: kith status; what is in a bundle comes in with kith bundle read FILE; to join another co-op: kith join CODE --write FILE --another", "no request to join waits here any more: %s belongs to a co-op, and an answer is read once", own.Where())
	}
	return res, api.Problemf(api.NotFound, "first kith join CODE --write FILE, and send them the file", "no request to join waits here for an answer")
}

// welcomedIn takes an answer in the place that asked.
func welcomedIn(ctx context.Context, place *home.Home, file io.ReadSeeker, log *slog.Logger) (res api.JoinResult, err error) {
	kept, err := place.Ask()
	if err != nil {
		return res, err
	}
	key, err := place.DeviceKey()
	if err != nil {
		return res, err
	}
	r, h, err := bundle.Begin(ctx, replica.Config{Dir: place.StoreDir(), Key: key, Log: log}, kept.Space, kept.Step, file)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if by, ok := peer.RecordOf(h.Record); ok {
		if err := space.Addresses(r).Save(by, h.Record); err != nil {
			return res, err
		}
	}
	told := knock.UsableRelays(h.Relays)
	if len(told) == 0 {
		told = kept.Relays
	}
	relays, err := place.KeepRelays(told)
	if err != nil {
		return res, err
	}
	res.Relays = []string{}
	for _, relay := range relays {
		res.Relays = append(res.Relays, peer.RelayAddress(relay))
	}
	res.Space, res.Member, res.Device = words.Self(r)
	res.Standing = words.StandingOf(r)
	return res, place.Answered()
}
