package daemon

import (
	"context"
	"errors"
	"log/slog"
	"os/exec"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"kith/crdt/charter"
	"kith/daemon/ally"
	"kith/daemon/ally/side"
	"kith/daemon/api"
	"kith/daemon/api/client"
	"kith/daemon/api/server"
	"kith/daemon/assembly"
	"kith/daemon/desk"
	"kith/daemon/drop"
	"kith/daemon/entrance"
	"kith/daemon/forget"
	"kith/daemon/home"
	"kith/daemon/page"
	"kith/daemon/peer"
	"kith/daemon/porches"
	"kith/daemon/replica"
	"kith/daemon/sharing"
	"kith/daemon/space"
)

// Options is how a home is served.
type Options struct {
	Home     string
	Listen   []string // none: what the home remembers
	Announce []string // the same
	Relays   []string // the same; "none" alone forgets them
	PortMap  string   // whether the router is asked to let others through: yes, no; "": what the home remembers
	NoMDNS   bool
	Version  string
	// Passphrase gives that of the device's key, and is called if it has one; nil: nobody to ask.
	Passphrase func() (string, error)
	Log        *slog.Logger
	// Trial makes the child process that applies changes which may have killed this one.
	Trial func() *exec.Cmd
	// Ready, if not nil, is called once the API answers, and other computers are answered, with the addresses for them.
	Ready func(addresses []string)
	// Holds, if not nil, is told how many entries are stored, in all spaces together: at the start, and every two seconds. It returns at once.
	Holds func(entries int64)
	// Starter, if not nil, has the system start this daemon by itself.
	Starter *Starter
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	kept func() // for tests: called after each time that what is kept of a pact was written
}

// served is all that one daemon serves: the rooms that are there once, and the entrance of each space. The others are
// made anew for each request, and keep nothing.
type served struct {
	home    *home.Home
	version string
	started time.Time
	log     *slog.Logger
	starter *Starter

	all     *space.List
	follow  *side.Follower
	pacts   *ally.Pacts
	page    *page.Page
	drops   *drop.Drops
	porches *porches.Porches

	mu        sync.Mutex
	entrances map[*space.Space]*entrance.Entrance
}

var _ server.Spaces = (*served)(nil)

// Run serves all spaces of one home until ctx ends or a part fails, and returns when all that it
// started has stopped. A stop that was asked for is not an error. The API answers before the replicas
// are in step with anybody.
func Run(ctx context.Context, o Options) (err error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := home.CheckAll(o.Listen, o.Announce, o.Relays); err != nil { // a home without a co-op listens on nothing yet
		return err
	}
	own, err := home.Open(o.Home)
	if err != nil {
		return err
	}
	own.Passphrase = home.Once(o.Passphrase)
	defer func() { err = errors.Join(err, own.Close()) }()
	if err := own.ChoosePortMap(o.PortMap); err != nil {
		return err
	}
	s := newServed(own, o)
	defer func() { err = errors.Join(err, s.pacts.Close(), s.all.Close()) }()
	if err := errors.Join(s.all.Open(s.follow.Leave), s.pacts.Open()); err != nil {
		return err
	}
	asks, err := client.New(o.Home, "")
	if err != nil {
		return err
	}
	defer asks.Close()
	s.page = page.New(asks, own, o.Log, o.Now)
	listener, err := server.Listen(o.Home)
	if err != nil {
		return err
	}
	for _, at := range s.all.All() {
		if err := sharing.New(at, s.all).Finish(ctx); err != nil { // it is tried again when somebody shares it again
			o.Log.Error("a document that was being shared", "err", err)
		}
	}
	g, ctx := errgroup.WithContext(ctx) // one part's error ends the others
	g.Go(func() error { return server.New(s, o.Log).By(o.Now).Each(desk.Doing).Run(ctx, listener) })
	g.Go(func() error { return s.all.Run(ctx) })
	g.Go(func() error { s.pacts.Run(ctx); return nil })
	g.Go(func() error { s.follow.Run(ctx); return nil })
	g.Go(func() error { s.drops.Run(ctx); return nil })
	g.Go(func() error { s.porches.Run(ctx); return nil })
	s.page.Open()
	g.Go(func() error { s.page.Run(ctx); return nil })
	if o.Holds != nil {
		g.Go(func() error { s.count(ctx, o.Holds); return nil })
	}
	if o.Ready != nil && s.all.Answering(ctx) {
		o.Ready(s.all.Addresses())
	}
	return g.Wait()
}

// countEvery is how often it is looked how much is stored: in a catch-up some ten thousand entries come meanwhile.
const countEvery = 2 * time.Second

