package exchange

import (
	"math"
	"testing"
	"time"
)

func TestARateIsThatOfTheLastSeconds(t *testing.T) {
	var r Rate
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	if r.PerSecond(now) != 0 {
		t.Error("a rate of nothing")
	}
	for range 600 { // a minute of 1,000 bytes every tenth of a second
		now = now.Add(100 * time.Millisecond)
		r.add(1000, now)
	}
	if got := r.PerSecond(now); math.Abs(got-10_000) > 200 {
		t.Errorf("%.0f bytes a second of 10,000", got)
	}
	if got := r.PerSecond(now.Add(30 * time.Second)); got > 100 {
		t.Errorf("%.0f bytes a second half a minute after the last", got)
	}
}
