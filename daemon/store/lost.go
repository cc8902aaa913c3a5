package store

import (
	"encoding/binary"
	"errors"

	"kith/crdt/entry"
)

// ErrLost says that nothing is left of an entry but that it was here. It is an ErrCorrupt.
var ErrLost = errors.New("has lost its bytes")

// Lost returns the entries that are said to be here and whose bytes aren't, neither whole nor bare, with their records. It walks
// through all keys of entries.
func (s *Store) Lost() (map[entry.ID]Record, error) {
	type place struct {
		doc     entry.DocID
		arrival uint64
	}
	here := map[place]bool{}
	for _, prefix := range []byte{prefixEntry, prefixBare} {
		err := s.scan([]byte{prefix}, false, func(k, _ []byte) bool {
			here[place{entry.DocID(k[1:]), binary.BigEndian.Uint64(k[1+len(entry.DocID{}):])}] = true
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	lost := map[entry.ID]Record{}
	err := s.Records(func(id entry.ID, r Record) bool {
		if !here[place{r.Doc, r.Arrival}] {
			lost[id] = r
		}
		return true
	})
	return lost, err
}
