package ally

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/problem"
	"kith/crdt/share"
	"kith/daemon/ally/side"
	"kith/daemon/daemontest"
	"kith/daemon/entrance"
	"kith/daemon/home"
	"kith/daemon/knock"
	"kith/daemon/peer"
	"kith/daemon/space"
	"kith/daemon/whole"
)

// meetingLab is the first side of a pact, without a network, and a clock.
type meetingLab struct {
	t   *testing.T
	s   *Pacts
	k   *contact
	now time.Time
}

func genesisOf(t testing.TB, coop, founder string, key entry.Signer) *entry.Entry {
	t.Helper()
	payload, err := charter.NewGenesis(charter.Genesis{Coop: coop, Founder: founder, Seats: 2}, entry.NewSigner(), key, home.SharedDevice)
	must(t, err)
	e, err := entry.New(entry.Fields{Kind: entry.Statement, Run: entry.Run{1}, Number: 1, Payload: payload}, key)
	must(t, err)
	return e
}

func newMeetingLab(t *testing.T) *meetingLab {
	t.Helper()
	l := &meetingLab{t: t, now: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}
	l.serve()
	must(t, os.MkdirAll(l.s.all.Home.StoreDir(), 0o700))
	place, err := l.s.all.Home.NewPlace()
	must(t, err)
	key := entry.NewSigner()
	genesis := genesisOf(t, "Riso Print Co-op", "Ana", key)
	code := charter.NewAllyCode(genesis.SpaceOf())
	codeKey := code.Key().Device()
	p := &pact{Form: pactForm, Role: roleFirst, Home: "home", Begun: l.now, Expires: l.now.Add(time.Hour), CodeKey: codeKey[:]}
	p.setTerms(share.Terms{Purpose: "print the fair programme together", Ends: uint64(l.now.AddDate(1, 0, 0).UnixMilli()), Voices: share.EachCoop})
	p.Geneses[0], p.Contacts[0] = genesis.Encoded(), []string{"Ana", "Ben"}
	must(t, p.keep(place))
	l.k = l.s.contact(place, p, key)
	return l
}

// serve begins anew, with these spaces alone.
func (l *meetingLab) serve(opened ...*space.Space) {
	home := home.At(l.t.TempDir())
	if l.s != nil {
		home = l.s.all.Home
	}
	all := space.NewList(home, space.Config{Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return l.now }}, opened...)
	l.s = New(all, side.New(all))
	if l.k != nil {
		l.k.pacts = l.s
	}
}

// caller is the other side, honest or not.
type caller struct {
	l     *meetingLab
	key   entry.Signer
	first *offer
	m     share.Meeting
	draft *share.Pact
	q     beginning
}

func (l *meetingLab) asks(what byte, rest []byte) ([]byte, error) {
	return l.k.Redeem(l.t.Context(), entry.Device{}, append([]byte{what}, rest...))
}

func (l *meetingLab) caller(coop string) *caller {
	l.t.Helper()
	reply, err := l.asks(knock.RequestHello, nil)
	must(l.t, err)
	o, err := readOffer(reply)
	must(l.t, err)
	c := &caller{l: l, key: entry.NewSigner(), first: o}
	own, err := readSide(genesisOf(l.t, coop, "Dora", c.key).Encoded())
	must(l.t, err)
	c.draft = &share.Pact{Terms: o.terms, Sides: [2]share.Side{{Space: o.side.space(), Contacts: o.contacts}, {Space: own.space(), Contacts: []string{"Dora"}}}}
	draft, err := c.draft.Draft()
	must(l.t, err)
	p, _ := l.k.look()
	c.m = share.Meeting{Code: entry.Device(p.CodeKey), Devices: [2]entry.Device{o.side.genesis.Device, c.key.Device()}, Draft: draft}
	rand.Read(c.m.Nonces[1][:])
	c.q = beginning{side: own, contacts: []string{"Dora"}, commitment: c.m.Commitment()}
	return c
}

func (c *caller) begins() error {
	c.l.t.Helper()
	b, err := c.q.encode()
	must(c.l.t, err)
	reply, err := c.l.asks(requestBegin, b)
	copy(c.m.Nonces[0][:], reply)
	return err
}

func (c *caller) meets() error {
	_, err := c.l.asks(requestMeet, c.m.Nonces[1][:])
	return err
}

