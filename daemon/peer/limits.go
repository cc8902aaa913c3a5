package peer

import (
	"math"
	"net/netip"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/x/rate"
)

// The protocols of Kith. docs/PROTOCOL.md, "Streams".
const (
	SyncProtocol      protocol.ID = "/kith/sync/1"
	AddressesProtocol protocol.ID = "/kith/addresses/1"
	JoinProtocol      protocol.ID = "/kith/join/1"
)

// Limits of what others may send. Each is checked before anything is allocated for it.
const (
	// MaxJoinRequest and MaxJoinReply bound what goes over a join stream, in bytes.
	MaxJoinRequest = 64 << 10
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

	// askAfter is how long a device waits to be asked by one that is to ask, before it asks itself.
	askAfter = 3 * time.Second

	// tellPause lets several new addresses go out together.
	tellPause = 100 * time.Millisecond
)

// resourceManager bounds what all connections, and each peer, may take. The library's limits
// scale with the machine; these are what differs for Kith.
func resourceManager() (network.ResourceManager, error) {
	limits := rcmgr.DefaultLimits
	libp2p.SetDefaultServiceLimits(&limits)
	for id, each := range map[protocol.ID]int{SyncProtocol: 4, AddressesProtocol: 8, JoinProtocol: 2} {
		all := rcmgr.BaseLimit{StreamsInbound: MaxDevices * each, StreamsOutbound: MaxDevices * each, Streams: MaxDevices * each, Memory: 64 << 20}
		if id == JoinProtocol {
			all = rcmgr.BaseLimit{StreamsInbound: 32, StreamsOutbound: 8, Streams: 32, Memory: 64 << 20}
		}
		limits.AddProtocolLimit(id, all, rcmgr.BaseLimitIncrease{})
		limits.AddProtocolPeerLimit(id, rcmgr.BaseLimit{StreamsInbound: each, StreamsOutbound: each, Streams: 2 * each, Memory: 32 << 20}, rcmgr.BaseLimitIncrease{})
	}
	// A whole office, or everybody behind one provider's NAT, comes from one address.
	loopback4, loopback6 := netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")
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
