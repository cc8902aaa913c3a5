package api

import "time"

// ParseDate reads a date as it stands in documents: "2026-12-01", a day in the reader's own
// place, or a moment in RFC 3339. dayOnly says which of the two it is.
func ParseDate(s string, place *time.Location) (at time.Time, dayOnly bool, err error) {
	if at, err = time.ParseInLocation(time.DateOnly, s, place); err == nil {
		return at, true, nil
	}
	at, err = time.Parse(time.RFC3339, s)
	return at.In(place), false, err
}
