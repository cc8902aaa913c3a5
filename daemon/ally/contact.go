package ally

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"sync"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/assembly"
	"kith/daemon/exchange"
	"kith/daemon/home"
	"kith/daemon/peer"
	"kith/daemon/replica"
	"kith/daemon/space"
)

// contact is a pact that is half made: what its place keeps of it, and how the two sides get on. The
// side that made the code answers with a host of the place's key, at which nobody is known but who has the
// code; the other side asks. When both have signed, the place becomes that of the share.
type contact struct {
	pacts *Pacts
	place *home.Home
	key   entry.Signer
	log   *slog.Logger
	now   func() time.Time

	proposing sync.Mutex // held while the step at home is looked for and made

	mu      sync.Mutex
	p       *pact         // as it is on the disk; never altered, only replaced
	moved   chan struct{} // closed when p is replaced
	asking  chan struct{} // closed when the other side asks anew: who waited for it answers
	trouble string        // why the other side isn't reached, or what this one can't do; in words
	peers   *peer.Peers   // of the first side
}

func (s *Pacts) contact(place *home.Home, p *pact, key entry.Signer) *contact {
	return &contact{
		pacts: s, place: place, key: key, log: s.all.Config.Log, now: s.all.Config.Now,
		p: p, moved: make(chan struct{}), asking: make(chan struct{}),
	}
}

// look gives what is kept, and what is closed when that is replaced.
func (k *contact) look() (*pact, <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.p, k.moved
}

// change alters what is kept and writes it to the disk. If alter fails nothing is changed. It must put other
// slices in place of those that are there.
func (k *contact) change(alter func(*pact) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	next := *k.p
	if next.Over != nil {
		over := *next.Over
		next.Over = &over
	}
	if err := alter(&next); err != nil {
		return err
	}
	if reflect.DeepEqual(&next, k.p) {
		return nil
	}
	if err := next.keep(k.place); err != nil {
		return err
	}
	if kept := k.pacts.Kept; kept != nil {
		kept()
	}
	before := k.p
	k.p = &next
	k.tell(before, &next)
	close(k.moved)
	k.moved = make(chan struct{})
	return nil
}

// tell tells the watchers at home what is new.
func (k *contact) tell(before, now *pact) {
	title := ""
	switch {
	case now.Over != nil && before.Over == nil && now.name() == "":
		title = "a code for an ally came to nothing"
	case now.Over != nil && before.Over == nil:
		title = "the pact with " + now.name() + " came to nothing"
	case now.Revealed && !before.Revealed:
		title = "words are to be compared with " + now.name()
	case now.Agreed && !before.Agreed:
		title = "the co-op has agreed to the pact with " + now.name()
	case now.TheyAgreed && !before.TheyAgreed:
		title = now.name() + " has agreed to the pact"
	case now.TheyCompared && !before.TheyCompared:
		title = now.name() + " has compared the words"
	default:
		return
	}
	k.announce(now, title)
}

func (k *contact) announce(p *pact, title string) {
	if home := k.pacts.all.Of(p.home()); home != nil {
		home.Replica.Announce(replica.Event{At: k.now(), Type: "ally", Title: title})
	}
}

// troubled notes what is in the way, if anything, for who asks how it stands.
func (k *contact) troubled(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.trouble = ""
	if err != nil {
		k.trouble = err.Error()
	}
}

func (k *contact) troubles() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.trouble
}

// home is the co-op that makes the pact; nil if it isn't in this home any more.
func (k *contact) home() *space.Space {
	p, _ := k.look()
	return k.pacts.all.Of(p.home())
}

// run does what a half-made pact asks for until ctx ends, or it is made and served, or forgotten.
func (k *contact) run(ctx context.Context) {
	inTouch, hangUp := context.WithCancel(ctx)
	var working sync.WaitGroup
	quiet := func() { hangUp(); working.Wait() }
	defer quiet()
	p, _ := k.look() // others change what is kept meanwhile; which side this is stays
	first := p.side() == 0
	if !first {
		working.Go(func() { k.ask(inTouch) })
	}
	answering := false
	tick := time.NewTicker(space.TendEvery)
	defer tick.Stop()
	for {
		p, moved := k.look()
		if first && !answering && !p.made() {
			answering = k.answerOn(inTouch, &working)
		}
		switch over, err := k.tend(ctx, p, quiet); {
		case err != nil && ctx.Err() == nil:
			if k.troubles() != err.Error() { // once, and not every second
				k.log.Error("make a pact", "place", k.place.Where(), "err", err)
			}
			k.troubled(err)
		case over:
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-moved:
		case <-tick.C:
		}
	}
}

