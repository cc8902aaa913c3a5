// Package replica is the one write path of a space on this device. Every entry, made here or
// brought by a peer, is judged, applied, stored and told in this package, in that order, and
// nothing else changes a document, a view or the charter.
//
// What is right is decided elsewhere, in crdt, by pure functions; here it is ordered, kept and
// passed on. Queries read views from the store and never touch Automerge.
//
// Locks, outermost first: judging (read to judge documents, write to change the charter), the
// stripe of a document, run.mu. Whoever needs several stripes takes them in rising order.
//
// It is large: to judge, apply, store and tell are one transaction under three locks, and what looks like a room of
// its own (quarantine, quotas, restoring, shares) is a step of it. Where to look:
//
//	what others bring       accept.go; what is held back of it: held.go, quota.go, days.go
//	what is written here    edit.go, run.go, heads.go; taken back: undo.go, handed.go
//	a loaded document       document.go, cache.go, core.go (the net around Automerge); large ones: alone.go, paced.go
//	the charter             charter.go, statements.go, ground.go, share.go; who is judged anew for it: waits.go, frontier.go
//	what was acknowledged   seen.go, reach.go, numbers.go, under.go
//	what can be asked       query.go, index.go, words.go; searching: sheaves.go; told as it happens: hub.go, tell.go
//	for a peer              catchup.go, places.go (reading ahead); for a bundle: parcel.go
//	starting and mending    replica.go, format.go, saved.go, restored.go, lost.go; forgetting: forget.go
package replica

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/problem"
	"kith/crdt/share"
	"kith/daemon/store"
)

var (
	// ErrNoSpace says that there is no co-op in this home yet.
	ErrNoSpace = problem.New(problem.NotFound, "kith init NAME --as MEMBER, or kith join - --as MEMBER", "there is no co-op here yet")
	// ErrHasSpace says that this home already belongs to a co-op.
	ErrHasSpace = problem.New(problem.Failed, "for another co-op in the same home: --another; or choose another home: KITH_HOME=/another/folder before the command", "this home already belongs to a co-op")
	// ErrClock says that this computer's clock can't be right.
	ErrClock = problem.New(problem.Failed, "set the clock of this computer: timedatectl", "this computer's clock is far off")
	// ErrNotMember says that the device can't speak for anybody in the space (yet, or any more).
	ErrNotMember = problem.New(problem.NotAllowed, "kith member list", "this device belongs to no member of the co-op any more")
	// ErrNotFound says that there is no such document here.
	ErrNotFound = problem.New(problem.NotFound, "kith search WORDS", "there is no such document here")
)

// Config is what a replica is opened with.
type Config struct {
	Dir string       // of the store and the marks; made if absent
	Key entry.Signer // of this device
	// StoreKey is what the store is encrypted with; nil: it isn't.
	StoreKey []byte
	Log      *slog.Logger // nil: silent

	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Trial starts the process that applies changes which may kill it; nil means that a home
	// with marks left by a crash is not tried but taken as it is.
	Trial Trial
	// Kinds are those that this release knows; nil means kinds.All.
	Kinds *kind.Set
}

func (c Config) clock() func() time.Time {
	if c.Now != nil {
		return c.Now
	}
	return time.Now
}

