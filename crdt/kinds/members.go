package kinds

import (
	"bytes"

	"kith/crdt/charter"
)

func compareMembers(a, b charter.MemberID) int { return bytes.Compare(a[:], b[:]) }
