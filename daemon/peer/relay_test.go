package peer_test

import (
	"bytes"
	stded25519 "crypto/ed25519"
	"crypto/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	libpeer "github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	ma "github.com/multiformats/go-multiaddr"

	"kith/crdt/entry"
	"kith/daemon/peer"
)

// behindRouter is a device that nobody can dial, and that takes all others for being elsewhere.
func (c *coop) behindRouter(name string) *device {
	d := c.device(name)
	d.listen, d.far = nil, true
	return d
}

// elsewhere is a device that listens, and takes all others for being elsewhere.
func (c *coop) elsewhere(name string) *device {
	d := c.device(name)
	d.far = true
	return d
}

func (d *device) untilRelayedBy(name string) {
	d.coop.t.Helper()
	d.until("it has a place at "+name, func() bool { return slices.Contains(d.peers.Relays(), name) })
}

// bulk writes as many bytes as a relay with the library's own limits never lets through.
func (d *device) bulk() (all []entry.ID) {
	for range 64 {
		b := make([]byte, 32<<10)
		_, _ = rand.Read(b) // never fails
		all = append(all, d.write(string(b)))
	}
	return all
}

func hasAll(d *device, ids []entry.ID) func() bool {
	return func() bool { return !slices.ContainsFunc(ids, func(id entry.ID) bool { return !d.local.Has(id) }) }
}

func TestTwoThatNobodyCanDialCatchUpWholeThroughAThird(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, ben, cleo := c.elsewhere("Ana's laptop").on(), c.behindRouter("Ben's laptop").on(), c.behindRouter("Cleo's laptop").on()
	ben.meets(ana)
	ben.untilRelayedBy("Ana's laptop")
	cleo.meets(ana)
	ben.untilInStep(cleo)
	cleo.untilInStep(ben)
	for _, side := range [][2]*device{{ben, cleo}, {cleo, ben}} {
		if s := side[0].about(side[1]); s.Transport != "relay" {
			t.Errorf("%s says of %s: %+v", side[0].name, side[1].name, s)
		}
	}
	if by := ben.about(cleo).Via + cleo.about(ben).Via; !strings.Contains(by, "Ana's laptop") {
		t.Errorf("the side that dialed says it goes through %q", by)
	}
	// Ana keeps nothing of it: what she passes on she can't read, and here she isn't told it.
	ids := ben.bulk()
	cleo.until("all has come", hasAll(cleo, ids))
	if got := cleo.about(ben).Exchange.Received; got < 2<<20 && ana.local.Has(ids[0]) == false {
		t.Errorf("%d bytes came from Ben", got)
	}
}

// As above, but the third is no member and can't have passed on an entry of its own store.
func TestANamedRelayPassesOnACatchUpAndGetsNoProtocolOfTheCoop(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	outside := must(libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.DisableMetrics()))
	defer outside.Close()
	serving := must(relay.New(outside, relay.WithInfiniteLimits(), relay.WithReservationAddressFilter(func(ma.Multiaddr) bool { return true })))
	defer serving.Close()
	named := outside.Addrs()[0].String() + "/p2p/" + outside.ID().String()
	ben, cleo := c.behindRouter("Ben's laptop"), c.behindRouter("Cleo's laptop")
	ben.relays, cleo.relays = []string{named}, []string{named}
	ids := ben.bulk()
	ben.on()
	cleo.on()
	ben.until("it has a place", func() bool { return len(ben.peers.Relays()) == 1 })
	cleo.until("it has a place", func() bool { return len(cleo.peers.Relays()) == 1 })
	cleo.meets(ben)
	cleo.until("all has come", hasAll(cleo, ids))
	ben.untilInStep(cleo)
	if s := cleo.about(ben); !s.Relayed() || !strings.HasPrefix(s.Via, "127.0.0.1:") {
		t.Errorf("Cleo says %+v", s)
	}
	id := must(libpeer.Decode(must(peer.Identity(ben.key.Device()))))
	for _, p := range []string{string(peer.SyncProtocol), string(peer.AddressesProtocol), string(peer.JoinProtocol), string(peer.ReachProtocol)} {
		if got := speakTo(t, outside, id, p, []byte("hello")); len(got) > 0 {
			t.Errorf("the relay heard %q on %s", got, p)
		}
	}
	stillWell(t, ben, cleo)
}