// tells sends news, and gives the answer without waiting for another one.
func (c *caller) tells(change func(*news)) (*answer, error) {
	c.l.t.Helper()
	n := &news{nonce: c.m.Nonces[1]}
	change(n)
	b, err := n.encode()
	must(c.l.t, err)
	reply, err := c.l.asks(requestNews, b)
	if err != nil {
		return nil, err
	}
	return readAnswer(reply)
}

func (c *caller) signs() []byte {
	c.l.t.Helper()
	d := *c.draft
	must(c.l.t, d.Agree(c.key))
	return d.Agreed[:]
}

func (l *meetingLab) pact() *pact {
	p, _ := l.k.look()
	return p
}

func TestBothSidesOfAMeetingHaveTheSameWordsAndThePactIsOfWhatTheySaw(t *testing.T) {
	l := newMeetingLab(t)
	c := l.caller("Quilted")
	must(t, c.begins())
	if l.pact().met() {
		t.Error("there are words before the other side has shown its part")
	}
	must(t, c.meets())
	must(t, c.meets()) // its answer may have been lost
	m, err := l.pact().meeting()
	must(t, err)
	if !slices.Equal(m.Words(), c.m.Words()) {
		t.Errorf("%v and %v", m.Words(), c.m.Words())
	}
	must(t, l.k.confirm(c.m.Reads(1)))
	a, err := c.tells(func(n *news) { n.compared, n.signature = true, c.signs() })
	must(t, err)
	if !a.compared || a.agreed || len(a.genesis) > 0 || !a.lapses.Equal(l.now.Add(pactLife)) {
		t.Errorf("the answer is %+v", a)
	}
	must(t, l.k.sign())
	if l.pact().made() {
		t.Fatal("signed before the co-op has agreed")
	}
	must(t, l.k.change(func(p *pact) error { p.Agreed = true; return nil }))
	must(t, l.k.sign())
	// The answer gets lost, and the daemon is at the share by then: the other side hears it all the same.
	again, err := pactAt(l.k.place)
	must(t, err)
	if p := l.pact(); !slices.Equal(p.Genesis, again.Genesis) || !slices.Equal(p.Signature, again.Signature) {
		t.Error("what is on the disk isn't what was said")
	}
	door := l.s.Door(&space.Space{Place: l.k.place})
	b, err := (&news{nonce: c.m.Nonces[1], compared: true, signature: c.signs()}).encode()
	must(t, err)
	reply, err := door.Redeem(t.Context(), entry.Device{}, append([]byte{requestNews}, b...))
	must(t, err)
	a, err = readAnswer(reply)
	must(t, err)
	second := &pact{Form: pactForm, Role: roleSecond, Geneses: again.Geneses, Contacts: again.Contacts, Signature: c.signs()}
	second.setTerms(again.terms())
	must(t, second.learn(&news{}, a, nil, l.now))
	if !second.made() {
		t.Error("the other side doesn't know that it is made")
	}
	if _, err := door.Redeem(t.Context(), entry.Device{}, []byte{knock.RequestHello}); err == nil {
		t.Error("the code is good for another one")
	}
	b, err = (&news{nonce: [32]byte{1}}).encode()
	must(t, err)
	if _, err := door.Redeem(t.Context(), entry.Device{}, append([]byte{requestNews}, b...)); err == nil {
		t.Error("who has no more than the code gets the pact")
	}
}

func TestACodeForAnAllyIsForOneCoop(t *testing.T) {
	l := newMeetingLab(t)
	c, other := l.caller("Quilted"), l.caller("Bakery")
	must(t, c.begins())
	must(t, other.begins()) // nobody had shown their part: the last one counts
	wantCode(t, "who began before", c.meets(), peer.JoinBadRequest)
	must(t, c.begins())
	must(t, c.meets())
	wantCode(t, "another co-op", other.begins(), peer.JoinUsed)
	if _, err := l.asks(knock.RequestHello, nil); err == nil {
		t.Error("who has the code is told who made it, when it is used")
	}
	must(t, c.begins()) // its daemon forgot, and asks for other words
	must(t, c.meets())
	must(t, l.k.confirm(c.m.Reads(1)))
	wantCode(t, "anew after the words were compared", c.begins(), peer.JoinUsed)
}

