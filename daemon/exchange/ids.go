package exchange

import (
	"encoding/binary"
	"iter"
	"slices"

	"kith/crdt/entry"
)

// idList is a set of IDs in their order. They lie on shelves by their first bits, few enough on each that one more is put in its place at
// once, however many there are: a million take 32 MB and what the shelves have free. The zero value is empty.
type idList struct {
	shelves [][]entry.ID
	bits    int // two to the power of which are the shelves
	n       int
}

const (
	// shelfMost is how many IDs lie on a shelf, on average, before there are four times as many shelves.
	shelfMost = 512
	// shelfBits bounds the shelves: a great many IDs that begin alike, which somebody has taken pains to make, don't make more.
	shelfBits = 14
)

func (l *idList) shelf(id entry.ID) *[]entry.ID {
	if l.shelves == nil {
		l.shelves = make([][]entry.ID, 1)
	}
	return &l.shelves[int(binary.BigEndian.Uint16(id[:]))>>(16-l.bits)]
}

// add says whether the ID is new.
func (l *idList) add(id entry.ID) bool {
	on := l.shelf(id)
	at, had := slices.BinarySearchFunc(*on, id, entry.ID.Compare)
	if had {
		return false
	}
	*on = slices.Insert(*on, at, id)
	if l.n++; l.n > shelfMost*len(l.shelves) && l.bits < shelfBits {
		l.spread()
	}
	return true
}

func (l *idList) has(id entry.ID) bool {
	_, had := slices.BinarySearchFunc(*l.shelf(id), id, entry.ID.Compare)
	return had
}

// remove says whether the ID was there.
func (l *idList) remove(id entry.ID) bool {
	on := l.shelf(id)
	at, had := slices.BinarySearchFunc(*on, id, entry.ID.Compare)
	if had {
		*on = slices.Delete(*on, at, at+1)
		l.n--
	}
	return had
}

// spread puts the IDs on four times as many shelves.
func (l *idList) spread() {
	old := l.shelves
	l.bits += 2
	l.shelves = make([][]entry.ID, 1<<l.bits)
	for _, on := range old {
		for len(on) > 0 {
			to := l.shelf(on[0])
			n := 1
			for n < len(on) && l.shelf(on[n]) == to {
				n++
			}
			*to, on = slices.Clone(on[:n]), on[n:]
		}
	}
}

// each yields the IDs, ascending.
func (l *idList) each() iter.Seq[entry.ID] {
	return func(yield func(entry.ID) bool) {
		for _, on := range l.shelves {
			for _, id := range on {
				if !yield(id) {
					return
				}
			}
		}
	}
}

// all returns the IDs, ascending, in a slice of the caller's.
func (l *idList) all() []entry.ID {
	out := make([]entry.ID, 0, l.n)
	for _, on := range l.shelves {
		out = append(out, on...)
	}
	return out
}
