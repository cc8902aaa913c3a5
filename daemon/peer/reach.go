package peer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peerstore"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"kith/crdt/entry"
)

// Whether others can dial this device, only others can say. So devices of the charter ask each
// other: a stream carries addresses, each a length of 4 bytes (big-endian) and the multiaddr, and
// is half closed; the other device dials their ports at the IP address that the question comes
// from, and answers with those at which the asker's key answered, in the same form.
//
// libp2p's AutoNAT does the same, but dials back under a key of its own, which no gate here lets
// in. The handshake alone says enough: it proves who answers before the gate shuts.

// Reachability is what a device knows of whether others can dial it.
type Reachability int

const (
	ReachUnknown Reachability = iota // nobody on another network could be asked
	Reachable
	Unreachable
)

// Reach is how this device can be reached from other networks.
type Reach struct {
	Reachability Reachability
	Relays       []string // by name: through whom it can be reached
	Says         string   // all of it, in a sentence
}

// Reach says how this device can be reached.
func (p *Peers) Reach() Reach {
	r := Reach{Relays: p.Relays()}
	p.mu.Lock()
	r.Reachability = p.reachLocked()
	router, heard := p.saysRouterLocked(r.Reachability), p.oneSaysYesLocked()
	p.mu.Unlock()
	through := ""
	for i, name := range r.Relays {
		if i > 0 {
			through += " and "
		}
		through += name
	}
	switch {
	case r.Reachability == Reachable:
		r.Says = "Other networks can reach this device."
	case r.Reachability == Unreachable && through == "":
		r.Says = "Other networks can't reach this device, and nobody who could pass things on is connected."
	case r.Reachability == Unreachable:
		r.Says = "Other networks reach this device through " + through + "."
	case through == "" && onlyHere(p.cfg.Listen, p.cfg.Announce):
		r.Says = "It listens for this computer alone, so no other one can reach it: kith daemon --listen /ip4/0.0.0.0/tcp/4111 lets them."
	case heard && through != "":
		r.Says = oneYes + " Others can through " + through + "."
	case heard:
		r.Says = oneYes
	case through != "":
		r.Says = "Nobody has said whether other networks can reach this device; they can through " + through + "."
	default:
		r.Says = "Nobody on another network is connected who could say whether it can be reached from there."
	}
	if hangs := p.hangs(); r.Reachability != Reachable && hangs != "" {
		r.Says += " " + hangs
	}
	if router != "" {
		r.Says += " " + router
	}
	if refused := p.refusals(); refused != "" {
		r.Says += " " + refused
	}
	return r
}

// oneYes is said while devices of only one member could dial this one, of several who might say so.
const oneYes = "One member on another network reaches this device; it counts once a second one who is elsewhere does, too."

// oneSaysYesLocked says whether somebody could dial this device.
func (p *Peers) oneSaysYesLocked() bool {
	for d, a := range p.answers {
		if c := p.contacts[d]; c != nil && !c.former && len(a.addrs) > 0 {
			return true
		}
	}
	return false
}

// onlyHere says whether a device listens for programs of its own computer alone, and tells nobody of another address.
func onlyHere(listen, announce []string) bool {
	addrs, err := parseListen(listen)
	return err == nil && len(addrs) > 0 && len(announce) == 0 && !slices.ContainsFunc(addrs, func(a ma.Multiaddr) bool { return !manet.IsIPLoopback(a) })
}

// answer is what another device said.
type answer struct {
	at    time.Time
	addrs []ma.Multiaddr // at which it could dial this device
}

func (p *Peers) reachLocked() Reachability {
	switch {
	case len(p.cfg.Listen) == 0:
		return Unreachable
	case len(p.confirmedLocked()) > 0:
		return Reachable
	}
	for _, a := range p.answers {
		if len(a.addrs) == 0 {
			return Unreachable
		}
	}
	return ReachUnknown // one voice isn't enough
}

// needsPlaces says whether this device has to be reached through relays. One that only IPv6
// reaches keeps places, too: not every network has IPv6.
func (p *Peers) needsPlaces() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !slices.ContainsFunc(p.confirmedLocked(), func(a ma.Multiaddr) bool { _, err := a.ValueForProtocol(ma.P_IP4); return err == nil })
}

// confirmedLocked lists the addresses at which others could dial this device: those of which devices of two members say
// so, since one may lie or be mistaken. Where there is only one other member, there is nobody else to ask.
func (p *Peers) confirmedLocked() (all []ma.Multiaddr) {
	members := map[string]bool{}
	for _, c := range p.contacts {
		if !c.former {
			members[c.member] = true
		}
	}
	voices := map[string]map[string]bool{} // address, members
	for d, a := range p.answers {
		c := p.contacts[d]
		if c == nil || c.former {
			continue
		}
		for _, at := range a.addrs {
			if voices[at.String()] == nil {
				voices[at.String()] = map[string]bool{}
			}
			voices[at.String()][c.member] = true
			if len(voices[at.String()]) == min(2, len(members)) {
				all = append(all, at)
			}
		}
	}
	slices.SortFunc(all, func(a, b ma.Multiaddr) int { return a.Compare(b) })
	all = ma.Unique(all)
	return all[:min(len(all), maxConfirmed)]
}

