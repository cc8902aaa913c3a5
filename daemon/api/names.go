package api

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// FoldName gives the form in which names are compared: case, accents and outer spaces don't
// count.
func FoldName(name string) string {
	folded, _, err := transform.String(transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), strings.TrimSpace(name))
	if err != nil {
		folded = name // can't be: no step of the chain fails on a whole string
	}
	return cases.Fold().String(folded)
}
