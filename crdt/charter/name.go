package charter

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"kith/crdt/problem"
)

// Bounds of a name: of a co-op, a person or a device.
const (
	MaxName      = 80  // characters (code points)
	MaxNameBytes = 320 // bytes
)

// NameError says why a text can't be a name.
type NameError struct{ Name, Why string }

func (e *NameError) Error() string {
	name := e.Name
	if len(name) > 40 { // long enough to know it again; cut where a character begins
		cut := 40
		for !utf8.RuneStart(name[cut]) {
			cut--
		}
		name = name[:cut] + "…"
	}
	return fmt.Sprintf("the name %q %s", name, e.Why)
}

// Problem implements problem.Teller.
func (e *NameError) Problem() *problem.Problem {
	return problem.New(problem.Invalid, "", "%v", e)
}

// CleanName returns a name in the form in which it is kept: normalised (NFC), without space
// around it. The error is a *NameError.
func CleanName(name string) (string, error) {
	if len(name) > 16*MaxNameBytes {
		return "", &NameError{name, fmt.Sprintf("is too long: %d characters are possible", MaxName)}
	}
	clean := norm.NFC.String(strings.TrimFunc(name, isSpace))
	if err := checkName(clean); err != nil {
		return "", err
	}
	if strings.IndexFunc(clean, unicode.IsGraphic) < 0 {
		return "", &NameError{name, "shows nothing"}
	}
	return clean, nil
}

// checkName holds what every replica holds alike. Whether a text is in NFC isn't asked: the
// answer depends on the Unicode version a release was built with, and replicas of two
// releases would disagree for good. CleanName sees to it where a name is made.
func checkName(name string) error {
	switch {
	case name == "":
		return &NameError{name, "is empty"}
	case len(name) > MaxNameBytes, utf8.RuneCountInString(name) > MaxName:
		return &NameError{name, fmt.Sprintf("is too long: %d characters (%d bytes) are possible", MaxName, MaxNameBytes)}
	case !utf8.ValidString(name):
		return &NameError{name, "is not valid UTF-8"}
	case strings.ContainsFunc(name, isForbidden):
		return &NameError{name, "holds a control character"}
	}
	first, _ := utf8.DecodeRuneInString(name)
	last, _ := utf8.DecodeLastRuneInString(name)
	if isSpace(first) || isSpace(last) {
		return &NameError{name, "begins or ends with a space"}
	}
	return nil
}

// isForbidden holds for controls (Unicode category Cc, which is fixed for good), line
// separators, and what turns the direction of the text around the name.
func isForbidden(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r < 0xa0:
		return true
	case r == 0x2028, r == 0x2029:
		return true
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return true
	}
	return false
}

// isSpace is White_Space as of Unicode 15, spelled out so that it is the same for ever.
func isSpace(r rune) bool {
	switch {
	case r == ' ', r >= '\t' && r <= '\r', r == 0x85, r == 0xa0, r == 0x1680:
		return true
	case r >= 0x2000 && r <= 0x200a, r == 0x2028, r == 0x2029, r == 0x202f, r == 0x205f, r == 0x3000:
		return true
	}
	return false
}

// FoldName returns the form in which names are compared when somebody is looked up: without case, and without the accents
// of Latin, Greek and Cyrillic. Of other scripts all marks stay, since they are vowels and tones that tell one name from another, and
// of Cyrillic those that make another letter (й, ї). It is for finding only; nothing that replicas must agree on hangs on it.
func FoldName(name string) string { return fold(name, isAccent) }

// FoldText is FoldName for what is searched for in a text: without the marks, too, that are mostly left out where Hebrew and
// Arabic are written.
func FoldText(text string) string {
	return fold(text, func(base, mark rune) bool {
		return isAccent(base, mark) || unicode.In(base, unicode.Hebrew, unicode.Arabic)
	})
}

// fold leaves out case, and the marks of which drop says so, of each what it is on.
func fold(name string, drop func(base, mark rune) bool) string {
	base := ' '
	bare := strings.Map(func(r rune) rune {
		switch {
		case !unicode.Is(unicode.Mn, r):
			base = r
		case isUnseen(r), drop(base, r):
			return -1
		}
		return r
	}, norm.NFKD.String(name))
	return norm.NFC.String(cases.Fold().String(strings.Join(strings.Fields(bare), " ")))
}

// isAccent says whether a mark on a letter is an accent: the word is the same without it.
func isAccent(base, mark rune) bool {
	if unicode.Is(unicode.Cyrillic, base) {
		return mark == 0x300 || mark == 0x301 || mark == 0x308 && (base == 'е' || base == 'Е') // stress, and ё
	}
	return unicode.In(base, unicode.Latin, unicode.Greek, unicode.Common)
}

// isUnseen holds for what has no looks of its own.
func isUnseen(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
