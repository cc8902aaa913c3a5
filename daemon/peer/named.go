package peer

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	ma "github.com/multiformats/go-multiaddr"
)

// UseRelays has this device name these relays from now on, and no others: addresses as in Config.Relays, but without host names
// that weren't there at the start. Places at others are given up.
func (p *Peers) UseRelays(addrs []string) error {
	relays, tokens, err := parseRelays(addrs)
	if err != nil {
		return err
	}
	p.mu.Lock()
	var gone []peer.ID
	for _, r := range p.relays {
		i := slices.IndexFunc(relays, func(n peer.AddrInfo) bool { return n.ID == r.ID })
		if i < 0 {
			gone = append(gone, r.ID)
		} else if sameAddresses(relays[i].Addrs, r.Addrs) && slices.EqualFunc(tokens[r.ID], p.tokens[r.ID], bytes.Equal) {
			continue // what is known of it holds
		}
		delete(p.places.away, r.ID)
		delete(p.places.avoid, r.ID)
		delete(p.places.refused, r.ID)
		delete(p.places.barred, r.ID)
	}
	p.relays, p.tokens = relays, tokens
	p.mu.Unlock()
	for _, id := range gone {
		if p.gate.isRelay(id) {
			defer func() { _ = p.host.Network().ClosePeer(id) }() // with it goes the place
		}
	}
	p.gate.name(relays)
	nudge(p.placesDue)
	return nil
}

// RelayState is how it stands with a named relay.
type RelayState struct {
	Place   bool   // it keeps a place for this device
	Needed  bool   // this device has to be reached through relays
	Trouble string // why it is of no use, in words; "" if nothing is known against it
}

// RelayState says how it stands with a named relay, as its owner named it.
func (p *Peers) RelayState(relay string) (s RelayState) {
	s.Needed = p.needsPlaces()
	infos, _, err := parseRelays([]string{relay})
	if err != nil || len(infos) != 1 {
		return s
	}
	id := infos[0].ID
	p.mu.Lock()
	defer p.mu.Unlock()
	s.Place = p.places.at[id] != nil
	switch a, away := p.places.away[id]; {
	case s.Place:
	case away && time.Since(a.since) > leaveAfter:
		s.Trouble = "it hasn't been there for over an hour, so it is tried once an hour: " + a.why
	case away:
		s.Trouble = "it isn't there: " + a.why
	case p.places.refused[id] != nil:
		s.Trouble = p.places.refused[id].Error()
	}
	return s
}

// That a porch doesn't do what it is for.
var (
	errNoPlace = errors.New("it takes the code and gives no place, so it is asked again in a minute")
	errBarred  = errors.New("it keeps a place and lets nobody through, so it is left for an hour")
)

// hasCarried notes that somebody came through a relay, or was led through it.
func (p *Peers) hasCarried(relay peer.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.places.at[relay] != nil || slices.ContainsFunc(p.relays, func(r peer.AddrInfo) bool { return r.ID == relay }) {
		p.places.carried[relay] = time.Now()
		delete(p.places.barred, relay)
	}
}

// tryPorches looks whether the porches where this device has a place let others through, where nobody has come for an hour, and
// leaves those that don't. It returns when to look again.
func (p *Peers) tryPorches(ctx context.Context) (next time.Time) {
	next = time.Now().Add(placeTime)
	p.mu.Lock()
	var due []peer.ID
	for id := range p.places.at {
		if p.tokens[id] == nil {
			continue
		}
		if last := p.places.carried[id]; time.Since(last) >= leaveAfter {
			due = append(due, id)
		} else {
			next = earlier(next, last.Add(leaveAfter))
		}
	}
	p.mu.Unlock()
	for _, id := range due {
		p.mu.Lock()
		at := p.places.at[id]
		p.mu.Unlock()
		err := p.passesThrough(ctx, at)
		if ctx.Err() != nil {
			return next
		}
		if err == nil {
			p.hasCarried(id)
			continue
		}
		p.log.Info("nobody gets through a porch", "relay", id.String(), "why", reason(err))
		p.mu.Lock()
		p.places.barred[id]++
		tries := p.places.barred[id]
		if tries == barredTries {
			delete(p.places.barred, id)
			delete(p.places.at, id)
			p.places.refused[id], p.places.avoid[id] = errBarred, time.Now().Add(leaveAfter)
		}
		p.mu.Unlock()
		p.signOwn()
		next = earlier(next, time.Now().Add(backoff(firstPause, mostPause, tries)))
	}
	return next
}

// barredTries is how often in a row nobody must get through a porch before it is left.
const barredTries = 3

// passesThrough says why nobody gets to this device through a place of it. Somebody tries it who isn't known here: that the gate
// shuts behind the handshake says that they came as far.
func (p *Peers) passesThrough(ctx context.Context, at *place) error {
	h, err := newStranger()
	if err != nil {
		return err
	}
	defer h.Close() //nolint:errcheck // it has done its work
	for _, a := range at.addrs {
		h.Peerstore().AddAddr(p.host.ID(), a, peerstore.TempAddrTTL)
	}
	_, err = h.Network().DialPeer(network.WithDialPeerTimeout(ctx, dialBackTime), p.host.ID())
	if isThere(err) {
		return nil
	}
	return err
}

// hangs says on what single thing it hangs that others reach this device; "" if there is none.
func (p *Peers) hangs() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	hosts := map[string]bool{}
	for id := range p.places.at {
		i := slices.IndexFunc(p.relays, func(r peer.AddrInfo) bool { return r.ID == id })
		if i < 0 {
			return "" // a member's device, beside which others come by themselves
		}
		for _, a := range p.relays[i].Addrs {
			if host, _ := ma.SplitFirst(a); host != nil {
				hosts[host.Value()] = true
				break
			}
		}
	}
	switch {
	case len(hosts) == 1 && len(p.places.at) > 1:
		return "All hangs on one host, at which they both are: add a porch at another one (kith porch add CODE)."
	case len(hosts) == 1 && len(p.relays) == 1:
		return "All hangs on that one: add a porch at another host (kith porch add CODE)."
	case len(hosts) == 1:
		return "All hangs on that one now: kith porch list says what is wrong with the others."
	}
	return ""
}
