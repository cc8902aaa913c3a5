package rateless

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Saved is how many bytes AppendSaved appends.
const Saved = 8 + 2*lanes + Kept*(32+4+8)

// AppendSaved appends the whole set, for ReadSaved to find it again after a start. What comes of
// it is for this replica alone, and not fit to be sent.
func (s *Set) AppendSaved(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(s.len))
	for _, w := range s.lattice {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	for i := range s.symbols {
		b = append(b, s.symbols[i].Sum[:]...)
		b = binary.BigEndian.AppendUint32(b, s.symbols[i].Check)
		b = binary.BigEndian.AppendUint64(b, uint64(s.symbols[i].Count))
	}
	return b
}

// ReadSaved reads what AppendSaved appended. It can't see whether it is what was saved: the
// caller has a checksum.
func ReadSaved(b []byte) (*Set, error) {
	if len(b) != Saved {
		return nil, fmt.Errorf("a saved set of %d bytes, it has %d", len(b), Saved)
	}
	n := binary.BigEndian.Uint64(b)
	if n > 1<<48 {
		return nil, errors.New("a saved set without end")
	}
	s := NewSet()
	s.len, b = int(n), b[8:]
	for i := range s.lattice {
		s.lattice[i], b = binary.LittleEndian.Uint64(b), b[8:]
	}
	for i := range s.symbols {
		copy(s.symbols[i].Sum[:], b)
		s.symbols[i].Check = binary.BigEndian.Uint32(b[32:])
		s.symbols[i].Count = int64(binary.BigEndian.Uint64(b[36:]))
		b = b[44:]
	}
	return s, nil
}

// Len is how many IDs are in the set.
func (s *Set) Len() int { return s.len }
