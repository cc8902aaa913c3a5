package drop

import (
	"time"

	"kith/daemon/api"
)

// Who gets at a folder can put the same into it again and again, and take away what lies there. What that costs is a part of the time,
// and no other folder waits for it longer than most.
const (
	most  = 30 * time.Second // that adds up
	share = 5                // one part in so many
	times = 20               // as long as it took passes until what was taken away is written anew
)

// budget is how much more time may go into reading what brings nothing that counts.
type budget struct {
	left time.Duration
	at   time.Time // when that was
}

func newBudget(now time.Time) budget { return budget{most, now} }

func (b *budget) fill(now time.Time) {
	b.left, b.at = min(most, b.left+now.Sub(b.at)/share), now
}

// take takes off what a bundle cost, but for the part of it that was new here and counts.
func (b *budget) take(d time.Duration, got api.BundleRead) {
	if all := got.New + got.Had + got.Left; all > 0 {
		idle := got.Had + got.Left + got.Pending + got.Void + got.Elsewhere
		d = time.Duration(float64(d) * float64(idle) / float64(all))
	}
	b.left -= d
}

// restOf is how long it rests after something that took d.
func restOf(d time.Duration) time.Duration { return times * d }
