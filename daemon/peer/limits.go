package peer

import (
	"math"
	"net/netip"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/libp2p/go-libp2p/x/rate"
)

// The protocols of Kith. docs/PROTOCOL.md, "Streams".
const (
	SyncProtocol      protocol.ID = "/kith/sync/1"
	AddressesProtocol protocol.ID = "/kith/addresses/1"
	JoinProtocol      protocol.ID = "/kith/join/1"
	ReachProtocol     protocol.ID = "/kith/reach/1"
	PorchProtocol     protocol.ID = "/kith/porch/1"
)

// Limits of what others may send. Each is checked before anything is allocated for it.
const (
	// MaxJoinRequest and MaxJoinReply bound what goes over a join stream, in bytes.
	MaxJoinRequest = 320 << 10 // a statement by a member key, which names the runs of lost devices
	MaxJoinReply   = 32 << 20
	// MaxRecord bounds one signed address record, MaxRecords how many come over one stream.
	MaxRecord  = 4 << 10
	MaxRecords = 1024
	// MaxAddresses bounds the addresses in a record.
	MaxAddresses = 16
	// MaxDevices bounds the charter devices that are kept in touch with.
	MaxDevices = 1024
	// MaxSessions bounds the sync sessions with one device.
	MaxSessions = 3
	// maxAddress bounds the bytes of one address that is asked about, and maxDialBack how many of
	// them are dialed.
	maxAddress  = 128
	maxDialBack = 4
	// maxFound bounds the addresses of a device that were announced on the LAN, maxWorked those where it was
	// reached, and maxConfirmed those of this device's own record that only others know of.
	maxFound     = 8
	maxWorked    = 4
	maxConfirmed = 4
)

// What one device can have this one do. Each is rationed for it alone.
var (
	sessionRation = ration{20, 3 * time.Second}         // sync sessions that it begins
	formerRation  = ration{3, time.Minute}              // the same, of a former device
	joinRation    = ration{16, 2 * time.Second}         // answers, for each key that isn't in the charter
	knockRation   = ration{4, 5 * time.Minute}          // questions whether it can be dialed, each of a few addresses
	moveRation    = ration{4, time.Minute}              // its address records that are saved and told on
	dialRation    = ration{128, 500 * time.Millisecond} // dials, one for each address

	connRation   = ration{64, time.Second}                                // connections that it makes; the library rations them by IP address besides
	streamRation = ration{512, 50 * time.Millisecond}                     // streams that it opens, of whatever protocol
	recordRation = ration{4096, 50 * time.Millisecond}                    // address records that it tells: all of a large co-op, at a few connections
	relayRation  = ration{256, 500 * time.Millisecond}                    // places and connections that a person's devices ask for through this one
	ledRation    = ration{128, 100 * time.Millisecond}                    // connections through this device to it, a part of what streamRation gives this one there
	guestRation  = ration{8, 15 * time.Second}                            // connections through this device to who answers a code, for who has it
	carryRation  = ration{64 << 20 / relayBuffer, 100 * time.Millisecond} // pieces of relayBuffer over these: a charter twice
	floodRation  = ration{1024, 100 * time.Millisecond}                   // streams beyond its ration, until it is left alone
)

// Limits of what this device passes on as a relay. The library's own end a connection after 128 kB,
// which is less than a catch-up; these let any catch-up through and still end what runs for ever.
const (
	// RelayedBytes goes each way over one relayed connection, and RelayedTime is how long it lasts;
	// then it ends, and sync goes on over the next one.
	RelayedBytes = 1 << 30
	RelayedTime  = 12 * time.Hour
	// maxCircuits bounds the relayed connections of one device; so do the library's limits of streams.
	maxCircuits = 64
	// relayBuffer is the memory for each direction of one, in bytes.
	relayBuffer = 8 << 10
	// wantPlaces is at how many relays a device keeps a place, relayAddresses at how many addresses
	// of each it is told to be.
	wantPlaces, relayAddresses = 2, 3
)

