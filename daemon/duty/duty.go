// Package duty says when a computer does what it owes without being told to: bring a step into force for which there
// are enough consents, have a share follow its home. Sooner than is right would be rash, since more may be on its way,
// such as a consent taken back; to wait for whoever never falls silent would let one device stop everybody's.
//
// It knows no replica and no network, so the simulator of package exchange runs what the daemon runs.
package duty

import "time"

// WaitMost is for how long a duty waits at most: for more to come that may touch it, and for peers to be in step.
const WaitMost = 30 * time.Second

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
	case now.Sub(p.since) < WaitMost:
		return false
	}
	p.since = time.Time{}
	return true
}

// Watch looks at a state again and again, and has what it asks for done once for each that lasts. The zero value has
// seen nothing.
type Watch[S comparable] struct {
	looked, before S
	wait           Patience
	failed         time.Time // when what was due couldn't be done; zero: it could
}

// Due says whether it is time to do what the state asks for now; then it was. holding is asked only where it matters, and
// says whether somebody who is connected isn't in step.
func (w *Watch[S]) Due(now S, holding func() bool, at time.Time) bool {
	changed := now != w.before
	w.before = now
	if now == w.looked && (w.failed.IsZero() || at.Sub(w.failed) < WaitMost) {
		w.wait = Patience{}
		return false
	}
	if !w.wait.Over(holding() || changed, at) {
		return false
	}
	w.looked, w.failed = now, time.Time{}
	return true
}

// Failed says that what was due couldn't be done: it is due again after a while, though nothing changes.
func (w *Watch[S]) Failed(at time.Time) { w.failed = at }
