package share_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
)

// follows is a home whose people are on a side of a share, each with a replica of their own that hears of
// the home and of the others late, and says what Follow tells it.
type follows struct {
	t     fataler
	home  []*charter.Charter // as it came to be, step by step; people know it up to some place
	taken []takenSeat        // as they were written at home
	side  entry.SpaceID
	folk  []*follower
	first *ally // the share as it was made
	ends  uint64
}

type takenSeat struct {
	member charter.MemberID
	seat   *share.Seat
}

type follower struct {
	name   string
	made   int   // how many computers they had in the share before
	here   *ally // nil while they aren't in the share
	home   int   // how far they know the home
	seats  int   // and the seats
	now    uint64
	seat   *share.Seat // the newest of theirs
	as     string      // what they ask to be called in the share; "": as at home
	isLost bool        // nothing of theirs speaks: their computer is gone, and they have no other
}

func atHome(name string) string { return name + "@home" }

func (p *follower) device() entry.Signer {
	if p.made == 0 && p.name == "ana" {
		return laptop("ana")
	}
	return key(fmt.Sprint(p.name, "'s share ", p.made))
}

func (w *follows) member(name string) charter.MemberID {
	return charter.MemberIDOf(w.home[0].Space(), key(atHome(name)).Device())
}

// following makes a home of some people and a share that the first has founded, with so many seats.
func following(t fataler, seats int, names ...string) *follows {
	w := &follows{t: t, ends: 1000}
	var all []string
	for _, n := range names {
		all = append(all, atHome(n))
		w.folk = append(w.folk, &follower{name: n})
	}
	space, statements := found(t, "Home", all...)
	w.home = []*charter.Charter{charter.Fold(space, statements, charter.StepID{})}
	w.home[0] = w.home[0].StandOn(w.home[0].Tip())
	payload, err := charter.NewGenesis(charter.Genesis{Coop: coops[riso], Founder: "ana", Seats: seats}, key("ana"), laptop("ana"), "computer")
	if err != nil {
		t.Fatal(err)
	}
	genesis := sign(t, entry.SpaceID{}, laptop("ana"), payload)
	theirs, others := found(t, coops[quilted], "dora")
	w.side = genesis.SpaceOf()
	terms := print
	terms.Ends = w.ends
	pact := pactOf(t, terms, [2]entry.SpaceID{w.side, theirs}, laptop("ana"), laptop("dora"))
	w.first = &ally{t: t, space: pact.SpaceOf(), spaces: [2]entry.SpaceID{w.side, theirs}, all: append(others, genesis, pact)}
	w.first.s = share.Fold(w.first.space, w.first.all, [2]charter.StepID{})
	w.folk[0].here = w.first.apart()
	w.sit(w.folk[0])
	return w
}

func (w *follows) called(p *follower) string {
	if p.as != "" {
		return p.as
	}
	return atHome(p.name)
}

// sit writes the first seat of somebody, or a new one after their computer was lost.
func (w *follows) sit(p *follower) {
	w.t.Helper()
	device, knock := p.device(), key(fmt.Sprint(p.name, " knocks ", p.made))
	s := &share.Seat{Devices: []share.SeatDevice{{
		Home: laptop(atHome(p.name)).Device(), New: charter.NewDevice{Key: device.Device(), Name: "computer"}, Knock: knock.Device(),
		Proof: share.ProveSeat(w.home[0].Space(), w.member(p.name), w.side, device),
	}}}
	if p.here != nil {
		s.Key = key("ana").Device()
	} else {
		person := key(fmt.Sprint(p.name, " on the side ", p.made))
		s.Key = person.Device()
		r, err := charter.NewRedemption(w.side, knock, person, device, w.called(p), "computer")
		if err != nil {
			w.t.Fatal(err)
		}
		s.Redemption = &r
		if old := p.seat; old != nil {
			was := charter.MemberIDOf(w.side, old.Key)
			if old.Rekey != nil {
				was = old.Rekey.Member
			}
			k, err := charter.NewRekey(w.side, was, person, device, "computer")
			if err != nil {
				w.t.Fatal(err)
			}
			s.Rekey = &k
			for i := range old.Devices {
				s.Before = append(s.Before, share.Proven{Device: old.Devices[i].New.Key, Proof: old.Devices[i].Proof})
			}
		}
	}
	if err := s.Check(w.home[0].Space(), w.member(p.name), w.side); err != nil {
		w.t.Fatal(err)
	}
	p.seat = s
	w.taken = append(w.taken, takenSeat{w.member(p.name), s})
}

