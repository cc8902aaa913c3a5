package charter_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

func TestAnAgreedStepIsInForceByTheFirstEnactThatHoldsEnoughConsents(t *testing.T) {
	s := members(t, "ben", "cleo", "dora", "eli")
	id := s.proposes("ben", threshold(charter.TwoThirds))
	s.consents("cleo", id)
	if _, err := s.c.Enact(laptop("ben").Device(), id); !errors.Is(err, charter.ErrTooFew) {
		t.Errorf("2 of 5 consents: %v", err)
	}
	if len(s.c.Enactable()) != 0 {
		t.Error("2 of 5 can be enacted")
	}
	p := s.c.Pending()
	if len(p) != 1 || p[0].ID != id || p[0].Needs != 3 || p[0].Of != 5 || len(p[0].Consents) != 2 || p[0].State != charter.ProposalOpen {
		t.Fatalf("pending %+v", p)
	}
	tooFew := s.sign(laptop("ben"), raw(t, charter.Statement{Type: charter.TypeEnact, Of: id}), s.c.Heads()...)
	s.hear(tooFew)
	mustState(t, s.c, tooFew, charter.Void, "hasn't enough consents")
	s.consents("dora", id)
	if e := s.c.Enactable(); len(e) != 1 || e[0] != id {
		t.Fatalf("enactable %v", e)
	}
	s.enacts("eli", id)
	if s.c.Threshold() != charter.TwoThirds || s.c.Tip() != id {
		t.Errorf("%v", s.c.Threshold())
	}
	mustState(t, s.c, tooFew, charter.Void, "hasn't enough consents")
	if p, _ := s.c.Proposal(id); p.State != charter.ProposalInForce || len(s.c.Pending()) != 0 {
		t.Errorf("state %v", p.State)
	}
}

func TestTwoEnactsOfOneStepAreTheSameStep(t *testing.T) {
	s := members(t, "ben", "cleo")
	id := s.proposes("ben", threshold(charter.TwoThirds))
	s.consents("cleo", id)
	o := s.apart()
	s.enacts("ben", id)
	o.consents("ana", id)
	o.enacts("cleo", id)
	s.meet(o)
	if len(s.c.Forks()) != 0 || s.c.Tip() != id || o.c.Tip() != id {
		t.Errorf("forks %v", s.c.Forks())
	}
	s.agree(threshold(charter.Majority), "ana", "ben")
}

func TestThresholdsAskForMoreThanHalfAndForNoMoreThanAllButOne(t *testing.T) {
	for _, test := range []struct {
		t    charter.Threshold
		want string // for n = 1 to 10
	}{
		{charter.Majority, "1 2 2 3 3 4 4 5 5 6"},
		{charter.TwoThirds, "1 2 2 3 4 4 5 6 6 7"},
		{charter.ThreeQuarters, "1 2 2 3 4 5 6 6 7 8"},
		{charter.AllButOne, "1 2 2 3 4 5 6 7 8 9"},
	} {
		var got []string
		for n := 1; n <= 10; n++ {
			got = append(got, fmt.Sprint(test.t.Needed(n)))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%v: %v, want %s", test.t, got, test.want)
		}
	}
}

// Attack 15: two factions remove each other.
func TestNoFactionOfHalfOrLessRemovesTheOther(t *testing.T) {
	for n := 2; n <= 4; n++ {
		names := []string{"ana", "ben", "cleo", "dora"}[:n]
		s := members(t, names[1:]...)
		a, b := names[:n/2], names[n/2:n/2*2]
		for _, sides := range [][2][]string{{a, b}, {b, a}} {
			side := s.apart()
			id := side.proposes(sides[0][0], remove(side, sides[1][0]))
			for _, name := range sides[0][1:] {
				side.consents(name, id)
			}
			_, err := side.c.Enact(laptop(sides[0][0]).Device(), id)
			wantErr(t, err, charter.ErrTooFew)
			if _, err := side.c.Consent(laptop(sides[1][0]).Device(), id, false); !errors.Is(err, charter.ErrSubject) {
				t.Errorf("who is to be removed consents: %v", err)
			}
		}
	}
}

