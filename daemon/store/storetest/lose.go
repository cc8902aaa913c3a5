package storetest

import (
	"testing"

	"github.com/dgraph-io/badger/v4"

	"kith/crdt/entry"
)

// Lose takes from a closed store what a build before 30 November 2026 could lose of a document that was forgotten and written in again: the bytes
// of its whole entries, and its view.
func Lose(t testing.TB, dir string, doc entry.DocID, kind string) {
	t.Helper()
	db, err := badger.Open(badger.DefaultOptions(dir).WithLogger(nil))
	if err != nil {
		t.Fatal(err)
	}
	of := func(prefix string) []byte { return append([]byte(prefix), doc[:]...) }
	if err := db.DropPrefix(of("e"), of("k"), of("t"), of("v"+kind+"\x00")); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
