package charter_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// What members can do to their own co-op. The numbers are those of the attacks that the rules were
// made against.

// invitesRaw signs, with heads of one's choice, an invite and the redemption of a puppet.
func (s *scene) invitesRaw(by entry.Signer, puppet string, heads ...entry.ID) (invite, redemption *entry.Entry) {
	s.t.Helper()
	code, r := s.redeem(puppet)
	invite = s.sign(by, raw(s.t, charter.Statement{Type: charter.TypeInvite, Invite: code}), heads...)
	redemption = s.sign(by, raw(s.t, charter.Statement{Type: charter.TypeProspective, Invite: code, Joiner: &r}), invite.ID())
	return invite, redemption
}

// bringsIn is invitesRaw as a list.
func (s *scene) bringsIn(by entry.Signer, puppet string, heads ...entry.ID) []*entry.Entry {
	s.t.Helper()
	invite, redemption := s.invitesRaw(by, puppet, heads...)
	return []*entry.Entry{invite, redemption}
}

// wantOut holds that somebody with a redemption is no prospective member, and speaks for nobody.
func (s *scene) wantOut(name string) {
	s.t.Helper()
	if m, ok := s.c.Member(s.id(name)); !ok || m.Standing != charter.Removed {
		s.t.Errorf("%s is %v (%v)", name, m.Standing, ok)
	}
	if s.speaks(laptop(name)) {
		s.t.Errorf("%s's laptop speaks", name)
	}
	if _, cut := s.c.Cut(laptop(name).Device()); !cut {
		s.t.Errorf("all that %s wrote is honoured", name)
	}
}

func (s *scene) wantProspective(name string) {
	s.t.Helper()
	if m, _ := s.c.Member(s.id(name)); m.Standing != charter.Prospective || !s.speaks(laptop(name)) {
		s.t.Errorf("%s is %v", name, m.Standing)
	}
}

// What somebody new wrote is honoured as their resignation says, also without room for them any more; if they never counted, nothing is.
func TestWhoLeavesBeforeTheyAreFullKeepsWhatTheyWrote(t *testing.T) {
	s := members(t, "ben", "cleo", "mel")
	s.invites("ana", "eli")
	before := s.c.Heads()
	wrote := []charter.DeviceFrontier{{Device: laptop("eli").Device(), Frontier: lastOf(1, 1)}}
	payload, err := s.c.Resign(laptop("eli").Device(), wrote, "")
	s.says(laptop("eli"), payload, err)
	if m, _ := s.c.Member(s.id("eli")); m.Standing != charter.Resigned || s.speaks(laptop("eli")) {
		t.Errorf("Eli is %v", m.Standing)
	}
	if cuts, ok := s.c.Cut(laptop("eli").Device()); !ok || len(cuts) != 1 || !slices.Equal(cuts[0], lastOf(1, 1)) {
		t.Errorf("of what Eli wrote, this is honoured: %v", cuts)
	}

	s.agree(remove(s, "mel"), "ana", "ben", "cleo")
	invite, came := s.invitesRaw(laptop("mel"), "puppet", before...) // as of before
	list := []charter.DeviceFrontier{{Device: laptop("puppet").Device(), Frontier: lastOf(1, 1)}}
	left := s.sign(laptop("puppet"), raw(t, charter.Statement{Type: charter.TypeResign, Lists: list}), came.ID())
	s.hear(invite, came, left)
	if cuts, ok := s.c.Cut(laptop("puppet").Device()); !ok || !slices.ContainsFunc(cuts, func(f charter.Frontier) bool { return len(f) == 0 }) {
		t.Errorf("of what a puppet wrote, this is honoured: %v", cuts)
	}
}