func (w *follows) now() *charter.Charter { return w.home[len(w.home)-1] }

// atHomeSays adds a statement to the home.
func (w *follows) atHomeSays(device entry.Signer, payload []byte, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	c := w.now().With(sign(w.t, w.home[0].Space(), device, payload, w.now().Heads()...))
	w.home = append(w.home, c.StandOn(c.Tip()))
}

func (w *follows) isFull(name string) bool { return w.isFullTo(w.now(), name) }

func (w *follows) isFullTo(c *charter.Charter, name string) bool {
	m, ok := c.Member(w.member(name))
	return ok && m.Standing == charter.Full
}

// full are those who are full members at home.
func (w *follows) full() (all []*follower) {
	for _, p := range w.folk {
		if w.isFull(p.name) {
			all = append(all, p)
		}
	}
	return all
}

// removes has the home remove somebody; false if it can't.
func (w *follows) removes(p *follower) bool {
	w.t.Helper()
	all := slices.DeleteFunc(w.full(), func(o *follower) bool { return o == p })
	if needed, _ := w.now().Needed(); !w.isFull(p.name) || len(all) < needed {
		return false
	}
	payload, id, err := w.now().Propose(laptop(atHome(all[0].name)).Device(), charter.Terms{Type: charter.ProposalRemove, Member: w.member(p.name)})
	w.atHomeSays(laptop(atHome(all[0].name)), payload, err)
	for _, o := range all {
		payload, err := w.now().Consent(laptop(atHome(o.name)).Device(), id, false)
		w.atHomeSays(laptop(atHome(o.name)), payload, err)
	}
	payload, err = w.now().Enact(laptop(atHome(all[0].name)).Device(), id)
	w.atHomeSays(laptop(atHome(all[0].name)), payload, err)
	return true
}

func (w *follows) resigns(p *follower) {
	w.t.Helper()
	if len(w.full()) > 1 && w.isFull(p.name) {
		payload, err := w.now().Resign(laptop(atHome(p.name)).Device(), nil, "")
		w.atHomeSays(laptop(atHome(p.name)), payload, err)
	}
}

// admits has the home bring somebody in.
func (w *follows) admits(name string) {
	w.t.Helper()
	all := w.full()
	by := laptop(atHome(all[0].name))
	code := key("code at home for " + name)
	payload, err := w.now().Invite(by.Device(), code.Device(), 0)
	w.atHomeSays(by, payload, err)
	r, err := charter.NewRedemption(w.home[0].Space(), code, key(atHome(name)), laptop(atHome(name)), atHome(name), "laptop")
	if err != nil {
		w.t.Fatal(err)
	}
	payload, err = w.now().AdmitProspective(by.Device(), code.Device(), r)
	w.atHomeSays(by, payload, err)
	payload, id, err := w.now().Propose(by.Device(), charter.Terms{Type: charter.ProposalAdmit, Member: w.member(name)})
	w.atHomeSays(by, payload, err)
	for _, o := range all {
		if payload, err := w.now().Consent(laptop(atHome(o.name)).Device(), id, false); err == nil {
			w.atHomeSays(laptop(atHome(o.name)), payload, err)
		}
	}
	if payload, err = w.now().Enact(by.Device(), id); err != nil {
		return // not enough of them answer any more
	}
	w.atHomeSays(by, payload, err)
	w.folk = append(w.folk, &follower{name: name})
}

// knows is what somebody's device knows.
func (w *follows) knows(p *follower) *share.Following {
	f := &share.Following{
		Home: w.home[p.home], Share: p.here.s, Side: riso, Device: p.device().Device(), Now: p.now,
		Seats: map[charter.MemberID]*share.Seat{}, Owners: map[entry.Device]share.Owner{},
	}
	for _, s := range w.taken[:p.seats] {
		f.Seats[s.member] = s.seat
		for i := range s.seat.Devices {
			f.Owners[s.seat.Devices[i].New.Key] = share.Owner{Member: s.member, Home: s.seat.Devices[i].Home}
		}
	}
	f.Owners[f.Device] = share.Owner{Member: w.member(p.name), Home: laptop(atHome(p.name)).Device()}
	return f
}

