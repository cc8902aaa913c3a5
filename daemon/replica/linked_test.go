package replica

import (
	"context"
	"slices"
	"testing"

	"kith/crdt"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/store"
)

func TestWhichDocumentsGoOnInAShareIsKnownAsTheyAre(t *testing.T) {
	ana := found(t, "ana").all[0]
	linked := func(want ...entry.DocID) {
		t.Helper()
		got := ana.Linked("")
		slices.SortFunc(got, func(a, b entry.DocID) int { return slices.Compare(a[:], b[:]) })
		slices.SortFunc(want, func(a, b entry.DocID) int { return slices.Compare(a[:], b[:]) })
		if !slices.Equal(got, want) {
			t.Errorf("linked are %v, want %v", got, want)
		}
	}
	first, second := ana.addTask(t, "Print"), ana.addTask(t, "Sew")
	ana.edit(t, first.ID, crdt.SetLink(&crdt.Link{Share: "5a", Doc: "t-1"})) // before anybody asks
	linked(first.ID)
	ana.edit(t, second.ID, crdt.SetLink(&crdt.Link{Share: "5a", Doc: "t-2"}))
	linked(first.ID, second.ID)
	ana.edit(t, first.ID, crdt.SetLink(nil))
	linked(second.ID)
	if got := ana.LinkedTo(func(doc string) bool { return doc == "t-2" }); !slices.Equal(got, []entry.DocID{second.ID}) || len(ana.LinkedTo(func(doc string) bool { return doc == "t-1" })) > 0 {
		t.Errorf("in t-2 goes on %v, want %v", got, second.ID)
	}

	b := store.NewBatch(nil) // as an earlier release left it
	must(t, ana.store.Documents(func(doc entry.DocID, d store.Doc) bool {
		if doc == second.ID {
			d.Facts = []string{kind.LinkedFact}
			b.PutDoc(doc, d)
		}
		return true
	}))
	putMade(t, b, ana, func(m *made) { m.Links = 0 })
	must(t, ana.store.Commit(b))
	ana.reopen(t)
	if got := ana.LinkedTo(func(doc string) bool { return doc == "t-2" }); !slices.Equal(got, []entry.DocID{second.ID}) {
		t.Errorf("of an older store in t-2 goes on %v, want %v", got, second.ID)
	}
	if made := ana.index.noted.Load(); made != 1 {
		t.Errorf("%d documents were made anew in the place of the one", made)
	}
}

func TestARecordAboutANewDocumentIsThereExactlyIfTheDocumentIs(t *testing.T) {
	ana := found(t, "ana").all[0]
	noted := func(doc entry.DocID) (string, []byte) { return "about/" + doc.String(), []byte("to do") }
	v, err := ana.CreateNoting(context.Background(), kinds.Note.Name, func(e Edit) error {
		return crdttest.NewNote(crdttest.NoteFields{Title: "What we pay"})(e.Doc, nil)
	}, noted)
	must(t, err)
	if _, err := ana.CreateNoting(context.Background(), kinds.Note.Name, func(e Edit) error {
		return crdttest.NewNote(crdttest.NoteFields{})(e.Doc, nil)
	}, noted); err == nil {
		t.Error("a note without a title was made")
	}
	ana.reopen(t)
	var names []string
	must(t, ana.Store().Smalls("about/", func(name string, _ []byte) { names = append(names, name) }))
	if want := []string{"about/" + v.ID.String()}; !slices.Equal(names, want) || len(ana.Documents(kinds.Note.Name)) != 1 {
		t.Errorf("after a restart there are the records %v, want %v", names, want)
	}
}
