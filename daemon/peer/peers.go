package peer

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	basichost "github.com/libp2p/go-libp2p/p2p/host/basic"
	ma "github.com/multiformats/go-multiaddr"

	"kith/crdt/entry"
)

// Peers is this device's host and all that it knows of the others. Safe for concurrent use.
type Peers struct {
	cfg      Config
	self     entry.Device
	key      crypto.PrivKey
	host     host.Host
	observed basichost.ObservedAddrsManager
	gate     *gate
	log      *slog.Logger

	unheard []*ListenError // where it is to listen and can't; guarded by mu

	refresh   chan struct{}
	answering chan struct{} // closed by Run once others are answered
	placesDue chan struct{} // for keepPlaces: look again
	directDue chan struct{} // for goDirect
	reachDue  chan struct{} // for askAround
	doubtDue  chan struct{} // for settleDoubts
	lookDue   chan struct{} // for lookAround
	telling   sync.Mutex    // held while Config.Changed is called
	signing   sync.Mutex    // held while the own record is made

	sessions rations[entry.Device] // sync sessions that it began
	joins    rations[entry.Device] // answers to who isn't in the charter
	moves    rations[entry.Device] // address records of it that are news
	tells    rations[entry.Device] // address records that it tells
	relayed  rations[string]       // places and connections through this device, by whose device asks
	led      rations[entry.Device] // connections through this device, by who is asked for
	guests   rations[entry.Device] // connections through this device, by the code that asks
	carried  rations[entry.Device] // what went over these, in pieces of relayBuffer
	knocks   rations[entry.Device] // questions whether it can be dialed

	mu       sync.Mutex
	closed   bool
	contacts map[entry.Device]*contact
	records  map[entry.Device]*addressRecord // the newest of each, this device's own too
	told     map[entry.Device][]ma.Multiaddr // by somebody who didn't sign it: in a code, or a seat
	found    map[entry.Device][]ma.Multiaddr // announced on the LAN, by whomever
	changed  chan struct{}                   // closed, and made anew, when the table changes
	answers  map[entry.Device]answer         // whether they could dial this device
	unsaved  map[entry.Device]bool           // whose record isn't in the book yet
	relays   []peer.AddrInfo                 // named ones
	tokens   map[peer.ID][][]byte            // of those that are porches
	places   places                          // at relays
	router   basichost.NATManager            // nil: it isn't asked
}

