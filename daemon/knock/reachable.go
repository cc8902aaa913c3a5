package knock

import (
	"fmt"

	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/home"
	"kith/daemon/peer"
)

// maxCodeAddresses bounds the addresses in an invite code: each makes it 70 letters longer, and
// one that works is enough.
const maxCodeAddresses = 2

// Answerers returns where the holder of a code finds this device: what it announces or, if that
// is nothing, what it listens on, with this computer's addresses in the place of "all".
func Answerers(c home.Config, device entry.Device) ([]charter.Answerer, error) {
	addrs := c.Announce
	if len(addrs) == 0 {
		addrs = c.Listen
	}
	var near, far []ma.Multiaddr // near: only from this computer
	for _, s := range addrs {
		a, err := ma.NewMultiaddr(s)
		if err != nil {
			return nil, fmt.Errorf("the address %s: %w", s, err)
		}
		if _, err := a.ValueForProtocol(ma.P_TCP); err != nil {
			continue // who can be reached by QUIC can be reached by TCP, too
		}
		resolved, err := manet.ResolveUnspecifiedAddresses([]ma.Multiaddr{a}, nil)
		if err != nil { // no network at all: whoever is on this computer may join all the same
			if resolved, err = onlyHere(a); err != nil {
				return nil, fmt.Errorf("this computer's addresses: %w", err)
			}
		}
		for _, r := range resolved {
			switch {
			case manet.IsIPLoopback(r):
				near = append(near, r)
			case !manet.IsIP6LinkLocal(r):
				far = append(far, r)
			}
		}
	}
	if len(far) == 0 {
		far = near
	}
	var out []charter.Answerer
	for _, a := range far[:min(len(far), maxCodeAddresses)] {
		out = append(out, charter.Answerer{Device: device, Address: a.Bytes()})
	}
	return out, nil
}

// onlyHere returns the address with this computer itself in the place of "all".
func onlyHere(a ma.Multiaddr) ([]ma.Multiaddr, error) {
	_, rest := ma.SplitFirst(a)
	self := manet.IP4Loopback
	if _, err := a.ValueForProtocol(ma.P_IP6); err == nil {
		self = manet.IP6Loopback
	}
	if rest == nil {
		return nil, fmt.Errorf("the address %s has no port", a)
	}
	return []ma.Multiaddr{self.Encapsulate(rest)}, nil
}

// Addresses turns what a code says into multiaddrs with the identity that has to answer there.
func Addresses(answerers []charter.Answerer) ([]string, error) {
	var out []string
	for _, a := range answerers {
		addr, err := ma.NewMultiaddrBytes(a.Address)
		if err != nil {
			return nil, charter.ErrInviteMistyped
		}
		id, err := peer.Identity(a.Device)
		if err != nil {
			return nil, charter.ErrInviteMistyped
		}
		out = append(out, addr.String()+"/p2p/"+id)
	}
	return out, nil
}
