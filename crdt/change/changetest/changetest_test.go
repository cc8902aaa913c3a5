package changetest_test

import (
	"bytes"
	"math/rand"
	"testing"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
)

// Damage has to get past header and checksum, or it tests nothing but them.
func TestMutatedChunksHaveAGoodHeader(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	chunk := changetest.New(change.NewHistory(), "an actor", changetest.Put(change.OpID{}, "k", change.IntValue(1))).Encode()
	different := 0
	for range 1000 {
		for _, b := range [][]byte{changetest.Mutate(rng, chunk), changetest.MutateByte(rng, chunk)} {
			if !bytes.Equal(b, chunk) {
				different++
			}
			if again := changetest.Repair(b); !bytes.Equal(again, b) {
				t.Fatalf("header not repaired: %x", b)
			}
			if head, columns, rest, ok := changetest.Split(changetest.Body(b)); ok {
				if again := changetest.Chunk(changetest.Join(head, columns, rest)); len(again) > len(b) {
					t.Fatalf("joined otherwise than split: %x and %x", again, b)
				}
			}
		}
	}
	if different < 1500 {
		t.Errorf("only %d of 2000 differ", different)
	}
}