// New opens the host and listens. Call Run to get in touch with anybody, or Close.
func New(cfg Config) (*Peers, error) {
	addrs, err := parseListen(cfg.Listen)
	if err != nil {
		return nil, err
	}
	announce, err := parseAddresses("--announce", cfg.Announce)
	if err != nil {
		return nil, err
	}
	relays, tokens, err := parseRelays(cfg.Relays)
	if err != nil {
		return nil, err
	}
	key, err := hostKey(cfg.Key)
	if err != nil {
		return nil, err
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	p := &Peers{
		cfg: cfg, self: cfg.Key.Device(), key: key, log: cfg.Log,
		gate:    newGate(cfg.Key.Device(), cfg.Charter, cfg.Invites),
		refresh: make(chan struct{}, 1), answering: make(chan struct{}),
		contacts: map[entry.Device]*contact{},
		records:  map[entry.Device]*addressRecord{},
		told:     map[entry.Device][]ma.Multiaddr{},
		found:    map[entry.Device][]ma.Multiaddr{},
		unsaved:  map[entry.Device]bool{},
		changed:  make(chan struct{}),
		relays:   relays, tokens: tokens, answers: map[entry.Device]answer{},
		places:    newPlaces(),
		placesDue: make(chan struct{}, 1), directDue: make(chan struct{}, 1), reachDue: make(chan struct{}, 1),
		doubtDue: make(chan struct{}, 1), lookDue: make(chan struct{}, 1),
	}
	p.gate.name(relays)
	p.gate.floods = p.leave
	if err := p.loadBook(); err != nil {
		return nil, err
	}
	more := []libp2p.Option{libp2p.EnableRelay(), p.watchObserved(), libp2p.BandwidthReporter(guestMeter{p}), libp2p.MultiaddrResolver(ownNames(relays))}
	if cfg.PortMap {
		more = append(more, p.askRouter())
	}
	if p.host, err = newHost(cfg.Key, p.gate, p.announced(announce), more...); err != nil {
		return nil, err
	}
	p.unheard = listen(p.host, addrs)
	for _, e := range p.unheard {
		p.log.Warn("not listening, trying again", "addr", e.Address, "err", e.Err)
	}
	return p, nil
}

// announced makes what others are told of the addresses listened on: announce in their place, if
// there are any; where others could dial this device; and the places at relays.
func (p *Peers) announced(announce []ma.Multiaddr) func([]ma.Multiaddr) []ma.Multiaddr {
	return func(listened []ma.Multiaddr) []ma.Multiaddr {
		all := slices.Clone(announce)
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(all) == 0 {
			all = slices.Concat(listened, p.mappedLocked(), p.confirmedLocked())
		}
		for _, at := range p.places.at {
			all = append(all, at.addrs...)
		}
		return ma.Unique(all)
	}
}

// Close closes the host. Run does so itself when it ends.
func (p *Peers) Close() error {
	p.mu.Lock()
	was := p.closed
	p.closed = true
	p.mu.Unlock()
	if was {
		return nil
	}
	return p.host.Close()
}

// Addresses returns the multiaddrs at which this device can be reached as far as it knows, each
// with its identity at the end: what an invite code carries.
func (p *Peers) Addresses() []string {
	var out []string
	for _, a := range p.worthTelling(p.host.Addrs()) {
		out = append(out, a.String()+"/p2p/"+p.host.ID().String())
	}
	return out
}

// Refresh has Peers look at the charter again: new devices are dialed, those that it doesn't
// know any more are disconnected.
func (p *Peers) Refresh() { nudge(p.refresh) }

// Learn tells of addresses of a device that it didn't sign, such as those in an invite code.
// They are tried at once and forgotten when the daemon ends; those that aren't multiaddrs are
// passed over.
func (p *Peers) Learn(d entry.Device, addrs []string) {
	var parsed []ma.Multiaddr
	for _, s := range addrs {
		if a, err := ma.NewMultiaddr(s); err == nil {
			a, _ = splitIdentity(a)
			parsed = append(parsed, a)
		}
	}
	p.learn(p.told, MaxAddresses, d, parsed)
}

// learn keeps addresses in its place: what comes one way doesn't push out what came another.
func (p *Peers) learn(place map[entry.Device][]ma.Multiaddr, most int, d entry.Device, addrs []ma.Multiaddr) {
	if !p.cfg.Charter.Knows(d) {
		return // also what bounds the memory of it
	}
	p.mu.Lock()
	fresh := false
	for _, a := range plainOnes(addrs, most) {
		if !slices.ContainsFunc(place[d], a.Equal) {
			fresh = true
			place[d] = append(place[d], a)
		}
	}
	place[d] = place[d][max(0, len(place[d])-most):]
	c := p.contacts[d]
	p.mu.Unlock()
	if fresh && c != nil {
		p.nearer(c)
	}
}

// nearer tries at once what was learned of a device, if it isn't connected or only through a relay; but not
// again and again, since what others say has this device dial.
func (p *Peers) nearer(c *contact) {
	p.mu.Lock()
	due := time.Since(c.hinted) >= hintPause
	if due {
		c.hinted = time.Now()
	}
	p.mu.Unlock()
	if !due {
		return
	}
	if !p.isConnected(c) {
		p.hurry(c)
	} else if p.direct(c.id) == nil {
		nudge(p.directDue)
	}
}

// Answering is closed once Run answers whoever reaches this host: before that it listens, and others hear that it speaks nothing of
// Kith's.
func (p *Peers) Answering() <-chan struct{} { return p.answering }

// Run keeps in touch with the charter's devices until ctx ends, and returns when all that it
// started has stopped and the host is closed.
func (p *Peers) Run(ctx context.Context) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	work := &crew{}
	defer func() {
		cancel()
		work.close()
		err = errors.Join(err, p.Close())
		work.wait()
		p.saveRest()
	}()

	moves, err := p.host.EventBus().Subscribe(new(event.EvtLocalAddressesUpdated))
	if err != nil {
		return err
	}
	defer func() { _ = moves.Close() }() // its error is only that of a second Close

	p.signOwn() // before anybody is answered: who comes in is given it
	p.host.SetStreamHandler(SyncProtocol, work.handler(func(s network.Stream) { p.handleSync(ctx, s) }))
	p.host.SetStreamHandler(AddressesProtocol, work.handler(func(s network.Stream) { p.handleAddresses(ctx, s) }))
	p.host.SetStreamHandler(JoinProtocol, work.handler(func(s network.Stream) { p.handleJoin(ctx, s) }))
	p.host.SetStreamHandler(ReachProtocol, work.handler(func(s network.Stream) { p.handleReach(ctx, s) }))
	relaying, err := p.passOn()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, relaying.Close()) }()
	punch, err := p.punching()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, punch.Close()) }()
	watch := &network.NotifyBundle{
		ConnectedF: func(_ network.Network, conn network.Conn) {
			p.noticed(conn, conn.Stat().Direction == network.DirInbound)
		},
		DisconnectedF: func(_ network.Network, conn network.Conn) { p.noticed(conn, false) },
	}
	p.host.Network().Notify(watch)
	defer p.host.Network().StopNotify(watch)

	running := map[entry.Device]context.CancelFunc{}
	p.meet(ctx, work, running)
	close(p.answering)
	work.run(func() { p.keepPlaces(ctx) })
	work.run(func() { p.goDirect(ctx, punch) })
	work.run(func() { p.askAround(ctx) })
	work.run(func() { p.watchNetwork(ctx) })
	work.run(func() { p.settleDoubts(ctx) })
	work.run(func() { p.listenAgain(ctx) })
	if !p.cfg.NoMDNS {
		work.run(func() { p.lookAround(ctx) })
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.refresh:
			p.meet(ctx, work, running)
		case _, ok := <-moves.Out():
			if !ok {
				return ErrClosed
			}
			p.signOwn()
			nudge(p.lookDue)
		}
	}
}

