package peer

import (
	"net/netip"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"

	"kith/crdt/entry"
)

// PretendFar has a device take all others for ones on another network, for tests on loopback.
func (c *Config) PretendFar() { c.near = func(netip.Addr) bool { return false } }

// Fails has an attempt to reach a device fail that was under way.
func (p *Peers) Fails(d entry.Device, why string) {
	p.mu.Lock()
	c := p.contacts[d]
	p.mu.Unlock()
	p.failed(c, why)
}

// Speaks says whether a device answers in a protocol.
func (p *Peers) Speaks(what protocol.ID) bool { return slices.Contains(p.host.Mux().Protocols(), what) }

// Answered says whether a device has said whether it could dial this one.
func (p *Peers) Answered(d entry.Device) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.answers[d]
	return ok
}

// What one guest may have of a device as a relay.
var (
	GuestsAtOnce = guestRation.atOnce
	GuestBytes   = int64(carryRation.atOnce) * relayBuffer
)

// Carry tells what meters guests that bytes of somebody were passed on.
func (p *Peers) Carry(id peer.ID, n int64) {
	for ; n > 0; n -= relayBuffer {
		guestMeter{p}.LogRecvMessageStream(min(n, relayBuffer), proto.ProtoIDv2Hop, id)
	}
}

// SleptBetween is sleptBetween.
func SleptBetween(then, now time.Time) time.Duration { return sleptBetween(then, now) }

// IsRelay says whether somebody is dialed, and not let in, as a relay.
func (p *Peers) IsRelay(id peer.ID) bool { return p.gate.isRelay(id) }

// PorchLimits are those of a porch on a computer with so much memory for them, and so many files.
func PorchLimits(memory int64, files int) rcmgr.PartialLimitConfig {
	limits := limitsWith(forPorch)
	return limits.Scale(memory, files).ToPartialLimitConfig()
}

// MemberLimits are those of a member's device on such a computer.
func MemberLimits(memory int64, files int) rcmgr.PartialLimitConfig {
	limits := limitsWith()
	return limits.Scale(memory, files).ToPartialLimitConfig()
}
