package cli

import (
	"regexp"
	"strings"
	"time"

	"github.com/olebedev/when"
	"github.com/olebedev/when/rules"
	"github.com/olebedev/when/rules/en"

	"kith/daemon/api"
)

// exactForms are dates with a time as people write them down; without a zone they are meant
// where the person is.
var exactForms = []string{"2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02T15:04:05"}

// clockUnits are words that make "in 3 hours" a moment rather than a day.
var clockUnits = regexp.MustCompile(`(?i)\b(seconds?|min(ute)?s?|hours?)\b`)

// dateWords understands English dates. Its rules are applied in the order of their text.
var dateWords = func() *when.Parser {
	w := when.New(&rules.Options{Distance: 5, MatchByOrder: true})
	w.Add(en.All...)
	return w
}()

// parseDate turns what a person typed into a date of the API: "2026-12-01" for a day, RFC
// 3339 in UTC for a moment. "" and "none" are none.
func parseDate(typed string, now time.Time) (string, error) {
	s := strings.Join(strings.Fields(typed), " ")
	if s == "" || strings.EqualFold(s, "none") {
		return "", nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, now.Location()); err == nil {
		return t.Format(time.DateOnly), nil
	}
	if t, err := time.Parse(time.RFC3339, strings.ToUpper(s)); err == nil {
		return moment(t), nil
	}
	for _, form := range exactForms {
		if t, err := time.ParseInLocation(form, s, now.Location()); err == nil {
			return moment(t), nil
		}
	}
	noon := time.Date(now.Year(), now.Month(), now.Day(), 12, 0, 0, 0, now.Location())
	at, ok := understand(s, now)
	fromNoon, _ := understand(s, noon)
	fromLater, _ := understand(s, noon.Add(time.Hour))
	switch {
	case !ok:
		return "", api.Problemf(api.Usage, "dates look like 2026-12-01, friday, tomorrow 15:00, in 3 days", "“%s” is no date that kith understands", oneLine(typed, 40))
	case clockUnits.MatchString(s), fromNoon.Equal(fromLater): // the time of day was said
		return moment(at), nil
	}
	return at.Format(time.DateOnly), nil
}

// understand reads words, all of them: "friday the printer" is no date.
func understand(s string, now time.Time) (time.Time, bool) {
	r, err := dateWords.Parse(s, now)
	if err != nil || r == nil || strings.TrimSpace(r.Text) != s {
		return time.Time{}, false
	}
	return r.Time, true
}

func moment(t time.Time) string { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }

// parseComing is parseDate for a date that something is to happen on: not one in the past.
func parseComing(what, typed string, now time.Time) (string, error) {
	date, err := parseDate(typed, now)
	if err != nil || date == "" {
		return date, err
	}
	at, dayOnly, err := api.ParseDate(date, now.Location())
	if err != nil {
		return "", err
	}
	if dayOnly {
		at = at.AddDate(0, 0, 1)
	}
	if !at.After(now) {
		return "", api.Problemf(api.Invalid, "", "%s: %s is in the past", what, oneLine(typed, 40))
	}
	return date, nil
}
