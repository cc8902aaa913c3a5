package charter

import (
	"strings"

	"go.mau.fi/util/confusable"
)

// LookAlike says whether people can't tell two names from each other when they read them: those that FoldName
// makes equal; those with the same skeleton of Unicode Technical Standard 39, in which a Cyrillic А is a
// Latin A and what isn't to be seen is gone; and one in Hebrew or Arabic without any marks, and one that is the same with some. A name may
// be of any script as long as nobody else's looks so.
//
// Its tables grow with Unicode, so nothing that replicas must agree on hangs on it: it is asked by who lets
// somebody in, about a name that is given now. The fold takes any name, also from a modified daemon.
func LookAlike(a, b string) bool {
	foldedA, foldedB := FoldName(a), FoldName(b)
	if skeleton(a) == skeleton(b) || skeleton(foldedA) == skeleton(foldedB) {
		return true
	}
	bare := FoldText(a)
	return bare == FoldText(b) && (bare == foldedA || bare == foldedB)
}

// skeleton is what two names that look alike have in common; it isn't for reading.
func skeleton(name string) string {
	seen := strings.Map(func(r rune) rune {
		if isUnseen(r) {
			return -1
		}
		return r
	}, name)
	return confusable.Skeleton(strings.Join(strings.Fields(seen), " "))
}