func TestWhoAsksTooOftenForOtherWordsHasNoMoreGuesses(t *testing.T) {
	l := newMeetingLab(t)
	c := l.caller("Quilted")
	for range entrance.MaxAsks {
		must(t, c.begins())
	}
	wantCode(t, "once more", c.begins(), peer.JoinRevoked)
	if l.pact().open() {
		t.Error("the code is still good")
	}
}

func TestAMeetingTakesNothingThatIsntTheOtherSides(t *testing.T) {
	l := newMeetingLab(t)
	c := l.caller("Quilted")
	if _, err := c.tells(func(*news) {}); err == nil {
		t.Error("news before anybody began")
	}
	must(t, c.begins())
	right := c.m.Nonces[1]
	c.m.Nonces[1][0] ^= 1
	wantCode(t, "another nonce than was promised", c.meets(), peer.JoinBadRequest)
	c.m.Nonces[1] = right
	must(t, c.meets())
	if _, err := c.tells(func(n *news) { n.nonce[0] ^= 1; n.over = endCancelled }); err == nil || !l.pact().open() {
		t.Errorf("who has no more than the code ended it: %v", err)
	}
	if _, err := c.tells(func(n *news) { n.signature = make([]byte, 64) }); err == nil || l.pact().TheyAgreed {
		t.Errorf("a signature of nothing was taken: %v", err)
	}
	c.draft.Terms.Purpose = "something else"
	if _, err := c.tells(func(n *news) { n.signature = c.signs() }); err == nil || l.pact().TheyAgreed {
		t.Errorf("a signature of another pact was taken: %v", err)
	}
	for what, request := range map[string][]byte{
		"nothing": {}, "a request that isn't known": {99}, "an empty beginning": {requestBegin}, "empty news": {requestNews},
		"an invite's redemption": {knock.RequestRedeem, 1}, "a short nonce": {requestMeet, 1, 2},
		"too much": append([]byte{requestNews, meetVersion}, make([]byte, maxMeetMessage)...),
	} {
		_, err := l.k.Redeem(t.Context(), entry.Device{}, request)
		var refused *peer.JoinError
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if !l.pact().Revealed || !l.pact().open() {
		t.Error("that changed something")
	}
}

// It is kept as a date, and one that can't be written would keep all else from being kept.
func TestAnAnswerNamesNoMomentThatNoDateSays(t *testing.T) {
	for at, good := range map[int64]bool{change.MaxTime: true, change.MaxTime + 1: false} {
		b, err := (&answer{lapses: time.UnixMilli(at)}).encode()
		must(t, err)
		if _, err := readAnswer(b); good != (err == nil) {
			t.Errorf("one that lapses at %d: %v", at, err)
		}
	}
}

func TestAnAllyWithANewerProtocolIsToldWhoHasToUpdate(t *testing.T) {
	l := newMeetingLab(t)
	c := l.caller("Quilted")
	b, err := c.q.encode()
	must(t, err)
	b[0] = meetVersion + 1
	_, err = l.asks(requestBegin, b)
	wantCode(t, "a newer beginning", err, peer.JoinRefused)
	if err == nil || !strings.Contains(err.Error(), "theirs has to be updated") {
		t.Errorf("told: %v", err)
	}
	reply, err := l.asks(knock.RequestHello, nil)
	must(t, err)
	reply[0] = meetVersion + 1
	_, err = readOffer(reply)
	if p, ok := problem.Of(ofAllyCode(err)); !ok || p.Code != problem.NotAllowed || !strings.Contains(p.Message, "update yours") {
		t.Errorf("told: %q", p.Message)
	}
}

func TestOtherWordsEndAPactAndTheCodeIsUseless(t *testing.T) {
	l := newMeetingLab(t)
	c := l.caller("Quilted")
	must(t, c.begins())
	if err := l.k.confirm([]string{"apple", "river"}); err == nil || !l.pact().open() {
		t.Errorf("words before there are any: %v", err)
	}
	must(t, c.meets())
	if err := l.k.confirm(c.m.Reads(0)); err == nil || errors.Is(err, errOtherAllyWords) || !l.pact().open() {
		t.Errorf("the words that one reads oneself, which are no guess: %v", err)
	}
	if err := l.k.confirm([]string{"apple", "river"}); !errors.Is(err, errOtherAllyWords) {
		t.Errorf("other words: %v", err)
	}
	if err := l.k.confirm(c.m.Reads(1)); err == nil {
		t.Error("there is a second guess")
	}
	a, err := c.tells(func(n *news) { n.compared, n.signature = true, c.signs() })
	must(t, err)
	if a.over != endWords || a.they || l.pact().TheyAgreed {
		t.Errorf("the other side hears %+v", a)
	}
	_, err = l.asks(knock.RequestHello, nil)
	wantCode(t, "the code afterwards", err, peer.JoinRevoked)
}

func TestAPactThatIsOverdueComesToNothingWhoeverSignsLate(t *testing.T) {
	l := newMeetingLab(t)
	if how := l.pact().overdue(l.now.Add(time.Hour)); how != endNone {
		t.Errorf("a code that is good: %v", how)
	}
	if how := l.pact().overdue(l.now.Add(time.Hour + time.Second)); how != endExpired {
		t.Errorf("a code that isn't good any more: %v", how)
	}
	c := l.caller("Quilted")
	must(t, c.begins())
	must(t, c.meets())
	must(t, l.k.confirm(c.m.Reads(1)))
	l.now = l.now.Add(pactLife)
	if how := l.pact().overdue(l.now); how != endNone {
		t.Errorf("within its time: %v", how)
	}
	l.now = l.now.Add(time.Second)
	if how := l.pact().overdue(l.now); how != endLapsed {
		t.Errorf("after its time: %v", how)
	}
	must(t, l.k.change(func(p *pact) error { p.end(endLapsed, false, l.now); return nil }))
	a, err := c.tells(func(n *news) { n.compared, n.signature = true, c.signs() })
	must(t, err)
	must(t, l.k.change(func(p *pact) error { p.Agreed = true; return nil }))
	must(t, l.k.sign())
	if a.over != endLapsed || l.pact().made() {
		t.Errorf("it was made late: %+v", a)
	}
	// Who has signed as the second waits for what the first says; who hasn't, doesn't.
	second := pact{Role: roleSecond, Lapses: l.now.Add(-time.Second), Compared: l.now.Add(-pactLife - time.Second)}
	if how := second.overdue(l.now); how != endLapsed {
		t.Errorf("the second, unsigned: %v", how)
	}
	early := second
	early.Compared = l.now.Add(-time.Hour) // it knows the time of the code alone
	if how := early.overdue(l.now); how != endNone {
		t.Errorf("the second, who has just compared the words: %v", how)
	}
	unheard := pact{Role: roleSecond, Begun: l.now.Add(-2 * pactLife)} // of the first side, since the words came
	if how := unheard.overdue(l.now); how != endNone {
		t.Errorf("the second, which waits: %v", how)
	}
	if how := unheard.overdue(l.now.Add(time.Second)); how != endLapsed {
		t.Errorf("the second, which waits in vain: %v", how)
	}
	second.Signature = c.signs()
	if how := second.overdue(l.now); how != endNone {
		t.Errorf("the second, who has signed: %v", how)
	}
}

// Attack 56. The first side says that it came to nothing, waits until nobody listens any more, and signs.
func TestWhoHasSignedGoesOnListeningWhateverTheFirstSideSays(t *testing.T) {
	l := newMeetingLab(t)
	c := l.caller("Quilted")
	must(t, c.begins())
	must(t, c.meets())
	must(t, l.k.confirm(c.m.Reads(1)))
	must(t, l.k.change(func(p *pact) error { p.Agreed = true; return nil }))
	first := *l.pact()
	second := first
	second.Role, second.Compared, second.Agreed, second.Signature = roleSecond, l.now, true, c.signs()
	dora := daemontest.Alone(t, "Quilted", "Dora")
	for who, end := range map[string]func(*pact){
		"the first side":  func(p *pact) { must(t, p.learn(&news{}, &answer{over: endCancelled}, nil, l.now)) },
		"the second side": func(p *pact) { p.end(endCancelled, false, l.now); p.Over.Told = true },
	} {
		p := second
		end(&p)
		p.Over.Seen = true
		place, err := l.s.all.Home.NewPlaceOfShare()
		must(t, err)
		must(t, whole.Write(filepath.Join(place.Where(), "device.key"), []byte("key")))
		must(t, p.keep(place))
		k := l.s.contact(place, &p, c.key)
		later := l.now.Add(10 * pactLife)
		now := later
		k.now = func() time.Time { return now }
		if over, err := k.tend(t.Context(), &p, func() {}); over || err != nil || place.Keyless() {
			t.Errorf("after %s gave it up who has signed throws the key away: %v", who, err)
		}
		if again, least := p.asks(later); !again || least < time.Minute {
			t.Errorf("after %s gave it up it asks again (%v) after %v", who, again, least)
		}
		if says := strings.Join(k.ally(dora).Says, " "); !strings.Contains(says, "Should Riso Print Co-op sign yet") {
			t.Errorf("Dora is told %q", says)
		}
		now = time.UnixMilli(int64(p.Ends))
		if again, _ := p.asks(now); again {
			t.Error("it asks though the pact would be over")
		}
		if over, err := k.tend(t.Context(), &p, func() {}); !over || err != nil || !place.Keyless() {
			t.Errorf("the pact would be over, and its key is kept: %v", err)
		}
	}
	signed := first
	signed.Signature, signed.TheyAgreed = second.Signature, true
	d := signed.draft()
	copy(d.Agreed[:], signed.Signature)
	f, err := d.Genesis()
	must(t, err)
	e, err := entry.New(f, l.k.key)
	must(t, err)
	second.end(endCancelled, true, l.now)
	must(t, second.learn(&news{}, &answer{genesis: e.Encoded()}, nil, l.now.Add(pactLife)))
	if !second.made() || second.Over != nil {
		t.Error("the first side has signed after all, and who listens isn't in the share")
	}
	unsigned := first
	unsigned.Role = roleSecond
	unsigned.end(endCancelled, true, l.now)
	if again, _ := unsigned.asks(l.now); again {
		t.Error("who hasn't signed asks on and on")
	}
}

func TestAnEndThatCrossesTheMakingIsNone(t *testing.T) {
	l := newMeetingLab(t)
	c := l.caller("Quilted")
	must(t, c.begins())
	must(t, c.meets())
	must(t, l.k.confirm(c.m.Reads(1)))
	_, err := c.tells(func(n *news) { n.compared, n.signature = true, c.signs() })
	must(t, err)
	must(t, l.k.change(func(p *pact) error { p.Agreed = true; return nil }))
	must(t, l.k.sign())
	a, err := c.tells(func(n *news) { n.over = endCancelled }) // given up before it heard
	must(t, err)
	second := &pact{Form: pactForm, Role: roleSecond, Geneses: l.pact().Geneses, Contacts: l.pact().Contacts, Signature: c.signs()}
	second.setTerms(l.pact().terms())
	second.end(endCancelled, false, l.now)
	must(t, second.learn(&news{}, a, nil, l.now))
	if !second.made() || second.Over != nil || l.pact().Over != nil {
		t.Error("one side has the pact, and the other one doesn't")
	}
	// It is made of what was signed, or of nothing.
	stranger := *second
	stranger.Genesis, stranger.Signature = nil, nil
	if err := stranger.learn(&news{}, a, nil, l.now); err == nil || stranger.made() {
		t.Errorf("made without this side's signature: %v", err)
	}
	altered := *second
	altered.Genesis, altered.Purpose = nil, "something else"
	if err := altered.learn(&news{}, a, nil, l.now); err == nil || altered.made() {
		t.Errorf("made of something else: %v", err)
	}
}

func TestNewsWaitForSomethingNewAndNotForWhoAskedBefore(t *testing.T) {
	l := newMeetingLab(t)
	c := l.caller("Quilted")
	must(t, c.begins())
	must(t, c.meets())
	known, err := l.pact().answer().encode()
	must(t, err)
	asked := func() (<-chan *answer, chan error) {
		got, failed := make(chan *answer, 1), make(chan error, 1)
		go func() {
			a, err := c.tells(func(n *news) { n.seen = startOf(known) })
			got <- a
			failed <- err
		}()
		return got, failed
	}
	first, failed := asked()
	second, failed2 := asked() // whichever comes later, the other one is answered
	var left <-chan *answer
	select {
	case a := <-first:
		must(t, <-failed)
		if a.compared {
			t.Error("heard what wasn't said yet")
		}
		left = second
		failed = failed2
	case a := <-second:
		must(t, <-failed2)
		if a.compared {
			t.Error("heard what wasn't said yet")
		}
		left = first
	}
	must(t, l.k.confirm(c.m.Reads(1)))
	if a := <-left; !a.compared {
		t.Error("what is new wasn't told")
	}
	must(t, <-failed)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	now, err := l.pact().answer().encode()
	must(t, err)
	b, err := (&news{nonce: c.m.Nonces[1], seen: startOf(now)}).encode()
	must(t, err)
	if _, err := l.k.Redeem(ctx, entry.Device{}, append([]byte{requestNews}, b...)); err != nil {
		t.Errorf("who stops waiting: %v", err)
	}
}

func TestAPlaceOfAPactIsNoPlaceForAnotherSpaceAndIsForgottenWithItsKey(t *testing.T) {
	own := home.At(t.TempDir())
	must(t, os.MkdirAll(own.StoreDir(), 0o700))
	place, err := own.NewPlace()
	must(t, err)
	key, err := place.DeviceKey()
	must(t, err)
	l := newMeetingLab(t)
	must(t, l.pact().keep(place))
	if info, err := os.Stat(filepath.Join(place.Where(), "pact.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others can read it: %v, %v", info.Mode(), err)
	}
	other, err := own.NewPlace()
	must(t, err)
	if other.Where() == place.Where() {
		t.Fatal("the place was given away")
	}
	if served, err := own.Places(); err != nil || len(served) != 1 {
		t.Errorf("served: %v, %v", served, err)
	}
	half, err := own.HalfMade()
	if err != nil || len(half) != 1 {
		t.Errorf("half made: %v, %v", half, err)
	}
	// A store without a word that the share is there is left of a crash: it isn't served as a space.
	must(t, os.MkdirAll(place.StoreDir(), 0o700))
	if served, err := own.Places(); err != nil || len(served) != 1 {
		t.Errorf("served after a crash: %v, %v", served, err)
	}
	must(t, os.RemoveAll(place.StoreDir()))
	// A crash came while it was forgotten, and the daemon starts again.
	must(t, os.Remove(filepath.Join(place.Where(), "device.key")))
	s := New(space.NewList(own, l.s.all.Config), nil)
	must(t, s.Open())
	if len(s.met()) != 0 || exists(filepath.Join(place.Where(), "pact.json")) {
		t.Error("a pact without a key is gone on with")
	}
	again, err := home.At(filepath.Join(own.Where(), "spaces", "1")).DeviceKey()
	must(t, err)
	if again.Device() == key.Device() {
		t.Error("the key that an ally has seen is used again")
	}
	must(t, os.WriteFile(filepath.Join(filepath.Join(own.Where(), "spaces", "1"), "pact.json"), []byte("{"), 0o600))
	if half, err := own.HalfMade(); err == nil || len(half) != 0 {
		t.Errorf("a damaged one: %v, %v", half, err)
	}
	if next, err := own.NewPlace(); err != nil || next.Where() == filepath.Join(own.Where(), "spaces", "1") {
		t.Errorf("a damaged one is given away: %v", err)
	}
}

// Somebody gives it up while an answer to older news is on its way.
func TestAnEndIsToldEvenIfAnAnswerCrossesIt(t *testing.T) {
	l := newMeetingLab(t)
	c := l.caller("Quilted")
	must(t, c.begins())
	must(t, c.meets())
	a, err := c.tells(func(*news) {})
	must(t, err)
	second := &pact{Form: pactForm, Role: roleSecond}
	second.end(endCancelled, false, l.now)
	must(t, second.learn(&news{}, a, nil, l.now))
	if second.Over.Told {
		t.Error("the first side is said to know what it wasn't told")
	}
	n := &news{over: endCancelled}
	a, err = c.tells(func(said *news) { said.over = n.over })
	must(t, err)
	must(t, second.learn(n, a, nil, l.now))
	if !second.Over.Told || l.pact().open() {
		t.Error("it wasn't told")
	}
}

// FuzzReadMeet reads whatever comes as each message between two co-ops that make a pact.
func FuzzReadMeet(f *testing.F) {
	if files, _ := filepath.Glob("testdata/fuzz/FuzzReadMeet/*"); len(files) < 4 {
		f.Fatal("the committed corpus is gone")
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if o, err := readOffer(b); err == nil {
			p := &pact{Form: pactForm, Role: roleFirst, Geneses: [2][]byte{o.side.genesis.Encoded(), nil}, Contacts: [2][]string{o.contacts, nil}}
			p.setTerms(o.terms)
			mustBeSame(t, b, func() ([]byte, error) { return p.offer() })
		}
		if q, err := readBeginning(b); err == nil {
			mustBeSame(t, b, q.encode)
		}
		if n, err := readNews(b); err == nil {
			mustBeSame(t, b, n.encode)
		}
		if a, err := readAnswer(b); err == nil && len(a.genesis) < maxMeetMessage-64 {
			mustBeSame(t, b, a.encode)
		}
	})
}

