package peer

import (
	"slices"
	"time"

	ma "github.com/multiformats/go-multiaddr"

	"kith/crdt/entry"
)

// What a code names: where somebody may reach this device, or another one, who has nothing but the code.

// Dialable are the addresses at which others could dial this device, as far as they have said so; or else, those at which its router
// says that it lets them through.
func (p *Peers) Dialable() []ma.Multiaddr {
	p.mu.Lock()
	defer p.mu.Unlock()
	if all := p.confirmedLocked(); len(all) > 0 {
		return all
	}
	return p.mappedLocked()
}

// Relayed are this device's addresses at the named relays where it has a place, one for each. The members' own
// devices aren't among them: they pass nobody on whose code they don't know.
func (p *Peers) Relayed() (all []ma.Multiaddr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.relays {
		if at := p.places.at[r.ID]; at != nil && len(at.addrs) > 0 {
			i := slices.IndexFunc(at.addrs, func(a ma.Multiaddr) bool { _, err := a.ValueForProtocol(ma.P_TCP); return err == nil })
			all = append(all, at.addrs[max(i, 0)]) // TCP gets out of more networks than UDP
		}
	}
	return all
}

// Way is an address at which another device answered, or says that it does.
type Way struct {
	Device    entry.Device
	Connected bool
	LastSeen  time.Time
	Address   ma.Multiaddr
	Near      bool // only from this computer's own networks
}

// WaysTo gives for each device in use the best address that somebody elsewhere could have: where this one has dialed it on
// another network, else where it says that it is at a relay which is nobody's of the charter, else where it was dialed
// nearby.
func (p *Peers) WaysTo() (all []Way) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.contacts {
		if c.former {
			continue
		}
		w := Way{Device: c.key, Connected: c.status.Connected, LastSeen: c.status.LastSeen}
		if w.Address = p.dialedAtLocked(c); w.Address == nil {
			w.Address = p.atNamedLocked(c.key)
		}
		if w.Address == nil && len(c.worked) > 0 {
			w.Address, w.Near = c.worked[0], true
		}
		if w.Address != nil {
			all = append(all, w)
		}
	}
	slices.SortFunc(all, func(a, b Way) int { return slices.Compare(a.Device[:], b.Device[:]) })
	return all
}

// atNamedLocked returns where a device says that it is, at a relay outside the charter; nil if it says nothing of that.
func (p *Peers) atNamedLocked(d entry.Device) ma.Multiaddr {
	r := p.records[d]
	if r == nil {
		return nil
	}
	for _, a := range r.addrs {
		relay, err := deviceOf(relayOf(a))
		if isRelayed(a) && (err != nil || p.contacts[relay] == nil) && relay != p.self {
			return a
		}
	}
	return nil
}

// RelayIn returns the relay that an address leads through, as its owner would name it; "" if there is none.
func RelayIn(a ma.Multiaddr) string {
	if !plain(a) || !isRelayed(a) {
		return ""
	}
	before, _ := ma.SplitFunc(a, func(c ma.Component) bool { return c.Protocol().Code == ma.P_CIRCUIT })
	return before.String()
}

// ThroughRelay is the address of a device at a named relay. ok is false if the relay is at a name: in what others are told
// there are none.
func ThroughRelay(relay string) (a ma.Multiaddr, ok bool) {
	a, err := ma.NewMultiaddr(RelayAddress(relay))
	if err != nil {
		return nil, false
	}
	a = a.Encapsulate(circuit)
	return a, plain(a)
}

var circuit = ma.StringCast("/p2p-circuit")

// DeviceAt is whose identity an address ends in. ok is false if that is none of a device.
func DeviceAt(address string) (d entry.Device, ok bool) {
	a, err := ma.NewMultiaddr(address)
	if err != nil {
		return d, false
	}
	_, id := splitIdentity(a)
	d, err = deviceOf(id)
	return d, err == nil
}
