package cli

import (
	"errors"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // as in the program: on a computer without a database of time zones, too

	"pgregory.net/rapid"

	"kith/daemon/api"
)

func TestDatesInWords(t *testing.T) {
	// now is Tuesday, 24 November 2026, 09:00, an hour east of Greenwich
	tests := []struct{ typed, want string }{
		{"2026-12-01", "2026-12-01"},
		{"2026-12-01 15:00", "2026-12-01T14:00:00Z"},
		{"2026-12-01T15:00", "2026-12-01T14:00:00Z"},
		{"2026-12-01T15:00:00Z", "2026-12-01T15:00:00Z"},
		{"2026-12-01t15:00:00+02:00", "2026-12-01T13:00:00Z"},
		{"today", "2026-11-24"},
		{"tomorrow", "2026-11-25"},
		{"hoy", "2026-11-24"},
		{"mañana 15:00", "2026-11-25T14:00:00Z"},
		{"ayer", "2026-11-23"},
		{"viernes", "2026-11-27"},
		{"el miércoles", "2026-11-25"},
		{"24 de diciembre", "2026-12-24"},
		{"24 dic", "2026-12-24"},
		{"15 ene 2027", "2027-01-15"},
		{"en 3 semanas", "2026-12-15"},
		{"dentro de un mes", "2026-12-24"},
		{"en dos días", "2026-11-26"},
		{"hace 2 días", "2026-11-22"},
		{"pasado mañana", "2026-11-26"},
		{"fin de mes", "2026-11-30"},
		{"a finales de enero", "2027-01-31"},
		{"fin de año", "2026-12-31"},
		{"próximo viernes", "2026-11-27"},
		{"el viernes que viene", "2026-11-27"},
		{"viernes pasado", "2026-11-20"},
		{"2026/12/24", "2026-12-24"},
		{"24-12-2026", "2026-12-24"},
		{"3 de marzo de 2027", "2027-03-03"},
		{"Tomorrow 15:00", "2026-11-25T14:00:00Z"},
		{"tomorrow at 3pm", "2026-11-25T14:00:00Z"},
		{"friday", "2026-11-27"},
		{"  Friday ", "2026-11-27"},
		{"next friday", "2026-11-27"},
		{"friday 9:30", "2026-11-27T08:30:00Z"},
		{"monday", "2026-11-30"},
		{"tuesday", "2026-12-01"}, // today is one: the next is meant
		{"in 3 days", "2026-11-27"},
		{"in a week", "2026-12-01"},
		{"in 2 weeks", "2026-12-08"},
		{"in 3 hours", "2026-11-24T11:00:00Z"},
		{"in 12 months", "2027-11-24"},
		{"in 3 months", "2027-02-24"},
		{"in a year", "2027-11-24"},
		{"24 december 15:00", "2026-12-24T14:00:00Z"},
		{"4 december 10:30", "2026-12-04T09:30:00Z"},
		{"15:00 24 dec", "2026-12-24T14:00:00Z"},
		{"24.12.", "2026-12-24"},
		{"24.12.2027", "2027-12-24"},
		{"24. 12. 2027", "2027-12-24"},
		{"24 Dec", "2026-12-24"},
		{"Dec 24, 2027", "2027-12-24"},
		{"the end of the month", "2026-11-30"},
		{"end of month", "2026-11-30"},
		{"end of february", "2027-02-28"},
		{"end of year", "2026-12-31"},
		{"friday 15h", "2026-11-27T14:00:00Z"},
		{"friday 15h30", "2026-11-27T14:30:00Z"},
		{"tomorrow noon", "2026-11-25T11:00:00Z"},
		{"3pm", "2026-11-24T14:00:00Z"},
		{"yesterday", "2026-11-23"},
		{"29.2.", "2028-02-29"},
		{"24.12", "2026-12-24"}, // no time
		{"15.30", "2026-11-24T14:30:00Z"},
		{"10.12 15.30", "2026-12-10T14:30:00Z"},
		{"24.12.26", "2026-12-24"},
		{"24.12.99", "1999-12-24"},
		{"in two weeks", "2026-12-08"},
		{"Thu 24 Dec 2026", "2026-12-24"},
		{"Thu 24 Dec, 15:00", "2026-12-24T14:00:00Z"},
		{"Thursday, December 24, 2026", "2026-12-24"},
		{"15:00, Thu 24 Dec", "2026-12-24T14:00:00Z"},
		{"Wednesday, tomorrow 12:00", "2026-11-25T11:00:00Z"},
		{"mar 8 dic", "2026-12-08"}, // martes
		{"mar 8 2027", "2027-03-08"},
		{"sáb., 5 de dic.", "2026-12-05"},
		{"el 24 de dic.", "2026-12-24"},
		{"1º de enero", "2027-01-01"},
		{"24-Dec-2026", "2026-12-24"},
		{"hoy a las 18:30", "2026-11-24T17:30:00Z"},
		{"mañana a la 1 p. m.", "2026-11-25T12:00:00Z"},
		{"mañana al mediodía", "2026-11-25T11:00:00Z"},
		{"15:30h", "2026-11-24T14:30:00Z"},
		{"en quince días", "2026-12-09"},
		{"2026-12-01T15:00+02:00", "2026-12-01T13:00:00Z"},
		{"in twelve months", "2027-11-24"},
		{"two hours ago", "2026-11-24T06:00:00Z"},
		{"none", ""},
		{"", ""},
	}
	for _, tt := range tests {
		if got, err := (calendar{now: now}).parse(tt.typed); got != tt.want || err != nil {
			t.Errorf("%q: got %q (%v), want %q", tt.typed, got, err, tt.want)
		}
	}
}

