package peer_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kith/crdt/entry"
	"kith/daemon/exchange"
	"kith/daemon/exchange/exchangetest"
	"kith/daemon/peer"
	"kith/daemon/waittest"
)

// coop is a charter that the test changes at will, and devices that run under it.
type coop struct {
	t       *testing.T
	space   entry.SpaceID
	genesis *entry.Entry

	mu         sync.Mutex
	members    map[entry.Device]string
	former     map[entry.Device]bool // of the members
	statements map[entry.ID]bool
	all        []*device
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newCoop(t *testing.T) *coop {
	genesis := must(entry.New(entry.Fields{Kind: entry.Statement, Number: 1, Payload: []byte("genesis")}, entry.NewSigner()))
	return &coop{t: t, space: genesis.SpaceOf(), genesis: genesis,
		members: map[entry.Device]string{}, former: map[entry.Device]bool{}, statements: map[entry.ID]bool{genesis.ID(): true}}
}

func (c *coop) Devices() (all []peer.Device) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for d, name := range c.members {
		whose, _, _ := strings.Cut(name, "'s ")
		all = append(all, peer.Device{Key: d, Name: name, Member: whose, Former: c.former[d]})
	}
	return all
}

func (c *coop) Knows(d entry.Device) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.members[d] != ""
}

func (c *coop) admit(d *device) { c.change(func() { c.members[d.key.Device()] = d.name }) }

// retire leaves a device nothing but the charter, to which who says so adds the end; then happens
// before anybody is told.
func (c *coop) retire(d, by *device, then func()) (end entry.ID) {
	c.change(func() {
		c.former[d.key.Device()] = true
		end = by.write(d.name + " speaks for nobody any more")
		c.statements[end] = true
		then()
	})
	return end
}

// reinstate takes a device back into use.
func (c *coop) reinstate(d *device) { c.change(func() { delete(c.former, d.key.Device()) }) }

func (c *coop) remove(d *device) { c.change(func() { delete(c.members, d.key.Device()) }) }

// change changes the charter; all devices that are on hear of it.
func (c *coop) change(f func()) {
	c.mu.Lock()
	f()
	all := slices.Clone(c.all)
	c.mu.Unlock()
	for _, d := range all {
		if d.stop != nil {
			d.peers.Refresh()
		}
	}
}

// book is an AddressBook.
type book struct {
	mu      sync.Mutex
	records map[entry.Device][]byte
	saved   map[entry.Device]int
}

func (b *book) Load() ([][]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Collect(maps.Values(b.records)), nil
}

func (b *book) Save(d entry.Device, record []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.records == nil {
		b.records = map[entry.Device][]byte{}
	}
	b.records[d] = record
	if b.saved == nil {
		b.saved = map[entry.Device]int{}
	}
	b.saved[d]++
	return nil
}

// saves is how often a device's record was saved.
func (b *book) saves(d *device) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.saved[d.key.Device()]
}

func (b *book) knows(d *device) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.records[d.key.Device()] != nil
}

// device is one member's device, on or off.
type device struct {
	coop    *coop
	name    string
	key     entry.Signer
	book    *book
	local   *exchangetest.Memory
	invites peer.Invites
	listen  []string
	mdns    bool

	announce, relays []string
	far              bool // takes all others for being on another network

	synced  atomic.Int64 // sessions
	peers   *peer.Peers
	stop    func()
	changed chan struct{} // gets a token when the table changed
	n       uint64
}

func (c *coop) device(name string) *device { return c.deviceWith(name, entry.NewSigner()) }

func (c *coop) deviceWith(name string, key entry.Signer) *device {
	d := &device{coop: c, name: name, key: key, book: &book{},
		local: &exchangetest.Memory{Of: c.space}, listen: []string{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"}}
	d.local.Add(c.genesis)
	c.all = append(c.all, d)
	c.admit(d)
	c.t.Cleanup(func() { d.off() })
	return d
}

func (d *device) on() *device {
	d.coop.t.Helper()
	x := exchange.New(d.local)
	d.changed = make(chan struct{}, 1)
	changed := d.changed
	d.listen = must(peer.PickPorts(d.listen)) // none stays none
	var err error
	config := peer.Config{Key: d.key, Announce: d.announce, Relays: d.relays, Space: d.coop.space, Listen: d.listen, NoMDNS: !d.mdns,
		Charter: d.coop, Book: d.book, Sync: d.sync(x), Ping: x.Ping, Invites: d.invites, Changed: func(peer.PeerStatus) {
			select {
			case changed <- struct{}{}:
			default:
			}
		}}
	if d.far {
		config.PretendFar()
	}
	d.peers, err = peer.New(config)
	if err != nil {
		d.coop.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- d.peers.Run(ctx) }()
	d.stop = func() {
		cancel()
		if err := <-done; err != nil {
			d.coop.t.Errorf("%s: %v", d.name, err)
		}
		x.Close()
	}
	return d
}

func (d *device) off() {
	if d.stop != nil {
		d.stop()
		d.stop = nil
	}
}

// meets tells d where another one is.
func (d *device) meets(other *device) { d.peers.Learn(other.key.Device(), other.peers.Addresses()) }

// write stores an entry of this device's own.
func (d *device) write(payload string) entry.ID {
	d.n++
	e := must(entry.New(entry.Fields{Space: d.coop.space, Heads: []entry.ID{d.coop.genesis.ID()}, Kind: entry.Change,
		Doc: entry.DocID{1}, Run: entry.Run{byte(d.n), byte(d.n >> 8)}, Number: 1, Payload: []byte(payload)}, d.key))
	d.local.Add(e)
	return e.ID()
}

// about is d's line on another device.
func (d *device) about(other *device) peer.PeerStatus {
	for _, s := range d.peers.Peers() {
		if s.Device == other.key.Device() {
			return s
		}
	}
	return peer.PeerStatus{}
}

// until waits for something that the table's changes announce.
func (d *device) until(what string, holds func() bool) {
	d.coop.t.Helper()
	limit := time.After(waittest.Limit)
	for !holds() {
		select {
		case <-d.changed:
		case <-time.After(50 * time.Millisecond): // not all that tests look at is in the table
		case <-limit:
			d.coop.t.Fatalf("%s waited in vain until %s; its table: %+v", d.name, what, d.peers.Peers())
		}
	}
}

func (d *device) untilInStep(others ...*device) {
	d.coop.t.Helper()
	for _, o := range others {
		d.until(fmt.Sprintf("in step with %s", o.name), func() bool { return d.about(o).InStep })
	}
}

// sync gives former devices the charter alone, which here is the genesis and what charter names.
func (d *device) sync(x *exchange.Exchange) func(context.Context, io.ReadWriteCloser, peer.Device, func(exchange.Status)) error {
	return func(ctx context.Context, rw io.ReadWriteCloser, with peer.Device, report func(exchange.Status)) error {
		d.synced.Add(1)
		return x.RunWith(ctx, rw, exchange.Peer{Device: with.Key, Former: with.Former, Only: func(id entry.ID) bool {
			d.coop.mu.Lock()
			defer d.coop.mu.Unlock()
			return !d.coop.former[with.Key] || d.coop.statements[id]
		}}, report)
	}
}
