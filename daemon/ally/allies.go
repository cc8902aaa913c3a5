package ally

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/problem"
	"kith/crdt/share"
	"kith/daemon/api"
	"kith/daemon/api/server"
	"kith/daemon/assembly"
	"kith/daemon/desk"
	"kith/daemon/home"
	"kith/daemon/knock"
	"kith/daemon/peer"
	"kith/daemon/replica"
	"kith/daemon/space"
	"kith/daemon/words"
)

var errOtherAllyWords = problem.New(problem.NotAllowed, "call them again on a number that you know, and begin anew: kith ally invite --purpose TEXT --ends DATE", "these aren't their words: they were mistyped, or somebody stands between you; nothing was agreed on, and the code is useless now")

// Allies are the pacts of one co-op: it answers the local API about them.
type Allies struct {
	pacts *Pacts
	at    *space.Space
	desk  *desk.Desk
}

var _ server.Allies = (*Allies)(nil)

// Of gives those of a co-op.
func (s *Pacts) Of(at *space.Space) *Allies { return &Allies{s, at, desk.New(at, s.all)} }

// fullMember gives the replica of a co-op and who this is there, who must be a full member.
func (al *Allies) fullMember() (*replica.Replica, charter.Member, error) {
	r := al.at.Replica
	if s, _ := r.Share(); s != nil {
		return nil, charter.Member{}, api.Problemf(api.NotAllowed, "--space NAME, with the co-op that is to make it", "a share makes no pacts; a co-op does")
	}
	if err := r.Speaks(); err != nil {
		return nil, charter.Member{}, err
	}
	me, _ := r.Me()
	if me.Standing != charter.Full {
		return nil, me, api.Problemf(api.NotAllowed, "ask a full member: kith member list", "only full members make pacts with other co-ops, and %s is a prospective member", me.Name)
	}
	return r, me, nil
}

// Allies implements server.Allies.
func (al *Allies) Allies(_ context.Context) ([]api.Ally, error) {
	r := al.at.Replica
	type dated struct {
		api.Ally
		begun time.Time
	}
	var all []dated
	// First: what is made this moment, or come into, is served before it is left out there.
	halfMade, coming := al.pacts.met(), al.pacts.follow.Joining(r.Space())
	made := map[string]bool{}
	for _, s := range al.pacts.shares(r.Space()) {
		all, made[s.id] = append(all, dated{s.ally(), s.begun}), true
	}
	for _, a := range coming {
		if !made[a.ID] {
			all = append(all, dated{a, al.at.Now()})
		}
	}
	for _, k := range halfMade {
		if p, _ := k.look(); p.home() == r.Space() && !(p.Over != nil && p.Over.Seen) && !made[p.id()] {
			all = append(all, dated{k.ally(r), p.Begun})
		}
	}
	slices.SortStableFunc(all, func(a, b dated) int { return a.begun.Compare(b.begun) })
	out := make([]api.Ally, len(all))
	for i := range all {
		out[i] = all[i].Ally
	}
	return out, nil
}

// aShare is a share that a co-op is in, as it is served.
type aShare struct {
	id      string         // of its pact, here
	begun   time.Time      // here
	further bool           // opened through another share with the ally
	step    charter.StepID // by which the pact was agreed on; zero if that isn't noted here yet
	at      *space.Space
}

// shares gives the shares that a co-op is in, which are served: those whose pact was made here, and those that
// this computer has come into.
func (s *Pacts) shares(home entry.SpaceID) (all []aShare) {
	for _, at := range s.all.SharesOf(home) {
		of, err := at.Place.SharePlace()
		if p, err := pactAt(at.Place); err == nil && p != nil {
			made := aShare{id: p.id(), begun: p.Begun, further: p.Through != "", at: at}
			if of != nil {
				made.step = of.Step
			}
			all = append(all, made)
			continue
		}
		if err != nil || of == nil {
			continue
		}
		all = append(all, aShare{words.PactID(of.Share), at.Replica.Came(entry.ID(of.Share)), s.isFurther(of), of.Step, at})
	}
	return all
}