func TestANamedRelayThatComesBackKeepsAPlaceAgain(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	listen := must(peer.PickPorts([]string{"/ip4/127.0.0.1/tcp/0"}))[0]
	seed := entry.NewSigner().Seed()
	key := must(crypto.UnmarshalEd25519PrivateKey(stded25519.NewKeyFromSeed(seed[:])))
	serve := func() (stop func()) {
		h := must(libp2p.New(libp2p.Identity(key), libp2p.ListenAddrStrings(listen), libp2p.DisableMetrics()))
		r := must(relay.New(h, relay.WithReservationAddressFilter(func(ma.Multiaddr) bool { return true })))
		return func() { _, _ = r.Close(), h.Close() }
	}
	stop := serve()
	ben, cleo := c.behindRouter("Ben's laptop"), c.behindRouter("Cleo's laptop")
	ben.relays = []string{listen + "/p2p/" + must(libpeer.IDFromPrivateKey(key)).String()}
	cleo.relays = ben.relays
	ben.on()
	cleo.on()
	ben.until("it has a place", func() bool { return len(ben.peers.Relays()) == 1 })
	cleo.meets(ben)
	cleo.untilInStep(ben)
	stop()
	ben.until("the place is given up", func() bool { return len(ben.peers.Relays()) == 0 && !ben.about(cleo).Connected })
	id := ben.write("while the relay is away")
	defer serve()()
	cleo.until("Ben's entry is here", func() bool { return cleo.local.Has(id) })
}

func TestARelayThatGoesAwayIsReplaced(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, dan := c.elsewhere("Ana's laptop").on(), c.elsewhere("Dan's laptop").on()
	ben, cleo := c.behindRouter("Ben's laptop").on(), c.behindRouter("Cleo's laptop").on()
	ben.meets(ana)
	ben.untilRelayedBy("Ana's laptop")
	cleo.meets(ana)
	cleo.untilInStep(ben)
	ben.meets(dan)
	cleo.meets(dan)
	ben.untilRelayedBy("Dan's laptop")
	ana.off()
	id := ben.write("after Ana has gone")
	cleo.until("Ben's entry is here", func() bool { return cleo.local.Has(id) })
	cleo.until("they are connected through Dan", func() bool { return cleo.about(ben).Connected && cleo.about(ben).InStep })
	ben.until("the place at Ana's is given up", func() bool { return slices.Equal(ben.peers.Relays(), []string{"Dan's laptop"}) })
}

func TestWhatGoesThroughARelayMovesToTheDirectWay(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, ben, cleo := c.elsewhere("Ana's laptop").on(), c.elsewhere("Ben's laptop"), c.behindRouter("Cleo's laptop").on()
	ben.announce = []string{"/ip4/127.0.0.1/tcp/1"} // where nobody answers
	ben.on()
	ben.meets(ana)
	ben.untilRelayedBy("Ana's laptop")
	cleo.meets(ana)
	cleo.until("they meet through Ana", func() bool { return cleo.about(ben).Relayed() && cleo.about(ben).InStep })
	cleo.peers.Learn(ben.key.Device(), ben.listen)
	for _, side := range [][2]*device{{ben, cleo}, {cleo, ben}} {
		side[0].until("the direct way is taken", func() bool {
			s := side[0].about(side[1])
			return s.Connected && s.InStep && s.Transport != "relay"
		})
	}
	stillWell(t, ben, cleo)
}

// tries has a host ask a device for a place, and for a connection to another one.
func tries(t *testing.T, h host.Host, at, to *device) (reserved, connected bool) {
	t.Helper()
	info := addressOf(at, "tcp")
	_, err := client.Reserve(within(t), h, libpeer.AddrInfo{ID: info.ID, Addrs: info.Addrs})
	reserved = err == nil
	id := must(libpeer.Decode(must(peer.Identity(to.key.Device()))))
	circuit := must(ma.NewMultiaddr(info.Addrs[0].String() + "/p2p/" + info.ID.String() + "/p2p-circuit"))
	err = h.Connect(network.WithAllowLimitedConn(within(t), "a test"), libpeer.AddrInfo{ID: id, Addrs: []ma.Multiaddr{circuit}})
	return reserved, err == nil
}

