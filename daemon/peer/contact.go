package peer

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	ma "github.com/multiformats/go-multiaddr"

	"kith/crdt/entry"
	"kith/daemon/exchange"
)

// contact is one other device of the charter, with the goroutines that keep in touch with it.
type contact struct {
	key    entry.Device
	id     peer.ID
	opens  bool          // this side opens the sync stream: the one with the lower key does
	member string        // whose it is
	former bool          // see Device
	wake   chan struct{} // for keep: something changed, look again
	news   chan struct{} // for gossip: there may be records to tell

	listens sync.Mutex // held while it tells addresses
	probes  sync.Mutex // held while it is dialed because it asked

	// guarded by Peers.mu
	status   PeerStatus              // Trouble in it without name and time
	told     map[entry.Device]uint64 // which records it has, by number
	hurry    bool                    // try at once, whatever the pause
	dialed   bool                    // the last dial went through, and no session followed yet
	tries    int                     // attempts that ended
	failures int                     // of these, the last ones in a row without success
	bans     int                     // how often it broke the protocol lately
	nextTry  time.Time               // zero: when something changes
	session  context.CancelFunc      // ends the newest sync session; nil without one
	sessions []*session              // all that run, the newest last
	idle     time.Time               // since when there is a connection and no session, if so
	doubted  time.Time               // connections from before may be dead; zero: no doubt
	worked   []ma.Multiaddr          // where it was reached, the last one first
	hinted   time.Time               // when an address that somebody told last ended a pause
}

func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // it will look anyway
	}
}

// keep stays in touch with a device until ctx ends.
func (p *Peers) keep(ctx context.Context, c *contact) {
	for ctx.Err() == nil {
		next := p.attempt(ctx, c)
		p.mu.Lock()
		c.nextTry = next
		p.mu.Unlock()
		p.pause(ctx, c, next)
	}
}

// pause ends at the given time, or when there is a reason to hurry. Without a time it ends when
// anything changes.
func (p *Peers) pause(ctx context.Context, c *contact, until time.Time) {
	var timer <-chan time.Time
	if !until.IsZero() {
		t := time.NewTimer(time.Until(until))
		defer t.Stop()
		timer = t.C
	}
	for {
		p.mu.Lock()
		hurry := c.hurry
		c.hurry = false
		p.mu.Unlock()
		if hurry {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-timer:
			return
		case <-c.wake:
			if until.IsZero() {
				return
			}
		}
	}
}

// hurry makes keep try at once.
func (p *Peers) hurry(c *contact) {
	p.mu.Lock()
	c.hurry = true
	p.mu.Unlock()
	nudge(c.wake)
}

// attempt connects if there is no connection, and syncs if that is for this side to begin. It
// returns when to try again; zero: when something changes.
func (p *Peers) attempt(ctx context.Context, c *contact) time.Time {
	if until := p.gate.bannedUntil(c.key); time.Now().Before(until) {
		return until
	}
	if !p.isConnected(c) {
		if c.former {
			return time.Time{}
		}
		p.mu.Lock()
		dialed := c.dialed
		c.dialed = false
		p.mu.Unlock()
		if dialed {
			// The connection was there and ended before anything came of it: so a gate shuts.
			return p.failed(c, errNotLetIn.Error())
		}
		if err := p.dial(ctx, c); err != nil {
			return p.failed(c, reason(err))
		}
	}
	if !c.opens {
		if until := p.patience(c); until.IsZero() || time.Now().Before(until) {
			return until
		}
	}
	s, err := p.open(ctx, c, SyncProtocol)
	if err != nil {
		return p.failed(c, openReason(err))
	}
	return p.sync(ctx, c, s)
}

func (p *Peers) isConnected(c *contact) bool {
	now := p.host.Network().Connectedness(c.id)
	return now == network.Connected || now == network.Limited // through a relay
}

// dial connects to a device at every address that is known of it.
func (p *Peers) dial(ctx context.Context, c *contact) error {
	p.addAddresses(c)
	if len(p.host.Peerstore().Addrs(c.id)) == 0 {
		return errNoAddress
	}
	conn, err := p.host.Network().DialPeer(network.WithDialPeerTimeout(ctx, dialTime), c.id)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c.dialed = true
	if at := conn.RemoteMultiaddr(); !isRelayed(at) {
		c.worked = append([]ma.Multiaddr{at}, slices.DeleteFunc(c.worked, at.Equal)...)
		c.worked = c.worked[:min(len(c.worked), maxWorked)]
	}
	return nil
}

