package peer_test

import (
	"crypto/ed25519"
	"slices"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	libpeer "github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	ma "github.com/multiformats/go-multiaddr"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/peer"
)

// aPorch is a porch that takes every token; keeps and passes say whether it does what it is for.
type aPorch struct {
	host          host.Host
	keeps, passes bool
}

func (p *aPorch) AllowReserve(libpeer.ID, ma.Multiaddr) bool             { return p.keeps }
func (p *aPorch) AllowConnect(libpeer.ID, ma.Multiaddr, libpeer.ID) bool { return p.passes }

// porch serves one, and gives its code.
func porch(t *testing.T, passes bool) (code string, p *aPorch) {
	t.Helper()
	return servedAs(t, &aPorch{keeps: true, passes: passes})
}

func servedAs(t *testing.T, p *aPorch) (code string, _ *aPorch) {
	t.Helper()
	key := entry.NewSigner()
	seed := key.Seed()
	own := must(crypto.UnmarshalEd25519PrivateKey(ed25519.NewKeyFromSeed(seed[:])))
	p.host = must(libp2p.New(libp2p.Identity(own), libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.DisableMetrics()))
	t.Cleanup(func() { p.host.Close() })
	serving := must(relay.New(p.host, relay.WithACL(p), relay.WithInfiniteLimits(), relay.WithReservationAddressFilter(func(ma.Multiaddr) bool { return true })))
	t.Cleanup(func() { serving.Close() })
	p.host.SetStreamHandler(peer.PorchProtocol, func(s network.Stream) {
		peer.AnswerPorch(s, func([]byte) peer.PorchRefusal { return "" })
	})
	return must(charter.NewPorchCode(charter.Answerer{Device: key.Device(), Address: p.host.Addrs()[0].Bytes()}).Encode()), p
}

func TestAPorchIsNamedAndLeftWhileADeviceRuns(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ben, cleo := c.behindRouter("Ben's laptop").on(), c.behindRouter("Cleo's laptop").on()
	code, at := porch(t, true)
	for _, d := range []*device{ben, cleo} {
		if err := d.peers.UseRelays([]string{code}); err != nil {
			t.Fatal(err)
		}
		d.until("it has a place", func() bool { return d.peers.RelayState(code).Place })
	}
	cleo.meets(ben)
	cleo.untilInStep(ben)
	if s := cleo.about(ben); !s.Relayed() {
		t.Errorf("Cleo says %+v", s)
	}
	if says := ben.peers.Reach().Says; !strings.Contains(says, "All hangs on that one: add a porch at another host") {
		t.Errorf("Ben is told: %s", says)
	}
	if err := ben.peers.UseRelays(nil); err != nil {
		t.Fatal(err)
	}
	ben.until("the place is given up, and the connection", func() bool {
		return len(ben.peers.Relays()) == 0 && !slices.Contains(at.host.Network().Peers(), must(libpeer.Decode(must(peer.Identity(ben.key.Device())))))
	})
	if err := ben.peers.UseRelays([]string{"nonsense"}); err == nil {
		t.Error("nonsense is named")
	}
}

func TestAPorchThatLetsNobodyThroughIsLeftAndAnotherIsTaken(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ben := c.behindRouter("Ben's laptop")
	lies, _ := porch(t, false)
	good, _ := porch(t, true)
	ben.relays = []string{lies, good}
	ben.on()
	ben.until("it is said", func() bool { return strings.Contains(ben.peers.RelayState(lies).Trouble, "lets nobody through") })
	if lying, other := ben.peers.RelayState(lies), ben.peers.RelayState(good); lying.Place || !other.Place || other.Trouble != "" {
		t.Errorf("of the one that lies Ben knows %+v, of the other %+v", lying, other)
	}
	if says := ben.peers.Reach().Says; !strings.Contains(says, "All hangs on that one now") {
		t.Errorf("Ben is told: %s", says)
	}
}

func TestAPorchThatTakesTheCodeAndGivesNoPlaceIsSaid(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ben := c.behindRouter("Ben's laptop")
	refuses, _ := servedAs(t, &aPorch{passes: true})
	good, _ := porch(t, true)
	ben.relays = []string{refuses, good}
	ben.on()
	ben.until("it has a place at the other", func() bool { return ben.peers.RelayState(good).Place })
	if s := ben.peers.RelayState(refuses); s.Place || !strings.Contains(s.Trouble, "gives no place") {
		t.Errorf("%+v", s)
	}
}

func TestAPorchThatIsntThereIsSaidAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ben := c.behindRouter("Ben's laptop")
	dead, p := porch(t, true)
	p.host.Close()
	good, _ := porch(t, true)
	ben.relays = []string{dead, good}
	ben.on()
	ben.until("it has a place at the other", func() bool { return ben.peers.RelayState(good).Place })
	if s := ben.peers.RelayState(dead); s.Place || !strings.Contains(s.Trouble, "it isn't there: connection refused") {
		t.Errorf("%+v", s)
	}
}

// Who moves a porch makes new codes, and what is said of it then is about those.
func TestOfAPorchThatMovedOnlyTheNewAddressIsTried(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ben := c.behindRouter("Ben's laptop")
	code, _ := porch(t, true)
	at := func(addr string) string {
		a := must(charter.DecodePorchCode(code)).At[0]
		a.Address = must(ma.NewMultiaddr(addr)).Bytes()
		return must(charter.NewPorchCode(a).Encode())
	}
	before, after := at("/ip4/127.0.0.1/tcp/1"), at("/ip4/127.0.0.1/tcp/2")
	ben.relays = []string{before}
	ben.on()
	ben.until("it isn't there", func() bool { return strings.Contains(ben.peers.RelayState(before).Trouble, "127.0.0.1:1") })
	if err := ben.peers.UseRelays([]string{after}); err != nil {
		t.Fatal(err)
	}
	ben.until("it isn't at the new address, and nothing is said of the old one", func() bool {
		trouble := ben.peers.RelayState(after).Trouble
		return strings.Contains(trouble, "127.0.0.1:2") && !strings.Contains(trouble, "127.0.0.1:1")
	})
	if err := ben.peers.UseRelays([]string{code}); err != nil {
		t.Fatal(err)
	}
	ben.until("it has a place", func() bool { return ben.peers.RelayState(code).Place })
}

// A device that one can go through may be shut at any moment, and takes with it how others find each other.
func TestBesideAPlaceAtAMembersDeviceThereIsOneAtAPorch(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, ben := c.elsewhere("Ana's laptop").on(), c.behindRouter("Ben's laptop")
	code, _ := porch(t, true)
	ben.relays = []string{code}
	ben.on()
	ben.meets(ana)
	ben.untilRelayedBy("Ana's laptop")
	ben.until("the porch has one, too", func() bool { return ben.peers.RelayState(code).Place })
}

// Whoever named it: what a device of the charter may do is bounded, which what a relay does isn't in the same way.
func TestADeviceOfTheCharterIsNoRelayWhoeverNamesIt(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, mel := c.elsewhere("Ana's laptop").on(), c.elsewhere("Mel's laptop").on()
	id := must(libpeer.Decode(must(peer.Identity(mel.key.Device()))))
	if err := ana.peers.UseRelays([]string{mel.listen[0] + "/p2p/" + id.String()}); err != nil {
		t.Fatal(err)
	}
	if ana.peers.IsRelay(id) {
		t.Error("a member's device passes for a relay")
	}
	c.remove(mel)
	if !ana.peers.IsRelay(id) {
		t.Error("what isn't of the charter is no relay")
	}
}

// By itself the library lets in as many connections as it finds memory for, which is fewer than a porch says that it has places.
func TestAPorchHasRoomForItsPlacesOnASmallComputer(t *testing.T) {
	limits := peer.PorchLimits(128<<20, 256)
	if n := limits.System.ConnsInbound; n < 1000 {
		t.Errorf("%d connections come in", n)
	}
	if n := limits.Service[relay.ServiceName].StreamsInbound; n < 1024 {
		t.Errorf("%d streams go through", n)
	}
}

func TestAMembersSmallComputerHasRoomForACoopOfFifty(t *testing.T) {
	if n := peer.MemberLimits(128<<20, 256).System.ConnsInbound; n < 200 {
		t.Errorf("%d connections come in", n)
	}
}
