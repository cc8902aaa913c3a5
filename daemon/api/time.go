package api

import (
	"encoding/json"
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
