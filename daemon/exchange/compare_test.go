package exchange

import (
	"crypto/sha256"
	"encoding/binary"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/entry"
	"kith/daemon/exchange/rateless"
)

func testIDs(first uint64, n int) (ids []entry.ID) {
	for i := range uint64(n) {
		ids = append(ids, sha256.Sum256(binary.BigEndian.AppendUint64([]byte("id"), first+i)))
	}
	return ids
}

// talk is two comparisons that hear what the other says.
type talk struct {
	t     interface{ Fatalf(string, ...any) }
	sides [2]*comparison
	ids   [2][]entry.ID
	to    [2]outcome
	kinds [2][]frameType // what each has said
	bytes int
	spoil func(sayer *comparison, s saying) // what happens on the way
}

func newTalk(t interface{ Fatalf(string, ...any) }, a, b []entry.ID) *talk {
	k := &talk{t: t, ids: [2][]entry.ID{a, b}}
	for i := range k.sides {
		ids := k.ids[i]
		// Not by chance: once in some thousand keys the sums don't tell the difference in the room that they have, and a list does.
		drawn := rand.NewChaCha8([32]byte{byte(i)})
		k.sides[i] = &comparison{random: func(b []byte) { _, _ = drawn.Read(b) }, set: &idSet{load: func() iter.Seq[entry.ID] { return slices.Values(ids) }}}
	}
	return k
}

func (k *talk) went(i int, to outcome, err error) {
	if err != nil {
		k.t.Fatalf("side %d: %v", i, err)
	}
	k.to[i] = max(k.to[i], to)
}

// step delivers what side i says next.
func (k *talk) step(i int) bool {
	s, ok := k.sides[i].say()
	if !ok {
		return false
	}
	k.kinds[i] = append(k.kinds[i], s.kind)
	k.bytes += len(s.body) + headerSize
	if k.spoil != nil {
		k.spoil(k.sides[i], s)
	}
	other := 1 - i
	var to outcome
	var err error
	switch s.kind {
	case frameSet:
		to, err = k.sides[other].readSet(s.body, true)
	case frameSymbols:
		to, err = k.sides[other].readSymbols(s.body)
	case frameKey:
		to, err = k.sides[other].readKey(s.body)
	}
	k.went(other, to, err)
	if k.sides[other].invitation() {
		to, err = k.sides[other].open()
		k.went(other, to, err)
	}
	return true
}

// run has side 0 open, and side 1 too if both, and goes on until both know. pick chooses who is
// heard next.
func (k *talk) run(both bool, pick func() int) {
	to, err := k.sides[0].open()
	k.went(0, to, err)
	if both {
		to, err = k.sides[1].open()
		k.went(1, to, err)
	}
	for {
		first := pick()
		if !k.step(first) && !k.step(1-first) {
			break
		}
	}
	for i, to := range k.to {
		if to == list {
			for chunk := range slices.Chunk(slices.SortedFunc(slices.Values(k.ids[i]), entry.ID.Compare), 100) {
				var b []byte
				for _, id := range chunk {
					b = append(b, id[:]...)
				}
				to, err := k.sides[1-i].readList(b)
				k.went(1-i, to, err)
				k.bytes += len(b) + headerSize
			}
			to, err := k.sides[1-i].readList(nil)
			k.went(1-i, to, err)
		}
	}
}

// check says whether both sides know the difference.
func (k *talk) check() {
	without := func(a, b []entry.ID) []entry.ID {
		has := map[entry.ID]bool{}
		for _, id := range b {
			has[id] = true
		}
		rest := slices.DeleteFunc(slices.Clone(a), func(id entry.ID) bool { return has[id] })
		slices.SortFunc(rest, entry.ID.Compare)
		return rest
	}
	for i, to := range k.to {
		if to == list && k.to[1-i] == listed {
			continue // it hears from the other what that wants
		}
		if to != found && to != listed {
			k.t.Fatalf("side %d ended at %d, the other at %d", i, to, k.to[1-i])
		}
		missing, lack, _ := k.sides[i].result()
		slices.SortFunc(missing, entry.ID.Compare)
		slices.SortFunc(lack, entry.ID.Compare)
		if !slices.Equal(missing, without(k.ids[i], k.ids[1-i])) || !slices.Equal(lack, without(k.ids[1-i], k.ids[i])) {
			k.t.Fatalf("side %d found another difference", i)
		}
	}
}

