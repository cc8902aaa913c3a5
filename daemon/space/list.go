package space

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

// Config is how the spaces of a home are served.
type Config struct {
	Log   *slog.Logger
	Now   func() time.Time // the clock
	Trial func() *exec.Cmd // see replica.Config

	NoMDNS  bool
	portMap bool // the router is asked to let others through
	// Listen, Announce and Relays are of the home itself; none: what it remembers. Where a further space listens is
	// its own affair.
	Listen, Announce, Relays []string

	// Doors gives who lets whom into a space that isn't in its charter: the first that has issued the key answers.
	// It is called once for each space, before that is in touch with anybody.
	Doors func(*Space) ([]peer.Invites, error)
}

// List are the spaces that one daemon serves. Its methods are safe for concurrent use.
type List struct {
	Home   *home.Home // the home itself, in which the places of the others are
	Config Config

	mu   sync.Mutex // held while a place is taken, and while a space comes to be
	all  atomic.Pointer[[]*Space]
	came chan *Space // those that have begun since Run did; there is room for all

	begun atomic.Pointer[chan struct{}] // closed when the next one is among all
}

// NewList makes the list of a home, of which nothing is open yet but what is given.
func NewList(own *home.Home, c Config, opened ...*Space) *List {
	l := &List{Home: own, Config: c, came: make(chan *Space, home.MaxPlaces)}
	l.all.Store(&opened)
	begun := make(chan struct{})
	l.begun.Store(&begun)
	return l
}

// Open opens every space that is in the home. Of one that can't be opened leave says whether the others are served
// all the same.
func (l *List) Open(leave func(place *home.Home, err error) bool) error {
	places, err := l.Home.Places()
	if err != nil {
		return err
	}
	for _, place := range places {
		r, err := l.OpenReplica(place)
		if err == nil {
			_, err = l.serve(place, r)
		}
		if err != nil && !leave(place, err) {
			return err
		}
	}
	return nil
}

// OpenReplica opens what lies in a place, and doesn't serve it yet.
func (l *List) OpenReplica(place *home.Home) (*replica.Replica, error) {
	c, err := l.ReplicaConfig(place)
	if err != nil {
		return nil, err
	}
	if c.StoreKey, err = place.StoreKey(); err != nil {
		return nil, err
	}
	return replica.Open(c)
}

// ReplicaConfig is how a replica in a place is opened, or made. The key of its store is for the caller to add.
func (l *List) ReplicaConfig(place *home.Home) (replica.Config, error) {
	key, err := place.DeviceKey()
	return replica.Config{Dir: place.StoreDir(), Key: key, Log: l.Config.Log, Now: l.Config.Now, Trial: l.Config.Trial}, err
}

// serve puts the replica of a place in touch with the others. If it can't it closes it.
func (l *List) serve(place *home.Home, r *replica.Replica) (*Space, error) {
	c := l.Config
	own, err := l.Home.Config() // of the computer, whichever place it is
	c.portMap = own.PortMap == "yes"
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	s, err := c.open(place, r, place == l.Home)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	all := append(slices.Clip(l.All()), s)
	l.all.Store(&all)
	next := make(chan struct{})
	close(*l.begun.Swap(&next))
	return s, nil
}

// All gives those that are served now, the oldest first.
func (l *List) All() []*Space { return *l.all.Load() }

// Begun gives a channel that is closed once another one is among them.
func (l *List) Begun() <-chan struct{} { return *l.begun.Load() }

// Of gives the one with this ID; nil if it isn't served here.
func (l *List) Of(id entry.SpaceID) *Space {
	for _, s := range l.All() {
		if s.Replica.Space() == id {
			return s
		}
	}
	return nil
}

// SharesOf gives the shares of a co-op that are served here, the oldest first. Whose a share is stands in its place,
// by the co-op's ID: another co-op of the same name has no part in it.
func (l *List) SharesOf(home entry.SpaceID) (shares []*Space) {
	for _, s := range l.All() {
		if of, ok := s.ofHome(); ok && of == home {
			shares = append(shares, s)
		}
	}
	return shares
}

// Alone runs do while no place is taken and no space begins.
func (l *List) Alone(do func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return do()
}

// Begin serves a space that make founds, joins or opens in a place, and gives it. place is nil for a new one. One
// begins at a time.
func (l *List) Begin(place *home.Home, make func(place *home.Home) (*replica.Replica, error)) (s *Space, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if place == nil {
		if place, err = l.Home.NewPlace(); err != nil {
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
func (l *List) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	inTouch := func(s *Space) {
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

// Answering waits until every space that is there answers others, and says whether they do: not if ctx ends before.
func (l *List) Answering(ctx context.Context) bool {
	for _, s := range l.All() {
		select {
		case <-s.Peers.Answering():
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// Addresses are those at which peers reach this daemon.
func (l *List) Addresses() (all []string) {
	for _, s := range l.All() {
		all = append(all, s.Peers.Addresses()...)
	}
	return all
}

// Close closes what Run has left open.
func (l *List) Close() (err error) {
	for _, s := range l.All() {
		err = errors.Join(err, s.close())
	}
	return err
}
