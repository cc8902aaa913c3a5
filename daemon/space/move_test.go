package space

import (
	"testing"

	"kith/daemon/home"
	"kith/daemon/replica/replicatest"
	"kith/daemon/store"
)

// Whoever hasn't heard that the pact is made asks at the address that is in the code.
func TestAShareStaysAtItsAddressUntilTheOtherSideHasHeardThatThePactIsMade(t *testing.T) {
	coop, _, _ := replicatest.TwoReplicas(t)
	first, second := replicatest.TwoAllies(t)
	place := home.At(t.TempDir())
	if mayMove(place, coop) {
		t.Error("a co-op moves away from the address that its codes name")
	}
	if !mayMove(place, first) {
		t.Error("a share that nobody asks for by a code stays")
	}
	must(t, place.SetPact([]byte("{}")))
	b := store.NewBatch(nil)
	b.PutSmall(AddressPrefix+first.Device().String(), []byte{1})
	must(t, first.Store().Commit(b))
	if mayMove(place, first) {
		t.Error("the other side may ask yet, and it moves")
	}
	must(t, Addresses(first).Save(second.Device(), []byte{1}))
	if !mayMove(place, first) {
		t.Error("the other side has been in touch, and it stays at a port that is taken")
	}
}