// Replica is one space as this device knows it. It is safe for concurrent use.
type Replica struct {
	key    entry.Signer
	device entry.Device
	space  entry.SpaceID
	log    *slog.Logger
	now    func() time.Time
	store  *store.Store
	kinds  *kind.Set
	core   *core

	judging sync.RWMutex
	ground  atomic.Pointer[ground]
	stand   atomic.Value // stands: the newest steps that this replica took part in
	// statements are all that are stored, in whatever state; guarded by judging.
	statements []*entry.Entry
	open       map[entry.ID]openStatement  // those that another charter could settle; guarded by judging
	stripes    [1 << stripeBits]sync.Mutex // see stripe

	opened        time.Time
	restored      atomic.Bool  // see Restored
	elsewhere     atomic.Int64 // see Elsewhere; 0: never
	elsewhereKept atomic.Int64 // of that, what is on the disk

	// Each of these guards itself, and its own type says what it is for.
	docs   *cache       // loaded documents
	alone  alone        // large ones are put together one at a time
	paced  paced        // and not again and again
	index  *index       // what lists and short IDs need of all documents
	quiet  quiet        // in which of them nothing is news
	waits  *waits       // for which statements documents wait
	wanted wanted       // for which entries of runs they do
	bared  bared        // which entries have no words any more, or not yet
	runs   *runs        // which entry of a run is before which
	reach  reach        // which changes an acknowledgement covers
	places places       // what a peer will ask for next
	quota  *quota       // room of what doesn't count, and what is held back
	whose  whose        // whose room an entry takes
	days   days         // how much more may be written
	deeds  deeds        // what this device did last
	handed handed       // what of that others may have
	aheads aheads       // whose clock is off
	gone   gone         // what of this device's counts no more
	clock  arrivalClock // when what arrived

	erase   erasing // of the bytes of what was forgotten
	binding binding // of sheaves, in the background

	events     *hub[Event]
	announcing sync.Mutex
	announced  uint64   // number of the newest event; guarded by announcing
	stored     watchers // of entries that are on the disk or held back
	unheld     watchers // of entries that may come again

	runMu sync.Mutex // guards run, the pointer
	run   *run
}

// Names of small records.
const (
	spaceRecord = "space" // the ID of the space
	standRecord = "stand" // the newest step that this replica took part in, of a share on both chains
	sideRecord  = "side"  // of a share: on which side this device is, one byte
)

// putFlag has a small record be there or not: that is all it says.
func putFlag(b *store.Batch, name string, is bool) {
	if is {
		b.PutSmall(name, []byte{1})
	} else {
		b.PutSmall(name, nil)
	}
}

// Found makes a space in an empty home: its genesis is the first entry. The replica is open
// afterwards, as after Open.
func Found(cfg Config, genesis []byte) (*Replica, error) {
	first, err := entry.New(entry.Fields{
		Kind: entry.Statement, Run: newNonce(), Number: 1, Payload: genesis,
	}, cfg.Key)
	if err != nil {
		return nil, err
	}
	statements := []*entry.Entry{first}
	c := charter.Fold(first.SpaceOf(), statements, charter.StepID{})
	return begin(cfg, first.SpaceOf(), inCoop(c), stands{c.Tip()}, statements)
}

// Join makes a replica of a space in an empty home from the charter statements that a member's
// device gave. The caller has checked that they found the space it was invited to; here it is
// checked that they stand and that they say this device belongs to a member. invited is the
// start of the newest step that who invited knew: should the charter have forked, a newcomer
// stands where their invite comes from.
func Join(cfg Config, space entry.SpaceID, statements []*entry.Entry, invited [8]byte) (*Replica, error) {
	c := charter.Fold(space, statements, charter.StepID{})
	if step, ok := c.Newcomer(invited); ok {
		c = c.StandOn(step)
	}
	if _, ok := c.MemberOf(cfg.Key.Device()); !ok {
		return nil, ErrNotMember
	}
	return begin(cfg, space, inCoop(c), stands{c.Tip()}, statements)
}