// meet starts what each new device of the charter needs, and ends it for those that are gone.
func (p *Peers) meet(ctx context.Context, work *crew, running map[entry.Device]context.CancelFunc) {
	want := map[entry.Device]Device{}
	for _, d := range inTurn(p.cfg.Charter.Devices()) {
		if d.Key != p.self && len(want) < MaxDevices {
			want[d.Key] = d
		}
	}
	for d, stop := range running {
		p.mu.Lock()
		c := p.contacts[d]
		p.mu.Unlock()
		now, still := want[d]
		if still && now.Former == c.former {
			continue
		}
		stop()
		delete(running, d)
		p.mu.Lock()
		if c.former && c.bans == 0 {
			p.gate.ban(d, time.Time{}) // the pause of a former device isn't for one that is back in use
		}
		for _, s := range c.sessions {
			s.end() // what it may have now is less, or nothing
		}
		leaves := still && now.Former
		delete(p.contacts, d)
		delete(p.records, d)
		delete(p.told, d)
		delete(p.found, d)
		p.mu.Unlock()
		if leaves {
			_ = p.host.Network().ClosePeer(c.id) // with it goes its place at this relay, and who came through it
		}
	}
	for d, wanted := range want {
		name := wanted.Name
		if _, already := running[d]; already {
			p.mu.Lock()
			p.contacts[d].status.Name = name
			p.mu.Unlock()
			continue
		}
		id, err := peerID(d)
		if err != nil {
			p.log.Warn("a device of the charter has no usable key", "peer", d.String(), "err", err)
			continue
		}
		c := &contact{key: d, id: id, opens: slices.Compare(p.self[:], d[:]) < 0,
			member: wanted.Member, former: wanted.Former, wake: make(chan struct{}, 1), news: make(chan struct{}, 1),
			told: map[entry.Device]uint64{}, status: PeerStatus{Device: d, Name: name}}
		p.mu.Lock()
		p.contacts[d] = c
		p.mu.Unlock()
		inside, stop := context.WithCancel(ctx)
		running[d] = stop
		work.run(func() { p.keep(inside, c) })
		if !c.former {
			work.run(func() { p.gossip(inside, c) })
		}
		p.moved(c, p.isConnected(c)) // it may have come before the charter named it
	}
	// The gate asks about new connections; those that are there are looked at now.
	for _, conn := range p.host.Network().Conns() {
		d, err := deviceOf(conn.RemotePeer())
		if p.gate.isRelay(conn.RemotePeer()) {
			continue
		}
		if err != nil || !p.gate.knows(d) && !p.gate.mayJoin(d) {
			_ = conn.Close()
		}
	}
}

