package exchange_test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"kith/crdt/entry"
	"kith/daemon/exchange/rateless"
)

// corpus holds the seeds, in the frames of docs/PROTOCOL.md, "Streams": what an honest peer says,
// and several hostile ones.
const corpus = "testdata/frames"

// FuzzFrames has a peer say anything at all, after a greeting or without one.
func FuzzFrames(f *testing.F) {
	seeds, err := filepath.Glob(filepath.Join(corpus, "*"))
	if err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds in %s: %v", corpus, err)
	}
	for _, name := range seeds {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(false, b)
		f.Add(true, b)
	}
	ana, genesis := found(1)
	hi := helloOf(1, 1, ana.space)
	f.Fuzz(func(t *testing.T, greet bool, say []byte) {
		bubble(t, func(t *testing.T) {
			a := newReplica(t, ana.space, genesis)
			if greet {
				say = slices.Concat(hi, say)
			}
			// Whatever it is, the stream ends with a reason and nothing bad is stored.
			if err, _ := face(a, say); err == nil {
				t.Error("ended without a reason")
			}
			for id := range a.IDs() {
				encoded, _ := a.Entry(id)
				if e := must(entry.Decode(encoded)); e.Verify() != nil || e.SpaceOf() != ana.space {
					t.Errorf("stored %.8s", id)
				}
			}
		})
	})
}

var update = flag.Bool("update", false, "write the seeds that follow the protocol's layout")

// seeds are what hosts say to a replica that has only the genesis of author 1. Those of other
// names in corpus don't depend on the comparison.
func seeds() map[string][]byte {
	ana, genesis := found(1)
	three := ana.writeMany(3)
	hi := helloOf(1, 1, ana.space)
	theirs := rateless.NewSet()
	theirs.Add(genesis.ID())
	var encoded [][]byte
	for _, e := range three {
		theirs.Add(e.ID())
		encoded = append(encoded, e.Encoded())
	}
	raw := batchOf(encoded...)
	now := theirs.Snapshot()
	set := func(n uint64) []byte {
		b := append(binary.BigEndian.AppendUint64(nil, n), now.Digest[:]...)
		return frame(2, now.Append(b, 0, 12))
	}
	count := binary.BigEndian.AppendUint64(nil, 3)
	low := make([]byte, 32)
	low[31] = 1
	return map[string][]byte{
		// It shows its set, sends what we lack, and says that all is stored.
		"honest": slices.Concat(hi, set(4), frame(9, make([]byte, 8)), frame(5, count), zipped(1, raw), frame(7, nil)),
		// It has less than we do: a list, and then what we want of it.
		"list":              slices.Concat(hi, setOf(0), frame(4, low), frame(4, nil), frame(5, count), zipped(1, raw), frame(7, nil)),
		"list-out-of-order": slices.Concat(hi, setOf(0), frame(4, append(bytes.Repeat([]byte{5}, 32), low...)), frame(4, nil)),
		// It has more: it wants what our list shows.
		"wants":   slices.Concat(hi, setOf(5000), frame(4, idBytes(genesis)), frame(4, nil)),
		"symbols": slices.Concat(hi, set(1), symbolsOf(12), symbolsOf(24)),
		"key":     slices.Concat(hi, set(1), keyOf(), set(1)),
	}
}

func TestSeedsAreUpToDate(t *testing.T) {
	for name, say := range seeds() {
		path := filepath.Join(corpus, name)
		if *update {
			if err := os.WriteFile(path, say, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, say) {
			t.Errorf("%s is out of date: run go test -run Seeds -update ./daemon/exchange (%v)", name, err)
		}
	}
}

// The seeds must stay what they are said to be: an honest one is taken.
func TestTheHonestSeedIsTaken(t *testing.T) {
	say, err := os.ReadFile(filepath.Join(corpus, "honest"))
	if err != nil {
		t.Fatal(err)
	}
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		a := newReplica(t, ana.space, genesis)
		_, _ = face(a, say)
		if a.Len() != 4 {
			t.Errorf("%d entries; the seed holds 3 besides the genesis", a.Len())
		}
	})
}

func idBytes(e *entry.Entry) []byte { id := e.ID(); return id[:] }