func begin(cfg Config, space entry.SpaceID, g *ground, at stands, statements []*entry.Entry) (*Replica, error) {
	s, err := store.Open(cfg.Dir, cfg.StoreKey)
	if err != nil {
		return nil, err
	}
	if _, err := s.Small(spaceRecord); err == nil {
		return nil, errors.Join(ErrHasSpace, s.Close())
	}
	// A home has the space and its first statements or, as long as it doesn't have all of these, no space: how many there are
	// is nothing that this device chose, so they go to the disk in pieces, and the space last. What a crash left of them is
	// kept.
	p := s.Pieces()
	for _, e := range statements {
		if s.Has(e.ID()) {
			continue
		}
		b := p.Batch()
		state, _ := g.rules.State(e.ID())
		b.PutEntry(e, store.Record{Arrival: s.NextArrival(), State: uint8(state)})
		count(b, noState, state)
		if e.Device == cfg.Key.Device() { // of the others it isn't known when they came to be
			putCame(b, e, cfg.clock()())
		}
	}
	b := p.Batch()
	b.PutSmall(spaceRecord, space[:])
	putFormat(b)
	b.PutSmall(standRecord, at.encode(g))
	putBegun(b, cfg.clock()())
	if g.shared != nil {
		b.PutSmall(sideRecord, []byte{byte(g.side)})
	}
	if err := p.Commit(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return Open(cfg)
}

// Open opens the replica in cfg.Dir; ErrNoSpace if there is none. It finishes what a crash or
// an update left to do: the trial of changes that may have killed the process, documents to
// judge again, views of an older version.
func Open(cfg Config) (*Replica, error) {
	s, err := store.Open(cfg.Dir, cfg.StoreKey)
	if err != nil {
		return nil, err
	}
	r, err := openAs(cfg, s)
	if errors.Is(err, store.ErrLost) { // then as in a store that an earlier build left
		if err = s.Commit(notLooked()); err == nil {
			r, err = openAs(cfg, s)
		}
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return r, nil
}

// openAs opens a replica whose store has the form of this release. What doesn't say its form is tried: what can't be read of it may be
// of another release, and isn't called damaged for that.
func openAs(cfg Config, s *store.Store) (*Replica, error) {
	noted, err := formatOf(s)
	if err != nil {
		return nil, err
	}
	r, err := open(cfg, s)
	switch {
	case noted:
		return r, err
	case errors.Is(err, store.ErrCorrupt):
		return nil, &formatError{cause: err}
	case err != nil:
		return nil, err
	}
	b := store.NewBatch(nil)
	putFormat(b)
	if err := s.Commit(b); err != nil && !errors.Is(err, store.ErrDiskFull) { // reading goes on without room
		return nil, errors.Join(err, r.core.close())
	}
	return r, nil
}

func open(cfg Config, s *store.Store) (*Replica, error) {
	id, err := s.Small(spaceRecord)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrNoSpace
	}
	if err != nil {
		return nil, err
	}
	if len(id) != len(entry.SpaceID{}) {
		return nil, fmt.Errorf("%w: a space ID of %d bytes", store.ErrCorrupt, len(id))
	}
	r := &Replica{
		key: cfg.Key, device: cfg.Key.Device(), space: entry.SpaceID(id),
		log: cfg.Log, now: cfg.clock(), store: s, kinds: cmp.Or(cfg.Kinds, kinds.All),
		docs: newCache(), runs: &runs{store: s}, quota: newQuota(),
		events: newHub[Event](),
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	r.log = r.log.With("space", r.space.String()[:8])
	r.run, r.opened = newRun(), r.now()
	if err := r.readRestored(); err != nil {
		return nil, err
	}
	if err := r.readCharter(); err != nil {
		return nil, err
	}
	if err := noteSums(s); err != nil {
		return nil, err
	}
	if r.index, err = readIndex(s, r.kinds, r.now); err != nil {
		return nil, err
	}
	if r.waits, err = readWaits(s); err != nil {
		return nil, err
	}
	if err := r.readBared(); err != nil {
		return nil, err
	}
	quarantined, err := s.Quarantined()
	if err != nil {
		return nil, err
	}
	if r.core, err = openCore(cfg.Dir, quarantined); err != nil {
		return nil, err
	}
	r.core.trialCommand = cfg.Trial
	if err := r.goOn(); err != nil {
		return nil, errors.Join(err, r.core.close())
	}
	return r, nil
}

func (r *Replica) readCharter() error {
	statements, err := r.entries(entry.DocID{})
	if err != nil {
		return err
	}
	stand, err := r.store.Small(standRecord)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	at := readStands(stand)
	side, err := r.store.Small(sideRecord)
	var g *ground
	switch {
	case errors.Is(err, store.ErrNotFound):
		g = inCoop(charter.Fold(r.space, statements, at[0]))
	case err != nil:
		return err
	case len(side) != 1 || side[0] > 1:
		return fmt.Errorf("%w: a side of %d bytes", store.ErrCorrupt, len(side))
	default:
		s := share.Fold(r.space, statements, at)
		if s.Pact() == nil {
			return fmt.Errorf("%w: a share without its pact", store.ErrCorrupt)
		}
		g = inShare(s, int(side[0]))
	}
	doubts, err := r.store.Small(doubtRecord)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	r.statements = statements
	r.stand.Store(at)
	r.ground.Store(g.placed(at).doubt(len(doubts) > 0))
	r.open = map[entry.ID]openStatement{}
	r.noteOpen(r.Rules(), statements)
	return nil
}

// goOn counts what isn't accepted, and does what a crash or an update has left on the list of
// documents to judge.
func (r *Replica) goOn() error {
	if err := r.lookForLost(); err != nil {
		return err
	}
	if err := r.startClock(); err != nil {
		return err
	}
	if err := r.startRuns(); err != nil {
		return err
	}
	var err error
	if r.deeds.last, err = r.readDeeds(); err != nil {
		return err
	}
	if err := r.readHanded(); err != nil {
		return err
	}
	if err := errors.Join(r.readGone(), r.readGranted(), r.readDays(), r.readQuota()); err != nil {
		return err
	}
	if err := errors.Join(r.listStale(), r.listStaleStatements()); err != nil {
		return err
	}
	// For which entries of runs a document waits isn't remembered.
	if err := r.listJudge(r.waits.those(func(u store.Unsettled) bool { return u.More })); err != nil {
		return err
	}
	r.erase.due.Store(true) // what a crash left
	return r.judgeAgain(true)
}

// Close stores what is under way and closes the store. Subscriptions end.
func (r *Replica) Close() error {
	r.events.close()
	r.binding.stop()
	_ = r.keepRuns(r.clock.settled(), 1) // else it is read again
	return errors.Join(r.store.Close(), r.core.close())
}

// Space returns the ID of the space.
func (r *Replica) Space() entry.SpaceID { return r.space }

// Device returns the public key of this device.
func (r *Replica) Device() entry.Device { return r.device }

// Now is the time by this replica's clock.
func (r *Replica) Now() time.Time { return r.now() }

// Charter returns the charter in which this device speaks, as it stands now: in a share, that of its
// side. The value doesn't change later.
func (r *Replica) Charter() *charter.Charter { return r.ground.Load().own }

// Rules returns what decides in the space now: who everybody is, and what became of entries.
func (r *Replica) Rules() Rules { return r.ground.Load().rules }

// Share returns the share of which this is a replica, as it stands now, and the side that this device
// is on; nil if it is a co-op's space.
func (r *Replica) Share() (s *share.Share, side int) {
	g := r.ground.Load()
	return g.shared, g.side
}

// Owns says whether statements of a space are kept here, see share.Owns.
func (r *Replica) Owns(space entry.SpaceID) bool {
	s, _ := r.Share()
	return space == r.space || s != nil && s.Owns(space)
}

// Key returns the private key of this device, for what is sealed for it.
func (r *Replica) Key() entry.Signer { return r.key }

// Me returns the member whose device this is; ok is false once the device speaks for nobody.
func (r *Replica) Me() (charter.Member, bool) { return r.Rules().MemberOf(r.device) }

// Counts says how much is stored.
func (r *Replica) Counts() store.Counts { return r.store.Counts() }

// Store gives the small records to the parts of the daemon that keep some: addresses, invites.
func (r *Replica) Store() *store.Store { return r.store }

// stripeBits says how many locks documents share: so many that two groups of some dozens of documents, of which one is on its way to the
// disk while the other is judged, have hardly ever one in common.
const stripeBits = 12

func stripeOf(doc entry.DocID) int { return int(binary.BigEndian.Uint16(doc[:]) >> (16 - stripeBits)) }

// stripe returns the lock of a document.
func (r *Replica) stripe(doc entry.DocID) *sync.Mutex { return &r.stripes[stripeOf(doc)] }

// noState is what count moves an entry from that is new here, and one to that is taken out.
const noState = charter.State(255)

// count moves one entry between the counts of states.
func count(b *store.Batch, from, to charter.State) {
	n := func(of charter.State) (n int64) {
		if from == of {
			n--
		}
		if to == of {
			n++
		}
		return n
	}
	b.Count(n(charter.Pending), n(charter.Void), n(charter.Elsewhere))
}
