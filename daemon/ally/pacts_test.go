package ally

import (
	"log/slog"
	"testing"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/daemontest"
	"kith/daemon/home"
	"kith/daemon/replica/replicatest"
	"kith/daemon/space"
)

// The home may be behind when the pact is made, or when the daemon starts.
func TestAPlaceLearnsWhoseShareItIsOnceTheCoopKnowsOfTheStep(t *testing.T) {
	t.Parallel()
	coop := daemontest.Alone(t, "Riso Print Co-op", "Ana")
	there, _ := replicatest.TwoAllies(t)
	p := *newMeetingLab(t).pact()
	p.Home, p.Share = coop.Space().String(), there.Space().String()
	p.Geneses[1], p.Contacts[1] = genesisOf(t, "Quilted", "Dora", entry.NewSigner()).Encoded(), []string{"Dora"}
	place := home.At(t.TempDir())
	must(t, p.keep(place))
	s := New(space.NewList(nil, space.Config{Log: slog.New(slog.DiscardHandler), Now: time.Now},
		&space.Space{Place: home.At(t.TempDir()), Replica: coop, Now: time.Now}, &space.Space{Place: place, Replica: there, Now: time.Now}), nil)
	known := map[*space.Space]bool{}
	s.tellOfPacts(known)
	if place.Reserved() {
		t.Fatal("the co-op hasn't agreed on the pact, and the share is its")
	}
	word, err := p.word()
	must(t, err)
	var step charter.StepID
	_, err = coop.Say(t.Context(), func(c *charter.Charter) (payload []byte, err error) {
		payload, step, err = c.Propose(coop.Device(), charter.Terms{Type: charter.ProposalPact, Pact: word, Why: p.why()})
		return payload, err
	})
	must(t, err)
	_, err = coop.Say(t.Context(), func(c *charter.Charter) ([]byte, error) { return c.Consent(coop.Device(), step, false) })
	must(t, err)
	s.tellOfPacts(known)
	of, err := place.SharePlace()
	must(t, err)
	me, _ := coop.Me()
	if want := (home.SharePlace{Home: coop.Space(), Member: me.ID, Share: there.Space(), Side: there.Charter().Space(), Step: step}); of == nil || *of != want {
		t.Errorf("the place says %+v, want %+v", of, want)
	}
	if s.tellOfPacts(known); len(known) != 2 {
		t.Errorf("of %d of 2 places nothing is left to say", len(known))
	}
}