func (k *talk) said(kind frameType) int {
	n := 0
	for _, kinds := range k.kinds {
		for _, s := range kinds {
			if s == kind {
				n++
			}
		}
	}
	return n
}

func alternate() func() int {
	i := 1
	return func() int { i = 1 - i; return i }
}

// Whatever two sets have, whoever opens, and whoever is heard first: both learn the difference.
func TestTwoComparisonsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		common := testIDs(0, rapid.SampledFrom([]int{0, 1, 20, 500, 3000}).Draw(t, "common"))
		justA := testIDs(1<<32, rapid.IntRange(0, 300).Draw(t, "only A has"))
		justB := testIDs(2<<32, rapid.IntRange(0, 300).Draw(t, "only B has"))
		k := newTalk(t, slices.Concat(common, justA), slices.Concat(justB, common))
		k.run(rapid.Bool().Draw(t, "both open"), func() int { return rapid.IntRange(0, 1).Draw(t, "next") })
		k.check()
	})
}

func TestLargeDifferencesAreListedByTheSmaller(t *testing.T) {
	many := testIDs(0, 20_000)
	for _, n := range []int{0, 1, 300, 10_000} {
		k := newTalk(t, many, testIDs(1<<32, n))
		k.run(true, alternate())
		k.check()
		if k.to != [2]outcome{listed, list} {
			t.Errorf("%d against %d: %v", len(many), n, k.to)
		}
		if most := n*32 + n/100*headerSize + 1200; k.bytes > most {
			t.Errorf("%d against %d: %d bytes; want %d at most", len(many), n, k.bytes, most)
		}
	}
}

// Attack 26. The IDs are ground so that they are in the same symbols under the key that all know.
func TestGroundIDsFallToTheKeyedSessionAndThenToTheList(t *testing.T) {
	common := testIDs(0, 3000)
	ground := testIDs(1<<32, 40)
	for i := range ground {
		copy(ground[i][:8], "the same")
	}
	a, b := slices.Concat(common, ground[:25]), slices.Concat(common, ground[25:])

	k := newTalk(t, a, b)
	k.run(true, alternate())
	k.check()
	if k.said(frameKey) != 2 || k.to != [2]outcome{found, found} {
		t.Errorf("said %v, ended at %v; want the difference under a key", k.kinds, k.to)
	}
	t.Logf("under a key: %d bytes", k.bytes)

	// As if they were ground for that key as well, whoever could do that: both see the same sums
	// that no IDs have.
	k = newTalk(t, a, b)
	k.spoil = func(sayer *comparison, s saying) {
		if !sayer.keyed {
			return
		}
		switch s.kind {
		case frameSet:
			s.body[40+5] ^= 1
		case frameSymbols:
			s.body[5] ^= 1
		}
	}
	k.run(true, alternate())
	k.check()
	if k.said(frameKey) != 2 || k.to == [2]outcome{found, found} {
		t.Errorf("said %v, ended at %v; want a list after the key", k.kinds, k.to)
	}
	t.Logf("and a list: %d bytes", k.bytes)
}

// What both must compute alike, as docs/PROTOCOL.md has it.
func TestBothPartsMakeTheKeyWhoeverDrewWhich(t *testing.T) {
	a, b := []byte("the one side's p"), []byte("and the other's!")
	if sessionKey(a, b) != sessionKey(b, a) || sessionKey(a, b) == sessionKey(a, a) || sessionKey(a, b) == (rateless.Key{}) {
		t.Error("it isn't")
	}
}