// Who may is shown by a member; and who could, and then isn't a member any more, has lost it: a place that was taken,
// and a way through that was open. Who has an open code may go to those who answer it, and no further.
func TestNobodyButTheCharterUsesAMembersDeviceAsARelay(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, ben, eli := c.elsewhere("Ana's laptop"), c.behindRouter("Ben's laptop"), c.device("Eli's laptop")
	invite, used := entry.NewSigner(), entry.NewSigner()
	codes := map[entry.Device]error{invite.Device(): nil, used.Device(): &peer.JoinError{Code: peer.JoinUsed}}
	ana.invites = &invites{state: codes, answerers: []entry.Device{ben.key.Device()}}
	ben.invites = &invites{state: codes}
	ana.on()
	ben.on()
	ben.meets(ana)
	ben.untilRelayedBy("Ana's laptop")
	host := dialer(t, eli.key, libp2p.EnableRelay())
	if reserved, connected := tries(t, host, ana, ben); !reserved || !connected {
		t.Fatalf("while Eli is a member: a place: %v, a connection: %v", reserved, connected)
	}
	c.retire(eli, ana, func() {})
	ana.until("Eli's place and way are gone", func() bool { return len(host.Network().Conns()) == 0 })
	for who, key := range map[string]entry.Signer{"a stranger": entry.NewSigner(), "the holder of a used code": used, "a former device": eli.key} {
		if reserved, connected := tries(t, dialer(t, key, libp2p.EnableRelay()), ana, ben); reserved || connected {
			t.Errorf("%s: a place: %v, a connection: %v", who, reserved, connected)
		}
	}
	guest := dialer(t, invite, libp2p.EnableRelay())
	if reserved, connected := tries(t, guest, ana, ben); reserved || !connected {
		t.Errorf("the holder of an open code, to who answers it: a place: %v, a connection: %v", reserved, connected)
	}
	dan := c.behindRouter("Dan's laptop").on()
	dan.meets(ana)
	dan.untilRelayedBy("Ana's laptop")
	if _, connected := tries(t, dialer(t, invite, libp2p.EnableRelay()), ana, dan); connected {
		t.Error("the holder of an open code is led to somebody who doesn't answer it")
	}
	// The same with a device of the charter, so that it isn't the test that fails to try.
	member := c.device("Mel's laptop")
	ana.until("Mel is known", func() bool {
		return slices.ContainsFunc(ana.peers.Peers(), func(s peer.PeerStatus) bool { return s.Device == member.key.Device() })
	})
	if reserved, connected := tries(t, dialer(t, member.key, libp2p.EnableRelay()), ana, ben); !reserved || !connected {
		t.Errorf("a member: a place: %v, a connection: %v", reserved, connected)
	}
	stillWell(t, ben, ana)
}

func TestTheAddressOfARelayThatCannotBeOneIsNamed(t *testing.T) {
	for _, a := range []string{"nonsense", "/ip4/203.0.113.7/tcp/4001", "/p2p/12D3KooWGRUaBJzXJDJ4fbEbSiWdTF5hqzvs9mAhQUiXwvFkTZ7Y",
		"/ip4/203.0.113.7/tcp/4001/p2p/12D3KooWGRUaBJzXJDJ4fbEbSiWdTF5hqzvs9mAhQUiXwvFkTZ7Y/p2p-circuit"} {
		if err := peer.CheckRelays([]string{a}); err == nil || !strings.Contains(err.Error(), a) {
			t.Errorf("%s: %v", a, err)
		}
	}
	if err := peer.CheckRelays([]string{"/dns4/relay.example.org/tcp/4001/p2p/12D3KooWGRUaBJzXJDJ4fbEbSiWdTF5hqzvs9mAhQUiXwvFkTZ7Y"}); err != nil {
		t.Error(err)
	}
}

