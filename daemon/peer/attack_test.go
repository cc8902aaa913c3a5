package peer_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	stded25519 "crypto/ed25519"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	libpeer "github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/core/record"
	"github.com/libp2p/go-libp2p/p2p/protocol/identify"
	ma "github.com/multiformats/go-multiaddr"

	"kith/crdt/entry"
	"kith/daemon/peer"
	"kith/daemon/waittest"
)

// dialer is a plain libp2p host that speaks with a given key and asks nobody's leave.
func dialer(t *testing.T, key entry.Signer, more ...libp2p.Option) host.Host {
	t.Helper()
	seed := key.Seed()
	private := must(crypto.UnmarshalEd25519PrivateKey(stded25519.NewKeyFromSeed(seed[:])))
	h := must(libp2p.New(libp2p.Identity(private), libp2p.NoListenAddrs, libp2p.DisableMetrics(), libp2p.ChainOptions(more...)))
	t.Cleanup(func() { _ = h.Close() })
	return h
}

// addressOf is where a device listens, for TCP or QUIC.
func addressOf(d *device, transport string) libpeer.AddrInfo {
	for _, a := range d.peers.Addresses() {
		info := must(libpeer.AddrInfoFromString(a))
		if strings.Contains(a, transport) {
			return *info
		}
	}
	panic("no such address")
}

func connect(t *testing.T, h host.Host, d *device) {
	t.Helper()
	if err := h.Connect(within(t), addressOf(d, "tcp")); err != nil {
		t.Fatal(err)
	}
}

// speak sends bytes over a new stream and returns what comes back until the other side ends it.
func speak(t *testing.T, h host.Host, d *device, id string, say []byte) []byte {
	t.Helper()
	return speakTo(t, h, addressOf(d, "tcp").ID, id, say)
}

func speakTo(t *testing.T, h host.Host, to libpeer.ID, id string, say []byte) []byte {
	t.Helper()
	s, err := h.NewStream(within(t), to, protocol.ID(id))
	if err != nil {
		return nil
	}
	defer s.Reset()
	_ = s.SetDeadline(time.Now().Add(waittest.Limit))
	_, _ = s.Write(say)
	_ = s.CloseWrite()
	got, _ := io.ReadAll(s)
	return got
}

// stillWell checks that two others go on as if nothing happened.
func stillWell(t *testing.T, a, b *device) {
	t.Helper()
	id := a.write("still well")
	b.until("the others are unharmed", func() bool { return b.local.Has(id) })
}

func TestAStrangerLearnsNothing(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, ben := c.device("Ana's laptop").on(), c.device("Ben's laptop").on()
	ben.meets(ana)
	ben.untilInStep(ana)
	for _, transport := range []string{"tcp", "quic-v1"} {
		stranger := dialer(t, entry.NewSigner())
		info := addressOf(ana, transport)
		_ = stranger.Connect(within(t), info) // may seem to work: the gate shuts behind it
		for _, id := range []protocol.ID{identify.ID, peer.SyncProtocol, peer.AddressesProtocol, peer.JoinProtocol} {
			s, err := stranger.NewStream(within(t), info.ID, id)
			if err != nil {
				continue
			}
			_ = s.SetDeadline(time.Now().Add(waittest.Limit))
			if got, _ := io.ReadAll(s); len(got) > 0 {
				t.Errorf("%s: %s told a stranger %d bytes", transport, id, len(got))
			}
		}
		ps := stranger.Peerstore()
		if known, _ := ps.GetProtocols(info.ID); len(known) > 0 {
			t.Errorf("%s: a stranger knows the protocols: %v", transport, known)
		}
		if agent, err := ps.Get(info.ID, "AgentVersion"); err == nil {
			t.Errorf("%s: a stranger knows the version: %v", transport, agent)
		}
		for _, a := range ps.Addrs(info.ID) {
			if !a.Equal(info.Addrs[0]) {
				t.Errorf("%s: a stranger learned an address: %v", transport, a)
			}
		}
	}
	stillWell(t, ana, ben)
}

func TestGarbageOnTheSocketHarmsNobody(t *testing.T) {
	c := newCoop(t)
	ana, ben := c.device("Ana's laptop").on(), c.device("Ben's laptop").on()
	ben.meets(ana)
	ben.untilInStep(ana)
	at := addressOf(ana, "tcp").Addrs[0]
	where := "127.0.0.1:" + must(at.ValueForProtocol(ma.P_TCP))
	for _, say := range [][]byte{
		nil,
		[]byte("GET / HTTP/1.1\r\n\r\n"),
		bytes.Repeat([]byte{0xff}, 1<<20),
		bytes.Repeat([]byte{0}, 1<<20),
	} {
		conn := must(net.Dial("tcp", where))
		_ = conn.SetDeadline(time.Now().Add(waittest.Limit))
		_, _ = conn.Write(say)
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
	}
	udp := must(net.Dial("udp", "127.0.0.1:"+must(addressOf(ana, "quic").Addrs[0].ValueForProtocol(ma.P_UDP))))
	for range 100 {
		_, _ = udp.Write(bytes.Repeat([]byte{0xc3}, 1200))
	}
	_ = udp.Close()
	stillWell(t, ana, ben)
}

