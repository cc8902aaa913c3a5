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

	"kith/daemon/api"
	"kith/daemon/api/server"
	"kith/daemon/replica"
)

// Options is how a home is served.
type Options struct {
	Home     string
	Listen   []string // none: what the home remembers
	Announce []string // the same
	Relays   []string // the same; "none" alone forgets them
	NoMDNS   bool
	Version  string
	// Passphrase gives that of the device's key, and is called if it has one; nil: nobody to ask.
	Passphrase func() (string, error)
	Log        *slog.Logger
	// Trial makes the child process that applies changes which may have killed this one.
	Trial func() *exec.Cmd
	// Ready, if not nil, is called once the API answers, with the addresses for peers.
	Ready func(addresses []string)
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	kept func() // for tests: called after each time that what is kept of a pact was written
}

func (o Options) now() func() time.Time {
	if o.Now != nil {
		return o.Now
	}
	return time.Now
}

// served is all that one daemon serves: a backend for each space, and one without a space in a home
// that has none yet.
type served struct {
	home    *Home
	options Options
	started time.Time

	mu      sync.Mutex // held while a space comes to be
	all     atomic.Pointer[[]*backend]
	joining atomic.Pointer[[]joining] // shares that this computer isn't in yet
	came    chan *backend             // whose spaces were founded or joined while the daemon runs; there is room for all

	meeting  sync.Mutex // guards contacts, the slice
	contacts []*contact // pacts that are half made
	begun    chan *contact

	shut []shutShare // set while all is opened
}

var _ server.Spaces = (*served)(nil)

// Run serves all spaces of one home until ctx ends or a part fails, and returns when all that it
// started has stopped. A stop that was asked for is not an error. The API answers before the replicas
// are in step with anybody.
func Run(ctx context.Context, o Options) (err error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	home, err := OpenHome(o.Home)
	if err != nil {
		return err
	}
	home.Passphrase = once(o.Passphrase)
	defer func() { err = errors.Join(err, home.Close()) }()
	s := &served{home: home, options: o, started: o.now()(), came: make(chan *backend, maxPlaces), begun: make(chan *contact, maxPlaces)}
	if err := s.open(); err != nil {
		return errors.Join(err, s.close())
	}
	listener, err := server.Listen(o.Home)
	if err != nil {
		return errors.Join(err, s.close())
	}
	g, ctx := errgroup.WithContext(ctx) // one part's error ends the others
	g.Go(func() error { return server.New(s, o.Log).Run(ctx, listener) })
	g.Go(func() error { return s.run(ctx) })
	if o.Ready != nil {
		o.Ready(s.addresses())
	}
	return errors.Join(g.Wait(), s.close())
}

// open opens every space that is in the home.
func (s *served) open() error {
	all := []*backend{}
	defer func() { s.all.Store(&all) }()
	places, err := s.home.Places()
	if err != nil {
		return err
	}
	for _, place := range places {
		b := s.backend(place)
		if err := b.openSpace(); err != nil {
			if s.leaveShut(place, err) {
				continue
			}
			return err
		}
		all = append(all, b)
	}
	if len(all) == 0 {
		all = append(all, s.backend(s.home))
	}
	return s.openContacts()
}

// openContacts goes on with the pacts that are half made.
func (s *served) openContacts() error {
	places, err := s.home.HalfMade()
	if err != nil { // the co-ops are served all the same
		s.options.Log.Error("a pact that is half made", "err", err)
	}
	for _, place := range places {
		p, err := place.pact()
		if err != nil {
			return err
		}
		if place.keyless() { // a crash came while it was forgotten
			if err := place.forget(); err != nil {
				return err
			}
			continue
		}
		key, err := place.DeviceKey()
		if err != nil { // the co-ops are served all the same
			s.options.Log.Error("a pact that is half made", "err", err)
			continue
		}
		k := s.contact(place, p, key)
		s.meet(k)
		s.begun <- k
	}
	return nil
}

// backend makes the backend of a place.
func (s *served) backend(place *Home) *backend {
	o := s.options
	if place != s.home { // where a further space listens is its own affair
		o.Listen, o.Announce, o.Relays = nil, nil, nil
	}
	return &backend{home: place, log: o.Log, version: o.Version, started: s.started, now: o.now(), options: o, beside: s}
}

// backends gives what is served now.
func (s *served) backends() []*backend { return *s.all.Load() }

// Spaces implements server.Spaces.
func (s *served) Spaces() []server.Space {
	var out []server.Space
	for _, b := range s.backends() {
		out = append(out, b.answering())
	}
	return out
}

