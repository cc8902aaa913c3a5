package share_test

import (
	"errors"
	"slices"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
)

var (
	twoThirds = charter.Terms{Type: charter.ProposalThreshold, Threshold: charter.TwoThirds}
	allButOne = charter.Terms{Type: charter.ProposalThreshold, Threshold: charter.AllButOne}
	later     = share.Terms{Purpose: print.Purpose, Ends: print.Ends + 1, Voices: share.EachCoop}
	people    = share.Terms{Purpose: print.Purpose, Ends: print.Ends, Voices: share.People}
)

func (a *ally) terms() share.Terms {
	a.t.Helper()
	terms, ok := a.s.Terms()
	if !ok {
		a.t.Fatal("the pact doesn't hold")
	}
	return terms
}

func (a *ally) over() bool {
	_, over := a.s.Ended()
	return over
}

// Whatever devices of one side sign in the charter of the other, and in the share, says nothing there.
func TestNobodyIsAddedToASideByTheOther(t *testing.T) {
	a := allies(t, risoFolk, quiltFolk)
	before := a.s.Side(riso)
	space, heads, tip := a.spaces[riso], before.Heads(), before.Tip()
	redeem := func(invite string) charter.Redemption {
		r, err := charter.NewRedemption(space, key(invite), key("gus"), laptop("gus"), "Gus", "laptop")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	seat, err := charter.NewSeat(tip, key("code").Device(), redeem("code"))
	if err != nil {
		t.Fatal(err)
	}
	word, err := share.Word{What: share.End, Share: a.space}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	// What a person of Riso may say; the very same payload is signed by people of Quilted below.
	step := func(terms charter.Terms) []byte {
		payload, _, err := before.Propose(laptop("ana").Device(), terms)
		if err != nil {
			t.Fatal(err)
		}
		return payload
	}
	invite, err := before.Invite(laptop("ana").Device(), key("another code").Device(), 0)
	if err != nil {
		t.Fatal(err)
	}
	resign, err := before.Resign(laptop("ana").Device(), nil, "")
	if err != nil {
		t.Fatal(err)
	}
	for what, payload := range map[string][]byte{
		"a seat":     seat,
		"an invite":  invite,
		"an end":     step(charter.Terms{Type: charter.ProposalPact, Pact: word}),
		"a removal":  step(charter.Terms{Type: charter.ProposalRemove, Member: a.id(riso, "ana")}),
		"a leaving":  resign,
		"new rules":  step(twoThirds),
		"no payload": {0x81, 2},
	} {
		for _, name := range quiltFolk {
			e := sign(t, space, laptop(name), payload, heads...)
			s := a.s.With(e)
			if state, why := s.State(e.ID()); state != charter.Void {
				t.Errorf("%s by %s is %v %s", what, name, state, why)
			}
			same(t, what+" by the other side is heard", seen(a.s, a.all), seen(s, a.all))
			e = sign(t, a.space, laptop(name), payload, heads...)
			if state, why := a.s.With(e).State(e.ID()); state != charter.Void {
				t.Errorf("%s by %s in the share itself is %v %s", what, name, state, why)
			}
		}
	}
}

func TestWhatBindsBothTakesBoth(t *testing.T) {
	a := allies(t, risoFolk, quiltFolk)
	a.agree(change(later), "ana", "ben")
	if a.terms() != print {
		t.Fatal("one side has changed the terms")
	}
	if o := a.s.Offers(); len(o) != 1 || o[0].Side != riso || o[0].Terms != later {
		t.Fatalf("offers %+v", o)
	}
	a.agree(change(later), "dora", "flo")
	if a.terms() != later || len(a.s.Offers()) != 0 {
		t.Fatalf("terms %+v, offers %+v", a.terms(), a.s.Offers())
	}
	if _, _, _, err := a.s.Propose(laptop("ana").Device(), change(later), ""); !errors.Is(err, share.ErrInForce) {
		t.Errorf("the same terms again: %v", err)
	}
}

func TestASideThatAnswersWithOtherTermsChangesNothingAndNeitherIsStuck(t *testing.T) {
	a := allies(t, risoFolk, quiltFolk)
	a.agree(change(later), "ana", "ben")
	a.agree(change(print), "dora", "eli") // no
	if a.terms() != print || len(a.s.Offers()) != 0 {
		t.Fatalf("terms %+v, offers %+v", a.terms(), a.s.Offers())
	}
	a.agree(change(people), "eli", "flo") // and what they would have instead
	if a.terms() != print || a.s.ByPeople() {
		t.Fatal("one side has changed the terms")
	}
	a.agree(change(people), "ben", "cleo")
	if a.terms() != people || !a.s.ByPeople() {
		t.Fatalf("terms %+v", a.terms())
	}
}

// Both offer something else at once: the two answer each other, and that is a no.
func TestOffersThatCrossChangeNothing(t *testing.T) {
	a := allies(t, risoFolk, quiltFolk)
	b := a.apart()
	a.agree(change(later), "ana", "ben")
	b.agree(change(people), "dora", "eli")
	a.meet(b)
	for _, r := range []*ally{a, b} {
		if r.terms() != print || len(r.s.Offers()) != 0 {
			t.Fatalf("terms %+v, offers %+v", r.terms(), r.s.Offers())
		}
	}
}

func TestAWordForAnotherShareOrPlaceSaysNothing(t *testing.T) {
	a := allies(t, risoFolk, quiltFolk)
	for _, w := range []share.Word{
		{What: share.End, Share: entry.SpaceID{1}},
		{What: share.Change, Share: entry.SpaceID{1}, Number: 1, Terms: later},
		{What: share.Change, Share: a.space, Number: 2, Terms: later},
		{What: share.Change, Share: a.space, Number: 0, Terms: later},
		{What: share.Make, Ally: coops[quilted], Terms: later},
	} {
		word, err := w.Encode()
		if err != nil {
			t.Fatal(err)
		}
		a.step(riso, charter.Terms{Type: charter.ProposalPact, Pact: word}, "ana", "ben")
	}
	a.step(riso, charter.Terms{Type: charter.ProposalPact, Pact: []byte("garbage")}, "ana", "ben")
	if a.over() || len(a.s.Offers()) != 0 {
		t.Fatalf("ended %v, offers %+v", a.over(), a.s.Offers())
	}
}

func TestNobodyAloneSpeaksForACoopThatPutInSeveral(t *testing.T) {
	a := allies(t, risoFolk, quiltFolk)
	_, id := a.proposes("ana", end)
	if a.over() {
		t.Fatal("ended by one person")
	}
	payload, err := a.s.Side(riso).Enact(laptop("ana").Device(), id)
	if err == nil {
		t.Fatalf("one person can enact it: %x", payload)
	}
	a.consents(riso, "ben", id)
	a.enacts(riso, "ben", id)
	if !a.over() {
		t.Fatal("not ended by two of three")
	}
}

func TestEitherSideEndsItAlone(t *testing.T) {
	for side, names := range [][]string{risoFolk, quiltFolk} {
		a := allies(t, risoFolk, quiltFolk)
		before := a.writes(laptop(names[2]))
		step := a.agree(end, names[:2]...)
		by, over := a.s.Ended()
		if !over || by[side] != step || by[1-side] != (charter.StepID{}) {
			t.Fatalf("ended %v by %v", over, by)
		}
		for _, name := range slices.Concat(risoFolk, quiltFolk) {
			if _, _, _, err := a.s.Propose(laptop(name).Device(), change(later), ""); !errors.Is(err, share.ErrEnded) {
				t.Errorf("%s: %v", name, err)
			}
			p, state := a.s.Of(a.writes(laptop(name)))
			if state != charter.Accepted || !p.Ended() {
				t.Errorf("%s writes knowing of the end: %v", name, state)
			}
		}
		if p, state := a.s.Of(before); state != charter.Accepted || p.Ended() {
			t.Errorf("what was written before: %v", state)
		}
	}
}

func TestBothSidesCanEndItAtOnce(t *testing.T) {
	a := allies(t, risoFolk, quiltFolk)
	b := a.apart()
	first, second := a.agree(end, "ana", "ben"), b.agree(end, "dora", "eli")
	a.meet(b)
	for _, r := range []*ally{a, b} {
		if by, over := r.s.Ended(); !over || by != [2]charter.StepID{first, second} {
			t.Errorf("ended %v by %v", over, by)
		}
	}
}

func TestASideThatLostEverybodyIsEndedByTheOther(t *testing.T) {
	a := allies(t, risoFolk, quiltFolk)
	for _, name := range quiltFolk {
		payload, err := a.s.Side(quilted).Resign(laptop(name).Device(), nil, "we stop")
		a.says(quilted, laptop(name), payload, err)
	}
	if !a.s.Lost(quilted) || a.s.Lost(riso) {
		t.Fatalf("lost: %v %v", a.s.Lost(riso), a.s.Lost(quilted))
	}
	a.agree(change(later), "ana", "ben")
	if a.terms() != print {
		t.Error("the side that is left changed the terms alone")
	}
	a.agree(end, "ana", "cleo")
	if !a.over() {
		t.Error("not ended")
	}
}

func TestASideNamesItsContactsAlone(t *testing.T) {
	a := allies(t, risoFolk, quiltFolk)
	a.agree(share.Word{What: share.Contacts, Contacts: []string{"Eli", "Flo"}}, "dora", "eli")
	if got := a.s.Contacts(quilted); !slices.Equal(got, []string{"Eli", "Flo"}) {
		t.Errorf("contacts %q", got)
	}
	if got := a.s.Contacts(riso); !slices.Equal(got, []string{"Ana"}) {
		t.Errorf("contacts of the other side %q", got)
	}
}

func TestWhoIsRemovedFromASideSpeaksForItNoMore(t *testing.T) {
	a := allies(t, risoFolk, quiltFolk)
	last := a.writes(laptop("flo"))
	a.step(quilted, charter.Terms{Type: charter.ProposalRemove, Member: a.id(quilted, "flo")}, "dora", "eli")
	if _, ok := a.s.SideOf(laptop("flo").Device()); ok {
		t.Error("speaks still")
	}
	if _, cut := a.s.Cut(laptop("flo").Device()); !cut {
		t.Error("isn't cut")
	}
	if p, state := a.s.Of(a.writes(laptop("flo"))); state != charter.Accepted {
		t.Errorf("an entry by who was removed: %v", state)
	} else if _, speaks := p.Speaks(laptop("flo").Device()); speaks {
		t.Error("an entry that knows of the removal has an author")
	}
	if p, _ := a.s.Of(last); p == nil {
		t.Error("what was written before has no past")
	}
	if _, _, _, err := a.s.Propose(laptop("flo").Device(), end, ""); !errors.Is(err, share.ErrNoSide) {
		t.Errorf("propose: %v", err)
	}
}

// Home is split 3 to 2, and each part would have the share say its own.
func TestASideWhoseHomeIsSplitSpeaksOnlyWithMoreThanHalfOfItsPeople(t *testing.T) {
	a := allies(t, risoFolk, []string{"dora", "eli", "flo", "gus", "hal"})
	_, id := a.proposes("gus", end)
	a.consents(quilted, "hal", id)
	if _, err := a.s.Side(quilted).Enact(laptop("gus").Device(), id); err == nil || a.over() {
		t.Fatal("two of five ended it")
	}
	a.agree(change(later), "dora", "eli", "flo")
	if o := a.s.Offers(); len(o) != 1 || o[0].Terms != later {
		t.Fatalf("offers %+v", o)
	}
}

// twoFaced has Quilted show two charters, with Eli signing both, and gives two replicas that took part
// on different ones.
func twoFaced(t *testing.T) (x, y *ally) {
	a := allies(t, risoFolk, quiltFolk)
	x, y = a.apart(), a.apart()
	x.step(quilted, twoThirds, "dora", "eli")
	y.step(quilted, allButOne, "flo", "eli")
	return x, y
}

func TestASideThatShowsTwoChartersDoesntSplitTheOther(t *testing.T) {
	x, y := twoFaced(t)
	anas, bens := x.writes(laptop("ana")), y.writes(laptop("ben"))
	doras, flos := x.writes(laptop("dora")), y.writes(laptop("flo"))
	x.meet(y)
	for _, r := range []*ally{x, y} {
		for _, e := range []*entry.Entry{anas, bens} {
			if _, state := r.s.Of(e); state != charter.Accepted {
				t.Errorf("an entry of the side that is whole is %v", state)
			}
		}
		if len(r.s.Side(quilted).Forks()) != 1 {
			t.Error("no evidence of the fork")
		}
		if r.s.Suspended(riso) || r.s.Suspended(quilted) {
			t.Error("suspended where the replica took part")
		}
	}
	for _, test := range []struct {
		r    *ally
		e    *entry.Entry
		want charter.State
	}{{x, doras, charter.Accepted}, {x, flos, charter.Elsewhere}, {y, doras, charter.Elsewhere}, {y, flos, charter.Accepted}} {
		if _, state := test.r.s.Of(test.e); state != test.want {
			t.Errorf("an entry of the side that split is %v, want %v", state, test.want)
		}
	}
	// People of the side that is whole go on building on each other's work, whichever branch it knew.
	for _, r := range []*ally{x, y} {
		p, _ := r.s.Of(r.writes(laptop("cleo")))
		if !p.Covers(anas.Heads) || !p.Covers(bens.Heads) {
			t.Error("what one of them wrote can't be built on by another")
		}
	}
	// What knows the other branch counts nobody there.
	if p, _ := x.s.Of(bens); p.Counted() || len(p.Sides()[quilted]) != 0 || len(p.Sides()[riso]) != 3 {
		t.Errorf("counted from another branch: %v", p.Sides())
	}
	if p, _ := x.s.Of(anas); !p.Counted() || len(p.Sides()[quilted]) != 3 {
		t.Errorf("not counted from the own branch: %v", p.Sides())
	}
}

func TestAForkSuspendsTheVoiceOfItsSideWhereNoStandWasTaken(t *testing.T) {
	x, y := twoFaced(t)
	x.agree(end, "dora", "eli")
	x.meet(y)
	s := share.Fold(x.space, x.all, [2]charter.StepID{})
	if !s.Suspended(quilted) || s.Suspended(riso) {
		t.Fatalf("suspended: %v %v", s.Suspended(riso), s.Suspended(quilted))
	}
	if _, over := s.Ended(); over {
		t.Error("the side that split ended it where nobody knows which part speaks")
	}
	if sides := s.Sides(); len(sides[quilted]) != 0 || len(sides[riso]) != 3 {
		t.Errorf("sides %v", sides)
	}
	if !x.over() || y.over() {
		t.Error("the end isn't that of the branch on which it was said")
	}
	if s = s.StandOn(quilted, x.s.Side(quilted).Tip()); s.Suspended(quilted) {
		t.Error("suspended after taking a stand")
	} else if _, over := s.Ended(); !over {
		t.Error("not ended after taking that stand")
	}
	knows := x.writes(laptop("ana"))
	for _, r := range []*ally{x, y} {
		if p, state := r.s.Of(knows); state != charter.Accepted || p.Ended() != r.over() {
			t.Errorf("an entry that knows of the end on one branch: %v", state)
		}
	}
	// The other side can always end it.
	other := &ally{t: t, space: x.space, spaces: x.spaces, all: x.all, s: share.Fold(x.space, x.all, [2]charter.StepID{}), stays: true}
	other.agree(end, "ana", "ben")
	if !other.over() {
		t.Error("not ended")
	}
}

// The founder of a side, removed long ago, signs at the place where everybody came in.
func TestARemovedFounderAloneNeitherMovesNorSuspendsAnybody(t *testing.T) {
	a := allies(t, risoFolk, quiltFolk)
	a.step(quilted, charter.Terms{Type: charter.ProposalRemove, Member: a.id(quilted, "dora")}, "eli", "flo")
	r, err := charter.NewRedemption(a.spaces[quilted], key("code"), key("mallory"), laptop("mallory"), "Mallory", "laptop")
	if err != nil {
		t.Fatal(err)
	}
	seat, err := charter.NewSeat(charter.GenesisStep(a.spaces[quilted]), key("code").Device(), r)
	if err != nil {
		t.Fatal(err)
	}
	fork := sign(t, a.spaces[quilted], laptop("dora"), seat, entry.ID(a.spaces[quilted]))
	mallorys := a.writesAt(laptop("mallory"), slices.Concat(a.s.Side(riso).Heads(), []entry.ID{fork.ID()})...)
	a.hear(fork)
	if state, _ := a.s.State(fork.ID()); state != charter.Elsewhere {
		t.Errorf("the founder's word at the genesis is %v", state)
	}
	if _, state := a.s.Of(mallorys); state != charter.Elsewhere {
		t.Errorf("an entry of who was seated there is %v", state)
	}
	if a.s.Suspended(quilted) {
		t.Error("suspended")
	}
	a.agree(end, "eli", "flo")
	if !a.over() {
		t.Error("the side can't speak any more")
	}
}
