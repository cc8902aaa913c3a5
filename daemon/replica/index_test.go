package replica

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kith/crdt"
	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/crdt/kinds"
)

func TestTheIndexFindsAndOrdersDocumentsAsALookAtAllOfThemWould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := &Replica{index: &index{kinds: kinds.All, now: func() time.Time { return time.UnixMilli(1 << 50) }, known: map[string]string{}, partly: map[entry.DocID]bool{}}}
		r.index.words.few = rapid.IntRange(1, 8).Draw(t, "few")
		type doc struct {
			id    entry.DocID
			kind  string
			at    int64
			title string
			tags  []string
		}
		var all []doc
		// Few first bytes, so that some share a shelf and their first letters.
		id := rapid.Custom(func(t *rapid.T) (id entry.DocID) {
			for i := range id {
				most := byte(255)
				switch {
				case i < 3:
					most = 2
				case i < 8:
					most = 1
				}
				id[i] = rapid.ByteMax(most).Draw(t, "")
			}
			return id
		})
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			if len(all) > 0 && rapid.IntRange(0, 4).Draw(t, "drops") == 0 {
				i := rapid.IntRange(0, len(all)-1).Draw(t, "which")
				r.index.note(all[i].id, nil, 0, false)
				all = slices.Delete(all, i, i+1)
				continue
			}
			d := doc{id.Draw(t, "id"), rapid.SampledFrom([]string{"task", "note"}).Draw(t, "kind"), rapid.Int64Range(0, 5).Draw(t, "at"), "Order", rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 3, rapid.ID[string]).Draw(t, "tags")}
			if i := slices.IndexFunc(all, func(o doc) bool { return o.id == d.id }); i >= 0 {
				all = slices.Delete(all, i, i+1)
			}
			all = append(all, d)
			r.index.note(d.id, &crdt.View{Meta: kind.Meta{Kind: d.kind, ID: d.id, UpdatedAt: kind.Time(d.at)}, Title: d.title, Tags: d.tags}, 0, false)
		}
		slices.SortFunc(all, func(a, b doc) int { return bytes.Compare(a.id[:], b.id[:]) })
		said := func(refs []Ref) (out []string) {
			for _, ref := range refs {
				out = append(out, fmt.Sprint(ref.Kind, ref.ID, ref.Updated))
			}
			return out
		}
		naive := func(kind, prefix string) (out []string) {
			for _, d := range all {
				if (kind == "" || d.kind == kind) && strings.HasPrefix(d.id.String(), prefix) {
					out = append(out, fmt.Sprint(d.kind, d.id, d.at))
				}
			}
			return out
		}
		same := func(what string, got, want []string) {
			t.Helper()
			if !slices.Equal(got, want) {
				t.Fatalf("%s: got %v, want %v", what, got, want)
			}
		}
		same("all", said(r.Documents("")), naive("", ""))
		same("tasks", said(r.Documents("task")), naive("task", ""))
		for _, d := range all {
			prefix := d.id.String()[:rapid.IntRange(0, 32).Draw(t, "letters")]
			same("those that start with "+prefix, said(r.Resolve("note", prefix, 1000)), naive("note", prefix))
			if short := r.Short(d.id); len(naive("", short)) != 1 {
				t.Fatalf("%s is the start of %v", short, naive("", short))
			}
		}
		newest := func(a, b *Ref) int {
			return cmp.Or(cmp.Compare(b.Updated, a.Updated), bytes.Compare(a.ID[:], b.ID[:]))
		}
		whole := said(r.Select(Query{Kind: "task", Compare: newest}))
		tagged := func(not bool, tags ...string) kind.Want {
			return kind.Want{Fact: kind.TagFact, Is: func(tag string) bool { return slices.Contains(tags, tag) }, Not: not}
		}
		wanted := []kind.Want{tagged(false, "a", "b"), tagged(rapid.Bool().Draw(t, "but c"), "c")}
		var want []string
		for _, d := range all {
			ab, c := slices.Contains(d.tags, "a") || slices.Contains(d.tags, "b"), slices.Contains(d.tags, "c")
			if d.kind == "task" && ab && c != wanted[1].Not {
				want = append(want, fmt.Sprint(d.kind, d.id, d.at))
			}
		}
		same("tagged", said(r.Select(Query{Kind: "task", Wants: wanted})), want)
		byTag := func(limit int) []string {
			return said(r.Select(Query{By: kind.TagFact, Compare: func(a, b *Ref) int { return cmp.Or(cmp.Compare(a.By, b.By), bytes.Compare(a.ID[:], b.ID[:])) }, Limit: limit}))
		}
		tagOf := func(d doc) string {
			if len(d.tags) == 0 {
				return ""
			}
			return slices.Min(d.tags)
		}
		inOrder := slices.SortedFunc(slices.Values(all), func(a, b doc) int { return cmp.Or(cmp.Compare(tagOf(a), tagOf(b)), bytes.Compare(a.id[:], b.id[:])) })
		want = nil
		for _, d := range inOrder {
			want = append(want, fmt.Sprint(d.kind, d.id, d.at))
		}
		same("by tag", byTag(0), want)
		first := rapid.IntRange(1, 20).Draw(t, "first")
		same("the first by tag", byTag(first), want[:min(first, len(want))])
		limit := rapid.IntRange(1, 20).Draw(t, "limit")
		same("the first", said(r.Select(Query{Kind: "task", Compare: newest, Limit: limit})), whole[:min(limit, len(whole))])
		same("the first by ID", said(r.Select(Query{Kind: "task", Limit: limit})), naive("task", "")[:min(limit, len(whole))])
	})
}

func TestNothingIsFoundByWhatNoIDStartsWith(t *testing.T) {
	ana := found(t, "Ana").all[0]
	task := ana.addTask(t, "Order paper")
	full := task.ID.String()
	for _, prefix := range []string{"u", "!", full + "0", "ä"} {
		if refs := ana.Resolve("", prefix, 10); len(refs) > 0 {
			t.Errorf("%q finds %v", prefix, refs)
		}
	}
	if refs := ana.Resolve("", full, 10); len(refs) != 1 {
		t.Errorf("the whole ID finds %v", refs)
	}
}
