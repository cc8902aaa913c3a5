package side

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/crdt/share"
	"kith/daemon/duty"
	"kith/daemon/home"
	"kith/daemon/knock"
	"kith/daemon/peer"
	"kith/daemon/replica"
	"kith/daemon/space"
)

const (
	// nextInRank is how long the device whose turn it is has to say something before the next one does.
	nextInRank = 20 * time.Second
	// bearsGap is how long a proposed removal is left alone that would not honour all that is here. After that
	// it may: who is to leave could go on writing for ever.
	bearsGap = 2 * time.Minute
	// rewriteSeat and moveSeat are how long a seat stays at least before it is written again: for any other
	// reason, and because addresses have changed.
	rewriteSeat = 10 * time.Second
	moveSeat    = 10 * time.Minute
	// lookAgain is how often it is looked whether something is due while something is on its way.
	lookAgain = 5 * time.Second
	// lookAnew is how often everything is looked at though nothing has changed, and what failed is tried again: nothing that was
	// missed once, or refused once, is the end of it.
	lookAnew = time.Minute
	// maxSaid bounds what a device says by itself in one share at one look.
	maxSaid = 64
)

// Follower has the shares of the homes that are served follow these: see share.Follow. It is one goroutine,
// and those that knock.
type Follower struct {
	all *space.List

	mu    sync.Mutex
	seats map[*space.Space]*seatbook

	joining atomic.Pointer[[]joining] // shares that this computer isn't in yet
	shut    []shutShare               // set while all is opened

	// Of the one goroutine.
	checked checkedSeats
	homes   map[entry.SpaceID]*followedHome
	shares  map[entry.SpaceID]*followedShare // by the space of the side
	waiting map[awaited]*comingIn
	places  map[*space.Space]*home.SharePlace
	vouches map[*space.Space]vouched
	knocks  sync.WaitGroup
	// troubles are what was last in the way of a home's shares, in words.
	troubles map[entry.SpaceID]string
}

// awaited is a share as a document of a home says it. Whoever knows a side can name it in a document of another home,
// or beside another share: neither gets in the way of the right one.
type awaited struct{ home, share, side entry.SpaceID }

// followedHome is what was last seen of a home.
type followedHome struct {
	views   uint64 // see replica.ViewsAt
	looked  time.Time
	charter *charter.Charter
	calm    bool // nothing has come since the look before
	shares  []shareOfHome
	seats   map[entry.DocID]*seated // by the document
}

// seated is what became of this member's seat in a share.
type seated struct {
	wrote  time.Time // zero: not since the start
	looked time.Time
	owed   bool // it is to be written, a little later
}

// followedShare is what was last seen of a share.
type followedShare struct {
	home   *charter.Charter
	homeAt uint64
	rules  replica.Rules
	looked bool // and nothing was left to say
	wait   duty.Patience
	due    time.Time                    // when to look though nothing has changed
	since  map[string]time.Time         // what there is to say, from when
	gaps   map[charter.StepID]time.Time // removals that may leave something out, from when
	failed map[string]refused           // what couldn't be said
}

// refused is as of what something couldn't be said, and when.
type refused struct {
	rules replica.Rules
	at    time.Time
}

// still says whether it isn't worth while to say it again.
func (x refused) still(rules replica.Rules, now time.Time) bool {
	return x.rules == rules && now.Sub(x.at).Abs() < lookAnew
}

// New makes the one of a daemon, before any of its spaces is open.
func New(all *space.List) *Follower {
	return &Follower{
		all:   all,
		seats: map[*space.Space]*seatbook{}, homes: map[entry.SpaceID]*followedHome{}, shares: map[entry.SpaceID]*followedShare{}, waiting: map[awaited]*comingIn{},
		places: map[*space.Space]*home.SharePlace{}, vouches: map[*space.Space]vouched{}, troubles: map[entry.SpaceID]string{},
	}
}

// Door is for colleagues whom the home's side of a share has let in, and who ask for it for the first time. It must be
// the last of a space: a seat can name the key of somebody else's door.
func (f *Follower) Door(at *space.Space) (peer.Invites, error) {
	book, err := openSeatbook(at.Replica)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seats[at] = book
	return book, nil
}

func (f *Follower) seatsOf(at *space.Space) *seatbook {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seats[at]
}

// Run lets shares follow their homes until ctx ends.
func (f *Follower) Run(ctx context.Context) {
	defer f.knocks.Wait()
	f.openWaiting()
	tick := time.NewTicker(space.TendEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, at := range f.all.All() {
			if shared, _ := at.Replica.Share(); shared != nil {
				continue
			}
			err := f.followHome(ctx, at)
			if ctx.Err() != nil {
				return
			}
			said := ""
			if err != nil {
				said = err.Error()
			}
			if space := at.Replica.Space(); said != f.troubles[space] { // once, and not every second
				f.troubles[space] = said
				if err != nil {
					f.all.Config.Log.Error("have the shares follow their co-op", "err", err)
				}
			}
		}
		f.tellJoining()
	}
}

