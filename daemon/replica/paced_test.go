package replica

import (
	"fmt"
	"testing"
	"time"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
)

// crowded is a note that Mel fills: one of the branches doesn't find room.
func crowded(t testing.TB) (c *coop, doc entry.DocID, first *change.Change) {
	c = found(t, "Ana", "Ben", "Mel")
	ana, mel := c.all[0], c.all[2]
	note := ana.addTask(t, "Order paper")
	c.settle()
	first = ana.firstOf(t, note.ID)
	var branches []*entry.Entry
	for i := range 3 {
		branches = append(branches, ana.typed(t, mel.cfg.Key, note.ID, first, 90_000+i))
	}
	give(t, ana, branches...)
	give(t, c.all[1], branches...)
	return c, note.ID, first
}

func TestWhoTurnsACrowdedDocumentOverAgainAndAgainHasThatDoneNowAndThen(t *testing.T) {
	unwatched(t)
	c, doc, first := crowded(t)
	ana, ben, mel := c.all[0], c.all[1], c.all[2]
	core := ana.docs.get(doc).am
	accept := func(e *entry.Entry) {
		t.Helper()
		_, err := ana.Accept(t.Context(), []*entry.Entry{e})
		must(t, err)
	}
	title := func(i int) *entry.Entry {
		return ana.beside(t, ben.cfg.Key, doc, 1, []change.Hash{first.Hash}, first.MaxOp()+1, func(int) change.Op {
			return changetest.Put(change.OpID{}, "title", change.StrValue(fmt.Sprint("Ben's ", i)))
		})[0]
	}
	var sent []*entry.Entry
	for i := range 4 { // each smaller than those before, so that it comes first
		smaller := ana.typed(t, mel.cfg.Key, doc, first, 70_000-i)
		accept(smaller)
		if got := ana.state(t, smaller.ID()); got != charter.Pending {
			t.Fatalf("what turns the document over is %v at once", got)
		}
		bens := title(i)
		accept(bens)
		sent = append(sent, smaller, bens)
	}
	if ana.docs.get(doc).am != core {
		t.Error("the document was put together anew with each of them")
	}
	ana.edit(t, doc, crdttest.Finish())
	own := ana.newest(t)
	if got := ana.state(t, own.ID()); got != charter.Accepted {
		t.Errorf("what Ana writes meanwhile is %v", got)
	}
	ana.paced.took(turn{doc: doc}, time.Minute)
	must(t, ana.Weigh(false))
	if ana.docs.get(doc).am != core {
		t.Error("it wasn't its time yet")
	}
	give(t, ben, append(sent, own)...)
	ana.reopen(t) // a restart doesn't forget it
	if a, b := ana.picture(t), ben.picture(t); a["view "+doc.String()] != b["view "+doc.String()] || a["view "+doc.String()] == "" {
		t.Error("Ana and Ben read different things")
	}
	for _, e := range sent {
		if a, b := ana.state(t, e.ID()), ben.state(t, e.ID()); a != b || a == charter.Pending {
			t.Errorf("an entry is %v at Ana's and %v at Ben's", a, b)
		}
	}
	ana.stateIsWhatIsStored(t)
}

func TestWhatComesForALargeDocumentThatIsNotLoadedWaitsUntilItIsItsTime(t *testing.T) {
	unwatched(t)
	c, doc, first := crowded(t)
	ana, ben := c.all[0], c.all[1]
	ana.docs.drop(doc)
	ana.paced.took(turn{doc: doc}, time.Minute)
	bens := ana.beside(t, ben.cfg.Key, doc, 1, []change.Hash{first.Hash}, first.MaxOp()+1, func(int) change.Op {
		return changetest.Put(change.OpID{}, "title", change.StrValue("Ben's"))
	})[0]
	_, err := ana.Accept(t.Context(), []*entry.Entry{bens})
	must(t, err)
	if got := ana.stateOf(t, bens.ID()); got != charter.Pending || ana.docs.get(doc) != nil {
		t.Errorf("it was loaded at once, and Ben's is %v", got)
	}
	give(t, ben, bens)
	must(t, ana.Weigh(true))
	if a, b := ana.picture(t), ben.picture(t); a["view "+doc.String()] != b["view "+doc.String()] {
		t.Error("Ana and Ben read different things")
	}
	if got := ana.state(t, bens.ID()); got != charter.Accepted {
		t.Errorf("what Ben wrote is %v", got)
	}
	ana.stateIsWhatIsStored(t)
}

func TestAnAcknowledgementReachesACrowdedDocument(t *testing.T) {
	unwatched(t)
	c, doc, first := crowded(t)
	ana, ben, mel := c.all[0], c.all[1], c.all[2]
	late := ana.typed(t, mel.cfg.Key, doc, first, 95_000) // the largest, so nobody takes it
	give(t, ana, late)
	give(t, ben, late)
	if got := ana.state(t, late.ID()); got != charter.Void {
		t.Fatalf("there was room: this shows nothing: %v", got)
	}
	_, err := ben.Say(t.Context(), func(ch *charter.Charter) ([]byte, error) {
		return ch.Acknowledge(ben.device, []charter.DeviceFrontier{{Device: mel.device, Frontier: charter.Frontier{{Run: late.Run, Entry: late.ID()}}}})
	})
	must(t, err)
	must(t, ben.Weigh(true))
	give(t, ana, ben.newest(t))
	for _, p := range []*peerReplica{ana, ben} {
		if got := p.state(t, late.ID()); got != charter.Accepted {
			t.Errorf("on what two people stand is %v at %s's", got, p.name)
		}
		p.stateIsWhatIsStored(t)
	}
	if a, b := ana.picture(t), ben.picture(t); a["view "+doc.String()] != b["view "+doc.String()] {
		t.Error("Ana and Ben read different things")
	}
}
