package charter_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/formattest"
)

// codes is one code of each sort, and how each is read.
func codes(t testing.TB) (texts map[string]string, read map[string]func(string) (any, error)) {
	t.Helper()
	answerers := []charter.Answerer{{Device: key("ana's laptop").Device(), Address: []byte{4, 192, 168, 1, 2, 6, 0x1f, 0x90}}}
	device := charter.NewDeviceCode(entry.SpaceID{1, 2, 3}, charter.StepID{4, 5, 6}, answerers...)
	way := charter.Way{Space: entry.SpaceID{1, 2, 3}, Member: charter.MemberID{7}, Answerers: answerers}
	rekey, err := charter.NewRekey(entry.SpaceID{1, 2, 3}, charter.MemberID{7}, key("new"), key("ana's box"), "box")
	if err != nil {
		t.Fatal(err)
	}
	ally := charter.NewAllyCode(entry.SpaceID{1, 2, 3}, answerers...)
	porch := charter.NewPorchCode(answerers...)
	texts = map[string]string{}
	for sort, write := range map[string]func() (string, error){"device": device.Encode, "way": way.Encode, "key": rekey.Code, "ally": ally.Encode, "porch": porch.Encode} {
		if texts[sort], err = write(); err != nil {
			t.Fatal(err)
		}
	}
	_, texts["invite"] = anInvite(t, 1)
	return texts, map[string]func(string) (any, error){
		"device": func(s string) (any, error) { v, err := charter.DecodeDeviceCode(s); return v, err },
		"way":    func(s string) (any, error) { v, err := charter.DecodeWay(s); return v, err },
		"key":    func(s string) (any, error) { v, err := charter.RekeyFromCode(s); return v, err },
		"ally":   func(s string) (any, error) { v, err := charter.DecodeAllyCode(s); return v, err },
		"porch":  func(s string) (any, error) { v, err := charter.DecodePorchCode(s); return v, err },
	}
}

func TestACodeIsReadHoweverPeopleCopyItAndNeverAsOneOfAnotherSort(t *testing.T) {
	texts, read := codes(t)
	for sort, decode := range read {
		want, err := decode(texts[sort])
		if err != nil {
			t.Fatalf("%s: %v", sort, err)
		}
		code := texts[sort]
		for name, typed := range map[string]string{
			"in capitals": strings.ToUpper(code), "wrapped": code[:30] + "\n  " + code[30:], "with hyphens": code[:10] + "-" + code[10:],
			"in a mail":        "Hi Ana,\nhere it is:\n\n" + code[:30] + "\n" + code[30:] + "\n\nSee you\n-- \nBen",
			"with look-alikes": strings.NewReplacer("0", "O", "1", "l").Replace(code),
		} {
			if got, err := decode(typed); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s %s: %v", sort, name, err)
			}
			if got := charter.WholeCode(typed); got != code {
				t.Errorf("%s %s: the code in it is %q", sort, name, got)
			}
		}
		if got := charter.WholeCode(code[:len(code)-1]); got != "" {
			t.Errorf("half a %s code is %q", sort, got)
		}
		for other, text := range texts {
			if other == sort {
				continue
			}
			_, err := decode(text)
			var wrong *charter.CodeError
			if !errors.As(err, &wrong) || !strings.Contains(err.Error(), ", not ") || !strings.Contains(err.Error(), "kith ") {
				t.Errorf("a %s code read as a %s: %v", other, sort, err)
			}
		}
		if _, err := charter.DecodeInvite(code); !errors.Is(err, charter.ErrNotInvite) || !strings.Contains(err.Error(), "; this is a code ") {
			t.Errorf("a %s code read as an invite: %v", sort, err)
		}
	}
}

