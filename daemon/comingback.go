package daemon

import (
	"context"
	"errors"
	"io"

	"kith/daemon/api"
	"kith/daemon/api/server"
	"kith/daemon/backup"
	"kith/daemon/entrance"
	"kith/daemon/home"
	"kith/daemon/replica"
)

var _ server.Ways = (*served)(nil)

// emptyPlace takes a place in which nothing is yet. It isn't held: who begins a space there looks again.
func (s *served) emptyPlace(another bool, take func() (*home.Home, error)) (place *home.Home, err error) {
	err = s.all.Alone(func() error {
		if err := s.roomFor(another); err != nil {
			return err
		}
		place, err = take()
		return err
	})
	return place, err
}

// begin serves a space that came to be in a place which was empty.
func (s *served) begin(place *home.Home, make func() (*replica.Replica, error)) error {
	_, err := s.all.Begin(place, func(*home.Home) (*replica.Replica, error) {
		if place.InUse() {
			return nil, s.home.Taken()
		}
		return make()
	})
	return err
}

// errChoose ends a return of which devices are to be chosen about.
var errChoose = errors.New("devices are to be chosen about")

// Recover implements server.Ways.
func (s *served) Recover(ctx context.Context, q api.RecoverRequest) (out api.RecoverAnswer, err error) {
	place, err := s.emptyPlace(q.Another, s.home.NewPlace)
	if err != nil {
		return out, err
	}
	back, err := entrance.ComeBack(ctx, place, entrance.RecoverOptions{
		Via: q.Via, Phrase: q.Phrase, Name: q.Name, Log: s.log,
		Choose: func(member string, devices []api.Device) (api.RecoverChoice, error) {
			if len(devices) > 0 && !q.Chosen {
				out.Member, out.Devices = member, devices
				return api.RecoverChoice{}, errChoose
			}
			return api.RecoverChoice{Keep: q.Keep, NotMine: q.NotMine}, nil
		},
	})
	if errors.Is(err, errChoose) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	err = s.begin(place, func() (r *replica.Replica, err error) {
		r, res, err := back.Replica()
		out.Member, out.Result = res.Member.Name, &res
		return r, err
	})
	return out, err
}

// NewPhrase implements server.Ways.
func (s *served) NewPhrase(_ context.Context, q api.NewPhraseRequest) (res api.NewPhrase, err error) {
	place, err := s.emptyPlace(q.Another, s.home.NewPlace)
	if err != nil {
		return res, err
	}
	return entrance.NewPhraseIn(place, entrance.NewPhraseOptions{Via: q.Via, Name: q.Name})
}

// maxBackup bounds a backup that a daemon takes in, in bytes.
const maxBackup = 16 << 30

// Restore implements server.Ways.
func (s *served) Restore(ctx context.Context, in io.Reader, passphrase string, progress func(api.RestoreProgress)) (res api.Restored, err error) {
	file, err := s.home.Spool(in, maxBackup)
	if err != nil {
		return res, err
	}
	defer file.Close()
	sound, err := backup.Read(ctx, file, backup.RestoreOptions{
		Home: s.home.Where(), Passphrase: func() (string, error) { return passphrase, nil },
		Progress: func(doing string, done, of int64) { progress(api.RestoreProgress{Doing: doing, Done: done, Of: of}) },
	})
	if err != nil {
		return res, err
	}
	if s.all.Of(sound.Space()) != nil {
		return res, api.Problemf(api.NotAllowed, "on a computer that is in no co-op yet, or in another home: KITH_HOME=/another/folder kith restore FILE", "the co-op of this backup is on this computer already")
	}
	if sound.Protected() { // a daemon that runs has nobody to ask, and wouldn't start with it again
		return res, api.Problemf(api.NotAllowed, "end the daemon, and in a terminal: kith restore FILE", "the device's key in this backup has a passphrase of its own (kith protect), which a daemon asks for when it starts")
	}
	place, err := s.emptyPlace(true, s.home.NewPlaceForKey)
	if err != nil {
		return res, err
	}
	err = s.begin(place, func() (*replica.Replica, error) {
		if res, err = sound.In(ctx, place); err != nil {
			return nil, err
		}
		return s.all.OpenReplica(place)
	})
	return res, err
}
