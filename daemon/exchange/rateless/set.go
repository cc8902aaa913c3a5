package rateless

import "kith/crdt/entry"

// Kept is how many symbols of a set are kept up to date with each ID added: enough for
// differences of about 3,000 IDs. They take 196 kB.
const Kept = 4096

// Set holds the first symbols of a set. Adding an ID costs about a microsecond: it is in 2·ln(Kept)
// of them.
type Set struct {
	key     Key
	symbols []Symbol
	len     int
}

// NewSet returns the symbols of an empty set.
func NewSet(key Key) *Set { return &Set{key: key, symbols: make([]Symbol, Kept)} }

// Add puts an ID in, which isn't in the set yet.
func (s *Set) Add(id entry.ID) { s.change(id, 1) }

// Remove takes an ID out, which is in the set.
func (s *Set) Remove(id entry.ID) { s.change(id, -1) }

func (s *Set) change(id entry.ID, sign int64) {
	it := s.key.item(id)
	for p := it.places(); p.index < len(s.symbols); p.next() {
		s.symbols[p.index].add(it, sign)
	}
	s.len += int(sign)
}

// Len returns how many IDs are in the set.
func (s *Set) Len() int { return s.len }

// Symbols returns a copy of the symbols as they are now, Kept of them: what a session works
// with, whatever is added meanwhile.
func (s *Set) Symbols() []Symbol { return append([]Symbol(nil), s.symbols...) }
