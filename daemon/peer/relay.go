package peer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/problem"
)

// Every device passes on what two others of the charter say to each other if both have a
// connection to it and none between them (libp2p's circuit relay v2). What goes over it is
// encrypted between those two. A device that nobody can dial keeps a place at one or two devices
// that it could dial itself, or at the relays that its owner named, and says so in its address
// record.

// relayACL lets the charter's devices use this one as a relay, and who has an open code go through it to those who answer
// it; nobody else.
type relayACL struct{ p *Peers }

var _ relay.ACLFilter = relayACL{}

// AllowReserve implements relay.ACLFilter.
func (a relayACL) AllowReserve(id peer.ID, _ ma.Multiaddr) bool { return a.p.passes(id) }

// AllowConnect implements relay.ACLFilter.
func (a relayACL) AllowConnect(from peer.ID, _ ma.Multiaddr, to peer.ID) bool {
	// Whoever is asked for hears of it over a stream of this device's: without a bound others could make it look like one
	// that has no end of asking.
	d, err := deviceOf(to)
	return err == nil && a.p.speaks(to) && (a.p.passes(from) || a.p.leads(from, to)) && a.p.led.may(d, ledRation, time.Now())
}

// passes says whether something is done for a person's device as a relay now.
func (p *Peers) passes(id peer.ID) bool {
	d, err := deviceOf(id)
	return err == nil && p.speaks(id) && p.relayed.may(p.memberOf(d), relayRation, time.Now())
}

// memberOf is whose a device is; "" if it isn't of the charter.
func (p *Peers) memberOf(d entry.Device) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.contacts[d]; c != nil {
		return c.member
	}
	return ""
}

// speaks says whether a device may connect and isn't a former one.
func (p *Peers) speaks(id peer.ID) bool {
	d, err := deviceOf(id)
	if err != nil || !p.gate.knows(d) {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.contacts[d]
	return c != nil && !c.former
}

// passOn has this device serve as a relay.
func (p *Peers) passOn() (*relay.Relay, error) {
	return relay.New(p.host,
		relay.WithACL(relayACL{p}),
		relay.WithResources(relay.Resources{
			Limit:          &relay.RelayLimit{Duration: RelayedTime, Data: RelayedBytes},
			ReservationTTL: placeTime,
			// An office, or everybody behind one provider, comes from one address.
			MaxReservations: MaxDevices, MaxReservationsPerPeer: 1,
			MaxReservationsPerIP: MaxDevices, MaxReservationsPerASN: MaxDevices,
			MaxCircuits: maxCircuits, BufferSize: relayBuffer,
		}),
		// A relay of a co-op may well be one that only a VPN reaches.
		relay.WithReservationAddressFilter(func(ma.Multiaddr) bool { return true }))
}

// parseRelays reads the named relays, each an address with its identity at the end, or the code of a porch, and which tokens
// porches want to see.
func parseRelays(addrs []string) ([]peer.AddrInfo, map[peer.ID][][]byte, error) {
	var all []ma.Multiaddr
	tokens := map[peer.ID][][]byte{}
	for _, s := range addrs {
		if charter.IsCode(s) { // what isn't of a porch says what it is
			at, id, token, err := readPorch(s)
			if err != nil {
				return nil, nil, err
			}
			all = append(all, at...)
			tokens[id] = append(tokens[id], token)
			continue
		}
		a, err := ma.NewMultiaddr(s)
		if err == nil {
			if at, id := splitIdentity(a); id == "" || at == nil || isRelayed(at) {
				err = errors.New("it must end in /p2p/ and the relay's identity, as in /ip4/203.0.113.7/tcp/4001/p2p/12D3…")
			}
		}
		if err != nil {
			return nil, nil, &RelayError{s, err}
		}
		all = append(all, a)
	}
	infos, err := peer.AddrInfosFromP2pAddrs(all...)
	return infos, tokens, err
}

// CheckRelays says what is wrong with the addresses of named relays.
func CheckRelays(addrs []string) error {
	_, _, err := parseRelays(addrs)
	return err
}

// RelayError says that the address of a named relay can't be used.
type RelayError struct {
	Address string
	Err     error
}

func (e *RelayError) Error() string { return fmt.Sprintf("the relay %s: %v", e.Address, e.Err) }
func (e *RelayError) Unwrap() error { return e.Err }

// Problem implements problem.Teller.
func (e *RelayError) Problem() *problem.Problem {
	return problem.New(problem.Invalid, "who runs the relay can say its address; --relay none goes without", "%v", e)
}

// isRelayed says whether an address, or the connection at it, goes through a relay.
func isRelayed(a ma.Multiaddr) bool {
	_, err := a.ValueForProtocol(ma.P_CIRCUIT)
	return err == nil
}

// relayOf returns the relay in an address; "" if there is none.
func relayOf(a ma.Multiaddr) peer.ID {
	if !isRelayed(a) {
		return ""
	}
	before, _ := ma.SplitFunc(a, func(c ma.Component) bool { return c.Protocol().Code == ma.P_CIRCUIT })
	_, id := splitIdentity(before)
	return id
}

// place is what a relay keeps for this device, as long as they are connected.
type place struct {
	conn  network.Conn
	until time.Time
	addrs []ma.Multiaddr // at which others reach this device through it
}

// places are all of them. Only keepPlaces changes them, under Peers.mu; away is its own.
type places struct {
	at      map[peer.ID]*place
	avoid   map[peer.ID]time.Time // who refused, until when
	refused map[peer.ID]error     // why porches keep no place, as they said last
	away    map[peer.ID]away      // named ones that can't be dialed
	carried map[peer.ID]time.Time // when somebody last came, or was led, through it
	barred  map[peer.ID]int       // how often in a row nobody got through a porch who was sent there
}

// away is a named relay that can't be dialed.
type away struct {
	tries int // in a row
	since time.Time
	until time.Time // when it is dialed again
	why   string
}

func newPlaces() places {
	return places{at: map[peer.ID]*place{}, avoid: map[peer.ID]time.Time{}, refused: map[peer.ID]error{}, away: map[peer.ID]away{}, carried: map[peer.ID]time.Time{}, barred: map[peer.ID]int{}}
}

// keepPlaces keeps places at relays while this device needs them, until ctx ends.
func (p *Peers) keepPlaces(ctx context.Context) {
	for {
		timer := time.NewTimer(time.Until(p.findPlaces(ctx)))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		case <-p.placesDue:
			timer.Stop()
		}
	}
}

