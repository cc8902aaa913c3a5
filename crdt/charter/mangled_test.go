package charter

import (
	"crypto/rand"
	"strings"
	"testing"

	"kith/crdt/entry"
)

func TestWhatAMessengerDoesToACodeIsUndone(t *testing.T) {
	v := Invite{Space: entry.SpaceID{1, 2, 3}}
	rand.Read(v.Seed[:])
	code, err := v.Encode()
	if err != nil {
		t.Fatal(err)
	}
	half := len(code) / 2
	for _, as := range []string{
		code, "“" + code + "”", "'" + code + "'.", "<" + code + ">", "`" + code + "`", code + ".", "kith join " + code, "kith join - --as Ben\n\n    " + code,
		"kith invite revoke " + code, code[:half] + "\u00ad" + code[half:], code[:half] + "\r\n" + code[half:], code[:half] + "\u200b\u2060" + code[half:], "> " + strings.ToUpper(code), "*" + code + "*",
		code[:half] + "-\n" + code[half:], "Hola Ben: " + code + " hasta luego!", `$ kith join "` + code + `" --as Ben`, "[10:03, 1/12/2026] Ana: " + code + "\n\n-- \nAna",
		"> > " + code[:half] + "\n> > \n> > " + code[half:] + "\n> > Until Friday,\n> > Ana", "<p>" + code + "</p>", "&lt;" + code + "&gt;", code[:half] + "=\r\n" + code[half:], // quoted-printable
		strings.Map(func(r rune) rune { return r + 'Ａ' - 'A' }, code), code + "\n" + code,
	} {
		if got, err := DecodeInvite(as); err != nil || got.Seed != v.Seed {
			t.Errorf("%q: %v", as, err)
		}
	}
	for _, as := range []string{"kith join", "kith invite", code[1:half], "kith join " + code[:half], code + code[5:9], "Hola: " + code[:half] + "… hasta luego", strings.Repeat("kith1 ", 600)} {
		if _, err := DecodeInvite(as); err == nil {
			t.Errorf("%q is taken", as)
		}
	}
	device, err := NewDeviceCode(entry.SpaceID{1}, StepID{}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeInvite("kith device join " + device); err == nil || !strings.Contains(err.Error(), "a code for a new device") {
		t.Errorf("a code for a new device is %v", err)
	}
}
