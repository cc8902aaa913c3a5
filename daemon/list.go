package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"kith/crdt/entry"
	"kith/daemon/home"
	"kith/daemon/peer"
	"kith/daemon/replica"
)

// spaceConfig is how the spaces of a home are served.
type spaceConfig struct {
	Log   *slog.Logger
	Now   func() time.Time // the clock
	Trial func() *exec.Cmd // see replica.Config

	NoMDNS bool
	// Listen, Announce and Relays are of the home itself; none: what it remembers. Where a further space listens is
	// its own affair.
	Listen, Announce, Relays []string

	// Doors gives who lets whom into a space that isn't in its charter: the first that has issued the key answers.
	// It is called once for each space, before that is in touch with anybody.
	Doors func(*space) ([]peer.Invites, error)
}

// spaces are the spaces that one daemon serves. Its methods are safe for concurrent use.
type spaces struct {
	home   *home.Home
	config spaceConfig

	mu   sync.Mutex // held while a place is taken, and while a space comes to be
	all  atomic.Pointer[[]*space]
	came chan *space // those that have begun since Run did; there is room for all
}

// newSpaces makes the list of a home, of which nothing is open yet but what is given.
func newSpaces(own *home.Home, c spaceConfig, opened ...*space) *spaces {
	l := &spaces{home: own, config: c, came: make(chan *space, home.MaxPlaces)}
	l.all.Store(&opened)
	return l
}

// Open opens every space that is in the home. Of one that can't be opened leave says whether the others are served
// all the same.
func (l *spaces) Open(leave func(place *home.Home, err error) bool) error {
	places, err := l.home.Places()
	if err != nil {
		return err
	}
	for _, place := range places {
		r, err := l.openReplica(place)
		if err == nil {
			_, err = l.serve(place, r)
		}
		if err != nil && !leave(place, err) {
			return err
		}
	}
	return nil
}

func (l *spaces) openReplica(place *home.Home) (*replica.Replica, error) {
	c, err := l.replicaConfig(place)
	if err != nil {
		return nil, err
	}
	if c.StoreKey, err = place.StoreKey(); err != nil {
		return nil, err
	}
	return replica.Open(c)
}

// replicaConfig is how a replica in a place is opened, or made. The key of its store is for the caller to add.
func (l *spaces) replicaConfig(place *home.Home) (replica.Config, error) {
	key, err := place.DeviceKey()
	return replica.Config{Dir: place.StoreDir(), Key: key, Log: l.config.Log, Now: l.config.Now, Trial: l.config.Trial}, err
}

// serve puts the replica of a place in touch with the others. If it can't it closes it.
func (l *spaces) serve(place *home.Home, r *replica.Replica) (*space, error) {
	s, err := l.config.open(place, r, place == l.home)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	all := append(slices.Clip(l.All()), s)
	l.all.Store(&all)
	return s, nil
}

// All gives those that are served now, the oldest first.
func (l *spaces) All() []*space { return *l.all.Load() }

// Of gives the one with this ID; nil if it isn't served here.
func (l *spaces) Of(id entry.SpaceID) *space {
	for _, s := range l.All() {
		if s.replica.Space() == id {
			return s
		}
	}
	return nil
}

// SharesOf gives the shares of a co-op that are served here, the oldest first. Whose a share is stands in its place,
// by the co-op's ID: another co-op of the same name has no part in it.
func (l *spaces) SharesOf(home entry.SpaceID) (shares []*space) {
	for _, s := range l.All() {
		if of, ok := s.ofHome(); ok && of == home {
			shares = append(shares, s)
		}
	}
	return shares
}

// Alone runs do while no place is taken and no space begins.
func (l *spaces) Alone(do func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return do()
}

// Begin serves a space that make founds, joins or opens in a place, and gives it. place is nil for a new one. One
// begins at a time.
func (l *spaces) Begin(place *home.Home, make func(place *home.Home) (*replica.Replica, error)) (s *space, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if place == nil {
		if place, err = l.home.NewPlace(); err != nil {
			return nil, err
		}
	}
	r, err := make(place)
	if err != nil {
		return nil, err
	}
	if s, err = l.serve(place, r); err != nil {
		return nil, err
	}
	l.came <- s
	return s, nil
}

// Run keeps every space in touch, also those that begin while it runs, until ctx ends.
func (l *spaces) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	inTouch := func(s *space) {
		g.Go(func() error {
			if err := s.run(ctx); err != nil {
				return fmt.Errorf("keep in touch: %w", err)
			}
			return nil
		})
	}
	_ = l.Alone(func() error {
		for len(l.came) > 0 { // they are among all
			<-l.came
		}
		for _, s := range l.All() {
			inTouch(s)
		}
		return nil
	})
	g.Go(func() error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case s := <-l.came:
				inTouch(s)
			}
		}
	})
	return g.Wait()
}

// Addresses are those at which peers reach this daemon.
func (l *spaces) Addresses() (all []string) {
	for _, s := range l.All() {
		all = append(all, s.peers.Addresses()...)
	}
	return all
}

// Close closes what Run has left open.
func (l *spaces) Close() (err error) {
	for _, s := range l.All() {
		err = errors.Join(err, s.close())
	}
	return err
}
