package space

import (
	"context"
	"errors"
	"slices"
	"testing"

	"kith/crdt/entry"
	"kith/daemon/peer"
)

// door has issued some keys, and says who answered.
type door struct {
	name   string
	issued []entry.Device
	asked  *[]string
}

func (d door) Issued(key entry.Device) bool { return slices.Contains(d.issued, key) }

func (d door) Leads(key, _ entry.Device) bool { return d.name == "invite" && d.Issued(key) }

func (d door) Redeem(_ context.Context, _ entry.Device, request []byte) ([]byte, error) {
	*d.asked = append(*d.asked, d.name)
	if len(request) == 0 {
		return nil, &peer.JoinError{Code: peer.JoinBadRequest}
	}
	return []byte(d.name), nil
}

// A seat can name the key of somebody else's door, and an invite the key of a device: whoever comes first answers alone,
// also where that refuses.
func TestTheFirstDoorThatHasIssuedAKeyAnswersAndNoOtherIsAsked(t *testing.T) {
	key := func(n byte) entry.Device { return entry.Device{n} }
	var asked []string
	doors := anyDoor{
		door{"pact", []entry.Device{key(1)}, &asked},
		door{"invite", []entry.Device{key(2), key(3)}, &asked},
		door{"seat", []entry.Device{key(1), key(2), key(4)}, &asked},
	}
	for n, want := range map[byte]string{1: "pact", 2: "invite", 3: "invite", 4: "seat"} {
		asked = nil
		if !doors.Issued(key(n)) {
			t.Errorf("key %d opens nothing", n)
		}
		if got, err := doors.Redeem(t.Context(), key(n), []byte{1}); err != nil || string(got) != want {
			t.Errorf("key %d is answered by %q, %v, want %q", n, got, err, want)
		}
		var refused *peer.JoinError
		if _, err := doors.Redeem(t.Context(), key(n), nil); !errors.As(err, &refused) {
			t.Errorf("what %q refuses is answered: %v", want, err)
		}
		if doors.Leads(key(n), key(8)) != (want == "invite") {
			t.Errorf("key %d leads by another door than %q", n, want)
		}
		if !slices.Equal(asked, []string{want, want}) {
			t.Errorf("of key %d were asked %q", n, asked)
		}
	}
	if doors.Issued(key(9)) {
		t.Error("a key that nobody has issued opens something")
	}
	if _, err := doors.Redeem(t.Context(), key(9), []byte{1}); !errors.Is(err, errNoDoor) {
		t.Errorf("a key that nobody has issued: %v", err)
	}
}