// openWaiting goes on with the shares that this computer wasn't in yet when the daemon ended.
func (f *Follower) openWaiting() {
	places, err := f.all.Home.Waiting()
	for _, place := range places {
		of, bad := place.SharePlace()
		if bad == nil {
			var w *comingIn
			if w, bad = f.openShare(place, *of); bad == nil {
				f.waiting[awaited{of.Home, of.Share, of.Side}] = w
			}
		}
		err = errors.Join(err, bad)
	}
	if err != nil { // everything else is served all the same
		f.all.Config.Log.Error("go on with shares that aren't here yet", "err", err)
	}
}

// tellJoining notes for who asks which shares this computer is on its way into.
func (f *Follower) tellJoining() {
	all := []joining{}
	for home, h := range f.homes {
		for i := range h.shares {
			of := &h.shares[i]
			if w := f.waiting[awaited{home, of.space, of.side}]; w != nil && f.on(of) == nil {
				all = append(all, joining{home, of.space, of.word, w.trouble()})
			}
		}
	}
	slices.SortFunc(all, func(a, b joining) int { return bytes.Compare(a.share[:], b.share[:]) })
	f.joining.Store(&all)
}

// followHome looks at one home and its shares.
func (f *Follower) followHome(ctx context.Context, home *space.Space) error {
	r := home.Replica
	h := f.homes[r.Space()]
	if h == nil {
		h = &followedHome{seats: map[entry.DocID]*seated{}}
		f.homes[r.Space()] = h
	}
	views, c, now := r.ViewsAt(), r.Charter(), f.all.Config.Now()
	if r.Restored() || c.Undecided() {
		h.charter = nil // what it knows may be old, or of one side alone: looked at when that is over
		return nil
	}
	h.calm = h.charter == c && h.views == views
	changed := !h.calm || now.Sub(h.looked).Abs() >= lookAnew
	if changed {
		shares, err := sharesOf(r, &f.checked)
		if err != nil {
			return err
		}
		h.views, h.charter, h.looked, h.shares = views, c, now, shares
	}
	me, ok := r.Me()
	var failed error
	if ok && me.Standing == charter.Full {
		failed = f.makeDocuments(ctx, r, h)
		for i := range h.shares {
			failed = errors.Join(failed, f.sit(ctx, r, h, &h.shares[i], &me, changed))
		}
	}
	for _, b := range f.of(r.Space()) {
		failed = errors.Join(failed, f.followShare(ctx, home, h, b, f.places[b]), f.vouch(ctx, r, h, b, f.places[b]))
	}
	return failed
}

// of gives the shares of a home that are served, and were told whose they are.
func (f *Follower) of(home entry.SpaceID) (all []*space.Space) {
	for _, at := range f.all.All() {
		if shared, _ := at.Replica.Share(); shared == nil {
			continue
		}
		if f.places[at] == nil { // once it is there it doesn't change
			place, err := at.Place.SharePlace()
			if err != nil {
				f.all.Config.Log.Error("whose a share is", "err", err)
			}
			f.places[at] = place
		}
		if p := f.places[at]; p != nil && p.Home == home {
			all = append(all, at)
		}
	}
	return all
}

// on gives a share of a home if this computer is in it; nil if it isn't.
func (f *Follower) on(of *shareOfHome) *space.Space {
	for _, at := range f.all.All() {
		if shared, _ := at.Replica.Share(); shared != nil && at.Replica.Space() == of.space && at.Replica.Charter().Space() == of.side {
			return at
		}
	}
	return nil
}

// ofAnother says whether a share that is served is known to be of another home.
func (f *Follower) ofAnother(at *space.Space, home entry.SpaceID) (bool, error) {
	of, known, err := at.Place.Owner()
	return err == nil && known && of != home, err
}