// findPlaces looks after the places that there are, takes new ones if that is too few, and
// returns when to look again.
func (p *Peers) findPlaces(ctx context.Context) time.Time {
	now := time.Now()
	next := now.Add(placeTime)
	have := map[peer.ID]*place{}
	if p.needsPlaces() {
		named, again := p.dialRelays(ctx)
		next = earlier(next, again)
		all, want := p.relayCandidates(named)
		for _, id := range all {
			if len(have) == want || ctx.Err() != nil {
				break
			}
			p.mu.Lock()
			at, avoid := p.places.at[id], p.places.avoid[id]
			p.mu.Unlock()
			if at == nil || at.conn.IsClosed() || at.until.Sub(now) < placeSlack {
				if now.Before(avoid) {
					next = earlier(next, avoid)
					continue
				}
				var err error
				if at, err = p.takePlace(ctx, id); err != nil {
					p.log.Debug("no place at a relay", "relay", id.String(), "err", err)
					p.mu.Lock()
					p.places.avoid[id] = now.Add(backoff(relayPause, relayPause, 1))
					p.mu.Unlock()
					next = earlier(next, now.Add(2*relayPause))
					continue
				}
			}
			have[id] = at
			next = earlier(next, at.until.Add(-placeSlack/2))
		}
		next = later(next, now.Add(firstPause))
	}
	p.mu.Lock()
	p.places.at = have
	p.mu.Unlock()
	p.signOwn()
	return earlier(next, p.tryPorches(ctx))
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// dialRelays dials the named relays, all at once, and gives those that are there, in their order, and when to dial the others
// again. One that is away is dialed after longer and longer pauses: somebody else may have named it, or its address.
func (p *Peers) dialRelays(ctx context.Context) (there []peer.ID, again time.Time) {
	p.mu.Lock()
	relays := p.relays
	p.mu.Unlock()
	up := make([]bool, len(relays))
	var all sync.WaitGroup
	for i, r := range relays {
		p.mu.Lock()
		pause := p.places.away[r.ID].until
		p.mu.Unlock()
		if p.direct(r.ID) != nil || time.Now().After(pause) {
			all.Go(func() { up[i] = p.dialRelay(ctx, r) })
		}
	}
	all.Wait()
	again = time.Now().Add(placeTime)
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, r := range relays {
		if up[i] {
			there = append(there, r.ID)
		} else {
			again = earlier(again, p.places.away[r.ID].until)
		}
	}
	return there, again
}

// dialRelay dials one, and says whether it is there.
func (p *Peers) dialRelay(ctx context.Context, r peer.AddrInfo) bool {
	if s, ok := p.host.Network().(*swarm.Swarm); ok {
		s.Backoff().Clear(r.ID)
	}
	if p.direct(r.ID) == nil {
		p.host.Peerstore().ClearAddrs(r.ID) // where it was named before, it may not be any more
	}
	p.host.Peerstore().AddAddrs(r.ID, r.Addrs, peerstore.PermanentAddrTTL)
	_, err := p.host.Network().DialPeer(network.WithDialPeerTimeout(ctx, dialTime), r.ID)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		delete(p.places.away, r.ID)
		return true
	}
	p.log.Info("a named relay can't be reached", "relay", r.ID.String(), "why", reason(err))
	a, now := p.places.away[r.ID], time.Now()
	if a.tries++; a.tries == 1 {
		a.since = now
	}
	most := mostPause
	if now.Sub(a.since) > leaveAfter {
		most = leaveAfter
	}
	a.until, a.why = now.Add(backoff(firstPause, most, a.tries)), reason(err)
	p.places.away[r.ID] = a
	return false
}

