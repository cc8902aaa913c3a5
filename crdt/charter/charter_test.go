package charter_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

func TestAFoundingFillsItsSeatsInTheOrderOfTheChain(t *testing.T) {
	co := found(t, 3)
	statements := co.chain("ben", "cleo")
	c := charter.Fold(co.space, statements, charter.StepID{})
	if got := names(c.Members()); got != "Ana Ben Cleo" {
		t.Errorf("members %q", got)
	}
	if filled, total := c.Seats(); filled != 3 || total != 3 || c.FoundingOpen() {
		t.Errorf("%d of %d seats, open: %v", filled, total, c.FoundingOpen())
	}
	if c.Name() != "Riso Print Co-op" || c.Rules() != entry.RulesVersion || c.Threshold() != charter.Majority {
		t.Errorf("%q, rules %d, %v", c.Name(), c.Rules(), c.Threshold())
	}
	if want := []entry.ID{statements[2].ID()}; !slices.Equal(c.Heads(), want) || c.Tip() != stepOf(t, statements[2]) {
		t.Errorf("heads %v, want %v", c.Heads(), want)
	}
	for i, m := range c.Members() {
		device := key([]string{"ana", "ben", "cleo"}[i] + "'s laptop").Device()
		who, ok := c.MemberOf(device)
		if !ok || who.ID != m.ID || m.Standing != charter.Full || m.SinceEntry != statements[i].ID() || !c.Knows(device) {
			t.Errorf("%s: %+v speaks for %s", m.Name, m, who.Name)
		}
		if again, ok := c.Member(m.ID); !ok || again.Name != m.Name {
			t.Errorf("member %v is %q", m.ID, again.Name)
		}
	}
	if c.Founder() != c.Members()[0].ID || c.FoundingDevice() != co.founder.Device() {
		t.Error("the founder isn't Ana")
	}
	if !slices.Equal(c.Statements(), statements) {
		t.Error("statements are not in order")
	}
}

func TestAMemberSpeaksOnlyFromTheirSeatOn(t *testing.T) {
	co := found(t, 3)
	s := co.chain("ben", "cleo")
	c := charter.Fold(co.space, s, charter.StepID{})
	cleo := key("cleo's laptop").Device()
	before, state := c.At([]entry.ID{s[1].ID()})
	if state != charter.Accepted {
		t.Fatal(state)
	}
	if _, ok := before.Speaks(cleo); ok {
		t.Error("Cleo speaks before she has a seat")
	}
	after, _ := c.At([]entry.ID{s[2].ID()})
	if who, ok := after.Speaks(cleo); !ok || who != c.Members()[2].ID {
		t.Error("Cleo doesn't speak after her seat")
	}
	if !after.Covers([]entry.ID{s[1].ID()}) || before.Covers([]entry.ID{s[2].ID()}) {
		t.Error("the later past covers the earlier one, and not the other way round")
	}
	if len(before.Full()) != 2 || len(after.Full()) != 3 {
		t.Errorf("%d and %d full members", len(before.Full()), len(after.Full()))
	}
}