func TestARemovalByMoreThanHalfHoldsAndItsSubjectCountsAmongAll(t *testing.T) {
	s := members(t, "ben", "cleo", "dora", "eli")
	id := s.proposes("ana", remove(s, "eli"))
	s.consents("ben", id)
	if p := s.c.Pending()[0]; p.Needs != 3 || p.Of != 5 || p.Subject != s.id("eli") {
		t.Errorf("%+v", p)
	}
	s.consents("cleo", id)
	s.enacts("ana", id)
	s.wantFull("Ana Ben Cleo Dora")
	if s.speaks(laptop("eli")) || s.standing(charter.Removed) != "Eli" {
		t.Error("Eli speaks on")
	}
	_, _, err := s.c.Propose(laptop("eli").Device(), remove(s, "ana"))
	wantErr(t, err, charter.ErrNotMember)
	if m, ok := s.c.OwnerOf(laptop("eli").Device()); !ok || m.Name != "Eli" || m.Standing != charter.Removed {
		t.Error("the device isn't told whose it was")
	}
	if !s.c.Knows(laptop("eli").Device()) {
		t.Error("Eli's device isn't known any more")
	}
	if cuts, ok := s.c.Cut(laptop("eli").Device()); !ok || len(cuts) != 1 {
		t.Errorf("cuts %v", cuts)
	}
	_, _, err = s.c.Propose(laptop("ana").Device(), remove(s, "eli"))
	wantErr(t, err, charter.ErrNotIn)
}

// Attack 17.
func TestAConsentThatIsTakenBackWhileItCompletesTheProposalElsewhereIsDecidedByTheEnactsPast(t *testing.T) {
	s := members(t, "ben", "cleo")
	id := s.proposes("ben", threshold(charter.TwoThirds))
	s.consents("cleo", id)
	o := s.apart()
	payload, err := s.c.TakeBack(laptop("cleo").Device(), id)
	s.says(laptop("cleo"), payload, err)
	_, err = s.c.Enact(laptop("ana").Device(), id)
	wantErr(t, err, charter.ErrTooFew)
	o.enacts("ben", id) // doesn't know of it
	s.meet(o)
	if s.c.Tip() != id || o.c.Tip() != id {
		t.Error("the step isn't in force everywhere")
	}
}

func TestWhoTookAConsentBackConsentsToNothingElseThereUntilTheFirstCantPass(t *testing.T) {
	s := members(t, "ben", "cleo", "dora")
	first := s.proposes("ben", threshold(charter.TwoThirds))
	second := s.proposes("cleo", threshold(charter.AllButOne))
	dora := laptop("dora").Device()
	s.consents("dora", first)
	var held *charter.HeldError
	if _, err := s.c.Consent(dora, second, true); !errors.As(err, &held) || held.TakenBack || held.Step != first {
		t.Fatalf("two consents at one parent: %v", err)
	}
	payload, err := s.c.TakeBack(dora, first)
	s.says(laptop("dora"), payload, err)
	if _, err := s.c.Consent(dora, second, false); !errors.As(err, &held) || !held.TakenBack {
		t.Fatalf("after it was taken back: %v", err)
	}
	if _, err := s.c.Consent(dora, second, true); err != nil {
		t.Errorf("against all advice: %v", err)
	}
	o := s.apart()
	o.consents("dora", first) // the same once more is no harm
	// Needed are 3 of 4; Ana and Cleo refuse, so the first can't pass any more.
	for _, name := range []string{"ana", "cleo"} {
		payload, err := s.c.Refuse(laptop(name).Device(), first, "too soon")
		s.says(laptop(name), payload, err)
	}
	if p, _ := s.c.Proposal(first); !p.Hopeless || len(p.Refusals) != 2 || p.Refusals[0].Why != "too soon" {
		t.Errorf("%+v", p)
	}
	s.consents("dora", second)
	_, err = s.c.Consent(laptop("ana").Device(), first, false)
	wantErr(t, err, charter.ErrRefused)
}

