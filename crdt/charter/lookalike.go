package charter

import (
	"strings"

	"go.mau.fi/util/confusable"
)

// looks is what of a name others are compared with.
type looks struct {
	plain, folded string // skeletons
	bare          string
	unmarked      bool // bare is the whole of it
}

func looksOf(name string) looks {
	folded, bare := FoldName(name), FoldText(name)
	return looks{plain: skeleton(name), folded: skeleton(folded), bare: bare, unmarked: bare == folded}
}

// like says whether people can't tell two names from each other when they read them: those that FoldName
// makes equal; those with the same skeleton of Unicode Technical Standard 39, in which a Cyrillic А is a
// Latin A and what isn't to be seen is gone; and one in Hebrew or Arabic without any marks, and one that is the same with some. A name may
// be of any script as long as nobody else's looks so.
//
// Its tables grow with Unicode, so nothing that replicas must agree on hangs on it: it is asked by who lets
// somebody in, or takes another name, about a name that is given now, and where names are shown (see called). The fold takes
// any name, also from a modified daemon.
func (a looks) like(b looks) bool {
	return a.plain == b.plain || a.folded == b.folded || a.bare == b.bare && (a.unmarked || b.unmarked)
}

// skeleton is what two names that look alike have in common; it isn't for reading.
func skeleton(name string) string {
	seen := strings.Map(func(r rune) rune {
		if isUnseen(r) {
			return -1
		}
		return r
	}, name)
	// That of the digit 0 is a capital O, which isn't that of a small one.
	return strings.ReplaceAll(confusable.Skeleton(strings.Join(strings.Fields(seen), " ")), "O", "o")
}