// isFurther says whether there is another share with the ally, of the same step, that was here before.
func (s *Pacts) isFurther(of *home.SharePlace) bool {
	for _, at := range s.all.All() {
		if o, err := at.Place.SharePlace(); err == nil && o != nil && o.Step == of.Step {
			return o.Share != of.Share
		}
	}
	return false
}

// contactOf finds a half-made pact of this co-op.
func (al *Allies) contactOf(r *replica.Replica, id string) (*contact, error) {
	for _, k := range al.pacts.met() {
		if p, _ := k.look(); p.home() == r.Space() && p.id() == id {
			return k, nil
		}
	}
	for _, s := range al.pacts.shares(r.Space()) {
		if s.id == id {
			name, _ := words.ShareNameOf(s.at.Replica)
			return nil, api.Problemf(api.NotAllowed, "to end it: kith ally end "+words.ShellWord(name.Ally)+" --why WHY", "the pact with %s is made", name.Ally)
		}
	}
	return nil, api.Problemf(api.NotFound, "kith ally list", "there is no such pact here")
}

// pactWith says which pact a co-op has, made or under way, with one of this name, but in place; "" if
// none. The words go after "and".
func (s *Pacts) pactWith(home entry.SpaceID, name string, but *home.Home) string {
	folded := charter.FoldName(name)
	for _, k := range s.met() {
		p, _ := k.look()
		if p.home() == home && p.open() && k.place != but && charter.FoldName(p.name()) == folded {
			return fmt.Sprintf("a pact with %s is half made already", p.name())
		}
	}
	for _, a := range s.shares(home) {
		sh, side := a.at.Replica.Share()
		if sh == nil {
			continue
		}
		terms, _ := sh.Terms()
		if _, over := sh.Ended(); over || words.Past(terms.Ends, s.all.Config.Now()) {
			continue
		}
		if other := sh.Side(1 - side).Name(); charter.FoldName(other) == folded {
			return fmt.Sprintf("you have a pact with %s %s", other, until(terms.Ends))
		}
	}
	return ""
}

// until says until when a pact holds.
func until(ends uint64) string {
	if ends == 0 {
		return "with no end date"
	}
	return "until " + words.DayWords(ends)
}

// ourSide is how a pact begins on our side.
type ourSide struct {
	role             string   // roleFirst or roleSecond
	as               string   // what the member who begins it is called in the share; "": as at home
	contacts         []string // whom the ally can ask, by name; none: the same member
	listen, announce []string // see home.Home.Beside
}

// named gives it with all names filled in, and those checked that people gave.
func (o ourSide) named(c *charter.Charter, me charter.Member) (ourSide, error) {
	var err error
	if o.as, err = charter.CleanName(cmp.Or(o.as, me.Name)); err != nil {
		return o, err
	}
	if len(o.contacts) == 0 {
		o.contacts = []string{o.as}
	}
	o.contacts = slices.Clone(o.contacts)
	for i := range o.contacts {
		if o.contacts[i], err = charter.CleanName(o.contacts[i]); err != nil {
			return o, err
		}
		known := slices.ContainsFunc(c.Members(), func(m charter.Member) bool {
			return m.Standing == charter.Full && charter.FoldName(m.Name) == charter.FoldName(o.contacts[i])
		})
		if !known && o.contacts[i] != o.as {
			return o, api.Problemf(api.NotFound, "kith member list", "no full member is called “%s”, whom the ally could ask", o.contacts[i])
		}
	}
	return o, nil
}

// beginPact makes the place of a pact of this co-op, with a key and a charter of its own for the share. fill
// completes what is kept. Nothing is left if it fails.
func (al *Allies) beginPact(r *replica.Replica, me charter.Member, o ourSide, fill func(*pact, home.Config) error) (k *contact, err error) {
	if o, err = o.named(r.Charter(), me); err != nil {
		return nil, err
	}
	err = al.pacts.all.Alone(func() error {
		k, err = al.pacts.begin(r, me, o, fill)
		return err
	})
	return k, err
}

