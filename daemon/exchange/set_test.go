package exchange

import (
	"iter"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/entry"
)

func TestTheSetIsTheSameHoweverItGrew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) entry.ID {
			return entry.ID{rapid.Byte().Draw(t, "id")}
		}), 0, 40).Draw(t, "ids")
		loaded := rapid.IntRange(0, len(ids)).Draw(t, "there at the start")
		s := idSet{load: func() iter.Seq[entry.ID] { return slices.Values(ids[:loaded]) }}
		for _, id := range ids[loaded:] {
			if rapid.Bool().Draw(t, "looked at in between") {
				s.snapshot()
			}
			s.add([]entry.ID{id})
		}
		want := slices.Clone(ids)
		slices.SortFunc(want, entry.ID.Compare)
		want = slices.Compact(want)
		if got := s.snapshot(); !slices.Equal(got.ids, want) || got.digest != newSnapshot(want).digest {
			t.Errorf("got %d IDs, want %d", len(got.ids), len(want))
		}
	})
}

// What stores an entry must not wait for somebody who is reading all IDs: it may hold a lock
// that the reading needs.
func TestStoringDoesNotWaitForTheFirstReading(t *testing.T) {
	var s idSet
	s.load = func() iter.Seq[entry.ID] {
		return func(yield func(entry.ID) bool) {
			s.add([]entry.ID{{2}}) // what another goroutine would do
			yield(entry.ID{1})
		}
	}
	s.snapshot()
	if got := s.snapshot().ids; len(got) != 2 {
		t.Errorf("%d IDs", len(got))
	}
}

func TestAComparisonFindsWhatTheListLacks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) []entry.ID {
			all := rapid.SliceOfDistinct(rapid.Byte(), rapid.ID[byte]).Draw(t, label)
			slices.Sort(all)
			out := make([]entry.ID, len(all))
			for i, b := range all {
				out[i] = entry.ID{b}
			}
			return out
		}
		mine, theirs := draw("mine"), draw("theirs")
		c := comparison{mine: mine}
		for rest := theirs; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "chunk")
			var b []byte
			for _, id := range rest[:n] {
				b = append(b, id[:]...)
			}
			if err := c.chunk(b); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		want := slices.DeleteFunc(slices.Clone(mine), func(id entry.ID) bool { return slices.Contains(theirs, id) })
		if got := c.end(); !slices.Equal(got, want) {
			t.Errorf("got %d, want %d", len(got), len(want))
		}
	})
}
