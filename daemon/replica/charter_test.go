package replica

import (
	"context"
	"errors"
	"slices"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/daemon/store"
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

func TestAConsentThatCameBeforeItsProposalIsToldOnceThatIsThere(t *testing.T) {
	c := found(t, "Ana", "Ben", "Cleo", "Eli")
	ana, ben, cleo := c.all[0], c.all[1], c.all[2]
	var id charter.StepID
	proposal, err := ana.Say(t.Context(), func(ch *charter.Charter) (payload []byte, err error) {
		payload, id, err = ch.Propose(ana.device, ana.removes(t, c.all[3]))
		return payload, err
	})
	must(t, err)
	give(t, ben, ana.statements(t)...)
	consent, err := ben.Say(t.Context(), func(ch *charter.Charter) ([]byte, error) { return ch.Consent(ben.device, id, false) })
	must(t, err)

	ctx, end := context.WithCancel(t.Context())
	events := cleo.Events(ctx)
	give(t, cleo, consent)
	give(t, cleo, proposal)
	cleo.Announce(Event{Type: "last"})
	var told []entry.ID
	for e := range events {
		if e.Type == "last" {
			break
		}
		if e.Said != nil {
			told = append(told, e.Entry)
		}
	}
	end()
	if want := []entry.ID{proposal.ID(), consent.ID()}; !slices.Equal(told, want) {
		t.Errorf("told of %v, want %v", told, want)
	}
}

func TestSomebodyComesInHoweverMuchTheOthersHaveSaid(t *testing.T) {
	unwatched(t)
	c := found(t, "Ana", "Ben", "Mel")
	ana, mel := c.all[0], c.all[2]
	said := slices.Concat(ana.Charter().Statements(), ana.says(t, mel.cfg.Key, 15_000)) // more than fits one transaction
	ben := Config{Dir: t.TempDir(), Key: c.all[1].cfg.Key}
	half, err := Join(ben, c.space, said, [8]byte{})
	must(t, err)
	if n := half.Counts().Stored; n != int64(len(said)) {
		t.Errorf("%d of %d statements are here", n, len(said))
	}
	must(t, half.Close())
	// A crash before all of it was there leaves no co-op, and the next time goes on with what is there.
	broken := Config{Dir: t.TempDir(), Key: ben.Key}
	s, err := store.Open(broken.Dir, nil)
	must(t, err)
	b := store.NewBatch(nil)
	for _, e := range said[:100] {
		b.PutEntry(e, store.Record{Arrival: s.NextArrival(), State: uint8(charter.Accepted)})
	}
	must(t, s.Commit(b))
	must(t, s.Close())
	if _, err := Open(broken); !errors.Is(err, ErrNoSpace) {
		t.Fatalf("half a co-op opens: %v", err)
	}
	again, err := Join(broken, c.space, said, [8]byte{})
	must(t, err)
	if n := again.Counts().Stored; n != int64(len(said)) {
		t.Errorf("after a crash %d of %d statements are here", n, len(said))
	}
	must(t, again.Close())
}