// begin makes the place; nothing else may take one meanwhile.
func (s *Pacts) begin(r *replica.Replica, me charter.Member, o ourSide, fill func(*pact, home.Config) error) (k *contact, err error) {
	place, err := s.all.Home.NewPlaceOfShare()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, place.Forget())
		}
	}()
	config, err := s.all.Home.Beside(place, o.listen, o.announce)
	if err != nil {
		return nil, err
	}
	key, err := place.DeviceKey()
	if err != nil {
		return nil, err
	}
	if err := place.ProtectLike(s.all.Home); err != nil {
		return nil, err
	}
	genesis, err := foundSide(r.Charter(), o.as, key)
	if err != nil {
		return nil, err
	}
	p := &pact{Form: pactForm, Role: o.role, Home: r.Space().String(), Member: me.ID.String(), Begun: s.all.Config.Now().UTC()}
	p.Geneses[p.side()], p.Contacts[p.side()] = genesis.Encoded(), o.contacts
	if err := fill(p, config); err != nil {
		return nil, err
	}
	if err := p.keep(place); err != nil {
		return nil, err
	}
	k = s.contact(place, p, key)
	s.meet(k)
	return k, nil
}

// foundSide makes the genesis of a side of a share: named as the co-op, with a seat for each full member, and
// decided as at home. Its founder's member key is thrown away: a device of a share is no way back to others.
func foundSide(c *charter.Charter, as string, key entry.Signer) (*entry.Entry, error) {
	payload, err := charter.NewGenesis(charter.Genesis{
		Coop: c.Name(), Founder: as, Seats: min(len(c.FullNow()), charter.MaxSeats), Threshold: c.Threshold(),
	}, entry.NewSigner(), key, home.SharedDevice)
	if err != nil {
		return nil, err
	}
	var run entry.Run
	rand.Read(run[:]) // never fails (Go 1.24)
	return entry.New(entry.Fields{Kind: entry.Statement, Run: run, Number: 1, Payload: payload}, key)
}

// AllyInvite implements server.Allies.
func (al *Allies) AllyInvite(_ context.Context, q api.AllyInviteRequest) (api.Ally, error) {
	r, me, err := al.fullMember()
	if err != nil {
		return api.Ally{}, err
	}
	ends, err := assembly.EndDate(q.Ends, al.at.Now())
	if err != nil {
		return api.Ally{}, err
	}
	terms := share.Terms{Purpose: q.Purpose, Ends: ends, Voices: share.EachCoop}
	if q.People {
		terms.Voices = share.People
	}
	k, err := al.beginPact(r, me, ourSide{roleFirst, q.As, q.Contacts, q.Listen, q.Announce}, func(p *pact, config home.Config) error {
		return p.drawCode(terms, config, p.Begun.Add(time.Duration(q.ExpiresIn)*time.Second))
	})
	if err != nil {
		return api.Ally{}, err
	}
	if err := k.open(func() error { return nil }); err != nil {
		return api.Ally{}, err
	}
	return k.ally(r), nil
}

// drawCode draws the code of a new pact, on the first side.
func (p *pact) drawCode(terms share.Terms, config home.Config, expires time.Time) error {
	own := p.at(0)
	at, err := knock.Answerers(config, own.genesis.Device, knock.Found{})
	if err != nil {
		return err
	}
	v := charter.NewAllyCode(own.space(), at...)
	if p.Code, err = v.Encode(); err != nil {
		return err
	}
	key := v.Key().Device()
	p.CodeKey, p.Expires = key[:], expires.Truncate(time.Second)
	p.setTerms(terms)
	_, err = p.offer() // within its bounds
	return err
}

// open begins to answer who has the code, and passes it on. Nothing is left if it fails.
func (k *contact) open(pass func() error) error {
	err := k.listen()
	if err == nil {
		err = pass()
	}
	if err != nil {
		k.pacts.left(k)
		return errors.Join(err, k.close(), k.place.Forget())
	}
	k.pacts.begun <- k
	return nil
}

