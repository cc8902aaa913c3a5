package peer_test

import (
	"context"
	"strings"
	"testing"
	"time"
)

func TestTwoDevicesMeetAndKeepInStep(t *testing.T) {
	c := newCoop(t)
	ana, ben := c.device("Ana's laptop").on(), c.device("Ben's laptop").on()
	id := ana.write("before they met")
	ben.meets(ana)
	ana.untilInStep(ben)
	ben.untilInStep(ana)
	if !ben.local.Has(id) {
		t.Error("in step, but Ben lacks Ana's entry")
	}
	id = ben.write("afterwards")
	ana.until("Ben's entry is here", func() bool { return ana.local.Has(id) })
	if s := ana.about(ben); !s.Connected || s.Transport == "" || s.Address == "" || s.LastSeen.IsZero() {
		t.Errorf("the table says %+v", s)
	}
	ben.until("the round trip is measured", func() bool { return ben.about(ana).RTT > 0 })
}

func TestBenAndCleoWhoNeverMetFindEachOtherWhileAnaIsOff(t *testing.T) {
	c := newCoop(t)
	ana, ben, cleo := c.device("Ana's laptop").on(), c.device("Ben's laptop").on(), c.device("Cleo's laptop").on()
	ben.meets(ana)
	ana.until("Ben has told where he is", func() bool { return ana.book.knows(ben) })
	ben.off()
	cleo.meets(ana)
	ana.untilInStep(cleo)
	cleo.until("Ana has told of Ben", func() bool { return cleo.book.knows(ben) })
	ana.off()
	cleo.off()
	// Both start again; nobody tells them anything but what they remember.
	ben.on()
	cleo.on()
	id := ben.write("while Ana is off")
	cleo.untilInStep(ben)
	cleo.until("Ben's entry is here", func() bool { return cleo.local.Has(id) })
	// And Ana gets it from Cleo.
	ben.off()
	ana.on()
	ana.until("Ben's entry is here", func() bool { return ana.local.Has(id) })
}

func TestADeviceThatIsRemovedIsDisconnectedAndStaysOut(t *testing.T) {
	c := newCoop(t)
	ana, eli := c.device("Ana's laptop").on(), c.device("Eli's laptop").on()
	eli.meets(ana)
	ana.untilInStep(eli)
	c.remove(eli)
	eli.until("Ana has hung up", func() bool { return !eli.about(ana).Connected })
	eli.until("Eli is told why", func() bool { return strings.Contains(eli.about(ana).Trouble, "doesn't let this device in") })
	if n := len(ana.peers.Peers()); n != 0 {
		t.Errorf("Ana still lists %d devices", n)
	}
}

func TestSyncSaysWithWhomAndWhyNot(t *testing.T) {
	c := newCoop(t)
	ana, ben, cleo := c.device("Ana's laptop").on(), c.device("Ben's laptop").on(), c.device("Cleo's laptop").on()
	ben.meets(ana)
	ben.meets(cleo)
	ben.untilInStep(ana, cleo)
	cleo.off()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	reports, err := ben.peers.Sync(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(reports) != 2 || !reports[0].InStep || reports[1].InStep {
		t.Fatalf("%+v", reports)
	}
	if !strings.HasPrefix(reports[1].Trouble, "Cleo's laptop: ") || !strings.Contains(reports[1].Trouble, "connection refused at 127.0.0.1:") {
		t.Errorf("why not: %q", reports[1].Trouble)
	}
}