// acts has somebody's device say what it has to, up to a rank. It returns how much it said.
func (w *follows) acts(p *follower, rank int) (said int) {
	w.t.Helper()
	if p.here == nil {
		return 0
	}
	for {
		one := false
		for _, d := range share.Follow(w.knows(p)) {
			if d.Rank <= rank && w.says(p, &d) {
				one = true
				break
			}
		}
		if !one {
			return said
		}
		said++
		if said > 100 {
			w.t.Fatalf("%s has no end of things to say", p.name)
		}
	}
}

func (w *follows) says(p *follower, d *share.Duty) bool {
	w.t.Helper()
	c, by := p.here.s.Side(riso), p.device()
	var payload []byte
	var err error
	switch d.Do {
	case share.DoResign:
		payload, err = c.Resign(by.Device(), nil, "")
	case share.DoCertify:
		payload, err = c.Certify(by.Device(), d.New)
	case share.DoRetire:
		payload, err = c.Retire(by.Device(), d.Device, nil)
	case share.DoFill:
		payload, err = c.FillSeat(d.Invite, d.Redemption)
	case share.DoClose:
		payload, err = c.CloseFounding(by.Device(), "")
	case share.DoInvite:
		payload, err = c.Invite(by.Device(), d.Invite, 0)
	case share.DoLetIn:
		payload, err = c.AdmitProspective(by.Device(), d.Invite, d.Redemption)
	case share.DoPropose:
		d.Terms.Frontiers = []charter.DeviceFrontier{}
		if d.Terms.Type == charter.ProposalRemove || d.Terms.Type == charter.ProposalKey { // what is honoured is another thing on each computer
			d.Terms.Frontiers = charter.Frontiers([]charter.DeviceFrontier{{Device: by.Device(), Frontier: charter.Frontier{{Run: entry.Run{byte(p.home)}, Entry: entry.ID{1}}}}})
		}
		payload, _, err = c.Propose(by.Device(), d.Terms)
	case share.DoConsent:
		payload, err = c.Consent(by.Device(), d.Of, false)
	case share.DoTakeBack:
		payload, err = c.TakeBack(by.Device(), d.Of)
	case share.DoRefuse:
		payload, err = c.Refuse(by.Device(), d.Of, share.WhyLater)
	}
	if err != nil {
		return false
	}
	p.here.hear(sign(w.t, w.side, by, payload, c.Heads()...))
	w.enacts(p)
	return true
}

// enacts brings into force what has enough consents, as every device does.
func (w *follows) enacts(p *follower) {
	for {
		c := p.here.s.Side(riso)
		done := false
		for _, id := range c.Enactable() {
			if payload, err := c.Enact(p.device().Device(), id); err == nil {
				p.here.hear(sign(w.t, w.side, p.device(), payload, c.Heads()...))
				done = true
				break
			}
		}
		if !done {
			return
		}
	}
}

// meets lets two hear each other. Who isn't in the share comes in by who knows that they may.
func (w *follows) meets(p, o *follower) {
	if p.here == nil {
		p, o = o, p
	}
	switch {
	case p.here == nil || p == o:
	case o.here == nil:
		if side, ok := p.here.s.SideOf(o.device().Device()); ok && side == riso {
			o.here = p.here.apart()
		}
	default:
		p.here.meet(o.here)
		w.enacts(p)
		w.enacts(o)
	}
}

// hears lets somebody know their home up to some place.
func (w *follows) hears(p *follower, home, seats int) {
	p.home, p.seats = max(p.home, home), max(p.seats, seats)
	if p.here == nil && p.seat == nil && w.isFullTo(w.home[p.home], p.name) {
		w.sit(p)
	}
}

// loses takes somebody's computer away; the new one asks anew.
func (w *follows) loses(p *follower) {
	if w.isFull(p.name) && p.seat != nil {
		p.made++
		p.here = nil
		w.sit(p)
	}
}

