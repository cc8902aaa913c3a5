package charter_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/formattest"
)

func anInvite(t testing.TB, answerers int) (charter.Invite, string) {
	t.Helper()
	v := charter.NewInvite(entry.SpaceID{1, 2, 3}, charter.StepID{4, 5, 6})
	for i := range answerers {
		v.Answerers = append(v.Answerers, charter.Answerer{
			Device:  key("ana's laptop").Device(),
			Address: []byte{4, 192, 168, 1, byte(i), 6, 0x1f, 0x90}, // /ip4/192.168.1.x/tcp/8080
		})
	}
	code, err := v.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return v, code
}

func sameInvite(a, b charter.Invite) bool {
	same := a.Seed == b.Seed && a.Space == b.Space && a.Step == b.Step && len(a.Answerers) == len(b.Answerers)
	for i := range a.Answerers {
		same = same && a.Answerers[i].Device == b.Answerers[i].Device && bytes.Equal(a.Answerers[i].Address, b.Answerers[i].Address)
	}
	return same
}

func TestAnInviteCodeSurvivesHowPeopleCopyIt(t *testing.T) {
	for answerers := range charter.MaxAnswerers + 1 {
		v, code := anInvite(t, answerers)
		t.Logf("%d answerers: %d letters", answerers, len(code))
		wrapped := ""
		for i, r := range code {
			if i%20 == 0 {
				wrapped += "\r\n> "[:2]
			}
			wrapped += string(r)
		}
		for name, typed := range map[string]string{
			"as it is":            code,
			"in capitals":         strings.ToUpper(code),
			"wrapped":             wrapped,
			"grouped":             strings.Join(strings.SplitAfter(code, "k"), " - "),
			"with look-alikes":    strings.NewReplacer("0", "O", "1", "l").Replace(code),
			"with space around":   "\t  " + code + "\u00a0\n",
			"with the i for a 1":  strings.ReplaceAll(code, "1", "I"),
			"above a greeting":    code[:40] + "\n" + code[40:] + "\n\nSee you on Monday!\nBen\n",
			"with zero-width gap": code[:30] + "\u200b" + code[30:],
		} {
			got, err := charter.DecodeInvite(typed)
			if err != nil || !sameInvite(got, v) {
				t.Errorf("%s: %v\n%+v\n%+v", name, err, got, v)
			}
		}
	}
}

func TestAnyOneWrongLetterInAnInviteCodeIsSeen(t *testing.T) {
	_, code := anInvite(t, 1)
	const letters = "0123456789abcdefghjkmnpqrstvwxyz"
	for i := len("kith1"); i < len(code); i++ {
		for _, r := range letters {
			if byte(r) == code[i] {
				continue
			}
			if _, err := charter.DecodeInvite(code[:i] + string(r) + code[i+1:]); !errors.Is(err, charter.ErrInviteMistyped) {
				t.Fatalf("letter %d as %c: %v", i, r, err)
			}
		}
		if _, err := charter.DecodeInvite(code[:i]); !errors.Is(err, charter.ErrInviteMistyped) {
			t.Fatalf("cut off after %d letters: %v", i, err)
		}
	}
}

