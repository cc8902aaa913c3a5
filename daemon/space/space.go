package space

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/exchange"
	"kith/daemon/home"
	"kith/daemon/peer"
	"kith/daemon/replica"
	"kith/daemon/store"
)

// Space is a replica with its peers, as it is served: that of a co-op, or of a share. What others may use of it is
// set once, and safe for concurrent use.
type Space struct {
	Place   *home.Home       // where it lies: the home itself, or a place in it
	Replica *replica.Replica // open until the list is closed
	Peers   *peer.Peers
	Now     func() time.Time // the clock

	exchange *exchange.Exchange
	unwatch  func() // ends telling exchange what is held back no more
	meters   *meters
	log      *slog.Logger
	parting  parting
	owner    atomic.Pointer[entry.SpaceID] // of a share: the co-op, once that was known

	Carrying sync.Mutex // held while the documents of another co-op are carried into this one
}

// open puts the replica of a place in touch with the others; own says whether that is the home itself.
func (c Config) open(place *home.Home, r *replica.Replica, own bool) (*Space, error) {
	key, err := place.DeviceKey()
	if err != nil {
		return nil, err
	}
	if !own {
		c.Listen, c.Announce = nil, nil
		if !slices.Equal(c.Relays, []string{home.NoRelays}) { // whoever wants none wants none anywhere
			c.Relays = nil
		}
	}
	config, err := place.Choose(c.Listen, c.Announce)
	if err != nil {
		return nil, err
	}
	if config, err = place.ChooseRelays(config, c.Relays); err != nil {
		return nil, err
	}
	if mayMove(place, r) {
		if config, err = place.Moves(config); err != nil {
			return nil, err
		}
	}
	self := r.Device()
	s := &Space{Place: place, Replica: r, Now: c.Now, log: c.Log}
	if s.meters, err = openMeters(r.Store()); err != nil {
		return nil, err
	}
	doors, err := c.Doors(s)
	if err != nil {
		return nil, err
	}
	s.exchange = exchange.New(&local{r})
	if s.Now != nil {
		s.exchange.Clock = s.Now
	}
	s.unwatch = r.WatchWanted(s.exchange.Forget)
	s.Peers, err = peer.New(peer.Config{
		Key: key, Space: r.Space(), Listen: config.Listen, Announce: config.Announce,
		Relays: config.Named(), NoMDNS: c.NoMDNS, PortMap: c.portMap, Formats: formats(),
		Charter: directory{r, &s.parting}, Book: Addresses(r), Invites: anyDoor(doors),
		Sync: func(ctx context.Context, rw io.ReadWriteCloser, with peer.Device, report func(exchange.Status)) error {
			defer r.InTouch()()
			return s.exchange.RunWith(ctx, rw, exchange.Peer{Device: with.Key, Person: with.Payer, Former: with.Former, Low: bytes.Compare(self[:], with.Key[:]) < 0, Only: mayHave(r, with.Key)}, report)
		},
		Ping:    s.exchange.Ping,
		Changed: func(p peer.PeerStatus) { s.announce(p) },
		Log:     c.Log,
	})
	if err != nil {
		s.unwatch()
		s.exchange.Close()
		return nil, err
	}
	return s, nil
}

// mayMove says whether the place of a share may be elsewhere than others were told: not as long as the other side of the pact that
// made it may still ask at the address that is in the code whether it is made.
func mayMove(place *home.Home, r *replica.Replica) bool {
	if shared, _ := r.Share(); shared == nil {
		return false
	}
	if !place.HasPact() {
		return true
	}
	others := false // of others the book has what they have told since
	err := r.Store().Smalls(AddressPrefix, func(name string, _ []byte) {
		others = others || name != AddressPrefix+r.Device().String()
	})
	return err == nil && others
}

// anyDoor are the doors of a space: the first that has issued a key answers who dials with it.
type anyDoor []peer.Invites

var _ peer.Invites = anyDoor{}

