package desk

import (
	"fmt"
	"testing"
	"time"

	"kith/crdt"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/replica"
	"kith/daemon/replica/replicatest"
	"kith/daemon/space"
)

// A copy of a document, as the core makes one to read an older text, takes seconds where the text was rewritten again and again.
func TestAWholeTextIsWrittenWithoutACopyOfTheDocument(t *testing.T) {
	ana, _, _ := replicatest.TwoReplicas(t)
	d := New(&space.Space{Replica: ana, Now: time.Now}, space.NewList(nil, space.Config{}))
	v, err := ana.Create(t.Context(), kinds.Note.Name, func(e replica.Edit) error {
		return e.Perform(kinds.Note, kinds.Note.Make, kind.Begin("Book", "the first text"), nil)
	})
	must(t, err)
	id := api.FullID(v.Kind, v.ID.String())
	must(t, d.NoteShown(t.Context(), kinds.Note, id, d.Look(ana, &v).Header().Heads))
	before := crdt.Copies()
	for i := range 3 {
		text := fmt.Sprintf("quite another text, the %dth", i)
		a := asks{Whole: true}
		a.Text = &kind.Writing{Text: text}
		told, err := d.Do(t.Context(), kinds.Note, kinds.Note.Edit, id, a)
		must(t, err)
		if told.View.Text != text || len(told.Merged) > 0 {
			t.Errorf("it says %q, and differs from what was written: %v", told.View.Text, told.Merged)
		}
	}
	if n := crdt.Copies() - before; n > 0 {
		t.Errorf("the core made %d copies", n)
	}
}