// count tells how many entries are stored, until ctx ends.
func (s *served) count(ctx context.Context, holds func(entries int64)) {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	for {
		n := int64(0)
		for _, at := range s.all.All() {
			n += at.Replica.Counts().Stored
		}
		holds(n)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// newServed makes the rooms, and wires them.
func newServed(home *home.Home, o Options) *served {
	s := &served{home: home, version: o.Version, started: o.Now(), log: o.Log, starter: o.Starter, entrances: map[*space.Space]*entrance.Entrance{}}
	s.all = space.NewList(home, space.Config{
		Log: o.Log, Now: o.Now, Trial: o.Trial, NoMDNS: o.NoMDNS,
		Listen: o.Listen, Announce: o.Announce, Relays: o.Relays, Doors: s.doors,
	})
	s.drops = drop.New(s.all, o.Version)
	s.porches = porches.New(s.all)
	s.follow = side.New(s.all)
	s.pacts = ally.New(s.all, s.follow)
	s.pacts.Kept = o.kept
	return s
}

// doors are those of a space, in the order in which they are asked.
func (s *served) doors(at *space.Space) (all []peer.Invites, err error) {
	if pact := s.pacts.Door(at); pact != nil {
		all = append(all, pact)
	}
	e := entrance.New(at)
	s.mu.Lock()
	s.entrances[at] = e
	s.mu.Unlock()
	seats, err := s.follow.Door(at)
	return append(append(all, e.Doors()...), seats), err
}

func (s *served) entrance(at *space.Space) *entrance.Entrance {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.entrances[at]
}

// Spaces implements server.Spaces.
func (s *served) Spaces() (out []server.Space) {
	for _, at := range s.all.All() {
		documents, entrance := desk.New(at, s.all), s.entrance(at)
		out = append(out, server.Space{
			Peers: &peering{s, at}, Keeping: &keeping{s, at}, Entrance: entrance, Names: entrance, Drops: s.drops.Of(at), Porches: s.porches.Of(at), Charter: assembly.New(at),
			Allies: s.pacts.Of(at), Shares: sharing.New(at, s.all), Forgetting: forget.New(at, s.all), Documents: documents, Versions: documents, News: documents, Talk: documents, Agreements: documents,
		})
	}
	if len(out) == 0 {
		out = append(out, server.Space{Peers: &peering{s, nil}, Keeping: &keeping{s, nil}})
	}
	return out
}

// Begun implements server.Spaces.
func (s *served) Begun() <-chan struct{} { return s.all.Begun() }

// roomFor says why nobody can join another space here, unless that was asked for.
func (s *served) roomFor(another bool) error {
	if len(s.all.All()) > 0 && !another {
		return s.home.Taken()
	}
	return nil
}

// Join implements server.Spaces.
func (s *served) Join(ctx context.Context, q api.JoinRequest) (res api.JoinResult, err error) {
	roomFor := func() error {
		if code, err := charter.DecodeInvite(q.Invite); err == nil {
			if err := s.twice(code.Space); err != nil {
				return err
			}
		}
		return s.roomFor(q.Another)
	}
	if err := roomFor(); err != nil {
		return res, err
	}
	if err := s.home.ChoosePortMap(q.PortMap); err != nil {
		return res, err
	}
	_, err = s.all.Begin(nil, func(place *home.Home) (r *replica.Replica, err error) {
		if err := roomFor(); err != nil { // somebody else was first
			return nil, err
		}
		r, res, err = entrance.JoinIn(ctx, place, entrance.JoinOptions{
			Invite: q.Invite, As: q.As, Listen: q.Listen, Announce: q.Announce, Relays: q.Relays, Log: s.log, Another: q.Another,
		})
		return r, err
	})
	return res, err
}

// JoinDevice implements server.Spaces. While the words are compared other spaces may begin: so the place is looked at again.
func (s *served) JoinDevice(ctx context.Context, q api.DeviceJoinRequest, show func(api.Compare)) (res api.DeviceJoined, err error) {
	place, err := s.emptyPlace(q.Another, s.home.NewPlace)
	if err != nil {
		return res, err
	}
	added, err := entrance.AskForDevice(ctx, place, entrance.JoinDeviceOptions{Code: q.Code, Name: q.Name, Show: show, Log: s.log})
	if err != nil {
		return res, err
	}
	err = s.begin(place, func() (r *replica.Replica, err error) {
		r, res, err = added.Replica()
		return r, err
	})
	return res, err
}

// Found implements server.Spaces.
func (s *served) Found(_ context.Context, q api.InitRequest) (res api.InitResult, err error) {
	if err := s.home.ChoosePortMap(q.PortMap); err != nil {
		return res, err
	}
	_, err = s.all.Begin(nil, func(place *home.Home) (r *replica.Replica, err error) {
		r, res, err = entrance.FoundIn(place, entrance.InitOptions{
			Coop: q.Name, As: q.As, Founders: q.Founders, Listen: q.Listen, Announce: q.Announce, Relays: q.Relays,
		})
		return r, err
	})
	return res, err
}

// Ways implements server.Spaces.
func (s *served) Ways() server.Ways { return s }

// Computer implements server.Spaces.
func (s *served) Computer() server.Computer { return thisComputer{s} }

// Page implements server.Spaces.
func (s *served) Page() (api.PageLink, error) { return s.page.Link() }
