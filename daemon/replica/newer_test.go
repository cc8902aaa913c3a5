package replica

import (
	"context"
	"strings"
	"testing"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/store"
)

// older is a release that knows tasks alone.
func older(t *testing.T) *kind.Set {
	t.Helper()
	s, err := kind.NewSet(kinds.Task)
	must(t, err)
	return s
}

// with opens a replica again, as another release does.
func (p *peerReplica) with(t *testing.T, release *kind.Set) {
	t.Helper()
	p.cfg.Kinds = release
	p.reopen(t)
}

func TestWhatANewerKithWritesIsKeptPassedOnAndReadAfterTheUpdate(t *testing.T) {
	c := found(t, "ana", "ben", "cleo")
	ana, ben, cleo := c.all[0], c.all[1], c.all[2]
	ben.with(t, older(t))
	note, err := ana.Create(context.Background(), kinds.Note.Name, func(e Edit) error {
		return crdttest.NewNote(crdttest.NoteFields{Title: "What we pay"})(e.Doc, nil)
	})
	must(t, err)
	ana.edit(t, note.ID, crdttest.AppendText("Ten an hour."))
	task := ana.addTask(t, "Order paper")
	for _, e := range ana.entries(t) { // one after the other, as they come
		give(t, ben, e)
	}
	if _, err := ben.View(note.ID); err != ErrNotFound {
		t.Errorf("the old release shows it: %v", err)
	}
	if n := ben.NeedNewer(); n != 1 {
		t.Errorf("%d documents need a newer Kith, want 1", n)
	}
	pending := func() (n int) {
		must(t, ben.Log(note.ID, func(l Line) bool {
			if l.State != charter.Pending {
				t.Errorf("an entry of it is %v: %s", l.State, l.Why)
			}
			n++
			return true
		}))
		return n
	}
	if n := pending(); n != 2 {
		t.Errorf("the log has %d entries of it, want 2", n)
	}
	ben.edit(t, task.ID, crdttest.AppendText("recycled")) // what it knows, it works on
	ben.reopen(t)
	if n := ben.NeedNewer(); n != 1 {
		t.Errorf("after a restart %d documents need a newer Kith", n)
	}

	give(t, cleo, ben.entries(t)...) // it passes on what it can't read
	if v, err := cleo.View(note.ID); err != nil || v.Text != "Ten an hour." {
		t.Errorf("passed on it is %+v, %v", v, err)
	}

	ben.with(t, nil)
	if v, err := ben.View(note.ID); err != nil || v.Text != "Ten an hour." {
		t.Errorf("after the update it is %+v, %v", v, err)
	}
	if n := ben.NeedNewer(); n != 0 {
		t.Errorf("after the update %d documents need a newer Kith", n)
	}
	c.settle()
	c.same()
}

func TestAnOlderKithTakesNothingAwayThatItCantRead(t *testing.T) {
	ana := found(t, "ana").all[0]
	note, err := ana.Create(context.Background(), kinds.Note.Name, func(e Edit) error {
		return crdttest.NewNote(crdttest.NoteFields{Title: "What we pay", Tags: []string{"money"}})(e.Doc, nil)
	})
	must(t, err)
	ana.with(t, older(t)) // somebody goes back to the release of before
	if _, err := ana.View(note.ID); err != ErrNotFound || ana.NeedNewer() != 1 || len(ana.InUse(kind.TagFact)) != 0 {
		t.Errorf("the old release has %v, %d, %v", err, ana.NeedNewer(), ana.InUse(kind.TagFact))
	}
	ana.with(t, nil)
	if v, err := ana.View(note.ID); err != nil || v.Title != "What we pay" || ana.NeedNewer() != 0 || len(ana.InUse(kind.TagFact)) != 1 {
		t.Errorf("and then it is %+v, %v, %d", v, err, ana.NeedNewer())
	}
}

