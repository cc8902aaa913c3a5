package cli

import (
	"errors"
	"testing"
	"time"

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
		{"none", ""},
		{"", ""},
	}
	for _, tt := range tests {
		if got, err := parseDate(tt.typed, now); got != tt.want || err != nil {
			t.Errorf("%q: got %q (%v), want %q", tt.typed, got, err, tt.want)
		}
	}
}

func TestWhatIsNoDate(t *testing.T) {
	for _, typed := range []string{"someday", "friday the printer", "the printer friday", "2026-13-01", "2026-02-30", "31", "15:00h!", "🖨", "in days", "in 99999999999999999999 days"} {
		got, err := parseDate(typed, now)
		var p *api.Problem
		if !errors.As(err, &p) || p.Code != api.Usage {
			t.Errorf("%q: got %q, %v", typed, got, err)
		}
	}
}

func TestADateInThePastIsInvalidForWhatIsToCome(t *testing.T) {
	for _, typed := range []string{"2026-11-23", "yesterday", "last friday", "2026-11-24 08:59", "3 days ago"} {
		_, err := parseComing("--due", typed, now)
		var p *api.Problem
		if !errors.As(err, &p) || p.Code != api.Invalid {
			t.Errorf("%q: %v", typed, err)
		}
	}
	for _, typed := range []string{"today", "2026-11-24", "2026-11-24 09:01", "tomorrow"} {
		if _, err := parseComing("--due", typed, now); err != nil {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

func TestADayIsADayAcrossAChangeOfClocks(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zones here: ", err)
	}
	late := time.Date(2026, 10, 24, 23, 30, 0, 0, berlin) // the clocks go back in the night after the next
	early := time.Date(2026, 10, 24, 0, 15, 0, 0, berlin)
	for typed, want := range map[string]string{"in 2 days": "2026-10-26", "monday 15:00": "2026-10-26T14:00:00Z"} {
		if got, err := parseDate(typed, early); got != want || err != nil {
			t.Errorf("%q: got %q (%v), want %q", typed, got, err, want)
		}
	}
	for typed, want := range map[string]string{"tomorrow": "2026-10-25", "in 2 days": "2026-10-26", "monday": "2026-10-26", "in a week": "2026-10-31"} {
		if got, err := parseDate(typed, late); got != want || err != nil {
			t.Errorf("%q: got %q (%v), want %q", typed, got, err, want)
		}
	}
}

func TestDatesAsPeopleReadThem(t *testing.T) {
	c := &call{kith: &kith{env: Env{Now: func() time.Time { return now }}}}
	for date, want := range map[string]string{
		"2026-11-24":           "today",
		"2026-11-25":           "Wednesday, tomorrow",
		"2026-11-30":           "Monday",
		"2026-12-01":           "Tuesday",
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
		if got, err := parsePast("--since", tt.typed, now); got != tt.want || err != nil {
			t.Errorf("%q: got %q (%v), want %q", tt.typed, got, err, tt.want)
		}
	}
	for _, typed := range []string{"tomorrow", "2026-12-01", "in 3 days", "2026-11-24 09:01"} {
		_, err := parsePast("--since", typed, now)
		var p *api.Problem
		if !errors.As(err, &p) || p.Code != api.Invalid {
			t.Errorf("%q: %v", typed, err)
		}
	}
}
