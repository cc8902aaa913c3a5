package kinds

import (
	"cmp"
	"slices"

	"kith/crdt/charter"
	"kith/crdt/kind"
)

// Turn is one member in a rotation.
type Turn struct {
	Member charter.MemberID
	In     kind.Time // when they opted in; 0: they haven't
	Last   kind.Time // when they were named last; 0: never
}

// Rotation is the order in which a role goes round among those who opted in: who had it never, or longest ago, is next. Of
// those who never had it who opted in first comes first. So nobody has it twice before everybody else had it
// once who was in all the time, and who opts out and in again is neither earlier nor later for it.
func Rotation(turns []Turn) (order []charter.MemberID) {
	in := slices.DeleteFunc(slices.Clone(turns), func(t Turn) bool { return t.In == 0 })
	slices.SortFunc(in, func(a, b Turn) int {
		byIn := 0
		if a.Last == 0 && b.Last == 0 {
			byIn = cmp.Compare(a.In, b.In)
		}
		return cmp.Or(cmp.Compare(a.Last, b.Last), byIn, compareMembers(a.Member, b.Member))
	})
	for _, t := range in {
		order = append(order, t.Member)
	}
	return order
}
