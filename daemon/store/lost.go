package store

import (
	"encoding/binary"
	"errors"

	"github.com/dgraph-io/badger/v4"

	"kith/crdt/entry"
)

// ErrLost says that nothing is left of an entry but that it was here. It is an ErrCorrupt.
var ErrLost = errors.New("has lost its bytes")

// Lost returns the entries that are said to be here and whose bytes aren't, neither whole nor bare, with their records. It walks
// through all keys of entries, in one view of the store: of what is stored meanwhile there would else be a record, and no bytes where they were
// looked for before.
func (s *Store) Lost() (map[entry.ID]Record, error) {
	type place struct {
		doc     entry.DocID
		arrival uint64
	}
	here, lost := map[place]bool{}, map[entry.ID]Record{}
	err := s.walkThrough(func(txn *badger.Txn) error {
		for _, prefix := range []byte{prefixEntry, prefixBare} {
			err := s.iterateIn(txn, []byte{prefix}, func(item *badger.Item) (bool, error) {
				k := item.Key()
				here[place{entry.DocID(k[1:]), binary.BigEndian.Uint64(k[1+len(entry.DocID{}):])}] = true
				return true, nil
			})
			if err != nil {
				return err
			}
		}
		return s.recordsIn(txn, func(id entry.ID, r Record) bool {
			if !here[place{r.Doc, r.Arrival}] {
				lost[id] = r
			}
			return true
		})
	})
	return lost, err
}
