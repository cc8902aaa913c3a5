package replica

import (
	"testing"

	"kith/crdt"
	"kith/crdt/crdttest"
	"kith/crdt/kinds"
)

func TestTheCollectorHearsOfWhatTheCoreCopied(t *testing.T) {
	ana := found(t, "Ana").all[0]
	note, err := ana.Create(t.Context(), kinds.Note.Name, func(e Edit) error {
		return crdttest.NewNote(crdttest.NoteFields{Title: "Minutes", Text: "one two"})(e.Doc, nil)
	})
	must(t, err)
	ana.edit(t, note.ID, crdttest.EditTextFrom(note.Heads, "one two three"))
	if n := ana.docs.dropped; n != 0 {
		t.Errorf("%d operations were dropped, and nothing was copied", n)
	}
	must(t, ana.Read(note.ID, func(e Edit) error {
		_, _, err := crdt.TextAt(e.Doc, note.Heads)
		return err
	}))
	if n := ana.docs.dropped; n == 0 {
		t.Error("a copy was made, and nothing counts as dropped")
	}
}
