package peer_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"

	"kith/crdt/entry"
	"kith/daemon/peer"
)

func TestTwoDevicesMeetAndKeepInStep(t *testing.T) {
	t.Parallel()
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

// A daemon that said that it is ready before would send away who came at once.
func TestOthersAreAnsweredWhenItIsSaid(t *testing.T) {
	t.Parallel()
	ana := newCoop(t).device("Ana's laptop").on()
	<-ana.peers.Answering()
	for _, spoken := range []protocol.ID{peer.SyncProtocol, peer.AddressesProtocol, peer.JoinProtocol, peer.ReachProtocol} {
		if !ana.peers.Speaks(spoken) {
			t.Errorf("%s isn't answered", spoken)
		}
	}
}

func TestBenAndCleoWhoNeverMetFindEachOtherWhileAnaIsOff(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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

// A device that speaks for nobody any more is brought up to the charter, by whichever side opens
// the stream, so that it can tell its owner. It gets nothing else, and what it has is taken.
func TestAFormerDeviceGetsTheCharterAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, connected := range []bool{true, false} {
		c := newCoop(t)
		ana, ben, eli := c.device("Ana's laptop").on(), c.device("Ben's laptop").on(), c.device("Eli's laptop").on()
		eli.meets(ana)
		eli.meets(ben)
		eli.untilInStep(ana, ben)
		if !connected {
			eli.off()
		}
		// All at once, while the sessions of before are still up.
		var secret, later, own entry.ID
		end := c.retire(eli, ana, func() {
			secret, later = ana.write("not for Eli"), ben.write("nor this")
			own = eli.write("what nobody had yet")
		})
		if !connected {
			eli.on()
			eli.meets(ana)
			eli.meets(ben)
		}
		eli.until("Eli is told", func() bool { return eli.local.Has(end) })
		ana.until("Eli's words are kept", func() bool { return ana.local.Has(own) || ben.local.Has(own) })
		eli.until("both have hung up", func() bool { return !eli.about(ana).Connected && !eli.about(ben).Connected })
		if eli.local.Has(secret) || eli.local.Has(later) {
			t.Errorf("connected: %v: Eli got more than the charter", connected)
		}
		for _, s := range ana.peers.Peers() {
			if s.Device == eli.key.Device() {
				t.Errorf("connected: %v: Ana still lists Eli", connected)
			}
		}
		for _, d := range c.all {
			d.off()
		}
	}
}

// Its program may be one that only listens, with a key by which it would be its turn to ask: then nobody told it.
func TestAFormerDeviceThatNeverAsksIsToldAllTheSame(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, key := c.device("Ana's laptop").on(), entry.NewSigner()
	for a, b := ana.key.Device(), key.Device(); bytes.Compare(a[:], b[:]) < 0; b = key.Device() {
		key = entry.NewSigner()
	}
	eli := c.deviceWith("Eli's laptop", key)
	c.retire(eli, ana, func() {})
	h, asked, hungUp := dialer(t, key), make(chan struct{}, 8), make(chan struct{}, 8)
	h.SetStreamHandler(peer.SyncProtocol, func(s network.Stream) {
		asked <- struct{}{}
		_ = s.Reset()
	})
	h.Network().Notify(&network.NotifyBundle{DisconnectedF: func(network.Network, network.Conn) { hungUp <- struct{}{} }})
	connect(t, h, ana)
	for times := 0; times < 2; { // also once its first stream was reset
		select {
		case <-asked:
			times++
		case <-hungUp:
			connect(t, h, ana)
		case <-within(t).Done():
			t.Fatal("nobody asks, and nobody says why")
		}
	}
}

// Such as by its owner's recovery phrase: the others don't go on leaving it alone.
func TestAFormerDeviceThatIsBackInUseComesIntoStepAtOnce(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, eli := c.device("Ana's laptop").on(), c.device("Eli's laptop").on()
	eli.meets(ana)
	eli.untilInStep(ana)
	c.retire(eli, ana, func() {})
	eli.until("Ana has hung up", func() bool { return !eli.about(ana).Connected })
	news := ana.write("for all")
	c.reinstate(eli)
	eli.until("Eli gets what is for all", func() bool { return eli.local.Has(news) })
	ana.untilInStep(eli)
}

func TestSyncSaysWithWhomAndWhyNot(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, ben, cleo := c.device("Ana's laptop").on(), c.device("Ben's laptop").on(), c.device("Cleo's laptop").on()
	ben.meets(ana)
	ben.meets(cleo)
	ben.untilInStep(ana, cleo)
	cleo.off()
	reports, err := ben.peers.Sync(within(t))
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
