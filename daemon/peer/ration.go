package peer

import (
	"math"
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
	of map[K]*account
}

// account is one's.
type account struct {
	until time.Time // until when what was had is paid for
	spent Spending
}

const maxRationed = 4096

// take has one more, and returns how long it is until it is due: 0 if it is there. What would be due later than
// longestWait isn't had, and not worth waiting for.
func (r *rations[K]) take(who K, per ration, now time.Time) (wait time.Duration) {
	return r.have(who, 1, per, now, longestWait)
}

// owe notes that so many were had already.
func (r *rations[K]) owe(who K, n int, per ration, now time.Time) {
	r.have(who, n, per, now, math.MaxInt64)
}

// may takes one if it is there.
func (r *rations[K]) may(who K, per ration, now time.Time) bool {
	return r.have(who, 1, per, now, 0) == 0
}

// have takes so many, whose first is due within most.
func (r *rations[K]) have(who K, n int, per ration, now time.Time, most time.Duration) (wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.ofLocked(who, now)
	if wait = max(0, a.until.Sub(now)-time.Duration(per.atOnce-1)*per.each); wait > most {
		a.spent.Refused += n
		return wait
	}
	a.spent.Done += n
	a.until = a.until.Add(time.Duration(n) * per.each)
	return wait
}

// spent says how much somebody has had, and asked for in vain.
func (r *rations[K]) spent(who K) Spending {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a := r.of[who]; a != nil {
		return a.spent
	}
	return Spending{}
}

func (r *rations[K]) ofLocked(who K, now time.Time) *account {
	if r.of == nil {
		r.of = map[K]*account{}
	}
	if r.of[who] == nil && len(r.of) >= maxRationed {
		for k, a := range r.of {
			if a.until.Before(now) {
				delete(r.of, k)
			}
		}
	}
	a := r.of[who]
	if a == nil {
		a = &account{}
		r.of[who] = a
	}
	if a.until.Before(now) {
		a.until = now
	}
	return a
}
