package crdt_test

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/kinds"
)

// What the changes alone say of a document as it was is what the core says, whoever wrote apart.
func TestThePastIsReadAsTheCoreReadsIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := lived(t)
		c.settle()
		d := c.desks[0]
		k, items := kinds.All.Named(d.view().Kind), d.judge.Order()
		past := crdt.NewPast(k, items)
		for _, heads := range [][]change.Hash{d.view().Heads, {rapid.SampledFrom(items).Draw(t, "one").Change.Hash}, {
			rapid.SampledFrom(items).Draw(t, "a").Change.Hash, rapid.SampledFrom(items).Draw(t, "b").Change.Hash,
		}} {
			want, err := crdt.At(d.am, k, heads)
			must(t, err)
			if got := past.At(heads); !reflect.DeepEqual(got, want) {
				t.Fatalf("as of %v it is\n%+v\nand to the core\n%+v", heads, got, want)
			}
		}
		if past.At([]change.Hash{{1}}) != nil {
			t.Fatal("it is read as of a change that isn't there")
		}
	})
}
