package exchange

import (
	"slices"
	"sync"
	"time"
)

// turns lets one peer after the other send what we lack. Several at once would send the same
// entries; when the next one's turn comes, our list already says what the others brought. A peer
// that dawdles only loses its turn, and so does one whose turn has lasted long while others wait; whoever
// wants another goes to the back of the line.
type turns struct {
	mu      sync.Mutex
	holder  *turn
	waiting []*turn
	free    func() // called when nobody holds a turn any more
}

// turn is one connection's place in the line.
type turn struct {
	all  *turns
	come func() // called once it is our turn

	// guarded by all.mu
	idle  *time.Timer
	since time.Time
	got   int // bytes since then of what was new and asked for
}

// wait stands in line; come is called, perhaps at once, when it is our turn.
func (t *turn) wait() {
	t.all.mu.Lock()
	defer t.all.mu.Unlock()
	if t.all.holder == t || slices.Contains(t.all.waiting, t) {
		return
	}
	t.all.waiting = append(t.all.waiting, t)
	t.all.nextLocked()
}

// progress says that so many bytes came of what was new here and asked for; whatever else a peer sends
// doesn't keep the turn. 0: we are still telling it what we want.
func (t *turn) progress(bytes int) {
	t.all.mu.Lock()
	defer t.all.mu.Unlock()
	if t.all.holder != t {
		return
	}
	t.got += bytes
	long := time.Since(t.since)
	if long >= turnMost && len(t.all.waiting) > 0 {
		return // idle ends it
	}
	if long < turnTime || float64(t.got) >= turnRate*long.Seconds() {
		t.idle.Reset(turnIdle)
	}
}

// busy says whether anybody is sending us much.
func (all *turns) busy() bool {
	all.mu.Lock()
	defer all.mu.Unlock()
	return all.holder != nil
}

// leave gives up the turn, or the place in the line. It may be called at any time.
func (t *turn) leave() {
	t.all.mu.Lock()
	defer t.all.mu.Unlock()
	t.all.waiting = slices.DeleteFunc(t.all.waiting, func(other *turn) bool { return other == t })
	if t.all.holder == t {
		t.idle.Stop()
		t.all.holder = nil
		t.all.nextLocked()
	}
}

func (all *turns) nextLocked() {
	if all.holder != nil {
		return
	}
	if len(all.waiting) == 0 {
		all.free()
		return
	}
	t := all.waiting[0]
	all.holder, all.waiting = t, all.waiting[1:]
	t.since, t.got = time.Now(), 0
	t.idle = time.AfterFunc(turnIdle, t.leave)
	t.come()
}
