package api

import (
	"strings"

	"kith/crdt/kinds"
)

// IDLength is how many letters an ID has after the one for its kind.
const IDLength = 32

// MinBareID is how many letters a start of a member's ID needs when its "m-" is left out, so
// that a mistyped name isn't taken for one.
const MinBareID = 4

// Crockford makes what people read and type into the letters of IDs.
var Crockford = strings.NewReplacer("o", "0", "i", "1", "l", "1")

// SplitID takes a word apart into the kind that its letters name ("" without one) and the
// start of an ID. ok is false when no ID starts so.
func SplitID(word string) (kind, start string, ok bool) {
	letters, start, k := kinds.All.SplitID(word)
	switch {
	case k != nil:
		kind = k.Name
	case letters != "":
		return "", "", false
	}
	valid := strings.Trim(start, "0123456789abcdefghjkmnpqrstvwxyz") == ""
	return kind, start, valid && start != "" && len(start) <= IDLength
}

// Brief shortens a word for a message.
func Brief(word string) string {
	if r := []rune(word); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return word
}
