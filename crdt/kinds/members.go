package kinds

import (
	"bytes"
	"maps"
	"slices"

	"kith/crdt/charter"
	"kith/crdt/kind"
)

func compareMembers(a, b charter.MemberID) int { return bytes.Compare(a[:], b[:]) }

func sortedMembers[T any](all map[charter.MemberID]T) []charter.MemberID {
	return slices.SortedFunc(maps.Keys(all), compareMembers)
}

// others are those who aren't m.
func others(all []charter.MemberID, m charter.MemberID) []charter.MemberID {
	return slices.DeleteFunc(all, func(one charter.MemberID) bool { return one == m })
}

// membersIn are the members who stand in a map of a document, by ID. What is no member's ID is left out.
func membersIn(in kind.Values) (out []charter.MemberID) {
	for key := range in {
		if m, err := charter.ParseMemberID(key); err == nil {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, compareMembers)
	return out
}
