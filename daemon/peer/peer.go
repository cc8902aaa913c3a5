// Package peer is this device among the others: its libp2p host, who may connect to it, where
// the others are found, and the connections over which package exchange runs.
//
// Only devices of the charter get past the handshake, and who knocks with a key that this device
// knows (the holder of an invite or of a device code, a member who comes back), for that alone.
// What goes over a connection is not read here, and what such a key gives isn't known here:
// callbacks decide both. Protocols and limits: docs/PROTOCOL.md, "Streams".
//
// It is large: all of it turns on one table of who is connected how, and each of dialing, relays, punching and gating
// reads and writes there; parted, they would share its lock.
package peer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"kith/crdt/entry"
	"kith/crdt/problem"
	"kith/daemon/exchange"
)

// Config is what Peers needs to know and whom it asks. All but Listen, Announce, Relays, NoMDNS,
// Invites, Changed and Log must be set.
type Config struct {
	Key    entry.Signer  // of this device; its public key is its identity on the network
	Space  entry.SpaceID // serves as the key of what is announced on the LAN; never sent in clear
	Listen []string      // multiaddrs; none: not reachable, but dialing
	// Announce are the multiaddrs that others are told in place of those listened on, for a port
	// that a router forwards; none: those listened on.
	Announce []string
	// Relays are multiaddrs, with identities, of relays beside the members' devices: any libp2p
	// circuit relay v2. They are let past the gate for that and get no other protocol.
	Relays  []string
	NoMDNS  bool    // neither announce nor look on the LAN
	Formats Formats // that this program can read: its record says so
	// PortMap has the router asked to let others through to this device (UPnP).
	PortMap bool

	Charter Charter
	Book    AddressBook
	// Sync is (*exchange.Exchange).RunWith with what the device at the other end may have. That may
	// become less meanwhile: of what is written once a device is a former one it gets nothing, even
	// if this session began before.
	Sync func(ctx context.Context, rw io.ReadWriteCloser, with Device, report func(exchange.Status)) error
	Ping func() // (*exchange.Exchange).Ping

	Invites Invites          // nil: this device has issued none
	Changed func(PeerStatus) // hears of every change in the table, one at a time; must return at once
	Log     *slog.Logger

	near func(netip.Addr) bool // for tests: what isNear says
}

// Charter says who belongs to the space. Call (*Peers).Refresh when what it says has changed.
type Charter interface {
	// Devices lists the devices to be in touch with, this one included or not, in any order.
	Devices() []Device
	// Knows says whether a device may connect. It is asked for every connection and stream.
	Knows(entry.Device) bool
}

// Device is one of the charter's devices.
type Device struct {
	Key  entry.Device
	Name string // in a member's words: "Ben's laptop"
	// Member is who answers for it: the same for all devices of one person, and of those whom they let in as long as these aren't full members;
	// another one for anybody else's. It is only compared.
	Member string
	// Payer is to whom it is laid what it costs this computer: Member, or one for all of the other side of a share, of whom that side alone says who they
	// are. It is only compared.
	Payer string
	// Other says that it is of the other side of a share.
	Other bool
	// Former says that it speaks for nobody any more, or only on another side of a split. It isn't dialed,
	// told addresses or shown in the table; if it comes by itself it is brought up to the charter, so that
	// its owner learns what happened, and then left alone for a while.
	Former bool
}

// AddressBook remembers what devices signed about where they can be reached.
type AddressBook interface {
	// Load returns all records that were saved, at most one for each device.
	Load() ([][]byte, error)
	// Save replaces the record of a device. It is called for devices that Charter knows.
	Save(device entry.Device, record []byte) error
}

// Invites are what lets in who isn't a device of the charter: codes that this device issued, and the
// keys of members who come back.
type Invites interface {
	// Issued says whether key belongs to one of them, whatever its state: the holder
	// of a used or expired code is told so, anybody else meets a closed door.
	Issued(key entry.Device) bool
	// Leads says whether the holder of key may be led through this device to another one that answers the key,
	// too. The holder of a code that is over isn't, nor who wants to somebody else.
	Leads(key, to entry.Device) bool
	// Redeem answers the holder of the key. An error other than a *JoinError is told as
	// JoinFailed without its text.
	Redeem(ctx context.Context, key entry.Device, request []byte) (reply []byte, err error)
}

// PeerStatus is one line of the peer table: a device of the charter other than this one.
type PeerStatus struct {
	Device    entry.Device
	Name      string // in a member's words
	Connected bool
	Transport string          // "tcp", "quic" or "relay"; "" while not connected
	Via       string          // the relay's name, in a member's words; "" for a direct connection
	Address   string          // multiaddr of the other end; the last one known while not connected
	RTT       time.Duration   // 0: not known yet
	InStep    bool            // each side has all that the other has
	Exchange  exchange.Status // as far as it got; of the last connection while not connected
	LastSeen  time.Time       // zero: never since the start
	Formats   Formats         // that it can read, by its newest record
	Spent     Spent           // what it has had this device do
	Trouble   string          // why not connected or not in step, in words; "" if there is none
}

// Spent is what a device has had this one do since the daemon started, by cause. Each is rationed.
type Spent struct {
	Connections Spending // that it made
	Streams     Spending // that it opened, of any protocol
	Sessions    Spending // of sync, that it began
	Dials       Spending // addresses that are known of it, or that it named while a way was looked for
	DialBacks   Spending // questions whether it can be dialed
	Records     Spending // address records that it told, each with a signature to check
	Saved       Spending // address records of it, by whomever, that were written to the disk and told on
	Relayed     Spending // places and connections through this device, of all devices of its person
}

// Spending is how much of one thing was done, and how often it was refused.
type Spending struct{ Done, Refused int }

// viaRelay is the Transport of a connection that goes through a relay.
const viaRelay = "relay"

// Relayed says whether the connection goes through a relay.
func (s PeerStatus) Relayed() bool { return s.Transport == viaRelay }

// Errors of New and Run in words that a member understands.
var (
	ErrClosed = errors.New("the peer host is closed")
)

// ListenError says that an address can't be listened on.
type ListenError struct {
	Address string
	Err     error
}

func (e *ListenError) Error() string { return fmt.Sprintf("listen on %s: %v", e.Address, e.Err) }
func (e *ListenError) Unwrap() error { return e.Err }

// Problem implements problem.Teller.
func (e *ListenError) Problem() *problem.Problem {
	return problem.New(problem.Failed, "choose another with --listen", "%v", e)
}

// SyncReport says how a Sync went with one device.
type SyncReport struct {
	Device  entry.Device
	Name    string
	InStep  bool
	Trouble string // why not, in words
}
