package charter_test

import (
	"fmt"
	"slices"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// Where the words of docs/CHARTER.md, "Precisely", are finest: cases that no search comes upon. What the fold says has to be what the naive one
// reads there.
func TestTheFoldFollowsTheWordsWhereTheyAreFinest(t *testing.T) {
	for name, c := range map[string]struct {
		tell func(s *scene) *entry.Entry // the statement that it is about
		want charter.State
	}{
		"C4: a founding step is said again from the device that consents": {func(s *scene) *entry.Entry { return s.sign(laptop("ana"), s.all[1].Payload, s.c.Heads()...) }, charter.Accepted},
		"C4: and from no other": {func(s *scene) *entry.Entry {
			phone := key("ana's phone")
			s.adds("ana", laptop("ana"), phone)
			return s.sign(phone, s.all[1].Payload, s.c.Heads()...)
		}, charter.Void},
		"A1, P4: who is admitted has room by the redemption that is named": {func(s *scene) *entry.Entry {
			id := s.comesTwice("flo").ID()
			return s.sign(laptop("ana"), raw(s.t, charter.Statement{Type: charter.TypePropose, Step: &charter.Step{
				Parent: s.c.Tip(), Terms: charter.Terms{Type: charter.ProposalAdmit, Admission: id},
			}}), s.c.Heads()...)
		}, charter.Void},
		"P2: who has room by another's invite takes none of the maker's": {func(s *scene) *entry.Entry {
			s.comesTwice("flo")
			s.agree(charter.Terms{Type: charter.ProposalInvites, Invites: 2}, "ana", "ben", "cleo")
			code, r := s.redeem("gus")
			s.hear(s.sign(laptop("ana"), raw(s.t, charter.Statement{Type: charter.TypeInvite, Invite: code}), s.c.Heads()...))
			return s.sign(laptop("ana"), raw(s.t, charter.Statement{Type: charter.TypeProspective, Invite: code, Joiner: &r}), s.c.Heads()...)
		}, charter.Accepted},
		"A2: nobody takes back what they neither proposed nor consented to": {func(s *scene) *entry.Entry {
			id := s.proposes("ana", threshold(charter.TwoThirds))
			return s.sign(laptop("ben"), raw(s.t, charter.Statement{Type: charter.TypeTakeBack, Of: id}), s.c.Heads()...)
		}, charter.Void},
		"D2: where two have the consents nobody has, and any device moves them": {func(s *scene) *entry.Entry {
			phone, box := key("ana's phone"), key("ana's box")
			s.adds("ana", laptop("ana"), phone)
			s.adds("ana", laptop("ana"), box)
			move := func(to entry.Signer) []byte {
				return raw(s.t, charter.Statement{Type: charter.TypeMove, Device: to.Device()})
			}
			before := s.c.Heads()
			s.hear(s.sign(laptop("ana"), move(phone), before...), s.sign(laptop("ana"), move(box), before...))
			return s.sign(laptop("ana"), move(laptop("ana")), s.c.Heads()...)
		}, charter.Accepted},
		"D3: that one of theirs has accepted is right, if the phrase says so": {func(s *scene) *entry.Entry {
			listed := charter.NewDevice{Key: laptop("ana").Device(), Name: "laptop", Accepted: [64]byte{1}}
			return s.sign(key("ana"), raw(s.t, charter.Statement{Type: charter.TypeRecover, Live: []charter.NewDevice{listed}}), s.c.Heads()...)
		}, charter.Void},
		"D3: a key that was another's member key before speaks for nobody": {func(s *scene) *entry.Entry {
			code := key("code for gus")
			r, err := charter.NewRedemption(s.space, code, key("ana again"), laptop("gus"), "Gus", "laptop")
			if err != nil {
				s.t.Fatal(err)
			}
			before := s.c.Heads()
			invite := s.sign(laptop("ben"), raw(s.t, charter.Statement{Type: charter.TypeInvite, Invite: code.Device()}), before...)
			came := s.sign(laptop("ben"), raw(s.t, charter.Statement{Type: charter.TypeProspective, Invite: code.Device(), Joiner: &r}), invite.ID())
			for _, next := range []string{"ana again", "ana once more"} {
				rekey, err := charter.NewRekey(s.space, s.id("ana"), key(next), laptop(next), "desk")
				if err != nil {
					s.t.Fatal(err)
				}
				s.agree(charter.Terms{Type: charter.ProposalKey, Rekey: &rekey}, "ben", "cleo", "dora")
			}
			s.hear(invite, came)
			d := charter.NewDevice{Key: laptop("gus").Device(), Name: "laptop"}
			return s.sign(key("ana again"), raw(s.t, charter.Statement{Type: charter.TypeRecover, Live: []charter.NewDevice{d}}), s.c.Heads()...)
		}, charter.Void},
	} {
		t.Run(name, func(t *testing.T) {
			s := members(t, "ben", "cleo", "dora")
			e := c.tell(s)
			s.hear(e)
			mustState(t, s.c, e, c.want, "")
			n := naiveFold(s.space, s.all, s.c.Stand())
			for i, e := range s.all {
				if got, why := s.c.State(e.ID()); got != n.state(e.ID()) {
					t.Errorf("statement %d is %v (%s), and %v to the naive fold", i, got, why, n.state(e.ID()))
				}
			}
		})
	}
}

// comesTwice lets somebody in apart by an invite of Ana's, who has room for one and somebody else in it, and by one of Ben's. It returns the first redemption.
func (s *scene) comesTwice(who string) *entry.Entry {
	s.t.Helper()
	s.agree(charter.Terms{Type: charter.ProposalInvites, Invites: 1}, "ana", "ben", "cleo")
	before := s.c.Heads()
	comes := func(by, who string) *entry.Entry {
		code := key("code of " + by + " for " + who)
		r, err := charter.NewRedemption(s.space, code, key(who), laptop(who), "Guest", "laptop")
		if err != nil {
			s.t.Fatal(err)
		}
		invite := s.sign(laptop(by), raw(s.t, charter.Statement{Type: charter.TypeInvite, Invite: code.Device()}), before...)
		came := s.sign(laptop(by), raw(s.t, charter.Statement{Type: charter.TypeProspective, Invite: code.Device(), Joiner: &r}), invite.ID())
		s.hear(invite, came)
		return came
	}
	came := comes("ana", who)
	comes("ben", who)
	for i := 0; comes("ana", fmt.Sprint("guest ", i)).ID().Compare(came.ID()) > 0; i++ { // the lowest ID has the room
	}
	if m, _ := s.c.Member(s.id(who)); m.Standing != charter.Prospective {
		s.t.Fatalf("%s is %v", who, m.Standing)
	}
	return came
}

// A step that removes who has resigned names both, and what is honoured is what is under both, also once the phrase has overruled the resignation.
func TestWhoIsRemovedAfterTheyResignedIsHeldToBothFrontiers(t *testing.T) {
	s := members(t, "ben", "cleo", "mel")
	o := s.apart()
	payload, err := s.c.Resign(laptop("mel").Device(), nil, "")
	s.says(laptop("mel"), payload, err)
	terms := remove(s, "mel")
	terms.Frontiers = []charter.DeviceFrontier{{Device: laptop("mel").Device(), Frontier: lastOf(1, 1)}}
	s.agree(terms, "ana", "ben", "cleo")
	o.recovers("mel", key("mel"), nil, laptop("mel")) // as of before
	s.meet(o)
	cuts, _ := s.c.Cut(laptop("mel").Device())
	if !slices.ContainsFunc(cuts, func(f charter.Frontier) bool { return len(f) == 0 }) {
		t.Errorf("what the resignation honours is left out: %v", cuts)
	}
}