func TestAViewOfAnotherVersionIsMadeAnewAndTheOthersAreNot(t *testing.T) {
	ana := found(t, "ana").all[0]
	task := ana.addTask(t, "Order paper")
	note, err := ana.Create(context.Background(), kinds.Note.Name, func(e Edit) error {
		return crdttest.NewNote(crdttest.NoteFields{Title: "What we pay"})(e.Doc, nil)
	})
	must(t, err)
	next := *kinds.Task
	next.View++
	next.Facts = func(v *kind.View, f *kind.Facts) { f.Is("new", true) }
	release, err := kind.NewSet(&next, kinds.Note)
	must(t, err)
	// Who looks at the note again would take this mark away.
	b := store.NewBatch(nil)
	encoded, err := ana.kinds.EncodeView(&note)
	must(t, err)
	b.PutView(note.ID, store.Doc{Kind: note.Kind, Facts: []string{"left alone"}}, encoded, false)
	must(t, ana.store.Commit(b))

	ana.with(t, release)
	for fact, doc := range map[string]entry.DocID{"new": task.ID, "left alone": note.ID} {
		if refs := ana.Select(Query{Wants: []kind.Want{{Fact: fact}}}); len(refs) != 1 || refs[0].ID != doc {
			t.Errorf("%q are %v, want %s", fact, refs, doc)
		}
		if _, err := ana.View(doc); err != nil {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

// A newer release accepted what this one can't read, or an older one let wait what this one reads.
func TestStatementsThatAnotherReleaseJudgedOtherwiseAreCountedAsThisOneJudgesThem(t *testing.T) {
	c := found(t, "ana", "ben")
	ana := c.all[0]
	co := ana.Charter()
	newer, err := entry.NewUnder(entry.RulesVersion+1, entry.Fields{
		Space: co.Space(), Heads: co.Heads(), Kind: entry.Statement, Run: entry.Run{7}, Number: 1, Payload: []byte{0xff},
	}, ana.Key())
	must(t, err)
	give(t, ana, newer)
	before := ana.Counts()
	if before.Pending != 1 {
		t.Fatalf("what can't be read is counted so: %+v", before)
	}
	genesis, _, err := ana.store.Entry(entry.ID(co.Space()))
	must(t, err)
	first, err := entry.Decode(genesis)
	must(t, err)
	b := store.NewBatch(nil)
	for e, state := range map[*entry.Entry]charter.State{first: charter.Pending, newer: charter.Accepted} {
		if changed, err := ana.putState(b, e, state); err != nil || !changed {
			t.Fatalf("%v %v", changed, err)
		}
	}
	must(t, ana.store.Commit(b))
	ana.reopen(t)
	for id, want := range map[entry.ID]charter.State{first.ID(): charter.Accepted, newer.ID(): charter.Pending} {
		if rec, err := ana.store.Record(id); err != nil || charter.State(rec.State) != want {
			t.Errorf("a statement is %v, want %v: %v", charter.State(rec.State), want, err)
		}
	}
	if after := ana.Counts(); after != before {
		t.Errorf("counted are %+v, want %+v", after, before)
	}
}

// A million entries of kinds that nobody here knows fill as much of a disk as the same device may fill with anything that
// waits: here that is little, so that few are enough to show it.
func TestWhatADeviceWritesOfUnknownKindsIsBoundedByCountAndSizeAndComesInAfterTheUpdate(t *testing.T) {
	unwatched(t)
	const written = 60
	for what, bound := range map[string]room{
		"count":      {bytes: MaxUnsettledPerDevice, entries: 20, ops: MaxUnsettledOps},
		"size":       {bytes: 30_000, entries: MaxUnsettledEntries, ops: MaxUnsettledOps},
		"operations": {bytes: MaxUnsettledPerDevice, entries: MaxUnsettledEntries, ops: 15_000},
	} {
		c := found(t, "ana", "mel")
		ana, mel := c.all[0], c.all[1]
		ana.with(t, older(t))
		ana.quota.most = bound
		for range written {
			_, err := mel.Create(context.Background(), kinds.Note.Name, func(e Edit) error {
				return crdttest.NewNote(crdttest.NoteFields{Title: "Noise", Text: strings.Repeat("noise ", 170)})(e.Doc, nil)
			})
			must(t, err)
		}
		batch := mel.entries(t)
		for _, e := range batch {
			give(t, ana, e)
			if !ana.Has(e.ID()) {
				t.Fatalf("%s: an entry beyond the bound would be sent for ever", what)
			}
		}
		kept, largest := room{}, room{}
		must(t, ana.store.Records(func(id entry.ID, rec store.Record) bool {
			if charter.State(rec.State) == charter.Accepted {
				return true
			}
			b, err := ana.Entry(id)
			must(t, err)
			e, err := entry.Decode(b)
			must(t, err)
			c, err := change.Parse(e.Payload)
			must(t, err)
			one := roomOf(e, c)
			kept = kept.plus(one)
			largest = room{bytes: max(largest.bytes, one.bytes), entries: 1, ops: max(largest.ops, one.ops)}
			return true
		}))
		if kept.entries == 0 || kept.entries >= written || !kept.minus(largest).within(bound) {
			t.Errorf("%s: %+v of %d entries are kept, the bound is %+v", what, kept, written, bound)
		}
		if n := ana.NeedNewer(); n != kept.entries {
			t.Errorf("%s: %d documents need a newer Kith, and %d are kept", what, n, kept.entries)
		}
		if held := ana.Held(); len(held) != 1 || held[0].Device != mel.device || held[0].Entries != written-kept.entries {
			t.Errorf("%s: held back is %+v", what, held)
		}
		ana.addTask(t, "Order paper") // nobody else notices

		ana.with(t, nil)
		give(t, ana, batch...)
		if n := len(ana.Documents(kinds.Note.Name)); n != written {
			t.Errorf("%s: after the update %d notes are here, want %d", what, n, written)
		}
	}
}
