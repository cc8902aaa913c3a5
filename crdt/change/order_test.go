package change_test

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"kith/crdt/change"
)

// In whatever order changes arrive, as long as each comes after what it stands on, the same is
// known in the end; and one that comes too early is missing what it stands on, no more.
func TestTheOrderOfArrivalMakesNoDifference(t *testing.T) {
	for seed := range int64(5) {
		doc := grown(t, 50+seed, 4, 120)
		want := summary(accept(t, doc), doc)
		for again := range int64(5) {
			rng := rand.New(rand.NewSource(again))
			waiting := slices.Clone(doc)
			rng.Shuffle(len(waiting), func(i, j int) { waiting[i], waiting[j] = waiting[j], waiting[i] })
			h := change.NewHistory()
			for len(waiting) > 0 {
				var later [][]byte
				for _, b := range waiting {
					c, err := change.Parse(b)
					must(t, err)
					err = h.Check(c)
					if _, ok := err.(*change.MissingError); ok {
						later = append(later, b)
						continue
					}
					must(t, err)
					h.Add(c)
				}
				waiting = later
			}
			if got := summary(h, doc); got != want {
				t.Fatalf("seed %d, order %d:\ngot  %s\nwant %s", seed, again, got, want)
			}
		}
	}
}

// summary is all that a History tells of a document.
func summary(h *change.History, doc [][]byte) string {
	s := fmt.Sprintln(h.Heads(), h.Len(), h.Ops(), h.MaxOp())
	for _, b := range doc {
		c, err := change.Parse(b)
		if err != nil {
			return err.Error()
		}
		info, _ := h.Change(c.Hash)
		s += fmt.Sprintln(info, h.Seq(c.Actor))
		for _, op := range c.Ops {
			o, ok := h.Object(op.ID)
			s += fmt.Sprintln(o, ok)
			if op.InMap {
				s += fmt.Sprintln(h.Writes(op.Obj, op.Key))
			}
		}
	}
	return s
}
