package charter

import (
	"cmp"
	"slices"

	"kith/crdt/entry"
)

// Fork is a place where the chain has more than one next step: a split of the co-op.
type Fork struct {
	Parent   StepID
	Branches []Branch   // sorted by step
	Twice    []MemberID // who consented to, wrote on or follows several of them; sorted
}

// Branch is one of the ways on from a fork.
type Branch struct {
	Step     StepID
	Entry    entry.ID // a statement that carries the step: the evidence
	Followed bool     // false on all branches while no side is taken
	// Members were full at the fork, and consented to this branch, wrote on it or follow it,
	// and no other; sorted.
	Members []MemberID
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
	on := make([]map[MemberID]bool, len(next))
	for i := range next {
		on[i] = map[MemberID]bool{}
	}
	c.nodes.each(func(_ entry.ID, n *node) {
		if !n.sound() || !parent.isFull(n.by) {
			return
		}
		who := parent.members.get(n.by).id
		for i, s := range next {
			if n.tip().reaches(s) || n.said.Type == TypeConsent && n.said.Of == s.id || c.follows(n, s) {
				on[i][who] = true
			}
		}
	})
	twice := map[MemberID]bool{}
	for i, s := range next {
		b := Branch{Step: s.id, Entry: c.carriers()[s.id], Followed: c.placed(s) == Accepted}
		for who := range on[i] {
			sides := 0
			for _, o := range on {
				if o[who] {
					sides++
				}
			}
			if sides > 1 {
				twice[who] = true
			} else {
				b.Members = append(b.Members, who)
			}
		}
		slices.SortFunc(b.Members, compareMembers)
		f.Branches = append(f.Branches, b)
	}
	for who := range twice {
		f.Twice = append(f.Twice, who)
	}
	slices.SortFunc(f.Twice, compareMembers)
	return f
}

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