// AllyJoin implements server.Allies.
func (al *Allies) AllyJoin(ctx context.Context, q api.AllyJoinRequest) (api.Ally, error) {
	return al.joinAlly(ctx, q, nil)
}

// joinAlly gets in touch with who made a code, which came through a share, or not.
func (al *Allies) joinAlly(ctx context.Context, q api.AllyJoinRequest, through *further) (api.Ally, error) {
	r, me, err := al.fullMember()
	if err != nil {
		return api.Ally{}, err
	}
	code, err := charter.DecodeAllyCode(q.Code)
	if err != nil {
		return api.Ally{}, err
	}
	if err := al.pacts.ownCode(code); err != nil {
		return api.Ally{}, err
	}
	text, err := code.Encode()
	if err != nil {
		return api.Ally{}, err
	}
	codeKey := code.Key().Device()
	draft := &pact{Code: text, CodeKey: codeKey[:]}
	to, err := draft.dial()
	if err != nil {
		return api.Ally{}, ofAllyCode(err)
	}
	if err := insist(ctx, func() error { return to.Send(ctx, []byte{knock.RequestHello}) }); err != nil {
		return api.Ally{}, ofAllyCode(err)
	}
	o, err := readOffer(to.Joined.Reply)
	if err != nil {
		return api.Ally{}, ofAllyCode(err)
	}
	space := o.side.space()
	if o.side.genesis.Device != to.Joined.Answerer || [16]byte(space[:16]) != code.Space {
		return api.Ally{}, knock.ErrImpostor
	}
	if err := al.welcome(r, o, through); err != nil {
		return api.Ally{}, err
	}
	k, err := al.beginPact(r, me, ourSide{roleSecond, q.As, q.Contacts, q.Listen, q.Announce}, func(p *pact, _ home.Config) error {
		if err := errors.Join(al.pacts.ownCode(code), al.welcome(r, o, through)); err != nil { // once more, now that nothing else begins
			return err
		}
		p.Code, p.CodeKey = text, codeKey[:]
		p.setTerms(o.terms)
		p.Geneses[0], p.Contacts[0] = o.side.genesis.Encoded(), o.contacts
		var nonce [32]byte
		rand.Read(nonce[:]) // never fails (Go 1.24)
		p.Nonces[1], p.Record = nonce[:], to.Joined.Record
		if through != nil {
			p.Through, p.Ask = through.Replica.Space().String(), through.ask.String()
		}
		_, err := p.draft().Draft()
		return err
	})
	if err != nil {
		return api.Ally{}, ofAllyCode(err)
	}
	if err := insist(ctx, func() error { return k.beginWith(ctx, to) }); err != nil {
		al.pacts.left(k)
		return api.Ally{}, ofAllyCode(errors.Join(err, k.place.Forget()))
	}
	kept, err := k.place.KeepRelays(knock.Relays(code.Answerers, func(entry.Device) bool { return false }))
	if err != nil {
		return api.Ally{}, err
	}
	p, _ := k.look()
	k.troubled(k.askOnce(ctx, p, new([8]byte))) // it goes on with that
	al.pacts.begun <- k
	out := k.ally(r)
	if len(kept) > 0 {
		out.Says = append(out.Says, api.RelaysKept(kept))
	}
	return out, nil
}

// beginWith tells the first side who this is, and hears its part of the words.
func (k *contact) beginWith(ctx context.Context, to *knock.Knock) error {
	p, _ := k.look()
	m, err := p.meeting()
	if err != nil {
		return err
	}
	q := beginning{side: p.at(1), contacts: p.Contacts[1], commitment: m.Commitment()}
	b, err := q.encode()
	if err != nil {
		return err
	}
	if err := sendTo(ctx, to, p, append([]byte{requestBegin}, b...)); err != nil {
		return err
	}
	if len(to.Joined.Reply) != 32 {
		return fmt.Errorf("the other side's part of the words has %d bytes, not 32", len(to.Joined.Reply))
	}
	return k.change(func(p *pact) error {
		p.Nonces = [2][]byte{slices.Clone(to.Joined.Reply), p.Nonces[1]}
		return nil
	})
}