func TestAMembersDeviceThatSpeaksGarbageIsLeftAlone(t *testing.T) {
	t.Parallel()
	gib := binary.BigEndian.AppendUint32(nil, 1<<30)
	for name, say := range map[string][]byte{
		"random bytes":          bytes.Repeat([]byte{0xa7, 3, 0x5e}, 4096),
		"a length of one GiB":   append(gib, 1),
		"an empty frame":        {0, 0, 0, 0, 1},
		"a frame of no type":    {0, 0, 0, 1, 99, 0},
		"entries before a word": {0, 0, 0, 2, 6, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCoop(t)
			ana, ben, eli := c.device("Ana's laptop").on(), c.device("Ben's laptop").on(), c.device("Eli's laptop")
			ben.meets(ana)
			ben.untilInStep(ana)
			h := dialer(t, eli.key)
			// Who opens the sync stream depends on the keys, and Eli answers as he likes, too.
			h.SetStreamHandler(peer.SyncProtocol, func(s network.Stream) {
				_, _ = s.Write(say)
				_, _ = io.Copy(io.Discard, s)
			})
			connect(t, h, ana)
			if got := speak(t, h, ana, string(peer.AddressesProtocol), gib); len(got) > 0 {
				t.Errorf("an answer of %d bytes to garbage", len(got))
			}
			_ = speak(t, h, ana, string(peer.SyncProtocol), say)
			ana.until("Eli is left alone, with the reason", func() bool {
				s := ana.about(eli)
				return !s.Connected && strings.Contains(s.Trouble, "broke the protocol")
			})
			ana.peers.Fails(eli.key.Device(), "no address known yet") // what was under way when its connections were closed
			if s := ana.about(eli); !strings.Contains(s.Trouble, "broke the protocol") {
				t.Errorf("then it is %q", s.Trouble)
			}
			stillWell(t, ana, ben)
		})
	}
}

func TestARequestToJoinWithAHugeLengthIsRefused(t *testing.T) {
	c := newCoop(t)
	ana := c.device("Ana's laptop")
	key := entry.NewSigner()
	v := &invites{state: map[entry.Device]error{key.Device(): nil}}
	ana.invites = v
	ana.on()
	h := dialer(t, key)
	connect(t, h, ana)
	if got := speak(t, h, ana, string(peer.JoinProtocol), binary.BigEndian.AppendUint32(nil, 1<<30)); len(got) > 0 || len(v.used) > 0 {
		t.Errorf("answered %d bytes, redeemed %q", len(got), v.used)
	}
	if _, err := peer.Join(within(t), key, ana.peers.Addresses(), []byte("Ben"), nil); err != nil {
		t.Errorf("the code doesn't work any more: %v", err)
	}
}

func TestAPeerThatReadsNothingHoldsUpNobody(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, ben, eli := c.device("Ana's laptop").on(), c.device("Ben's laptop").on(), c.device("Eli's laptop")
	ben.meets(ana)
	ben.untilInStep(ana)
	h := dialer(t, eli.key)
	held := make(chan network.Stream, 8)
	h.SetStreamHandler(peer.SyncProtocol, func(s network.Stream) { held <- s })
	connect(t, h, ana)
	s, err := h.NewStream(within(t), addressOf(ana, "tcp").ID, peer.SyncProtocol)
	if err == nil {
		_, _ = s.Write(nil) // negotiates, and that is all that is ever heard of it
	}
	big := strings.Repeat("a line of a long note ", 40_000)
	var last entry.ID
	for range 30 {
		last = ana.write(big)
	}
	ben.until("all of it is with Ben", func() bool { return ben.local.Has(last) })
	_, _ = ben.peers.Sync(within(t))
	ben.untilInStep(ana)
}

// An envelope that Eli signed about Ben moves nobody.
func TestAddressesSignedBySomebodyElseAreRefused(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, ben, eli := c.device("Ana's laptop").on(), c.device("Ben's laptop").on(), c.device("Eli's laptop").on()
	ben.meets(ana)
	ana.until("Ben told where he is", func() bool { return ana.book.knows(ben) })
	eli.off()
	h := dialer(t, eli.key)
	connect(t, h, ana)
	before := ana.book.records[ben.key.Device()]
	stale := before
	var said bytes.Buffer
	for _, r := range [][]byte{stale, forge(t, eli.key, ben)} {
		said.Write(binary.BigEndian.AppendUint32(nil, uint32(len(r))))
		said.Write(r)
	}
	_ = speak(t, h, ana, string(peer.AddressesProtocol), said.Bytes())
	if !bytes.Equal(ana.book.records[ben.key.Device()], before) {
		t.Error("Ben's record was replaced")
	}
	stillWell(t, ana, ben)
}

// forge signs, as one device, a record about another.
func forge(t *testing.T, by entry.Signer, about *device) []byte {
	t.Helper()
	seed := by.Seed()
	private := must(crypto.UnmarshalEd25519PrivateKey(stded25519.NewKeyFromSeed(seed[:])))
	rec := libpeer.PeerRecordFromAddrInfo(libpeer.AddrInfo{
		ID:    addressOf(about, "tcp").ID,
		Addrs: []ma.Multiaddr{must(ma.NewMultiaddr("/ip4/127.0.0.1/tcp/9"))},
	})
	return must(must(record.Seal(rec, private)).Marshal())
}