func TestWhatIsNoDate(t *testing.T) {
	for _, typed := range []string{"someday", "friday the printer", "the printer friday", "2026-13-01", "2026-02-30", "31", "15:00h!", "🖨", "in days", "in 99999999999999999999 days",
		"24 december 25:00", "24 december 15", "10.12", "23.11.", "20 Nov", "32 Dec", "dec", "friday monday", "15:00 16:00", "midnight", "12am", "next week", "24 Dec 2026 2027",
		"in a couple of days", "thu thu 24 Dec", "mar", "mar dic", "sun 5", "a las", "24 Dec a 15", "0001-01-01", "in 9999 years", "24.12.1969", "0001-01-01T00:00:00Z"} {
		got, err := calendar{now: now}.parse(typed)
		var p *api.Problem
		if !errors.As(err, &p) || p.Code != api.Invalid {
			t.Errorf("%q: got %q, %v", typed, got, err)
		}
	}
}

func TestADayThatItsMonthDoesntHaveIsSaidToBeNone(t *testing.T) {
	for typed, hint := range map[string]string{
		"2026-02-30":      "there is no 30 February 2026",
		"29 Feb 2027":     "there is no 29 February 2027",
		"31.2.":           "there is no 31 February",
		"31/11/2026":      "there is no 31 November 2026",
		"30 feb at 9:00":  "there is no 30 February",
		"Fri 24 Dec 2026": "24 Dec 2026 is a Thursday",
		"lunes 8 dic":     "8 Dec 2026 is a Tuesday",
		"2026-13-01":      dateForms,
		"32.1.":           dateForms,
	} {
		_, err := (calendar{now: now}).parse(typed)
		var p *api.Problem
		if !errors.As(err, &p) || p.Hint != hint {
			t.Errorf("%q: %v, want the hint %q", typed, err, hint)
		}
	}
}

func TestADateThatCouldBeTwoIsAskedForWithBoth(t *testing.T) {
	for typed, want := range map[string]string{
		"10.12": "say which: 24 Nov 2026 10:12 or 10 Dec 2026", "7/8": "say which day, since the locale doesn't (LANG): 7 Aug 2027 or 8 Jul 2027",
		"23.11.": "say which year: 23 Nov 2026 or 23 Nov 2027",
	} {
		_, err := calendar{now: now}.parse(typed)
		var p *api.Problem
		if !errors.As(err, &p) || p.Hint != want {
			t.Errorf("%q: %+v, want %q", typed, p, want)
		}
	}
}

// What was understood is said, and that a day is over; it is taken all the same, since people enter yesterday's work.
func TestWhatWasUnderstoodOfADateIsSaid(t *testing.T) {
	for typed, want := range map[string]string{
		"yesterday": "due Mon 23 Nov 2026, which is in the past", "2026-11-23": "due Mon 23 Nov 2026, which is in the past",
		"24.12.": "due Thu 24 Dec 2026", "24 december 15:00": "due Thu 24 Dec 2026, 15:00", "2026-12-01": "", "": "", "none": "",
	} {
		c := &call{kith: &kith{env: Env{Now: func() time.Time { return now }, Getenv: func(string) string { return "" }}}}
		if _, err := c.coming("due", typed); err != nil || strings.Join(c.understood, "\n") != want {
			t.Errorf("%q: %q (%v), want %q", typed, c.understood, err, want)
		}
	}
}

