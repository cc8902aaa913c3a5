package space

import (
	"fmt"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/replica/replicatest"
)

// Devices of those whom one member let in have what a person has together: one voice, one turn, one ration.
func TestWhomAMemberLetInCountAmongTheirDevices(t *testing.T) {
	ana, _, _ := replicatest.TwoReplicas(t)
	for i := range 3 {
		replicatest.Guest(t, ana, fmt.Sprint("Guest ", i))
	}
	members := map[string]int{}
	for _, d := range (directory{ana, &parting{}}).Devices() {
		members[d.Member]++
	}
	me, _ := ana.Me()
	if len(members) != 2 || members[me.ID.String()] != 4 {
		t.Errorf("the devices are of %v", members)
	}
}

// Who is of an ally, and how many they are, is for that co-op to say.
func TestAllOfAnAllyPayAsOne(t *testing.T) {
	ours, theirs := replicatest.TwoAllies(t)
	invite, elis := entry.NewSigner(), entry.NewSigner()
	_, err := theirs.Say(t.Context(), func(c *charter.Charter) ([]byte, error) {
		red, err := charter.NewRedemption(c.Space(), invite, entry.NewSigner(), elis, "Eli", "laptop")
		must(t, err)
		return c.FillSeat(invite.Device(), red)
	})
	must(t, err)
	_, err = ours.Accept(t.Context(), replicatest.Entries(t, theirs))
	must(t, err)
	paid := map[entry.Device]string{}
	for _, d := range (directory{ours, &parting{}}).Devices() {
		paid[d.Key] = d.Payer
	}
	dora, eli, ana := paid[theirs.Device()], paid[elis.Device()], paid[ours.Device()]
	if len(paid) != 3 || dora != eli || dora == ana || ana == "" {
		t.Errorf("what Dora's computer costs is laid to %q, Eli's to %q, and Ana's to %q", dora, eli, ana)
	}
}