func mustBeSame(t *testing.T, want []byte, write func() ([]byte, error)) {
	t.Helper()
	got, err := write()
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("read %x and wrote %x, %v", want, got, err)
	}
}

// FuzzReadPact reads whatever lies on the disk as what is kept of a pact.
func FuzzReadPact(f *testing.F) {
	if files, _ := filepath.Glob("testdata/fuzz/FuzzReadPact/*"); len(files) < 2 {
		f.Fatal("the committed corpus is gone")
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := readPact(b)
		if err != nil {
			return
		}
		_, _, _ = p.name(), p.id(), p.answer()
		if p.met() {
			if _, err := p.meeting(); err != nil {
				t.Fatal(err)
			}
			_ = p.why()
		}
	})
}

// A crash came between the proposal and the word of who made it.
func TestWhoConfirmedWordsConsentsToTheStepEvenIfACrashCameBetween(t *testing.T) {
	t.Parallel()
	r := daemontest.Alone(t, "Riso Print Co-op", "Ana")
	l := newMeetingLab(t)
	c := l.caller("Quilted")
	must(t, c.begins())
	must(t, c.meets())
	must(t, l.k.confirm(c.m.Reads(1)))
	word, err := l.pact().word()
	must(t, err)
	_, err = r.Say(t.Context(), func(c *charter.Charter) ([]byte, error) {
		payload, _, err := c.Propose(r.Device(), charter.Terms{Type: charter.ProposalPact, Pact: word, Why: l.pact().why()})
		return payload, err
	})
	must(t, err)
	must(t, l.k.agree(t.Context(), r))
	must(t, l.k.agree(t.Context(), r))
	if at, step := l.pact().atHome(r.Charter()); at != stepInForce || !l.pact().Agreed {
		t.Errorf("the step is %v: %+v", at, step)
	}
}

