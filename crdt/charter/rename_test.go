package charter_test

import (
	"errors"
	"fmt"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// renames has a device of a person say what they are called from now on.
func (s *scene) renames(by entry.Signer, name string) *entry.Entry {
	s.t.Helper()
	payload, err := s.c.Rename(by.Device(), name)
	return s.says(by, payload, err)
}

// calls is renames as an altered program makes it, which looks at nobody's name.
func (s *scene) calls(by entry.Signer, name string) *entry.Entry {
	s.t.Helper()
	return s.says(by, raw(s.t, charter.Statement{Type: charter.TypeRename, Name: name}), nil)
}

// renamed is what a member took for names, the newest last.
func renamed(m charter.Member) (names []string) {
	for i := range m.Former {
		if i > 0 {
			names = append(names, m.Former[i].Name)
		}
	}
	if len(m.Former) > 0 {
		names = append(names, m.Chosen)
	}
	return names
}

func (s *scene) wantName(who, shown string, former ...string) {
	s.t.Helper()
	m, _ := s.c.Member(s.id(who))
	var before []string
	for _, f := range m.Former {
		before = append(before, f.Name)
	}
	if m.Name != shown || fmt.Sprint(before) != fmt.Sprint(former) {
		s.t.Errorf("%s is called %q, before %q; want %q, before %q", who, m.Name, before, shown, former)
	}
}

// marked is a name with the start of the ID of the person.
func (s *scene) marked(who, name string) string { return name + " (" + s.id(who).String()[:6] + ")" }

func TestAMemberAloneChangesTheirNameAndWhatItWasStaysKnown(t *testing.T) {
	s := members(t, "ben")
	phone := key("ana's phone")
	s.adds("ana", laptop("ana"), phone)
	first := s.renames(laptop("ana"), " Anna ")
	s.renames(phone, "Anna Sol")
	s.wantName("ana", "Anna Sol", "Ana", "Anna")
	if m, _ := s.c.Member(s.id("ana")); m.Former[0].Until != first.ID() {
		t.Errorf("called so until %v", m.Former[0].Until)
	}
	s.renames(laptop("ana"), "Ana") // their own of before
	s.wantName("ana", "Ana", "Ana", "Anna", "Anna Sol")

	_, err := s.c.Rename(laptop("ana").Device(), "Ana")
	wantErr(t, err, charter.ErrNoChange)
	_, err = s.c.Rename(key("mallory").Device(), "Mallory")
	wantErr(t, err, charter.ErrNotMember)
	for name, former := range map[string]bool{"Anna Sol": true, "\u0410nna": true, "ana": false} {
		_, err = s.c.Rename(laptop("ben").Device(), name)
		var taken *charter.NameTakenError
		if !errors.As(err, &taken) || taken.Former != former {
			t.Errorf("Ben as %q: %v", name, err)
		}
	}
	var bad *charter.NameError
	if _, err = s.c.Rename(laptop("ben").Device(), "B\nen"); !errors.As(err, &bad) {
		t.Errorf("got %v", err)
	}

	payload, err := s.c.RenameDevice(laptop("ana").Device(), phone.Device(), "pocket")
	s.says(laptop("ana"), payload, err)
	if m, _ := s.c.MemberOf(phone.Device()); m.Devices[1].Name != "pocket" || m.Name != "Ana" {
		t.Errorf("%+v", m)
	}
	_, err = s.c.RenameDevice(laptop("ben").Device(), phone.Device(), "mine")
	wantErr(t, err, charter.ErrNotYours)
	_, err = s.c.RenameDevice(laptop("ana").Device(), phone.Device(), "pocket")
	wantErr(t, err, charter.ErrNoChange)

	code, r := s.redeem("anna") // nobody comes in as somebody was called
	payload, err = s.c.Invite(laptop("ben").Device(), code, 0)
	s.says(laptop("ben"), payload, err)
	var taken *charter.NameTakenError
	if _, err = s.c.AdmitProspective(laptop("ben").Device(), code, r); !errors.As(err, &taken) || !taken.Former {
		t.Errorf("got %v", err)
	}
}

func TestOfTwoNamesGivenApartAllReplicasTakeTheSame(t *testing.T) {
	s := members(t, "ben")
	phone := key("ana's phone")
	s.adds("ana", laptop("ana"), phone)
	o := s.apart()
	one, two := s.renames(laptop("ana"), "Anna"), o.renames(phone, "Anouk")
	s.meet(o)
	if one.ID().Compare(two.ID()) < 0 {
		s.wantName("ana", "Anna", "Ana", "Anouk")
	} else {
		s.wantName("ana", "Anouk", "Ana", "Anna")
	}
	s.renames(phone, "Anke") // knows both
	if m := mustMember(t, s, "ana"); m.Name != "Anke" || len(m.Former) != 3 {
		t.Errorf("%+v", m)
	}

	o = s.apart()
	late := s.renames(laptop("ana"), "Anja")
	o.agree(threshold(charter.TwoThirds), "ben", "ana")
	o.renames(phone, "Anni") // on a newer step
	s.meet(o)
	if m := mustMember(t, s, "ana"); m.Name != "Anni" || m.Former[4].Until == late.ID() {
		t.Errorf("%+v", m)
	}
}

func mustMember(t *testing.T, s *scene, who string) charter.Member {
	m, ok := s.c.Member(s.id(who))
	if !ok {
		t.Fatal("no", who)
	}
	return m
}

// What took somebody's word must have known how they call themselves, as with all else that they say.
func TestARenameThatComesTooLateDoesntHold(t *testing.T) {
	for name, end := range map[string]func(s *scene){
		"a retired device": func(s *scene) { s.retires(laptop("dora"), key("dora's phone"), nil) },
		"one that the phrase doesn't list": func(s *scene) {
			s.recovers("dora", key("dora"), nil, laptop("dora"))
		},
		"who was removed": func(s *scene) { s.agree(remove(s, "dora"), "ana", "ben", "cleo") },
		"who resigned": func(s *scene) {
			payload, err := s.c.Resign(laptop("dora").Device(), nil, "")
			s.says(laptop("dora"), payload, err)
		},
		"whose resignation a step names": func(s *scene) {
			payload, err := s.c.Resign(laptop("dora").Device(), nil, "")
			s.says(laptop("dora"), payload, err)
			s.agree(threshold(charter.TwoThirds), "ana", "ben", "cleo")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := members(t, "ben", "cleo", "dora")
			phone := key("dora's phone")
			s.adds("dora", laptop("dora"), phone)
			s.renames(phone, "Dorothea")
			o := s.apart()
			o.calls(phone, "Cleo")
			end(s)
			s.wantName("dora", "Dorothea", "Dora") // what it knew of stays
			s.meet(o)
			s.wantName("dora", "Dorothea", "Dora")
		})
	}
	t.Run("the phrase was stolen", func(t *testing.T) {
		s := members(t, "ben", "cleo", "dora")
		s.calls(laptop("dora"), "Cleo")
		rekey, err := charter.NewRekey(s.space, s.id("dora"), key("dora again"), key("dora's desk"), "desk")
		if err != nil {
			t.Fatal(err)
		}
		o := s.apart()
		o.calls(laptop("dora"), "Ben")
		s.agree(charter.Terms{Type: charter.ProposalKey, Rekey: &rekey}, "ana", "ben", "cleo")
		s.meet(o)
		s.wantName("dora", "Dora") // until she says it anew
		s.renames(key("dora's desk"), "Dorothea")
		s.wantName("dora", "Dorothea", "Dora")
	})
}

