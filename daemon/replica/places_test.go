package replica

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
)

// In whatever order peers ask, and however often: an entry has the bytes that are stored, also
// where they were read ahead.
func TestEntriesPutInOrderForAPeerAreTheStoredOnes(t *testing.T) {
	c := found(t, "Ana")
	ana := c.all[0]
	for range 12 {
		v, err := ana.Create(context.Background(), kinds.Task.Name, func(e Edit) error {
			return crdttest.NewTask(e.Now, crdttest.TaskFields{Title: "Order paper"})(e.Doc, nil)
		})
		must(t, err)
		for n := range 6 {
			title := "Order paper" + string(rune('a'+n))
			_, err := ana.Edit(context.Background(), v.ID, func(e Edit) error {
				return crdttest.EditTask(crdttest.TaskEdit{Common: crdttest.Common{Title: &title}})(e.Doc, e.View)
			})
			must(t, err)
		}
	}
	var ids []entry.ID
	ana.IDs(func(id entry.ID) bool { ids = append(ids, id); return true })
	ana.CatchUpOrder(ids)
	rapid.Check(t, func(rt *rapid.T) {
		asked := ids
		if rapid.Bool().Draw(rt, "jumbled") {
			asked = rapid.SliceOfN(rapid.SampledFrom(ids), 1, 2*len(ids)).Draw(rt, "asked")
		}
		ana.CatchUpOrder(asked)
		for _, id := range asked {
			got, err := ana.Entry(id)
			want, _, wantErr := ana.store.Entry(id)
			if err != nil || wantErr != nil || !bytes.Equal(got, want) {
				rt.Fatalf("%.8s: %v, %v", id, err, wantErr)
			}
		}
	})
}

func TestThePeerGetsTheCharterAndTheNewestWorkFirst(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana := c.all[0]
	for n := range firstDocs + 20 {
		ana.addTask(t, "Order paper "+string(rune('a'+n%26)))
	}
	newest := ana.addTask(t, "Order ink")
	ids := slices.SortedFunc(ana.store.IDs(), entry.ID.Compare)
	had := ids[len(ids)/2] // the peer has one, which isn't the newest
	if had == ana.newest(t).ID() {
		had = ids[0]
	}
	ids = slices.DeleteFunc(ids, func(id entry.ID) bool { return id == had })
	picked := slices.Clone(ids)
	n := ana.CatchUpFirst(picked)
	if n == 0 || n >= len(ids) || !slices.IsSortedFunc(picked[n:], entry.ID.Compare) {
		t.Fatalf("%d of %d come first", n, len(ids))
	}
	statements, first := len(ana.Charter().Statements()), -1
	for i, id := range picked[:n] {
		rec, err := ana.store.Record(id)
		must(t, err)
		if rec.Doc == newest.ID && first < 0 {
			first = i
		}
	}
	if first < statements-1 || first > statements {
		t.Errorf("the newest work is number %d, behind %d statements", first, statements)
	}
	slices.SortFunc(picked, entry.ID.Compare)
	if !slices.Equal(picked, ids) {
		t.Error("other entries were picked than there are")
	}
}
