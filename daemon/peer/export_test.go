package peer

import (
	"net/netip"
	"time"

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

// SleptBetween is sleptBetween.
func SleptBetween(then, now time.Time) time.Duration { return sleptBetween(then, now) }
