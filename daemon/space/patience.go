package space

import "time"

// waitMost is for how long a duty waits at most: for more to come that may touch it, and for peers to be in step.
const waitMost = 30 * time.Second

// Patience is that of one duty. What there is to do is done sooner if nothing is on its way any more; but who never falls
// silent, or never comes into step, holds it up no longer than this.
type Patience struct{ since time.Time }

// Over says whether it is time. holds says that something is still on its way, or somebody not in step.
func (p *Patience) Over(holds bool, now time.Time) bool {
	switch {
	case !holds:
	case p.since.IsZero():
		p.since = now
		return false
	case now.Sub(p.since) < waitMost:
		return false
	}
	p.since = time.Time{}
	return true
}
