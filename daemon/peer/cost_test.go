package peer_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	stded25519 "crypto/ed25519"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/network"
	libpeer "github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/record"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	ma "github.com/multiformats/go-multiaddr"

	"kith/crdt/entry"
	"kith/daemon/peer"
	"kith/daemon/waittest"
)

// What one device can make another one do, and can't.

// saidBy is a record in which a device says that it is at some addresses.
func saidBy(key entry.Signer, number uint64, addrs ...string) []byte {
	seed := key.Seed()
	private := must(crypto.UnmarshalEd25519PrivateKey(stded25519.NewKeyFromSeed(seed[:])))
	rec := &libpeer.PeerRecord{PeerID: must(libpeer.IDFromPrivateKey(private)), Seq: number}
	for _, a := range addrs {
		rec.Addrs = append(rec.Addrs, ma.StringCast(a))
	}
	sealed := must(must(record.Seal(rec, private)).Marshal())
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(sealed))), sealed...)
}

// door is a listener that nobody has a reason to knock at.
type door struct {
	at      string
	knocked atomic.Int64
}

func newDoor(t *testing.T, ip string) *door {
	t.Helper()
	l, err := net.Listen("tcp", ip+":0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	d := &door{at: "/ip4/" + ip + "/tcp/" + port}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			d.knocked.Add(1)
			_ = conn.Close()
		}
	})
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	return d
}

// Attack 58. The names are asked of a resolver that remembers (TestMain).
func TestNoNameThatAMemberSaysIsLookedUp(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, mel := c.device("Ana's laptop").on(), c.device("Mel's laptop")
	h := dialer(t, mel.key)
	connect(t, h, ana)
	id := addressOf(ana, "tcp").ID.String()
	_ = speak(t, h, ana, string(peer.AddressesProtocol), saidBy(mel.key, 1, "/dns4/one.mel/tcp/4001", "/dns6/two.mel/udp/4001/quic-v1",
		"/dnsaddr/three.mel", "/dns4/four.mel/tcp/1/p2p/"+id+"/p2p-circuit", "/ip4/127.0.0.1/tcp/1"))
	ana.peers.Learn(mel.key.Device(), []string{"/dns4/five.mel/tcp/4001"})
	ana.until("the record is here", func() bool { return ana.book.knows(mel) })
	_ = h.Close()
	ana.until("it has looked for Mel", func() bool { return strings.Contains(ana.about(mel).Trouble, "127.0.0.1:1") })
	for _, name := range []string{"one", "two", "three", "four", "five"} {
		if askedFor(name, "mel") {
			t.Errorf("%s.mel was asked for", name)
		}
	}
	// Whose device it is may name a relay as they like, so it isn't that nobody looks.
	ben := c.device("Ben's laptop")
	ben.relays = []string{"/dns4/relay.ben/tcp/4001/p2p/" + id}
	ben.on()
	ben.until("the relay's name is asked for", func() bool { return askedFor("relay", "ben") })
}

// Attack 58: three devices made thousands of connections to somebody who has nothing to do with it.
func TestWhoMovesAllTheTimeDoesntHaveOthersKnockAllTheTime(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, mel := c.device("Ana's laptop").on(), c.device("Mel's laptop")
	victim := newDoor(t, "127.0.0.1")
	ana.until("Mel is known", func() bool { return ana.about(mel).Name != "" })
	tell := c.device("Tim's laptop") // who passes on what Mel signs
	h := dialer(t, tell.key)
	connect(t, h, ana)
	began := time.Now()
	for n := range uint64(60) {
		_ = speak(t, h, ana, string(peer.AddressesProtocol), saidBy(mel.key, n+1, victim.at, "/ip4/127.0.0.1/tcp/"+[]string{"1", "2"}[n%2]))
	}
	// 60 records take six seconds; a device that can't be reached is dialed after 1, 2 and 4.
	if n := victim.knocked.Load(); n == 0 || n > int64(hadSince(began, 7, 8*time.Second)) {
		t.Errorf("knocked %d times at a door that Mel named", n)
	}
	if n := ana.book.saves(mel); n == 0 || n > hadSince(began, 3, time.Minute) {
		t.Errorf("%d records were written to the disk", n)
	}
	ana.off()
	if sealed := ana.book.records[mel.key.Device()]; !bytes.Contains(saidBy(mel.key, 60, victim.at, "/ip4/127.0.0.1/tcp/2"), sealed) {
		t.Error("the newest isn't kept over a restart")
	}
}

