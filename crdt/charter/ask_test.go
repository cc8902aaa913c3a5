package charter_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

func anAsk(t testing.TB, name string) (charter.Invite, charter.Ask, string) {
	t.Helper()
	code := charter.NewInvite(entry.SpaceID{1, 2, 3}, charter.StepID{4})
	ask, err := charter.NewAsk(code, entry.NewSigner(), entry.NewSigner(), name, "laptop")
	if err != nil {
		t.Fatal(err)
	}
	text, err := ask.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return code, ask, text
}

func TestARequestToJoinIsReadHoweverAMessengerBringsIt(t *testing.T) {
	code, ask, text := anAsk(t, strings.Repeat("ü", charter.MaxName))
	if len(text) > 1700 {
		t.Errorf("it has %d letters", len(text))
	}
	for _, came := range []string{text, strings.ToUpper(text), "“" + text + "”\n", text[:40] + "\r\n > " + text[40:], "kith invite answer " + text} {
		if got, err := charter.DecodeAsk(came); err != nil || got != ask || got.Invite != code.Key().Device() || got.Verify(code.Space) != nil {
			t.Errorf("%.60q: %v", came, err)
		}
	}
}

func TestARequestToJoinThatSomebodyChangedIsNone(t *testing.T) {
	code, ask, _ := anAsk(t, "Ben")
	other := entry.NewSigner().Device()
	for what, change := range map[string]func(*charter.Ask){
		"another code":   func(a *charter.Ask) { a.Invite = other },
		"another name":   func(a *charter.Ask) { a.Redemption.Name = "Bea" },
		"another member": func(a *charter.Ask) { a.Redemption.Member = other },
		"another device": func(a *charter.Ask) { a.Redemption.Device = other },
		"its name":       func(a *charter.Ask) { a.Redemption.DeviceName = "phone" },
	} {
		changed := ask
		change(&changed)
		text, err := changed.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := charter.DecodeAsk(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := got.Verify(code.Space); !errors.Is(err, charter.ErrAskChanged) {
			t.Errorf("%s: %v", what, err)
		}
	}
	other16, half := code.Space, code.Space
	other16[0] ^= 1
	half[31] ^= 1
	if err := ask.Verify(other16); !errors.Is(err, charter.ErrAskElsewhere) {
		t.Errorf("for another space: %v", err)
	}
	if err := ask.Verify(half); !errors.Is(err, charter.ErrAskChanged) {
		t.Errorf("for a space whose ID begins alike: %v", err)
	}
}

func TestWhatIsNoRequestToJoinSaysWhatItIs(t *testing.T) {
	_, code := anInvite(t, 1)
	_, _, text := anAsk(t, "Ben")
	for came, want := range map[string]string{
		"": "begins with", "kithq1": "letter wrong or missing", text[:len(text)-1]: "letter wrong or missing",
		code: "this is an invite code", strings.Repeat("x", 5000): "begins with",
	} {
		if _, err := charter.DecodeAsk(came); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, want %q", came, err, want)
		}
	}
	if _, err := charter.DecodeInvite(text); err == nil || !strings.Contains(err.Error(), "kith invite answer") {
		t.Errorf("a request passes for a code: %v", err)
	}
	rapid.Check(t, func(t *rapid.T) { // none makes it panic
		_, _ = charter.DecodeAsk("kithq1" + rapid.String().Draw(t, "text"))
	})
}
