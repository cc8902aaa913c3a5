package share_test

import (
	"slices"
	"strings"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
)

func TestAnEntryNamesBothSidesAndItsAuthorIsOnOne(t *testing.T) {
	a := allies(t, risoFolk, quiltFolk)
	for side, names := range [][]string{risoFolk, quiltFolk} {
		for _, name := range names {
			e := a.writes(laptop(name))
			p, state := a.s.Of(e)
			if state != charter.Accepted {
				t.Fatalf("%s: %v", name, state)
			}
			who, ok := p.Speaks(e.Device)
			if standing, _ := p.Standing(who); !ok || who != a.id(side, name) || standing != charter.Full {
				t.Errorf("%s writes as %v (%v), %v", name, who, ok, standing)
			}
			if sides := p.Sides(); len(sides) != 2 || len(sides[riso]) != 3 || len(sides[quilted]) != 3 || !slices.Contains(sides[side], who) {
				t.Errorf("%s counts %v", name, sides)
			}
			if len(p.Full()) != 6 || !slices.IsSortedFunc(p.Full(), func(a, b charter.MemberID) int { return slices.Compare(a[:], b[:]) }) {
				t.Errorf("full members %v", p.Full())
			}
			m, _ := a.s.MemberOf(e.Device)
			if again, ok := a.s.Member(who); m.Coop != coops[side] || m.Name == "" || !ok || again.Coop != m.Coop {
				t.Errorf("%s is shown as %q of %q", name, m.Name, m.Coop)
			}
		}
	}
}

func TestAnEntryWaitsForAllThatItNames(t *testing.T) {
	a := allies(t, risoFolk, quiltFolk)
	b := a.apart()
	b.step(quilted, twoThirds, "dora", "eli")
	anas := b.writes(laptop("ana")) // knows what isn't here
	if _, state := a.s.Of(anas); state != charter.Pending {
		t.Errorf("an entry that names what isn't here is %v", state)
	}
	a.meet(b)
	if _, state := a.s.Of(anas); state != charter.Accepted {
		t.Errorf("it is %v when that is here", state)
	}
}

func TestAnEntryOnWhatIsVoidIsVoid(t *testing.T) {
	a := allies(t, risoFolk, quiltFolk)
	bad := sign(t, a.spaces[riso], laptop("dora"), []byte{0x82, 4, 0x40}, a.s.Side(riso).Heads()...)
	foreign := sign(t, entry.SpaceID{9}, laptop("dora"), []byte{0x82, 4, 0x40}, entry.ID{1})
	a.hear(bad, foreign)
	if state, why := a.s.State(foreign.ID()); state != charter.Void || !strings.Contains(why, "neither side") {
		t.Errorf("a statement of another space is %v, %q", state, why)
	}
	unknown := sign(t, a.space, laptop("dora"), []byte{0x81, 0x18, 99}, entry.ID{1})
	if state, _ := a.s.With(unknown).State(unknown.ID()); state != charter.Pending {
		t.Errorf("what a newer release may say in the share is %v", state)
	}
	for what, heads := range map[string][]entry.ID{
		"a void statement of the other side": append(slices.Clone(a.s.Heads()), bad.ID()),
		"a statement of neither side":        append(slices.Clone(a.s.Heads()), foreign.ID()),
		"the pact":                           append(slices.Clone(a.s.Heads()), entry.ID(a.space)),
	} {
		slices.SortFunc(heads, entry.ID.Compare)
		if _, state := a.s.Of(a.writesAt(laptop("dora"), heads...)); state != charter.Void {
			t.Errorf("on %s it is %v", what, state)
		}
	}
}

// speaks says for whom an entry's device speaks there.
func speaks(t *testing.T, s *share.Share, e *entry.Entry) bool {
	t.Helper()
	p, state := s.Of(e)
	if state != charter.Accepted {
		t.Fatalf("the entry is %v", state)
	}
	_, ok := p.Speaks(e.Device)
	return ok
}

func TestNobodySpeaksWithoutTheirOwnSideInTheirPast(t *testing.T) {
	a := allies(t, risoFolk, quiltFolk)
	if !speaks(t, a.s, a.writesAt(laptop("ana"), a.s.Side(riso).Heads()...)) {
		t.Error("Ana doesn't speak by her own side's charter")
	}
	if speaks(t, a.s, a.writesAt(laptop("ana"), a.s.Side(quilted).Heads()...)) {
		t.Error("Ana speaks by the other side's charter")
	}
	if speaks(t, a.s, a.writes(laptop("mallory"))) {
		t.Error("a stranger speaks")
	}
}

// Whoever leaves the other side out of what they know counts nobody of it, and can't build on what
// knew of it.
func TestWhoLeavesTheOtherSideOutCountsNobodyThereAndBuildsOnNothing(t *testing.T) {
	a := allies(t, risoFolk, quiltFolk)
	p, _ := a.s.Of(a.writesAt(laptop("ana"), a.s.Side(riso).Heads()...))
	if sides := p.Sides(); p.Counted() || len(sides[quilted]) != 0 {
		t.Errorf("counted %v", sides)
	}
	if p.Covers(a.s.Heads()) {
		t.Error("it covers heads of a side that it leaves out")
	}
	anas, old := a.writes(laptop("ana")), a.s.Heads()
	a.step(quilted, twoThirds, "dora", "eli")
	whole, _ := a.s.Of(anas)
	newer, _ := a.s.Of(a.writes(laptop("ana")))
	if !whole.Covers(old) || !newer.Covers(old) || whole.Covers(a.s.Heads()) || newer.Covers([]entry.ID{{1}}) {
		t.Error("an older past covers a newer one, or a newer one doesn't cover an older")
	}
}

// A device that both sides have takes care of itself: it must have agreed to both.
func TestADeviceOnBothSidesSpeaksOnNeither(t *testing.T) {
	a := allies(t, risoFolk, quiltFolk)
	two := key("a laptop for two")
	for side, name := range []string{"ana", "dora"} {
		d := charter.NewDevice{Key: two.Device(), Name: "both", Accepted: charter.AcceptDevice(a.spaces[side], key(name).Device(), two)}
		payload, err := a.s.Side(side).Certify(laptop(name).Device(), d)
		a.says(side, laptop(name), payload, err)
		if side == 0 && !speaks(t, a.s, a.writes(two)) {
			t.Fatal("it doesn't speak on one side")
		}
	}
	if speaks(t, a.s, a.writes(two)) {
		t.Error("it speaks")
	}
	if _, ok := a.s.SideOf(two.Device()); ok {
		t.Error("it is on a side")
	}
	if _, ok := a.s.MemberOf(two.Device()); ok {
		t.Error("it speaks for somebody now")
	}
	if !speaks(t, a.s, a.writes(laptop("ana"))) {
		t.Error("the other devices suffer")
	}
}

func TestTermsCountFromWhereAnEntryKnowsThem(t *testing.T) {
	a := allies(t, risoFolk, quiltFolk)
	before := a.writes(laptop("ana"))
	a.agree(change(people), "ana", "ben")
	between := a.writes(laptop("dora"))
	a.agree(change(people), "dora", "eli")
	after := a.writes(laptop("flo"))
	for _, test := range []struct {
		name string
		e    *entry.Entry
		want bool
	}{{"before", before, false}, {"offered", between, false}, {"agreed", after, true}} {
		if p, _ := a.s.Of(test.e); p.ByPeople() != test.want {
			t.Errorf("%s: by people %v", test.name, p.ByPeople())
		}
	}
}