// Two that are open count for neither, so a member would wait for ever without knowing why.
func TestWhoConsentedToWhatCantPassAnyMoreTakesItBackBeforeAnotherConsent(t *testing.T) {
	s := members(t, "ben")
	ana := laptop("ana").Device()
	first, second := s.proposes("ana", threshold(charter.TwoThirds)), s.proposes("ben", threshold(charter.AllButOne))
	payload, err := s.c.Refuse(laptop("ben").Device(), first, "too soon")
	s.says(laptop("ben"), payload, err)
	if p, _ := s.c.Proposal(first); !p.Hopeless {
		t.Fatalf("%+v", p)
	}
	var held *charter.HeldError
	if _, err := s.c.Consent(ana, second, false); !errors.As(err, &held) || held.TakenBack || held.Step != first {
		t.Fatalf("beside a consent to what can't pass: %v", err)
	}
	twice := s.sign(laptop("ana"), raw(t, charter.Statement{Type: charter.TypeConsent, Of: second}), s.c.Heads()...)
	s.hear(twice) // by a program that didn't ask
	if _, err := s.c.Consent(ana, second, false); !errors.As(err, &held) || held.Step != first {
		t.Errorf("with both open she is told that she has consented: %v", err)
	}
	payload, err = s.c.TakeBack(ana, first)
	s.says(laptop("ana"), payload, err)
	s.enacts("ben", second)
}

func TestALaptopAndAPhoneCantConsentToTwoThings(t *testing.T) {
	s := members(t, "ben", "cleo", "dora", "eli")
	phone := key("ana's phone")
	s.adds("ana", laptop("ana"), phone)
	first, second := s.proposes("ben", threshold(charter.TwoThirds)), s.proposes("cleo", threshold(charter.AllButOne))
	_, err := s.c.Consent(phone.Device(), second, false)
	wantErr(t, err, charter.ErrOtherDevice)
	void := s.sign(phone, raw(t, charter.Statement{Type: charter.TypeConsent, Of: second}), s.c.Heads()...)
	s.hear(void)
	mustState(t, s.c, void, charter.Void, "consent from another device")
	s.consents("ana", first)
	payload, err := s.c.MoveConsents(laptop("ana").Device(), phone.Device())
	s.says(laptop("ana"), payload, err)
	_, err = s.c.Consent(laptop("ana").Device(), second, false)
	var held *charter.HeldError
	if !errors.As(err, &held) && !errors.Is(err, charter.ErrOtherDevice) {
		t.Error(err)
	}
	if _, err = s.c.Consent(phone.Device(), second, false); !errors.As(err, &held) {
		t.Error("the phone consents to a second thing at the same place")
	}
	_, err = s.c.MoveConsents(laptop("ana").Device(), laptop("ana").Device())
	wantErr(t, err, charter.ErrOtherDevice)
}

func TestTwoConsentsOfOneMemberAtOneParentCountForNeither(t *testing.T) {
	s := members(t, "ben", "cleo", "dora")
	first, second := s.proposes("ben", threshold(charter.TwoThirds)), s.proposes("cleo", threshold(charter.AllButOne))
	s.consents("ana", first)
	twice := s.sign(laptop("ana"), raw(t, charter.Statement{Type: charter.TypeConsent, Of: second}), s.c.Heads()...)
	s.hear(twice)
	mustState(t, s.c, twice, charter.Accepted, "")
	for _, id := range []charter.StepID{first, second} {
		if p, _ := s.c.Proposal(id); len(p.Consents) != 1 {
			t.Errorf("%d consents count", len(p.Consents))
		}
	}
}

// Attack 18.
func TestAConsentIsForOneProposalAtOneStepInOneSpace(t *testing.T) {
	s := members(t, "ben", "cleo")
	id := s.proposes("ben", threshold(charter.TwoThirds))
	consent := raw(t, charter.Statement{Type: charter.TypeConsent, Of: id})

	other := members(t, "ben")
	there := other.sign(laptop("ben"), consent, other.c.Heads()...)
	other.hear(there)
	mustState(t, other.c, there, charter.Void, "the proposal isn't in its past")

	stolen := s.sign(key("mallory"), consent, s.c.Heads()...) // a consent is its device's or nobody's
	s.hear(stolen)
	mustState(t, s.c, stolen, charter.Void, "spoke for no member")

	blind := s.sign(laptop("cleo"), consent, s.all[2].ID()) // the proposal isn't in its past
	s.hear(blind)
	mustState(t, s.c, blind, charter.Void, "the proposal isn't in its past")

	s.agree(threshold(charter.AllButOne), "cleo", "ana")
	late := s.sign(laptop("cleo"), consent, s.c.Heads()...)
	s.hear(late)
	mustState(t, s.c, late, charter.Void, "not the newest one in its past")
	if p, _ := s.c.Proposal(id); p.State != charter.ProposalOvertaken || len(p.Consents) != 1 {
		t.Errorf("%v with %d consents", p.State, len(p.Consents))
	}
}

