package server

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"kith/daemon/api"
)

// The checks below hold what comes from a person to what a document takes, and say in the
// person's words what is too much.

// checkTitle cleans a title in place: NFC, trimmed.
func checkTitle(title *string) error {
	t, err := line("title", *title, api.MaxTitle)
	if err != nil {
		return err
	}
	if t == "" {
		return api.Problemf(api.Invalid, "", "a title is needed")
	}
	*title = t
	return nil
}

// line cleans a text of one line: NFC, trimmed, at most limit characters, no control
// characters.
func line(what, s string, limit int) (string, error) {
	s = strings.TrimSpace(norm.NFC.String(s))
	if n := utf8.RuneCountInString(s); n > limit {
		return "", api.Problemf(api.Limit, "shorten it; details fit in the text", "a %s has at most %d characters, this one has %d", what, limit, n)
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return "", api.Problemf(api.Invalid, "write it on one line", "a %s can't hold line breaks or control characters", what)
	}
	return s, nil
}

// checkText leaves the form of the characters alone: making them NFC would rewrite what
// others wrote in the same text.
func checkText(s *string) error {
	*s = strings.ReplaceAll(*s, "\r\n", "\n")
	if n := utf8.RuneCountInString(*s); n > api.MaxText {
		return api.Problemf(api.Limit, "split it in two", "a text has at most %d characters, this one has %d", api.MaxText, n)
	}
	if strings.ContainsFunc(*s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return api.Problemf(api.Invalid, "", "a text can't hold control characters")
	}
	return nil
}

func checkWhy(s *string) error {
	if len(*s) > api.MaxWhy {
		return api.Problemf(api.Limit, "shorten it; a note can hold more", "a reason has at most %d bytes, this one has %d", api.MaxWhy, len(*s))
	}
	*s = strings.TrimSpace(*s)
	return checkText(s)
}

// needWhy is checkWhy where silence won't do; what is "an objection".
func needWhy(what string, s *string) error {
	if err := checkWhy(s); err != nil {
		return err
	}
	if *s == "" {
		return api.Problemf(api.Invalid, "say it with --why", "%s needs a reason", what)
	}
	return nil
}

// checkDate takes "" for none.
func checkDate(what string, date *string) error {
	if *date == "" {
		return nil
	}
	at, dayOnly, err := api.ParseDate(*date, time.UTC)
	if err != nil || at.Year() < 1970 || at.Year() > 9999 {
		return api.Problemf(api.Invalid, "write it like 2026-12-01", "“%s” is no date for %s", api.Brief(*date), what)
	}
	if !dayOnly {
		*date = at.Format(time.RFC3339)
	}
	return nil
}

func checkWord(what, word string, words []string) error {
	if !slices.Contains(words, word) {
		return api.Problemf(api.Invalid, what+" is one of: "+strings.Join(words, ", "), "there is no %s “%s”", what, api.Brief(word))
	}
	return nil
}
