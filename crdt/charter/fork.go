package charter

import (
	"bytes"
	"cmp"
	"slices"

	"kith/crdt/entry"
)

// Fork is a place where the chain has more than one next step: a split of the co-op.
type Fork struct {
	Parent   StepID
	Branches []Branch   // sorted by step
	Twice    []MemberID // who consented to several of them, or signed them alone: without that there is no fork; sorted
}

// Branch is one of the ways on from a fork.
type Branch struct {
	Step     StepID
	Entry    entry.ID // a statement that carries the step: the evidence
	Followed bool     // false on all branches while no side is taken
	// Members were full at the fork, and consented to this branch, wrote on it or follow it,
	// and no other; sorted.
	Members []MemberID
	// Joined have said that they follow this branch and no other, and have been on another, too; sorted.
	Joined []MemberID
}

// Forks returns all forks of the chain, also those on branches that aren't followed; the
// oldest first, then by parent.
func (c *Charter) Forks() []Fork {
	children := map[*step][]*step{}
	c.steps.each(func(_ StepID, s *step) {
		if s.parent != nil {
			children[s.parent] = append(children[s.parent], s)
		}
	})
	var parents []*step
	for p, next := range children {
		if len(next) > 1 {
			parents = append(parents, p)
		}
	}
	slices.SortFunc(parents, func(a, b *step) int {
		return cmp.Or(cmp.Compare(a.depth, b.depth), entry.ID(a.id).Compare(entry.ID(b.id)))
	})
	forks := make([]Fork, 0, len(parents))
	for _, p := range parents {
		forks = append(forks, c.fork(p, children[p]))
	}
	return forks
}

func (c *Charter) fork(parent *step, next []*step) Fork {
	f := Fork{Parent: parent.id}
	slices.SortFunc(next, func(a, b *step) int { return entry.ID(a.id).Compare(entry.ID(b.id)) })
	on := make([]map[MemberID]stake, len(next)) // of each branch, what members have to do with it
	for i := range next {
		on[i] = map[MemberID]stake{}
	}
	c.nodes.each(func(_ entry.ID, n *node) {
		if !n.sound() || !parent.isFull(n.by) {
			return
		}
		who := parent.members.get(n.by).id
		for i, s := range next {
			alone := n.said.Type == TypeFounding && n.carries == s // who founds needs no other consent
			consents, follows := alone || n.said.Type == TypeConsent && n.said.Of == s.id, c.follows(n, s)
			if was, ok := on[i][who]; ok || consents || follows || n.tip().reaches(s) {
				on[i][who] = stake{was.consents || consents, was.follows || follows}
			}
		}
	})
	several := func(who MemberID, match func(stake) bool) bool {
		sides := 0
		for _, o := range on {
			if p, ok := o[who]; ok && match(p) {
				sides++
			}
		}
		return sides > 1
	}
	for i, s := range next {
		b := Branch{Step: s.id, Entry: c.carriers()[s.id], Followed: c.placed(s) == Accepted}
		for who, p := range on[i] {
			if !several(who, func(stake) bool { return true }) {
				b.Members = append(b.Members, who)
				continue
			}
			if p.follows && !several(who, func(p stake) bool { return p.follows }) {
				b.Joined = append(b.Joined, who)
			}
			if p.consents && !slices.Contains(f.Twice, who) && several(who, func(p stake) bool { return p.consents }) {
				f.Twice = append(f.Twice, who)
			}
		}
		slices.SortFunc(b.Members, compareMembers)
		slices.SortFunc(b.Joined, compareMembers)
		f.Branches = append(f.Branches, b)
	}
	slices.SortFunc(f.Twice, compareMembers)
	return f
}

// stake is what somebody has to do with a branch besides being on it.
type stake struct{ consents, follows bool }

// follows says whether n is the word of somebody who follows s.
func (c *Charter) follows(n *node, s *step) bool {
	if n.said.Type != TypeFollow {
		return false
	}
	on := c.steps.get(n.said.Of)
	return on != nil && on.reaches(s)
}

// TookPart returns the newest step that a device has taken part in which stands on stand: it took
// part in a step, too, to which it has consented, if it consented to no other that is in force at that
// place and hasn't gone back on it.
func (c *Charter) TookPart(stand StepID, device entry.Device) StepID {
	for {
		var next []StepID
		back := map[StepID]bool{}
		for _, n := range c.pool.ballotsAt(stand) {
			s := c.steps.get(n.said.Of)
			switch {
			case n.entry.Device != device || s == nil || c.nodes.get(n.entry.ID()) == nil:
			case n.said.Type != TypeConsent:
				back[s.id] = true
			case !slices.Contains(next, s.id):
				next = append(next, s.id)
			}
		}
		if len(next) != 1 || back[next[0]] {
			return stand
		}
		stand = next[0]
	}
}

// DevicesElsewhere returns the devices that only other branches know, sorted: of people who came in
// there.
func (c *Charter) DevicesElsewhere() []entry.Device {
	if len(c.Forks()) == 0 {
		return nil
	}
	var all []entry.Device
	add := func(key entry.Device) {
		if _, here := c.OwnerOf(key); !here && !slices.Contains(all, key) {
			all = append(all, key)
		}
	}
	c.steps.each(func(_ StepID, s *step) {
		switch {
		case s.terms == nil || c.placed(s) == Accepted:
		case s.terms.Seat != nil:
			add(s.terms.Seat.Redemption.Device)
		case s.terms.Rekey != nil:
			add(s.terms.Rekey.Device)
		}
	})
	c.nodes.each(func(_ entry.ID, n *node) {
		switch s := n.said; {
		case !n.sound() || c.placed(n.tip()) == Accepted:
		case s.New != nil:
			add(s.New.Key)
		case s.Joiner != nil:
			add(s.Joiner.Device)
		default:
			for i := range s.Live {
				add(s.Live[i].Key)
			}
		}
	})
	slices.SortFunc(all, func(a, b entry.Device) int { return bytes.Compare(a[:], b[:]) })
	return all
}

// Undecided says whether the chain forks right after the newest step that is followed: the
// replica waits for its person to take a side.
func (c *Charter) Undecided() bool { return c.split }

// Newcomer returns the step on which a replica stands that has taken part in nothing: at each
// fork the side that its invite names, else the one with more members (see Branch.Members). It
// is false if that leaves a fork open: then its person is asked. invite is zero for none.
func (c *Charter) Newcomer(invite [8]byte) (StepID, bool) {
	if named, ok := c.StepStartingWith(invite); ok {
		c = c.StandOn(named)
	}
	for c.Undecided() {
		var most *Branch
		tie := false
		for _, f := range c.Forks() {
			if f.Parent != c.Tip() {
				continue
			}
			for i := range f.Branches {
				b := &f.Branches[i]
				switch {
				case most == nil || len(b.Members) > len(most.Members):
					most, tie = b, false
				case len(b.Members) == len(most.Members):
					tie = true
				}
			}
		}
		if most == nil || tie {
			return c.Tip(), false
		}
		c = c.StandOn(most.Step)
	}
	return c.Tip(), true
}

// StepStartingWith finds the step, on whichever branch, whose ID begins with prefix: the one
// that an invite names. It is false if there is none, or more than one.
func (c *Charter) StepStartingWith(prefix [8]byte) (StepID, bool) {
	var found StepID
	count := 0
	c.steps.each(func(id StepID, _ *step) {
		if [8]byte(id[:8]) == prefix {
			found = id
			count++
		}
	})
	return found, count == 1
}
