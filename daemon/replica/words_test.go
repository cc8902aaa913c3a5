package replica

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/entry"
	"kith/crdt/kind"
)

// The words of documents are those that some document has now, whatever came and went before.
func TestFactsAreFoundAsLongAsADocumentHasThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w words
		facts, numbers := map[int][]string{}, map[int][]uint32{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			doc := rapid.IntRange(0, 5).Draw(t, "document")
			w.drop(entry.DocID{byte(doc)}, numbers[doc])
			facts[doc] = nil
			for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(0, 9), 0, 4, rapid.ID[int]).Draw(t, "facts") {
				facts[doc] = append(facts[doc], kind.Fact("tag", fmt.Sprint(n)))
			}
			numbers[doc] = w.take(entry.DocID{byte(doc)}, facts[doc])
		}
		var want []string
		for _, words := range facts {
			for _, word := range words {
				_, value := kind.SplitFact(word)
				want = append(want, value)
			}
		}
		slices.Sort(want)
		if want = slices.Compact(want); !slices.Equal(w.values("tag"), want) {
			t.Fatalf("in use are %v, want %v", w.values("tag"), want)
		}
		for n := range 10 {
			one := kind.Want{Fact: "tag", Not: rapid.Bool().Draw(t, "not")}
			if rapid.Bool().Draw(t, "looked up") {
				one.Of = []string{"none", fmt.Sprint(n), fmt.Sprint(n)}
			} else {
				one.Is = func(v string) bool { return v == fmt.Sprint(n) }
			}
			set := w.set(w.meant(one))
			for doc := range facts {
				if got, want := matches(numbers[doc], []kind.Want{one}, [][]bool{set}), kind.Match(facts[doc], []kind.Want{one}); got != want {
					t.Fatalf("document %d with %v, asked for %d, not %v: %v", doc, facts[doc], n, one.Not, got)
				}
			}
		}
	})
}

// What one looks for costs nothing for all else that documents have: somebody can say of thousands that they continue others.
func TestAValueIsLookedUpAndNotSoughtAmongAll(t *testing.T) {
	var w words
	for i := range 1000 {
		w.take(entry.DocID{byte(i), byte(i >> 8)}, []string{kind.Fact(kind.ContinuesFact, fmt.Sprint("n-", i))})
	}
	asked := 0
	all := w.meant(kind.Want{Fact: kind.ContinuesFact, Of: []string{"n-7", "t-7"}, Is: func(string) bool { asked++; return true }})
	if len(all) != 1 || asked != 1 {
		t.Errorf("%d are found, and %d were looked at", len(all), asked)
	}
}