func TestADateIsUnderstoodAsItIsSaid(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		at := now.Add(time.Duration(rapid.IntRange(-400*24*60, 4000*24*60).Draw(r, "minutes")) * time.Minute)
		want := moment(at)
		if rapid.Bool().Draw(r, "a day") {
			want = at.Format(time.DateOnly)
		}
		c := &call{kith: &kith{env: Env{Now: func() time.Time { return now }, Getenv: func(string) string { return "" }}}}
		if _, err := c.coming("due", want); err != nil {
			r.Fatal(err)
		}
		said := strings.TrimSuffix(strings.TrimPrefix(strings.Join(c.understood, ""), "due "), ", which is in the past")
		for _, typed := range []string{said, c.env.calendar().say(want)} {
			if got, err := c.env.calendar().parse(typed); typed != "" && (err != nil || got != want) {
				r.Fatalf("%q: %q (%v), want %q", typed, got, err, want)
			}
		}
	})
}

func TestDaysWithSlashesAreReadAsTheLocaleHasThem(t *testing.T) {
	for _, tt := range []struct{ lang, typed, want string }{
		{"de_DE.UTF-8", "4/12/2026", "2026-12-04"}, {"en_US.UTF-8", "4/12/2027", "2027-04-12"}, {"en_GB", "24/12", "2026-12-24"},
		{"C.UTF-8", "24/12/2026", "2026-12-24"}, {"C.UTF-8", "4/12/2026", ""}, {"en_US.UTF-8", "24/12/2026", ""},
	} {
		env := Env{Now: func() time.Time { return now }, Getenv: func(name string) string { return map[string]string{"LANG": tt.lang}[name] }}
		if got, err := env.calendar().parse(tt.typed); got != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%s, %s: %q (%v), want %q", tt.lang, tt.typed, got, err, tt.want)
		}
	}
}

func TestHoursAsPeopleWriteThem(t *testing.T) {
	for typed, want := range map[string]float64{"3": 3, "2.5": 2.5, "2,5": 2.5, "3h": 3, "2h30": 2.5, "2h 30m": 2.5, "2:30": 2.5, "90min": 1.5, "1,25 h": 1.25, "3 horas": 3, "2 hrs": 2, "150 minutos": 2.5, "0": 0, "none": 0} {
		if got, err := parseHours("hours", typed); err != nil || got != want {
			t.Errorf("%q: %v (%v), want %v", typed, got, err, want)
		}
	}
	for _, typed := range []string{"", "two", "1,234", "1.234", "-1", "2h75", "3d", "1e3", "NaN"} {
		if got, err := parseHours("hours", typed); err == nil {
			t.Errorf("%q is %v", typed, got)
		}
	}
}

func TestADayIsADayAcrossAChangeOfClocks(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	late := time.Date(2026, 10, 24, 23, 30, 0, 0, berlin) // the clocks go back in the night after the next
	early := time.Date(2026, 10, 24, 0, 15, 0, 0, berlin)
	for typed, want := range map[string]string{"in 2 days": "2026-10-26", "monday 15:00": "2026-10-26T14:00:00Z"} {
		if got, err := (calendar{now: early}).parse(typed); got != want || err != nil {
			t.Errorf("%q: got %q (%v), want %q", typed, got, err, want)
		}
	}
	for typed, want := range map[string]string{"tomorrow": "2026-10-25", "in 2 days": "2026-10-26", "monday": "2026-10-26", "in a week": "2026-10-31"} {
		if got, err := (calendar{now: late}).parse(typed); got != want || err != nil {
			t.Errorf("%q: got %q (%v), want %q", typed, got, err, want)
		}
	}
}