// Attack 30: a laptop and a phone both certify a box, the phone retires the laptop, the box certifies a fourth.
func TestWhetherADeviceIsCertifiedDoesntHangOnTheOrderOfArrival(t *testing.T) {
	s := members(t, "ben")
	phone, box, fourth := key("ana's phone"), key("ana's box"), key("ana's fourth")
	s.adds("ana", laptop("ana"), phone)
	before := s.c.Heads()
	certify := func(by, device entry.Signer, heads ...entry.ID) *entry.Entry {
		d := newDevice(s.space, "ana", device)
		return s.sign(by, raw(t, charter.Statement{Type: charter.TypeCertify, New: &d}), heads...)
	}
	byLaptop, byPhone := certify(laptop("ana"), box, before...), certify(phone, box, before...)
	retired := s.sign(phone, raw(t, charter.Statement{Type: charter.TypeRetire, Device: laptop("ana").Device()}), before...)
	byBox := certify(box, fourth, byLaptop.ID())
	five := []*entry.Entry{byLaptop, byPhone, retired, byBox}
	every := 0
	permute(five, func(order []*entry.Entry) {
		every++
		c := s.c
		for _, e := range order {
			c = c.With(e)
		}
		past, _ := c.At(sorted(byPhone.ID(), retired.ID(), byBox.ID()))
		_, then := past.Speaks(fourth.Device())
		if m, now := c.MemberOf(fourth.Device()); !now || !then || m.ID != s.id("ana") {
			t.Fatalf("in one order of %d the fourth device speaks (%v, %v)", every, now, then)
		}
	})
	if every != 24 {
		t.Fatal(every)
	}
}

// permute calls fn with all orders of list.
func permute[T any](list []T, fn func([]T)) {
	var from func(int)
	from = func(i int) {
		if i == len(list) {
			fn(slices.Clone(list))
			return
		}
		for j := i; j < len(list); j++ {
			list[i], list[j] = list[j], list[i]
			from(i + 1)
			list[i], list[j] = list[j], list[i]
		}
	}
	from(0)
}

// Attack 33, in each way in which somebody can have lost their word.
// The phrase overrules a resignation while the others count it: for the chain it is final, whatever the member key says beside it.
func TestWhoseResignationAStepNamesBringsNobodyInByTheirPhrase(t *testing.T) {
	s := members(t, "ben", "cleo", "mel")
	o := s.apart()
	payload, err := s.c.Resign(laptop("mel").Device(), nil, "")
	s.says(laptop("mel"), payload, err)
	s.agree(threshold(charter.TwoThirds), "ana", "ben", "cleo")

	o.recovers("mel", key("mel"), nil, laptop("mel"))
	invite, redemption := o.invitesRaw(laptop("mel"), "puppet", o.c.Heads()...)
	o.hear(invite, redemption)
	o.wantProspective("puppet")
	s.hear(o.all...)
	mustState(t, s.c, redemption, charter.Accepted, "") // by its own past
	s.wantOut("puppet")
}

func TestARemovedMemberBringsNobodyInByAnInviteAsOfBefore(t *testing.T) {
	phone := key("mel's phone")
	for name, end := range map[string]func(*scene){
		"removed": func(s *scene) { s.agree(remove(s, "mel"), "ana", "ben", "cleo") },
		"resigned": func(s *scene) {
			payload, err := s.c.Resign(laptop("mel").Device(), nil, "")
			s.says(laptop("mel"), payload, err)
		},
		"resigned, and counted out": func(s *scene) {
			payload, err := s.c.Resign(laptop("mel").Device(), nil, "")
			s.says(laptop("mel"), payload, err)
			s.agree(threshold(charter.TwoThirds), "ana", "ben", "cleo")
		},
		"retired": func(s *scene) { s.retires(phone, laptop("mel"), nil) },
		"overruled by the phrase": func(s *scene) {
			s.recovers("mel", key("mel"), nil, key("mel's box"))
		},
		"given a new key": func(s *scene) {
			r, err := charter.NewRekey(s.space, s.id("mel"), key("mel again"), key("mel's box"), "box")
			if err != nil {
				t.Fatal(err)
			}
			s.agree(charter.Terms{Type: charter.ProposalKey, Rekey: &r}, "ana", "ben", "cleo")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := members(t, "ben", "cleo", "mel")
			s.adds("mel", laptop("mel"), phone)
			s.invites("mel", "dora") // honestly
			before := s.c.Heads()
			end(s)
			invite, redemption := s.invitesRaw(laptop("mel"), "puppet", before...)
			s.hear(invite, redemption)
			mustState(t, s.c, redemption, charter.Accepted, "") // by its own past
			s.wantOut("puppet")
			s.wantProspective("dora")
			later := s.sign(laptop("puppet"), raw(t, charter.Statement{Type: charter.TypeFollow}), s.c.Heads()...)
			s.hear(later)
			mustState(t, s.c, later, charter.Void, "spoke for no member")
			// Nor does an honest member's daemon let anybody in by such an invite.
			code, _ := s.redeem("another")
			late := s.sign(laptop("mel"), raw(t, charter.Statement{Type: charter.TypeInvite, Invite: code}), before...)
			s.hear(late)
			_, r := s.redeem("another")
			_, err := s.c.AdmitProspective(laptop("ana").Device(), code, r)
			wantErr(t, err, charter.ErrNoInvite)
			if i, ok := s.c.InviteOf(code); !ok || !i.Revoked {
				t.Error("it shows as an invite that is open")
			}
			fold := charter.Fold(s.space, s.all, s.c.Stand())
			same(t, "folded at once", seen(fold, s.all), seen(s.c, s.all))
		})
	}
}