// Attack 59: sessions begun and ended, 24,919 in five seconds.
func TestSyncSessionsAreRationedByDevice(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		former bool
		most   int // at once, with those that this side begins
		each   time.Duration
	}{"a member's": {false, 23, 3 * time.Second}, "a former one": {true, 4, time.Minute}} {
		t.Run(name, func(t *testing.T) {
			c := newCoop(t)
			ana, mel := c.device("Ana's laptop").on(), c.device("Mel's laptop")
			if test.former {
				c.retire(mel, ana, func() {})
			}
			h := dialer(t, mel.key)
			connect(t, h, ana)
			id, began := addressOf(ana, "tcp").ID, time.Now()
			for range 60 {
				s, err := h.NewStream(network.WithNoDial(within(t), "only what is there"), id, peer.SyncProtocol)
				if err != nil {
					continue // so many aren't open at once
				}
				_ = s.SetDeadline(time.Now().Add(100 * time.Millisecond))
				_, _ = s.Write([]byte{0})
				_, _ = s.Read(make([]byte, 1)) // it greets, if it is a session
				_ = s.Reset()
			}
			if n, most := ana.synced.Load(), hadSince(began, test.most, test.each); n == 0 || n > int64(most) {
				t.Errorf("%d sessions were begun, at most %d", n, most)
			}
		})
	}
}

// yes is a device that says of whoever asks that it can be reached: where it was asked, and at doors of its own choice.
func yes(t *testing.T, to *device, as *device, more ...string) (asked chan struct{}) {
	t.Helper()
	h := dialer(t, as.key)
	asked = make(chan struct{}, 8)
	h.SetStreamHandler(peer.ReachProtocol, func(s network.Stream) {
		question, _ := io.ReadAll(s)
		_, _ = s.Write(question) // the form of both is the same
		for _, a := range more {
			b := ma.StringCast(a).Bytes()
			_, _ = s.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...))
		}
		_ = s.CloseWrite()
		_, _ = io.Copy(io.Discard, s)
		asked <- struct{}{}
	})
	there := libpeer.AddrInfo{ID: must(libpeer.Decode(must(peer.Identity(to.key.Device())))), Addrs: []ma.Multiaddr{ma.StringCast(to.listen[0])}}
	if err := h.Connect(within(t), there); err != nil {
		t.Fatal(err)
	}
	return asked
}

// Attack 53. Ben says nothing of himself that he can't know: neither a lie, nor what one voice alone says.
func TestAYesTakesTwoVoicesAndOnlyAboutTheDoorThatWasAskedFor(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, ben := c.elsewhere("Ana's laptop").on(), c.elsewhere("Ben's laptop")
	mel, phone, tim := c.device("Mel's laptop"), c.device("Mel's phone"), c.device("Tim's laptop")
	ben.announce = []string{"/ip4/127.0.0.1/tcp/1"} // where nobody answers
	ben.on()
	ben.meets(ana)
	ben.untilRelayedBy("Ana's laptop")
	var lies []string
	for _, ip := range []string{"192.0.2.1", "127.0.0.1"} {
		for _, port := range []string{"2", "3", "4", "5", "6", "7"} {
			lies = append(lies, "/ip4/"+ip+"/tcp/"+port)
		}
	}
	lies = append(lies, "/ip4/192.0.2.7/tcp/1", "/dns4/lie.example/tcp/1")
	check := func(who string) {
		t.Helper()
		if r := ben.peers.Reach(); r.Reachability == peer.Reachable || !slices.Contains(r.Relays, "Ana's laptop") {
			t.Errorf("%s: %+v", who, r)
		}
		for _, a := range ben.peers.Addresses() {
			if !strings.HasPrefix(a, "/ip4/127.0.0.1/tcp/1/p2p/") && !strings.Contains(a, "p2p-circuit") {
				t.Errorf("%s: Ben says that he is at %s", who, a)
			}
		}
	}
	<-yes(t, ben, mel, lies...)
	ben.until("Ben has Mel's answer", func() bool { return ben.peers.Answered(mel.key.Device()) })
	check("after Mel's laptop")
	second := yes(t, ben, phone, lies...) // two devices of one person have one voice
	<-yes(t, ben, tim, lies...)
	if len(second) > 0 {
		t.Error("Mel was asked twice")
	}
	ben.until("another member says it, too", func() bool { return ben.peers.Reach().Reachability == peer.Reachable })
	for _, a := range ben.peers.Addresses() {
		if !strings.HasPrefix(a, "/ip4/127.0.0.1/tcp/1/p2p/") && !strings.Contains(a, "p2p-circuit") {
			t.Errorf("Ben says that he is at %s", a)
		}
	}
}

