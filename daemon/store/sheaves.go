package store

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/dgraph-io/badger/v4"

	"kith/crdt/entry"
)

// Parts of a sheaf, an index by words of some documents: what is in them is the caller's business.
const (
	SheafDocs   = 'd' // which documents
	SheafWords  = 'w'
	SheafPlaces = 'p'
)

// PutSheaf stores a sheaf under a number, as an index of some version.
func (b *Batch) PutSheaf(version byte, number uint32, docs, words, places []byte) {
	b.set(sheafKey(version, SheafDocs, number), docs)
	b.set(sheafKey(version, SheafWords, number), words)
	b.set(sheafKey(version, SheafPlaces, number), places)
}

// DropSheaf takes a sheaf out.
func (b *Batch) DropSheaf(version byte, number uint32) {
	for _, part := range []byte{SheafDocs, SheafWords, SheafPlaces} {
		b.del(sheafKey(version, part, number))
	}
}

// Sheaf calls fn with a part of a sheaf, and returns its error; ErrNotFound if there is none of that number. The bytes are the callee's only
// during the call.
func (s *Store) Sheaf(version, part byte, number uint32, fn func([]byte) error) error {
	var failed error
	err := s.view(func(txn *badger.Txn) error {
		return useValue(txn, sheafKey(version, part, number), func(v []byte) { failed = fn(v) })
	})
	return errors.Join(err, failed)
}

// Sheaves calls fn with a part of every sheaf of a version.
func (s *Store) Sheaves(version, part byte, fn func(number uint32, b []byte)) error {
	return s.scan([]byte{prefixSheaf, version, part}, true, func(k, v []byte) bool {
		fn(binary.BigEndian.Uint32(k[len(k)-4:]), v)
		return true
	})
}

// manySought is from how many on SoughtOf walks through all records in the place of looking each up.
const manySought = 2_000

// SoughtOf calls fn with what a search looks through of each of these documents that has it, in the order of their IDs, until it returns false.
// The documents are ascending, and the bytes are the callee's only during the call.
func (s *Store) SoughtOf(docs []entry.DocID, fn func(doc entry.DocID, sought []byte) bool) error {
	if len(docs) > manySought {
		return s.Sought(func(doc entry.DocID, b []byte) bool {
			for len(docs) > 0 && bytes.Compare(docs[0][:], doc[:]) < 0 {
				docs = docs[1:]
			}
			if len(docs) == 0 {
				return false
			}
			return docs[0] != doc || fn(doc, b)
		})
	}
	return s.view(func(txn *badger.Txn) error {
		for _, doc := range docs {
			more := true
			err := useValue(txn, docKey(prefixSought, doc), func(v []byte) { more = fn(doc, v) })
			if err != nil && !errors.Is(err, ErrNotFound) || !more {
				return err
			}
		}
		return nil
	})
}
