package rateless

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/entry"
)

func id(n uint64) entry.ID {
	return sha256.Sum256(binary.BigEndian.AppendUint64([]byte("id"), n))
}

func sorted(ids []entry.ID) []entry.ID {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, entry.ID.Compare)
	return ids
}

// setOf returns the symbols of the IDs numbered from up to below to, and of more.
func setOf(key Key, ids []entry.ID) *Set {
	s := NewSet(key)
	for _, i := range ids {
		s.Add(i)
	}
	return s
}

// Two sets of any size with any difference: both sides find the same difference, and all of it,
// after the same number of symbols, whatever pieces they come in.
func TestBothSidesFindTheWholeDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		common := rapid.IntRange(0, 3000).Draw(t, "common")
		onlyA := rapid.IntRange(0, 400).Draw(t, "only A has")
		onlyB := rapid.IntRange(0, 400).Draw(t, "only B has")
		key := Key{}
		if rapid.Bool().Draw(t, "keyed") {
			key = Key{1, 2, 3}
		}
		var a, b, justA, justB []entry.ID
		for n := range common {
			a, b = append(a, id(uint64(n))), append(b, id(uint64(n)))
		}
		for n := range onlyA {
			justA = append(justA, id(uint64(1_000_000+n)))
		}
		for n := range onlyB {
			justB = append(justB, id(uint64(2_000_000+n)))
		}
		symbolsA := setOf(key, append(a, justA...)).Symbols()
		symbolsB := setOf(key, append(b, justB...)).Symbols()
		atA, atB := NewDiff(key, symbolsA), NewDiff(key, symbolsB)
		sent := 0
		for {
			n := min(rapid.IntRange(1, 100).Draw(t, "piece"), Kept-sent)
			doneA, doneB := atA.Add(symbolsB[sent:sent+n]...), atB.Add(symbolsA[sent:sent+n]...)
			sent += n
			if doneA != doneB {
				t.Fatalf("after %d symbols one side is done and the other is not", sent)
			}
			if doneA {
				break
			}
			if sent == Kept {
				t.Fatalf("a difference of %d took more than %d symbols", onlyA+onlyB, sent)
			}
		}
		if !slices.Equal(sorted(atA.Theirs()), sorted(justB)) || !slices.Equal(sorted(atA.Mine()), sorted(justA)) {
			t.Fatal("A found another difference")
		}
		if !slices.Equal(sorted(atB.Theirs()), sorted(justA)) || !slices.Equal(sorted(atB.Mine()), sorted(justB)) {
			t.Fatal("B found another difference")
		}
	})
}

func TestTheCostFollowsTheDifference(t *testing.T) {
	for _, common := range []int{100, 10_000, 100_000} {
		s := NewSet(Key{})
		for n := range common {
			s.Add(id(uint64(n)))
		}
		ours := s.Symbols()
		for n := range 3 {
			s.Add(id(uint64(1_000_000 + n)))
		}
		theirs := s.Symbols()
		d := NewDiff(Key{}, ours)
		used := 0
		for !d.Add(theirs[used]) {
			used++
		}
		if used > 40 {
			t.Errorf("%d in common, 3 changed: %d symbols", common, used+1)
		}
	}
}

func TestWhatWasAddedAndTakenOutLeavesNoTrace(t *testing.T) {
	s := NewSet(Key{})
	s.Add(id(1))
	s.Add(id(2))
	s.Remove(id(1))
	if want := setOf(Key{}, []entry.ID{id(2)}); !slices.Equal(s.Symbols(), want.Symbols()) || s.Len() != 1 {
		t.Error("the symbols remember what was taken out")
	}
}

// IDs ground so that they have the seed of their places in common are in the same symbols, all of
// them, and no number of symbols tells them apart.
func TestIDsGroundToMeetUnderTheOpenKeyComeApartUnderAnother(t *testing.T) {
	a, b := []entry.ID{}, []entry.ID{}
	for n := range 50 {
		ground := id(uint64(n))
		copy(ground[:8], "the same")
		a = append(a, ground)
	}
	if d := NewDiff(Key{}, setOf(Key{}, b).Symbols()); d.Add(setOf(Key{}, a).Symbols()...) {
		t.Fatal("the attack doesn't work: mend the test")
	}
	key := Key{7}
	d := NewDiff(key, setOf(key, b).Symbols())
	if !d.Add(setOf(key, a).Symbols()...) || !slices.Equal(sorted(d.Theirs()), sorted(a)) {
		t.Error("a key that nobody knew before doesn't help")
	}
}

func TestASymbolIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), Size, Size).Draw(t, "bytes")
		if got := Decode(b).Append(nil); !bytes.Equal(got, b) {
			t.Fatalf("%x became %x", b, got)
		}
	})
}

// FuzzDiff feeds made-up symbols: no panic, no endless peeling, and no more IDs than symbols.
func FuzzDiff(f *testing.F) {
	seeds, err := filepath.Glob("testdata/fuzz/FuzzDiff/*")
	if err != nil || len(seeds) == 0 {
		f.Fatal("no seeds")
	}
	if _, err := os.Stat(seeds[0]); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte, n uint8) {
		var ours []entry.ID
		for i := range n {
			ours = append(ours, id(uint64(i)))
		}
		d := NewDiff(Key{}, setOf(Key{}, ours).Symbols())
		for ; len(b) >= Size; b = b[Size:] {
			d.Add(Decode(b))
		}
		if found := len(d.Theirs()) + len(d.Mine()); found > len(d.symbols)+1 {
			t.Fatalf("%d IDs out of %d symbols", found, len(d.symbols))
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	s := NewSet(Key{})
	ids := make([]entry.ID, 1024)
	for i := range ids {
		ids[i] = id(uint64(i))
	}
	for i := 0; b.Loop(); i++ {
		s.Add(ids[i%len(ids)])
	}
}
