package charter_test

import (
	"bytes"
	"fmt"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// Rules that are seldom asked, one by one.

func TestOnlyACertifiedDeviceOfSomebodyWhoIsInRetiresAnother(t *testing.T) {
	s := members(t, "ben", "cleo", "mel")
	phone, box, other := key("mel's phone"), key("mel's box"), key("mel's other")
	s.adds("mel", laptop("mel"), phone)
	s.adds("mel", laptop("mel"), other)
	before := s.c.Heads()
	s.retires(phone, laptop("mel"), nil)
	// Of a device that was added beyond the retirement of the one that added it.
	d := newDevice(s.space, "mel", box)
	added := s.sign(laptop("mel"), raw(t, charter.Statement{Type: charter.TypeCertify, New: &d}), before...)
	s.hear(added)
	_, err := s.c.Retire(box.Device(), phone.Device(), nil)
	wantErr(t, err, charter.ErrNotMember)
	payload, err := s.c.Retire(laptop("mel").Device(), other.Device(), nil) // a retired one may
	s.says(laptop("mel"), payload, err)
	// Of somebody who has left, by themselves or by a step.
	o := s.apart()
	payload, err = o.c.Resign(phone.Device(), nil, "")
	o.says(phone, payload, err)
	_, err = o.c.Retire(phone.Device(), other.Device(), nil)
	wantErr(t, err, charter.ErrNotMember)
	s.agree(remove(s, "mel"), "ana", "ben", "cleo")
	_, err = s.c.Retire(phone.Device(), other.Device(), nil)
	wantErr(t, err, charter.ErrNotMember)
}

func TestWhatOneMembersDevicesSayOfEachOtherIsBounded(t *testing.T) {
	s := members(t, "ben")
	phone := key("ana's phone")
	s.adds("ana", laptop("ana"), phone)
	at := s.c.Heads()
	var all []*entry.Entry
	for range charter.MaxOwn - 1 { // and the certificate
		e := s.sign(laptop("ana"), raw(t, charter.Statement{Type: charter.TypeMove, Device: laptop("ana").Device()}), at...)
		all, at = append(all, e), []entry.ID{e.ID()}
	}
	s.c = s.c.With(all...)
	mustState(t, s.c, all[len(all)-1], charter.Accepted, "")
	for what, payload := range map[string][]byte{
		"move":        raw(t, charter.Statement{Type: charter.TypeMove, Device: laptop("ana").Device()}),
		"retirement":  raw(t, charter.Statement{Type: charter.TypeRetire, Device: phone.Device()}),
		"resignation": raw(t, charter.Statement{Type: charter.TypeResign}),
		"certificate": raw(t, charter.Statement{Type: charter.TypeCertify, New: device(s.space, "ana")}),
	} {
		e := s.sign(laptop("ana"), payload, s.c.Heads()...)
		s.hear(e)
		if state, _ := s.c.State(e.ID()); state != charter.Void {
			t.Errorf("one more %s is %v", what, state)
		}
	}
	s.recovers("ana", key("ana"), nil, laptop("ana"), phone) // a new word of the phrase begins anew
	s.retires(phone, laptop("ana"), nil)
	if s.speaks(laptop("ana")) {
		t.Error("the laptop speaks on")
	}
}

func TestWithTwoDevicesToConsentFromNeitherDoes(t *testing.T) {
	s := members(t, "ben", "cleo")
	phone, tablet := key("ana's phone"), key("ana's tablet")
	s.adds("ana", laptop("ana"), phone)
	s.adds("ana", laptop("ana"), tablet)
	o := s.apart()
	payload, err := s.c.MoveConsents(laptop("ana").Device(), phone.Device())
	s.says(laptop("ana"), payload, err)
	payload, err = o.c.MoveConsents(laptop("ana").Device(), tablet.Device())
	o.says(laptop("ana"), payload, err)
	s.meet(o)
	id := s.proposes("ben", threshold(charter.TwoThirds))
	for _, d := range []entry.Signer{laptop("ana"), phone, tablet} {
		_, err := s.c.Consent(d.Device(), id, false)
		wantErr(t, err, charter.ErrOtherDevice)
	}
	payload, err = s.c.MoveConsents(tablet.Device(), phone.Device()) // one of the two says which
	s.says(tablet, payload, err)
	payload, err = s.c.Consent(phone.Device(), id, false)
	s.says(phone, payload, err)
}

func TestAProposalNamesOneResignationOfEachMember(t *testing.T) {
	s := members(t, "ben", "cleo", "mel")
	phone := key("mel's phone")
	s.adds("mel", laptop("mel"), phone)
	o := s.apart()
	payload, err := s.c.Resign(laptop("mel").Device(), nil, "")
	one := s.says(laptop("mel"), payload, err)
	payload, err = o.c.Resign(phone.Device(), nil, "")
	two := o.says(phone, payload, err)
	s.meet(o)
	propose := func(ids ...entry.ID) *entry.Entry {
		e := s.sign(laptop("ana"), raw(t, charter.Statement{Type: charter.TypePropose, Step: &charter.Step{
			Parent: s.c.Tip(), Terms: charter.Terms{Type: charter.ProposalThreshold, Threshold: 2, Resigned: sorted(ids...)},
		}}), s.c.Heads()...)
		s.hear(e)
		return e
	}
	mustState(t, s.c, propose(one.ID(), two.ID()), charter.Void, "resignation that doesn't count here")
	mustState(t, s.c, propose(two.ID()), charter.Accepted, "")
	if needs, of := s.c.Needed(); needs != 2 || of != 3 {
		t.Errorf("%d of %d", needs, of)
	}
}

func TestWhoIsNoFullMemberAnyMoreHasNoInvites(t *testing.T) {
	s := members(t, "ben", "cleo", "mel")
	code, r := s.redeem("dora")
	payload, err := s.c.Invite(laptop("mel").Device(), code, 0)
	s.says(laptop("mel"), payload, err)
	payload, err = s.c.Resign(laptop("mel").Device(), nil, "")
	s.says(laptop("mel"), payload, err)
	_, err = s.c.AdmitProspective(laptop("ana").Device(), code, r)
	wantErr(t, err, charter.ErrNoInvite)
}

// Whose room it takes hangs on whose invite it is.
func TestOfTwoInvitesWithOneKeyTheLowerIDIsTheInvite(t *testing.T) {
	s := members(t, "ben", "cleo")
	s.agree(charter.Terms{Type: charter.ProposalInvites, Invites: 1}, "ana", "ben")
	before := s.c.Heads()
	for i := range 8 {
		code, r := s.redeem(fmt.Sprintf("%d", i))
		payload := raw(t, charter.Statement{Type: charter.TypeInvite, Invite: code})
		byAna, byBen := s.sign(laptop("ana"), payload, before...), s.sign(laptop("ben"), payload, before...)
		c := s.c.With(byAna, byBen)
		payload, err := c.AdmitProspective(laptop("cleo").Device(), code, r)
		if err != nil {
			t.Fatal(err)
		}
		joined := s.sign(laptop("cleo"), payload, c.Heads()...)
		c = c.With(joined)
		first := s.id("ana")
		if a, b := byAna.ID(), byBen.ID(); bytes.Compare(b[:], a[:]) < 0 {
			first = s.id("ben")
		}
		if m, _ := c.MemberOf(laptop(fmt.Sprint(i)).Device()); m.InvitedBy != first {
			t.Fatalf("invited by %v, the lower ID is %v's", m.InvitedBy, first)
		}
	}
}

// Ben has seen the code that Ana gives Cleo, and publishes it as his own while he hears nothing from her.
func TestACodeThatFilledAFoundingSeatBringsNobodyElseIn(t *testing.T) {
	co := found(t, 4)
	all := co.chain("ben")
	s := &scene{coop: co, t: t, c: charter.Fold(co.space, all, charter.StepID{}), all: all}
	o := s.apart()
	code, r := s.redeem("cleo")
	payload, err := s.c.FillSeat(code, r)
	s.says(laptop("ana"), payload, err)
	payload, err = o.c.Invite(laptop("ben").Device(), code, 0)
	o.says(laptop("ben"), payload, err)
	s.meet(o)
	again, err := charter.NewRedemption(s.space, key("code for cleo"), key("dora"), laptop("dora"), "Dora", "laptop")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.c.AdmitProspective(laptop("ben").Device(), code, again)
	wantErr(t, err, charter.ErrInviteUsed)
	e := s.sign(laptop("ben"), raw(t, charter.Statement{Type: charter.TypeProspective, Invite: code, Joiner: &again}), s.c.Heads()...)
	s.hear(e)
	mustState(t, s.c, e, charter.Void, "its invite code was used before")
}

func TestOnceTheFounderHasLeftAStepNeedsTheOthersAlone(t *testing.T) {
	co := found(t, 5)
	all := co.chain("ben", "cleo", "dora")
	s := &scene{coop: co, t: t, c: charter.Fold(co.space, all, charter.StepID{}), all: all}
	with := s.apart()
	id := with.proposes("ben", threshold(charter.TwoThirds))
	for _, name := range []string{"cleo", "dora"} {
		with.consents(name, id)
	}
	_, err := with.c.Enact(laptop("ben").Device(), id)
	wantErr(t, err, charter.ErrTooFew) // the founding is open
	payload, err := s.c.Resign(laptop("ana").Device(), nil, "")
	s.says(laptop("ana"), payload, err)
	s.agree(threshold(charter.ThreeQuarters), "ben", "cleo", "dora") // names the resignation
	if s.c.FoundingOpen() {
		t.Error("the founding is open, and nobody can close it")
	}
	s.agree(threshold(charter.Majority), "ben", "cleo", "dora")
}

// What nobody could sign that is in: a device that speaks for two, and one key in two parts.
func TestEveryKeyHasOnePart(t *testing.T) {
	s := members(t, "ben", "cleo")
	code, r := s.redeem("dora")
	payload, err := s.c.Invite(laptop("ana").Device(), code, 0)
	s.says(laptop("ana"), payload, err)
	_, err = s.c.Invite(laptop("ben").Device(), laptop("ana").Device(), 0)
	wantErr(t, err, charter.ErrKeyKnown)
	_, err = s.c.Invite(laptop("ben").Device(), key("ana").Device(), 0)
	wantErr(t, err, charter.ErrKeyKnown)
	same, err := charter.NewRedemption(s.space, key("code for dora"), key("dora"), key("dora"), "Dora", "laptop")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.c.AdmitProspective(laptop("ana").Device(), code, same)
	wantErr(t, err, charter.ErrKeyKnown)
	payload, err = s.c.AdmitProspective(laptop("ana").Device(), code, r)
	s.says(laptop("ana"), payload, err)
}

func TestASeatIsFilledFromTheDeviceThatConsentsForTheFounderAlone(t *testing.T) {
	co := found(t, 3)
	all := co.chain("ben")
	s := &scene{coop: co, t: t, c: charter.Fold(co.space, all, charter.StepID{}), all: all}
	phone := key("ana's phone")
	s.adds("ana", laptop("ana"), phone)
	invite, r := s.redeem("cleo")
	e := s.sign(phone, s.seatPayload(s.c.Tip(), invite, r), s.c.Heads()...)
	s.hear(e)
	mustState(t, s.c, e, charter.Void, "only the founder's device")
	payload, err := s.c.MoveConsents(laptop("ana").Device(), phone.Device())
	s.says(laptop("ana"), payload, err)
	e = s.sign(phone, s.seatPayload(s.c.Tip(), invite, r), s.c.Heads()...)
	s.hear(e)
	mustState(t, s.c, e, charter.Accepted, "")
}

func TestAProposalAtAPlaceThatTheCoopHasLeftIsVoid(t *testing.T) {
	s := members(t, "ben")
	left := s.c.Tip()
	s.agree(threshold(charter.TwoThirds), "ana", "ben")
	for _, parent := range []charter.StepID{left, {1}} {
		e := s.sign(laptop("ana"), raw(t, charter.Statement{Type: charter.TypePropose, Step: &charter.Step{
			Parent: parent, Terms: charter.Terms{Type: charter.ProposalInvites, Invites: 1},
		}}), s.c.Heads()...)
		s.hear(e)
		mustState(t, s.c, e, charter.Void, "its parent step is not the newest one")
	}
}

func TestNobodyIsAdmittedByARedemptionThatDoesntCount(t *testing.T) {
	s := members(t, "ben", "cleo", "mel")
	before := s.c.Heads()
	s.invites("ben", "eli")
	s.agree(remove(s, "mel"), "ana", "ben", "cleo")
	other := key("another code")
	r, err := charter.NewRedemption(s.space, other, key("eli"), key("eli's phone"), "Somebody Else", "phone")
	if err != nil {
		t.Fatal(err)
	}
	invite := s.sign(laptop("mel"), raw(t, charter.Statement{Type: charter.TypeInvite, Invite: other.Device()}), before...)
	late := s.sign(laptop("mel"), raw(t, charter.Statement{Type: charter.TypeProspective, Invite: other.Device(), Joiner: &r}), invite.ID())
	s.hear(invite, late)
	s.wantProspective("eli")
	_, _, err = s.c.Propose(laptop("ana").Device(), charter.Terms{Type: charter.ProposalAdmit, Admission: late.ID()})
	wantErr(t, err, charter.ErrNotProspective)
	s.agree(charter.Terms{Type: charter.ProposalAdmit, Member: s.id("eli")}, "ana", "ben")
}

func TestConsentsAreMovedToALiveDeviceOnly(t *testing.T) {
	s := members(t, "ben")
	phone := key("ana's phone")
	s.adds("ana", laptop("ana"), phone)
	s.retires(laptop("ana"), phone, nil)
	_, err := s.c.MoveConsents(laptop("ana").Device(), phone.Device())
	wantErr(t, err, charter.ErrNotYours)
}

func TestARedemptionBeyondWhatTheChainAllowsIsVoid(t *testing.T) {
	s := members(t, "ben")
	for i := range charter.DefaultInvites {
		s.invites("ana", fmt.Sprintf("guest %d", i))
	}
	invite, redemption := s.invitesRaw(laptop("ana"), "one more", s.c.Heads()...)
	s.hear(invite, redemption)
	mustState(t, s.c, invite, charter.Accepted, "")
	mustState(t, s.c, redemption, charter.Void, "as many open invites")
}
