package home

import (
	"errors"
	"slices"
	"testing"

	"kith/daemon/peer"
)

func TestANamedRelayIsRememberedUntilItIsForgotten(t *testing.T) {
	h, err := Open(t.TempDir())
	must(t, err)
	defer h.Close()
	named := []string{"/ip4/203.0.113.7/tcp/4001/p2p/12D3KooWGRUaBJzXJDJ4fbEbSiWdTF5hqzvs9mAhQUiXwvFkTZ7Y"}
	for _, step := range []struct{ given, want []string }{{named, named}, {nil, named}, {[]string{"none"}, nil}, {nil, nil}} {
		c, err := h.Config()
		must(t, err)
		_, err = h.ChooseRelays(c, step.given)
		must(t, err)
		if c, err = h.Config(); err != nil || !slices.Equal(c.Relays, step.want) {
			t.Errorf("after --relay %v: %v, %v", step.given, c.Relays, err)
		}
	}
	var wrong *peer.RelayError
	if _, err := h.ChooseRelays(Config{}, []string{"/ip4/203.0.113.7/tcp/4001"}); !errors.As(err, &wrong) {
		t.Errorf("a relay without an identity: %v", err)
	}
	if c, err := h.Config(); err != nil || len(c.Relays) != 0 {
		t.Errorf("it was remembered: %v, %v", c.Relays, err)
	}
}
