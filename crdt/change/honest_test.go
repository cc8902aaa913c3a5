package change_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/automerge/automerge-go"
	"pgregory.net/rapid"
)

func sorted(s []string) []string {
	slices.Sort(s)
	return s
}

// Whatever people do with the core, and in whatever order their changes arrive, none of their
// changes is refused, each has one form, and the heads are the core's.
func TestNoChangeOfTheCoreIsRefused(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		people := rapid.IntRange(1, 4).Draw(r, "people")
		g := newGrower(t, func(n int) int { return rapid.IntRange(0, n-1).Draw(r, "pick") }, people)
		for range rapid.IntRange(0, 40).Draw(r, "steps") {
			g.step()
		}
		all := g.merged()
		h := accept(t, chunks(t, all))
		if got, want := h.Heads(), heads(all); !slices.Equal(got, want) {
			t.Fatalf("heads\ngot  %v\nwant %v", got, want)
		}
	})
}

func TestLongHistoriesOfManyPeopleAreAccepted(t *testing.T) {
	for seed := range int64(6) {
		h := accept(t, grown(t, seed, 5, 400))
		if h.Len() < 200 {
			t.Errorf("only %d changes grew", h.Len())
		}
	}
}

func TestRemovingALongPassageAndTypingInOneChangeIsTaken(t *testing.T) {
	doc := automerge.New()
	must(t, doc.SetActorID(actorID(1)))
	must(t, doc.RootMap().Set("text", automerge.NewText(strings.Repeat("0123456789", 10_000))))
	_, err := doc.Commit("", at(1))
	must(t, err)
	v, err := doc.RootMap().Get("text")
	must(t, err)
	must(t, v.Text().Splice(10_000, 90_000, "")) // many operations of a high action number
	must(t, v.Text().Splice(0, 0, "x"))
	_, err = doc.Commit("", at(2))
	must(t, err)
	accept(t, chunks(t, doc))
}
