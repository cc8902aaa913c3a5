package peer

import (
	"net/netip"
	"time"
)

// PretendFar has a device take all others for ones on another network, for tests on loopback.
func (c *Config) PretendFar() { c.near = func(netip.Addr) bool { return false } }

// SleptBetween is sleptBetween.
func SleptBetween(then, now time.Time) time.Duration { return sleptBetween(then, now) }
