package kind

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"kith/crdt/schema"
)

// Limits of what a person can write into a document, where a field names none of its own. Replicas hold their
// own, wider ones, against everybody (see Field.Max).
const (
	MaxLine   = 200     // characters of one line
	MaxText   = 100_000 // characters of a text
	MaxReason = 8_000   // bytes
	MaxTags   = 64      // of a document
	MaxGiven  = 50      // tags or members in one request
)

// Clean checks words for a field by its type, and gives them the form in which documents hold them. "" is none, and is
// left as it is. Errors are *InvalidError and *LimitError.
func (f *Field) Clean(s string) (string, error) {
	what := "the " + f.Called()
	switch f.Is {
	case Text:
		s, err := CleanText(what, s)
		if err != nil {
			return "", err
		}
		return s, CheckLength(what, utf8.RuneCountInString(s))
	case Reason:
		return CleanReason(what, s)
	case Day:
		return CleanDay(f.Called(), s)
	case Tags:
		s = bareTag(s)
	case Word:
		if s = WordIn(s); s == "" || slices.Contains(f.Words, s) {
			return s, nil
		}
		return "", &InvalidError{Why: "there is no " + f.Called() + " “" + brief(s) + "”", Hint: f.Called() + " is one of: " + strings.Join(f.Words, ", ")}
	}
	s, err := CleanLine(what, s, f.typed(MaxLine), f.bytes())
	if err != nil || f.Reads == nil || s == "" {
		return s, err
	}
	if s, err = f.Reads(s); err != nil {
		return "", &InvalidError{Why: err.Error(), Hint: f.Hint}
	}
	return s, nil
}

// CleanAll is Clean for a field that is many.
func (f *Field) CleanAll(words []string) ([]string, error) {
	if most := f.typed(MaxGiven); most == 1 && len(words) > 1 && f.Is == Members {
		return nil, &InvalidError{Why: fmt.Sprintf("one member is wanted here, and there are %d", len(words)), Hint: f.Hint}
	} else if len(words) > most {
		return nil, &LimitError{What: "the request", Got: len(words), Limit: most, Unit: f.unit(), Advice: "do it in two steps"}
	}
	if f.Is == Tags {
		return cleanTags("a "+f.Called(), words)
	}
	out := make([]string, 0, len(words))
	for _, w := range words {
		w, err := CleanLine("a "+f.Called(), w, MaxLine, schema.MaxTitle)
		if err == nil && w == "" {
			err = Invalid("a %s is empty", f.Called())
		}
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// cleanTags cleans tags, or what is kept as they are; what names one: "a tag".
func cleanTags(what string, tags []string) ([]string, error) {
	out := make([]string, 0, len(tags))
	for _, t := range tags {
		t, err := CleanLine(what, bareTag(t), schema.MaxTag, schema.MaxTag)
		if err != nil {
			return nil, err
		}
		if t == "" {
			return nil, Invalid("%s is empty", what)
		}
		out = append(out, t)
	}
	return out, nil
}

// bareTag is a tag without the sign that is written before it.
func bareTag(s string) string { return strings.TrimLeft(strings.TrimSpace(s), "#") }

func (f *Field) unit() string {
	switch f.Is {
	case Tags:
		return "tags"
	case Lines:
		return f.Called() + "s"
	}
	return "members"
}

func (f *Field) typed(general int) int {
	if f.Typed > 0 {
		return f.Typed
	}
	return general
}

func (f *Field) bytes() int {
	if f.Max > 0 {
		return int(f.Max)
	}
	return schema.MaxString
}

func (f *Field) checkHours(h float64) error {
	most := f.typed(int(f.Max / 60))
	if math.IsNaN(h) || h < 0 || h > float64(most) {
		return Invalid("%s go from 0 to %d", f.Called(), most)
	}
	return nil
}

// CleanLine checks a text of one line: trimmed, in Unicode's composed form (NFC) so that the same
// words are the same bytes whatever keyboard they come from, without control characters.
func CleanLine(what, s string, chars, bytes int) (string, error) {
	if !utf8.ValidString(s) {
		return "", Invalid("%s is not valid UTF-8", what)
	}
	s = strings.TrimSpace(norm.NFC.String(s))
	for _, r := range s {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return "", Invalid("%s must be one line without control characters", what)
		}
	}
	if n := utf8.RuneCountInString(s); n > chars {
		return "", &LimitError{What: what, Got: n, Limit: chars, Unit: "characters"}
	}
	if len(s) > bytes {
		return "", &LimitError{What: what, Got: len(s), Limit: bytes, Unit: "bytes"}
	}
	return s, nil
}

// lineEnds are those of all systems and programs: Windows, old Macs, IBM's mainframes, pages of a printer, and what Unicode calls so.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// CleanText checks a text of many lines, and writes line ends as "\n". It leaves all else as it
// was typed.
func CleanText(what, s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", Invalid("%s is not valid UTF-8", what)
	}
	s = lineEnds.Replace(s)
	for at, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return "", &InvalidError{Why: fmt.Sprintf("%s has a control character (%U)", what, r), Hint: fmt.Sprintf("take it out of line %d", 1+strings.Count(s[:at], "\n"))}
		}
	}
	return s, nil
}

// CheckLength holds the number of characters of a text against the limit.
func CheckLength(what string, n int) error {
	if n > MaxText {
		return &LimitError{What: what, Got: n, Limit: MaxText, Unit: "characters", Advice: "split it into several documents"}
	}
	return nil
}

// CleanReason checks words of several lines that aren't the document's text.
func CleanReason(what, s string) (string, error) {
	s, err := CleanText(what, s)
	if err != nil {
		return "", err
	}
	s = strings.TrimSpace(norm.NFC.String(s))
	return s, CheckReason(what, s)
}

// CheckReason holds the bytes of a short text against the limit.
func CheckReason(what, s string) error {
	if len(s) > MaxReason {
		return &LimitError{What: what, Got: len(s), Limit: MaxReason, Unit: "bytes", Advice: "put the rest into a note"}
	}
	return nil
}

// CleanDay checks a day ("2026-12-01") or a moment (RFC 3339), and writes the latter in UTC with seconds. "" is none.
func CleanDay(what, s string) (string, error) {
	if s == "" {
		return "", nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil && inRange(t) {
		return s, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil && inRange(t) {
		return t.UTC().Format(time.RFC3339), nil
	}
	return "", Invalid("“%s” is not a date like 2026-12-01, for %s", brief(s), what)
}

func inRange(t time.Time) bool { return t.Year() >= 1970 && t.Year() <= 9998 }

// DayEnds returns the end of a day in a place (nil: in UTC), or the moment itself that stands there.
// ok is false for none, or for one that no Kith command writes.
func DayEnds(s string, place *time.Location) (end time.Time, ok bool) {
	if place == nil {
		place = time.UTC
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, place); err == nil {
		return t.AddDate(0, 0, 1), true
	}
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil
}

// DayInWords returns a day as people write it, or a moment with its time in a place (nil: in UTC); what is neither stays as it is.
func DayInWords(s string, place *time.Location) string {
	if place == nil {
		place = time.UTC
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t.Format("2 Jan 2006")
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.In(place).Format("2 Jan 2006, 15:04 MST")
	}
	return s
}

// brief shortens a word for a message.
func brief(word string) string {
	if r := []rune(word); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return word
}
