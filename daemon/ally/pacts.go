package ally

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"kith/daemon/ally/side"
	"kith/daemon/home"
	"kith/daemon/peer"
	"kith/daemon/space"
)

// Pacts are those that the co-ops of one daemon are making with others. The methods are safe for concurrent use.
type Pacts struct {
	all    *space.List
	follow *side.Follower
	Kept   func() // for tests: called after each time that what is kept of a pact was written; nil: nobody looks

	begun    chan *contact // those to be gone on with
	meeting  sync.Mutex    // guards contacts, the slice
	contacts []*contact    // pacts that are half made
}

// New makes those of a daemon, of which nothing is open yet.
func New(all *space.List, follow *side.Follower) *Pacts {
	return &Pacts{all: all, follow: follow, begun: make(chan *contact, home.MaxPlaces)}
}

// Open goes on with the pacts that are half made. What can't be gone on with the log says: the co-ops are served all
// the same.
func (s *Pacts) Open() error {
	places, err := s.all.Home.HalfMade()
	if err != nil {
		s.all.Config.Log.Error("a pact that is half made", "err", err)
	}
	for _, place := range places {
		p, err := pactAt(place)
		if err != nil {
			s.all.Config.Log.Error("a pact that is half made", "err", err)
			continue
		}
		if place.Keyless() { // a crash came while it was forgotten
			if err := place.Forget(); err != nil {
				return err
			}
			continue
		}
		key, err := place.DeviceKey()
		if err != nil {
			s.all.Config.Log.Error("a pact that is half made", "err", err)
			continue
		}
		k := s.contact(place, p, key)
		s.meet(k)
		s.begun <- k
	}
	return nil
}

// Run makes pacts, until ctx ends.
func (s *Pacts) Run(ctx context.Context) {
	var working sync.WaitGroup
	defer working.Wait()
	tick := time.NewTicker(space.TendEvery)
	defer tick.Stop()
	known := map[*space.Space]bool{}
	for {
		s.tellOfPacts(known)
		select {
		case <-ctx.Done():
			return
		case k := <-s.begun:
			working.Go(func() { k.run(ctx) })
		case <-tick.C:
		}
	}
}

// Close closes what Run has left open.
func (s *Pacts) Close() (err error) {
	for _, k := range s.met() {
		err = errors.Join(err, k.close())
	}
	return err
}

// Door answers the other side of a pact at the host of the share, of which it may not know yet that it is made; nil
// if there is none.
func (s *Pacts) Door(at *space.Space) peer.Invites {
	p, err := pactAt(at.Place)
	if err != nil { // who made the pact may have heard that it is; the share is served all the same
		s.all.Config.Log.Error("a pact that was made", "err", err)
	}
	if p == nil || p.side() != 0 {
		return nil
	}
	return doorOfPact{p}
}

// tellOfPacts calls pactMade for each share that is served and whose place doesn't know yet whose it is: the home may have to
// catch up before that can be said. Those of which nothing is left to say are noted in known.
func (s *Pacts) tellOfPacts(known map[*space.Space]bool) {
	for _, at := range s.all.All() {
		if known[at] {
			continue
		}
		if shared, _ := at.Replica.Share(); shared == nil || at.Place.Reserved() {
			known[at] = true
			continue
		}
		p, err := pactAt(at.Place)
		if err != nil || p == nil {
			continue // they came in by a code, or the doctor says it
		}
		s.tellOfPact(at, p)
	}
}

func (s *Pacts) tellOfPact(at *space.Space, p *pact) {
	if home := s.all.Of(p.home()); home != nil {
		if err := s.pactMade(home, at, p); err != nil {
			s.all.Config.Log.Error("note whose share it is", "err", err)
		}
	}
}

// left forgets a contact that is over.
func (s *Pacts) left(k *contact) {
	s.meeting.Lock()
	defer s.meeting.Unlock()
	s.contacts = slices.DeleteFunc(slices.Clone(s.contacts), func(o *contact) bool { return o == k })
}

// met gives the half-made pacts of all co-ops that are served.
func (s *Pacts) met() []*contact {
	s.meeting.Lock()
	defer s.meeting.Unlock()
	return s.contacts
}

// meet adds a contact.
func (s *Pacts) meet(k *contact) {
	s.meeting.Lock()
	defer s.meeting.Unlock()
	s.contacts = append(slices.Clip(s.contacts), k)
}
