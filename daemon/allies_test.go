package daemon

import (
	"strings"
	"testing"
	"time"

	"kith/daemon/api"
)

// fair is what the co-ops of these tests make a pact for.
const fair = "print the fair programme together"

// nextYear is a day on which a pact may end.
func nextYear() string { return time.Now().AddDate(1, 0, 0).Format(time.DateOnly) }

// invitesAlly makes a code for an ally.
func (h *home) invitesAlly() api.Ally {
	h.t.Helper()
	a, err := h.client.AllyInvite(h.t.Context(), api.AllyInviteRequest{Purpose: fair, Ends: nextYear(), Listen: here})
	must(h.t, err)
	return a
}

// joinsAlly gets in touch with a code.
func (h *home) joinsAlly(code string) api.Ally {
	h.t.Helper()
	a, err := h.client.AllyJoin(h.t.Context(), api.AllyJoinRequest{Code: code, Listen: here}, time.Minute)
	must(h.t, err)
	return a
}

// confirms types the words that the other side reads.
func (h *home) confirms(words []string) api.Ally {
	h.t.Helper()
	a, err := h.client.AllyConfirm(h.t.Context(), api.AllyConfirmRequest{Words: strings.Join(words, " ")})
	must(h.t, err)
	return a
}

// pact is the one pact of a home.
func (h *home) pact() api.Ally {
	h.t.Helper()
	all, err := h.homeClient().Allies(h.t.Context())
	must(h.t, err)
	if len(all) != 1 {
		h.t.Fatalf("%s has %d pacts: %+v", h.name, len(all), all)
	}
	return all[0]
}

// homeClient asks the co-op of the home, and none of its shares.
func (h *home) homeClient() *api.Client {
	h.t.Helper()
	all, err := h.client.Spaces(h.t.Context())
	must(h.t, err)
	return within(h.t, h, all.Spaces[0].Space.ID)
}

// untilPact waits until the one pact of a home is in a state.
func (h *home) untilPact(state string) (a api.Ally) {
	h.t.Helper()
	h.until("the pact is "+state, func() bool {
		a = h.pact()
		return a.State == state
	})
	return a
}

func TestTwoCoopsMakeAPactAndBothHaveTheSame(t *testing.T) {
	ana, dora := coopCalled(t, "Riso Print Co-op", "Ana")[0], coopCalled(t, "Quilted", "Dora")[0]
	ana.start()
	dora.start()
	invited := ana.invitesAlly()
	if invited.State != api.AllyInvited || !strings.HasPrefix(invited.Code, "kitha1") {
		t.Errorf("invited: %+v", invited)
	}
	joined := dora.joinsAlly(invited.Code)
	if joined.Name != "Riso Print Co-op" || joined.Purpose != fair || len(joined.Words) != 2 {
		t.Errorf("joined: %+v", joined)
	}
	asked := ana.untilPact(api.AllyCompare)
	if asked.Name != "Quilted" || len(asked.Words) != 2 {
		t.Errorf("asked: %+v", asked)
	}
	ana.confirms(joined.Words)
	dora.confirms(asked.Words)
	anas, doras := ana.untilPact(api.AllyMade), dora.untilPact(api.AllyMade)
	if anas.Share == nil || doras.Share == nil || *anas.Share != *doras.Share || anas.EndsAt != doras.EndsAt {
		t.Errorf("Ana has %+v, Dora has %+v", anas, doras)
	}
	// Both work in it.
	task, err := within(t, ana, anas.Share.ID).CreateTask(t.Context(), api.NewTask{Title: "Print the programme"})
	must(t, err)
	dora.until("Dora has the task", func() bool {
		got, err := within(t, dora, anas.Share.ID).Tasks(t.Context(), api.TaskQuery{})
		must(t, err)
		return len(got) == 1 && got[0].ID == task.ID
	})
	ana.stop()
	dora.stop()
}
