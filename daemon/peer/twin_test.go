package peer_test

import (
	"fmt"
	"slices"
	"testing"

	"kith/crdt/entry"
)

// A device that was restored while its clone runs on: one key in two places.
func TestADeviceInTwoPlacesComesIntoStepInBoth(t *testing.T) {
	t.Parallel()
	for _, asked := range []bool{true, false} {
		t.Run(fmt.Sprintf("the others ask it %v", asked), func(t *testing.T) {
			c := newCoop(t)
			ana, cleo := c.device("Ana's laptop").on(), c.device("Cleo's laptop").on()
			lower := func(a, b entry.Signer) bool {
				x, y := a.Device(), b.Device()
				return slices.Compare(x[:], y[:]) < 0
			}
			key := entry.NewSigner()
			for lower(ana.key, key) != asked || lower(cleo.key, key) != asked {
				key = entry.NewSigner()
			}
			ben, clone := c.deviceWith("Ben's laptop", key), c.deviceWith("Ben's laptop", key)
			clone.n = 1000 // other runs
			ben.on()
			clone.on()
			all := []*device{ana, cleo, ben, clone}
			for round := range 3 {
				for _, d := range []*device{ben, clone} {
					d.meets(ana)
					d.meets(cleo)
				}
				var written []entry.ID
				for _, d := range all {
					written = append(written, d.write(fmt.Sprint("round ", round)))
				}
				for _, d := range all {
					d.until(fmt.Sprintf("round %d is here", round), func() bool {
						return !slices.ContainsFunc(written, func(id entry.ID) bool { return !d.local.Has(id) })
					})
				}
			}
			// One of them goes, comes back, and the other has noticed nothing.
			clone.off()
			id := ben.write("alone")
			ana.until("Ben's words are here", func() bool { return ana.local.Has(id) })
			clone.on()
			clone.meets(ana)
			clone.until("Ben's words are here", func() bool { return clone.local.Has(id) })
			ana.untilInStep(ben)
			for _, d := range c.all {
				d.off()
			}
		})
	}
}
