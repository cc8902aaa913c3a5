package entry_test

import (
	"bytes"
	"testing"

	"kith/crdt/entry"
)

func BenchmarkDecode(b *testing.B) {
	f := entry.Fields{
		Space: entry.SpaceID{1}, Heads: []entry.ID{{1}}, Kind: entry.Change, Doc: entry.DocID{1},
		Number: 2, Previous: entry.ID{3}, Payload: bytes.Repeat([]byte{7}, 130),
	}
	e, err := entry.New(f, entry.NewSigner())
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d bytes", len(e.Encoded()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := entry.Decode(e.Encoded()); err != nil {
			b.Fatal(err)
		}
	}
}