// Issued implements peer.Invites.
func (d anyDoor) Issued(key entry.Device) bool {
	return slices.ContainsFunc(d, func(one peer.Invites) bool { return one.Issued(key) })
}

// Leads implements peer.Invites.
func (d anyDoor) Leads(key, to entry.Device) bool {
	i := slices.IndexFunc(d, func(one peer.Invites) bool { return one.Issued(key) })
	return i >= 0 && d[i].Leads(key, to)
}

// Redeem implements peer.Invites.
func (d anyDoor) Redeem(ctx context.Context, key entry.Device, request []byte) ([]byte, error) {
	for _, one := range d {
		if one.Issued(key) {
			return one.Redeem(ctx, key, request)
		}
	}
	return nil, errNoDoor
}

// errNoDoor says that a key opens nothing any more, though it did when the connection came.
var errNoDoor = errors.New("nobody here has issued this key")

// ofHome gives the co-op whose share this is, as far as the place knows; ok is false for a co-op.
func (s *Space) ofHome() (home entry.SpaceID, ok bool) {
	if of := s.owner.Load(); of != nil { // it doesn't change
		return *of, true
	}
	if shared, _ := s.Replica.Share(); shared == nil {
		return home, false
	}
	home, ok, err := s.Place.Owner()
	if err != nil {
		s.log.Error("whose a share is", "err", err)
	}
	if ok {
		s.owner.Store(&home)
	}
	return home, ok
}

// Parted says whether this device is out of touch for good: its member was removed.
func (s *Space) Parted() bool { return s.parting.over() }

// Knows says whether a device may connect as such: it is of the charter, and this one isn't out of touch.
func (s *Space) Knows(key entry.Device) bool { return directory{s.Replica, &s.parting}.Knows(key) }

// Part puts this device out of touch for good, at once: nobody connects as a device any more, and no door opens.
func (s *Space) Part() { s.parting.end() }

// mayHave makes what says whether an entry may go to a device now: every one may while it speaks for
// a member, and else the charter alone: in a share, that of the side that it was on. To an ally's device nothing
// goes but both charters once the share is over. It is for one goroutine.
func mayHave(r *replica.Replica, d entry.Device) func(entry.ID) bool {
	var looked replica.Rules
	var until uint64
	gives := false
	return func(id entry.ID) bool {
		if c := r.Rules(); c != looked {
			looked = c
			until, gives = r.Gives(d)
		}
		if gives && (until == 0 || uint64(r.Now().UnixMilli()) < until) {
			return true
		}
		return r.StatementFor(d, id)
	}
}

// announce tells the watchers how it stands with a peer.
func (s *Space) announce(p peer.PeerStatus) {
	m, _ := s.Replica.Rules().MemberOf(p.Device)
	e := replica.Event{At: s.Now(), Type: "peer", By: m.ID, Title: "not connected"}
	switch {
	case p.Connected && p.InStep:
		e.Type, e.Title = "sync", "in step"
		s.meters.metInStep(p.Device, e.At)
	case p.Connected && p.Exchange.ToGet > 0:
		e.Title = fmt.Sprintf("coming into step: %d of %d entries", p.Exchange.Got, p.Exchange.ToGet)
	case p.Connected:
		e.Title = "connected"
	case p.Trouble != "":
		e.Why = p.Trouble
	}
	s.Replica.Announce(e)
}

// run keeps in touch until ctx ends.
func (s *Space) run(ctx context.Context) error {
	refresh, cancel := context.WithCancel(ctx)
	defer cancel()
	r := s.Replica
	if removed(r) {
		s.Part()
	}
	events := r.Events(refresh)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range events {
			if e.Type == "member" || e.Type == "charter" || e.Lagged {
				if removed(r) {
					s.parting.begin(s.Peers.Refresh)
				}
				s.Peers.Refresh()
			}
		}
	}()
	var working sync.WaitGroup
	working.Go(func() { s.rest(refresh) })
	working.Go(func() { s.tend(refresh) })
	err := s.Peers.Run(ctx)
	cancel()
	<-done
	working.Wait()
	s.keep()
	s.unwatch()
	s.exchange.Close()
	return err
}