func TestWhoCameInBySomebodyWhoIsRemovedStaysIfTheProposalKnewThem(t *testing.T) {
	s := members(t, "ben", "cleo", "mel")
	s.invites("mel", "dora")
	o := s.apart()
	id := s.proposes("ana", remove(s, "mel"))
	o.invites("mel", "eli") // the proposal doesn't know
	s.consents("ben", id)
	s.consents("cleo", id)
	s.enacts("ana", id)
	s.meet(o)
	s.wantProspective("dora")
	s.wantOut("eli")
	s.invites("ben", "flo") // and others bring people in as ever
	s.wantProspective("flo")
	s.agree(charter.Terms{Type: charter.ProposalAdmit, Member: s.id("dora")}, "ana", "ben")
	s.wantFull("Ana Ben Cleo Dora")
	_, _, err := s.c.Propose(laptop("ana").Device(), charter.Terms{Type: charter.ProposalAdmit, Member: s.id("eli")})
	wantErr(t, err, charter.ErrNotProspective)
}

func TestAProposalNamesOnlyRedemptionsThatTheMemberHasCountersigned(t *testing.T) {
	s := members(t, "ben", "cleo")
	byBen := s.invites("ben", "dora")
	for _, id := range []entry.ID{byBen.ID(), {7}} {
		terms := remove(s, "cleo")
		terms.Stay = []entry.ID{id}
		e := s.sign(laptop("ana"), raw(t, charter.Statement{Type: charter.TypePropose, Step: &charter.Step{Parent: s.c.Tip(), Terms: terms}}), s.c.Heads()...)
		s.hear(e)
		mustState(t, s.c, e, charter.Void, "redemption that isn't the member's word")
	}
}

// Attack 33: the limit of open invites, by redemptions that don't know of each other.
func TestInvitesMadeApartBringNoMoreInThanTheChainAllows(t *testing.T) {
	s := members(t, "ben")
	before := s.c.Heads()
	var all []*entry.Entry
	for i := range 30 {
		invite, redemption := s.invitesRaw(laptop("ana"), fmt.Sprintf("puppet %d", i), before...)
		all = append(all, invite, redemption)
	}
	s.hear(all...)
	if in := strings.Fields(s.standing(charter.Prospective)); len(in)/2 != charter.DefaultInvites {
		t.Errorf("%d prospective members of %d allowed", len(in)/2, charter.DefaultInvites)
	}
	slices.Reverse(all)
	same(t, "the other way round", seen(charter.Fold(s.space, append(all, s.all[:2]...), charter.StepID{}), s.all), seen(charter.Fold(s.space, s.all, charter.StepID{}), s.all))
	// One goes, and the next has room.
	for _, m := range s.c.Members() {
		if m.Standing == charter.Prospective {
			s.agree(charter.Terms{Type: charter.ProposalAdmit, Member: m.ID}, "ana", "ben")
			break
		}
	}
	if in := strings.Fields(s.standing(charter.Prospective)); len(in)/2 != charter.DefaultInvites {
		t.Errorf("%d prospective members of %d allowed", len(in)/2, charter.DefaultInvites)
	}
}

// Fewer invites are for those that come, and turn nobody out.
func TestWhoIsInStaysWhenFewerInvitesAreAgreed(t *testing.T) {
	s := members(t, "ben")
	for _, name := range []string{"cleo", "dora", "eli"} {
		s.invites("ana", name)
	}
	s.agree(charter.Terms{Type: charter.ProposalInvites, Invites: 1}, "ana", "ben")
	for _, name := range []string{"cleo", "dora", "eli"} {
		s.wantProspective(name)
	}
}

