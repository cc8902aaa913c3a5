package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/replica"
)

// Options is how a home is served.
type Options struct {
	Home     string
	Listen   []string // none: what the home remembers
	Announce []string // the same
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
}

func (o Options) now() func() time.Time {
	if o.Now != nil {
		return o.Now
	}
	return time.Now
}

// serving is the space that the daemon serves: none in a new home until somebody joins.
type serving struct {
	space  atomic.Pointer[space]
	joined chan *space // a space that a join through the daemon brought
}

// Run serves one home until ctx ends or a part fails, and returns when all that it started has
// stopped. A stop that was asked for is not an error. The API answers before the replica is in
// step with anybody.
func Run(ctx context.Context, o Options) (err error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	home, err := OpenHome(o.Home)
	if err != nil {
		return err
	}
	home.Passphrase = o.Passphrase
	defer func() { err = errors.Join(err, home.Close()) }()
	b := &backend{
		home: home, log: o.Log, version: o.Version, started: o.now()(), now: o.now(),
		serving: &serving{joined: make(chan *space)}, options: o,
	}
	if home.InUse() {
		s, err := b.openSpace()
		if err != nil {
			return err
		}
		b.serving.space.Store(s)
	}
	listener, err := api.Listen(o.Home)
	if err != nil {
		return errors.Join(err, b.closeSpace())
	}
	g, ctx := errgroup.WithContext(ctx) // one part's error ends the others
	g.Go(func() error { return api.NewServer(b, o.Log).Run(ctx, listener) })
	g.Go(func() error { return b.runSpace(ctx) })
	if o.Ready != nil {
		o.Ready(b.addresses())
	}
	return errors.Join(g.Wait(), b.closeSpace())
}

// openSpace opens the replica in the home, and its peers.
func (b *backend) openSpace() (*space, error) {
	key, err := b.home.DeviceKey()
	if err != nil {
		return nil, err
	}
	storeKey, err := b.home.StoreKey()
	if err != nil {
		return nil, err
	}
	r, err := replica.Open(replica.Config{
		Dir: b.home.storeDir(), Key: key, StoreKey: storeKey, Log: b.log, Now: b.options.Now, Trial: b.options.Trial,
	})
	if err != nil {
		return nil, err
	}
	s, err := b.connect(r, key)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return s, nil
}

func (b *backend) connect(r *replica.Replica, key entry.Signer) (*space, error) {
	config, err := b.home.choose(b.options.Listen, b.options.Announce)
	if err != nil {
		return nil, err
	}
	return openPeers(r, b.options, config, key, b.log)
}

// runSpace runs the peers of the space, as soon as there is one.
func (b *backend) runSpace(ctx context.Context) error {
	s := b.serving.space.Load()
	if s == nil {
		select {
		case <-ctx.Done():
			return nil
		case s = <-b.serving.joined:
		}
	}
	if err := s.run(ctx); err != nil {
		return fmt.Errorf("keep in touch: %w", err)
	}
	return nil
}

func (b *backend) closeSpace() error {
	if s := b.serving.space.Load(); s != nil {
		return s.close()
	}
	return nil
}

// Join implements api.Backend.
func (b *backend) Join(ctx context.Context, req api.JoinRequest) (api.JoinResult, error) {
	b.joining.Lock()
	defer b.joining.Unlock()
	if b.serving.space.Load() != nil {
		return api.JoinResult{}, explain(&inUseError{b.home.dir})
	}
	r, res, err := join(ctx, b.home, JoinOptions{
		Invite: req.Invite, As: req.As, Listen: req.Listen, Announce: req.Announce, Log: b.log,
	})
	if err != nil {
		return res, explain(err)
	}
	key, err := b.home.DeviceKey()
	if err != nil {
		return res, explain(errors.Join(err, r.Close()))
	}
	s, err := b.connect(r, key)
	if err != nil {
		return res, explain(errors.Join(err, r.Close()))
	}
	b.serving.space.Store(s)
	select {
	case b.serving.joined <- s:
		return res, nil
	case <-ctx.Done():
		return res, ctx.Err()
	}
}
