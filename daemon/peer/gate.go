package peer

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"kith/crdt/entry"
)

// gate decides who gets past the handshake. Before it nobody has a name, so everybody may try;
// after it libp2p asks here before it negotiates anything, so a stranger is told nothing: no
// protocols, no addresses, no version.
type gate struct {
	self    entry.Device
	charter Charter
	invites Invites

	dials   rations[entry.Device] // of addresses that are known of it
	comes   rations[entry.Device] // connections that it makes
	streams rations[entry.Device] // that it opens
	excess  rations[entry.Device] // the same, beyond its ration
	floods  func(entry.Device)    // hears of whoever has no end of that; set before anybody connects

	mu     sync.Mutex
	relays map[peer.ID]bool           // named ones; they are dialed, and never let in
	banned map[entry.Device]time.Time // until when
	silent map[netip.Addr][]time.Time // since when connections from there haven't said who they are
}

var _ connmgr.ConnectionGater = (*gate)(nil)

// knows says whether a device of the charter may connect now.
func (g *gate) knows(d entry.Device) bool {
	return d != g.self && g.charter.Knows(d) && time.Now().After(g.bannedUntil(d))
}

// mayJoin says whether the key is of an invite that was issued here.
func (g *gate) mayJoin(d entry.Device) bool {
	return g.invites != nil && g.invites.Issued(d)
}

// name has these relays be dialed, and no others any more.
func (g *gate) name(relays []peer.AddrInfo) {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.relays)
	for _, r := range relays {
		g.relays[r.ID] = true
	}
}

// isRelay says whether somebody is a named relay. A device of the charter is none, whoever named it: it is let in, and bounded,
// as such.
func (g *gate) isRelay(id peer.ID) bool {
	g.mu.Lock()
	named := g.relays[id]
	g.mu.Unlock()
	if !named {
		return false
	}
	d, err := deviceOf(id)
	return err != nil || !g.charter.Knows(d)
}

// bannedUntil says until when a device is left alone; a time in the past for all others.
func (g *gate) bannedUntil(d entry.Device) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.banned[d]
}

// ban leaves a device alone until then.
func (g *gate) ban(d entry.Device, until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.banned[d] = until
}

// InterceptPeerDial implements connmgr.ConnectionGater. Nobody but the charter's devices and the
// named relays is ever dialed.
func (g *gate) InterceptPeerDial(id peer.ID) bool {
	d, err := deviceOf(id)
	return g.isRelay(id) || err == nil && g.knows(d)
}

// InterceptAddrDial implements connmgr.ConnectionGater. Where a device says that it is, this one knocks
// only so often.
func (g *gate) InterceptAddrDial(id peer.ID, _ ma.Multiaddr) bool {
	d, err := deviceOf(id)
	return err != nil || g.isRelay(id) || g.dials.may(d, dialRation, time.Now())
}

// InterceptAccept implements connmgr.ConnectionGater. Who says nothing takes up the room of their own
// address and of no other.
func (g *gate) InterceptAccept(conn network.ConnMultiaddrs) bool {
	from, ok := silentAt(conn)
	if !ok {
		return true
	}
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	for at, since := range g.silent {
		if since = slices.DeleteFunc(since, func(t time.Time) bool { return now.Sub(t) > handshakeTime }); len(since) == 0 {
			delete(g.silent, at)
		} else {
			g.silent[at] = since
		}
	}
	if len(g.silent[from]) >= maxSilentAt {
		return false
	}
	g.silent[from] = append(g.silent[from], now)
	return true
}

// spoke notes that a connection has said who it is.
func (g *gate) spoke(conn network.ConnMultiaddrs) {
	from, ok := silentAt(conn)
	if !ok {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if since := g.silent[from]; len(since) > 1 {
		g.silent[from] = since[1:]
	} else {
		delete(g.silent, from)
	}
}

// silentAt is whose room a connection takes up: an address, or of IPv6 what a household has of them; none, if it
// comes through a relay.
func silentAt(conn network.ConnMultiaddrs) (netip.Addr, bool) {
	a := conn.RemoteMultiaddr()
	if isRelayed(a) {
		return netip.Addr{}, false
	}
	ip, err := manet.ToIP(a)
	if err != nil {
		return netip.Addr{}, false
	}
	addr, _ := netip.AddrFromSlice(ip)
	if addr = addr.Unmap(); addr.Is6() {
		prefix, _ := addr.Prefix(56)
		addr = prefix.Addr()
	}
	return addr, true
}

// InterceptSecured implements connmgr.ConnectionGater: now we know who it is.
func (g *gate) InterceptSecured(dir network.Direction, id peer.ID, conn network.ConnMultiaddrs) bool {
	if dir == network.DirInbound {
		g.spoke(conn)
	}
	if dir == network.DirOutbound && g.isRelay(id) {
		return true
	}
	d, err := deviceOf(id)
	if err != nil || dir == network.DirOutbound {
		return err == nil && g.knows(d)
	}
	return (g.knows(d) || g.mayJoin(d)) && g.comes.may(d, connRation, time.Now())
}

// mayOpen says whether a peer may open another stream here. It is asked before anything is said over it: to open one and let
// go of it costs who does next to nothing.
func (g *gate) mayOpen(id peer.ID) bool {
	d, err := deviceOf(id)
	if err != nil {
		return false
	}
	now := time.Now()
	if g.streams.may(d, streamRation, now) {
		return true
	}
	if !g.excess.may(d, floodRation, now) && g.floods != nil {
		go g.floods(d) // it closes the connection on which this is asked
	}
	return false
}

// InterceptUpgraded implements connmgr.ConnectionGater.
func (g *gate) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason) { return true, 0 }

func newGate(self entry.Device, charter Charter, invites Invites) *gate {
	return &gate{self: self, charter: charter, invites: invites, banned: map[entry.Device]time.Time{}, silent: map[netip.Addr][]time.Time{}, relays: map[peer.ID]bool{}}
}
