package replica

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"kith/crdt/entry"
)

// MaxAhead is how far a time may lie before this clock's without that anything is said: clocks differ by minutes.
const MaxAhead = 10 * time.Minute

// Ahead says that what a device wrote came here before it was written, by the two clocks: one of them is off. That a clock
// is behind can't be told so, since what is written comes later.
type Ahead struct {
	Device entry.Device
	By     time.Duration // the most that it was, of what came last
}

// aheads are the devices whose clock, or whose difference to this one, was off when something of theirs came. It lasts until the daemon ends,
// and at most a day after the last of it.
type aheads struct {
	mu   sync.Mutex
	last map[entry.Device]aheadAt
}

type aheadAt struct {
	by time.Duration
	at time.Time
}

// aheadFor is how long it is said of a device from which nothing has come since.
const aheadFor = 24 * time.Hour

// noteTimes looks at the times of changes that came just now. One with a time that isn't ahead ends what was said of its device.
func (r *Replica) noteTimes(group []arrived) {
	now := r.now()
	a := &r.aheads
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, in := range group {
		if in.change == nil {
			continue // bare: its change was forgotten, with its time
		}
		by := time.UnixMilli(in.change.Time).Sub(now)
		_, was := a.last[in.entry.Device]
		switch {
		case by > MaxAhead:
			if a.last == nil {
				a.last = map[entry.Device]aheadAt{}
			}
			a.last[in.entry.Device] = aheadAt{by, now}
		case was && by > -MaxAhead: // written just now, by a clock that agrees
			delete(a.last, in.entry.Device)
		}
	}
}

// Aheads gives the devices of the charter whose changes came here before their time, the furthest first.
func (r *Replica) Aheads() (all []Ahead) {
	a := &r.aheads
	a.mu.Lock()
	defer a.mu.Unlock()
	for device, is := range a.last {
		if _, ok := r.Rules().MemberOf(device); ok && r.now().Sub(is.at) < aheadFor && device != r.device {
			all = append(all, Ahead{device, is.by})
		}
	}
	slices.SortFunc(all, func(x, y Ahead) int { return cmp.Or(cmp.Compare(y.By, x.By), slices.Compare(x.Device[:], y.Device[:])) })
	return all
}
