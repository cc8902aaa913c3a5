package kind

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"kith/crdt/change"
	"kith/crdt/schema"
)

// An ally may have written into a document what no command of Kith writes. What comes back from a share is made to fit,
// so that the document can be worked on whatever they wrote.

// Fit makes of a value one that a person could have typed; ok is false where none comes near it, and what is there
// stays.
func (f *Field) Fit(v change.Value) (fit change.Value, ok bool) {
	switch f.Is {
	case Line:
		return change.StrValue(FitLine(v.Str(), f.typed(MaxLine))), true
	case Day:
		_, err := CleanDay("", v.Str())
		return v, err == nil
	case Word:
		if v.Str() == "" {
			v = change.StrValue(f.Words[0])
		}
		return v, slices.Contains(f.Words, v.Str())
	case Hours:
		return change.IntValue(min(v.Int(), int64(f.typed(int(f.Max/60)))*60)), true
	}
	return v, true
}

// FitLine makes of a text what is one line of so many characters.
func FitLine(s string, chars int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.TrimSpace(norm.NFC.String(s))
	for r := []rune(s); len(r) > chars || len(s) > schema.MaxTitle; {
		r = r[:min(len(r)-1, chars)]
		s = strings.TrimSpace(string(r))
	}
	return s
}

// FitText leaves out of a text what none may have in it.
func FitText(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if r := []rune(s); len(r) > MaxText {
		s = string(r[:MaxText])
	}
	return s
}

// FitTags leaves out tags that no command gives, and those beyond MaxTags.
func FitTags(tags []string) (fit []string) {
	for _, t := range tags {
		if clean, err := cleanTags("a tag", []string{t}); err == nil && len(fit) < MaxTags {
			fit = append(fit, clean...)
		}
	}
	return fit
}