// credible keeps of an answer what can be true: a port that was asked for, at an IP address where this device is or
// was seen.
func (p *Peers) credible(answer, asked []ma.Multiaddr) []ma.Multiaddr {
	seen := map[string]bool{}
	for _, a := range slices.Concat(p.observed.Addrs(1), p.host.Network().ListenAddresses(), asked) {
		if ip, err := manet.ToIP(a); err == nil && !ip.IsUnspecified() {
			seen[ip.String()] = true
		}
	}
	for _, prefix := range networks() {
		seen[prefix.Addr().String()] = true
	}
	return slices.DeleteFunc(plainOnes(answer, MaxAddresses), func(a ma.Multiaddr) bool {
		ip, err := manet.ToIP(a)
		_, rest := ma.SplitFirst(a)
		return err != nil || isRelayed(a) || !seen[ip.String()] || !slices.ContainsFunc(asked, func(b ma.Multiaddr) bool {
			_, port := ma.SplitFirst(b)
			return rest.Equal(port)
		})
	})
}

// askAround asks devices on other networks whether they can dial this one, until ctx ends: each
// when it comes, and again now and then, and all when this device's network changed.
func (p *Peers) askAround(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.reachDue:
		case <-time.After(backoff(reachPause, reachPause, 1)):
		}
		asked := false
		for _, c := range p.toAsk() {
			addrs, err := p.ask(ctx, c)
			if err != nil {
				p.log.Debug("no word on whether it can be reached", "peer", c.key.String(), "err", err)
				continue
			}
			asked = true
			p.log.Info("asked whether this device can be dialed", "peer", c.key.String(), "at", addrs)
			p.mu.Lock()
			p.answers[c.key] = answer{time.Now(), addrs}
			p.mu.Unlock()
		}
		if asked {
			p.signOwn()
			nudge(p.placesDue)
		}
	}
}

// toAsk picks devices that are connected from another network and weren't asked lately.
func (p *Peers) toAsk() []*contact {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.cfg.Listen) == 0 {
		return nil
	}
	for d, a := range p.answers {
		if p.contacts[d] == nil || time.Since(a.at) > 4*reachPause {
			delete(p.answers, d)
		}
	}
	heard := map[string]bool{} // members, each by one device
	for d, a := range p.answers {
		if time.Since(a.at) < reachPause {
			heard[p.contacts[d].member] = true
		}
	}
	var who []*contact
	for _, c := range p.contacts {
		if conn := p.direct(c.id); conn != nil && !c.former && !heard[c.member] && !p.isNear(conn.RemoteMultiaddr()) {
			who = append(who, c)
		}
	}
	rand.Shuffle(len(who), func(i, j int) { who[i], who[j] = who[j], who[i] })
	who = slices.DeleteFunc(who, func(c *contact) bool {
		again := heard[c.member]
		heard[c.member] = true
		return again
	})
	return who[:max(0, min(len(who), reachVoices-(len(heard)-len(who))))]
}

// ask asks one device, and returns the addresses at which it could dial this one.
func (p *Peers) ask(ctx context.Context, c *contact) ([]ma.Multiaddr, error) {
	s, err := p.open(ctx, c, ReachProtocol)
	if err != nil {
		return nil, err
	}
	defer s.Reset() //nolint:errcheck // it is over
	if err := s.SetDeadline(time.Now().Add(streamTime)); err != nil {
		return nil, err
	}
	own, err := p.ports()
	if err != nil {
		return nil, err
	}
	for _, a := range own {
		if err := writePart(s, a.Bytes()); err != nil {
			return nil, err
		}
	}
	if err := s.CloseWrite(); err != nil {
		return nil, err
	}
	said, err := readAddresses(s)
	return p.credible(said, own), err
}

// ports are the addresses whose ports another device is to try.
func (p *Peers) ports() ([]ma.Multiaddr, error) {
	from := p.cfg.Announce
	if len(from) == 0 {
		from = p.cfg.Listen
	}
	all, err := parseListen(from)
	if len(p.cfg.Announce) == 0 {
		p.mu.Lock()
		all = append(p.mappedLocked(), all...)
		p.mu.Unlock()
	}
	return all[:min(len(all), MaxAddresses)], err
}

