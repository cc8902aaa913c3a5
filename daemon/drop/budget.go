package drop

import (
	"time"

	"kith/daemon/api"
)

// Who gets at a folder can put the same into it again and again, and take away what lies there; who is or was in the co-op can put
// there what no rule lets count, without end. What that costs is a small part of the time, laid to whoever made it, and no other
// folder waits for one longer than a turn.
const (
	turn  = 10 * time.Second // how long one folder is read until the others have theirs
	most  = 30 * time.Second // that adds up
	share = 20               // one part in so many
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

// idle is the part of the time which a bundle cost that it brought nothing for.
func idle(d time.Duration, got api.BundleRead) time.Duration {
	all, nothing := got.New+got.Had+got.Left, got.Had+got.Left+got.Pending+got.Void+got.Elsewhere
	if all == 0 {
		return d
	}
	return time.Duration(float64(d) * float64(nothing) / float64(all))
}

// restOf is how long it rests after something that took d.
func restOf(d time.Duration) time.Duration { return times * d }