// inTurn orders devices so that nobody is left out by how many somebody else has: those of one's own side first,
// one of each member in turn, then those of the other side, and former ones last.
func inTurn(all []Device) []Device {
	turn, nth := map[entry.Device]int{}, map[string]int{}
	for _, d := range all {
		if !d.Former {
			turn[d.Key] = nth[d.Member]
			nth[d.Member]++
		}
	}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b Device) int {
		return cmp.Or(btoi(a.Former)-btoi(b.Former), btoi(a.Other)-btoi(b.Other), turn[a.Key]-turn[b.Key])
	})
	return all
}

// noticed passes on that a connection came or went.
func (p *Peers) noticed(conn network.Conn, inbound bool) {
	p.log.Debug("connection", "peer", conn.RemotePeer().String(), "at", conn.RemoteMultiaddr().String(), "inbound", conn.Stat().Direction == network.DirInbound, "ended", conn.IsClosed())
	if via := relayOf(conn.RemoteMultiaddr()); via != "" && !conn.IsClosed() {
		p.hasCarried(via)
	}
	if c := p.contactOf(conn); c != nil {
		p.moved(c, inbound)
		return
	}
	d, err := deviceOf(conn.RemotePeer())
	switch {
	case p.gate.isRelay(conn.RemotePeer()):
		nudge(p.placesDue)
	case err != nil || !inbound:
	case p.gate.knows(d):
		p.Refresh() // the charter named it since we looked
	default:
		// The holder of an invite, who has no business here but that.
		time.AfterFunc(2*streamTime, func() { _ = conn.Close() })
	}
}

// contactOf returns who is at the other end, or nil if that isn't one of the charter's devices.
func (p *Peers) contactOf(conn network.Conn) *contact {
	d, err := deviceOf(conn.RemotePeer())
	if err != nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.contacts[d]
}

// handleSync serves a sync stream that a peer opened, also one of a peer to whom this side opens them:
// see session.
func (p *Peers) handleSync(ctx context.Context, s network.Stream) {
	c := p.contactOf(s.Conn())
	if c == nil || !p.gate.knows(c.key) {
		_ = s.Reset()
		return
	}
	per := sessionRation
	if c.former {
		per = formerRation
	}
	if !pause(ctx, p.sessions.take(c.key, per, time.Now())) {
		_ = s.Reset()
		return
	}
	p.sync(ctx, c, s)
	_ = s.Reset() // in case it never ran
}

// pause waits, and says whether that was worth it: not for long, and not if ctx ended.
func pause(ctx context.Context, wait time.Duration) bool {
	if wait <= 0 || wait > longestWait {
		return wait <= 0
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// crew counts goroutines, so that Run can wait for those that libp2p starts for it.
type crew struct {
	mu     sync.Mutex
	closed bool
	group  sync.WaitGroup
}

// run starts f unless the crew is closed.
func (w *crew) run(f func()) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return false
	}
	w.group.Go(f)
	return true
}

// handler has a stream served by the crew.
func (w *crew) handler(serve func(network.Stream)) network.StreamHandler {
	return func(s network.Stream) {
		if !w.run(func() { serve(s) }) {
			_ = s.Reset()
		}
	}
}

func (w *crew) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
}

func (w *crew) wait() { w.group.Wait() }