func TestEveryLetterOfACodeCounts(t *testing.T) {
	texts, read := codes(t)
	for sort, decode := range read {
		code := texts[sort]
		for i := 6; i < len(code); i++ {
			other := byte('0')
			if code[i] == other {
				other = '7'
			}
			if _, err := decode(code[:i] + string(other) + code[i+1:]); err == nil || !strings.Contains(err.Error(), "a letter wrong or missing") {
				t.Errorf("%s with letter %d altered: %v", sort, i, err)
			}
			if _, err := decode(code[:i]); err == nil {
				t.Errorf("%s cut at %d is read", sort, i)
			}
		}
	}
}

func TestACodeThatHoldsSomethingElseIsRefused(t *testing.T) {
	_, read := codes(t)
	for name, body := range map[string][]byte{
		"nothing": {}, "version 0": make([]byte, 60), "a newer version": append([]byte{2}, make([]byte, 60)...), "too short": {1, 2, 3},
		"five answerers":        append(append([]byte{1}, make([]byte, 40)...), append([]byte{5}, bytes.Repeat([]byte{1}, 5*34)...)...),
		"an address of nothing": append(append([]byte{1}, make([]byte, 52)...), append([]byte{1}, make([]byte, 33)...)...),
		"something after it":    append([]byte{1}, make([]byte, 1000)...),
	} {
		for _, text := range charter.EncodeRawSorts(body) {
			for sort, decode := range read {
				var wrong *charter.CodeError
				if _, err := decode(text); !errors.As(err, &wrong) {
					t.Errorf("%s, read as %s: %v", name, sort, err)
				}
			}
		}
	}
	for _, decode := range read {
		if _, err := decode(strings.Repeat("a", 1<<20)); err == nil {
			t.Error("a megabyte is a code")
		}
	}
	if _, err := (charter.Way{Answerers: make([]charter.Answerer, charter.MaxAnswerers+1)}).Encode(); err == nil {
		t.Error("five answerers fit")
	}
	if _, err := (charter.Way{Answerers: []charter.Answerer{{Address: make([]byte, charter.MaxAddress+1)}}}).Encode(); err == nil {
		t.Error("a long address fits")
	}
}

// FuzzDecodeCodes reads any text as a code of each sort.
func FuzzDecodeCodes(f *testing.F) {
	formattest.NeedSeeds(f)
	f.Fuzz(func(t *testing.T, typed string) {
		if v, err := charter.DecodeDeviceCode(typed); err == nil {
			mustReadBack(t, v.Encode, func(s string) (any, error) { v, err := charter.DecodeDeviceCode(s); return v, err }, v)
		}
		if w, err := charter.DecodeWay(typed); err == nil {
			mustReadBack(t, w.Encode, func(s string) (any, error) { w, err := charter.DecodeWay(s); return w, err }, w)
		}
		if r, err := charter.RekeyFromCode(typed); err == nil {
			mustReadBack(t, r.Code, func(s string) (any, error) { r, err := charter.RekeyFromCode(s); return r, err }, r)
		}
		if a, err := charter.DecodeAllyCode(typed); err == nil {
			mustReadBack(t, a.Encode, func(s string) (any, error) { v, err := charter.DecodeAllyCode(s); return v, err }, a)
		}
		if p, err := charter.DecodePorchCode(typed); err == nil {
			mustReadBack(t, p.Encode, func(s string) (any, error) { v, err := charter.DecodePorchCode(s); return v, err }, p)
		}
		_, _ = charter.ReadPair(typed)
	})
}

func mustReadBack(t *testing.T, write func() (string, error), read func(string) (any, error), want any) {
	t.Helper()
	text, err := write()
	if err != nil {
		t.Fatalf("%+v can be read, and not written: %v", want, err)
	}
	if got, err := read(text); err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v reads back as %+v, %v", want, got, err)
	}
}