// readAddresses reads addresses to the end of the stream.
func readAddresses(r io.Reader) ([]ma.Multiaddr, error) {
	var all []ma.Multiaddr
	for {
		b, err := readPart(r, maxAddress)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if len(all) == MaxAddresses {
			return nil, fmt.Errorf("more than %d addresses", MaxAddresses)
		}
		a, err := ma.NewMultiaddrBytes(b)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
}

// handleReach dials who asks, at the IP address that the question comes from and nowhere else. Whoever is behind the
// same router is at that address, too: so it can have this device knock at a few of their doors an hour, and learns
// only whether it is itself behind one.
func (p *Peers) handleReach(ctx context.Context, s network.Stream) {
	c := p.contactOf(s.Conn())
	from := s.Conn().RemoteMultiaddr()
	if c == nil || c.former || !p.gate.knows(c.key) || isRelayed(from) || !p.knocks.may(c.key, knockRation, time.Now()) || !c.probes.TryLock() {
		_ = s.Reset()
		return
	}
	defer c.probes.Unlock()
	_ = s.SetDeadline(time.Now().Add(streamTime))
	asked, err := readAddresses(s)
	if err == nil {
		var there []ma.Multiaddr
		if there, err = p.dialBack(ctx, c, from, asked); err == nil {
			for _, a := range there {
				if err = writePart(s, a.Bytes()); err != nil {
					break
				}
			}
		}
	}
	if err != nil {
		p.log.Debug("a question that can't be answered", "peer", c.key.String(), "err", err)
		_ = s.Reset()
		return
	}
	_ = s.Close()
	// Nobody has to ask more often.
	select {
	case <-ctx.Done():
	case <-time.After(tellPause):
	}
}

// dialBack returns the addresses at which a device answers: those asked for, at the IP address
// that it comes from.
func (p *Peers) dialBack(ctx context.Context, c *contact, from ma.Multiaddr, asked []ma.Multiaddr) ([]ma.Multiaddr, error) {
	ip, err := manet.ToIP(from)
	if err != nil {
		return nil, err
	}
	at, err := manet.FromIP(ip)
	if err != nil {
		return nil, err
	}
	var try []ma.Multiaddr
	for _, a := range asked {
		if _, _, _, err := port(a); err != nil {
			return nil, err
		}
		_, rest := ma.SplitFirst(a)
		if try = ma.Unique(append(try, at.Encapsulate(rest.Multiaddr()))); len(try) == maxDialBack {
			break
		}
	}
	if len(try) == 0 {
		return nil, nil
	}
	// A host of its own, from a port that no router has seen.
	h, err := newStranger()
	if err != nil {
		return nil, err
	}
	defer h.Close() //nolint:errcheck // it has done its work
	var there []ma.Multiaddr
	for _, a := range try {
		h.Peerstore().ClearAddrs(c.id)
		h.Peerstore().AddAddr(c.id, a, peerstore.TempAddrTTL)
		_, err := h.Network().DialPeer(network.WithDialPeerTimeout(ctx, dialBackTime), c.id)
		_ = h.Network().ClosePeer(c.id)
		if isThere(err) {
			there = append(there, a)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return there, nil
}

// newStranger opens a host under a key of its own, which only dials, also through relays.
func newStranger() (host.Host, error) {
	return newHost(entry.NewSigner(), callers{}, nil, libp2p.EnableRelay())
}

// isThere says of a stranger's dial whether who was meant is there. That the gate shut says so: it knew whom it shut out. Who hung
// up before that may be anybody.
func isThere(err error) bool {
	return err == nil || reasonOf(err) == errNotLetIn.Error() && !strings.Contains(err.Error(), "negotiate security protocol")
}

// isNear says whether an address is on one of this computer's own networks. What comes from there
// says nothing about whether others get through.
func (p *Peers) isNear(a ma.Multiaddr) bool {
	ip, err := manet.ToIP(a)
	if err != nil {
		return false // a name, which is for those elsewhere
	}
	addr, _ := netip.AddrFromSlice(ip)
	addr = addr.Unmap()
	if p.cfg.near != nil {
		return p.cfg.near(addr)
	}
	if addr.IsLoopback() || addr.IsLinkLocalUnicast() {
		return true
	}
	for _, prefix := range networks() {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// networks are those that this computer is on.
func networks() (all []netip.Prefix) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range addrs {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil {
			all = append(all, prefix)
		}
	}
	return all
}

// whyLocked says what stands between this device and one that it can't reach; "" if nothing is
// known of that.
func (p *Peers) whyLocked(c *contact) string {
	r := p.records[c.key]
	if r == nil || len(r.addrs) == 0 {
		return ""
	}
	relays := p.relayedAtLocked(c.key)
	behind := len(relays) > 0 || !slices.ContainsFunc(r.addrs, func(a ma.Multiaddr) bool { return !manet.IsPrivateAddr(a) || p.isNear(a) })
	if !behind {
		return ""
	}
	here := p.reachLocked() == Unreachable
	for _, id := range relays {
		if p.direct(id) != nil {
			return "" // there is a relay; it is the device itself that isn't up
		}
	}
	switch {
	case here:
		return "both are behind a router, and no member's device that both reach is up"
	case len(relays) > 0:
		return "it is behind a router, and the relay that it used isn't up"
	}
	return "it is behind a router: it has to come by itself"
}
