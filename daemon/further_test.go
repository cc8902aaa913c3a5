package daemon

import (
	"strings"
	"testing"
	"time"

	"kith/daemon/api"
)

// madePact lets two co-ops of one make a pact, and gives the space of its share.
func madePact(t *testing.T) (ana, dora *home, share string) {
	t.Helper()
	ana, dora = coopCalled(t, "Riso Print Co-op", "Ana")[0], coopCalled(t, "Quilted", "Dora")[0]
	ana.start()
	dora.start()
	joined := dora.joinsAlly(ana.invitesAlly().Code)
	asked := ana.untilPact(api.AllyCompare)
	ana.confirms(joined.Words)
	dora.confirms(asked.Words)
	ana.untilPact(api.AllyMade)
	return ana, dora, dora.untilPact(api.AllyMade).Share.ID
}

// shares are the made pacts of a home.
func (h *home) shares() (made []api.Ally) {
	h.t.Helper()
	all, err := h.homeClient().Allies(h.t.Context())
	must(h.t, err)
	for _, a := range all {
		if a.State == api.AllyMade {
			made = append(made, a)
		}
	}
	return made
}

func TestAFurtherShareComesToBeWithoutWordsThroughTheFirst(t *testing.T) {
	ana, dora, first := madePact(t)
	opened, err := ana.homeClient().NewShare(t.Context(), api.NewShareRequest{Ally: "quilted", Title: "The winter fair", As: "Annie", Listen: here})
	must(t, err)
	if opened.Ask == "" || !opened.Further || opened.Name != "Quilted" || len(opened.Words) > 0 || !strings.Contains(strings.Join(opened.Says, " "), "kith share join "+opened.Ask) {
		t.Errorf("opened: %+v", opened)
	}
	// Through restarts of both, and whoever is there first.
	for _, h := range []*home{ana, dora} {
		h.kill()
		h.start()
	}
	join := func(h *home, ask string) (api.Ally, error) {
		return h.homeClient().JoinShare(t.Context(), api.JoinShareRequest{Ask: ask, Listen: here}, time.Minute)
	}
	if _, err := join(ana, opened.Ask); err == nil || !strings.Contains(err.Error(), "your own co-op has opened this share") {
		t.Errorf("Ana joined her own: %v", err)
	}
	var joined api.Ally
	dora.until("Dora has heard of it, and joins", func() bool {
		joined, err = join(dora, opened.Ask)
		return err == nil
	})
	if joined.Purpose != "The winter fair" || len(joined.Words) > 0 {
		t.Errorf("joined: %+v", joined)
	}
	for _, h := range []*home{ana, dora} {
		h.until("there are two shares", func() bool { return len(h.shares()) == 2 })
	}
	anas, doras := ana.shares()[1], dora.shares()[1]
	if *anas.Share != *doras.Share || anas.Share.ID == first || anas.EndsAt != ana.shares()[0].EndsAt {
		t.Errorf("Ana has %+v, Dora has %+v", anas, doras)
	}
	if anas.Sides[0].Members[0].Name != "Annie" || anas.Sides[1].Members[0].Name != "Dora" {
		t.Errorf("people: %+v", anas.Sides)
	}
	note, err := within(t, dora, "The winter fair").CreateNote(t.Context(), api.NewNote{Title: "Stalls"})
	must(t, err)
	ana.until("Ana has the note there, and not in the first share", func() bool {
		there, err := within(t, ana, anas.Share.ID).Notes(t.Context(), api.NoteQuery{})
		must(t, err)
		here, err := within(t, ana, first).Notes(t.Context(), api.NoteQuery{})
		must(t, err)
		return len(there) == 1 && there[0].ID == note.ID && len(here) == 0
	})
	if _, err := join(dora, opened.Ask); err == nil {
		t.Error("the code was good twice")
	}
	if one, err := dora.homeClient().Ally(t.Context(), "riso print co-op"); err != nil || one.Further {
		t.Errorf("by name alone the first share is meant: %+v, %v", one, err)
	}
	for _, bad := range []string{"q-zzzz", "Quilted", ""} {
		if _, err := join(dora, bad); err == nil || !strings.Contains(err.Error(), "no ally has opened a share") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := ana.homeClient().NewShare(t.Context(), api.NewShareRequest{Ally: "Bakery", Title: "Bread"}); err == nil || !strings.Contains(err.Error(), "no pact with “Bakery”") {
		t.Errorf("a share with nobody: %v", err)
	}
	ana.stop()
	dora.stop()
}