// answerOn runs the host of the first side. It says whether there is one.
func (k *contact) answerOn(ctx context.Context, working *sync.WaitGroup) bool {
	if err := k.listen(); err != nil {
		if k.troubles() != err.Error() { // once, and not every second
			k.log.Warn("nobody can be answered who has a code for an ally", "place", k.place.Where(), "err", err)
		}
		k.troubled(err)
		return false
	}
	working.Go(func() {
		if err := k.peers.Run(ctx); err != nil {
			k.log.Error("answer who has a code for an ally", "err", err)
		}
	})
	return true
}

// listen opens the host of the first side, unless it is open.
func (k *contact) listen() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.peers != nil {
		return nil
	}
	config, err := k.place.Config()
	if err != nil {
		return err
	}
	k.peers, err = peer.New(peer.Config{
		Key: k.key, Space: k.p.at(0).space(), Listen: config.Listen, Announce: config.Announce, Relays: config.Relays,
		NoMDNS: true, Charter: nobody{}, Book: nobody{}, Invites: k,
		Sync: func(context.Context, io.ReadWriteCloser, peer.Device, func(exchange.Status)) error { return errNobody },
		Ping: func() {}, Log: k.log,
	})
	return err
}

// close ends what run would have ended.
func (k *contact) close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.peers == nil {
		return nil
	}
	return k.peers.Close()
}

// nobody is a charter without anybody in it: that of a host which is there for the holder of a code.
type nobody struct{}

var errNobody = errors.New("nobody is in the share yet")

func (nobody) Devices() []peer.Device          { return nil }
func (nobody) Knows(entry.Device) bool         { return false }
func (nobody) Load() ([][]byte, error)         { return nil, nil }
func (nobody) Save(entry.Device, []byte) error { return nil }

// tend does the next thing that can be done. It says whether the contact is over: served as a share, or
// forgotten. quiet ends being in touch.
func (k *contact) tend(ctx context.Context, p *pact, quiet func()) (over bool, err error) {
	now := k.now()
	switch {
	case p.made():
		quiet()
		return true, k.pacts.serveShare(k)
	case p.Over != nil:
		if p.bound(now) || now.Before(p.Over.At.Add(pactLife)) && !(p.Over.Seen && p.Over.Told && p.side() == 1) {
			return false, nil
		}
		quiet()
		k.pacts.left(k)
		return true, k.place.Forget()
	}
	if how := p.overdue(now); how != endNone {
		return false, k.change(func(p *pact) error { p.end(how, false, now); return nil })
	}
	home := k.home()
	if home == nil {
		return false, k.change(func(p *pact) error { p.end(endCancelled, false, now); return nil })
	}
	r := home.Replica
	if me, ok := r.Me(); !ok || me.Standing != charter.Full {
		return false, k.change(func(p *pact) error { p.end(endCancelled, false, now); return nil })
	}
	if p.Through != "" {
		if err := k.goThrough(ctx, p); err != nil {
			return false, err
		}
	} else if !p.Compared.IsZero() && !p.Agreed {
		if err := k.agree(ctx, r); err != nil {
			return false, err
		}
	}
	return false, k.sign()
}

// overdue says whether it is too late for the pact, and why.
func (p *pact) overdue(now time.Time) ending {
	switch {
	case p.side() == 0 && p.Compared.IsZero() && now.After(p.Expires):
		return endExpired
	case p.side() == 0 && !p.Compared.IsZero() && now.After(p.Lapses):
		return endLapsed
	case p.side() == 1 && len(p.Signature) == 0 && !p.Lapses.IsZero() && now.After(p.Lapses):
		// Who has signed as the second waits to hear from the first, who may have made it in time. What the
		// first side has said of its time may be from before it compared the words.
		if p.Compared.IsZero() || now.After(p.Compared.Add(pactLife)) {
			return endLapsed
		}
	case p.side() == 1 && len(p.Signature) == 0 && p.Lapses.IsZero() && now.After(p.Begun.Add(2*pactLife)):
		return endLapsed // the first side was never heard of again
	}
	return endNone
}

// agree has the co-op at home asked, and looks whether it has agreed.
func (k *contact) agree(ctx context.Context, r *replica.Replica) error {
	p, _ := k.look()
	at, _ := p.atHome(r.Charter())
	switch at {
	case stepNone:
		_, err := k.propose(ctx, r)
		return err
	case stepOpen:
		return k.consentAsMaker(ctx, r)
	case stepGone:
		return k.change(func(p *pact) error { p.end(endRefused, false, k.now()); return nil })
	case stepInForce:
		return k.change(func(p *pact) error {
			if !p.open() {
				return nil
			}
			p.Agreed = true
			if p.side() == 1 {
				return p.signSecond(k.key)
			}
			return nil
		})
	}
	return nil
}

