package kind

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// Time is a moment by some author's clock, in milliseconds since the Unix epoch: shown, never
// ordered by. In JSON it is RFC 3339 in UTC; zero is null.
type Time int64

// At returns the moment as Time.
func At(t time.Time) Time { return Time(t.UnixMilli()) }

// Time returns t in UTC, and the zero time.Time for zero.
func (t Time) Time() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(t)).UTC()
}

// MarshalJSON writes RFC 3339 in UTC.
func (t Time) MarshalJSON() ([]byte, error) {
	if t == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(t.Time().Format(time.RFC3339Nano))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (t *Time) UnmarshalJSON(b []byte) error {
	var at *time.Time
	if err := json.Unmarshal(b, &at); err != nil {
		return err
	}
	*t = 0
	if at != nil {
		*t = At(*at)
	}
	return nil
}

// Minutes is an amount of work. In JSON it is a number of hours.
type Minutes int64

// Hours returns the amount in hours.
func (m Minutes) Hours() float64 { return float64(m) / 60 }

// Words says the amount as people write it: "2 h", "1 h 30", "45 min".
func (m Minutes) Words() string {
	switch h, rest := m/60, m%60; {
	case h == 0:
		return strconv.FormatInt(int64(rest), 10) + " min"
	case rest == 0:
		return strconv.FormatInt(int64(h), 10) + " h"
	default:
		return strconv.FormatInt(int64(h), 10) + " h " + strconv.FormatInt(int64(100+rest), 10)[1:]
	}
}

// MarshalJSON writes hours, with as many decimals as it takes to read the same minutes again.
func (m Minutes) MarshalJSON() ([]byte, error) {
	s := strconv.FormatFloat(m.Hours(), 'f', 3, 64)
	return []byte(strings.TrimSuffix(strings.TrimRight(s, "0"), ".")), nil
}

// UnmarshalJSON reads hours.
func (m *Minutes) UnmarshalJSON(b []byte) error {
	var hours float64
	if err := json.Unmarshal(b, &hours); err != nil {
		return err
	}
	*m = MinutesOf(hours)
	return nil
}

// MinutesOf rounds hours to whole minutes.
func MinutesOf(hours float64) Minutes { return Minutes(math.Round(hours * 60)) }