// welcome says why this co-op can't make the pact that is offered; nil if it can.
func (al *Allies) welcome(r *replica.Replica, o *offer, through *further) error {
	own := r.Charter().Name()
	if charter.FoldName(own) == charter.FoldName(o.side.coop) {
		return api.Problemf(api.NotAllowed, "give the code to the other co-op", "this code is from “%s”, which is what your own co-op is called; a pact takes two", o.side.coop)
	}
	if through != nil {
		if o.side.coop != through.Ally() {
			return api.Problemf(api.NotAllowed, "ask them", "%s passed on a code of “%s”", through.Ally(), o.side.coop)
		}
		if !through.expects(o.terms) {
			return api.Problemf(api.NotAllowed, "ask them to open it once more: kith share new ALLY TITLE", "what %s offers isn't what the request says with the terms of your pact: it would be %s", through.Ally(), words.TermsSay(o.terms))
		}
	} else if has := al.pacts.pactWith(r.Space(), o.side.coop, nil); has != "" {
		return api.Problemf(api.NotAllowed, "kith ally show "+words.ShellWord(o.side.coop), "%s", has)
	}
	if words.Past(o.terms.Ends, al.at.Now()) {
		return api.Problemf(api.NotAllowed, "ask them for a code with a later end", "the pact that %s offers is over already: it would hold %s", o.side.coop, until(o.terms.Ends))
	}
	return nil
}

// ownCode refuses a code that was made in this home, or is in use here already.
func (s *Pacts) ownCode(code charter.AllyCode) error {
	for _, k := range s.met() {
		p, _ := k.look()
		own := p.at(0).space()
		if [16]byte(own[:16]) != code.Space {
			continue
		}
		if p.side() == 0 {
			return api.Problemf(api.NotAllowed, "give it to the other co-op: there they type kith ally join -", "this code was made here")
		}
		return api.Problemf(api.NotAllowed, "kith ally show "+words.ShellWord(p.name()), "this code is in use here already: a pact with %s is half made", p.name())
	}
	for _, at := range s.all.All() {
		if p, err := pactAt(at.Place); err == nil && p != nil {
			if own := p.at(0).space(); [16]byte(own[:16]) == code.Space {
				return api.Problemf(api.NotAllowed, "kith ally list", "this code was used already: with it the pact between %s and %s was made", p.at(0).coop, p.at(1).coop)
			}
		}
	}
	return nil
}

// ofAllyCode says of a code for an ally that was refused where there is another.
func ofAllyCode(err error) error {
	if join := (*peer.JoinError)(nil); errors.As(err, &join) {
		p := *join.Problem()
		p.Hint = "ask who sent it for a new one; they make it with kith ally invite --purpose TEXT --ends DATE"
		return &p
	}
	return err
}

// AllyConfirm implements server.Allies.
func (al *Allies) AllyConfirm(ctx context.Context, q api.AllyConfirmRequest) (api.Ally, error) {
	r, _, err := al.fullMember()
	if err != nil {
		return api.Ally{}, err
	}
	k, err := al.contactOf(r, q.Ally)
	if err != nil {
		return api.Ally{}, err
	}
	words, err := charter.ReadHeard(q.Words)
	if err != nil {
		return api.Ally{}, err
	}
	p, _ := k.look()
	if has := al.pacts.pactWith(p.home(), p.name(), k.place); has != "" && p.Through == "" {
		return api.Ally{}, api.Problemf(api.NotAllowed, "ask them who used the code; to give this one up: kith ally cancel "+p.id(), "somebody used the code in the name of “%s”, and %s", p.name(), has)
	}
	if err := k.confirm(words); err != nil {
		return api.Ally{}, err
	}
	says, err := k.propose(ctx, r)
	if err != nil {
		return api.Ally{}, err
	}
	a := k.ally(r)
	a.Says = append(a.Says, says...)
	return a, nil
}