// A device dials who asks, at their IP address. What else is there, behind the same router, it knocks at a few times,
// and at no door elsewhere.
func TestNobodyHasADeviceKnockElsewhereNorOftenNextDoor(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana := c.elsewhere("Ana's laptop").on()
	mel := c.device("Mel's laptop")
	next, far := newDoor(t, "127.0.0.1"), newDoor(t, "127.0.0.2")
	h := dialer(t, mel.key)
	connect(t, h, ana)
	for range 50 {
		for _, d := range []*door{next, far} {
			b := ma.StringCast(d.at).Bytes()
			if got := speak(t, h, ana, string(peer.ReachProtocol), append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)); len(got) > 0 {
				t.Errorf("Mel is said to answer at %s", d.at)
			}
		}
	}
	if n := far.knocked.Load(); n > 0 {
		t.Errorf("knocked %d times at another address", n)
	}
	if n := next.knocked.Load(); n > 4 {
		t.Errorf("knocked %d times at another door of this address", n)
	}
	if spent := ana.about(mel).Spent.DialBacks; spent.Done > 8 || spent.Refused < 90 { // one more in five minutes
		t.Errorf("of a hundred questions %d were taken, and %d refused", spent.Done, spent.Refused)
	}
}

// Attack 66. The connections come from one address, whoever is to come in from another.
func TestSilentConnectionsTakeTheRoomOfTheirOwnAddressOnly(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana := c.device("Ana's laptop")
	key := entry.NewSigner()
	ana.invites = &invites{state: map[entry.Device]error{key.Device(): nil}}
	ana.on()
	at, _ := addressOf(ana, "tcp").Addrs[0].ValueForProtocol(ma.P_TCP)
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)}}
	closed, placed := make(chan struct{}, 600), make(chan struct{}, 600)
	var all sync.WaitGroup
	var open []net.Conn
	for range 600 {
		conn, err := from.Dial("tcp", "127.0.0.1:"+at)
		if err != nil {
			closed <- struct{}{}
			continue
		}
		open = append(open, conn)
		all.Go(func() {
			if n, _ := conn.Read(make([]byte, 1)); n > 0 { // who has a place is spoken to
				placed <- struct{}{}
			}
			_, _ = io.Copy(io.Discard, conn)
			closed <- struct{}{}
		})
	}
	if _, err := peer.Join(within(t), key, ana.peers.Addresses(), []byte("Ben"), nil); err != nil {
		t.Errorf("who has a code doesn't get in: %v", err)
	}
	for range 600 - 32 {
		select {
		case <-closed:
		case <-within(t).Done():
			t.Fatal("they all have a place")
		}
	}
	select {
	case <-placed:
	case <-within(t).Done():
		t.Error("they have no place at all, as if an office with one address couldn't come back together")
	}
	for _, conn := range open {
		_ = conn.Close()
	}
	all.Wait()
}

// Attack 50: a refusal is its reason, and nothing else.
func TestWhoIsRefusedLearnsWhyAndNothingElse(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana := c.device("Ana's laptop")
	key := entry.NewSigner()
	ana.invites = &invites{state: map[entry.Device]error{key.Device(): &peer.JoinError{Code: peer.JoinUsed}}}
	ana.on()
	h := dialer(t, key)
	connect(t, h, ana)
	ask := append(binary.BigEndian.AppendUint32(nil, 1), 'x')
	if got := speak(t, h, ana, string(peer.JoinProtocol), ask); !bytes.Equal(got, append([]byte{0, 0, 0, 4}, "used\x00\x00\x00\x00\x00\x00\x00\x00"...)) {
		t.Errorf("it was told %q", got)
	}
	answered, began := 0, time.Now()
	for range 100 {
		s, err := h.NewStream(network.WithNoDial(within(t), "only what is there"), addressOf(ana, "tcp").ID, peer.JoinProtocol)
		if err != nil {
			continue
		}
		_ = s.SetDeadline(time.Now().Add(time.Second))
		_, _ = s.Write(ask)
		if got, _ := io.ReadAll(s); len(got) > 0 {
			answered++
		}
		_ = s.Reset()
	}
	if answered == 0 || answered > hadSince(began, 16, 2*time.Second) {
		t.Errorf("of a hundred questions in a row %d were answered", answered)
	}
}

// hadSince is how much somebody can have had of what there is so much of at once, and then one each so often: a machine may be
// slow, so it is asked how long it took.
func hadSince(began time.Time, atOnce int, each time.Duration) int {
	return atOnce + int(time.Since(began)/each) + 1
}

