package replica

import (
	"testing"

	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
)

// foundRoom is found with founding seats left for others.
func foundRoom(t testing.TB, seats int, names ...string) *coop {
	t.Helper()
	device := entry.NewSigner()
	genesis, err := charter.NewGenesis(charter.Genesis{Coop: "Riso Print Co-op", Founder: names[0], Seats: seats}, entry.NewSigner(), device, "laptop")
	must(t, err)
	c := &coop{t: t}
	cfg := Config{Dir: t.TempDir(), Key: device}
	r, err := Found(cfg, genesis)
	must(t, err)
	c.space, c.all = r.Space(), []*peerReplica{{Replica: r, name: names[0], cfg: cfg}}
	t.Cleanup(c.close)
	for _, name := range names[1:] {
		c.seat(name)
	}
	c.settle()
	return c
}

// Found by a hostile member's test: a loaded document kept judging by the charter under which
// it was loaded, so what a newcomer's co-members wrote stayed pending.
func TestADocumentThatIsLoadedIsJudgedByTheCharterAsItGrows(t *testing.T) {
	c := foundRoom(t, 3, "Ana", "Ben")
	ana, ben := c.all[0], c.all[1]
	task := ben.addTask(t, "Order paper") // loaded at Ben's from here on
	c.settle()
	c.seat("Cleo")
	cleo := c.all[2]
	ana.edit(t, task.ID, crdttest.AppendText("Ana, who knows of Cleo"))
	give(t, cleo, ana.entries(t)...)
	cleo.edit(t, task.ID, crdttest.Take(cleo.me(), cleo.now()))
	// Ben gets what they wrote before he hears of Cleo, and after.
	all := cleo.entries(t)
	give(t, ben, all[len(all)-2])
	if n := ben.Counts().Pending; n != 1 {
		t.Errorf("Ben counts %d pending, want 1: he doesn't know Cleo yet", n)
	}
	give(t, ben, all...)
	give(t, ana, all...)
	if n := ben.Counts(); n.Pending+n.Void > 0 {
		t.Errorf("Ben counts %+v", n)
	}
	c.same()
}

func TestADecisionWaitsForWhoJoinsAfterItWasProposedOnEveryReplica(t *testing.T) {
	c := foundRoom(t, 3, "Ana", "Ben")
	ana := c.all[0]
	_, err := ana.Create(t.Context(), kinds.Decision.Name, func(e Edit) error {
		return crdttest.NewDecision(e.Author, crdttest.DecisionFields{Title: "Prices", Text: "Ten cents", Process: "consent"})(e.Doc, nil)
	})
	must(t, err)
	c.settle()
	c.seat("Cleo")
	c.settle()
	c.same()
	before := ana.picture(t)
	must(t, ana.Rebuild(t.Context(), func(int, int) {}))
	for k, v := range ana.picture(t) {
		if before[k] != v {
			t.Errorf("%s, made anew, is\n%q, and was\n%q", k, v, before[k])
		}
	}
}
