package share

import (
	"slices"

	"kith/crdt/charter"
)

// A further share begins with the word of one person of each co-op, given in the first: that a charter is their co-op's.
// Nobody can tell from the share itself whether that person still is of it. Who is in both can.

// Doubt returns the share as it is for who can't tell (yes), or can tell again, whether a side speaks for its co-op. What
// its people write is taken as ever. But none of them counts in what is open, and no record of an outcome that they make.
func (s *Share) Doubt(side int, yes bool) *Share {
	if s.doubted[side] == yes {
		return s
	}
	next := *s
	next.doubted[side] = yes
	return &next
}

// Doubted says whether that isn't known of a side.
func (s *Share) Doubted(side int) bool { return s.doubted[side] }

// Doubtful says whether somebody is of a side of which it isn't known.
func (s *Share) Doubtful(m charter.MemberID) bool {
	return slices.ContainsFunc([]int{0, 1}, func(side int) bool {
		if !s.doubted[side] || s.sides[side] == nil {
			return false
		}
		_, ok := s.sides[side].Member(m)
		return ok
	})
}
