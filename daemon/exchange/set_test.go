package exchange

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"iter"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/entry"
	"kith/daemon/exchange/rateless"
)

func TestTheSetIsTheSameHoweverItGrew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) entry.ID {
			return entry.ID{rapid.Byte().Draw(t, "id")}
		}), 0, 40).Draw(t, "reported")
		stored := 0 // of these; each is on the disk before it is reported
		s := idSet{load: func() iter.Seq[entry.ID] {
			all := slices.Clone(ids[:stored])
			slices.SortFunc(all, entry.ID.Compare)
			return slices.Values(slices.Compact(all))
		}}
		for n := range ids {
			stored = max(stored, rapid.IntRange(n+1, len(ids)).Draw(t, "stored"))
			if rapid.Bool().Draw(t, "looked at") {
				s.snapshot()
			}
			s.add(ids[n : n+1])
		}
		want := slices.Clone(ids)
		slices.SortFunc(want, entry.ID.Compare)
		want = slices.Compact(want)
		s.snapshot() // from here on all that happens is reported
		for _, id := range ids {
			if !rapid.Bool().Draw(t, "held back, and let go") {
				continue
			}
			s.remove([]entry.ID{id})
			had := func(o entry.ID) bool { return o == id }
			want = slices.DeleteFunc(want, had)
			if rapid.Bool().Draw(t, "comes again") {
				s.add([]entry.ID{id})
				want = append(want, id)
				slices.SortFunc(want, entry.ID.Compare)
			}
		}
		afresh := rateless.NewSet()
		for _, id := range want {
			afresh.Add(id)
		}
		now := s.snapshot()
		_, got := s.list()
		if !slices.Equal(got, want) || now.Len != len(want) || now.Digest != afresh.Snapshot().Digest ||
			!bytes.Equal(now.Append(nil, 0, rateless.Kept), afresh.Snapshot().Append(nil, 0, rateless.Kept)) {
			t.Errorf("got %d IDs, want %d", now.Len, len(want))
		}
	})
}

func TestAListOfManyIDsIsInOrderWhicheverComeAndGo(t *testing.T) {
	var l idList
	had := map[entry.ID]bool{}
	for n := range 9 * shelfMost {
		id := entry.ID(sha256.Sum256(binary.BigEndian.AppendUint32(nil, uint32(n))))
		if n%3 == 0 {
			id = entry.ID(sha256.Sum256(binary.BigEndian.AppendUint32(nil, uint32(n/6)))) // was here, at some time
		}
		if n%5 == 0 {
			if l.remove(id) != had[id] {
				t.Fatalf("%.8s was there: %v", id, had[id])
			}
			delete(had, id)
			continue
		}
		if l.add(id) == had[id] {
			t.Fatalf("%.8s was there: %v", id, had[id])
		}
		had[id] = true
	}
	want := slices.SortedFunc(maps.Keys(had), entry.ID.Compare)
	if got := l.all(); !slices.Equal(got, want) || l.n != len(want) || !slices.Equal(slices.Collect(l.each()), want) {
		t.Errorf("%d IDs of %d", len(got), len(want))
	}
	if len(l.shelves) < 4 {
		t.Errorf("all lie on %d shelves", len(l.shelves))
	}
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
	if got := s.snapshot().Len; got != 2 {
		t.Errorf("%d IDs", got)
	}
}

func TestAListShowsWhatEitherSideLacks(t *testing.T) {
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
		c := listing{mine: mine}
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
		without := func(a, b []entry.ID) []entry.ID {
			return slices.DeleteFunc(slices.Clone(a), func(id entry.ID) bool { return slices.Contains(b, id) })
		}
		if got, want := c.end(), without(mine, theirs); !slices.Equal(got, want) {
			t.Errorf("the peer lacks %d, found %d", len(want), len(got))
		}
		if want := without(theirs, mine); !slices.Equal(c.lack, want) || c.more {
			t.Errorf("we lack %d, found %d", len(want), len(c.lack))
		}
	})
}

// A list of what nobody has takes no more memory than what is asked for at once.
func TestAListBoundsWhatIsAskedFor(t *testing.T) {
	var c listing
	var b []byte
	for n := range uint32(maxLack + 100) {
		var id entry.ID
		binary.BigEndian.PutUint32(id[:], n)
		b = append(b, id[:]...)
	}
	if err := c.chunk(b); err != nil || len(c.lack) != maxLack || !c.more {
		t.Errorf("%d IDs, more: %v, %v", len(c.lack), c.more, err)
	}
}
