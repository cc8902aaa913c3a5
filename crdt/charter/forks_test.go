package charter_test

import (
	"testing"

	"kith/crdt/charter"
)

// splits has Ben sign two steps at one parent, in two parts of the co-op.
func splits(t *testing.T) (a, b *scene, one, two charter.StepID) {
	s := members(t, "ben", "cleo", "dora", "eli")
	a, b = s.apart(), s.apart()
	one = a.agree(threshold(charter.TwoThirds), "ana", "ben", "cleo")
	two = b.agree(threshold(charter.AllButOne), "ben", "dora", "eli")
	return a, b, one, two
}

func TestAForkMovesNobodyWhoTookPartAndShowsWhoSignedTwice(t *testing.T) {
	a, b, one, two := splits(t)
	a.meet(b)
	if a.c.Tip() != one || b.c.Tip() != two {
		t.Fatal("somebody moved")
	}
	for _, s := range []*scene{a, b} {
		f := s.c.Forks()
		if len(f) != 1 || len(f[0].Branches) != 2 {
			t.Fatalf("%+v", f)
		}
		if len(f[0].Twice) != 1 || f[0].Twice[0] != s.id("ben") {
			t.Errorf("signed twice: %v", f[0].Twice)
		}
		for _, br := range f[0].Branches {
			if len(br.Members) != 2 || br.Followed != (br.Step == s.c.Tip()) {
				t.Errorf("%+v", br)
			}
		}
	}
	a.c = a.c.StandOn(two) // what kith charter follow does
	if a.c.Threshold() != charter.AllButOne {
		t.Error("a replica can't change sides")
	}
	same(t, "who follows the other side", seen(b.c, b.all), seen(a.c, b.all))
}

func TestANewcomerFollowsItsInviteElseTheSideWithMoreMembersElseAsks(t *testing.T) {
	a, b, one, two := splits(t)
	a.meet(b)
	fresh := charter.Fold(a.space, a.all, charter.StepID{})
	if !fresh.Undecided() || a.c.Undecided() {
		t.Error("who took part is decided, a newcomer isn't")
	}
	if got, ok := fresh.Newcomer([8]byte(one[:8])); !ok || got != one {
		t.Error("the invite's side isn't followed")
	}
	if _, ok := fresh.Newcomer([8]byte{}); ok {
		t.Error("a newcomer takes a side where two and two are on each")
	}
	payload, err := b.c.Acknowledge(laptop("ana").Device(), nil)
	b.says(laptop("ana"), payload, err) // Ana writes on the other side: she is on both
	if got, ok := fresh.With(b.all...).Newcomer([8]byte{}); !ok || got != two {
		t.Error("the side with more members isn't followed")
	}
}

func TestWhoFollowsASideSaysSo(t *testing.T) {
	s := members(t, "ben", "cleo", "dora", "eli")
	a, b := s.apart(), s.apart()
	a.agree(threshold(charter.TwoThirds), "ana", "ben", "cleo")
	two := b.agree(threshold(charter.AllButOne), "ben", "cleo", "dora")
	b.meet(a)
	fresh := charter.Fold(s.space, b.all, charter.StepID{})
	if _, ok := fresh.Newcomer([8]byte{}); ok {
		t.Error("one and one, and two who signed twice")
	}
	payload, err := b.c.Follow(laptop("eli").Device(), two)
	b.says(laptop("eli"), payload, err)
	if got, ok := fresh.With(b.all...).Newcomer([8]byte{}); !ok || got != two {
		t.Error("who follows a side doesn't count for it")
	}
}

// Attacks 13 and 14: an old majority, or the founder, signs at a place that the co-op left.
func TestAnOldMajorityThatSignsAtAPlaceTheCoopLeftMovesNobody(t *testing.T) {
	s := members(t, "ben", "cleo")
	old := s.apart() // as it was when the three were all
	for _, name := range []string{"dora", "eli", "flo"} {
		s.invites("ana", name)
		s.agree(charter.Terms{Type: charter.ProposalAdmit, Member: s.id(name)}, "ana", "ben", "cleo")
	}
	s.agree(remove(s, "ben"), "dora", "eli", "flo", "ana")
	s.agree(remove(s, "cleo"), "dora", "eli", "flo")
	tip, before := s.c.Tip(), names(s.c.Members())
	old.agree(remove(old, "ana"), "ben", "cleo")
	old.agree(threshold(charter.TwoThirds), "ben", "cleo")
	s.hear(old.all...)
	if s.c.Tip() != tip || names(s.c.Members()) != before {
		t.Error("a replica that took part has moved")
	}
	if f := s.c.Forks(); len(f) != 1 {
		t.Errorf("%d forks: the attack isn't seen", len(f))
	}
	fresh := charter.Fold(s.space, s.all, charter.StepID{})
	if got, ok := fresh.Newcomer([8]byte(tip[:8])); !ok || got != tip {
		t.Error("a newcomer doesn't follow the step that their invite names")
	}
}

func TestTheFounderAloneAtTheGenesisMovesNobodyAfterAYear(t *testing.T) {
	s := members(t, "ben")
	s.agree(threshold(charter.AllButOne), "ana", "ben")
	tip := s.c.Tip()
	late := s.seat("mallory", charter.GenesisStep(s.space), s.genesis.ID())
	s.hear(late)
	if s.c.Tip() != tip || len(s.c.Forks()) != 1 {
		t.Error("the founder has moved somebody, or nobody sees it")
	}
	mustState(t, s.c, late, charter.Elsewhere, "other side")
	if got, ok := charter.Fold(s.space, s.all, charter.StepID{}).Newcomer([8]byte(tip[:8])); !ok || got != tip {
		t.Error("a newcomer doesn't follow the step that their invite names")
	}
}

func TestWhoGoesOverIsntSaidToHaveConsentedTwice(t *testing.T) {
	a, b, one, _ := splits(t)
	a.meet(b)
	b.c = b.c.StandOn(one)
	payload, err := b.c.Follow(laptop("eli").Device(), one)
	b.says(laptop("eli"), payload, err)
	a.meet(b)
	f := a.c.Forks()[0]
	if len(f.Twice) != 1 || f.Twice[0] != a.id("ben") {
		t.Errorf("consented to both: %v, want Ben alone", f.Twice)
	}
	for _, br := range f.Branches {
		if went := len(br.Joined) == 1 && br.Joined[0] == a.id("eli"); went != (br.Step == one) {
			t.Errorf("who went over to %v: %v", br.Step, br.Joined)
		}
	}
}

func TestWhoCameInOnOneSideIsKnownOnTheOther(t *testing.T) {
	a, b, _, _ := splits(t)
	code, r := a.redeem("fay")
	payload, err := a.c.Invite(laptop("ana").Device(), code, 0)
	a.says(laptop("ana"), payload, err)
	payload, err = a.c.AdmitProspective(laptop("ana").Device(), code, r)
	a.says(laptop("ana"), payload, err)
	a.meet(b)
	if got := b.c.DevicesElsewhere(); len(got) != 1 || got[0] != laptop("fay").Device() {
		t.Errorf("on the other side: %v, want Fay's laptop", got)
	}
	if got := a.c.DevicesElsewhere(); len(got) != 0 {
		t.Errorf("where she is in, she is elsewhere: %v", got)
	}
}
