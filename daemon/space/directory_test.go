package space

import (
	"fmt"
	"testing"

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