// keep has the exchange keep what the next start would have to find out again.
func (s *Space) keep() {
	if err := s.exchange.Keep(); err != nil {
		s.log.Warn("the set of entries wasn't kept: the next start takes longer", "err", err)
	}
}

// restAfter is how long nothing must have happened before memory is given back.
const restAfter = 2 * time.Second

// rest gives memory back each time that there was something to do and then nothing for a while,
// the start included, until ctx ends.
func (s *Space) rest(ctx context.Context) {
	tick := time.NewTicker(restAfter)
	defer tick.Stop()
	before, rested := s.Replica.Used(), false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		used := s.Replica.Used()
		switch {
		case used != before:
			before, rested = used, false
		case !rested:
			s.keep()
			s.Replica.Rest()
			rested = true
		}
	}
}

// local is the replica as the exchange sees it.
type local struct{ r *replica.Replica }

var _ exchange.Local = (*local)(nil)

func (l *local) Space() entry.SpaceID { return l.r.Space() }

func (l *local) Owns(space entry.SpaceID) bool { return l.r.Owns(space) }

func (l *local) IDs() iter.Seq[entry.ID] {
	return func(yield func(entry.ID) bool) { l.r.IDs(yield) }
}

func (l *local) Has(id entry.ID) bool { return l.r.Has(id) }

func (l *local) Watch(stored func([]entry.ID)) (stop func()) { return l.r.Watch(stored) }

func (l *local) Entry(id entry.ID) ([]byte, bool) {
	b, err := l.r.HandOut(id)
	return b, err == nil
}

func (l *local) Order(ids []entry.ID) { l.r.CatchUpOrder(ids) }

func (l *local) First(ids []entry.ID) int { return l.r.CatchUpFirst(ids) }

// Accept implements exchange.Local. What the replica refuses needed no context to be refused, so
// the peer that passed it on is to blame.
func (l *local) Accept(ctx context.Context, batch []*entry.Entry) error {
	res, err := l.r.Accept(ctx, batch)
	if err != nil {
		return err
	}
	if len(res.Refused) > 0 {
		first := res.Refused[0]
		i := slices.IndexFunc(batch, func(e *entry.Entry) bool { return e.ID() == first.ID })
		return &exchange.BadEntryError{ID: first.ID, Device: batch[i].Device, Why: first.Err}
	}
	return nil
}

// Idle implements exchange.Local.
func (l *local) Idle(batch []*entry.Entry, from entry.Device) (n int) {
	if l.r.Counts().Void == 0 && len(l.r.Held()) == 0 {
		return 0 // nothing is, so nothing of this
	}
	mine := payer(l.r, from)
	for _, e := range batch {
		rec, err := l.r.Store().Record(e.ID())
		if err != nil { // what isn't stored is held back
			n++
			continue
		}
		if charter.State(rec.State) == charter.Void && (e.Device == from || mine != "" && payer(l.r, e.Device) == mine) {
			n++
		}
	}
	return n
}

// Addresses keeps what devices signed about where they are, beside a replica: also before that has peers.
func Addresses(r *replica.Replica) peer.AddressBook { return addressBook{r.Store()} }

type addressBook struct{ s *store.Store }

// AddressPrefix is of the names under which the store keeps them, each before its device.
const AddressPrefix = "address/"

var _ peer.AddressBook = addressBook{}

func (a addressBook) Load() ([][]byte, error) {
	var out [][]byte
	err := a.s.Smalls(AddressPrefix, func(_ string, v []byte) { out = append(out, v) })
	return out, err
}

func (a addressBook) Save(device entry.Device, record []byte) error {
	b := store.NewBatch(nil)
	b.PutSmall(AddressPrefix+device.String(), record)
	return a.s.Commit(b)
}

// close closes what run has left open.
func (s *Space) close() error { return s.Replica.Close() }