// Attack 34: by a full member, by a prospective one, and with two hundred devices.
func TestAFloodBesideEachOtherLeavesOutOnlyItsOwn(t *testing.T) {
	follow := raw(t, charter.Statement{Type: charter.TypeFollow})
	for _, n := range []int{entry.MaxHeads + 1, 3000} {
		for name, flood := range map[string]func(*scene) []entry.Signer{
			"by a full member":        func(*scene) []entry.Signer { return []entry.Signer{laptop("mel")} },
			"by a prospective member": func(s *scene) []entry.Signer { s.invites("mel", "puppet"); return []entry.Signer{laptop("puppet")} },
			"from many devices": func(s *scene) []entry.Signer {
				by := []entry.Signer{laptop("mel")}
				for i := range 150 {
					d := key(fmt.Sprintf("mel's %d", i))
					s.adds("mel", laptop("mel"), d)
					by = append(by, d)
				}
				return by
			},
			"with the phrase as well": func(s *scene) []entry.Signer { return []entry.Signer{laptop("mel"), key("mel")} },
		} {
			t.Run(fmt.Sprint(n, " ", name), func(t *testing.T) {
				s := members(t, "ben", "cleo", "mel")
				by := flood(s)
				before := s.c.Heads()
				var all []*entry.Entry
				for i := range n {
					device, payload := by[i%len(by)], follow
					if device.Device() == key("mel").Device() {
						d := newDevice(s.space, "mel", laptop("mel"))
						payload = raw(t, charter.Statement{Type: charter.TypeRecover, Live: []charter.NewDevice{d}})
					}
					all = append(all, s.sign(device, payload, before...))
				}
				s.c = s.c.With(all...)
				for _, e := range all[:3] {
					mustState(t, s.c, e, charter.Accepted, "")
				}
				// Each says something, and nothing that is said stands on another's.
				var beside []*entry.Entry
				for _, who := range []string{"ana", "ben", "cleo"} {
					beside = append(beside, s.sign(laptop(who), follow, before...))
				}
				s.c = s.c.With(beside...)
				past, state := s.c.At(s.c.Heads())
				if state != charter.Accepted || past.Step() != s.c.Tip() {
					t.Fatal("the heads don't know the newest step")
				}
				for i, e := range beside {
					if !slices.Contains(s.c.Heads(), e.ID()) {
						t.Errorf("the heads leave out what %d said", i)
					}
				}
				terms := remove(s, "mel")
				payload, id, err := s.c.Propose(laptop("ana").Device(), terms)
				s.says(laptop("ana"), payload, err)
				for _, who := range []string{"ana", "ben", "cleo"} {
					s.consents(who, id)
					var more []*entry.Entry // it goes on meanwhile
					for range 70 {
						more = append(more, s.sign(by[0], follow, before...))
					}
					s.c = s.c.With(more...)
				}
				s.enacts("ben", id)
				s.wantFull("Ana Ben Cleo")
			})
		}
	}
}

// Whose laptop was stolen isn't outdone by the thief, who floods in the same name.
func TestAThiefWhoFloodsInAnasNameDoesntKeepHerPhoneFromRetiringTheLaptop(t *testing.T) {
	s := members(t, "ben", "cleo")
	phone := key("ana's phone")
	s.adds("ana", laptop("ana"), phone)
	var by []entry.Signer
	for i := range 100 {
		d := key(fmt.Sprintf("the thief's %d", i))
		s.adds("ana", laptop("ana"), d)
		by = append(by, d)
	}
	before := s.c.Heads()
	var all []*entry.Entry
	for i := range 1000 {
		all = append(all, s.sign(by[i%len(by)], raw(t, charter.Statement{Type: charter.TypeFollow}), before...))
	}
	s.c = s.c.With(all...)
	retired := s.retires(phone, laptop("ana"), nil)
	s.c = s.c.With(all[:10]...)
	var later []*entry.Entry
	for i := range 1000 {
		later = append(later, s.sign(by[i%len(by)], raw(t, charter.Statement{Type: charter.TypeFollow}), all[i].ID()))
	}
	s.c = s.c.With(later...)
	if past, _ := s.c.At(s.c.Heads()); !slices.Contains(s.c.Heads(), retired.ID()) {
		if _, ok := past.Speaks(laptop("ana").Device()); ok {
			t.Error("the heads leave the retirement out")
		}
	}
	if s.speaks(laptop("ana")) {
		t.Error("the laptop speaks on")
	}
}