// Each statement is handed in after the genesis and Ben's seat.
func TestWhatTheRulesRefuseIsVoidAndChangesNothing(t *testing.T) {
	co := found(t, 3)
	s := co.chain("ben")
	tip, head := stepOf(t, s[1]), s[1].ID()
	other := found(t, 4)
	other.space = entry.SpaceID{}
	other.genesis = other.sign(other.founder, s[0].Payload) // another run, so another space
	other.space = other.genesis.SpaceOf()
	resign := func(change func(invite *entry.Device, r *charter.Redemption)) *entry.Entry {
		invite, r := co.redeem("eli")
		change(&invite, &r)
		return co.sign(co.founder, co.seatPayload(tip, invite, r), head)
	}
	redeemed := func(space entry.SpaceID, code, member, device string) *entry.Entry {
		r, err := charter.NewRedemption(space, key(code), key(member), key(device), "Eli", "laptop")
		if err != nil {
			t.Fatal(err)
		}
		return co.sign(co.founder, co.seatPayload(tip, key(code).Device(), r), head)
	}
	tests := []struct {
		name string
		e    *entry.Entry
		why  string
	}{
		{"a seat filled by a member who isn't the founder", func() *entry.Entry {
			invite, r := co.redeem("eli")
			return co.sign(key("ben's laptop"), co.seatPayload(tip, invite, r), head)
		}(), "only the founder's"},
		{"a seat filled by a key that was never admitted", func() *entry.Entry {
			invite, r := co.redeem("eli")
			return co.sign(key("mallory"), co.seatPayload(tip, invite, r), head)
		}(), "spoke for no member"},
		{"a redemption with another name than the code signed for", resign(func(_ *entry.Device, r *charter.Redemption) { r.Name = "Mallory" }), "code hasn't signed"},
		{"a redemption with another device name", resign(func(_ *entry.Device, r *charter.Redemption) { r.DeviceName = "phone" }), "code hasn't signed"},
		{"a redemption under another code", resign(func(i *entry.Device, _ *charter.Redemption) { *i = key("stolen").Device() }), "code hasn't signed"},
		{"a redemption for another member key", resign(func(_ *entry.Device, r *charter.Redemption) { r.Member = key("mallory").Device() }), "hasn't certified"},
		{"a redemption for another device", resign(func(_ *entry.Device, r *charter.Redemption) { r.Device = key("mallory").Device() }), "hasn't certified"},
		{"a device that never agreed", resign(func(_ *entry.Device, r *charter.Redemption) { r.Accepted = [64]byte{} }), "hasn't agreed"},
		{"a redemption made for another space", redeemed(other.space, "code for eli", "eli", "eli's laptop"), "hasn't certified"},
		{"a code used twice", redeemed(co.space, "code for ben", "eli", "eli's laptop"), "used before"},
		{"a member key used twice", redeemed(co.space, "code for eli", "ben", "eli's laptop"), "in the charter already"},
		{"a device used twice", redeemed(co.space, "code for eli", "eli", "ben's laptop"), "in the charter already"},
		{"the founder's member key again", redeemed(co.space, "code for eli", "ana", "eli's laptop"), "in the charter already"},
		{"a member key that is somebody's device", redeemed(co.space, "code for eli", "ben's laptop", "eli's laptop"), "in the charter already"},
		{"one key as member and device", redeemed(co.space, "code for eli", "eli", "eli"), "in the charter already"},
		{"a code that is the member key", redeemed(co.space, "eli", "eli", "eli's laptop"), "in the charter already"},
		{"a seat whose parent isn't in its past", co.seat("eli", tip, s[0].ID()), "not the newest one in its past"},
		{"a seat whose parent nobody knows", co.seat("eli", charter.StepID{1}, head), "not the newest one in its past"},
		{"a seat beside one in its own past", co.seat("eli", charter.GenesisStep(co.space), head), "not the newest one in its past"},
		{"a second genesis", co.sign(co.founder, s[0].Payload, head), "founds nothing"},
		{"another space's genesis", other.genesis, "another space"},
		{"garbage", co.sign(co.founder, []byte{0xff, 0, 1}, head), "can't be read"},
		{"a seat with a byte too many", co.sign(co.founder, append(slices.Clone(s[1].Payload), 0), head), "can't be read"},
	}
	before := charter.Fold(co.space, s, charter.StepID{})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := before.With(test.e)
			mustState(t, c, test.e, charter.Void, test.why)
			if got := names(c.Members()); got != "Ana Ben" || !slices.Equal(c.Heads(), before.Heads()) || len(c.Forks()) != 0 {
				t.Errorf("members %q, heads %v, forks %v", got, c.Heads(), c.Forks())
			}
			if _, state := c.At([]entry.ID{test.e.ID()}); state != charter.Void {
				t.Errorf("what names it is %v", state)
			}
			onIt := co.seat("flo", tip, sorted(head, test.e.ID())...)
			mustState(t, c.With(onIt), onIt, charter.Void, "stands on a statement that is void")
		})
	}
}

func sorted(ids ...entry.ID) []entry.ID {
	slices.SortFunc(ids, entry.ID.Compare)
	return slices.Compact(ids)
}

