package exchange

import (
	"bytes"
	"encoding/binary"
	"iter"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/entry"
	"kith/daemon/exchange/rateless"
)

// However often a replica ends, with or without warning, and whatever became of what it kept: the
// set that a start finds is exactly what the store holds.
func TestTheSetAfterAnyStartIsWhatIsStored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stored := map[entry.ID]bool{}
		disk := func() []entry.ID {
			var ids []entry.ID
			for id := range stored {
				ids = append(ids, id)
			}
			return ids
		}
		kept := [][]byte{nil} // all that was ever kept
		for range rapid.IntRange(1, 5).Draw(t, "starts") {
			lies := slices.Clone(kept[len(kept)-1-min(len(kept)-1, rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "lost"))])
			if len(lies) > 0 && rapid.IntRange(0, 5).Draw(t, "damage") == 0 {
				lies[rapid.IntRange(0, len(lies)-1).Draw(t, "where")] ^= 1
			}
			if len(lies) > 0 && rapid.IntRange(0, 9).Draw(t, "cut") == 0 {
				lies = lies[:rapid.IntRange(0, len(lies)-1).Draw(t, "at")]
			}
			s := idSet{
				load: func() iter.Seq[entry.ID] { return slices.Values(disk()) },
				kept: func() []byte { return lies },
			}
			s.snapshot()
			for range rapid.IntRange(0, 2).Draw(t, "times") {
				n := rapid.SampledFrom([]int{1, 5, 20, 60}).Draw(t, "news")
				var ids []entry.ID
				for range n {
					id := testIDs(rapid.Uint64().Draw(t, "id"), 1)[0]
					if rapid.IntRange(0, 60).Draw(t, "alike") == 0 && len(stored) > 0 {
						for other := range stored { // begins like another
							copy(id[:keptPrefix], other[:])
							break
						}
					}
					stored[id] = true
					ids = append(ids, id)
				}
				s.add(ids)
				if b := s.toKeep(20); b != nil {
					kept = append(kept, b)
				}
			}
			if rapid.IntRange(0, 5).Draw(t, "one is forgotten") == 0 {
				for id := range stored {
					delete(stored, id)
					break
				}
			}
		}
		s := idSet{load: func() iter.Seq[entry.ID] { return slices.Values(disk()) }, kept: func() []byte { return kept[len(kept)-1] }}
		afresh := rateless.NewSet()
		for id := range stored {
			afresh.Add(id)
		}
		now, want := s.snapshot(), afresh.Snapshot()
		if now.Len != want.Len || now.Digest != want.Digest || !bytes.Equal(now.Append(nil, 0, rateless.Kept), want.Append(nil, 0, rateless.Kept)) {
			t.Errorf("%d IDs; stored are %d", now.Len, want.Len)
		}
	})
}

// What is kept must be worth its while: after a start only what came later is put in again.
func TestAStartAddsWhatCameAfterTheSetWasKept(t *testing.T) {
	ids := testIDs(1, 3000)
	all := ids[:2000]
	var kept []byte
	open := func() *idSet {
		return &idSet{load: func() iter.Seq[entry.ID] { return slices.Values(all) }, kept: func() []byte { return kept }}
	}
	first := open()
	first.snapshot()
	if kept = first.toKeep(keepAfter); kept == nil {
		t.Fatal("a first reading of 2000 isn't kept")
	}
	if again := first.toKeep(keepAfter); again != nil {
		t.Error("it is kept again, without anything new")
	}
	all = ids[:2007]
	second := open()
	if second.snapshot(); second.since != 7 {
		t.Errorf("%d were put in, 7 are new", second.since)
	}
	// Damage anywhere is seen.
	for at := 0; at < len(kept); at += 997 {
		kept[at] ^= 0x10
		if set, _ := fromKept(kept, slices.Values(all)); set != nil {
			t.Fatalf("damage at %d goes unnoticed", at)
		}
		kept[at] ^= 0x10
	}
	binary.BigEndian.PutUint64(kept[1:], 5)
	if set, _ := fromKept(kept, slices.Values(all)); set != nil {
		t.Error("another length is taken")
	}
}