func TestNothingStandsOnAnAcknowledgement(t *testing.T) {
	s := members(t, "ben")
	payload, err := s.c.Acknowledge(laptop("ben").Device(), nil)
	seen := s.says(laptop("ben"), payload, err)
	if slices.Contains(s.c.Heads(), seen.ID()) {
		t.Error("the heads name it")
	}
	on := s.sign(laptop("ana"), raw(t, charter.Statement{Type: charter.TypeFollow}), sorted(append(s.c.Heads(), seen.ID())...)...)
	s.hear(on)
	mustState(t, s.c, on, charter.Void, "on an acknowledgement")
	if _, state := s.c.At([]entry.ID{seen.ID()}); state != charter.Void {
		t.Errorf("an entry that names it is %v", state)
	}
	if heard := s.c.Heard(s.all[1].ID()); !slices.Contains(heard, s.id("ben")) {
		t.Error("it doesn't say that Ben has what it stands on")
	}
}

// Attack 38: what a newcomer is told holds none, however many there are.
func TestANewcomerIsToldWhomToTrustAndNotWhatWasAcknowledged(t *testing.T) {
	s := members(t, "ben")
	before := s.c.Heads()
	var flood []*entry.Entry
	for i := range 200 {
		list := charter.Frontiers([]charter.DeviceFrontier{{Device: laptop("ana").Device(), Frontier: lastOf(byte(i), 1)}})
		flood = append(flood, s.sign(laptop("ben"), raw(t, charter.Statement{Type: charter.TypeSeen, Lists: list}), before...))
	}
	s.hear(flood...)
	told := s.c.Introduction(1 << 20)
	if len(told) != 2 {
		t.Errorf("%d statements", len(told))
	}
	// Of statements that don't fit either, those on which everybody else's word stands.
	var junk []*entry.Entry
	for range 300 {
		junk = append(junk, s.sign(laptop("ben"), raw(t, charter.Statement{Type: charter.TypeFollow}), before...))
	}
	s.hear(junk...)
	s.invites("ana", "cleo")
	size := 0
	told = s.c.Introduction(40_000)
	for _, e := range told {
		size += len(e.Encoded())
	}
	c := charter.Fold(s.space, told, charter.StepID{})
	if m, _ := c.MemberOf(laptop("cleo").Device()); size > 40_000 || m.Standing != charter.Prospective || c.Tip() != s.c.Tip() {
		t.Errorf("%d bytes, and Cleo is %v", size, m.Standing)
	}
}

// Attack 43.
func TestConsentsGivenAndTakenBackAThousandTimesCountAsWhatWasSaidLast(t *testing.T) {
	s := members(t, "ben", "cleo")
	id := s.proposes("ben", threshold(charter.TwoThirds))
	at := s.c.Heads()
	var all []*entry.Entry
	for range 1000 {
		given := s.sign(laptop("ana"), raw(t, charter.Statement{Type: charter.TypeConsent, Of: id}), at...)
		back := s.sign(laptop("ana"), raw(t, charter.Statement{Type: charter.TypeTakeBack, Of: id}), given.ID())
		all, at = append(all, given, back), []entry.ID{back.ID()}
	}
	s.c = s.c.With(all...)
	if p, _ := s.c.Proposal(id); len(p.Consents) != 1 {
		t.Errorf("%d consents", len(p.Consents))
	}
	beside := s.sign(laptop("ana"), raw(t, charter.Statement{Type: charter.TypeConsent, Of: id}), all[0].ID())
	s.c = s.c.With(beside)
	if p, _ := s.c.Proposal(id); len(p.Consents) != 2 {
		t.Errorf("what no taking back knew doesn't count: %d consents", len(p.Consents))
	}
}