// The words are of no use if anything that they stand for can be another.
func TestTheWordsChangeWithAllThatTheyStandFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bytes := func(name string) (b [32]byte) {
			copy(b[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, name))
			return b
		}
		p := charter.Pairing{
			Space: entry.SpaceID(bytes("space")), Code: entry.Device(bytes("code")), By: entry.Device(bytes("by")), New: entry.Device(bytes("new")),
			NonceBy: bytes("nonce by"), NonceNew: bytes("nonce new"),
		}
		words := p.Words()
		if len(words) != charter.PairWords {
			t.Fatal(words)
		}
		if again, err := charter.ReadPair(" " + strings.ToUpper(words[0]) + "-" + words[1] + "\n"); err != nil || !reflect.DeepEqual(again, words) {
			t.Fatalf("%v reads back as %v, %v", words, again, err)
		}
		parts := [][]byte{p.Space[:], p.Code[:], p.By[:], p.New[:], p.NonceBy[:], p.NonceNew[:]}
		at, bit := rapid.IntRange(0, len(parts)-1).Draw(t, "part"), rapid.IntRange(0, 255).Draw(t, "bit")
		bound := p.Commitment()
		parts[at][bit/8] ^= 1 << (bit % 8)
		if at != 4 && p.Commitment() == bound {
			t.Fatal("the commitment binds only some of it")
		}
		if at == 4 && p.Commitment() != bound {
			t.Fatal("the new device can't know the other's nonce when it commits itself")
		}
		// 22 bits are the same by chance once in four million times; then another bit tells.
		if reflect.DeepEqual(p.Words(), words) {
			parts[at][bit/8] ^= 2 << (bit % 7)
			if reflect.DeepEqual(p.Words(), words) {
				t.Fatal("the words are the same")
			}
		}
	})
}

func TestWordsThatAreNoneSayWhatMayHaveBeenMeant(t *testing.T) {
	for typed, want := range map[string]string{
		"aple river": "perhaps apple", "apple": "type both", "apple river stone": "type both", "": "type both", strings.Repeat("apple ", 5000): "type both",
	} {
		if _, err := charter.ReadPair(typed); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v", typed, err)
		}
	}
}

func TestWordsThatWereHeardAreTwo(t *testing.T) {
	if _, err := charter.ReadHeard("apple"); err == nil || !strings.Contains(err.Error(), "reads two words to you") {
		t.Error(err)
	}
	if words, err := charter.ReadHeard("Apple, river"); err != nil || !reflect.DeepEqual(words, []string{"apple", "river"}) {
		t.Errorf("%v, %v", words, err)
	}
}

func TestEveryCodeForAnAllyIsAnotherKey(t *testing.T) {
	a, b := charter.NewAllyCode(entry.SpaceID{1}), charter.NewAllyCode(entry.SpaceID{1})
	if a.Key().Device() == b.Key().Device() || a.Key().Device() == (charter.DeviceCode{Seed: a.Seed}).Key().Device() {
		t.Error("two codes have one key")
	}
}

