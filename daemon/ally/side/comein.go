package side

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	ma "github.com/multiformats/go-multiaddr"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
	"kith/daemon/api"
	"kith/daemon/home"
	"kith/daemon/knock"
	"kith/daemon/peer"
	"kith/daemon/replica"
	"kith/daemon/space"
	"kith/daemon/words"
)

// comingIn is a share that this computer isn't in yet: it has a place and a seat at home, and asks those of
// its own side for what is in the share until they have let it in.
type comingIn struct {
	place    *home.Home
	of       home.SharePlace
	key      entry.Signer
	storeKey []byte
	said     map[charter.MemberID]string // the seats when it last began to knock anew; of the follower alone

	mu    sync.Mutex
	busy  bool
	tries int
	next  time.Time
	done  bool // it is served, or never will be
	why   string
}

const (
	firstKnock = time.Second
	lastKnock  = time.Minute
)

// comeIn makes the place in which a share of a home will lie.
func (f *Follower) comeIn(of home.SharePlace) (w *comingIn, err error) {
	err = f.all.Alone(func() error {
		places, err := f.all.Home.Waiting()
		for _, place := range places { // it couldn't be opened before: another one each time would fill the home
			if kept, bad := place.SharePlace(); bad == nil && *kept == of {
				w, err = f.openShare(place, of)
				return err
			}
		}
		if err != nil {
			return err
		}
		place, err := f.all.Home.NewPlaceOfShare()
		if err != nil {
			return err
		}
		if err := place.SetSharePlace(of); err != nil {
			return err
		}
		w, err = f.openShare(place, of)
		return err
	})
	return w, err
}

// openShare opens the place of a share that isn't here yet: also one that a crash left unfinished.
func (f *Follower) openShare(place *home.Home, of home.SharePlace) (*comingIn, error) {
	config, err := place.Config()
	if err != nil {
		return nil, err
	}
	if config.DeviceName == "" {
		config.DeviceName = home.SharedDevice
		if err := place.SetConfig(config); err != nil {
			return nil, err
		}
	}
	if _, err := f.all.Home.Beside(place, nil, nil); err != nil {
		return nil, err
	}
	key, err := place.DeviceKey()
	if err != nil {
		return nil, err
	}
	w := &comingIn{place: place, of: of, key: key}
	if w.storeKey, err = place.NewStoreKey(); err == nil && w.storeKey == nil {
		if err = place.ProtectLike(f.all.Home); err == nil {
			w.storeKey, err = place.NewStoreKey()
		}
	}
	return w, err
}

// due says whether it is time to knock, and if so that somebody does.
func (w *comingIn) due(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy || w.done || now.Before(w.next) {
		return false
	}
	w.busy = true
	return true
}

// soon lets it knock again at once: something has changed at home.
func (w *comingIn) soon() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tries, w.next = 0, time.Time{}
}

func (w *comingIn) tried(now time.Time, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy = false
	pause := min(firstKnock<<min(w.tries, 10), lastKnock)
	w.tries++
	w.next = now.Add(pause)
	if err != nil {
		w.why = err.Error()
	}
}

// trouble says why it isn't in yet, as far as is known.
func (w *comingIn) trouble() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.why
}

// shareAt is where those answer who are in a share: all that their seats say, but for one's own device.
func shareAt(seats map[charter.MemberID]*share.Seat, self entry.Device) (all []string) {
	for _, seat := range seats {
		for i := range seat.Devices {
			d := &seat.Devices[i]
			id, err := peer.Identity(d.New.Key)
			if err != nil || d.New.Key == self {
				continue
			}
			for _, b := range d.Addresses {
				if a, err := ma.NewMultiaddrBytes(b); err == nil {
					all = append(all, a.String()+"/p2p/"+id)
				}
			}
		}
	}
	return all
}

var (
	errNotYet     = errors.New("the others of your co-op have to be online once so that you come in")
	errOtherShare = errors.New("what answers there isn't the share that your co-op agreed on")
)

// knockAt asks those of the own side once. It is nil if the share is here now.
func (f *Follower) knockAt(ctx context.Context, w *comingIn, of *shareOfHome) error {
	at := shareAt(of.seats, w.key.Device())
	if len(at) == 0 {
		return errNotYet
	}
	k := &knock.Knock{Key: knockKey(w.key), At: at, Space: of.side[:]}
	welcome, err := k.AskFor(ctx, []byte{knock.RequestHello}, func(w knock.Welcome) error { return f.agreed(w, of) })
	var unknown *peer.UnknownCodeError
	switch {
	case errors.As(err, &unknown):
		return errNotYet
	case err != nil:
		return err
	}
	_, err = f.all.Begin(w.place, func(place *home.Home) (*replica.Replica, error) {
		c, err := f.all.ReplicaConfig(place)
		if err != nil {
			return nil, err
		}
		c.StoreKey = w.storeKey
		r, err := welcome.Replica(c, [8]byte{})
		if errors.Is(err, replica.ErrHasSpace) { // it was made before, and couldn't be served
			r, err = replica.Open(c)
		}
		if err == nil && k.Joined.Record != nil {
			if err = space.Addresses(r).Save(k.Joined.Answerer, k.Joined.Record); err != nil {
				return nil, errors.Join(err, r.Close())
			}
		}
		return r, err
	})
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.done = true
	w.mu.Unlock()
	return nil
}

// agreed says whether a welcome is to a share that the home agreed on: whoever made up another one isn't
// followed there. The first share of a pact is as the step says, in a document of who proposed it. A further one is
// known from a share with that ally which is here: see vouched.
func (f *Follower) agreed(w knock.Welcome, of *shareOfHome) error {
	found := share.Fold(w.Space, w.Statements, [2]charter.StepID{})
	if state, _ := found.State(entry.ID(w.Space)); state != charter.Accepted || w.Space != of.space {
		return errOtherShare
	}
	for i := range 2 {
		if found.Side(i).Space() != of.side {
			continue
		}
		other := found.Side(1 - i)
		switch {
		case other.Name() == of.word.Ally && found.Pact().Terms == of.word.Terms && of.first:
			return nil
		case other.Name() == of.word.Ally && f.vouched(of, other.Space()):
			return nil
		}
		return fmt.Errorf("%w: it is with %s, for %q", errOtherShare, other.Name(), found.Pact().Purpose)
	}
	return errOtherShare
}

// joining is a share of a home that this computer is on its way into.
type joining struct {
	home  entry.SpaceID
	share entry.SpaceID
	word  share.Word // what the home agreed on
	why   string     // it isn't in yet
}

// Joining gives the shares of a co-op that this computer is on its way into, as pacts.
func (f *Follower) Joining(home entry.SpaceID) (pacts []api.Ally) {
	if all := f.joining.Load(); all != nil {
		for _, j := range *all {
			if j.home == home {
				pacts = append(pacts, j.pact())
			}
		}
	}
	return pacts
}

// pact shows it among the pacts.
func (j *joining) pact() api.Ally {
	t := j.word.Terms
	why := j.why
	if why == "" {
		why = errNotYet.Error()
	}
	return api.Ally{
		ID: words.PactID(j.share), Name: j.word.Ally, State: api.AllyJoining, Purpose: t.Purpose, EndsAt: api.At(words.Moment(t.Ends)), Voices: t.Voices.String(),
		Says: []string{"Your co-op has made this pact. This computer comes into the share by itself, and isn't in it yet: " + why + "."},
	}
}