// Attack 43: a phrase that lists thousands.
func TestThereIsOneBoundForTheDevicesOfAMemberHoweverTheyCome(t *testing.T) {
	s := members(t, "ben")
	device := func(i int) charter.NewDevice {
		return newDevice(s.space, "ana", key(fmt.Sprintf("ana's %d", i)))
	}
	var live []charter.NewDevice
	for i := range charter.MaxDevices {
		live = append(live, device(i))
	}
	payload, err := s.c.Recover(key("ana").Device(), live[1:], nil)
	s.says(key("ana"), payload, err)
	payload, err = s.c.Recover(key("ana").Device(), live[5:], nil) // fewer are always possible
	s.says(key("ana"), payload, err)
	_, err = s.c.Certify(key("ana's 7").Device(), live[0])
	if why := (&charter.RuleError{}); !asRule(err, &why) || !strings.Contains(why.Why, "more devices") {
		t.Error(err)
	}
	_, err = s.c.Recover(key("ana").Device(), []charter.NewDevice{live[0], device(charter.MaxDevices)}, nil)
	if why := (&charter.RuleError{}); !asRule(err, &why) || !strings.Contains(why.Why, "more devices") {
		t.Error("the phrase lists one too many:", err)
	}
}

func TestWhoHasTheLaptopAddsNoDevicesSoThatThePhraseCantAddOne(t *testing.T) {
	s := members(t, "ben")
	for i := range charter.MaxDevices - 1 {
		s.adds("ana", laptop("ana"), key(fmt.Sprintf("the thief's %d", i)))
	}
	s.recovers("ana", key("ana"), nil, key("ana's desk"))
	if !s.speaks(key("ana's desk")) || s.speaks(key("the thief's 7")) {
		t.Error("the phrase hasn't brought the desk in, or the thief's speak on")
	}
}

// Each of these would add as many again, and be given as much room as any device by every computer.
func TestDevicesAddedBesideEachOtherAreNoMoreThanThoseInARow(t *testing.T) {
	s := members(t, "ben")
	before := s.c.Heads()
	var all []*entry.Entry
	for i := range charter.MaxDevices + 5 {
		d := newDevice(s.space, "ana", key(fmt.Sprintf("ana's %d", i)))
		all = append(all, s.sign(laptop("ana"), raw(t, charter.Statement{Type: charter.TypeCertify, New: &d}), before...))
	}
	s.hear(all...)
	live := func(c *charter.Charter) (n int) {
		m, _ := c.Member(s.id("ana"))
		for _, d := range m.Devices {
			if !d.Retired {
				n++
			}
		}
		return n
	}
	if n := live(s.c); n != charter.MaxDevices+1 { // with the first
		t.Errorf("%d devices speak", n)
	}
	slices.Reverse(all)
	again := charter.Fold(s.space, append(all, s.all[:2]...), charter.StepID{})
	same(t, "the other way round", fmt.Sprint(s.c.Members()), fmt.Sprint(again.Members()))
	s.recovers("ana", key("ana"), nil, key("ana's desk")) // none of them keeps the phrase from bringing one in
	if !s.speaks(key("ana's desk")) || live(s.c) != 1 {
		t.Errorf("%d devices speak, her desk among them: %v", live(s.c), s.speaks(key("ana's desk")))
	}
}

func asRule(err error, into **charter.RuleError) bool {
	e, ok := err.(*charter.RuleError)
	if ok {
		*into = e
	}
	return ok
}

// What was taken from a laptop by a phone that didn't know what the laptop says as of before.
func TestWhatARetiredDeviceSaysAsOfBeforeIsCutInAllItsForms(t *testing.T) {
	phone, tablet := key("ana's phone"), key("ana's tablet")
	begin := func(t *testing.T) (s, thief *scene) {
		s = members(t, "ben", "cleo")
		s.adds("ana", laptop("ana"), phone)
		s.adds("ana", laptop("ana"), tablet)
		thief = s.apart()
		s.retires(phone, laptop("ana"), nil)
		return s, thief
	}
	t.Run("a certificate", func(t *testing.T) {
		s, thief := begin(t)
		box := key("the thief's box")
		thief.adds("ana", laptop("ana"), box)
		thief.adds("ana", box, key("the thief's next"))
		id := thief.proposes("ben", threshold(charter.TwoThirds))
		payload, err := thief.c.MoveConsents(laptop("ana").Device(), box.Device())
		thief.says(laptop("ana"), payload, err)
		payload, err = thief.c.Consent(box.Device(), id, false)
		thief.says(box, payload, err)
		s.meet(thief)
		if s.speaks(box) || s.speaks(key("the thief's next")) {
			t.Error("a device speaks that it added")
		}
		if p, _ := s.c.Proposal(id); len(p.Consents) != 1 {
			t.Error("what such a device consented to counts")
		}
	})
	t.Run("a move", func(t *testing.T) {
		s, thief := begin(t)
		payload, err := s.c.MoveConsents(phone.Device(), phone.Device())
		s.says(phone, payload, err)
		payload, err = thief.c.MoveConsents(laptop("ana").Device(), tablet.Device())
		thief.says(laptop("ana"), payload, err)
		s.meet(thief)
		id := s.proposes("ben", threshold(charter.TwoThirds))
		payload, err = s.c.Consent(phone.Device(), id, false)
		s.says(phone, payload, err)
	})
}