// How long things may take, and how often they are tried.
const (
	dialTime   = 20 * time.Second
	streamTime = 30 * time.Second // for a join or an exchange of addresses, from start to end
	greetTime  = 10 * time.Second // for a stream to be opened

	// A device that can't be reached is dialed after 1, 2, 4, … seconds, each a quarter more or
	// less, so that those who were cut off together don't come back together.
	firstPause = time.Second
	mostPause  = time.Minute
	// One that broke the protocol is left alone for longer, in both directions.
	firstBan = time.Minute
	mostBan  = 15 * time.Minute

	// A former device is brought up to the charter once in this time.
	formerPause = 10 * time.Minute

	// answerPatience is how long somebody who is asked to let us in has to answer before another one is asked as well, and how
	// long after a refusal it is waited for another one who isn't there yet.
	answerPatience = 5 * time.Second

	// askAfter is how long a device waits to be asked by one that is to ask, before it asks itself.
	askAfter = 3 * time.Second

	// hintPause is how long an address that somebody tells ends no pause after another one did.
	hintPause = time.Minute
	// longestWait is for how long at most somebody is kept waiting who has had their ration.
	longestWait = 15 * time.Second
	// handshakeTime is how long the library gives a connection to say who it is.
	handshakeTime = 15 * time.Second

	// tellPause lets several new addresses go out together.
	tellPause = 100 * time.Millisecond

	// A place at a relay is taken for placeTime, and anew when less than placeSlack is left. One that
	// refused isn't asked for relayPause.
	placeTime  = time.Hour
	placeSlack = 10 * time.Minute
	relayPause = time.Minute
	// leaveAfter is after how long a porch that carries nothing, or isn't there, is left for as long again.
	leaveAfter = time.Hour
	// While there is only a relayed way to a device, a direct one is looked for after directFirst, and
	// then after pauses that double up to directMost; a dial for that takes directTime.
	directFirst = 2 * time.Second
	directMost  = 10 * time.Minute
	directTime  = 5 * time.Second

	// reachPause is how often others are asked whether they can dial this device, and reachVoices
	// how many members of them. dialBackTime is for each address.
	reachPause   = 30 * time.Minute
	reachVoices  = 5
	dialBackTime = 5 * time.Second

	// watchPause is how often the computer's addresses and clocks are looked at. sleepLeast is what
	// can't be a busy processor. After a change, who doesn't answer within answerTime is dialed anew.
	watchPause = 2 * time.Second
	sleepLeast = 20 * time.Second
	answerTime = 2 * time.Second
)

// maxSilent bounds the connections that haven't said yet who they are, and maxSilentAt those from one address.
const (
	maxSilent   = 512
	maxSilentAt = 32
)

// resourceManager bounds what all connections, and each peer, may take. The library's limits
// scale with the machine; these are what differs for Kith.
func resourceManager(more ...func(*rcmgr.ScalingLimitConfig)) (network.ResourceManager, error) {
	// A whole office, or everybody behind one provider's NAT, comes from one address.
	loopback4, loopback6 := netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")
	limits := limitsWith(more...)
	return rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(limits.AutoScale()),
		rcmgr.WithLimitPerSubnet(
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 32, ConnCount: 256}},
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 56, ConnCount: 256}}),
		rcmgr.WithNetworkPrefixLimit(
			[]rcmgr.NetworkPrefixLimit{{Network: loopback4, ConnCount: math.MaxInt}},
			[]rcmgr.NetworkPrefixLimit{{Network: loopback6, ConnCount: math.MaxInt}}),
		rcmgr.WithConnRateLimiters(&rate.Limiter{
			NetworkPrefixLimits: []rate.PrefixLimit{{Prefix: loopback4}, {Prefix: loopback6}},
			SubnetRateLimiter: rate.SubnetLimiter{
				IPv4SubnetLimits: []rate.SubnetLimit{{PrefixLength: 32, Limit: rate.Limit{RPS: 4, Burst: 128}}},
				IPv6SubnetLimits: []rate.SubnetLimit{{PrefixLength: 56, Limit: rate.Limit{RPS: 4, Burst: 128}}},
				GracePeriod:      time.Minute,
			},
		}))
}

