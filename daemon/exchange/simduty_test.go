package exchange_test

import (
	"slices"
	"time"

	"kith/crdt/entry"
	"kith/daemon/duty"
)

// In simulations the honest agree that somebody leaves, and their computers owe two things for it: to bring the
// step into force when all consents are there, and then to retire that person in a share. When is the daemon's own
// rule (package duty); what is only modelled is what the entries mean. A share's exchange is like a home's, so
// both are on one network here: whoever is hostile is in the way of both.

// agreement is what computers are to do by themselves.
type agreement struct {
	consents []*entry.Entry // one of each who is honest
	enacts   []*entry.Entry // the step, as each of them would bring it into force
	retires  []*entry.Entry // and the same in the share
	is       map[entry.ID]byte

	looked, begun, complete, inForce time.Time // last; when all was mended; when all honest had all consents; and the step
	done                             bool      // the share has it everywhere
}

// What an entry of an agreement is.
const (
	consent = iota + 1
	enact
	retire
)

// owed is what one computer has seen of it.
type owed struct {
	step, share duty.Watch[int]
	first       time.Time // when it knew first that the share is to follow
}

// agree takes the entries of an agreement, if there is to be one, off those that are to be written once all is mended.
func (s *simulation) agree() {
	a := &s.agreed
	if a.done = !s.chance(4); a.done {
		return // for the sake of time in the others
	}
	a.is = map[entry.ID]byte{}
	dropped := func(e *entry.Entry) bool {
		return slices.ContainsFunc(s.nodes, func(n *node) bool { return n.disk.Has(e.ID()) })
	}
	take := func(what byte) *entry.Entry {
		i := slices.IndexFunc(s.fresh, func(e *entry.Entry) bool { return !dropped(e) })
		e := s.fresh[i]
		s.fresh = slices.Delete(s.fresh, i, i+1)
		a.is[e.ID()] = what
		return e
	}
	for _, n := range s.nodes {
		if !n.hostile {
			a.consents = append(a.consents, take(consent))
			a.enacts = append(a.enacts, take(enact))
			a.retires = append(a.retires, take(retire))
		}
	}
}

// consent has the next who is honest consent, if they are on.
func (s *simulation) consent(honest []*node) {
	for i, n := range honest {
		if e := s.agreed.consents[i]; n.proc != nil && !n.disk.Has(e.ID()) {
			s.say("%d consents", n.name)
			n.disk.Add(e)
			return
		}
	}
}

// duties has each computer that is on look, once a second, whether it owes something, and says whether all that is due
// is done in time.
func (s *simulation) duties(honest []*node) bool {
	a := &s.agreed
	now := time.Now()
	if a.done || now.Sub(a.looked) < time.Second {
		return true
	}
	if a.looked = now; a.begun.IsZero() {
		a.begun = now
	}
	s.consent(honest)
	have := map[byte]int{}
	for i, n := range honest {
		if n.proc != nil {
			s.owes(n, i, len(honest))
		}
	}
	for _, n := range honest {
		counts := n.counts(a)
		have[consent] += counts[consent] / len(honest)
		have[enact] += min(counts[enact], 1)
		have[retire] += min(counts[retire], 1)
	}
	note := func(what byte, when *time.Time) bool {
		if have[what] == len(honest) && when.IsZero() {
			*when = now
		}
		return !when.IsZero()
	}
	var retired time.Time
	a.done = note(consent, &a.complete) && note(enact, &a.inForce) && note(retire, &retired)
	if a.done {
		s.took = [3]time.Duration{a.complete.Sub(a.begun), a.inForce.Sub(a.complete), retired.Sub(a.inForce)}
	}
	switch {
	case a.complete.IsZero() || a.done:
	case a.inForce.IsZero() && now.Sub(a.complete) > stepMost:
		s.fail("all consents are everywhere for %v, and the step isn't in force at %d of %d", stepMost, len(honest)-have[enact], len(honest))
		return false
	case !a.inForce.IsZero() && now.Sub(a.inForce) > sharesMost:
		s.fail("a removal is in force everywhere for %v, and %d of %d don't know it in the share", sharesMost, len(honest)-have[retire], len(honest))
		return false
	}
	return true
}

// counts is how much of each sort of the agreement a computer has.
func (n *node) counts(a *agreement) map[byte]int {
	counts := map[byte]int{}
	for id, what := range a.is {
		if n.disk.Has(id) {
			counts[what]++
		}
	}
	return counts
}

// owes has a computer do what it owes, the i-th of those who are honest. What is to be said in a share each waits for
// their turn to say, and whoever is hostile is first and says nothing.
func (s *simulation) owes(n *node, i, all int) {
	a := &s.agreed
	holding := func() bool {
		for _, r := range s.roads {
			for i, e := range r.ends {
				if r.nodes[i] == n && r.over() == 0 && !e.status.get().InStep {
					return true
				}
			}
		}
		return false
	}
	now := time.Now()
	counts := n.counts(a)
	if n.owes.step.Due(1+n.disk.Len(), holding, now) && counts[consent] == all && counts[enact] == 0 {
		s.say("%d brings the step into force", n.name)
		n.disk.Add(a.enacts[i])
		counts[enact]++
	}
	if !n.owes.share.Due(1+n.disk.Len()+int(now.Unix()/5), holding, now) || counts[enact] == 0 || counts[retire] > 0 {
		return
	}
	if n.owes.first.IsZero() {
		n.owes.first = now
	}
	if now.Sub(n.owes.first) >= time.Duration(i+len(s.nodes)-all)*turnInRank {
		s.say("%d retires in the share who was removed", n.name)
		n.disk.Add(a.retires[i])
	}
}
