package replica

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"kith/crdt"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
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
	if n := len(ana.docs.byID); n != 0 || ana.docs.ops != 0 || ana.docs.changes != 0 || ana.docs.recent.Len()+ana.docs.brought.Len() != 0 {
		t.Errorf("%d documents and %d operations are loaded, want none", n, ana.docs.ops)
	}
}

// Ben has made three documents that are as large as he liked. Who looks at all of them at once at Ana's has one loaded after the other, and
// never two beside each other, while small ones aren't held up.
func TestLargeDocumentsAreLoadedOneAfterTheOther(t *testing.T) {
	ana := found(t, "Ana").all[0]
	note := func(text string) entry.DocID {
		v, err := ana.Create(t.Context(), kinds.Note.Name, func(e Edit) error {
			return crdttest.NewNote(crdttest.NoteFields{Title: "Minutes", Text: text})(e.Doc, nil)
		})
		must(t, err)
		return v.ID
	}
	long := strings.Repeat("Riso ", aloneFrom/5+1)
	large, small := []entry.DocID{note(long), note(long), note(long)}, note("short")
	ana.docs.shrink(0)

	look := func(id entry.DocID) error { return ana.Read(id, func(Edit) error { return nil }) }
	ana.alone.mu.Lock() // somebody is loading one
	var all errgroup.Group
	loaded := make(chan entry.DocID, len(large))
	for _, id := range large {
		all.Go(func() error {
			defer func() { loaded <- id }()
			return look(id)
		})
	}
	for tick := time.NewTicker(time.Millisecond); ana.alone.waiting.Load() < int32(len(large)); {
		select {
		case id := <-loaded:
			t.Fatalf("%s was loaded beside another", id)
		case <-tick.C:
		}
	}
	must(t, look(small))
	ana.alone.mu.Unlock()
	must(t, all.Wait())

	n := 0
	for _, id := range large {
		if ana.docs.get(id) != nil {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d large documents are loaded, want 1", n)
	}
}

func TestFewDocumentsOfManyChangesStayLoadedThatOthersBring(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana, ben := c.all[0], c.all[1]
	const each, most = 5, 20
	ana.docs.most, ben.docs.most = most, most
	for range most/each + 4 {
		note, err := ben.Create(t.Context(), kinds.Note.Name, func(e Edit) error {
			return crdttest.NewNote(crdttest.NoteFields{Title: "Ben's"})(e.Doc, nil)
		})
		must(t, err)
		for n := 1; n < each; n++ {
			title := fmt.Sprint(n)
			ben.edit(t, note.ID, crdttest.EditNote(crdttest.Common{Title: &title}))
		}
	}
	c.settle()
	if n := ana.docs.brought.Len(); n == 0 || ana.docs.changes > most {
		t.Errorf("%d documents and %d changes are loaded that Ben brought", n, ana.docs.changes)
	}
	if n := ben.docs.recent.Len(); n != most/each+4 {
		t.Errorf("%d documents are loaded that Ben edits, want %d", n, most/each+4)
	}
}
