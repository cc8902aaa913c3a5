package assembly

import (
	"strings"
	"testing"
	"time"

	"kith/crdt/charter"
	"kith/daemon/api"
	"kith/daemon/home"
	"kith/daemon/replica/replicatest"
	"kith/daemon/space"
)

// A code of a porch is a bearer's: who has it keeps it.
func TestWhoProposesARemovalIsToldThatTheCodeOfThePorchStaysWithThem(t *testing.T) {
	code, err := charter.NewPorchCode().Encode()
	must(t, err)
	for _, has := range []bool{false, true} {
		ana, ben, _ := replicatest.TwoReplicas(t)
		them, _ := ben.Me()
		place := home.At(t.TempDir())
		if has {
			must(t, place.SetConfig(home.Config{Relays: []string{code}}))
		}
		p, err := New(&space.Space{Place: place, Replica: ana, Now: time.Now}).Propose(t.Context(), api.ProposalRequest{Action: api.ActionRemove, Member: them.ID.String(), Why: "they moved away"})
		must(t, err)
		if told := strings.Contains(strings.Join(p.Says, " "), "Ben keeps the code of your porch"); told != has {
			t.Errorf("with a porch's code (%v): %q", has, p.Says)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