// confirm notes that these words were heard from the other side. Other words end the pact.
func (k *contact) confirm(typed []string) error {
	other := false
	err := k.change(func(p *pact) error {
		switch {
		case p.Over != nil:
			return api.Problemf(api.NotAllowed, "kith ally show "+p.id(), "the pact came to nothing: %s", p.overSays())
		case p.Through != "":
			return api.Problemf(api.NotAllowed, "kith ally show "+p.id(), "for a further share there are no words to compare: who the others are is known from the first")
		case !p.met():
			return api.Problemf(api.NotAllowed, "kith ally show "+p.id(), "nobody has used the code yet, so there are no words to compare")
		case !p.Compared.IsZero() || p.made():
			return api.Problemf(api.Nothing, "kith ally show "+words.ShellWord(p.name()), "the words were compared already")
		}
		m, err := p.meeting()
		if err != nil {
			return err
		}
		if slices.Equal(m.Reads(p.side()), typed) { // a slip, and no attack: nobody hears their own words
			return api.Problemf(api.Invalid, "kith ally confirm WORD WORD", "these are the words that you read to them; type the two that they read to you")
		}
		if charter.AreSwapped(typed, m.Hears(p.side())) {
			return api.Problemf(api.Invalid, "kith ally confirm WORD WORD", "they read these two words to you in the other order; nothing was agreed on yet")
		}
		now := k.now().UTC()
		if other = !slices.Equal(m.Hears(p.side()), typed); other {
			p.end(endWords, false, now)
			return nil
		}
		p.Compared = now
		if p.side() == 0 {
			p.Lapses = now.Add(pactLife).Truncate(time.Second)
		}
		return nil
	})
	if err == nil && other {
		err = errOtherAllyWords
	}
	return err
}

// AllyCancel implements server.Allies.
func (al *Allies) AllyCancel(ctx context.Context, id string) (api.Ally, error) {
	r := al.at.Replica
	k, err := al.contactOf(r, id)
	if err != nil {
		return api.Ally{}, err
	}
	before, _ := k.look()
	err = k.change(func(p *pact) error {
		if p.made() {
			return api.Problemf(api.NotAllowed, "to end it: kith ally end "+words.ShellWord(p.name())+" --why WHY", "the pact with %s is made", p.name())
		}
		p.end(endCancelled, false, k.now())
		p.Over.Seen = true
		return nil
	})
	if err != nil {
		return api.Ally{}, err
	}
	a := k.ally(r)
	me, _ := r.Me()
	if at, step := before.stepAtHome(r); at == stepOpen && slices.Contains(step.By, me.ID) {
		if _, err := r.Say(ctx, func(c *charter.Charter) ([]byte, error) { return c.TakeBack(r.Device(), step.ID) }); err != nil {
			a.Says = append(a.Says, fmt.Sprintf("The step that you proposed at home is still open: kith charter withdraw %s", words.New(r.Charter()).Short(step.ID)))
		}
	}
	return a, nil
}

// stepAtHome is atHome, of a pact whose words were compared.
func (p *pact) stepAtHome(r *replica.Replica) (standing, charter.Proposal) {
	if p.Compared.IsZero() {
		return stepNone, charter.Proposal{}
	}
	return p.atHome(r.Charter())
}

// EndAlly implements server.Allies: it proposes to end every share of the pact that hasn't ended.
func (al *Allies) EndAlly(ctx context.Context, of, why string) ([]api.Proposal, error) {
	all := al.pacts.shares(al.at.Replica.Space())
	i := slices.IndexFunc(all, func(s aShare) bool { return s.at.Replica.Space().String() == of })
	if i < 0 {
		return nil, replica.ErrNotFound
	}
	var out []api.Proposal
	for _, s := range all {
		if _, over := words.EndOf(s.at.Replica); over || s.step != all[i].step {
			continue
		}
		p, err := assembly.New(s.at).Propose(ctx, api.ProposalRequest{Action: api.ActionEndShare, Why: why})
		if err != nil {
			return out, err
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		return nil, api.Problemf(api.Nothing, "kith ally list", "the pact with %s has ended already", words.AllyOf(all[i].at.Replica))
	}
	return out, nil
}