func TestASeatBeyondTheLastOneIsVoid(t *testing.T) {
	for seats := 1; seats <= charter.MaxSeats; seats += 19 {
		co := found(t, seats)
		var people []string
		for i := range seats {
			people = append(people, fmt.Sprint("person ", i))
		}
		s := co.chain(people...)
		c := charter.Fold(co.space, s, charter.StepID{})
		mustState(t, c, s[seats], charter.Void, "all founding seats are filled")
		if filled, total := c.Seats(); filled != seats || total != seats {
			t.Errorf("%d of %d seats, want %d", filled, total, seats)
		}
	}
}

func TestAForgedGenesisFoundsNothing(t *testing.T) {
	co := found(t, 2)
	co.space = entry.SpaceID{}
	// Mallory's device with Ana's certificate for her own laptop.
	forged := co.sign(key("mallory"), co.genesis.Payload)
	c := charter.Fold(forged.SpaceOf(), []*entry.Entry{forged}, charter.StepID{})
	mustState(t, c, forged, charter.Void, "hasn't certified")
	if len(c.Members()) != 0 || len(c.Heads()) != 0 || c.Tip() != (charter.StepID{}) || c.FoundingOpen() {
		t.Errorf("members %v, heads %v", c.Members(), c.Heads())
	}
}

func TestWhatThisReleaseDoesNotKnowIsKeptPending(t *testing.T) {
	co := found(t, 3)
	s := co.chain("ben")
	tip, head := stepOf(t, s[1]), s[1].ID()
	// A founding step of the unknown proposal type 10.
	pact := append(append([]byte{0x83, 2, 0x58, 32}, tip[:]...), 0x42, 0x81, 10)
	tests := []struct {
		name string
		e    *entry.Entry
		why  string
	}{
		{"a type of a later release", co.sign(co.founder, []byte{0x82, 16, 0xff}, head), "a kind that this release"},
		{"a type by somebody unknown, who may certify themselves", co.sign(key("mallory"), []byte{0x81, 0x18, 99}, head), "a kind that this release"},
		{"a founding step of an unknown type", co.sign(co.founder, pact, head), "a kind that this release"},
		{"newer rules", co.signUnder(entry.RulesVersion+1, co.founder, []byte{0xff}, head), "rules that this release"},
		{"a missing head", co.seat("eli", tip, sorted(head, entry.ID{1})...), "aren't here yet"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := charter.Fold(co.space, append(s, test.e), charter.StepID{})
			mustState(t, c, test.e, charter.Pending, test.why)
			onIt := co.seat("flo", tip, test.e.ID())
			c = c.With(onIt)
			mustState(t, c, onIt, charter.Pending, "aren't here yet")
			if w := c.Waiting(onIt.ID()); !slices.Equal(w, []entry.ID{test.e.ID()}) {
				t.Errorf("it waits for %v", w)
			}
			if _, state := c.At([]entry.ID{test.e.ID()}); state != charter.Pending {
				t.Errorf("what names it is %v", state)
			}
			if got := names(c.Members()); got != "Ana Ben" || !slices.Equal(c.Heads(), []entry.ID{head}) {
				t.Errorf("members %q, heads %v", got, c.Heads())
			}
		})
	}
	if c := charter.Fold(co.space, s[1:], charter.StepID{}); c.Name() != "" || len(c.Members()) != 0 || !slices.Equal(c.Waiting(head), []entry.ID{s[0].ID()}) {
		t.Error("without its genesis a charter says something")
	}
}

