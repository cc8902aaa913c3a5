package daemon

import (
	"kith/daemon/api/server"
	"kith/daemon/space"
)

// assembly is what the people of one space agree on about itself, and what each says to it: it answers the local
// API about the charter.
type assembly struct{ at *space.Space }

var _ server.Charter = (*assembly)(nil)

// newAssembly makes that of a space.
func newAssembly(at *space.Space) *assembly { return &assembly{at} }
