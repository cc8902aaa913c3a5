package page

import (
	"time"

	"kith/daemon/api"
)

var (
	weekdays      = [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	shortWeekdays = [7]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}
	months        = [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	shortMonths   = [12]string{"Jan", "Feb", "Mar", "Apr", "May (short)", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
)

// calendar says days and times in a language, beside a present moment in the zone of the person.
type calendar struct {
	*tongue
	now time.Time
}

// Day says a day of the year: "Friday 4 December", and the year if it is another.
func (c calendar) Day(at time.Time) string {
	with := []any{"weekday", c.T(weekdays[at.Weekday()]), "day", at.Day(), "month", c.T(months[at.Month()-1]), "year", at.Format("2006")}
	if at.Year() != c.now.Year() {
		return c.T("{weekday} {day} {month} {year}", with...)
	}
	return c.T("{weekday} {day} {month}", with...)
}

// dated says a day as it stands on a paper that is handed out: with its year.
func (c calendar) dated(at time.Time) string {
	return c.T("{day} of {month}, {year}", "day", at.Day(), "month", c.T(months[at.Month()-1]), "year", at.Format("2006"))
}

// Near says a day as people near it would: today, tomorrow, Friday, 4 Dec.
func (c calendar) Near(at time.Time) string {
	switch days := daysBetween(c.now, at); {
	case days == 0:
		return c.T("today")
	case days == 1:
		return c.T("tomorrow")
	case days == -1:
		return c.T("yesterday")
	case -7 < days && days < 7:
		return c.T("{weekday}", "weekday", c.T(weekdays[at.Weekday()]))
	}
	return c.T("{a day}", "a day", c.short(at))
}

// short says a day in few letters: "4 Dec".
func (c calendar) short(at time.Time) string {
	with := []any{"day", at.Day(), "month", c.T(shortMonths[at.Month()-1]), "year", at.Format("2006")}
	if at.Year() != c.now.Year() {
		return c.T("{day} {month} {year}", with...)
	}
	return c.T("{day} {month}", with...)
}

// Moment says when something was: the time of today, the weekday with the time, or the day.
func (c calendar) Moment(at time.Time) string {
	at = at.In(c.now.Location())
	switch days := daysBetween(c.now, at); {
	case at.IsZero():
		return ""
	case days == 0:
		return at.Format("15:04")
	case -7 < days && days < 0:
		return c.T(shortWeekdays[at.Weekday()]) + " " + at.Format("15:04")
	}
	return c.short(at)
}

// Due says a day of a document, which may have a time; "" for none. day says it.
func (c calendar) Due(date string, day func(time.Time) string) string {
	at, dayOnly, err := api.ParseDate(date, c.now.Location())
	if err != nil {
		return ""
	}
	if dayOnly {
		return day(at)
	}
	return c.T("{day} at {time}", "day", day(at), "time", api.Clock(at))
}

// overdue says whether a day of a document is over.
func (c calendar) overdue(date string) bool {
	at, dayOnly, err := api.ParseDate(date, c.now.Location())
	return err == nil && (dayOnly && daysBetween(c.now, at) < 0 || !dayOnly && at.Before(c.now))
}

// mondayOf is the Monday of a day's week, at the same time of day.
func mondayOf(at time.Time) time.Time { return at.AddDate(0, 0, -(int(at.Weekday())+6)%7) }

// daysBetween counts the midnights from one moment to another, by the calendar of the first.
func daysBetween(from, to time.Time) int {
	day := func(t time.Time) time.Time {
		y, m, d := t.In(from.Location()).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	return int(day(to).Sub(day(from)).Hours() / 24)
}
