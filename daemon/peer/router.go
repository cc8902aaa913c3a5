package peer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	basichost "github.com/libp2p/go-libp2p/p2p/host/basic"
	ma "github.com/multiformats/go-multiaddr"
)

// A router that is asked (UPnP; NAT-PMP once go-netroute finds the default gateway again for go-libp2p) may let others through to this device's ports. What it says is an address to try, and no
// more: whether anybody gets through only others can say (reach.go).

// askRouter has the host ask the router, for as long as it runs.
func (p *Peers) askRouter() libp2p.Option {
	return libp2p.NATManager(func(n network.Network) basichost.NATManager {
		router := basichost.NewNATManager(n)
		p.mu.Lock()
		p.router = router
		p.mu.Unlock()
		return router
	})
}

// mappedLocked lists the addresses at which the router says that it lets others through.
func (p *Peers) mappedLocked() (all []ma.Multiaddr) {
	if p.router == nil {
		return nil
	}
	listen, err := parseListen(p.cfg.Listen)
	if err != nil {
		return nil
	}
	for _, a := range listen {
		if at := p.router.GetMapping(a); at != nil && plain(at) && !slices.ContainsFunc(all, at.Equal) {
			all = append(all, at)
		}
	}
	return all
}

// withMapped adds to the host's addresses those that a router has opened since the host looked, which it does every five seconds: a
// code names them at once, and who comes in with it has to find them in what this device says of itself.
func (p *Peers) withMapped(addrs []ma.Multiaddr) []ma.Multiaddr {
	if len(p.cfg.Announce) > 0 {
		return addrs
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	all := slices.Clone(addrs)
	for _, at := range p.mappedLocked() {
		if !slices.ContainsFunc(all, at.Equal) {
			all = append(all, at)
		}
	}
	return all
}

// saysRouterLocked says what came of asking the router; reachable is what others have said.
func (p *Peers) saysRouterLocked(reachable Reachability) string {
	switch mapped := p.mappedLocked(); {
	case len(p.cfg.Listen) == 0 || len(p.cfg.Announce) > 0:
		return ""
	case p.router == nil && reachable == Unreachable:
		return "The router isn't asked to let others through: kith daemon --port-map yes has it asked."
	case p.router == nil:
		return ""
	case len(mapped) > 0 && reachable == Unreachable:
		return "The router says that it lets others through at " + ports(mapped) + ", and they don't get through: another router before it, or the provider, may be in the way."
	case len(mapped) > 0 && reachable == ReachUnknown:
		return "The router says that it lets others through at " + ports(mapped) + "."
	case len(mapped) > 0:
		return ""
	case p.router.HasDiscoveredNAT():
		return "The router was asked to let others through, and hasn't done it (yet)."
	}
	return "No router here has answered that it lets others through (UPnP): that may be switched off in its settings."
}

// ports names addresses in short: one, since those of TCP and UDP mean the same to a person.
func ports(addrs []ma.Multiaddr) string {
	_, ip, number, err := port(addrs[0])
	if err != nil {
		return addrs[0].String()
	}
	if strings.Contains(ip, ":") {
		ip = "[" + ip + "]"
	}
	return fmt.Sprintf("%s port %d", ip, number)
}