func TestANameIsChangedAHundredTimes(t *testing.T) {
	s := members(t, "ben")
	phone := key("ana's phone")
	s.adds("ana", laptop("ana"), phone)
	for i := range charter.MaxRenames {
		s.calls(phone, fmt.Sprint("Ana ", i))
	}
	_, err := s.c.Rename(laptop("ana").Device(), "Anna")
	wantErr(t, err, charter.ErrRenamed)
	late := s.sign(phone, raw(t, charter.Statement{Type: charter.TypeRename, Name: "Anna"}), s.c.Heads()...)
	s.hear(late)
	mustState(t, s.c, late, charter.Void, "more often")
	s.retires(laptop("ana"), phone, nil) // knows them all, so they count
	_, err = s.c.Rename(laptop("ana").Device(), "Anna")
	wantErr(t, err, charter.ErrRenamed)
	s.wantName("ben", "Ben")
	s.renames(laptop("ben"), "Benno")
}

func TestOfNamesThatManyDevicesGiveApartTheNewestHundredHold(t *testing.T) {
	s := members(t, "ben")
	phone := key("ana's phone")
	s.adds("ana", laptop("ana"), phone)
	o := s.apart()
	for i := range charter.MaxRenames {
		s.renames(laptop("ana"), fmt.Sprint("Ana ", i))
		o.calls(phone, fmt.Sprint("Anna ", i))
	}
	s.meet(o)
	if m, _ := s.c.Member(s.id("ana")); len(m.Former) != charter.MaxRenames {
		t.Errorf("%d former names are kept, want %d", len(m.Former), charter.MaxRenames)
	}
}