func TestACodeInThePlaceOfARelaySaysWhatItIs(t *testing.T) {
	for code, says := range map[string]string{
		"kithp2qz9w396y": "this is a code for a porch of a newer Kith; update yours",
		"kithd1qz9w396y": "this is a code for a new device, not a code for a porch: kith device join -",
		"kithp1qz9w396y": "this is a code for a porch with a letter wrong or missing; copy it whole, or ask for it again",
	} {
		if err := peer.CheckRelays([]string{code}); err == nil || err.Error() != says {
			t.Errorf("%s: %v", code, err)
		}
	}
}

// An honest question about more addresses than a device has, or longer ones, is none.
func TestAQuestionThatIsTooLongGetsNoAnswer(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, ben, mel := c.elsewhere("Ana's laptop").on(), c.elsewhere("Ben's laptop").on(), c.device("Mel's laptop")
	ben.meets(ana)
	ben.untilInStep(ana)
	h := dialer(t, mel.key)
	connect(t, h, ana)
	one := append([]byte{0, 0, 0, 8}, must(ma.NewMultiaddr("/ip4/127.0.0.1/tcp/1")).Bytes()...)
	for what, say := range map[string][]byte{
		"too many addresses": bytes.Repeat(one, peer.MaxAddresses+1),
		"a long address":     append([]byte{0, 1, 0, 0}, make([]byte, 1<<16)...),
		"no address":         {0, 0, 0, 4, 1, 2, 3, 4},
		"half a length":      {0, 0},
		"a name to look up":  append([]byte{0, 0, 0, 16}, must(ma.NewMultiaddr("/dns4/example/tcp/1")).Bytes()...),
	} {
		if got := speak(t, h, ana, string(peer.ReachProtocol), say); len(got) > 0 {
			t.Errorf("%s: answered with %x", what, got)
		}
	}
	stillWell(t, ben, ana)
}

// A member can have another one's device dial them, and nobody else.
func TestADeviceDialsBackOnlyWhereTheQuestionComesFrom(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, ben := c.elsewhere("Ana's laptop").on(), c.elsewhere("Ben's laptop").on()
	ben.meets(ana)
	for _, d := range []*device{ana, ben} {
		d.until("the other has said that it can be dialed", func() bool { return d.peers.Reach().Reachability == peer.Reachable })
	}
	mel := c.device("Mel's laptop")
	h := dialer(t, mel.key)
	connect(t, h, ana)
	for _, ip := range []string{"192.0.2.1", "127.0.0.1"} {
		asked := must(ma.NewMultiaddr(strings.Replace(ben.listen[0], "127.0.0.1", ip, 1))) // Ben's door, not Mel's
		b := asked.Bytes()
		if got := speak(t, h, ana, string(peer.ReachProtocol), append([]byte{0, 0, 0, byte(len(b))}, b...)); len(got) > 0 {
			t.Errorf("Mel is said to answer at Ben's door: %x", got)
		}
	}
	stillWell(t, ben, ana)
}

func TestADeviceThatCannotBeDialedIsTold(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, ben := c.elsewhere("Ana's laptop").on(), c.elsewhere("Ben's laptop")
	ben.announce = []string{"/ip4/127.0.0.1/tcp/1"}
	ben.on()
	ben.meets(ana)
	ben.until("Ana has said so", func() bool { return ben.peers.Reach().Reachability == peer.Unreachable })
	ben.until("it goes through Ana", func() bool {
		return ben.peers.Reach().Says == "Other networks reach this device through Ana's laptop."
	})
	ana.until("Ana is told that she can be reached", func() bool { return ana.peers.Reach().Reachability == peer.Reachable })
}

func TestSleepIsToldFromABusyMoment(t *testing.T) {
	then := time.Now()
	for after, want := range map[time.Duration]bool{3 * time.Second: false, 15 * time.Second: false, time.Minute: true, 8 * time.Hour: true} {
		if got := peer.SleptBetween(then, then.Add(after)) > 0; got != want {
			t.Errorf("%s: slept: %v", after, got)
		}
	}
	// The wall clock alone went on.
	if peer.SleptBetween(then.Round(0).Add(-time.Hour), then) == 0 {
		t.Error("an hour of the wall clock alone isn't sleep")
	}
	if peer.SleptBetween(then, then.Add(-time.Hour)) > 0 {
		t.Error("a clock that is set back is sleep")
	}
}
