package peer

import (
	"context"
	"errors"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	ma "github.com/multiformats/go-multiaddr"
	madns "github.com/multiformats/go-multiaddr-dns"
)

// An address that somebody tells is IP addresses and ports, and nothing that has to be looked up: else
// who tells it would choose whom this device asks, and they would learn that it does. The one who named
// a relay for this device may name it by a name.

// names looks up those that this device's owner wrote down, and no others.
type names struct {
	own map[string]bool
	dns swarm.ResolverFromMaDNS
}

var _ network.MultiaddrDNSResolver = (*names)(nil)

var errName = errors.New("it is an address with a name in it, which only this device's owner can give")

// ownNames allows the names in some addresses.
func ownNames(in []peer.AddrInfo) *names {
	n := &names{own: map[string]bool{}, dns: swarm.ResolverFromMaDNS{Resolver: madns.DefaultResolver}}
	for _, info := range in {
		for _, a := range info.Addrs {
			if name := nameIn(a); name != "" {
				n.own[name] = true
			}
		}
	}
	return n
}

// nameIn returns the name in an address; "" if there is none.
func nameIn(a ma.Multiaddr) (name string) {
	ma.ForEach(a, func(c ma.Component) bool {
		switch c.Protocol().Code {
		case ma.P_DNS, ma.P_DNS4, ma.P_DNS6, ma.P_DNSADDR:
			name = c.Protocol().Name + "/" + c.Value()
		}
		return name == ""
	})
	return name
}

// ResolveDNSAddr implements network.MultiaddrDNSResolver.
func (n *names) ResolveDNSAddr(ctx context.Context, id peer.ID, a ma.Multiaddr, deep, most int) ([]ma.Multiaddr, error) {
	if !n.own[nameIn(a)] {
		return nil, errName
	}
	return n.dns.ResolveDNSAddr(ctx, id, a, deep, most)
}

// ResolveDNSComponent implements network.MultiaddrDNSResolver.
func (n *names) ResolveDNSComponent(ctx context.Context, a ma.Multiaddr, most int) ([]ma.Multiaddr, error) {
	if !n.own[nameIn(a)] {
		return nil, errName
	}
	return n.dns.ResolveDNSComponent(ctx, a, most)
}

// plain says whether an address is what a device of the charter may say that it is at: an IP address and a
// port, or that of a relay and its identity.
func plain(a ma.Multiaddr) bool {
	if relay := relayOf(a); relay != "" {
		before, after := ma.SplitFunc(a, func(c ma.Component) bool { return c.Protocol().Code == ma.P_CIRCUIT })
		a, _ = splitIdentity(before)
		if a == nil || len(after) != 1 {
			return false
		}
	}
	_, _, _, err := port(a)
	return err == nil
}

// plainOnes returns those addresses that are plain, at most so many.
func plainOnes(addrs []ma.Multiaddr, most int) (all []ma.Multiaddr) {
	for _, a := range addrs {
		if a != nil && plain(a) && len(all) < most {
			all = append(all, a)
		}
	}
	return all
}
