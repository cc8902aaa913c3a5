package replica

import (
	"errors"
	"testing"

	"kith/crdt/crdttest"
	"kith/crdt/kinds"
	"kith/daemon/store"
	"kith/daemon/store/storetest"
)

func TestWhatAnEarlierBuildLostComesBackFromTheOthers(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana, ben := c.all[0], c.all[1]
	doc, other := ana.addNote(t, "bank", "ours"), ana.addNote(t, "other", "stays")
	c.settle()
	ben.edit(t, doc, crdttest.AppendText("and Ben's"))
	c.settle()
	ben.addNote(t, "unseen", "by Ana")
	want := len(ana.entries(t))

	lose := func() {
		t.Helper()
		must(t, ana.Close())
		storetest.Lose(t, ana.cfg.Dir, doc, kinds.Note.Name)
		r, err := Open(ana.cfg)
		must(t, err)
		ana.Replica = r
	}
	back := func() {
		t.Helper()
		if _, err := ana.View(other); err != nil {
			t.Errorf("what wasn't lost: %v", err)
		}
		if err := ana.Verify(); err != nil {
			t.Errorf("after it was mended: %v", err)
		}
		if got := len(ana.entries(t)); got != want-2 {
			t.Errorf("%d entries are left of %d", got, want)
		}
		for _, e := range ben.entries(t) {
			if e.Doc == doc && ana.Has(e.ID()) {
				t.Error("nobody would bring what was lost")
			}
		}
		c.settle()
		c.same()
		if got, want := ana.Counts().Documents, ben.Counts().Documents; got != want {
			t.Errorf("%d documents are counted, and there are %d", got, want)
		}
		want = len(ana.entries(t))
	}

	must(t, ana.store.Commit(notLooked())) // as an earlier build leaves it
	lose()
	back()
	lose() // some other way, and the start needs it
	back()
	for _, e := range ben.entries(t) { // a doctor finds it in a daemon that is on
		if e.Doc == doc {
			rec, err := ana.store.Record(e.ID())
			must(t, err)
			b := store.NewBatch(nil)
			b.DropEntry(e.ID(), rec)
			must(t, ana.store.Commit(b))
			b = store.NewBatch(nil)
			b.PutRecord(e.ID(), rec)
			must(t, ana.store.Commit(b))
		}
	}
	var lost *LostError
	if err := ana.Verify(); !errors.As(err, &lost) || lost.Entries != 2 {
		t.Errorf("what was lost is found: %v", err)
	}
	must(t, ana.Rebuild(t.Context(), func(int, int) {}))
	back()
}