// settles lets everybody know everything and say what they have to, until nobody has anything to say.
func (w *follows) settles() {
	w.t.Helper()
	quiet, now := 0, uint64(0)
	for _, p := range w.folk {
		now = max(now, p.now)
	}
	for _, p := range w.folk {
		p.now = now // the date has come to everybody
	}
	for rank := 0; quiet < 3; rank++ {
		if rank > 400 {
			w.t.Fatal("no end of it")
		}
		said := 0
		for _, p := range w.folk {
			w.hears(p, len(w.home)-1, len(w.taken))
		}
		for _, p := range w.folk {
			w.hears(p, len(w.home)-1, len(w.taken))
			for _, o := range w.folk {
				w.meets(p, o)
			}
			said += w.acts(p, rank)
		}
		if quiet++; said > 0 || rank < len(w.folk)+5 {
			quiet = 0
		}
	}
}

// onSide are the names of those who are full members on the side, to somebody who is there.
func (w *follows) onSide() (names []string, c *charter.Charter) {
	for _, p := range w.folk {
		if p.here == nil {
			continue
		}
		names, c = nil, p.here.s.Side(riso)
		for _, m := range c.Members() {
			if m.Standing == charter.Full {
				names = append(names, strings.TrimSuffix(m.Name, atHome("")))
			}
		}
		slices.Sort(names)
		if _, in := c.MemberOf(p.device().Device()); in {
			return names, c
		}
	}
	return names, c
}

func (w *follows) want() (names []string) {
	for _, p := range w.full() {
		names = append(names, p.name)
	}
	slices.Sort(names)
	return names
}

func TestASideIsWhoIsAFullMemberAtHome(t *testing.T) {
	w := following(t, 3, "ana", "ben", "cleo")
	w.settles()
	if got, c := w.onSide(); !slices.Equal(got, w.want()) || c.FoundingOpen() {
		t.Errorf("on the side are %v, the founding is open: %v", got, c.FoundingOpen())
	}
	w.admits("eve")
	w.settles()
	if got, _ := w.onSide(); !slices.Equal(got, []string{"ana", "ben", "cleo", "eve"}) {
		t.Errorf("once Eve was admitted, on the side are %v", got)
	}
	w.removes(w.folk[1])
	w.resigns(w.folk[2])
	w.settles()
	if got, _ := w.onSide(); !slices.Equal(got, []string{"ana", "eve"}) {
		t.Errorf("once Ben was removed and Cleo resigned, on the side are %v", got)
	}
	for _, p := range w.folk {
		if duties := share.Follow(w.knows(p)); len(duties) > 0 {
			t.Errorf("%s has still to say %+v", p.name, duties)
		}
	}
}

func TestNobodyIsLetInUnderTheNameOfSomebodyElse(t *testing.T) {
	w := following(t, 3, "ana", "ben", "cleo")
	w.folk[1].as, w.folk[2].as = atHome("cleo"), atHome("ben")
	w.settles()
	if got, _ := w.onSide(); !slices.Equal(got, []string{"ana"}) {
		t.Errorf("Ben asks to be called Cleo, Cleo Ben, and on the side are %v", got)
	}
}

func TestWhoLostTheirComputerGoesOnAsWhomTheyWere(t *testing.T) {
	w := following(t, 3, "ana", "ben", "cleo")
	w.settles()
	_, before := w.onSide()
	w.loses(w.folk[1])
	w.settles()
	got, c := w.onSide()
	if !slices.Equal(got, []string{"ana", "ben", "cleo"}) || len(c.Members()) != len(before.Members()) || w.folk[1].here == nil {
		t.Fatalf("on the side are %v", got)
	}
	ben, ok := c.MemberOf(w.folk[1].device().Device())
	if was, ok := before.MemberOf(key("ben's share 0").Device()); !ok || was.ID != ben.ID {
		t.Error("Ben is somebody else now")
	}
	if _, speaks := c.MemberOf(key("ben's share 0").Device()); speaks || !ok {
		t.Error("the lost computer speaks still")
	}
}

// consents says whether somebody's device would consent to a proposal by itself.
func (w *follows) consents(p *follower, id charter.StepID) bool {
	return slices.ContainsFunc(share.Follow(w.knows(p)), func(d share.Duty) bool { return d.Do == share.DoConsent && d.Of == id })
}