func TestAnOvertakenProposalIsRenewedWithItsText(t *testing.T) {
	s := members(t, "ben", "cleo")
	terms := threshold(charter.TwoThirds)
	terms.Why = "we want to be more of one mind"
	old := s.proposes("ben", terms)
	s.agree(charter.Terms{Type: charter.ProposalInvites, Invites: 2}, "cleo", "ana")
	if p := s.c.Pending(); len(p) != 1 || p[0].State != charter.ProposalOvertaken {
		t.Fatalf("%+v", p)
	}
	_, err := s.c.Consent(laptop("ana").Device(), old, false)
	wantErr(t, err, charter.ErrOvertaken)
	payload, id, err := s.c.Renew(laptop("ana").Device(), old)
	s.says(laptop("ana"), payload, err)
	if p := s.c.Pending(); len(p) != 1 || p[0].ID != id || p[0].Why != terms.Why || p[0].State != charter.ProposalOpen {
		t.Fatalf("%+v", p)
	}
	if s.c.InvitesAllowed() != 2 {
		t.Error(s.c.InvitesAllowed())
	}
}

func TestAProposalThatIsWithdrawnCantBeEnacted(t *testing.T) {
	s := members(t, "ben", "cleo")
	id := s.proposes("ben", threshold(charter.TwoThirds))
	s.consents("cleo", id)
	s.consents("ana", id)
	payload, err := s.c.TakeBack(laptop("ben").Device(), id)
	s.says(laptop("ben"), payload, err)
	if p, _ := s.c.Proposal(id); p.State != charter.ProposalWithdrawn {
		t.Error(p.State)
	}
	_, err = s.c.Enact(laptop("ana").Device(), id)
	wantErr(t, err, charter.ErrWithdrawn)
	if len(s.c.Pending()) != 0 {
		t.Error("it is still pending")
	}
}

// Attack 19d.
func TestTheFounderCantSeatSomebodyBesideAnAgreedStep(t *testing.T) {
	co := found(t, 4)
	all := co.chain("ben", "cleo")
	s := &scene{coop: co, t: t, c: charter.Fold(co.space, all, charter.StepID{}), all: all}
	id := s.proposes("ben", threshold(charter.TwoThirds))
	s.consents("cleo", id)
	if p := s.c.Pending()[0]; !p.Founder || p.Ready {
		t.Errorf("%+v", p)
	}
	_, err := s.c.Enact(laptop("ben").Device(), id)
	wantErr(t, err, charter.ErrTooFew)
	s.consents("ana", id)
	invite, r := co.redeem("dora")
	var held *charter.HeldError
	if _, err := s.c.FillSeat(invite, r); !errors.As(err, &held) {
		t.Errorf("Ana seats Dora beside a step that she consented to: %v", err)
	}
	if _, err := s.c.CloseFounding(laptop("ana").Device(), ""); !errors.As(err, &held) {
		t.Errorf("Ana closes the founding beside it: %v", err)
	}
	s.enacts("ben", id)
	payload, err := s.c.FillSeat(invite, r)
	s.says(laptop("ana"), payload, err)
	s.wantFull("Ana Ben Cleo Dora")
}

func TestTheFounderIsNobodySpecialOnceTheFoundingIsClosed(t *testing.T) {
	co := found(t, 5)
	all := co.chain("ben", "cleo")
	s := &scene{coop: co, t: t, c: charter.Fold(co.space, all, charter.StepID{}), all: all}
	payload, err := s.c.CloseFounding(laptop("ana").Device(), "we are all in")
	s.says(laptop("ana"), payload, err)
	if s.c.FoundingOpen() {
		t.Error("the founding is open")
	}
	invite, r := co.redeem("dora")
	_, err = s.c.FillSeat(invite, r)
	wantErr(t, err, charter.ErrFoundingClosed)
	forced := co.sign(laptop("ana"), co.seatPayload(s.c.Tip(), invite, r), s.c.Heads()...)
	s.hear(forced)
	mustState(t, s.c, forced, charter.Void, "the founding is closed")
	s.agree(remove(s, "ana"), "ben", "cleo")
	s.wantFull("Ben Cleo")
	s.agree(threshold(charter.TwoThirds), "ben", "cleo")
}