// answering is the backend in the parts that the API asks.
func (b *backend) answering() server.Space {
	if b.serving.Load() == nil {
		return server.Space{Peers: b, Keeping: b}
	}
	return server.Space{
		Peers: b, Keeping: b, Entrance: b, Charter: b, Allies: b, Shares: b, Documents: b, Tasks: b, Decisions: b, Notes: b,
	}
}

func (s *served) addresses() (all []string) {
	for _, b := range s.backends() {
		all = append(all, b.addresses()...)
	}
	return all
}

// run runs the peers of every space, also of those that come while it runs.
func (s *served) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	keepInTouch := func(b *backend) {
		g.Go(func() error {
			if err := b.serving.Load().run(ctx); err != nil {
				return fmt.Errorf("keep in touch: %w", err)
			}
			return nil
		})
	}
	for _, b := range s.backends() {
		if err := b.finishSharing(ctx); err != nil { // it is tried again when somebody shares it again
			s.options.Log.Error("a document that was being shared", "err", err)
		}
	}
	for _, b := range s.backends() {
		if b.serving.Load() != nil {
			keepInTouch(b)
		}
	}
	s.tellOfPacts()
	g.Go(func() error {
		s.follow(ctx)
		return nil
	})
	g.Go(func() error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case b := <-s.came:
				keepInTouch(b)
			case k := <-s.begun:
				g.Go(func() error { k.run(ctx); return nil })
			}
		}
	})
	return g.Wait()
}

func (s *served) close() (err error) {
	for _, k := range s.met() {
		err = errors.Join(err, k.close())
	}
	for _, b := range s.backends() {
		if space := b.serving.Load(); space != nil {
			err = errors.Join(err, space.close())
		}
	}
	return err
}

// add serves a space that make founds or joins in a new place.
func (s *served) add(another bool, make func(place *Home) (*replica.Replica, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.backends()
	if all[0].serving.Load() != nil && !another {
		return &inUseError{s.home.dir}
	}
	place, err := s.home.NewPlace()
	if err != nil {
		return err
	}
	r, err := make(place)
	if err != nil {
		return err
	}
	b := all[0]
	if place != s.home {
		b = s.backend(place)
	}
	if err := b.serve(r); err != nil {
		return errors.Join(err, r.Close())
	}
	if place != s.home {
		all = append(slices.Clip(all), b)
		s.all.Store(&all)
	}
	s.came <- b
	return nil
}

// Join implements server.Spaces.
func (s *served) Join(ctx context.Context, req api.JoinRequest) (res api.JoinResult, err error) {
	err = s.add(req.Another, func(place *Home) (r *replica.Replica, err error) {
		r, res, err = join(ctx, place, JoinOptions{
			Invite: req.Invite, As: req.As, Listen: req.Listen, Announce: req.Announce, Log: s.options.Log,
		})
		return r, err
	})
	return res, err
}

// Found implements server.Spaces.
func (s *served) Found(_ context.Context, req api.InitRequest) (res api.InitResult, err error) {
	err = s.add(true, func(place *Home) (r *replica.Replica, err error) {
		r, res, err = found(place, InitOptions{
			Coop: req.Name, As: req.As, Founders: req.Founders, Listen: req.Listen, Announce: req.Announce,
		})
		return r, err
	})
	return res, err
}

// openSpace opens the replica in the place, and its peers.
func (b *backend) openSpace() error {
	key, err := b.home.DeviceKey()
	if err != nil {
		return err
	}
	storeKey, err := b.home.StoreKey()
	if err != nil {
		return err
	}
	r, err := replica.Open(replica.Config{
		Dir: b.home.storeDir(), Key: key, StoreKey: storeKey, Log: b.log, Now: b.options.Now, Trial: b.options.Trial,
	})
	if err != nil {
		return err
	}
	if err := b.serve(r); err != nil {
		return errors.Join(err, r.Close())
	}
	return nil
}

// serve puts the replica of the place in touch with the others, and answers from it.
func (b *backend) serve(r *replica.Replica) error {
	key, err := b.home.DeviceKey()
	if err != nil {
		return err
	}
	config, err := b.home.choose(b.options.Listen, b.options.Announce)
	if err != nil {
		return err
	}
	if config, err = b.home.chooseRelays(config, b.options.Relays); err != nil {
		return err
	}
	door, err := b.home.doorOfPact()
	if err != nil { // who made the pact may have heard that it is; the share is served all the same
		b.log.Error("a pact that was made", "err", err)
	}
	s, err := openPeers(r, b.options, config, key, door, b.log)
	if err != nil {
		return err
	}
	b.serving.Store(s)
	return nil
}