// proposes has somebody propose a step of the side by hand.
func (w *follows) proposes(p *follower, terms charter.Terms) charter.StepID {
	w.t.Helper()
	c := p.here.s.Side(riso)
	payload, id, err := c.Propose(p.device().Device(), terms)
	if err != nil {
		w.t.Fatal(err)
	}
	p.here.hear(sign(w.t, w.side, p.device(), payload, c.Heads()...))
	return id
}

func TestADeviceConsentsByItselfToNothingButWhatTheHomeOrTheDateAsksFor(t *testing.T) {
	w := following(t, 3, "ana", "ben", "cleo")
	w.settles()
	ana, ben, cleo := w.folk[0], w.folk[1], w.folk[2]
	side := func(p *follower) charter.MemberID {
		m, _ := p.here.s.Side(riso).MemberOf(p.device().Device())
		return m.ID
	}
	word, err := share.Word{What: share.End, Share: w.first.space}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]charter.StepID{
		"to remove who is a full member at home": w.proposes(ben, charter.Terms{Type: charter.ProposalRemove, Member: side(cleo)}),
		"to end it before the date":              w.proposes(ben, charter.Terms{Type: charter.ProposalPact, Pact: word}),
		"to change how it is decided":            w.proposes(ben, charter.Terms{Type: charter.ProposalThreshold, Threshold: charter.TwoThirds}),
	}
	w.meets(ana, ben)
	for what, id := range asked {
		if w.consents(ana, id) {
			t.Errorf("Ana's device would consent %s", what)
		}
	}
	w.removes(cleo)
	w.hears(ana, len(w.home)-1, len(w.taken))
	ana.now = w.ends
	withWords := w.proposes(ben, charter.Terms{Type: charter.ProposalRemove, Member: side(cleo), Why: "a thief"})
	w.meets(ana, ben)
	if w.consents(ana, withWords) {
		t.Error("Ana's device would consent to somebody's words")
	}
	if !w.consents(ana, asked["to end it before the date"]) {
		t.Error("once the date has come, Ana's device doesn't consent to the end")
	}
}

func TestWhatAPersonRefusedTheirDeviceDoesntSay(t *testing.T) {
	w := following(t, 3, "ana", "ben", "cleo")
	w.settles()
	ana, ben, cleo := w.folk[0], w.folk[1], w.folk[2]
	w.removes(cleo)
	gone, _ := ben.here.s.Side(riso).MemberOf(cleo.device().Device())
	id := w.proposes(ben, charter.Terms{Type: charter.ProposalRemove, Member: gone.ID})
	w.meets(ana, ben)
	w.hears(ana, len(w.home)-1, len(w.taken))
	if !w.consents(ana, id) {
		t.Fatal("Ana's device wouldn't consent anyway")
	}
	c := ana.here.s.Side(riso)
	payload, err := c.Refuse(ana.device().Device(), id, "let her finish the poster")
	if err != nil {
		t.Fatal(err)
	}
	ana.here.hear(sign(t, w.side, ana.device(), payload, c.Heads()...))
	again := w.proposes(ben, charter.Terms{Type: charter.ProposalRemove, Member: gone.ID, Frontiers: []charter.DeviceFrontier{{Device: cleo.device().Device()}}})
	w.meets(ana, ben)
	if duties := share.Follow(w.knows(ana)); len(duties) > 0 || w.consents(ana, again) {
		t.Errorf("Ana refused it, and her device would say %+v", duties)
	}
}

