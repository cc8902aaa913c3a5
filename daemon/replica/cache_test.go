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

func TestWhatOthersBringPushesNothingOutThatIsEditedHere(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana, ben := c.all[0], c.all[1]
	mine, err := ana.Create(t.Context(), kinds.Note.Name, func(e Edit) error {
		return crdttest.NewNote(crdttest.NoteFields{Title: "Minutes"})(e.Doc, nil)
	})
	must(t, err)
	loaded := ana.docs.get(mine.ID)
	for range maxBrought + 20 {
		_, err := ben.Create(t.Context(), kinds.Note.Name, func(e Edit) error {
			return crdttest.NewNote(crdttest.NoteFields{Title: "Ben's"})(e.Doc, nil)
		})
		must(t, err)
	}
	c.settle()
	if n := len(ana.docs.byID); n != maxBrought+1 {
		t.Errorf("%d documents are loaded, want %d", n, maxBrought+1)
	}
	if ana.docs.get(mine.ID) != loaded {
		t.Error("what Ana wrote isn't loaded any more")
	}
	ana.docs.shrink(0)
	if n := len(ana.docs.byID); n != 0 || ana.docs.ops != 0 || ana.docs.recent.Len()+ana.docs.brought.Len() != 0 {
		t.Errorf("%d documents and %d operations are loaded, want none", n, ana.docs.ops)
	}
}
