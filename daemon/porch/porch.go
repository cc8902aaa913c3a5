// Package porch is a small relay that is nobody's member: who has one of its codes keeps a place there, and others reach them
// through it. It has a key and a list of codes, and no store, space or charter; what goes over it is encrypted between the two
// ends, and who they are is written down nowhere.
//
// Who helps so can refuse, and nothing else. What a code may have is bounded, and so is all of it.
package porch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"kith/daemon/pages"
	kithpeer "kith/daemon/peer"
)

// Limits of a porch, and of one code.
const (
	MaxPlaces      = 1000 // in all
	PlacesOfCode   = 64
	BytesOfCode    = 50 << 30 // a month, both ways
	MaxCircuits    = 512      // in all
	CircuitsOfCode = 128      // through all places of a code, so that four codes are needed to take all
	CircuitsOfOne  = 16       // through one place, or by one who asks
	CircuitBytes   = 1 << 30  // each way
	CircuitTime    = 2 * time.Hour

	placeTime   = time.Hour
	buffer      = 4 << 10 // for each direction of a circuit
	callsAtOnce = 32      // circuits that one address may ask for at once, and then one each callEach
	callEach    = 2 * time.Second
	look        = 2 * time.Second  // how often it is looked whether codes were added or revoked
	rest        = 10 * time.Minute // how often memory is given back
	keep        = 5 * time.Second  // how often what was counted is written down
)

// Config is how a porch is served.
type Config struct {
	Dir              string
	Listen, Announce []string // none: what the folder remembers
	Log              *slog.Logger
	Now              func() time.Time         // nil: time.Now
	Ready            func(addresses []string) // called once
}

// Porch is one that is served.
type Porch struct {
	dir  *folder
	host host.Host
	log  *slog.Logger
	now  func() time.Time
	led  func(peer.ID) int // how many circuits lead to who has a place

	mu       sync.Mutex
	codes    map[string]code    // by the hash of their tokens
	read     time.Time          // when the file that they are read from was written
	proven   map[peer.ID]string // who has shown a token, and of which code it is; until they go
	calls    map[netip.Addr]time.Time
	counts   counts
	circuits int
	dirty    bool // counts aren't on the disk
}

// Serve keeps places until ctx ends. A stop that was asked for is not an error.
func Serve(ctx context.Context, c Config) (err error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	dir, err := open(c.Dir)
	if err != nil {
		return err
	}
	release, err := dir.hold()
	if err != nil {
		return err
	}
	defer release()
	settings, err := dir.choose(c.Listen, c.Announce)
	if err != nil {
		return err
	}
	p := &Porch{dir: dir, log: c.Log, now: c.Now, proven: map[peer.ID]string{}, calls: newCalls()}
	if p.counts, err = dir.counts(); err != nil {
		return err
	}
	if err := p.reload(); err != nil {
		return err
	}
	if err := p.listen(settings); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.host.Close(), p.save()) }()
	relaying, err := relay.New(p.host, relay.WithACL(p), relay.WithMetricsTracer(tracer{p}), relay.WithResources(relay.Resources{
		Limit:          &relay.RelayLimit{Duration: CircuitTime, Data: CircuitBytes},
		ReservationTTL: placeTime, MaxReservations: MaxPlaces, MaxReservationsPerPeer: 1,
		MaxReservationsPerIP: PlacesOfCode, MaxReservationsPerASN: MaxPlaces,
		MaxCircuits: CircuitsOfOne, BufferSize: buffer,
	}), relay.WithReservationAddressFilter(func(ma.Multiaddr) bool { return true }))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, relaying.Close()) }()
	p.host.SetStreamHandler(kithpeer.PorchProtocol, func(s network.Stream) {
		kithpeer.AnswerPorch(s, func(token []byte) kithpeer.PorchRefusal {
			why := p.show(s.Conn().RemotePeer(), token)
			if why == kithpeer.PorchUnknown && p.reload() == nil { // it may have been made since
				why = p.show(s.Conn().RemotePeer(), token)
			}
			return why
		})
	})
	p.host.Network().Notify(&network.NotifyBundle{DisconnectedF: func(n network.Network, conn network.Conn) {
		if n.Connectedness(conn.RemotePeer()) == network.NotConnected {
			p.left(conn.RemotePeer())
		}
	}})
	if c.Ready != nil {
		var at []string
		for _, a := range p.host.Addrs() {
			at = append(at, a.String()+"/p2p/"+p.host.ID().String())
		}
		c.Ready(at)
	}
	p.tend(ctx)
	return nil
}