// relayCandidates lists who could keep a place for this device, and at how many of them it wants one: devices of members before
// named relays, and of these those where there is one before others. The devices are on other networks, this one has dialed
// them, and they aren't behind a relay themselves. But one of them may be shut any moment, and who else was reached through it
// doesn't hear where this one is then: so beside it there are places at named relays.
func (p *Peers) relayCandidates(named []peer.ID) (all []peer.ID, want int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var fresh []peer.ID
	for _, c := range p.contacts {
		if c.former || p.dialedAtLocked(c) == nil {
			continue
		}
		if p.places.at[c.id] != nil {
			all = append(all, c.id)
		} else if r := p.records[c.key]; r == nil || !slices.ContainsFunc(r.addrs, isRelayed) {
			fresh = append(fresh, c.id)
		}
	}
	slices.Sort(fresh)
	own := append(all, fresh...)
	if len(own) == 0 || len(named) == 0 {
		return append(own, named...), wantPlaces
	}
	return slices.Concat(own[:1], named, own[1:]), wantPlaces + 1
}

// dialedAtLocked returns the address of a direct connection that this device made to another
// network; nil without one.
func (p *Peers) dialedAtLocked(c *contact) ma.Multiaddr {
	for _, conn := range p.host.Network().ConnsToPeer(c.id) {
		at := conn.RemoteMultiaddr()
		if conn.Stat().Direction == network.DirOutbound && !isRelayed(at) && !p.isNear(at) {
			return at
		}
	}
	return nil
}

// takePlace has a relay keep a place, for the first time or anew.
func (p *Peers) takePlace(ctx context.Context, id peer.ID) (*place, error) {
	ctx, cancel := context.WithTimeout(network.WithNoDial(ctx, "only who is connected"), greetTime)
	defer cancel()
	p.mu.Lock()
	tokens := p.tokens[id]
	p.mu.Unlock()
	if len(tokens) > 0 {
		var err error
		for _, token := range tokens { // one porch may have been named with several codes, of which one is good
			if err = Present(ctx, p.host, id, token); err == nil {
				break
			}
		}
		p.mu.Lock()
		p.places.refused[id] = err
		p.mu.Unlock()
		if err != nil {
			return nil, err
		}
	}
	got, err := client.Reserve(ctx, p.host, peer.AddrInfo{ID: id})
	if err != nil {
		p.mu.Lock()
		p.places.refused[id] = errNoPlace
		p.mu.Unlock()
		return nil, err
	}
	circuit, err := ma.NewMultiaddr("/p2p/" + id.String() + "/p2p-circuit")
	if err != nil {
		return nil, err
	}
	// First where it is known to answer, then what it says of itself.
	var at []ma.Multiaddr
	taken := &place{until: got.Expiration}
	for _, conn := range p.host.Network().ConnsToPeer(id) {
		if a := conn.RemoteMultiaddr(); conn.Stat().Direction == network.DirOutbound && !isRelayed(a) {
			at, taken.conn = append(at, a), conn
		}
	}
	if taken.conn == nil {
		return nil, errors.New(connectionEnded)
	}
	for _, a := range got.Addrs {
		if a, _ := splitIdentity(a); a != nil && !isRelayed(a) && !manet.IsIPLoopback(a) && !p.isNear(a) {
			at = append(at, a)
		}
	}
	at = ma.Unique(at)
	for _, a := range at[:min(len(at), relayAddresses)] {
		taken.addrs = append(taken.addrs, a.Encapsulate(circuit))
	}
	return taken, nil
}

// Relays returns the names of those that keep a place for this device: members' devices by name,
// others by their address.
func (p *Peers) Relays() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for id := range p.places.at {
		out = append(out, p.relayNameLocked(id))
	}
	slices.Sort(out)
	return out
}

// relayNameLocked is what people call a relay.
func (p *Peers) relayNameLocked(id peer.ID) string {
	if d, err := deviceOf(id); err == nil {
		if c := p.contacts[d]; c != nil {
			return c.status.Name
		}
	}
	for _, r := range p.relays {
		if r.ID == id && len(r.Addrs) > 0 {
			return where(r.Addrs[0])
		}
	}
	return id.String()
}

// direct returns a connection to a device without a relay; nil if there is none.
func (p *Peers) direct(id peer.ID) network.Conn {
	for _, conn := range p.host.Network().ConnsToPeer(id) {
		if !isRelayed(conn.RemoteMultiaddr()) && !conn.IsClosed() {
			return conn
		}
	}
	return nil
}

// leaveRelays closes the connections to a device that go through relays.
func (p *Peers) leaveRelays(id peer.ID) {
	for _, conn := range p.host.Network().ConnsToPeer(id) {
		if isRelayed(conn.RemoteMultiaddr()) {
			_ = conn.Close()
		}
	}
}

// relayedAtLocked returns through whom a device of the charter says that it can be reached.
func (p *Peers) relayedAtLocked(d entry.Device) (relays []peer.ID) {
	if r := p.records[d]; r != nil {
		for _, a := range r.addrs {
			if id := relayOf(a); id != "" && !slices.Contains(relays, id) {
				relays = append(relays, id)
			}
		}
	}
	return relays
}
