package crdt

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Limits of what a person can write into a document, held by every edit. The schema holds its
// own, wider ones, against everybody.
const (
	MaxTitle      = 200     // characters
	MaxTitleBytes = 1_000   // bytes
	MaxText       = 100_000 // characters of a text
	MaxWhy        = 8_000   // bytes of a reason or of any other short text
	MaxTag        = 100     // bytes
	MaxTags       = 64
	MaxProject    = 200 // characters
	MaxAsked      = 200 // members asked of one task
	MaxMinutes    = 100_000 * 60
)

// line checks a text of one line: trimmed, in Unicode's composed form (NFC) so that the same
// words are the same bytes whatever keyboard they come from, without control characters.
func line(what, s string, chars, bytes int) (string, error) {
	if !utf8.ValidString(s) {
		return "", invalid("%s is not valid UTF-8", what)
	}
	s = strings.TrimSpace(norm.NFC.String(s))
	for _, r := range s {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return "", invalid("%s must be one line without control characters", what)
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

func checkTitle(s string) (string, error) {
	s, err := line("the title", s, MaxTitle, MaxTitleBytes)
	if err == nil && s == "" {
		return "", invalid("the title is empty")
	}
	if over := (*LimitError)(nil); asLimit(err, &over) {
		over.Advice = "put the rest into the text"
	}
	return s, err
}

// checkText checks a text of many lines, and writes line ends as "\n". It leaves all else as it
// was typed.
func checkText(what, s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", invalid("%s is not valid UTF-8", what)
	}
	if strings.Contains(s, "\r") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return "", invalid("%s has a control character (%U)", what, r)
		}
	}
	return s, nil
}

func checkLength(n int) error {
	if n > MaxText {
		return &LimitError{What: "the text", Got: n, Limit: MaxText, Unit: "characters",
			Advice: "split it into two documents"}
	}
	return nil
}

// checkWhy checks a reason; required ones are not empty.
func checkWhy(s string, required bool) (string, error) {
	s, err := checkText("the reason", s)
	if err != nil {
		return "", err
	}
	s = strings.TrimSpace(norm.NFC.String(s))
	if required && s == "" {
		return "", invalid("say why, so that the others can do something about it")
	}
	return s, short("the reason", s)
}

func short(what, s string) error {
	if len(s) > MaxWhy {
		return &LimitError{What: what, Got: len(s), Limit: MaxWhy, Unit: "bytes",
			Advice: "put the rest into a note"}
	}
	return nil
}

func checkTags(tags []string) ([]string, error) {
	out := make([]string, 0, len(tags))
	for _, t := range tags {
		t, err := line("a tag", t, MaxTag, MaxTag)
		if err != nil {
			return nil, err
		}
		if t == "" {
			return nil, invalid("a tag is empty")
		}
		out = append(out, t)
	}
	return out, nil
}

const dateOnly = "2006-01-02"

// checkDate checks a date ("2026-12-01") or a moment (RFC 3339), and writes the latter in UTC
// with seconds. "" is no date.
func checkDate(what, s string) (string, error) {
	if s == "" {
		return "", nil
	}
	if t, err := time.Parse(dateOnly, s); err == nil && inRange(t) {
		return s, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil && inRange(t) {
		return t.UTC().Format(time.RFC3339), nil
	}
	return "", invalid("%s %q is not a date like 2026-12-01", what, s)
}

func inRange(t time.Time) bool { return t.Year() >= 1970 && t.Year() <= 9998 }

// DateEnds returns the end of a date (the last moment of a day in UTC, or the moment itself).
// ok is false for no date, or for none that a Kith command writes.
func DateEnds(s string) (end time.Time, ok bool) {
	if t, err := time.Parse(dateOnly, s); err == nil {
		return t.AddDate(0, 0, 1), true
	}
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil
}

func checkMinutes(m Minutes) error {
	if m < 0 || m > MaxMinutes {
		return invalid("hours must be between 0 and %d", MaxMinutes/60)
	}
	return nil
}