// addAddresses hands the library every address that is known of a device, and takes from it what it has heard
// otherwise. What worked and what was signed outlive what was only told. When to dial is decided
// here, not by the library's own list of who failed lately.
func (p *Peers) addAddresses(c *contact) {
	p.mu.Lock()
	addrs := slices.Concat(c.worked, p.told[c.key], p.found[c.key])
	if r := p.records[c.key]; r != nil {
		addrs = append(addrs, r.addrs...)
	}
	// A way through this device itself is none.
	addrs = slices.DeleteFunc(addrs, func(a ma.Multiaddr) bool { return relayOf(a) == p.host.ID() })
	p.mu.Unlock()
	p.host.Peerstore().ClearAddrs(c.id)
	p.host.Peerstore().AddAddrs(c.id, addrs, peerstore.TempAddrTTL)
	if s, ok := p.host.Network().(*swarm.Swarm); ok {
		s.Backoff().Clear(c.id)
	}
}

// open opens a stream on the best connection that there is, a relayed one if there is no other.
func (p *Peers) open(ctx context.Context, c *contact, id protocol.ID) (network.Stream, error) {
	ctx, cancel := context.WithTimeout(network.WithAllowLimitedConn(network.WithNoDial(ctx, "keep dials"), "sync goes on when a relay ends it"), greetTime)
	defer cancel()
	return p.host.NewStream(ctx, c.id, id)
}

// openReason says why no stream could be opened: mostly because the gate at the other end shut
// after the handshake, which over TCP looks like a connection that ends at once.
func openReason(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return reasonOf(err)
	}
	return errNotLetIn.Error()
}

