package exchange

import (
	"math"
	"time"
)

// Rate is how much went over a connection lately. It falls by itself while nothing does, so it is
// asked for a moment.
type Rate struct {
	sum float64 // of bytes, those of five seconds ago counted by a third, and so on
	at  time.Time
}

const rateTime = 5 * time.Second

func (r *Rate) add(n int, now time.Time) {
	r.sum, r.at = r.left(now)+float64(n), now
}

func (r Rate) left(now time.Time) float64 {
	return r.sum * math.Exp(-now.Sub(r.at).Seconds()/rateTime.Seconds())
}

// PerSecond is the rate at a moment, in bytes a second.
func (r Rate) PerSecond(now time.Time) float64 { return r.left(now) / rateTime.Seconds() }
