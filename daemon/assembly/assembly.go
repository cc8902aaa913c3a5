package assembly

import (
	"kith/daemon/api/server"
	"kith/daemon/space"
)

// Assembly is what the people of one space agree on about itself, and what each says to it: it answers the local
// API about the charter.
type Assembly struct{ at *space.Space }

var _ server.Charter = (*Assembly)(nil)

// New makes that of a space.
func New(at *space.Space) *Assembly { return &Assembly{at} }
