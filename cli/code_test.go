package cli

import (
	"context"
	"strings"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
)

func TestACodeNeedsntStandInTheCommand(t *testing.T) {
	d := newServedDesk(t, newCoop())
	d.stdin = "  kith1code \nnot this line\n"
	d.fails(1, "join", "-", "--as", "Ben") // the home is in use; the daemon was told all the same
	if r, ok := d.coop.told.(api.JoinRequest); !ok || r.Invite != "kith1code" {
		t.Errorf("told %v", d.coop.told)
	}
	alone := newDesk(t)
	var device, via, phrase string
	alone.hooks.JoinDevice = func(_ context.Context, o JoinDeviceOptions) (api.DeviceJoined, error) {
		device = o.Code
		return api.DeviceJoined{}, nil
	}
	alone.hooks.Recover = func(_ context.Context, o RecoverOptions) (api.Recovered, error) {
		via, phrase = o.Via, o.Phrase
		return api.Recovered{}, nil
	}
	alone.stdin = "kithd1code"
	alone.ok("device", "join", "-")
	alone.stdin = "kithv1way\nlegal winner\n"
	alone.ok("device", "recover", "--via", "-", "--phrase", "-")
	if device != "kithd1code" || via != "kithv1way" || phrase != "legal winner" {
		t.Errorf("told %q, and %q with %q", device, via, phrase)
	}
	for _, nothing := range []string{"", "\n", strings.Repeat("x", 1<<20)} {
		d.stdin, d.coop.told = nothing, nil
		if says := d.fails(map[bool]int{true: 2, false: 6}[len(nothing) < 2], "join", "-", "--as", "Ben"); d.coop.told != nil {
			t.Error(says)
		}
	}
}

// A mail breaks a long code over lines; what comes behind it is the next question's.
func TestACodeThatWasBrokenOverLinesIsPutTogether(t *testing.T) {
	whole, err := (charter.Way{Answerers: []charter.Answerer{{Device: entry.NewSigner().Device(), Address: []byte{4, 192, 0, 2, 7, 6, 15, 161}}}}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	var via, phrase string
	d := newDesk(t)
	d.hooks.Recover = func(_ context.Context, o RecoverOptions) (api.Recovered, error) {
		via, phrase = o.Via, o.Phrase
		return api.Recovered{}, nil
	}
	for _, broken := range []string{whole, whole[:20] + "\n" + whole[20:], whole[:20] + "\r\n  " + whole[20:31] + " \n" + whole[31:], "> " + whole[:20] + "\n> > " + whole[20:],
		"kith device recover --via - --phrase -\n\n    " + whole, "Hi Ana,\n\n" + whole[:20] + "-\n" + whole[20:] + ".", whole[:20] + "\n> \n> " + whole[20:], "  " + whole + " see you"} {
		d.stdin, via, phrase = broken+"\nlegal winner\n", "", ""
		d.ok("device", "recover", "--via", "-", "--phrase", "-")
		if via != whole || phrase != "legal winner" {
			t.Errorf("%q: told %q, with %q", broken, via, phrase)
		}
	}
}

func TestNoCommandThatKithShowsHasACodeInIt(t *testing.T) {
	c := newCoop()
	d := newServedDesk(t, c)
	for _, typed := range []string{"invite"} {
		for line := range strings.Lines(d.ok(typed)) {
			if strings.Contains(line, "kith join") && strings.Contains(line, "kith1") {
				t.Errorf("kith %s shows %q", typed, line)
			}
		}
	}
}