// listen opens the host.
func (p *Porch) listen(s settings) error {
	seed := p.dir.key.Seed()
	private, err := crypto.UnmarshalEd25519PrivateKey(ed25519FromSeed(seed))
	if err != nil {
		return err
	}
	options := []libp2p.Option{
		libp2p.Identity(private), libp2p.ListenAddrStrings(s.Listen...), libp2p.UserAgent("kith porch"),
		libp2p.Ping(false), libp2p.DisableMetrics(), libp2p.DisableRelay(), libp2p.BandwidthReporter(meter{p}),
	}
	if len(s.Announce) > 0 {
		var told []ma.Multiaddr
		for _, a := range s.Announce {
			parsed, err := ma.NewMultiaddr(a)
			if err != nil {
				return fmt.Errorf("the address %s: %w", a, err)
			}
			told = append(told, parsed)
		}
		options = append(options, libp2p.AddrsFactory(func([]ma.Multiaddr) []ma.Multiaddr { return told }))
	}
	shared, err := kithpeer.PorchOptions()
	if err != nil {
		return err
	}
	if p.host, err = libp2p.New(append(options, shared...)...); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	p.led = func(who peer.ID) int { return circuitsTo(p.host.Network(), who) }
	return nil
}

// tend looks after codes and counts until ctx ends.
func (p *Porch) tend(ctx context.Context) {
	looks, keeps, rests := time.NewTicker(look), time.NewTicker(keep), time.NewTicker(rest)
	defer looks.Stop()
	defer keeps.Stop()
	defer rests.Stop()
	begun := time.After(look)
	for {
		select {
		case <-ctx.Done():
			return
		case <-looks.C:
			if err := p.reload(); err != nil {
				p.log.Error("read the codes", "err", err)
			}
		case <-begun:
			giveBack()
		case <-rests.C:
			giveBack()
		case <-keeps.C:
			if err := p.save(); err != nil {
				p.log.Error("write what was counted", "err", err)
			}
		}
	}
}

// giveBack gives back memory that isn't in use: much of the program is read as it starts, and most of it is for what a porch doesn't do.
func giveBack() {
	debug.FreeOSMemory()
	if self, err := os.Executable(); err == nil {
		pages.Out(func(file string) bool { return file == self })
	}
}

// reload reads the codes anew if they have changed, and lets go of who came by one that is revoked.
func (p *Porch) reload() error {
	changed := p.dir.changed()
	p.mu.Lock()
	same := p.codes != nil && changed.Equal(p.read)
	p.mu.Unlock()
	if same {
		return nil
	}
	all, err := p.dir.codes()
	if err != nil {
		return err
	}
	codes, live := map[string]code{}, map[string]bool{}
	for _, c := range all {
		if c.Revoked.IsZero() {
			codes[c.Token], live[c.ID] = c, true
		}
	}
	p.mu.Lock()
	p.codes, p.read = codes, changed
	var gone []peer.ID
	for id, of := range p.proven {
		if !live[of] {
			gone = append(gone, id)
		}
	}
	p.mu.Unlock()
	for _, id := range gone {
		_ = p.host.Network().ClosePeer(id) // with it go its place, and who came through it
	}
	return nil
}