func TestANewKeyHasWordsOfItsOwn(t *testing.T) {
	make := func(device string) charter.Rekey {
		r, err := charter.NewRekey(entry.SpaceID{1}, charter.MemberID{7}, key("new"), key(device), "box")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	a, b := make("ana's box"), make("mallory's box")
	if len(a.Words()) != charter.KeyWords || reflect.DeepEqual(a.Words(), b.Words()) {
		t.Errorf("%v and %v", a.Words(), b.Words())
	}
}

func TestADevicesOriginIsWhoAddedItOrThePhrase(t *testing.T) {
	s := members(t, "ben")
	phone, fresh := key("ana's phone"), key("fresh")
	s.adds("ana", laptop("ana"), phone)
	s.recovers("ana", key("ana"), nil, fresh, phone)
	for _, tt := range []struct {
		device entry.Signer
		want   charter.Origin
		ok     bool
	}{
		{laptop("ana"), charter.Origin{}, true},
		{phone, charter.Origin{By: laptop("ana").Device()}, true},
		{fresh, charter.Origin{Phrase: true}, true},
		{key("mallory"), charter.Origin{}, false},
	} {
		got, ok := s.c.Origin(tt.device.Device())
		if ok != tt.ok || ok && got.Entry.IsZero() != (tt.want == charter.Origin{}) {
			t.Errorf("%+v, %v", got, ok)
		}
		got.Entry = entry.ID{}
		if tt.device.Device() != phone.Device() && got != tt.want { // of the phone two statements tell, and the lower ID is by chance
			t.Errorf("got %+v, want %+v", got, tt.want)
		}
	}
	if m, ok := s.c.MemberKey(key("ana").Device()); !ok || m.Name != "Ana" {
		t.Errorf("the member key is of %+v", m)
	}
	if _, ok := s.c.MemberKey(phone.Device()); ok {
		t.Error("a device is a member key")
	}
	if !s.c.WasMemberKey(key("ana").Device()) || s.c.WasMemberKey(phone.Device()) {
		t.Error("who was a member key")
	}
}

func TestAReplacedKeyOpensNothingAndWhatItRetiredIsToldFromWhatADeviceDid(t *testing.T) {
	s := members(t, "ben", "cleo")
	phone := key("ana's phone")
	s.adds("ana", laptop("ana"), phone)
	s.retires(laptop("ana"), phone, lastOf(1, 2))
	if cuts, ok := s.c.RetiredBy(phone.Device()); !ok || len(cuts) != 1 || len(cuts[0]) != 1 {
		t.Errorf("retired by a device: %v, %v", cuts, ok)
	}
	if _, ok := s.c.RetiredBy(laptop("ana").Device()); ok {
		t.Error("the laptop is retired")
	}
	s.recovers("ana", key("ana"), nil, key("thief"))
	if _, ok := s.c.RetiredBy(laptop("ana").Device()); ok {
		t.Error("what the member key said counts as a device's word")
	}
	if _, ok := s.c.Cut(laptop("ana").Device()); !ok {
		t.Error("the laptop isn't cut")
	}
	rekey, err := charter.NewRekey(s.space, s.id("ana"), key("ana's new key"), key("fresh"), "fresh")
	if err != nil {
		t.Fatal(err)
	}
	s.agree(charter.Terms{Type: charter.ProposalKey, Rekey: &rekey, Why: "stolen"}, "ben", "cleo")
	if _, ok := s.c.MemberKey(key("ana").Device()); ok || !s.c.WasMemberKey(key("ana").Device()) {
		t.Error("the old key opens something")
	}
	if m, ok := s.c.MemberKey(key("ana's new key").Device()); !ok || m.Name != "Ana" {
		t.Error("the new key is nobody's")
	}
}

func TestFrontiersReadBack(t *testing.T) {
	list := []charter.DeviceFrontier{{Device: entry.Device{2}, Frontier: lastOf(1, 2)}, {Device: entry.Device{1}}}
	b, err := charter.EncodeFrontiers(list)
	if err != nil {
		t.Fatal(err)
	}
	got, err := charter.DecodeFrontiers(b)
	if err != nil || len(got) != 2 || got[0].Device != (entry.Device{1}) || len(got[1].Frontier) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	for i := range b {
		if _, err := charter.DecodeFrontiers(b[:i]); err == nil {
			t.Errorf("cut at %d they are read", i)
		}
	}
	if _, err := charter.DecodeFrontiers(make([]byte, charter.MaxStatement+1)); err == nil {
		t.Error("too many bytes are read")
	}
}

func TestACodeOfALaterNumberIsOfANewerKith(t *testing.T) {
	for text, what := range map[string]string{"kithp2qz9w396y": "a code for a porch", "KITH3 qz9w 396y": "an invite code", "kithd9qz9w396y": "a code for a new device"} {
		var wrong *charter.CodeError
		if _, err := charter.DecodePorchCode(text); !errors.As(err, &wrong) || err.Error() != "this is "+what+" of a newer Kith; update yours" {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := charter.DecodePorchCode("kithery"); err == nil || strings.Contains(err.Error(), "newer") {
		t.Errorf("a word: %v", err)
	}
}