// limitsWith are the limits of resourceManager, before they are scaled to the machine.
func limitsWith(more ...func(*rcmgr.ScalingLimitConfig)) rcmgr.ScalingLimitConfig {
	limits := rcmgr.DefaultLimits
	libp2p.SetDefaultServiceLimits(&limits)
	roomFor(&limits, memberConns)
	for _, set := range more {
		set(&limits)
	}
	for id, each := range map[protocol.ID]int{SyncProtocol: 4, AddressesProtocol: 8, JoinProtocol: 2, ReachProtocol: 2} {
		all := rcmgr.BaseLimit{StreamsInbound: MaxDevices * each, StreamsOutbound: MaxDevices * each, Streams: MaxDevices * each, Memory: 64 << 20}
		if id == JoinProtocol {
			all = rcmgr.BaseLimit{StreamsInbound: 32, StreamsOutbound: 8, Streams: 32, Memory: 64 << 20}
		}
		limits.AddProtocolLimit(id, all, rcmgr.BaseLimitIncrease{})
		limits.AddProtocolPeerLimit(id, rcmgr.BaseLimit{StreamsInbound: each, StreamsOutbound: each, Streams: 2 * each, Memory: 32 << 20}, rcmgr.BaseLimitIncrease{})
	}
	// Who hasn't said yet who they are is bounded by address, see gate; all of them take next to nothing.
	limits.TransientBaseLimit.ConnsInbound, limits.TransientBaseLimit.Conns, limits.TransientBaseLimit.FD = maxSilent, 2*maxSilent, 2*maxSilent
	return limits
}

// memberConns is how many connections a member's device lets in at least: a co-op of fifty with a computer and a telephone each, and
// their allies.
const memberConns = 256

// roomFor lets in so many connections, however small the computer is: by itself the library lets in some 70 where there is 1 GiB of memory.
func roomFor(limits *rcmgr.ScalingLimitConfig, conns int) {
	for _, l := range []*rcmgr.BaseLimit{&limits.SystemBaseLimit, &limits.AllowlistedSystemBaseLimit, &limits.ServiceBaseLimit, &limits.ProtocolBaseLimit} {
		l.ConnsInbound, l.Conns, l.FD = max(l.ConnsInbound, conns), max(l.Conns, conns), max(l.FD, conns)
		l.StreamsInbound, l.StreamsOutbound, l.Streams = max(l.StreamsInbound, 4*conns), max(l.StreamsOutbound, 4*conns), max(l.Streams, 8*conns)
	}
}

// forPorch lets in as many connections as a porch has room for.
func forPorch(limits *rcmgr.ScalingLimitConfig) {
	roomFor(limits, porchConns)
	passing := rcmgr.BaseLimit{StreamsInbound: porchConns, StreamsOutbound: porchConns, Streams: 2 * porchConns, Memory: 64 << 20}
	limits.AddServiceLimit(relay.ServiceName, passing, rcmgr.BaseLimitIncrease{})
	for _, id := range []protocol.ID{proto.ProtoIDv2Hop, proto.ProtoIDv2Stop} {
		limits.AddProtocolLimit(id, passing, rcmgr.BaseLimitIncrease{})
	}
}

// porchConns is how many connections a porch has at once: of 1,000 who keep a place, and of who comes to them.
const porchConns = 2048

// rationed is a resource manager that asks the gate before a peer's stream is taken.
type rationed struct {
	network.ResourceManager
	gate *gate
}

// OpenStream implements network.ResourceManager.
func (r rationed) OpenStream(id peer.ID, dir network.Direction) (network.StreamManagementScope, error) {
	if dir == network.DirInbound && !r.gate.mayOpen(id) {
		return nil, errFlood
	}
	return r.ResourceManager.OpenStream(id, dir)
}
