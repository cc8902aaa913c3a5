package space

import (
	"encoding/binary"
	"testing"
	"time"

	"kith/crdt/entry"
)

func TestADeviceSaysOnceADayWhatItHasSeen(t *testing.T) {
	at := func(text string) time.Time {
		t.Helper()
		when, err := time.Parse("2 Jan 15:04", text)
		if err != nil {
			t.Fatal(err)
		}
		return when.AddDate(2026, 0, 0)
	}
	var early, late entry.Device // the first that says it, and the last
	binary.BigEndian.PutUint64(late[:], uint64(acknowledgeSpread)-1)
	for _, c := range []struct {
		name               string
		device             entry.Device
		started, said, now string
		want               bool
	}{
		{"the next morning", early, "2 Mar 09:00", "1 Mar 09:00", "2 Mar 09:00", true},
		{"the same day", early, "2 Mar 15:00", "2 Mar 02:00", "2 Mar 23:59", false},
		{"a few hours after the evening", early, "1 Mar 09:00", "1 Mar 20:00", "2 Mar 07:00", false},
		{"half a day after the evening", early, "1 Mar 09:00", "1 Mar 20:00", "2 Mar 08:00", true},
		{"others say it first", late, "2 Mar 09:00", "1 Mar 09:00", "2 Mar 09:09", false},
		{"a while after the start", late, "2 Mar 09:00", "1 Mar 09:00", "2 Mar 09:10", true},
		{"one that was off for days", late, "5 Mar 09:00", "1 Mar 09:00", "5 Mar 09:01", true},
		{"a clock that was set back", early, "1 Mar 09:00", "3 Mar 09:00", "1 Mar 10:00", false},
	} {
		if got := acknowledges(c.device, at(c.started), at(c.said), at(c.now)); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
