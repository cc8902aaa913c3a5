package daemon

import (
	"slices"
	"strings"
	"testing"
	"time"

	"kith/crdt/charter"
	"kith/daemon/api"
	"kith/daemon/api/apitest"
)

// madePact lets two co-ops make a pact, the first of each with the other, and gives the space of its share.
func madePact(t *testing.T, riso, quilted []*computer) (share string) {
	t.Helper()
	for _, h := range slices.Concat(riso, quilted) {
		h.start()
	}
	ana, dora := riso[0], quilted[0]
	joined := dora.joinsAlly(ana.invitesAlly().Code)
	asked := ana.untilPact(api.AllyCompare)
	ana.confirms(joined.Words)
	dora.confirms(asked.Words)
	for _, h := range slices.Concat(riso[1:], quilted[1:]) {
		h.consentsToPact()
	}
	ana.untilPact(api.AllyMade)
	return dora.untilPact(api.AllyMade).Share.ID
}

// consentsToPact waits for a proposed pact and consents to it, unless the others were enough.
func (h *computer) consentsToPact() {
	h.t.Helper()
	h.until("a pact is proposed", func() bool {
		all, err := h.homeClient().Proposals(h.t.Context(), false)
		must(h.t, err)
		agreed := false
		for _, p := range all {
			switch {
			case p.Action != api.ActionPact:
			case p.State == string(charter.ProposalInForce):
				agreed = true
			case p.State == string(charter.ProposalOpen):
				_, err := h.homeClient().AnswerProposal(h.t.Context(), p.ID, api.ProposalAnswer{Verb: api.ProposalConsent})
				return err == nil
			}
		}
		return agreed
	})
}