// A crash came while it was forgotten. A new key isn't that of the charter that was made for the pact.
func TestAPactThatIsForgottenGetsNoKeyByProtection(t *testing.T) {
	t.Parallel()
	dir := daemontest.Founded(t, "Riso Print Co-op", "Ana")
	own := home.At(dir)
	place, err := own.NewPlace()
	must(t, err)
	must(t, newMeetingLab(t).pact().keep(place))
	_, err = home.Protect(t.Context(), home.ProtectOptions{Home: dir, New: daemontest.Typed(daemontest.Passphrase)})
	must(t, err)
	if !place.Keyless() {
		t.Error("it has a key")
	}
	must(t, os.WriteFile(filepath.Join(place.Where(), "device.key"), []byte("nonsense"), 0o600))
	s := New(space.NewList(own, space.Config{Log: slog.New(slog.DiscardHandler)}), nil)
	if err := s.Open(); err != nil || len(s.met()) != 0 {
		t.Errorf("with a damaged key of it nothing is served: %v", err)
	}
}

// Who tried to join a co-op, and then makes a pact, isn't known to the ally by the key that the co-op has seen.
func TestTheKeyOfAJoinThatCameToNothingIsForNoShare(t *testing.T) {
	home := home.At(t.TempDir())
	must(t, os.MkdirAll(home.StoreDir(), 0o700))
	joining, err := home.NewPlace()
	must(t, err)
	key, err := joining.DeviceKey()
	must(t, err)
	place, err := home.NewPlaceOfShare()
	must(t, err)
	other, err := place.DeviceKey()
	if must(t, err); other.Device() == key.Device() {
		t.Error("the share has the key")
	}
	must(t, newMeetingLab(t).pact().keep(place))
	again, err := home.NewPlace()
	must(t, err)
	if kept, err := again.DeviceKey(); err != nil || kept.Device() != key.Device() {
		t.Errorf("who tries to join once more has another key: %v", err)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
