package kind_test

import (
	"testing"

	"kith/crdt/kind"
)

func TestARevisionIsOfTitleAndText(t *testing.T) {
	a := kind.Revision("Riso", "Buy it.")
	if len(a) != 16 || a != kind.Revision("Riso", "Buy it.") {
		t.Fatalf("revision %q", a)
	}
	for _, other := range []string{kind.Revision("Riso!", "Buy it."), kind.Revision("Riso", "Buy it"), kind.Revision("RisoB", "uy it.")} {
		if a == other {
			t.Errorf("another title or text has the same revision %s", a)
		}
	}
}
