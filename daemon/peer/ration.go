package peer

import (
	"sync"
	"time"
)

// ration says how much of something there is: some at once, and then one each so often.
type ration struct {
	atOnce int
	each   time.Duration
}

// rations keeps account of who has had how much of one thing. It remembers maxRationed of them; those who
// have had nothing for long are forgotten first.
type rations[K comparable] struct {
	mu sync.Mutex
	of map[K]time.Time // until when what was had is paid for
}

const maxRationed = 4096

// take has one more, and returns how long it is until it is due: 0 if it is there. What isn't waited for has to be
// given back, or isn't taken: see may.
func (r *rations[K]) take(who K, per ration, now time.Time) (wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	until := r.untilLocked(who, now)
	r.of[who] = until.Add(per.each)
	return max(0, until.Sub(now)-time.Duration(per.atOnce-1)*per.each)
}

// may takes one if it is there.
func (r *rations[K]) may(who K, per ration, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	until := r.untilLocked(who, now)
	if until.Sub(now) > time.Duration(per.atOnce-1)*per.each {
		return false
	}
	r.of[who] = until.Add(per.each)
	return true
}

func (r *rations[K]) untilLocked(who K, now time.Time) time.Time {
	if r.of == nil {
		r.of = map[K]time.Time{}
	}
	if len(r.of) >= maxRationed {
		for k, until := range r.of {
			if until.Before(now) {
				delete(r.of, k)
			}
		}
	}
	if until := r.of[who]; until.After(now) {
		return until
	}
	return now
}
