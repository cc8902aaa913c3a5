package porches

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	ma "github.com/multiformats/go-multiaddr"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/daemontest"
	"kith/daemon/home"
	"kith/daemon/replica"
	"kith/daemon/space"
)

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// own are the porches of a co-op that is in touch with nobody.
func own(t *testing.T) (*Own, *replica.Replica) {
	t.Helper()
	r := daemontest.Alone(t, "Riso", "Ana")
	at := &space.Space{Place: home.At(t.TempDir()), Replica: r, Now: time.Now}
	list := space.NewList(at.Place, space.Config{Log: slog.New(slog.DiscardHandler), Now: time.Now}, at)
	return New(list).Of(at), r
}

// codeAt is a code of a porch at an address.
func codeAt(t *testing.T, device entry.Device, address string) string {
	t.Helper()
	a := must[ma.Multiaddr](t)(ma.NewMultiaddr(address))
	return must[string](t)(charter.NewPorchCode(charter.Answerer{Device: device, Address: a.Bytes()}).Encode())
}

func somebody() entry.Device { return entry.NewSigner().Device() }

func TestWhoAddsManyPushesOutNobodyElses(t *testing.T) {
	var all []porch
	add := func(by byte, n int, label string) {
		for i := range n {
			all = append(all, porch{id: entry.DocID{by, byte(i)}, by: charter.MemberID{by}, label: label, added: time.Unix(int64(by)*1000+int64(i), 0)})
		}
	}
	add(1, 50, "Mal's") // with a clock that is behind
	add(2, 2, "Ana's")
	ordered, used := choose(all)
	if used != maxUsed || len(ordered) != 52 {
		t.Fatalf("%d of %d are used", used, len(ordered))
	}
	anas := 0
	for _, p := range ordered[:used] {
		if p.label == "Ana's" {
			anas++
		}
	}
	if anas != 2 {
		t.Errorf("%d of Ana's two are used", anas)
	}
	all[40].chosen, all[0].left, all[50].void = true, true, "it is none"
	ordered, used = choose(all)
	if ordered[0].id != all[40].id {
		t.Error("what a person chose doesn't come first")
	}
	if slices.ContainsFunc(ordered[:used], func(p porch) bool { return p.left || p.void != "" }) {
		t.Error("what was left, or is none, is used")
	}
}

func TestWhatIsGivenUpIsLetGoOfAlsoWhereItCameWithTheAnswerToACode(t *testing.T) {
	o, _ := own(t)
	code := codeAt(t, somebody(), "/ip4/203.0.113.7/tcp/4001")
	place := o.at.Place
	if err := place.SetConfig(home.Config{Relays: []string{code}}); err != nil {
		t.Fatal(err)
	}
	added := must[api.PorchAdded](t)(o.AddPorch(t.Context(), api.PorchRequest{Code: code}))
	if added.Label != "the porch at 203.0.113.7" || len(added.Advice) != 1 || added.At == "" || strings.Contains(added.At, code) {
		t.Errorf("%+v", added)
	}
	if c := must[home.Config](t)(place.Config()); !slices.Equal(c.Named(), []string{code}) {
		t.Errorf("named are %q", c.Named())
	}
	must[api.Porch](t)(o.RemovePorch(t.Context(), "the porch at 203.0.113.7"))
	if c := must[home.Config](t)(place.Config()); len(c.Named()) > 0 {
		t.Errorf("when it was given up, named are %q", c.Named())
	}
	// Who types it again means it.
	must[home.Config](t)(place.ChangeConfig(func(c *home.Config) error { c.Relays = []string{code}; return nil }))
	if err := o.settle(); err != nil {
		t.Fatal(err)
	}
	if c := must[home.Config](t)(place.Config()); !slices.Equal(c.Named(), []string{code}) {
		t.Errorf("typed again, named are %q", c.Named())
	}
}

func TestAPorchThatIsLeftHereIsUsedAgainWhenItIsFollowed(t *testing.T) {
	o, _ := own(t)
	code := codeAt(t, somebody(), "/ip4/203.0.113.7/tcp/4001")
	must[api.PorchAdded](t)(o.AddPorch(t.Context(), api.PorchRequest{Code: code, Label: "Rosa's"}))
	if p := must[api.Porch](t)(o.LeavePorch(t.Context(), "rosa's")); p.State != api.PorchLeft {
		t.Errorf("%+v", p)
	}
	if c := must[home.Config](t)(o.at.Place.Config()); len(c.Named()) > 0 {
		t.Errorf("named are %q", c.Named())
	}
	if p := must[api.Porch](t)(o.FollowPorch(t.Context(), "rosa's")); p.State != api.PorchReady {
		t.Errorf("%+v", p)
	}
	if c := must[home.Config](t)(o.at.Place.Config()); !slices.Equal(c.Named(), []string{code}) {
		t.Errorf("named are %q", c.Named())
	}
}

func TestWhatIsNoPorchIsNotAddedAndTwoOfOneHostAreSaid(t *testing.T) {
	o, r := own(t)
	for what, code := range map[string]string{
		"nonsense":              "nonsense",
		"the computer itself":   codeAt(t, r.Device(), "/ip4/203.0.113.7/tcp/4001"),
		"a porch at a porch":    codeAt(t, somebody(), "/ip4/203.0.113.7/tcp/4001/p2p/12D3KooWGRUaBJzXJDJ4fbEbSiWdTF5hqzvs9mAhQUiXwvFkTZ7Y/p2p-circuit"),
		"a name to look up":     codeAt(t, somebody(), "/dns4/example.org/tcp/4001"),
		"an invite, half of it": "kith1qpzry",
	} {
		if added, err := o.AddPorch(t.Context(), api.PorchRequest{Code: code}); err == nil {
			t.Errorf("%s: %+v", what, added)
		}
	}
	must[api.PorchAdded](t)(o.AddPorch(t.Context(), api.PorchRequest{Code: codeAt(t, somebody(), "/ip4/203.0.113.7/tcp/4001"), Label: "One"}))
	two := must[api.PorchAdded](t)(o.AddPorch(t.Context(), api.PorchRequest{Code: codeAt(t, somebody(), "/ip4/203.0.113.7/tcp/4002"), Label: "Two"}))
	if len(two.Advice) != 1 || !strings.Contains(two.Advice[0], "at one host") {
		t.Errorf("%q", two.Advice)
	}
	three := must[api.PorchAdded](t)(o.AddPorch(t.Context(), api.PorchRequest{Code: codeAt(t, somebody(), "/ip4/203.0.113.8/tcp/4001"), Label: "Three"}))
	if len(three.Advice) > 0 {
		t.Errorf("%q", three.Advice)
	}
	if _, err := o.AddPorch(t.Context(), api.PorchRequest{Code: codeAt(t, somebody(), "/ip4/203.0.113.9/tcp/4001"), Label: "one"}); err == nil {
		t.Error("two porches have one label")
	}
	moved := somebody()
	must[api.PorchAdded](t)(o.AddPorch(t.Context(), api.PorchRequest{Code: codeAt(t, moved, "/ip4/203.0.113.10/tcp/4001"), Label: "Moved"}))
	if _, err := o.AddPorch(t.Context(), api.PorchRequest{Code: codeAt(t, moved, "/ip4/203.0.113.11/tcp/4001"), Label: "Here now"}); err == nil || !strings.Contains(err.Error(), "“Moved” is a porch of yours already") {
		t.Errorf("one porch at two addresses: %v", err)
	}
}
