package api

import "kith/crdt/charter"

// FoldName gives the form in which names are compared: case, accents and outer spaces don't
// count.
func FoldName(name string) string { return charter.FoldName(name) }

// FoldText is charter.FoldText.
func FoldText(text string) string { return charter.FoldText(text) }

// LetterApart says whether a and b are at most a letter apart, or have two neighbours swapped.
func LetterApart(a, b string) bool {
	x, y := []rune(a), []rune(b)
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y = x[1:], y[1:]
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	return len(x) <= 1 && len(y) <= 1 || len(x) == 2 && len(y) == 2 && x[0] == y[1] && x[1] == y[0]
}

// WholeCode is charter.WholeCode.
func WholeCode(text string) string { return charter.WholeCode(text) }

// IsCode says whether a text is meant to be a code, of whatever sort and version.
func IsCode(text string) bool { return charter.IsCode(text) }