// Nobody guesses which of two moments is meant, and both are told apart where they are shown.
func TestATimeThatTheClocksShowTwiceOrNeverIsAskedAbout(t *testing.T) {
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	c := calendar{now: time.Date(2026, 10, 1, 12, 0, 0, 0, madrid)}
	for typed, hint := range map[string]string{
		"2026-10-25 02:30": "say which: 2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00",
		"2027-03-28 02:30": "there is no such time on that day: the clocks go forward",
	} {
		var p *api.Problem
		if got, err := c.parse(typed); !errors.As(err, &p) || p.Hint != hint {
			t.Errorf("%q: %q, %v; want the hint %q", typed, got, err, hint)
		}
	}
	shows := &call{kith: &kith{env: Env{Now: func() time.Time { return c.now }}}}
	for typed, want := range map[string][2]string{
		"2026-10-25T02:30:00+02:00": {"2026-10-25T00:30:00Z", "25 Oct 02:30 CEST"},
		"2026-10-25T02:30:00+01:00": {"2026-10-25T01:30:00Z", "25 Oct 02:30 CET"},
		"2026-10-25 01:59":          {"2026-10-24T23:59:00Z", "25 Oct 01:59"},
		"2026-10-25 03:00":          {"2026-10-25T02:00:00Z", "25 Oct 03:00"},
		"2027-03-28 03:00":          {"2027-03-28T01:00:00Z", "28 Mar 2027 03:00"},
	} {
		got, err := c.parse(typed)
		if err != nil || got != want[0] || shows.when(got) != want[1] {
			t.Errorf("%q: %q, shown as %q (%v); want %q", typed, got, shows.when(got), err, want)
		}
	}
}

func TestDatesAsPeopleReadThem(t *testing.T) {
	c := &call{kith: &kith{env: Env{Now: func() time.Time { return now }}}}
	for date, want := range map[string]string{
		"2026-11-24":           "today",
		"2026-11-25":           "Wednesday, tomorrow",
		"2026-11-30":           "Monday",
		"2026-12-01":           "1 Dec", // today is a Tuesday, too
		"2026-12-02":           "2 Dec",
		"2026-11-23":           "23 Nov",
		"2027-06-01":           "1 Jun 2027",
		"2026-11-24T14:00:00Z": "today 15:00",
		"2026-11-24T23:30:00Z": "Wednesday, tomorrow 00:30",
		"":                     "",
	} {
		if got := c.when(date); got != want {
			t.Errorf("%s: got %q, want %q", date, got, want)
		}
	}
}

func TestADayIsOverWhenItEndsAndAnHourAtOnce(t *testing.T) {
	c := &call{kith: &kith{env: Env{Now: func() time.Time { return now }}}}
	for date, want := range map[string]string{
		"2026-11-24":           "due today",
		"2026-11-24T08:01:00Z": "due today 09:01",
		"2026-11-24T08:00:00Z": "due now",
		"2026-11-24T07:30:00Z": "overdue by 30 minutes",
		"2026-11-23T22:30:00Z": "overdue by 9 hours", // yesterday
		"2026-11-23T07:30:00Z": "overdue by 1 day",
		"2026-11-22T22:30:00Z": "overdue by 1 day",
		"2026-11-23":           "overdue by 1 day",
		"2026-11-20":           "overdue by 4 days",
	} {
		if got := c.dueWords(date); got != want {
			t.Errorf("%s: got %q, want %q", date, got, want)
		}
	}
}

func TestAMomentInThePast(t *testing.T) {
	tests := []struct{ typed, want string }{
		{"", ""},
		{"yesterday", "2026-11-22T23:00:00Z"}, // from its beginning, an hour east of Greenwich
		{"today", "2026-11-23T23:00:00Z"},
		{"monday", "2026-11-22T23:00:00Z"},
		{"friday", "2026-11-19T23:00:00Z"},
		{"last friday", "2026-11-19T23:00:00Z"},
		{"3 days ago", "2026-11-20T23:00:00Z"},
		{"2 hours ago", "2026-11-24T06:00:00Z"},
		{"2026-11-01", "2026-10-31T23:00:00Z"},
		{"2026-11-24 08:59", "2026-11-24T07:59:00Z"},
	}
	for _, tt := range tests {
		if got, err := (calendar{now: now}).parsePast("--since", tt.typed); got != tt.want || err != nil {
			t.Errorf("%q: got %q (%v), want %q", tt.typed, got, err, tt.want)
		}
	}
	for _, typed := range []string{"tomorrow", "2026-12-01", "in 3 days", "2026-11-24 09:01"} {
		_, err := calendar{now: now}.parsePast("--since", typed)
		var p *api.Problem
		if !errors.As(err, &p) || p.Code != api.Invalid {
			t.Errorf("%q: %v", typed, err)
		}
	}
}
