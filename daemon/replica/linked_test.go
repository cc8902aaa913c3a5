package replica

import (
	"context"
	"slices"
	"testing"

	"kith/crdt"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
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