// consentAsMaker consents to a step that this member has proposed and not answered: a crash came between, or their
// word was with another step. What stands in the way now is said in kith charter pending.
func (k *contact) consentAsMaker(ctx context.Context, r *replica.Replica) error {
	k.proposing.Lock()
	defer k.proposing.Unlock()
	p, _ := k.look()
	at, step := p.atHome(r.Charter())
	me, _ := r.Me()
	mine := func(a charter.Answer) bool { return a.Member == me.ID }
	if at != stepOpen || !slices.Contains(step.By, me.ID) || slices.ContainsFunc(step.Consents, mine) || slices.ContainsFunc(step.Refusals, mine) {
		return nil
	}
	_, err := r.Say(ctx, func(c *charter.Charter) ([]byte, error) { return c.Consent(r.Device(), step.ID, false) })
	if errors.As(err, new(*charter.HeldError)) || errors.Is(err, charter.ErrOtherDevice) || errors.Is(err, charter.ErrConsented) {
		return nil
	}
	return err
}

// propose proposes the step at home, unless that was done.
func (k *contact) propose(ctx context.Context, r *replica.Replica) ([]string, error) {
	k.proposing.Lock()
	defer k.proposing.Unlock()
	p, _ := k.look()
	if at, _ := p.atHome(r.Charter()); at != stepNone || !p.open() {
		return nil, nil
	}
	word, err := p.word()
	if err != nil {
		return nil, err
	}
	terms := charter.Terms{Type: charter.ProposalPact, Pact: word, Why: p.why()}
	done, err := assembly.Propose(ctx, r, func(c *charter.Charter) ([]byte, charter.StepID, error) { return c.Propose(r.Device(), terms) })
	return done.Says, err
}

// sign makes the pact, on the first side, once both co-ops have agreed and the second has signed.
func (k *contact) sign() error {
	return k.change(func(p *pact) error {
		if !p.open() || p.side() != 0 || !p.Agreed || len(p.Signature) == 0 {
			return nil
		}
		d := p.draft()
		copy(d.Agreed[:], p.Signature)
		f, err := d.Genesis()
		if err != nil {
			return err
		}
		e, err := entry.New(f, k.key)
		if err != nil {
			return err
		}
		p.Genesis = e.Encoded()
		return nil
	})
}

// share makes the replica of the share, or opens it if that was done before a crash.
func (k *contact) share(p *pact) (*replica.Replica, error) {
	storeKey, err := k.place.NewStoreKey()
	if err != nil {
		return nil, err
	}
	cfg, err := k.pacts.all.ReplicaConfig(k.place)
	if err != nil {
		return nil, err
	}
	cfg.StoreKey = storeKey
	if k.place.InUse() {
		r, err := replica.Open(cfg)
		if !errors.Is(err, replica.ErrNoSpace) {
			return r, err
		}
		if err := os.RemoveAll(k.place.StoreDir()); err != nil {
			return nil, err
		}
	}
	genesis, err := entry.Decode(p.Genesis)
	if err != nil {
		return nil, err
	}
	r, err := replica.JoinShare(cfg, genesis.SpaceOf(), []*entry.Entry{p.at(0).genesis, p.at(1).genesis, genesis}, [8]byte{})
	if err != nil {
		return nil, fmt.Errorf("the share that both have signed: %w", err)
	}
	if len(p.Record) > 0 {
		err = space.Addresses(r).Save(p.at(p.other()).genesis.Device, p.Record)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// serveShare serves the share that a pact has made, in the place and at the address of the contact.
func (s *Pacts) serveShare(k *contact) error {
	p, _ := k.look()
	to, _ := p.dial()
	at, err := s.all.Begin(k.place, func(*home.Home) (*replica.Replica, error) {
		r, err := k.share(p)
		if err != nil {
			return nil, err
		}
		err = k.change(func(p *pact) error {
			p.Share, p.Code, p.Commitment = r.Space().String(), "", nil
			return nil
		})
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		return r, nil
	})
	if err != nil {
		return err
	}
	s.left(k)
	if p.side() == 1 && to != nil {
		at.Peers.Learn(p.at(0).genesis.Device, to.At)
	}
	p, _ = k.look()
	s.tellOfPact(at, p)
	k.announce(p, "the pact with "+p.name()+" is made")
	return nil
}

// pactMade has the place of a share remember whose it is, once that is known: home is the co-op that made the pact. What
// follows from that the follower does.
func (s *Pacts) pactMade(own, at *space.Space, p *pact) error {
	me, ok := own.Replica.Me()
	if !ok {
		return nil
	}
	r := at.Replica
	of := home.SharePlace{Home: own.Replica.Space(), Member: me.ID, Share: r.Space(), Side: r.Charter().Space()}
	switch stands, step := p.atHome(own.Replica.Charter()); {
	case p.Through != "":
		through := s.all.Of(p.through())
		if through == nil {
			return nil
		}
		base, err := through.Place.SharePlace()
		if err != nil || base == nil {
			return err
		}
		of.Step = base.Step
	case stands == stepInForce:
		of.Step = step.ID
	default:
		return nil
	}
	return at.Place.SetSharePlace(of)
}