func TestNamesThatLookAlikeAreShownApart(t *testing.T) {
	s := members(t, "ben", "cleo", "dora")
	s.calls(laptop("cleo"), "\u0392en") // with a Greek Beta
	s.wantName("ben", "Ben")            // it was his first
	s.wantName("cleo", s.marked("cleo", "\u0392en"), "Cleo")
	s.calls(laptop("dora"), "Cleo") // as somebody was called, whose work is in the history
	s.wantName("dora", s.marked("dora", "Cleo"), "Dora")
	s.renames(laptop("cleo"), "Clea")
	s.wantName("cleo", "Clea", "Cleo", "\u0392en")
	s.wantName("dora", s.marked("dora", "Cleo"), "Dora")
	s.calls(laptop("dora"), "Ben (m-abcd)")
	s.wantName("dora", s.marked("dora", "Ben (m-abcd)"), "Dora", "Cleo")

	// Two who take one name apart from each other.
	s = members(t, "ben", "cleo")
	o := s.apart()
	s.renames(laptop("ben"), "Kim")
	o.renames(laptop("cleo"), "kim")
	s.meet(o)
	s.wantName("ben", s.marked("ben", "Kim"), "Ben")
	s.wantName("cleo", s.marked("cleo", "kim"), "Cleo")
	for who, is := range map[string]string{"ben": "Kim", "cleo": "kim"} {
		if m := mustMember(t, s, who); m.Chosen != is {
			t.Errorf("%s chose %q", who, m.Chosen)
		}
	}

	// Two who come with one name, by a code used twice.
	s = members(t, "ben")
	code, _ := s.redeem("eli")
	payload, err := s.c.Invite(laptop("ben").Device(), code, 0)
	s.says(laptop("ben"), payload, err)
	o = s.apart()
	for at, who := range map[*scene]string{s: "eli", o: "eli too"} {
		r, err := charter.NewRedemption(s.space, key("code for eli"), key(who), laptop(who), "Eli", "laptop")
		if err != nil {
			t.Fatal(err)
		}
		payload, err := at.c.AdmitProspective(laptop("ben").Device(), code, r)
		at.says(laptop("ben"), payload, err)
	}
	s.meet(o)
	var shown []string
	for _, m := range s.c.Members()[2:] {
		shown = append(shown, m.Name)
	}
	if len(shown) != 2 || shown[0] != "Eli" || shown[1] == "Eli" {
		t.Errorf("shown are %q", shown)
	}
}
