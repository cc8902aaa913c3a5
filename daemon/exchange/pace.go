package exchange

import (
	"cmp"
	"maps"
	"sync"
	"time"

	"kith/crdt/entry"
)

// paces remember what devices have cost lately, over all their connections: who hangs up and comes
// again gets no more of us than who stays.
type paces struct {
	mu sync.Mutex
	of map[entry.Device]*pace
	// people are the paces of all devices of a person together, and of all their former ones.
	people map[string]*pace
	// idle is until when what a person's devices brought that stands for nothing is paid for.
	idle map[string]time.Time
}

// pace says from when on a device may have something once more.
type pace struct {
	compare time.Time // a comparison
	key     time.Time // one under a key
	spent   Spent
}

// personPart is for how many of their devices at once a person has time: however many they make, it is no more.
const personPart = 4

// personLocked is the pace of whose device it is.
func (p *paces) personLocked(with *Peer, now time.Time) *pace {
	who := with.person()
	if with.Former {
		who += "/former"
	}
	return paceIn(&p.people, who, now)
}

// maxPaces is from how many devices, or people, on those are forgotten whose time is over.
const maxPaces = 4096

func (p *paces) atLocked(d entry.Device, now time.Time) *pace { return paceIn(&p.of, d, now) }

// paceIn is the pace of one of all of them, which begins if there is none.
func paceIn[K comparable](all *map[K]*pace, of K, now time.Time) *pace {
	if at := (*all)[of]; at != nil {
		return at
	}
	if *all == nil {
		*all = map[K]*pace{}
	}
	if len(*all) >= maxPaces {
		maps.DeleteFunc(*all, func(_ K, at *pace) bool { return now.After(at.compare) && now.After(at.key) })
	}
	at := &pace{}
	(*all)[of] = at
	return at
}

// slower is how many times as long as others somebody waits.
func (p *Peer) slower() time.Duration {
	if p.Former {
		return formerPart
	}
	return 1
}

// wait is how long until another comparison may begin.
func (p *paces) wait(with *Peer, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(p.atLocked(with.Device, now).compare.Sub(now), p.personLocked(with, now).compare.Sub(now))
}

// work notes that a comparison has kept us busy since then. What takes no time worth the name costs
// nothing.
func (p *paces) work(with *Peer, since time.Time) {
	now := time.Now()
	took := now.Sub(since)
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.atLocked(with.Device, now)
	if at.spent.Busy += took; took < 20*time.Millisecond {
		return
	}
	took = min(took, workMost)
	rest := took * workPart * with.slower()
	if until := now.Add(rest); until.After(at.compare) {
		at.compare = until
	}
	if all := p.personLocked(with, now); now.Add(rest / personPart).After(all.compare) {
		all.compare = now.Add(rest / personPart)
	}
}

// busy notes that something it brought has kept us busy.
func (p *paces) busy(with *Peer, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.atLocked(with.Device, time.Now()).spent.Busy += took
}

// stored notes that storing what it brought took so long, and that a part of that stands for nothing, and returns how
// long to wait with what comes next. An honest device may have had room for what is held back here, and a former one hands
// over what its person wrote before they knew: so there is some time at once, and it is only waited.
func (p *paces) stored(with *Peer, all, idle int, took time.Duration, now time.Time) (wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.atLocked(with.Device, now)
	at.spent.Busy, at.spent.Entries = at.spent.Busy+took, at.spent.Entries+int64(all)
	if idle == 0 {
		return 0
	}
	at.spent.Idle += int64(idle)
	took = min(took, idleAtOnce) // a computer that sleeps, or waits for its disk, isn't busy
	until := p.idleLocked(with, now).Add(took * time.Duration(idle) / time.Duration(all) * idlePart)
	p.idle[with.person()] = until
	return max(0, until.Sub(now)-idleAtOnce*idlePart)
}

func (p *paces) idleLocked(with *Peer, now time.Time) time.Time {
	if p.idle == nil {
		p.idle = map[string]time.Time{}
	}
	if len(p.idle) >= maxPaces {
		maps.DeleteFunc(p.idle, func(_ string, until time.Time) bool { return until.Before(now) })
	}
	if until := p.idle[with.person()]; until.After(now) {
		return until
	}
	return now
}

func (p *Peer) person() string { return cmp.Or(p.Person, string(p.Device[:])) }

// spent says what a device has cost.
func (p *paces) spent(d entry.Device) Spent {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at := p.of[d]; at != nil {
		return at.spent
	}
	return Spent{}
}

// key is how long until symbols of so many IDs may be made under a key. 0 takes the time for it.
func (p *paces) key(with *Peer, ids int, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, all := p.atLocked(with.Device, now), p.personLocked(with, now)
	if wait := max(at.key.Sub(now), all.key.Sub(now)); wait > 0 {
		return wait
	}
	rest := max(keyedPause, time.Duration(ids)*keyedPart) * with.slower()
	at.key, all.key = now.Add(rest), now.Add(rest/personPart)
	return 0
}
