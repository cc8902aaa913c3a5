package forget

import (
	"context"
	"slices"
	"testing"
	"time"

	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/daemon/replica"
	"kith/daemon/replica/replicatest"
	"kith/daemon/space"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func notes(t *testing.T, r *replica.Replica, n int) (docs []entry.DocID) {
	t.Helper()
	for range n {
		v, err := r.Create(t.Context(), kinds.Note.Name, func(e replica.Edit) error {
			return crdttest.NewNote(crdttest.NoteFields{Title: "Minutes", Text: "We met."})(e.Doc, nil)
		})
		must(t, err)
		docs = append(docs, v.ID)
	}
	return docs
}

func forgets(t *testing.T, r *replica.Replica, docs ...entry.DocID) {
	t.Helper()
	for _, doc := range docs {
		_, err := r.Say(context.Background(), func(c *charter.Charter) ([]byte, error) { return c.Forget(r.Device(), doc, "we may") })
		must(t, err)
	}
}

// It is looked at every time that anybody looks what there is to do.
func TestWhoWantsAllOfItForgottenHasEverybodyLookAtAPart(t *testing.T) {
	const most = 5
	ana, ben, _ := replicatest.TwoReplicas(t)
	mine := notes(t, ana, 2*most)
	_, err := ben.Accept(t.Context(), replicatest.Entries(t, ana))
	must(t, err)
	over := notes(t, ben, 2*most) // he alone wrote these, so they are gone, and don't count
	looked := func() []entry.DocID {
		t.Helper()
		_, err := ana.Accept(t.Context(), replicatest.Entries(t, ben))
		must(t, err)
		return toLookAt(ana, most)
	}
	forgets(t, ben, over...)
	forgets(t, ben, mine[0], entry.DocID{1}) // of the second there is nothing
	if docs := looked(); !slices.Equal(docs, mine[:1]) {
		t.Errorf("looked at are %v", docs)
	}
	all, err := New(&space.Space{Replica: ana, Now: time.Now}, &space.List{}).Asked(t.Context())
	if err != nil || len(all) != 1 {
		t.Errorf("%d wait for Ana: %v", len(all), err)
	}
	forgets(t, ben, mine[1:]...)
	if n := len(looked()); n != most {
		t.Errorf("with a flood %d are looked at", n)
	}
}