func TestAResignationOfAThiefThatTheRetirementDidntKnowDoesntCount(t *testing.T) {
	s := members(t, "ben", "cleo")
	phone := key("ana's phone")
	s.adds("ana", laptop("ana"), phone)
	thief := s.apart()
	s.retires(phone, laptop("ana"), nil)
	payload, err := thief.c.Resign(laptop("ana").Device(), nil, "as if")
	resigned := thief.says(laptop("ana"), payload, err)
	s.meet(thief)
	if m, _ := s.c.Member(s.id("ana")); m.Standing != charter.Full || !s.speaks(phone) {
		t.Errorf("Ana is %v", m.Standing)
	}
	e := s.sign(laptop("ben"), raw(t, charter.Statement{Type: charter.TypePropose, Step: &charter.Step{
		Parent: s.c.Tip(), Terms: charter.Terms{Type: charter.ProposalThreshold, Threshold: 2, Resigned: []entry.ID{resigned.ID()}},
	}}), s.c.Heads()...)
	s.hear(e)
	mustState(t, s.c, e, charter.Void, "resignation that doesn't count")
}

// Who had resigned for good says with the phrase, as of before, that they hadn't: it overrules the
// resignation, but what they write stays cut.
func TestAPhraseThatOverrulesAResignationTooLateLiftsNoFrontier(t *testing.T) {
	s := members(t, "ben", "cleo", "mel")
	o := s.apart()
	before := s.c.Heads()
	payload, err := s.c.Resign(laptop("mel").Device(), nil, "")
	s.says(laptop("mel"), payload, err)
	s.agree(threshold(charter.TwoThirds), "ana", "ben", "cleo")
	o.recovers("mel", key("mel"), nil, laptop("mel"))
	s.meet(o)
	if _, cut := s.c.Cut(laptop("mel").Device()); !cut || s.speaks(laptop("mel")) {
		t.Errorf("cut: %v", cut)
	}
	s.hear(s.bringsIn(laptop("mel"), "puppet", before...)...)
	s.wantOut("puppet")
}

// Whatever is said beside each other, everybody has room before anybody has more.
func TestHeadsAreTheSameForEveryOrderOfArrivalAndFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		co := found(t, 4)
		all := co.chain("ben", "cleo", "dora")
		c := charter.Fold(co.space, all, charter.StepID{})
		said := map[string][]entry.ID{}
		var beside []*entry.Entry
		for _, who := range []string{"ana", "ben", "cleo", "dora"} {
			for range rapid.SampledFrom([]int{0, 1, 2, 20, 90}).Draw(t, who) {
				e := co.sign(laptop(who), raw(t, charter.Statement{Type: charter.TypeFollow}), c.Heads()...)
				beside = append(beside, e)
				said[who] = append(said[who], e.ID())
			}
		}
		one := c.With(beside...)
		slices.Reverse(beside)
		for _, e := range beside {
			c = c.With(e)
		}
		if !slices.Equal(one.Heads(), c.Heads()) {
			t.Fatal("the heads depend on the order of arrival")
		}
		if len(c.Heads()) > entry.MaxHeads {
			t.Fatal(len(c.Heads()))
		}
		most, left := 0, map[string]int{}
		for who, ids := range said {
			in := 0
			for _, id := range ids {
				if slices.Contains(c.Heads(), id) {
					in++
				}
			}
			most, left[who] = max(most, in), len(ids)-in
		}
		for who, out := range left {
			if in := len(said[who]) - out; out > 0 && in < most-1 {
				t.Fatalf("%s has %d heads and %d left out, another has %d", who, in, out, most)
			}
		}
	})
}
