package space

import (
	"testing"
	"time"

	"kith/crdt/charter"
)

func TestNothingIsDecidedByOneClock(t *testing.T) {
	const years = 2 * 365 * 24 * time.Hour
	for _, tt := range []struct {
		name   string
		others []time.Duration
		want   time.Duration
	}{
		{"nobody is there", nil, 0},
		{"ours is ahead of one", []time.Duration{-years}, -years},
		{"one is ahead of ours", []time.Duration{years}, 0},
		{"ours is ahead of two", []time.Duration{-years, -years}, -years},
		{"ours is behind two", []time.Duration{years, years}, years},
		{"one of two is ahead", []time.Duration{0, years}, 0},
		{"one of two is behind", []time.Duration{0, -years}, 0},
		{"one of three is behind", []time.Duration{0, 0, -years}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			others := map[charter.MemberID]time.Duration{}
			for i, by := range tt.others {
				others[charter.MemberID{byte(i + 1)}] = by
			}
			if got := middle(others); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}