// To open a stream and let go of it costs who does next to nothing, and each protocol bounds only what is open at once.
func TestWhoOpensStreamsWithoutEndIsLeftAloneAndShown(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, ben, mel := c.device("Ana's laptop").on(), c.device("Ben's laptop").on(), c.device("Mel's laptop")
	ben.meets(ana)
	ben.untilInStep(ana)
	h := dialer(t, mel.key)
	connect(t, h, ana)
	id := addressOf(ana, "tcp").ID
	opened, began := 0, time.Now()
	for ; opened < 100_000 && h.Network().Connectedness(id) == network.Connected; opened++ {
		s, err := h.NewStream(network.WithNoDial(within(t), "only what is there"), id, peer.ReachProtocol)
		if err == nil {
			_ = s.Reset()
		}
	}
	ana.until("Mel is left alone", func() bool {
		about := ana.about(mel)
		return !about.Connected && strings.Contains(about.Trouble, "asks for more than any device needs")
	})
	if spent := ana.about(mel).Spent.Streams; spent.Done > hadSince(began, 512, 50*time.Millisecond) || spent.Refused < 1000 {
		t.Errorf("of %d streams %+v", opened, spent)
	}
	if err := h.Connect(within(t), addressOf(ana, "tcp")); err == nil {
		if s, err := h.NewStream(within(t), id, peer.SyncProtocol); err == nil {
			_ = s.SetDeadline(time.Now().Add(waittest.Limit))
			if n, _ := s.Read(make([]byte, 1)); n > 0 {
				t.Error("it comes in again at once")
			}
		}
	}
	if spent := ana.about(ben).Spent; spent.Streams.Refused+spent.Connections.Refused > 0 {
		t.Errorf("an honest device was refused something: %+v", spent)
	}
	stillWell(t, ana, ben)
}

// Each record has a signature, which is checked before it is known whether it says anything new.
func TestWhoTellsAddressesWithoutEndIsHeardLessAndLess(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, mel := c.device("Ana's laptop").on(), c.device("Mel's laptop")
	h := dialer(t, mel.key)
	connect(t, h, ana)
	all := bytes.Repeat(saidBy(mel.key, 1, "/ip4/127.0.0.1/tcp/1"), peer.MaxRecords)
	began := time.Now()
	for range 12 {
		_ = speak(t, h, ana, string(peer.AddressesProtocol), all)
	}
	told := ana.about(mel).Spent.Records
	had := hadSince(began, 4*peer.MaxRecords, 50*time.Millisecond)
	if told.Done < 4*peer.MaxRecords || told.Done > peer.MaxRecords+had || told.Refused == 0 && had < 12*peer.MaxRecords {
		t.Errorf("%+v address records were read of %d", told, 12*peer.MaxRecords)
	}
}

// The library bounds what goes through a relay at once, and not how often it is asked.
func TestWhoAsksARelayWithoutEndIsRefused(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, ben, mel := c.device("Ana's laptop").on(), c.device("Ben's laptop").on(), c.device("Mel's laptop")
	ben.meets(ana)
	ben.untilInStep(ana)
	h := dialer(t, mel.key)
	connect(t, h, ana)
	info := addressOf(ana, "tcp")
	began, asked, most := time.Now(), 0, 256
	for ; ana.about(mel).Spent.Relayed.Refused == 0 && asked < 300; asked++ {
		_, _ = client.Reserve(within(t), h, info)
		most = hadSince(began, 256, 500*time.Millisecond)
	}
	spent := ana.about(mel).Spent.Relayed
	if spent.Done < 250 || spent.Done > most || spent.Refused == 0 && asked > most { // a slow machine asks for no more than there is
		t.Errorf("asked %d times: %+v, %d at most", asked, spent, most)
	}
	stillWell(t, ana, ben)
}

// Attack 68. Whoever is reached through a relay hears of it over the relay's own streams: many devices that ask for one at
// once mustn't make an honest relay one that asks without end.
func TestARelayLeadsNobodyToADeviceMoreOftenThanThatTakesFromIt(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, ben := c.elsewhere("Ana's laptop").on(), c.elsewhere("Ben's laptop")
	ben.listen = nil // so that it keeps a place at Ana's
	ben.on()
	ben.meets(ana)
	ben.untilRelayedBy("Ana's laptop")
	relay, id := addressOf(ana, "tcp"), must(libpeer.Decode(must(peer.Identity(ben.key.Device()))))
	through := ma.StringCast(relay.Addrs[0].String() + "/p2p/" + relay.ID.String() + "/p2p-circuit")
	began := time.Now()
	for n := range 3 {
		h := dialer(t, c.device("Mel's computer "+string(rune('a'+n))).key, libp2p.EnableRelay())
		connect(t, h, ana)
		for range 120 {
			if s, ok := h.Network().(*swarm.Swarm); ok {
				s.Backoff().Clear(id)
			}
			h.Peerstore().AddAddr(id, through, time.Minute)
			if conn, err := h.Network().DialPeer(within(t), id); err == nil {
				_ = conn.Close()
			}
		}
	}
	most := hadSince(began, 128, 100*time.Millisecond) + 30 // those of their own beside
	if spent := ben.about(ana).Spent.Streams; spent.Refused > 0 || spent.Done < 100 || spent.Done > most {
		t.Errorf("Ana opened %+v streams at Ben's, %d at most", spent, most)
	}
	stillWell(t, ana, ben)
}