func TestWhatIsNoInviteCodeIsToldFromAMistypedAndANewerOne(t *testing.T) {
	_, code := anInvite(t, 0)
	for _, test := range []struct {
		name, typed string
		want        error
	}{
		{"nothing", "", charter.ErrNotInvite},
		{"a sentence", "come and join us", charter.ErrNotInvite},
		{"an address", "/ip4/192.168.1.1/tcp/8080", charter.ErrNotInvite},
		{"a code without its beginning", code[5:], charter.ErrNotInvite},
		{"a megabyte", code + strings.Repeat("a", 1<<20), charter.ErrNotInvite},
		{"a letter that no code has", code + "u", charter.ErrInviteMistyped},
		{"only the beginning", "kith1", charter.ErrInviteMistyped},
		{"a newer version", charter.EncodeRaw(append([]byte{2}, make([]byte, 76)...)), charter.ErrInviteNewer},
		{"a newer and shorter version", charter.EncodeRaw([]byte{3}), charter.ErrInviteNewer},
		{"a code of a newer number", "kith2" + code[5:], charter.ErrInviteNewer},
		{"a porch's code of a newer number", "kithp2" + code[5:], charter.ErrNotInvite},
		{"version 0", charter.EncodeRaw(make([]byte, 76)), charter.ErrNotInvite},
		{"too short", charter.EncodeRaw([]byte{1, 2, 3}), charter.ErrNotInvite},
		{"a byte too many", charter.EncodeRaw(append([]byte{1}, make([]byte, 58)...)), charter.ErrNotInvite},
		{"an answerer that isn't there", charter.EncodeRaw(append(append([]byte{1}, make([]byte, 56)...), 1)), charter.ErrNotInvite},
		{"five answerers", charter.EncodeRaw(append(append([]byte{1}, make([]byte, 56)...), append([]byte{5}, bytes.Repeat([]byte{1}, 5*34)...)...)), charter.ErrNotInvite},
		{"an address cut off", charter.EncodeRaw(append(append([]byte{1}, make([]byte, 56)...), append([]byte{1}, bytes.Repeat([]byte{9}, 33+8)...)...)), charter.ErrNotInvite},
		{"an address of nothing", charter.EncodeRaw(append(append([]byte{1}, make([]byte, 56)...), append([]byte{1}, make([]byte, 33)...)...)), charter.ErrNotInvite},
	} {
		if _, err := charter.DecodeInvite(test.typed); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	v := charter.NewInvite(entry.SpaceID{}, charter.StepID{})
	for name, answerers := range map[string][]charter.Answerer{
		"five answerers":    make([]charter.Answerer, 5),
		"no address":        {{}},
		"a long address":    {{Address: make([]byte, charter.MaxAddress+1)}},
		"one bad of two":    {{Address: []byte{1}}, {}},
		"an address of 256": {{Address: make([]byte, 256)}},
	} {
		v.Answerers = answerers
		if _, err := v.Encode(); err == nil {
			t.Errorf("%s can be encoded", name)
		}
	}
}

func TestTheLargestInviteCodeCanBeReadBack(t *testing.T) {
	v := charter.NewInvite(entry.SpaceID{1}, charter.StepID{2})
	for range charter.MaxAnswerers {
		v.Answerers = append(v.Answerers, charter.Answerer{Address: bytes.Repeat([]byte{7}, charter.MaxAddress)})
	}
	code, err := v.Encode()
	if err != nil || 2*len(code) > charter.MaxInviteText {
		t.Fatalf("%d letters, %v", len(code), err)
	}
	if got, err := charter.DecodeInvite(code); err != nil || !sameInvite(got, v) {
		t.Error(err)
	}
}

func TestEachCodeHasAKeyOfItsOwn(t *testing.T) {
	a, code := anInvite(t, 0)
	b, _ := anInvite(t, 0)
	if a.Key().Device() == b.Key().Device() {
		t.Error("two codes have one key")
	}
	if a.Key().Seed() == [32]byte(append(a.Seed[:], a.Seed[:]...)) || !a.For(entry.SpaceID{1, 2, 3}) || a.For(entry.SpaceID{1, 2, 4}) {
		t.Error("the code is for another space")
	}
	got, err := charter.DecodeInvite(code)
	if err != nil || got.Key().Device() != a.Key().Device() {
		t.Error("the joiner derives another key")
	}
}

func FuzzDecodeInvite(f *testing.F) {
	formattest.NeedSeeds(f)
	f.Fuzz(func(t *testing.T, typed string) {
		v, err := charter.DecodeInvite(typed)
		if err != nil {
			return
		}
		code, err := v.Encode()
		if err != nil {
			t.Fatalf("%+v can be read, and not written: %v", v, err)
		}
		if again, err := charter.DecodeInvite(code); err != nil || !sameInvite(again, v) {
			t.Fatalf("%+v reads back as %+v, %v", v, again, err)
		}
	})
}

func TestRandomInvitesReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := charter.Invite{}
		copy(v.Seed[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "seed"))
		copy(v.Space[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "space"))
		for range rapid.IntRange(0, charter.MaxAnswerers).Draw(t, "answerers") {
			v.Answerers = append(v.Answerers, charter.Answerer{Address: rapid.SliceOfN(rapid.Byte(), 1, charter.MaxAddress).Draw(t, "address")})
		}
		code, err := v.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := charter.DecodeInvite(code); err != nil || !sameInvite(got, v) {
			t.Fatal(err)
		}
	})
}

// Anybody publishes what key they like as an invite's: also that of a request for a new key, which all can read while they answer it, and that of a device.
func TestAKeyThatSomebodyPublishesAsAnInviteCanStillBeAMembers(t *testing.T) {
	s := members(t, "ben", "cleo", "dora", "mel")
	phone := key("dora's phone")
	rekey, err := charter.NewRekey(s.space, s.id("dora"), key("dora again"), key("desk"), "desk")
	if err != nil {
		t.Fatal(err)
	}
	terms := charter.Terms{Type: charter.ProposalKey, Rekey: &rekey}
	s.proposes("ana", terms)
	code, r := s.redeem("gus")
	payload, err := s.c.Invite(laptop("ana").Device(), code, 0)
	s.says(laptop("ana"), payload, err)
	for _, k := range []entry.Device{rekey.Key, rekey.Device, phone.Device(), r.Member, r.Device} {
		s.says(laptop("mel"), raw(t, charter.Statement{Type: charter.TypeInvite, Invite: k}), nil)
	}
	payload, err = s.c.AdmitProspective(laptop("ben").Device(), code, r)
	s.says(laptop("ben"), payload, err)
	s.adds("dora", laptop("dora"), phone)
	s.agree(threshold(charter.TwoThirds), "ben", "cleo", "dora")
	s.agree(terms, "ana", "ben", "cleo", "mel")
	if m, ok := s.c.MemberOf(key("desk").Device()); !ok || m.ID != s.id("dora") {
		t.Error("Dora's new key speaks for nobody")
	}
	// What is used as an invite is none of who comes by it.
	again := key("code for flo")
	r, err = charter.NewRedemption(s.space, again, key("flo"), again, "Flo", "laptop")
	if err != nil {
		t.Fatal(err)
	}
	payload, err = s.c.Invite(laptop("ana").Device(), again.Device(), 0)
	s.says(laptop("ana"), payload, err)
	e := s.sign(laptop("ana"), raw(t, charter.Statement{Type: charter.TypeProspective, Invite: again.Device(), Joiner: &r}), s.c.Heads()...)
	s.hear(e)
	mustState(t, s.c, e, charter.Void, "its member key or device is in the charter already")
}
