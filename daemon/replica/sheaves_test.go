package replica

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/daemon/sought"
	"kith/daemon/store"
)

// scanned is what a search finds that reads all records.
func (p *peerReplica) scanned(t testing.TB, q sought.Query, nearly bool, but []entry.DocID, limit int) (hits []Hit) {
	t.Helper()
	must(t, p.store.Sought(func(doc entry.DocID, record []byte) bool {
		if score := q.Score(string(record), nearly); score > 0 && !slices.Contains(but, doc) {
			hits = append(hits, Hit{doc, score})
		}
		return true
	}))
	slices.SortStableFunc(hits, func(a, b Hit) int { // by ID before
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	if limit > 0 && len(hits) > limit {
		hits = hits[:limit]
	}
	return hits
}

func TestASearchFindsWhatItsRecordsSayWhateverIsBound(t *testing.T) {
	histories(t, 12)
	rapid.Check(t, func(rt *rapid.T) {
		c := found(t, "Ana")
		defer c.close()
		ana := c.all[0]
		var docs []entry.DocID
		text := func(rt *rapid.T) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"paper", "papers", "riso", "ink", "a", "papre", "紙を注文"}), 1, 4).Draw(rt, "words"), " ")
		}
		some := func(rt *rapid.T) entry.DocID {
			if len(docs) == 0 {
				rt.Skip("no documents yet")
			}
			return rapid.SampledFrom(docs).Draw(rt, "doc")
		}
		rt.Repeat(map[string]func(*rapid.T){
			"write": func(rt *rapid.T) { docs = append(docs, ana.addNote(t, text(rt), text(rt))) },
			"many": func(rt *rapid.T) {
				for i := range 20 {
					docs = append(docs, ana.addNote(t, text(rt), fmt.Sprint("number ", i)))
				}
			},
			"edit": func(rt *rapid.T) { _, _ = ana.tryEdit(some(rt), crdttest.AppendText(text(rt))) },
			"retitle": func(rt *rapid.T) {
				title := text(rt)
				_, _ = ana.tryEdit(some(rt), crdttest.EditNote(crdttest.Common{Title: &title}))
			},
			"forget": func(rt *rapid.T) {
				doc := some(rt)
				docs = slices.DeleteFunc(docs, func(d entry.DocID) bool { return d == doc })
				ana.forget(t, doc)
			},
			"bind":    func(*rapid.T) { must(t, ana.bind()) },
			"restart": func(*rapid.T) { ana.reopen(t) },
			"": func(rt *rapid.T) {
				var but []entry.DocID
				if len(docs) > 0 && rapid.Bool().Draw(rt, "one is elsewhere") {
					but = append(but, some(rt))
				}
				limit := rapid.IntRange(0, 5).Draw(rt, "limit")
				for _, typed := range []string{"paper", "papre", "rios", "a", "ink paper", "注文", "zzzz"} {
					for _, nearly := range []bool{false, true} {
						q := sought.Parse(typed)
						got, err := ana.Seek(context.Background(), q, nearly, but, limit)
						must(t, err)
						want := ana.scanned(t, q, nearly, but, limit)
						if fmt.Sprint(got) != fmt.Sprint(want) {
							rt.Fatalf("%q (a letter apart: %v, %d wanted): found %v, the records say %v", typed, nearly, limit, got, want)
						}
					}
				}
			},
		})
	})
}

func TestOfWhatIsForgottenNoWordIsInTheIndexByWords(t *testing.T) {
	c := found(t, "Ana")
	ana := c.all[0]
	stays := ana.addNote(t, "paper", "for the riso")
	doc := ana.addNote(t, "bank", "geheimeswort")
	must(t, ana.bind())
	if files := inSheaves(t, ana, "geheimeswort"); files == 0 {
		t.Fatal("the test doesn't find the word where it is")
	}
	ana.edit(t, doc, crdttest.AppendText(" more"))
	must(t, ana.bind()) // so that the first sheaf is none any more
	ana.reopen(t)
	ana.forget(t, doc)
	ana.gone(t, doc)
	if n := inSheaves(t, ana, "geheimeswort"); n > 0 {
		t.Error("it is in a sheaf")
	}
	if files := ana.finds(t, "geheimeswort"); files != nil {
		t.Errorf("it is in %v", files)
	}
	for range 2 {
		hits, err := ana.Seek(context.Background(), sought.Parse("riso"), false, nil, 0)
		must(t, err)
		if len(hits) != 1 || hits[0].Doc != stays {
			t.Errorf("found %v", hits)
		}
		must(t, ana.bind())
	}
}

func inSheaves(t testing.TB, p *peerReplica, word string) (n int) {
	t.Helper()
	must(t, p.store.Sheaves(sought.SheafVersion, store.SheafWords, func(_ uint32, b []byte) {
		if bytes.Contains(b, []byte(word)) {
			n++
		}
	}))
	return n
}

func TestAStoreWithoutSumsIsFoundAnew(t *testing.T) {
	c := found(t, "Ana")
	ana := c.all[0]
	doc := ana.addNote(t, "paper", "for the riso")
	b := store.NewBatch(nil) // as an earlier release left it
	must(t, ana.store.Documents(func(doc entry.DocID, d store.Doc) bool {
		d.Sought = sought.Unknown
		b.PutDoc(doc, d)
		return true
	}))
	b.PutSmall(sumsRecord, nil)
	must(t, ana.store.Commit(b))
	for range 2 {
		ana.reopen(t)
		i, _ := ana.index.findLocked(doc)
		if (*ana.index.shelf(doc))[i].sum == sought.Unknown {
			t.Error("there is no sum")
		}
		hits, err := ana.Seek(context.Background(), sought.Parse("riso"), false, nil, 0)
		must(t, err)
		if len(hits) != 1 {
			t.Errorf("found %v", hits)
		}
		must(t, ana.bind())
	}
	if s := &ana.index.sheaves; len(s.all) != 1 || s.many.Load() != 0 {
		t.Errorf("%d sheaves, %d documents in none", len(s.all), s.many.Load())
	}
}

func TestWhatARecordWasTooLongForGetsOne(t *testing.T) {
	c := found(t, "Ana")
	ana := c.all[0]
	ana.addNote(t, "ink", "for the riso")
	doc := ana.addNote(t, "paper", "for the riso")
	b := store.NewBatch(nil) // as an earlier release left it
	must(t, ana.store.Documents(func(id entry.DocID, d store.Doc) bool {
		if id == doc {
			d.Sought = sought.None
			b.PutDoc(id, d)
		}
		return true
	}))
	b.PutSought(doc, nil)
	putMade(t, b, ana, func(m *made) { m.Sought = 1 })
	must(t, ana.store.Commit(b))
	ana.reopen(t)
	hits, err := ana.Seek(context.Background(), sought.Parse("riso"), false, nil, 0)
	must(t, err)
	if len(hits) != 2 {
		t.Errorf("found %v", hits)
	}
	if listed := ana.index.noted.Load(); listed != 1 {
		t.Errorf("%d documents were made anew in the place of the one", listed)
	}
}