// failed notes that an attempt failed and returns when to try again.
func (p *Peers) failed(c *contact, trouble string) time.Time {
	p.log.Debug("not connected", "peer", c.key.String(), "why", trouble)
	p.update(c, func(*PeerStatus) {
		// Its connections were closed because it is left alone: that they are is no news, and the reason is the other one.
		if until := p.gate.bannedUntil(c.key); time.Now().Before(until) {
			c.tries, c.nextTry = c.tries+1, until
			return
		}
		c.failedLocked(trouble)
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	return c.nextTry
}

func (c *contact) failedLocked(trouble string) {
	c.tries++
	c.failures++
	c.nextTry = time.Now().Add(backoff(firstPause, mostPause, c.failures))
	c.status.Trouble = trouble
}

// backoff doubles from first to most, a quarter more or less.
func backoff(first, most time.Duration, failures int) time.Duration {
	d := most
	if n := failures - 1; n < 16 {
		d = min(most, first<<n)
	}
	return d*3/4 + rand.N(d/2)
}

// sync runs the exchange over a stream until it ends, and returns when to try again.
func (p *Peers) sync(ctx context.Context, c *contact, s network.Stream) time.Time {
	inside, cancel := context.WithCancel(ctx)
	defer cancel()
	me := &session{conn: s.Conn(), end: cancel, began: time.Now()}
	p.mu.Lock()
	c.beginLocked(me)
	c.dialed = false
	p.mu.Unlock()
	defer p.over(c, me)

	began, wasInStep, heard, told := time.Now(), false, false, false
	p.update(c, func(*PeerStatus) { p.showPathLocked(c) })
	if !isRelayed(s.Conn().RemoteMultiaddr()) {
		p.leaveRelays(c.id)
	}
	err := p.cfg.Sync(inside, stream{s}, Device{Key: c.key, Former: c.former}, func(now exchange.Status) {
		if c.former && now.InStep {
			told = true
			cancel() // it has the charter, which is all that it gets
		}
		p.update(c, func(st *PeerStatus) {
			me.last, heard = now, true
			wasInStep = wasInStep || now.InStep
			c.showLocked()
			st.LastSeen = time.Now()
		})
	})
	if inside.Err() != nil {
		if told {
			p.gate.ban(c.key, time.Now().Add(formerPause))
			_ = p.host.Network().ClosePeer(c.id)
		}
		return time.Time{} // all ends, or another stream took this one's place
	}
	p.log.Info("sync ended", "peer", c.key.String(), "err", err)
	var next, alone time.Time
	if exchange.Blame(err) {
		alone = p.ban(c) // before it is told why, so that nothing else that fails takes the reason's place
	}
	// In one go: whoever waits for the next attempt must not take this one's end for it.
	p.update(c, func(st *PeerStatus) {
		c.endLocked(me)
		p.showPathLocked(c)
		if wasInStep || time.Since(began) > mostPause {
			c.failures, c.bans = 0, 0
		}
		trouble := st.Trouble
		c.failedLocked(syncReason(err))
		if !alone.IsZero() {
			c.nextTry = alone
		}
		next = c.nextTry
		if len(c.sessions) > 0 {
			st.Trouble = trouble // it is in touch all the same
		}
	})
	if !heard && errors.Is(err, exchange.ErrClosed) {
		_ = s.Conn().Close() // nothing comes over it any more: the next attempt dials anew
	}
	return next
}

// ban leaves a device alone that broke the protocol, and shuts the gate to it.
func (p *Peers) ban(c *contact) time.Time {
	p.mu.Lock()
	c.bans++
	until := time.Now().Add(backoff(firstBan, mostBan, c.bans))
	c.nextTry = until
	p.mu.Unlock()
	p.gate.ban(c.key, until)
	p.log.Warn("left alone: it broke the protocol", "peer", c.key.String(), "until", until)
	_ = p.host.Network().ClosePeer(c.id)
	return until
}

// leave leaves a device alone that asks without end.
func (p *Peers) leave(d entry.Device) {
	p.mu.Lock()
	c := p.contacts[d]
	p.mu.Unlock()
	if c == nil {
		if id, err := peerID(d); err == nil {
			_ = p.host.Network().ClosePeer(id) // who has a code: its streams go on being refused
		}
		return
	}
	if time.Now().After(p.gate.bannedUntil(d)) {
		p.ban(c)
		p.update(c, func(s *PeerStatus) { s.Trouble = errFlood.Error() })
	}
}

// moved looks at what became of a device's connections.
func (p *Peers) moved(c *contact, inbound bool) {
	p.update(c, func(s *PeerStatus) {
		conns := p.host.Network().ConnsToPeer(c.id)
		was := s.Connected
		s.Connected = len(conns) > 0
		switch {
		case s.Connected && !was:
			c.idle = time.Now()
			p.describeLocked(s, conns[0])
			c.told = map[entry.Device]uint64{} // it may have begun anew since
		case !s.Connected && was:
			s.InStep, s.Transport, s.Via, s.RTT = false, "", "", 0
			if s.Trouble == "" {
				s.Trouble = connectionEnded
			}
		}
		if s.Connected || was {
			s.LastSeen = time.Now()
		}
		// Who comes in by itself is met at once.
		c.hurry = c.hurry || inbound && s.Connected && c.session == nil
		// Who comes by another connection may have lost the one that this side still believes in.
		if inbound && len(c.sessions) > 0 {
			c.doubted = time.Now()
		}
		// A direct way was found: what goes through a relay moves there.
		if s.Relayed() && c.opens && p.direct(c.id) != nil {
			for _, old := range c.sessions {
				if isRelayed(old.conn.RemoteMultiaddr()) {
					old.end()
					c.hurry = true
				}
			}
		}
	})
	nudge(p.placesDue)
	nudge(p.reachDue)
	nudge(p.doubtDue)
	if p.direct(c.id) == nil && p.isConnected(c) {
		nudge(p.directDue)
	}
	nudge(c.wake)
	nudge(c.news)
}

// showPathLocked puts in the table over what the newest session goes.
func (p *Peers) showPathLocked(c *contact) {
	if n := len(c.sessions); n > 0 {
		p.describeLocked(&c.status, c.sessions[n-1].conn)
	}
}

// describeLocked says over what a connection goes.
func (p *Peers) describeLocked(s *PeerStatus, conn network.Conn) {
	addr := conn.RemoteMultiaddr()
	s.Address, s.Transport, s.Via = addr.String(), "tcp", ""
	if _, err := addr.ValueForProtocol(ma.P_QUIC_V1); err == nil {
		s.Transport = "quic"
	}
	if isRelayed(addr) {
		s.Transport = viaRelay
		if id := relayOf(addr); id != "" { // the side that was dialed isn't told
			s.Via = p.relayNameLocked(id)
		}
	}
}

// stream is a libp2p stream that lets go at once when it is closed: Close of the stream itself
// would leave a Read waiting for the other side.
type stream struct{ network.Stream }

func (s stream) Close() error { return s.Reset() }