func TestTheFoundingCanBeClosedByAgreementToo(t *testing.T) {
	co := found(t, 5)
	all := co.chain("ben")
	s := &scene{coop: co, t: t, c: charter.Fold(co.space, all, charter.StepID{}), all: all}
	s.agree(charter.Terms{Type: charter.ProposalClose}, "ben", "ana")
	if s.c.FoundingOpen() {
		t.Error("the founding is open")
	}
	_, err := s.c.CloseFounding(laptop("ana").Device(), "")
	wantErr(t, err, charter.ErrFoundingClosed)
}

// Attack 19e.
func TestAStepStandsWhoseOnlyEnactIsByWhomTheNextStepRemoves(t *testing.T) {
	s := members(t, "ben", "cleo", "dora")
	id := s.proposes("ana", threshold(charter.TwoThirds))
	s.consents("ben", id)
	s.consents("cleo", id)
	s.enacts("dora", id)
	s.agree(remove(s, "dora"), "ana", "ben", "cleo")
	if s.c.Threshold() != charter.TwoThirds {
		t.Error("the first step fell with who enacted it")
	}
	s.wantFull("Ana Ben Cleo")
}

// Attack 20.
func TestWhoWasAdmittedWithTheConsentOfSomebodyRemovedLaterStays(t *testing.T) {
	s := members(t, "ben", "eli")
	s.invites("ben", "dora")
	s.agree(charter.Terms{Type: charter.ProposalAdmit, Member: s.id("dora")}, "ben", "eli")
	s.wantFull("Ana Ben Eli Dora")
	s.agree(remove(s, "eli"), "ana", "ben", "dora")
	s.wantFull("Ana Ben Dora")
	s.agree(threshold(charter.TwoThirds), "dora", "ana")
}

// Attack 16.
func TestThirtyProspectiveMembersCountNowhere(t *testing.T) {
	s := members(t, "ben", "cleo")
	s.agree(charter.Terms{Type: charter.ProposalInvites, Invites: 30}, "ana", "ben")
	for i := range 30 {
		s.invites("ana", fmt.Sprintf("puppet %d", i))
	}
	code, _ := s.redeem("one more")
	_, err := s.c.Invite(laptop("ana").Device(), code, 0)
	wantErr(t, err, charter.ErrInvitesFull)
	if needs, of := s.c.Needed(); needs != 2 || of != 3 {
		t.Errorf("%d of %d", needs, of)
	}
	puppet := laptop("puppet 0")
	if !s.speaks(puppet) {
		t.Error("a prospective member doesn't speak")
	}
	_, _, err = s.c.Propose(puppet.Device(), threshold(charter.TwoThirds))
	wantErr(t, err, charter.ErrNotFull)
	id := s.proposes("ana", remove(s, "ben"))
	_, err = s.c.Consent(puppet.Device(), id, false)
	wantErr(t, err, charter.ErrNotFull)
	_, err = s.c.Refuse(puppet.Device(), id, "no")
	wantErr(t, err, charter.ErrNotFull)
	_, err = s.c.Invite(puppet.Device(), code, 0)
	wantErr(t, err, charter.ErrNotFull)
	past, _ := s.c.At(s.c.Heads())
	if len(past.Full()) != 3 {
		t.Errorf("%d full members", len(past.Full()))
	}
	// They can be removed, and go by themselves. Who is to be removed says their side, which counts for nothing.
	gone := s.proposes("ben", remove(s, "puppet 1"))
	payload, err := s.c.Refuse(laptop("puppet 1").Device(), gone, "we agreed on it")
	s.says(laptop("puppet 1"), payload, err)
	if p, _ := s.c.Proposal(gone); len(p.Refusals) != 1 || p.Hopeless || p.Needs != 2 {
		t.Errorf("%+v", p)
	}
	_, err = s.c.Consent(laptop("puppet 1").Device(), gone, false)
	wantErr(t, err, charter.ErrRefused)
	_, err = s.c.Refuse(laptop("puppet 3").Device(), gone, "no")
	wantErr(t, err, charter.ErrNotFull)
	s.consents("cleo", gone)
	s.enacts("ben", gone)
	payload, err = s.c.Resign(laptop("puppet 2").Device(), nil, "not for me")
	s.says(laptop("puppet 2"), payload, err)
	if s.speaks(laptop("puppet 1")) || s.speaks(laptop("puppet 2")) {
		t.Error("they speak on")
	}
	s.invites("ana", "another")
}