// makeDocuments makes the home's documents of shares that this device founded for it.
func (f *Follower) makeDocuments(ctx context.Context, r *replica.Replica, h *followedHome) error {
	for _, b := range f.of(r.Space()) {
		at, place := b, f.places[b]
		if slices.ContainsFunc(h.shares, func(s shareOfHome) bool { return s.space == place.Share }) {
			continue
		}
		shared, side := at.Replica.Share()
		own := shared.Side(side)
		if me, ok := own.MemberOf(at.Replica.Device()); !ok || me.ID != own.Founder() || !slices.ContainsFunc(r.Charter().Pacts(), func(p charter.Pact) bool { return p.Step == place.Step }) {
			continue
		}
		there := false
		if err := r.Views(kinds.Ally.Name, func(v *crdt.View) bool {
			there = kinds.AllyIn(v).Share == place.Share.String()
			return !there
		}); err != nil || there {
			return err
		}
		begin := kinds.KeepShare(shared.Side(1-side).Name(), place.Share.String(), own.Space().String(), place.Step.String())
		if _, err := r.Create(ctx, kinds.Ally.Name, func(e replica.Edit) error { return e.Perform(kinds.Ally, kinds.Ally.Make, begin, nil) }); err != nil {
			return fmt.Errorf("make the document of a share: %w", err)
		}
	}
	return nil
}

// sit sees to this computer's place in a share, and to its member's seat.
func (f *Follower) sit(ctx context.Context, r *replica.Replica, h *followedHome, of *shareOfHome, me *charter.Member, changed bool) error {
	now := f.all.Config.Now()
	s := sitting{home: r.Space(), me: *me, device: r.Device(), side: of.side}
	at := awaited{r.Space(), of.space, of.side}
	w := f.waiting[at]
	var place *home.Home
	if b := f.on(of); b != nil {
		if other, err := f.ofAnother(b, r.Space()); err != nil || other {
			return err // a seat here would tell these colleagues who this is there
		}
		delete(f.waiting, at)
		if f.places[b] == nil { // they came in by a code
			if err := b.Place.SetSharePlace(home.SharePlace{Home: r.Space(), Member: me.ID, Share: of.space, Side: of.side, Step: of.step}); err != nil {
				return err
			}
		}
		s.key, place = b.Replica.Key(), b.Place
		if s.onSide, s.arrived = b.Replica.Charter().MemberOf(b.Replica.Device()); !s.arrived {
			return nil
		}
	} else {
		if f.isShut(at) {
			return nil
		}
		if w == nil {
			var err error
			w, err = f.comeIn(home.SharePlace{Home: r.Space(), Member: me.ID, Share: of.space, Side: of.side, Step: of.step})
			if err != nil {
				return fmt.Errorf("make the place of a share: %w", err)
			}
			f.waiting[at] = w
		}
		s.key, place = w.key, w.place
	}
	if err := f.writeSeat(ctx, r, h, of, &s, place, changed); err != nil {
		return err
	}
	if w == nil || s.arrived {
		return nil
	}
	if !maps.Equal(w.said, of.said) { // somebody else has sat down, or moved
		w.said = of.said
		w.soon()
	}
	if w.due(now) {
		of := *of // the knock reads it while this goes on
		f.knocks.Go(func() {
			err := f.knockAt(ctx, w, &of)
			w.tried(f.all.Config.Now(), err)
			if err != nil && ctx.Err() == nil {
				f.all.Config.Log.Debug("not in a share yet", "err", err)
			}
		})
	}
	return nil
}

// writeSeat writes the member's seat if it has to say something else.
func (f *Follower) writeSeat(ctx context.Context, r *replica.Replica, h *followedHome, of *shareOfHome, s *sitting, place *home.Home, changed bool) error {
	now := f.all.Config.Now()
	at := h.seats[of.doc]
	if at == nil {
		at = &seated{}
		h.seats[of.doc] = at
	}
	if !changed && !at.owed && now.Sub(at.looked) < moveSeat {
		return nil
	}
	at.looked = now
	config, err := place.Config()
	if err != nil {
		return err
	}
	answerers, err := knock.Answerers(config, s.key.Device(), knock.Found{})
	if err != nil {
		return err
	}
	for _, a := range answerers[:min(len(answerers), share.MaxSeatAddresses)] {
		s.at = append(s.at, a.Address)
	}
	old := of.seats[s.me.ID]
	seat, err := s.seat(old)
	if err != nil {
		return err
	}
	at.owed = seat != nil
	pause := rewriteSeat
	if s.arrived && old != nil && old.Device(s.key.Device()) != nil {
		pause = moveSeat // nothing but addresses
	}
	if seat == nil || !at.wrote.IsZero() && now.Sub(at.wrote) < pause {
		return nil
	}
	text, err := seat.Encode()
	if err != nil {
		return err
	}
	_, err = r.Edit(ctx, of.doc, func(e replica.Edit) error { return e.Perform(kinds.Ally, kinds.TakeSeat, kinds.Sitting(text), nil) })
	if err != nil {
		return fmt.Errorf("take a seat: %w", err) // it is owed, and tried again
	}
	at.wrote, at.owed = now, false
	return nil
}
