package knock

import (
	"fmt"
	"slices"

	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/home"
	"kith/daemon/peer"
)

// What a code names of the device that made it: each address makes it 70 to 140 letters longer. It may lead through
// relays, of different hosts; then one way without is enough.
const (
	maxDirect  = 2
	maxRelayed = 2
)

// Found is where a running daemon knows that its device is reached; the zero value where none runs.
type Found struct {
	Dialable []ma.Multiaddr // others could dial it there
	Relayed  []ma.Multiaddr // at relays that keep a place for it
}

// Answerers returns where the holder of a code finds this device: what it announces or, if that
// is nothing, where others could dial it and what it listens on, with this computer's addresses in the place of "all"; and
// behind that its places at the relays that it names.
func Answerers(c home.Config, device entry.Device, now Found) (out []charter.Answerer, err error) {
	direct, err := direct(c, now.Dialable)
	if err != nil {
		return nil, err
	}
	relayed := now.Relayed
	if len(relayed) == 0 { // it has no place yet, or nobody has asked whether it has
		for _, r := range c.Named() {
			if a, ok := peer.ThroughRelay(r); ok {
				relayed = append(relayed, a)
			}
		}
	}
	relayed = apart(relayed)
	most := maxDirect
	if len(relayed) > 0 {
		most = 1
	}
	for _, a := range append(direct[:min(len(direct), most)], relayed[:min(len(relayed), maxRelayed)]...) {
		if b := a.Bytes(); len(b) <= charter.MaxAddress {
			out = append(out, charter.Answerer{Device: device, Address: b})
		}
	}
	return out, nil
}

// apart returns of several addresses at one host the first.
func apart(addrs []ma.Multiaddr) (all []ma.Multiaddr) {
	hosts := map[string]bool{}
	for _, a := range addrs {
		host, _ := ma.SplitFirst(a)
		if host != nil && !hosts[host.Value()] {
			hosts[host.Value()] = true
			all = append(all, a)
		}
	}
	return all
}

// direct lists where this device is reached without a relay, the best first.
func direct(c home.Config, dialable []ma.Multiaddr) ([]ma.Multiaddr, error) {
	addrs := c.Announce
	if len(addrs) == 0 {
		addrs = c.Listen
	}
	var near, far []ma.Multiaddr // near: only from this computer
	if len(c.Announce) == 0 {
		for _, a := range dialable {
			if _, err := a.ValueForProtocol(ma.P_TCP); err == nil {
				far = append(far, a)
			}
		}
		far = far[:min(len(far), 1)]
	}
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
			case !manet.IsIP6LinkLocal(r) && !slices.ContainsFunc(far, r.Equal):
				far = append(far, r)
			}
		}
	}
	if len(far) == 0 {
		far = near
	}
	return bothFamilies(far), nil
}

// bothFamilies puts the first IPv6 address that the whole internet can dial in the second place, so that a code which has
// room for two doesn't name two of one computer's IPv4 networks and leave that out.
func bothFamilies(addrs []ma.Multiaddr) []ma.Multiaddr {
	i := slices.IndexFunc(addrs, func(a ma.Multiaddr) bool {
		_, err := a.ValueForProtocol(ma.P_IP6)
		return err == nil && manet.IsPublicAddr(a)
	})
	if i < 2 {
		return addrs
	}
	six := addrs[i]
	return slices.Insert(slices.Delete(slices.Clone(addrs), i, i+1), 1, six)
}

// Relays lists the relays that lead to those whom a code names, each as its owner would name it, but for the co-op's own
// devices.
func Relays(answerers []charter.Answerer, own func(entry.Device) bool) (all []string) {
	for _, answerer := range answerers {
		a, err := ma.NewMultiaddrBytes(answerer.Address)
		if err != nil {
			continue
		}
		relay := peer.RelayIn(a)
		if d, ok := peer.DeviceAt(relay); relay == "" || ok && own(d) || slices.Contains(all, relay) {
			continue
		}
		all = append(all, relay)
	}
	return all
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
