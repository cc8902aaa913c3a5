package charter_test

import (
	"errors"
	"slices"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

func lastOf(run byte, id byte) charter.Frontier {
	return charter.Frontier{{Run: entry.Run{run}, Entry: entry.ID{id}}}
}

func (s *scene) retires(by, device entry.Signer, f charter.Frontier) *entry.Entry {
	s.t.Helper()
	payload, err := s.c.Retire(by.Device(), device.Device(), f)
	return s.says(by, payload, err)
}

// recovers has a member key list live devices; those that are new come with their word.
func (s *scene) recovers(name string, memberKey entry.Signer, others []charter.DeviceFrontier, live ...entry.Signer) *entry.Entry {
	s.t.Helper()
	var list []charter.NewDevice
	for _, d := range live {
		list = append(list, charter.NewDevice{
			Key: d.Device(), Name: "phone", Accepted: charter.AcceptDevice(s.space, memberKey.Device(), d),
		})
	}
	payload, err := s.c.Recover(memberKey.Device(), list, others)
	return s.says(memberKey, payload, err)
}

func TestADeviceIsAddedByOneThatSpeaksAndOnlyWithItsOwnWord(t *testing.T) {
	s := members(t, "ben")
	phone := key("ana's phone")
	before := s.c.Heads()
	s.adds("ana", laptop("ana"), phone)
	if m, ok := s.c.MemberOf(phone.Device()); !ok || m.Name != "Ana" || len(m.Devices) != 2 {
		t.Errorf("%+v", m)
	}
	if past, _ := s.c.At(before); past != nil {
		if _, ok := past.Speaks(phone.Device()); ok {
			t.Error("the phone speaks before it was added")
		}
	}
	_, err := s.c.Certify(laptop("ben").Device(), newDevice(s.space, "ben", phone))
	wantErr(t, err, charter.ErrKeyKnown)
	_, err = s.c.Certify(laptop("ben").Device(), newDevice(s.space, "ana", key("another phone")))
	wantErr(t, err, charter.ErrNotAccepted)
	_, err = s.c.Certify(key("mallory").Device(), newDevice(s.space, "mallory", key("another phone")))
	wantErr(t, err, charter.ErrNotMember)
	s.adds("ana", phone, key("ana's box")) // devices certify further ones
	if !s.speaks(key("ana's box")) {
		t.Error("the box doesn't speak")
	}
	_, err = s.c.Retire(laptop("ben").Device(), phone.Device(), nil)
	wantErr(t, err, charter.ErrNotYours)
}

func TestARetiredDeviceSpeaksNoMoreAndItsFrontierIsKept(t *testing.T) {
	s := members(t, "ben")
	phone := key("ana's phone")
	s.adds("ana", laptop("ana"), phone)
	before := s.c
	s.retires(laptop("ana"), phone, lastOf(1, 2))
	if s.speaks(phone) {
		t.Error("the phone speaks on")
	}
	cuts, ok := s.c.Cut(phone.Device())
	if last, named := cuts[0].Of(entry.Run{1}); !ok || !named || last != (entry.ID{2}) {
		t.Errorf("cuts %v", cuts)
	}
	if d := s.c.CutsSince(before); len(d) != 1 || d[0] != phone.Device() {
		t.Errorf("cuts since: %v", d)
	}
	if _, ok := s.c.Cut(laptop("ana").Device()); ok {
		t.Error("the laptop is cut")
	}
	late := s.sign(phone, raw(t, charter.Statement{Type: charter.TypeSeen}), s.c.Heads()...)
	s.hear(late)
	mustState(t, s.c, late, charter.Void, "spoke for no member")
}

func TestRetiringADeviceVoidsWhatItAddedBeyondTheFrontier(t *testing.T) {
	s := members(t, "ben")
	phone, known, unknown := key("ana's phone"), key("known"), key("unknown")
	s.adds("ana", laptop("ana"), phone)
	s.adds("ana", phone, known)
	o := s.apart()
	o.adds("ana", phone, unknown)
	s.retires(laptop("ana"), phone, nil)
	s.meet(o)
	if !s.speaks(known) || s.speaks(unknown) || s.speaks(phone) {
		t.Error("what the retirement knew of stays, the rest goes")
	}
	if cuts, ok := s.c.Cut(unknown.Device()); !ok || len(cuts) == 0 || len(cuts[0]) != 0 {
		t.Errorf("cuts %v", cuts)
	}
}

// A step that gave a new key says what is honoured of the devices that it takes out of use; of those that came after it the new phrase does.
func TestWhatADeviceWroteUnderANewKeyIsHonouredAsTheNewPhraseSays(t *testing.T) {
	s := members(t, "ben", "cleo", "dora")
	again, desk, box := key("dora again"), key("dora's desk"), key("dora's box")
	s.rekeys("dora", again, desk, honoured(1, laptop("dora")), "ana", "ben", "cleo")
	payload, err := s.c.Certify(desk.Device(), charter.NewDevice{Key: box.Device(), Name: "box", Accepted: charter.AcceptDevice(s.space, again.Device(), box)})
	s.says(desk, payload, err)
	s.recovers("dora", again, honoured(2, laptop("dora"), box), desk)
	for _, d := range []entry.Signer{laptop("dora"), box} {
		cuts, _ := s.c.Cut(d.Device())
		if len(cuts) != 1 || !slices.Equal(cuts[0], lastOf(1, 2)) {
			t.Errorf("what the phrase honours isn't: %v", cuts)
		}
	}
}

// What a step has taken out of use stays so for who proposes the next one, whatever has come of it since then.
func TestASecondNewKeyHonoursNoMoreOfADeviceThanTheFirst(t *testing.T) {
	s := members(t, "ben", "cleo", "dora")
	again, desk := key("dora again"), key("dora's desk")
	s.rekeys("dora", again, desk, honoured(1, laptop("dora")), "ana", "ben", "cleo")
	want := func() {
		t.Helper()
		if cuts, _ := s.c.RetiredBy(laptop("dora").Device()); len(cuts) != 1 || !slices.Equal(cuts[0], lastOf(1, 1)) {
			t.Errorf("of a stolen laptop is honoured what is under %v", cuts)
		}
	}
	want()
	s.recovers("dora", again, honoured(2, laptop("dora")), desk)
	want()
}

// rekeys gives somebody a new member key by a step that some agree on, which says what is honoured of their devices.
func (s *scene) rekeys(name string, to, device entry.Signer, honoured []charter.DeviceFrontier, by ...string) {
	s.t.Helper()
	rekey, err := charter.NewRekey(s.space, s.id(name), to, device, "desk")
	if err != nil {
		s.t.Fatal(err)
	}
	s.agree(charter.Terms{Type: charter.ProposalKey, Rekey: &rekey, Frontiers: honoured}, by...)
}

// Attack 19f.
func TestTwoDevicesThatRetireEachOtherAreBothRetiredAndThePhraseDecides(t *testing.T) {
	s := members(t, "ben")
	phone := key("ana's phone")
	s.adds("ana", laptop("ana"), phone)
	o := s.apart()
	s.retires(laptop("ana"), phone, nil)
	o.retires(phone, laptop("ana"), nil)
	s.meet(o)
	if s.speaks(laptop("ana")) || s.speaks(phone) {
		t.Error("one of them speaks on")
	}
	// It is the same if the second knows of the first.
	q := members(t, "ben")
	q.adds("ana", laptop("ana"), phone)
	q.retires(laptop("ana"), phone, nil)
	q.retires(phone, laptop("ana"), nil)
	if q.speaks(laptop("ana")) || q.speaks(phone) {
		t.Error("one of them speaks on")
	}
	s.recovers("ana", key("ana"), nil, phone)
	if s.speaks(laptop("ana")) || !s.speaks(phone) {
		t.Error("the phrase doesn't decide")
	}
	if _, ok := s.c.Cut(phone.Device()); ok {
		t.Error("the phone is cut, though the phrase says that it is live")
	}
	id := s.proposes("ben", threshold(charter.AllButOne)) // needs both
	payload, err := s.c.Consent(phone.Device(), id, false)
	s.says(phone, payload, err)
	s.enacts("ben", id)
}

// Attack 21, in both orders.
func TestThePhraseBeatsAStolenLaptopAndAnAgreedKeyBeatsAStolenPhrase(t *testing.T) {
	for _, thiefFirst := range []bool{true, false} {
		s := members(t, "ben", "cleo")
		phone, thiefs, fresh := key("ana's phone"), key("the thief's"), key("ana's new phone")
		s.adds("ana", laptop("ana"), phone)
		thief, owner := s.apart(), s
		thief.adds("ana", laptop("ana"), thiefs)
		thief.retires(thiefs, phone, nil)
		if thiefFirst {
			owner.hear(thief.all...)
		}
		owner.retires(phone, laptop("ana"), nil)
		owner.recovers("ana", key("ana"), []charter.DeviceFrontier{{Device: laptop("ana").Device(), Frontier: lastOf(1, 1)}}, fresh, phone)
		owner.meet(thief)
		if !owner.speaks(fresh) || !owner.speaks(phone) || owner.speaks(thiefs) || owner.speaks(laptop("ana")) {
			t.Error("the phrase doesn't beat the thief")
		}
		// What the thief's devices say, at whatever heads, replaces nothing.
		late := thief.sign(thiefs, raw(t, charter.Statement{Type: charter.TypeRetire, Device: phone.Device()}), s.all[3].ID())
		owner.hear(late)
		if !owner.speaks(phone) {
			t.Error("the thief retires a device behind the phrase's back")
		}
		if m, _ := owner.c.Member(s.id("ana")); !m.Devices[indexOf(m, fresh)].Consents {
			t.Error("the first device listed doesn't consent")
		}

		// The thief has the phrase, too: of two such statements neither adds, both retire.
		thief = owner.apart()
		thief.recovers("ana", key("ana"), nil, key("a thief's second"), phone)
		owner.recovers("ana", key("ana"), nil, key("ana's third"), phone)
		owner.meet(thief)
		if owner.speaks(key("a thief's second")) || owner.speaks(key("ana's third")) || owner.speaks(fresh) || !owner.speaks(phone) {
			t.Error("of two words of the phrase, one adds or one doesn't retire")
		}
		r, err := charter.NewRekey(s.space, s.id("ana"), key("ana again"), key("ana's desk"), "desk")
		if err != nil {
			t.Fatal(err)
		}
		owner.agree(charter.Terms{Type: charter.ProposalKey, Rekey: &r, Frontiers: []charter.DeviceFrontier{
			{Device: phone.Device(), Frontier: lastOf(3, 3)},
		}}, "ben", "cleo")
		if !owner.speaks(key("ana's desk")) || owner.speaks(phone) {
			t.Error("the agreed key doesn't beat the phrase")
		}
		if cuts, ok := owner.c.Cut(phone.Device()); !ok || len(cuts) == 0 {
			t.Error("the phone isn't cut")
		}
		// The old phrase has no word any more, even at old heads.
		old := owner.sign(key("ana"), raw(t, charter.Statement{Type: charter.TypeRecover, Live: []charter.NewDevice{newDevice(s.space, "ana", key("again"))}}), s.all[3].ID())
		owner.hear(old)
		if owner.speaks(key("again")) || !owner.speaks(key("ana's desk")) {
			t.Error("the old phrase still has a word")
		}
		_, err = owner.c.Recover(key("ana").Device(), []charter.NewDevice{newDevice(s.space, "ana", key("yet again"))}, nil)
		wantErr(t, err, charter.ErrNotMemberKey)
		owner.recovers("ana", key("ana again"), nil, key("ana's desk"), phone)
		if !owner.speaks(phone) {
			t.Error("the new phrase can't bring the phone back")
		}
		if m, _ := owner.c.Member(s.id("ana")); m.Standing != charter.Full || m.Key != key("ana again").Device() {
			t.Errorf("%+v", m)
		}
	}
}

func indexOf(m charter.Member, d entry.Signer) int {
	for i := range m.Devices {
		if m.Devices[i].Key == d.Device() {
			return i
		}
	}
	return -1
}

func TestAStolenLaptopThatResignsForItsOwnerIsOverruledByThePhrase(t *testing.T) {
	s := members(t, "ben", "cleo")
	payload, err := s.c.Resign(laptop("ana").Device(), nil, "bye")
	s.says(laptop("ana"), payload, err)
	if s.speaks(laptop("ana")) || s.standing(charter.Resigned) != "Ana" {
		t.Error("Ana hasn't resigned")
	}
	s.recovers("ana", key("ana"), nil, key("ana's phone"))
	s.wantFull("Ana Ben Cleo")
	if needs, of := s.c.Needed(); needs != 2 || of != 3 {
		t.Errorf("%d of %d", needs, of)
	}
}

func TestAResignationSilencesAtOnceAndLeavesTheCountWithTheNextStep(t *testing.T) {
	s := members(t, "ben", "cleo", "dora")
	payload, err := s.c.Resign(laptop("dora").Device(), []charter.DeviceFrontier{{Device: laptop("dora").Device(), Frontier: lastOf(1, 1)}}, "I move away")
	s.says(laptop("dora"), payload, err)
	if s.speaks(laptop("dora")) {
		t.Error("Dora's laptop speaks on")
	}
	if cuts, ok := s.c.Cut(laptop("dora").Device()); !ok || len(cuts) != 1 || len(cuts[0]) != 1 {
		t.Errorf("cuts %v", cuts)
	}
	if needs, of := s.c.Needed(); needs != 2 || of != 3 {
		t.Errorf("%d of %d", needs, of)
	}
	s.agree(threshold(charter.TwoThirds), "ana", "ben")
	s.wantFull("Ana Ben Cleo")
	past, _ := s.c.At(s.c.Heads())
	if st, ok := past.Standing(s.id("dora")); !ok || st != charter.Resigned {
		t.Error(st)
	}
	_, err = s.c.Recover(key("dora").Device(), []charter.NewDevice{newDevice(s.space, "dora", key("dora's phone"))}, nil)
	wantErr(t, err, charter.ErrNotMemberKey) // it is too late: to come back, be admitted again
}

// Attack 19b.
func TestWhatEliSaysLaterAboutStepThreeChangesNothingThatFollowed(t *testing.T) {
	s := members(t, "ben", "eli")
	phone := key("eli's phone")
	s.adds("eli", laptop("eli"), phone)
	third := s.c.Heads()
	for i := range 8 {
		s.agree(charter.Terms{Type: charter.ProposalInvites, Invites: i}, "eli", "ben")
	}
	tip := s.c.Tip()
	resigns := s.sign(phone, raw(t, charter.Statement{Type: charter.TypeResign}), third...)
	retires := s.sign(phone, raw(t, charter.Statement{Type: charter.TypeRetire, Device: laptop("eli").Device()}), third...)
	s.hear(resigns, retires)
	mustState(t, s.c, resigns, charter.Accepted, "")
	mustState(t, s.c, retires, charter.Accepted, "")
	if s.c.Tip() != tip || s.c.InvitesAllowed() != 7 || len(s.c.Forks()) != 0 {
		t.Error("a step fell")
	}
	if s.speaks(laptop("eli")) || s.speaks(phone) {
		t.Error("Eli speaks on")
	}
}

// Attack 19c.
func TestAResignationBesideAnEnactCountsAsTheProposalSays(t *testing.T) {
	s := members(t, "ben", "cleo", "dora", "eli", "flo")
	o := s.apart()
	payload, err := o.c.Resign(laptop("flo").Device(), nil, "")
	o.says(laptop("flo"), payload, err)
	id := s.proposes("ana", threshold(charter.TwoThirds)) // doesn't know of it: 4 of 6
	s.consents("ben", id)
	s.consents("cleo", id)
	s.meet(o)
	_, err = s.c.Enact(laptop("ana").Device(), id)
	wantErr(t, err, charter.ErrTooFew)
	again := s.proposes("eli", threshold(charter.AllButOne)) // does: 3 of 5
	if p, _ := s.c.Proposal(again); p.Needs != 3 || p.Of != 5 {
		t.Errorf("%d of %d", p.Needs, p.Of)
	}
	s.consents("dora", id) // and so the first passes after all
	s.enacts("ana", id)
	s.meet(o)
	if s.c.Tip() != id || o.c.Tip() != id || s.standing(charter.Resigned) != "Flo" {
		t.Error("the step isn't in force everywhere")
	}
}

// Without this rule, four who consent to one step and resign are counted out of another at the
// same parent, and both pass without anybody's double signature.
func TestWhoConsentedAndThenResignsIsCountedOutOnlyAtTheNextParent(t *testing.T) {
	s := members(t, "ben", "cleo", "dora")
	first := s.proposes("dora", threshold(charter.TwoThirds))
	payload, err := s.c.Resign(laptop("dora").Device(), nil, "")
	resigned := s.says(laptop("dora"), payload, err)
	second := s.proposes("ana", threshold(charter.AllButOne))
	if p, _ := s.c.Proposal(second); p.Of != 4 || p.Needs != 3 {
		t.Errorf("%d of %d", p.Needs, p.Of)
	}
	forced := s.sign(laptop("ana"), raw(t, charter.Statement{Type: charter.TypePropose, Step: &charter.Step{
		Parent: s.c.Tip(), Terms: charter.Terms{Type: charter.ProposalThreshold, Threshold: 4, Resigned: []entry.ID{resigned.ID()}},
	}}), s.c.Heads()...)
	s.hear(forced)
	mustState(t, s.c, forced, charter.Void, "resignation that doesn't count here")
	if p, _ := s.c.Proposal(first); len(p.Consents) != 1 {
		t.Error("what Dora consented to before she left doesn't count")
	}
	s.consents("ben", first)
	s.consents("cleo", first)
	s.enacts("ben", first)
	s.agree(charter.Terms{Type: charter.ProposalInvites, Invites: 1}, "ana", "ben")
	s.wantFull("Ana Ben Cleo")
}

func TestAConsentOfAThiefThatTheRetirementDidntKnowDoesntCount(t *testing.T) {
	s := members(t, "ben", "cleo")
	phone := key("ana's phone")
	s.adds("ana", laptop("ana"), phone)
	id := s.proposes("ben", remove(s, "cleo"))
	o := s.apart()
	o.consents("ana", id) // the thief, on the laptop
	s.retires(phone, laptop("ana"), nil)
	s.meet(o)
	if p, _ := s.c.Proposal(id); len(p.Consents) != 1 {
		t.Errorf("%d consents", len(p.Consents))
	}
	_, err := s.c.Enact(laptop("ben").Device(), id)
	wantErr(t, err, charter.ErrTooFew)
	payload, err := s.c.MoveConsents(phone.Device(), phone.Device()) // nothing else is left
	s.says(phone, payload, err)
	q := s.apart()
	payload, err = q.c.Consent(phone.Device(), id, false)
	q.says(phone, payload, err)
	if p, _ := q.c.Proposal(id); len(p.Consents) != 2 {
		t.Errorf("%d consents", len(p.Consents))
	}
}

func TestADeviceThatTwoMembersClaimSpeaksForNeither(t *testing.T) {
	s := members(t, "ben", "eli")
	both := key("a device of nobody's")
	o := s.apart()
	s.adds("ben", laptop("ben"), both)
	o.adds("eli", laptop("eli"), both)
	if !s.speaks(both) {
		t.Error("it doesn't speak for Ben")
	}
	s.meet(o)
	if s.speaks(both) {
		t.Error("it speaks")
	}
}

func TestAFounderWhoLostTheirDeviceFillsSeatsFromTheNextOne(t *testing.T) {
	co := found(t, 4)
	all := co.chain("ben")
	s := &scene{coop: co, t: t, c: charter.Fold(co.space, all, charter.StepID{}), all: all}
	fresh := key("ana's phone")
	s.recovers("ana", key("ana"), nil, fresh)
	invite, r := co.redeem("cleo")
	payload, err := s.c.FillSeat(invite, r)
	old := s.sign(laptop("ana"), payload, s.c.Heads()...)
	s.hear(old)
	mustState(t, s.c, old, charter.Void, "spoke for no member")
	if s.c.FoundingDevice() != fresh.Device() {
		t.Error("the founding device is another")
	}
	s.says(fresh, payload, err)
	s.wantFull("Ana Ben Cleo")
}

// A resignation leaves the founder in the chain until the next step, and the founding open with them.
func TestAFounderWhoHasLeftFillsNoSeatAndClosesNothing(t *testing.T) {
	co := found(t, 3)
	all := co.chain()
	s := &scene{coop: co, t: t, c: charter.Fold(co.space, all, charter.StepID{}), all: all}
	payload, err := s.c.Resign(laptop("ana").Device(), nil, "")
	s.says(laptop("ana"), payload, err)
	if s.c.FoundingDevice() != (entry.Device{}) {
		t.Error("a device founds on for a founder who has left")
	}
	_, err = s.c.FillSeat(co.redeem("ben"))
	wantErr(t, err, charter.ErrNotFounder)
	_, err = s.c.CloseFounding(laptop("ana").Device(), "")
	wantErr(t, err, charter.ErrNotMember)
}

func TestTheMemberKeySaysNothingButWhichDevicesAreLive(t *testing.T) {
	s := members(t, "ben")
	e := s.sign(key("ana"), raw(t, charter.Statement{Type: charter.TypeResign}), s.c.Heads()...)
	s.hear(e)
	mustState(t, s.c, e, charter.Void, "spoke for no member")
	_, err := s.c.Recover(laptop("ana").Device(), []charter.NewDevice{newDevice(s.space, "ana", key("x"))}, nil)
	wantErr(t, err, charter.ErrNotMemberKey)
	_, err = s.c.Recover(key("ana").Device(), []charter.NewDevice{newDevice(s.space, "ben", key("x"))}, nil)
	wantErr(t, err, charter.ErrNotAccepted)
	_, err = s.c.Recover(key("ana").Device(), []charter.NewDevice{{Key: laptop("ben").Device(), Name: "x"}}, nil)
	wantErr(t, err, charter.ErrKeyKnown)
	var limit *charter.LimitError
	if _, err = s.c.Recover(key("ana").Device(), nil, nil); !errors.As(err, &limit) {
		t.Error(err)
	}
	if !s.c.Knows(key("ana").Device()) {
		t.Error("the member key isn't known: nobody would take what it signs")
	}
}