// Attack 22.
func TestACodeUsedTwiceInTwoPartitionsMakesTwoProspectiveMembersAndShowsAsOne(t *testing.T) {
	s := members(t, "ben", "cleo")
	code := key("code")
	payload, err := s.c.Invite(laptop("ana").Device(), code.Device(), 1_800_000_000_000)
	s.says(laptop("ana"), payload, err)
	o := s.apart()
	for i, side := range []*scene{s, o} {
		who := []string{"dora", "eli"}[i]
		r, err := charter.NewRedemption(s.space, code, key(who), laptop(who), who, "laptop")
		if err != nil {
			t.Fatal(err)
		}
		payload, err := side.c.AdmitProspective(laptop([]string{"ana", "ben"}[i]).Device(), code.Device(), r)
		side.says(laptop([]string{"ana", "ben"}[i]), payload, err)
	}
	s.meet(o)
	if got := s.standing(charter.Prospective); len(strings.Fields(got)) != 2 {
		t.Errorf("prospective: %q", got)
	}
	invites := s.c.Invites()
	if len(invites) != 1 || len(invites[0].Used) != 2 || invites[0].By != s.id("ana") || invites[0].Expires != 1_800_000_000_000 {
		t.Errorf("%+v", invites)
	}
	if one, ok := s.c.InviteOf(code.Device()); !ok || !reflect.DeepEqual(one, invites[0]) {
		t.Errorf("asked by its key: %+v", one)
	}
	if one, ok := s.c.InviteOf(laptop("ana").Device()); ok {
		t.Errorf("a device is an invite: %+v", one)
	}
	r, _ := charter.NewRedemption(s.space, code, key("flo"), laptop("flo"), "flo", "laptop")
	_, err = s.c.AdmitProspective(laptop("cleo").Device(), code.Device(), r)
	wantErr(t, err, charter.ErrInviteUsed)
}

// As where a request went to two members as a file, who hadn't heard of each other.
func TestARequestThatTwoMembersAnswerApartLetsInOnePerson(t *testing.T) {
	s := members(t, "ben", "cleo")
	code := key("code")
	payload, err := s.c.Invite(laptop("ana").Device(), code.Device(), 1_800_000_000_000)
	s.says(laptop("ana"), payload, err)
	r, err := charter.NewRedemption(s.space, code, key("dora"), laptop("dora"), "dora", "laptop")
	if err != nil {
		t.Fatal(err)
	}
	o := s.apart()
	for i, side := range []*scene{s, o} {
		by := laptop([]string{"ana", "ben"}[i])
		payload, err := side.c.AdmitProspective(by.Device(), code.Device(), r)
		side.says(by, payload, err)
	}
	s.meet(o)
	if got := s.standing(charter.Prospective); len(strings.Fields(got)) != 1 {
		t.Errorf("prospective: %q", got)
	}
	if one, ok := s.c.InviteOf(code.Device()); !ok || len(one.Used) != 1 {
		t.Errorf("the code: %+v", one)
	}
	if m, ok := s.c.MemberOf(laptop("dora").Device()); !ok || m.Standing != charter.Prospective || len(m.Devices) != 1 {
		t.Errorf("Dora: %+v", m)
	}
}

func TestAnInviteThatWasTakenBackAdmitsNobody(t *testing.T) {
	s := members(t, "ben")
	code, r := s.redeem("cleo")
	payload, err := s.c.Invite(laptop("ana").Device(), code, 0)
	s.says(laptop("ana"), payload, err)
	payload, err = s.c.Revoke(laptop("ben").Device(), code)
	s.says(laptop("ben"), payload, err)
	_, err = s.c.AdmitProspective(laptop("ana").Device(), code, r)
	wantErr(t, err, charter.ErrRevoked)
	_, err = s.c.AdmitProspective(laptop("ana").Device(), key("never made").Device(), r)
	wantErr(t, err, charter.ErrNoInvite)
}