// pactsMade are the made pacts of a home.
func (h *computer) pactsMade() (made []api.Ally) {
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
	t.Parallel()
	riso, quilted := coopCalled(t, "Riso Print Co-op", "Ana"), coopCalled(t, "Quilted", "Dora")
	ana, dora := riso[0], quilted[0]
	first := madePact(t, riso, quilted)
	secret, err := ana.homeClient().CreateNote(t.Context(), apitest.NewNote{Title: "Secret"})
	must(t, err)
	opened, err := ana.homeClient().NewShare(t.Context(), api.NewShareRequest{Ally: "quilted", Title: "The winter fair, as in " + secret.Short, As: "Annie", Listen: here()})
	must(t, err)
	if opened.Ask == "" || !opened.Further || opened.Name != "Quilted" || len(opened.Words) > 0 || !strings.Contains(strings.Join(opened.Says, " "), "kith share join "+opened.Ask[:8]) {
		t.Errorf("opened: %+v", opened)
	}
	// Through restarts of both, and whoever is there first.
	for _, h := range []*computer{ana, dora} {
		h.kill()
		h.start()
	}
	join := func(h *computer, ask string) (api.Ally, error) {
		return h.homeClient().JoinShare(t.Context(), api.JoinShareRequest{Ask: ask, Listen: here()}, time.Minute)
	}
	if _, err := join(ana, opened.Ask); err == nil || !strings.Contains(err.Error(), "your own co-op has opened this share") {
		t.Errorf("Ana joined her own: %v", err)
	}
	var joined api.Ally
	dora.until("Dora has heard of it, and joins", func() bool {
		joined, err = join(dora, opened.Ask)
		return err == nil
	})
	if joined.Purpose != "The winter fair, as in (not shared)" || len(joined.Words) > 0 {
		t.Errorf("joined: %+v", joined)
	}
	for _, h := range []*computer{ana, dora} {
		h.until("there are two shares", func() bool { return len(h.pactsMade()) == 2 })
	}
	anas, doras := ana.pactsMade()[1], dora.pactsMade()[1]
	if *anas.Share != *doras.Share || anas.Share.ID == first || anas.EndsAt != ana.pactsMade()[0].EndsAt {
		t.Errorf("Ana has %+v, Dora has %+v", anas, doras)
	}
	if anas.Sides[0].Members[0].Name != "Annie" || anas.Sides[1].Members[0].Name != "Dora" {
		t.Errorf("people: %+v", anas.Sides)
	}
	note, err := within(t, dora, joined.Purpose).CreateNote(t.Context(), apitest.NewNote{Title: "Stalls"})
	must(t, err)
	ana.until("Ana has the note there, and not in the first share", func() bool {
		there, err := within(t, ana, anas.Share.ID).Notes(t.Context(), apitest.NoteQuery{})
		must(t, err)
		here, err := within(t, ana, first).Notes(t.Context(), apitest.NoteQuery{})
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

// What an ally has said in the first share tells colleagues that a further one is with them.
func TestColleaguesComeIntoAFurtherShare(t *testing.T) {
	t.Parallel()
	riso, quilted := coopCalled(t, "Riso Print Co-op", "Ana", "Ben"), coopCalled(t, "Quilted", "Dora", "Eli")
	ana, ben, dora, eli := riso[0], riso[1], quilted[0], quilted[1]
	first := madePact(t, riso, quilted)
	in := func(h *computer, share string) bool {
		all, err := h.client.Spaces(t.Context())
		must(t, err)
		return slices.ContainsFunc(all.Spaces, func(s api.Status) bool { return s.Space.ID == share })
	}
	for _, h := range []*computer{ben, eli} {
		h.until("in the first share", func() bool { return in(h, first) })
	}
	// Ben, who made no pact, opens one; Eli joins it.
	opened, err := ben.homeClient().NewShare(t.Context(), api.NewShareRequest{Ally: "Quilted", Title: "The winter fair", Listen: here()})
	must(t, err)
	var joined api.Ally
	eli.until("Eli has heard of it, and joins", func() bool {
		joined, err = eli.homeClient().JoinShare(t.Context(), api.JoinShareRequest{Ask: opened.Ask, Listen: here()}, time.Minute)
		return err == nil
	})
	var second string
	ben.until("it is made", func() bool {
		all, err := ben.homeClient().Allies(t.Context())
		must(t, err)
		for _, a := range all {
			if a.Further && a.State == api.AllyMade {
				second = a.Share.ID
			}
		}
		return second != ""
	})
	for _, h := range []*computer{ana, dora} {
		h.until("in the further share", func() bool { return in(h, second) })
	}
	if joined.Name != "Riso Print Co-op" {
		t.Errorf("joined: %+v", joined)
	}
	stopAll(append(riso, quilted...)...)
}

// A share is ended by a step with a consent, each of which may be the last that a computer did: whoever is on again brings it to the others.
func TestAShareIsOverForBothWhoeverDiesBetweenTheStepsOfItsEnd(t *testing.T) {
	t.Parallel()
	riso, quilted := coopCalled(t, "Riso Print Co-op", "Ana", "Ben"), coopCalled(t, "Quilted", "Dora")
	ana, ben, dora := riso[0], riso[1], quilted[0]
	share := madePact(t, riso, quilted)
	ctx := t.Context()
	ben.until("Ben is in the share", func() bool { _, in := ben.shareNow(share); return in })
	p, err := within(t, ana, share).Propose(ctx, api.ProposalRequest{Action: api.ActionEndShare, Why: "the fair is over"})
	must(t, err)
	ana.kill() // she may have told nobody
	dora.kill()
	ana.start()
	ben.until("Ben has consented", func() bool {
		_, err := within(t, ben, share).AnswerProposal(ctx, p.ID, api.ProposalAnswer{Verb: api.ProposalConsent})
		return err == nil
	})
	ben.kill() // with the consent that was still missing
	ana.kill()
	ben.start()
	dora.start()
	ana.start()
	for _, h := range []*computer{ana, ben, dora} {
		h.until("the share is over", func() bool { s, in := h.shareNow(share); return in && s.Over })
		shown, err := h.homeClient().ShowShare(ctx, share)
		must(t, err)
		if !shown.Over || !slices.Equal(shown.OverBy, []string{"Riso Print Co-op"}) {
			t.Errorf("%s: ended by %v", h.name, shown.OverBy)
		}
	}
	for _, h := range []*computer{ana, ben, dora} {
		h.stop()
	}
}
