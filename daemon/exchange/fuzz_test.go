package exchange_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"kith/crdt/entry"
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