// Ana's device seats Ben, and elsewhere Cleo, at the same place.
func TestAFounderWhoSignsTwiceSplitsTheCoopAndMovesNobodyWhoTookPart(t *testing.T) {
	co := found(t, 5)
	ben, cleo := co.chain("ben", "dora"), co.chain("cleo")
	all := slices.Concat(ben, cleo)
	onBen, onCleo := charter.Fold(co.space, ben, charter.StepID{}), charter.Fold(co.space, cleo, charter.StepID{})

	undecided := charter.Fold(co.space, all, charter.StepID{})
	if got := names(undecided.Members()); got != "Ana" || undecided.Tip() != charter.GenesisStep(co.space) {
		t.Errorf("a newcomer without a side sees %q", got)
	}
	mustState(t, undecided, ben[2], charter.Pending, "has split")
	mustState(t, undecided, cleo[1], charter.Pending, "has split")
	forks := undecided.Forks()
	if len(forks) != 1 || forks[0].Parent != charter.GenesisStep(co.space) || len(forks[0].Branches) != 2 || forks[0].Branches[0].Followed || forks[0].Branches[1].Followed {
		t.Fatalf("forks %+v", forks)
	}
	if !undecided.Knows(key("ben's laptop").Device()) || !undecided.Knows(key("cleo's laptop").Device()) {
		t.Error("a device of one side isn't known")
	}

	for _, side := range []struct {
		name    string
		c       *charter.Charter
		members string
		other   *entry.Entry
	}{
		{"Ben's", onBen.StandOn(onBen.Tip()).With(cleo...), "Ana Ben Dora", cleo[1]},
		{"Cleo's", onCleo.StandOn(onCleo.Tip()).With(ben...), "Ana Cleo", ben[2]},
		{"one that follows Cleo's side", undecided.StandOn(onCleo.Tip()), "Ana Cleo", ben[1]},
		{"one that took part when only Ben was in", charter.Fold(co.space, all, stepOf(t, ben[1])), "Ana Ben Dora", cleo[1]},
	} {
		if got := names(side.c.Members()); got != side.members {
			t.Errorf("%s replica sees %q, want %q", side.name, got, side.members)
		}
		mustState(t, side.c, side.other, charter.Elsewhere, "other side")
		if _, state := side.c.At([]entry.ID{side.other.ID()}); state != charter.Elsewhere {
			t.Errorf("%s replica: what names the other side is %v", side.name, state)
		}
		if f := side.c.Forks(); len(f) != 1 || f[0].Branches[0].Followed == f[0].Branches[1].Followed {
			t.Errorf("%s replica: forks %+v", side.name, f)
		}
		both := sorted(ben[1].ID(), cleo[1].ID())
		if _, state := side.c.At(both); state != charter.Void {
			t.Errorf("heads on both sides are %v", state)
		}
		onBoth := co.seat("eli", stepOf(t, ben[1]), both...)
		mustState(t, side.c.With(onBoth), onBoth, charter.Void, "both sides")
	}
	prefix := onCleo.Tip()
	if step, ok := undecided.StepStartingWith([8]byte(prefix[:8])); !ok || step != prefix {
		t.Error("the step that an invite names isn't found")
	}
	if _, ok := undecided.StepStartingWith([8]byte{}); ok {
		t.Error("a step is found that isn't there")
	}
}

func TestAStandThatIsNotHereDecidesNothing(t *testing.T) {
	co := found(t, 5)
	all := append(co.chain("ben"), co.chain("cleo")...)
	want, got := charter.Fold(co.space, all, charter.StepID{}), charter.Fold(co.space, all, charter.StepID{9})
	same(t, "a stand that nobody knows", seen(want, all), seen(got, all))
}

// A device that signs the same step again and again makes no fork, and drives nobody apart.
func TestOneStepSignedAHundredTimesIsOneStep(t *testing.T) {
	co := found(t, 3)
	s := co.chain("ben")
	all := slices.Clone(s)
	for range 100 {
		all = append(all, co.sign(co.founder, s[1].Payload, s[0].ID()))
	}
	again := co.sign(co.founder, s[1].Payload, s[1].ID()) // by one that knows it already
	all = append(all, again)
	few, many := charter.Fold(co.space, s, charter.StepID{}), charter.Fold(co.space, all, charter.StepID{})
	mustState(t, many, again, charter.Accepted, "")
	if len(many.Heads()) > entry.MaxHeads || len(many.Forks()) != 0 || names(many.Members()) != "Ana Ben" || many.Tip() != few.Tip() {
		t.Errorf("%d heads, %d forks, members %q", len(many.Heads()), len(many.Forks()), names(many.Members()))
	}
	past, _ := many.At(few.Heads())
	if !past.Covers(many.Heads()) {
		t.Error("who knows the step by one statement doesn't cover it by another")
	}
	if len(many.Statements()) != len(all) {
		t.Errorf("%d statements accepted of %d", len(many.Statements()), len(all))
	}
}

