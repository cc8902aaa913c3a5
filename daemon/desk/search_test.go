package desk

import (
	"strings"
	"testing"
	"time"

	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/replica"
	"kith/daemon/replica/replicatest"
	"kith/daemon/space"
	"kith/daemon/store"
)

// What isn't found may lie there damaged: nobody looks at it.
func TestASearchFindsWhatIsWrittenNowAndReadsNoMoreThanItShows(t *testing.T) {
	own, _, _ := replicatest.TwoReplicas(t)
	docs := map[string]entry.DocID{}
	for title, text := range map[string]string{
		"Druckpapier": "A3, 90 g", "Minutes": strings.Repeat("We talked of the riso. ", 4000) + "And of a cat.", "Zeitung": "新聞紙を注文する",
	} {
		v, err := own.Create(t.Context(), kinds.Note.Name, func(e replica.Edit) error {
			return e.Perform(kinds.Note, kinds.Note.Make, kind.Begin(title, text), nil)
		})
		must(t, err)
		docs[title] = v.ID
	}
	d := New(&space.Space{Replica: own, Now: time.Now}, space.NewList(nil, space.Config{}))
	finds := func(typed string, near bool, want ...string) {
		t.Helper()
		hits, err := d.Search(t.Context(), typed, 10)
		must(t, err)
		var got []string
		for _, h := range hits {
			if got = append(got, h.Title); h.Near != near {
				t.Errorf("%q: by a letter is %v", typed, h.Near)
			}
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%q finds %q, want %q", typed, got, want)
		}
	}
	finds("papier", false, "Druckpapier")
	finds("cat", false, "Minutes") // at the end of 92,000 letters
	finds("注文", false, "Zeitung")
	finds("zeitnug", true, "Zeitung")
	_, err := own.Edit(t.Context(), docs["Zeitung"], func(e replica.Edit) error {
		return e.Perform(kinds.Note, kinds.Note.Edit, kind.Request{Text: &kind.Writing{Text: "Eine Katze."}, Tag: []string{"tiere"}}, nil)
	})
	must(t, err)
	finds("注文", false)
	finds("#tiere katze", false, "Zeitung")

	b := store.NewBatch(nil)
	for _, title := range []string{"Minutes", "Zeitung"} {
		b.PutView(docs[title], store.Doc{Kind: kinds.Note.Name}, []byte("nonsense"), false)
	}
	must(t, own.Store().Commit(b))
	finds("papier", false, "Druckpapier")
}

// A note of 100,000 characters that are eighteen each in the form in which words are compared.
func TestASearchGoesThroughTheBeginningOfWhatIsVeryLongAndSaysSo(t *testing.T) {
	own, _, _ := replicatest.TwoReplicas(t)
	note := func(title, text string) entry.DocID {
		v, err := own.Create(t.Context(), kinds.Note.Name, func(e replica.Edit) error {
			return e.Perform(kinds.Note, kinds.Note.Make, kind.Begin(title, text), nil)
		})
		must(t, err)
		return v.ID
	}
	note("Druckpapier", "")
	long := note("Zebra", "Okapi "+strings.Repeat("\ufdfa", kind.MaxText-20)+" giraffe")
	d := New(&space.Space{Replica: own, Now: time.Now}, space.NewList(nil, space.Config{}))
	finds := func(typed string, want int) {
		t.Helper()
		hits, err := d.Search(t.Context(), typed, 10)
		must(t, err)
		if len(hits) != want {
			t.Errorf("%q finds %v", typed, hits)
		}
	}
	says := func(want ...entry.DocID) {
		t.Helper()
		partly, err := d.Partly(t.Context(), 10)
		must(t, err)
		if len(partly) != len(want) || len(want) > 0 && (partly[0].Title != "Zebra" || !own.IsPartly(want[0])) {
			t.Errorf("partly: %v", partly)
		}
	}
	finds("zebra", 1)
	finds("okapi", 1)
	finds("giraffe", 0)
	says(long)

	b := store.NewBatch(nil) // of what isn't found nobody reads more than the record
	b.PutView(long, store.Doc{Kind: kinds.Note.Name}, []byte("nonsense"), false)
	must(t, own.Store().Commit(b))
	finds("papier", 1)
	finds("papeir", 1)

	_, err := own.Edit(t.Context(), long, func(e replica.Edit) error {
		return e.Perform(kinds.Note, kinds.Note.Edit, kind.Request{Text: &kind.Writing{Text: "A giraffe."}}, nil)
	})
	must(t, err)
	finds("giraffe", 1)
	says()
}
