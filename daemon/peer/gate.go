package peer

import (
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"kith/crdt/entry"
)

// gate decides who gets past the handshake. Before it nobody has a name, so everybody may try;
// after it libp2p asks here before it negotiates anything, so a stranger is told nothing: no
// protocols, no addresses, no version.
type gate struct {
	self    entry.Device
	charter Charter
	invites Invites
	relays  map[peer.ID]bool // named ones; they are dialed, and never let in

	mu     sync.Mutex
	banned map[entry.Device]time.Time // until when
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
	return g.relays[id] || err == nil && g.knows(d)
}

// InterceptAddrDial implements connmgr.ConnectionGater.
func (g *gate) InterceptAddrDial(peer.ID, ma.Multiaddr) bool { return true }

// InterceptAccept implements connmgr.ConnectionGater.
func (g *gate) InterceptAccept(network.ConnMultiaddrs) bool { return true }

// InterceptSecured implements connmgr.ConnectionGater: now we know who it is.
func (g *gate) InterceptSecured(dir network.Direction, id peer.ID, _ network.ConnMultiaddrs) bool {
	if dir == network.DirOutbound && g.relays[id] {
		return true
	}
	d, err := deviceOf(id)
	return err == nil && (g.knows(d) || dir == network.DirInbound && g.mayJoin(d))
}

// InterceptUpgraded implements connmgr.ConnectionGater.
func (g *gate) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason) { return true, 0 }

func newGate(self entry.Device, charter Charter, invites Invites) *gate {
	return &gate{self: self, charter: charter, invites: invites, banned: map[entry.Device]time.Time{}, relays: map[peer.ID]bool{}}
}
