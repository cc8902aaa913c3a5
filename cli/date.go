package cli

import (
	"regexp"
	"strconv"
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

// monthsAhead is read here: dateWords loses the year on the way.
var monthsAhead = regexp.MustCompile(`(?i)^in (an?|[0-9]{1,3}) (months?|years?)$`)

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
	if m := monthsAhead.FindStringSubmatch(s); m != nil {
		return inMonths(m, now).Format(time.DateOnly), nil
	}
	if clockUnits.MatchString(s) {
		if at, ok := understand(s, now); ok {
			return moment(at), nil
		}
	}
	// Days are counted from noon, so that an hour more or less in a day (when the clocks
	// change) doesn't matter; what comes out alike from later in the day has a time of its own.
	noon := time.Date(now.Year(), now.Month(), now.Day(), 12, 0, 0, 0, now.Location())
	at, ok := understand(s, noon)
	fromLater, _ := understand(s, noon.Add(time.Hour))
	switch {
	case !ok:
		return "", api.Problemf(api.Usage, "dates look like 2026-12-01, friday, tomorrow 15:00, in 3 days", "“%s” is no date that kith understands", oneLine(typed, 40))
	case at.Equal(fromLater):
		return moment(at), nil
	}
	return at.Format(time.DateOnly), nil
}

// inMonths counts months and years by the calendar: a month after 31 January is the last day
// of February.
func inMonths(m []string, now time.Time) time.Time {
	n, err := strconv.Atoi(m[1])
	if err != nil { // "a", "an"
		n = 1
	}
	if strings.HasPrefix(strings.ToLower(m[2]), "y") {
		n *= 12
	}
	first := time.Date(now.Year(), now.Month(), 1, 12, 0, 0, 0, now.Location()).AddDate(0, n, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(now.Day(), last)-1)
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

// date is the value of a flag for a coming date; nil if the flag isn't there.
func (c *call) date(flag string) (*string, error) {
	if !c.IsSet(flag) {
		return nil, nil
	}
	d, err := parseComing("--"+flag, c.String(flag), c.env.Now())
	return &d, err
}

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