// show takes the token that somebody shows, and says why it isn't good; "" if it is.
func (p *Porch) show(who peer.ID, token []byte) kithpeer.PorchRefusal {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.codes[hashOf(token)]
	if !ok {
		return kithpeer.PorchUnknown
	}
	if p.proven[who] == c.ID {
		return p.spentLocked(c.ID)
	}
	if len(p.proven) >= MaxPlaces || p.placesLocked(c.ID) >= PlacesOfCode {
		return kithpeer.PorchFull
	}
	if why := p.spentLocked(c.ID); why != "" {
		return why
	}
	p.proven[who] = c.ID
	p.dirty = true
	return ""
}

func (p *Porch) placesLocked(of string) (n int) {
	for _, id := range p.proven {
		if id == of {
			n++
		}
	}
	return n
}

// spentLocked says whether a code has had what it may this month.
func (p *Porch) spentLocked(of string) kithpeer.PorchRefusal {
	if p.counts.of(of, p.now()) >= BytesOfCode {
		return kithpeer.PorchSpent
	}
	return ""
}

func (p *Porch) left(who peer.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.proven, who)
	p.dirty = true
}

var _ relay.ACLFilter = (*Porch)(nil)

// AllowReserve implements relay.ACLFilter: who has shown a token that is good may have a place.
func (p *Porch) AllowReserve(who peer.ID, _ ma.Multiaddr) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	of, ok := p.proven[who]
	return ok && p.spentLocked(of) == ""
}

// AllowConnect implements relay.ACLFilter: anybody may go to somebody who has a place, who decides for themselves whom to let in.
func (p *Porch) AllowConnect(_ peer.ID, from ma.Multiaddr, to peer.ID) bool {
	at, err := manet.ToIP(from)
	if err != nil {
		return false
	}
	addr, _ := netip.AddrFromSlice(at)
	p.mu.Lock()
	defer p.mu.Unlock()
	of, ok := p.proven[to]
	return ok && p.circuits < MaxCircuits && p.circuitsLocked(of) < CircuitsOfCode && p.spentLocked(of) == "" && p.callLocked(household(addr), p.now())
}

// circuitsLocked counts the circuits of a code: it has a few places, and the porch a thousand.
func (p *Porch) circuitsLocked(code string) (n int) {
	for who, of := range p.proven {
		if of == code {
			n += p.led(who)
		}
	}
	return n
}

// household is whose calls are counted together: an address, or of IPv6 what a household has of them.
func household(addr netip.Addr) netip.Addr {
	if addr = addr.Unmap(); addr.Is6() {
		prefix, _ := addr.Prefix(56)
		addr = prefix.Addr()
	}
	return addr
}

func newCalls() map[netip.Addr]time.Time { return map[netip.Addr]time.Time{} }

// maxCallers bounds the addresses of which it is known how often they asked.
const maxCallers = 4096

// callLocked takes one of the calls that an address has.
func (p *Porch) callLocked(from netip.Addr, now time.Time) bool {
	if len(p.calls) >= maxCallers {
		for a, until := range p.calls {
			if until.Before(now) {
				delete(p.calls, a)
			}
		}
		if len(p.calls) >= maxCallers && p.calls[from].IsZero() {
			return false
		}
	}
	until := p.calls[from]
	if until.Before(now) {
		until = now
	}
	if until.Sub(now) >= callsAtOnce*callEach {
		return false
	}
	p.calls[from] = until.Add(callEach)
	return true
}

// circuitsTo counts the circuits that lead to who has a place.
func circuitsTo(n network.Network, who peer.ID) (count int) {
	for _, conn := range n.ConnsToPeer(who) {
		for _, s := range conn.GetStreams() {
			if s.Protocol() == proto.ProtoIDv2Stop {
				count++
			}
		}
	}
	return count
}

// save writes what was counted, if that is news.
func (p *Porch) save() error {
	p.mu.Lock()
	if !p.dirty {
		p.mu.Unlock()
		return nil
	}
	p.dirty = false
	now := p.counts.at(p.now())
	now.Places, now.Circuits = map[string]int{}, map[string]int{}
	for who, of := range p.proven {
		now.Places[of]++
		now.Circuits[of] += p.led(who)
	}
	p.counts = now
	out := now.clone()
	p.mu.Unlock()
	return p.dir.putCounts(out)
}