func TestWithTwoMembersItIsBoth(t *testing.T) {
	s := members(t, "ben")
	id := s.proposes("ana", threshold(charter.AllButOne))
	_, err := s.c.Enact(laptop("ana").Device(), id)
	wantErr(t, err, charter.ErrTooFew)
	s.consents("ben", id)
	s.enacts("ben", id)
}

func TestUnknownRulesArePendingAndOldOnesVoid(t *testing.T) { // attack 23
	s := members(t, "ben")
	_, _, err := s.c.Propose(laptop("ana").Device(), charter.Terms{Type: charter.ProposalRules, Rules: 1})
	var rule *charter.RuleError
	if !errors.As(err, &rule) {
		t.Error(err)
	}
	next := s.sign(laptop("ana"), raw(t, charter.Statement{Type: charter.TypePropose, Step: &charter.Step{
		Parent: s.c.Tip(), Terms: charter.Terms{Type: charter.ProposalRules, Rules: entry.RulesVersion + 1},
	}}), s.c.Heads()...)
	s.hear(next)
	mustState(t, s.c, next, charter.Pending, "a kind that this release")
}

func TestAProposalThatDoesntFitIsVoid(t *testing.T) {
	s := members(t, "ben", "cleo")
	joined := s.invites("ana", "dora")
	s.agree(charter.Terms{Type: charter.ProposalAdmit, Member: s.id("dora")}, "ana", "ben")
	s.agree(remove(s, "cleo"), "ana", "ben", "dora")
	bens, err := charter.NewRekey(s.space, s.id("ben"), key("ben again"), laptop("ana"), "x")
	if err != nil {
		t.Fatal(err)
	}
	gone, _ := charter.NewRekey(s.space, s.id("cleo"), key("cleo again"), key("cleo's desk"), "x")
	forged, _ := charter.NewRekey(s.space, s.id("ben"), key("ben again"), key("ben's desk"), "x")
	forged.Member = s.id("ana")
	invite, r := s.redeem("eli")
	for name, test := range map[string]struct {
		terms charter.Terms
		why   string
	}{
		"a founding that is closed":            {charter.Terms{Type: charter.ProposalClose}, "founding is closed"},
		"a seat":                               {charter.Terms{Type: charter.ProposalSeat, Seat: &charter.Seat{Invite: invite, Redemption: r}}, "only the founder"},
		"an admission of a full member":        {charter.Terms{Type: charter.ProposalAdmit, Admission: joined.ID()}, "isn't a prospective"},
		"an admission of nobody":               {charter.Terms{Type: charter.ProposalAdmit, Admission: entry.ID{1}}, "isn't a prospective"},
		"a removal of who is removed":          {remove(s, "cleo"), "isn't a member"},
		"a removal of nobody":                  {remove(s, "nobody"), "isn't a member"},
		"a new key with a device known":        {charter.Terms{Type: charter.ProposalKey, Rekey: &bens}, "in the charter already"},
		"a new key for who is removed":         {charter.Terms{Type: charter.ProposalKey, Rekey: &gone}, "isn't a member"},
		"a new key for somebody else":          {charter.Terms{Type: charter.ProposalKey, Rekey: &forged}, "hasn't signed"},
		"the threshold there is":               {threshold(charter.Majority), "so already"},
		"as many invites as there are":         {charter.Terms{Type: charter.ProposalInvites, Invites: charter.DefaultInvites}, "so already"},
		"a resignation that nobody made":       {charter.Terms{Type: charter.ProposalThreshold, Threshold: 2, Resigned: []entry.ID{joined.ID()}}, "resignation"},
		"a resignation that isn't in its past": {charter.Terms{Type: charter.ProposalThreshold, Threshold: 2, Resigned: []entry.ID{{9}}}, "resignation"},
	} {
		e := s.sign(laptop("ben"), raw(t, charter.Statement{Type: charter.TypePropose, Step: &charter.Step{Parent: s.c.Tip(), Terms: test.terms}}), s.c.Heads()...)
		c := s.c.With(e)
		if state, why := c.State(e.ID()); state != charter.Void || !strings.Contains(why, test.why) {
			t.Errorf("%s is %v: %s", name, state, why)
		}
	}
}