func TestFillSeatRefusesWhatTheFoldWould(t *testing.T) {
	co := found(t, 3)
	c := charter.Fold(co.space, co.chain("ben"), charter.StepID{})
	invite, r := co.redeem("cleo")
	payload, err := c.FillSeat(invite, r)
	if err != nil {
		t.Fatal(err)
	}
	e := co.sign(co.founder, payload, c.Heads()...)
	full := c.With(e)
	mustState(t, full, e, charter.Accepted, "")

	other, _ := charter.NewRedemption(co.space, key("x"), key("y"), key("z"), "  BÉN ", "laptop")
	_, foreign := co.redeem("eli")
	used, usedR := co.redeem("ben")
	for _, test := range []struct {
		name   string
		c      *charter.Charter
		invite entry.Device
		r      charter.Redemption
		want   string
	}{
		{"no genesis", charter.Fold(co.space, nil, charter.StepID{}), invite, r, charter.ErrNoGenesis.Error()},
		{"no seat left", full, key("x").Device(), other, charter.ErrFoundingClosed.Error()},
		{"a code used before, even when all is full", full, used, usedR, charter.ErrInviteUsed.Error()},
		{"a name that only differs by case and accent", c, key("x").Device(), other, `the name “BÉN” is taken by Ben`},
		{"a member key that is in", c, key("x").Device(), usedR, charter.ErrKeyKnown.Error()},
		{"another's code", c, key("x").Device(), foreign, charter.ErrInvite.Error()},
	} {
		if _, err := test.c.FillSeat(test.invite, test.r); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
}

func TestReadersGoOnWhileACharterGrows(t *testing.T) {
	co := found(t, 8)
	s := co.chain("b", "c", "d", "e", "f")
	c := charter.Fold(co.space, s[:1], charter.StepID{})
	var wg sync.WaitGroup
	for _, e := range s[1:] {
		old := c
		for range 2 {
			wg.Go(func() {
				for _, head := range s {
					for range 100 {
						if past, state := old.At([]entry.ID{head.ID()}); state == charter.Accepted {
							past.Covers(old.Heads())
						}
					}
				}
			})
		}
		c = c.With(e)
		wg.Go(func() { old.With(e).Statements() }) // two versions made of one
	}
	wg.Wait()
	if names(c.Members()) != "Ana B C D E F" {
		t.Error(names(c.Members()))
	}
}

func BenchmarkAt(b *testing.B) {
	co := found(b, 20)
	s := co.chain("b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t")
	c := charter.Fold(co.space, s, charter.StepID{})
	device := key("t's laptop").Device()
	now, before := slices.Clone(c.Heads()), []entry.ID{s[10].ID()}
	b.Run("current heads", func(b *testing.B) {
		for b.Loop() {
			past, _ := c.At(now)
			past.Speaks(device)
		}
	})
	b.Run("older heads", func(b *testing.B) {
		for b.Loop() {
			past, _ := c.At(before)
			past.Speaks(device)
		}
	})
	two := sorted(s[3].ID(), s[10].ID())
	b.Run("two older heads", func(b *testing.B) {
		for b.Loop() {
			past, _ := c.At(two)
			past.Covers(before)
		}
	})
}

func BenchmarkFold(b *testing.B) {
	co := found(b, 20)
	s := co.chain("b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t")
	b.Run("20 seats", func(b *testing.B) {
		for b.Loop() {
			charter.Fold(co.space, s, charter.StepID{})
		}
	})
	many := slices.Clone(s)
	for range 10000 {
		many = append(many, co.sign(co.founder, s[19].Payload, s[18].ID()))
	}
	b.Run("10000 statements", func(b *testing.B) {
		for b.Loop() {
			charter.Fold(co.space, many, charter.StepID{})
		}
	})
	c := charter.Fold(co.space, many, charter.StepID{})
	one := co.sign(co.founder, s[19].Payload, s[19].ID())
	b.Run("one more than 10000", func(b *testing.B) {
		for b.Loop() {
			c.With(one)
		}
	})
}
