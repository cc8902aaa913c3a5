package daemon

import (
	"testing"

	"kith/daemon/api"
	"kith/daemon/api/apitest"
)

func TestOfADeviceThatIsAwayItIsSaidWhenItWasInStepAndWhatItMayLack(t *testing.T) {
	t.Parallel()
	all := coop(t, "Ana", "Ben")
	ana, ben := all[0], all[1]
	ana.start()
	ben.start()
	ana.inStepWith(ben)
	ben.stop()
	peer := func() (p api.Peer) {
		ana.until("Ben is away", func() bool {
			peers, err := ana.client.Peers(t.Context())
			must(t, err)
			if len(peers) == 0 {
				return false // the daemon has just begun
			}
			p = peers[0]
			return !p.Connected
		})
		return p
	}
	before := peer()
	if before.InStepAt.IsZero() || before.InStep || before.ToGet > 0 {
		t.Errorf("after they were in step: %+v", before)
	}
	for range 3 {
		_, err := ana.client.CreateTask(t.Context(), apitest.NewTask{Title: "Order paper"})
		must(t, err)
	}
	if p := peer(); p.ToSend != before.ToSend+3 {
		t.Errorf("three tasks later: %d, before that %d", p.ToSend, before.ToSend)
	}
	ana.stop()
	ana.start()
	if p := peer(); p.ToSend < 3 || !p.InStepAt.Equal(before.InStepAt.Time) {
		t.Errorf("after a restart: %d at %v, it was %v", p.ToSend, p.InStepAt, before.InStepAt)
	}
	ben.start()
	ana.inStepWith(ben)
	peers, err := ana.client.Peers(t.Context())
	must(t, err)
	if p := peers[0]; p.ToGet != p.Got || p.ToSend != p.Sent || p.InStepAt.Before(before.InStepAt.Time) {
		t.Errorf("together again: %+v", p)
	}
}