// whatever hears what when, and is lost, and leaves: the side becomes what the home is, and never was what the
// home hadn't been.
func TestASideFollowsItsHomeInWhicheverOrderThingsAreHeard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"ana", "ben", "cleo", "dan"}[:rapid.IntRange(1, 4).Draw(t, "people")]
		w := following(t, rapid.IntRange(1, 5).Draw(t, "seats"), names...)
		later := []string{"eve", "fay"}
		if rapid.Bool().Draw(t, "all are in") {
			w.settles()
		}
		who := func() *follower { return w.folk[rapid.IntRange(0, len(w.folk)-1).Draw(t, "who")] }
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 10).Draw(t, "what") {
			case 10:
				if rapid.IntRange(0, 9).Draw(t, "late") == 0 {
					who().now = w.ends
				}
			case 0:
				w.removes(who())
			case 1:
				w.resigns(who())
			case 2:
				if len(later) > 0 && len(w.full()) > 0 {
					w.admits(later[0])
					later = later[1:]
				}
			case 3:
				w.loses(who())
			case 4, 5:
				p := who()
				w.hears(p, rapid.IntRange(0, len(w.home)-1).Draw(t, "home"), rapid.IntRange(0, len(w.taken)).Draw(t, "seats"))
			case 6, 7:
				w.meets(who(), who())
			default:
				w.acts(who(), rapid.IntRange(0, 2).Draw(t, "rank"))
			}
			w.holds()
		}
		w.settles()
		w.holds()
		w.followed()
	})
}

// holds checks what must be so at every moment, on every computer.
func (w *follows) holds() {
	w.t.Helper()
	names := map[charter.MemberID]string{} // on the side
	for _, s := range w.taken {
		for _, p := range w.folk {
			if s.member == w.member(p.name) {
				for _, key := range []entry.Device{s.seat.Key} {
					names[charter.MemberIDOf(w.side, key)] = p.name
				}
			}
		}
	}
	for _, p := range w.folk {
		if p.here == nil {
			continue
		}
		persons := map[string]int{}
		for _, m := range p.here.s.Side(riso).Members() {
			name := names[m.ID]
			if name == "" {
				w.t.Fatalf("somebody is on the side who never took a seat at home: %s", m.Name)
			}
			persons[name]++
			if m.Standing == charter.Removed && w.isFull(name) {
				w.t.Fatalf("%s was removed from the side, and is a full member at home", name)
			}
			if m.Standing == charter.Resigned && w.isFull(name) {
				w.t.Fatalf("%s resigned on the side, and is a full member at home", name)
			}
		}
		for name, n := range persons {
			if n > 1 {
				w.t.Fatalf("%s is on the side as %d people", name, n)
			}
		}
		if forks := p.here.s.Side(riso).Forks(); len(forks) > 0 {
			w.t.Fatalf("the side has split: %+v", forks)
		}
	}
}

// followed checks that the side is what the home is, unless too few who could agree are left on it.
func (w *follows) followed() {
	w.t.Helper()
	got, c := w.onSide()
	if c == nil {
		return
	}
	late, over := w.folk[0].now > 0, false
	for _, p := range w.folk {
		if p.here != nil {
			_, ended := p.here.s.Ended()
			over = over || ended
		}
	}
	switch {
	case over && !late:
		w.t.Fatal("the share has ended before its date")
	case over, !late && slices.Equal(got, w.want()):
		return
	}
	able := 0
	for _, p := range w.folk {
		if p.here == nil || !w.isFull(p.name) {
			continue
		}
		if m, in := c.MemberOf(p.device().Device()); in && m.Standing == charter.Full {
			able++
		}
	}
	founds := false
	for _, p := range w.folk {
		founds = founds || p.here != nil && c.FoundingOpen() && c.FoundingDevice() == p.device().Device()
	}
	needed, counted := c.Needed()
	for _, p := range c.Proposals() {
		if p.Parent == c.Tip() && p.Of > counted && !p.Hopeless {
			return // it is of before somebody resigned, and may have passed where nobody has heard of that: people say go on
		}
	}
	if able >= needed && (!c.FoundingOpen() || founds) {
		var lines string
		for _, p := range w.folk {
			lines += fmt.Sprintf("%s: here %v, computers before %d, full %v\n", p.name, p.here != nil, p.made, w.isFull(p.name))
			if p.here != nil {
				for _, d := range share.Follow(w.knows(p)) {
					lines += fmt.Sprintf("  has to say %d about %v\n", d.Do, d.About)
				}
			}
		}
		for _, m := range c.Members() {
			lines += fmt.Sprintf("%s %v is %v, of %v\n", m.Name, m.ID, m.Standing, m.Devices)
		}
		w.t.Fatalf("on the side are %v, at home %v; %d of %d needed could agree; proposals %+v\n%s", got, w.want(), able, needed, c.Pending(), lines)
	}
}
