package api

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Time is a moment as it stands in the JSON: RFC 3339 in UTC to the millisecond, and null
// for the zero time.
type Time struct{ time.Time }

// At makes a Time.
func At(t time.Time) Time { return Time{t} }

// MarshalJSON writes the time. One of a year that RFC 3339 can't write, as only a modified program says one, is written as the nearest
// that it can: what can't be read back would take with it all that it stands beside.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	at := t.UTC().Truncate(time.Millisecond)
	switch year := at.Year(); {
	case year > 9999:
		at = time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)
	case year < 1:
		at = time.Date(1, 1, 1, 0, 0, 0, 1e6, time.UTC)
	}
	return json.Marshal(at.Format(time.RFC3339Nano))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (t *Time) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*t = Time{}
		return nil
	}
	return json.Unmarshal(b, &t.Time)
}

// Clock says the time of day of a moment where it is read; where the clocks show that time twice on the day, since they go back, with its zone.
func Clock(at time.Time) string {
	if Twice(at) != nil {
		return at.Format("15:04 MST")
	}
	return at.Format("15:04")
}

// Twice gives, of a moment whose time of day the clocks of its place show twice on that day, the other such moment; else nil.
func Twice(at time.Time) *time.Time {
	for _, by := range []time.Duration{-time.Hour, -30 * time.Minute, 30 * time.Minute, time.Hour} { // of half an hour on one island
		if other := at.Add(by); other.Format(time.DateTime) == at.Format(time.DateTime) {
			return &other
		}
	}
	return nil
}

// ParseDate reads a date as it stands in documents: "2026-12-01", a day in the reader's own
// place, or a moment in RFC 3339. dayOnly says which of the two it is.
func ParseDate(s string, place *time.Location) (at time.Time, dayOnly bool, err error) {
	if at, err = time.ParseInLocation(time.DateOnly, s, place); err == nil {
		return at, true, nil
	}
	at, err = time.Parse(time.RFC3339, s)
	return at.In(place), false, err
}

var (
	decimalHours = regexp.MustCompile(`^(\d{1,9})(?:[.,](\d{1,2}))? ?(?:h|hrs?|hours?|horas?)?$`)
	hoursMinutes = regexp.MustCompile(`^(\d{1,9}) ?(?:h|:) ?(\d\d?) ?(?:m|min|minutes|minutos)?$`)
	onlyMinutes  = regexp.MustCompile(`^(\d{1,9}) ?(?:m|min|minutes?|minutos?)$`)
)

// ReadHours reads an amount of work as people write it: 3, 2.5, 2,5, 3h, 2h30, 2:30, 90min. It gives hours.
func ReadHours(typed string) (hours float64, ok bool) {
	s := strings.ToLower(strings.TrimSpace(typed))
	number := func(s string) float64 { n, _ := strconv.ParseFloat(s, 64); return n }
	if m := onlyMinutes.FindStringSubmatch(s); m != nil {
		return number(m[1]) / 60, true
	}
	if m := decimalHours.FindStringSubmatch(s); m != nil {
		return number(m[1] + "." + m[2] + "0"), true
	}
	if m := hoursMinutes.FindStringSubmatch(s); m != nil && number(m[2]) < 60 {
		return number(m[1]) + number(m[2])/60, true
	}
	return 0, false
}
