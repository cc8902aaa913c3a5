package desk

import (
	"slices"
	"strings"
	"testing"
	"time"

	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api/server"
	"kith/daemon/replica"
	"kith/daemon/replica/replicatest"
	"kith/daemon/space"
	"kith/daemon/store"
)

// What isn't shown may lie there damaged: nobody looks.
func TestAListInAnyOrderReadsNoMoreThanItShows(t *testing.T) {
	own, _, _ := replicatest.TwoReplicas(t)
	long := strings.Repeat("ä", 190)
	docs := map[string]entry.DocID{}
	for _, title := range []string{"order paper", "Ärger", "Clean the press", "an end", long + " 1", long + " 2"} {
		v, err := own.Create(t.Context(), kinds.Task.Name, func(e replica.Edit) error {
			return e.Perform(kinds.Task, kinds.Task.Make, kind.Begin(title, ""), nil)
		})
		must(t, err)
		docs[title] = v.ID
	}
	d := New(&space.Space{Replica: own, Now: time.Now}, space.NewList(nil, space.Config{}))
	titles := func(q server.ListQuery) (all []string) {
		t.Helper()
		q.Kind = kinds.Task
		found, err := d.List(t.Context(), q)
		must(t, err)
		for _, s := range found {
			all = append(all, s.Title)
		}
		return all
	}
	want := []string{"an end", "Clean the press", "order paper", "Ärger"}
	got := titles(server.ListQuery{Order: kind.ByTitle})
	if len(got) != 6 || !slices.Equal(got[:4], want) {
		t.Errorf("by title they are %q", got)
	}
	title := "Zero"
	_, err := own.Edit(t.Context(), docs["an end"], func(e replica.Edit) error {
		return e.Perform(kinds.Task, kinds.Task.Edit, kind.Request{Title: &title}, nil)
	})
	must(t, err)
	if got := titles(server.ListQuery{Order: kind.ByTitle, Limit: 2}); !slices.Equal(got, want[1:3]) {
		t.Errorf("once one is called something else the first two are %q", got)
	}

	b := store.NewBatch(nil)
	for _, ref := range own.Documents("") {
		if ref.ID != docs["Clean the press"] {
			b.PutView(ref.ID, store.Doc{Kind: ref.Kind}, []byte("nonsense"), false)
		}
	}
	must(t, own.Store().Commit(b))
	if got := titles(server.ListQuery{Order: kind.ByTitle, Limit: 1}); !slices.Equal(got, want[1:2]) {
		t.Errorf("the first is %q", got)
	}
}

// The bound is on what is given: else what comes first, and was shown, would leave no room for what wasn't.
func TestAListOfWhatWasntShownIsFilledFromBehindWhatWas(t *testing.T) {
	own, _, _ := replicatest.TwoReplicas(t)
	d := New(&space.Space{Replica: own, Now: time.Now}, space.NewList(nil, space.Config{}))
	for _, title := range []string{"one", "two", "three"} {
		v, err := own.Create(t.Context(), kinds.Task.Name, func(e replica.Edit) error {
			return e.Perform(kinds.Task, kinds.Task.Make, kind.Begin(title, ""), nil)
		})
		must(t, err)
		if title != "three" { // in the order of titles the last is between them
			look := d.Look(own, &v)
			must(t, own.NoteShown(look.key(), replica.Shown{Revision: "r"}))
		}
	}
	found, err := d.List(t.Context(), server.ListQuery{Kind: kinds.Task, Order: kind.ByTitle, Limit: 1, Unread: true})
	must(t, err)
	if len(found) != 1 || found[0].Title != "three" {
		t.Errorf("of three of which one wasn't shown these are given: %d", len(found))
	}
}
