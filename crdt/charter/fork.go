package charter

import (
	"cmp"
	"slices"

	"kith/crdt/entry"
)

// Fork is a place where the chain has more than one next step: a split of the co-op.
type Fork struct {
	Parent   StepID
	Branches []Branch // sorted by step
}

// Branch is one of the ways on from a fork.
type Branch struct {
	Step     StepID
	Entry    entry.ID // a statement that carries the step: the evidence
	Followed bool     // false on all branches while no side is taken
}

// Forks returns all forks of the chain, also those on branches that aren't followed; the
// oldest first, then by parent.
func (c *Charter) Forks() []Fork {
	children := map[*step][]*step{}
	for _, s := range c.steps {
		if s.parent != nil {
			children[s.parent] = append(children[s.parent], s)
		}
	}
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
		f := Fork{Parent: p.id}
		for _, s := range children[p] {
			f.Branches = append(f.Branches, Branch{
				Step: s.id, Entry: c.carriers[s.id], Followed: c.placed(s) == Accepted,
			})
		}
		slices.SortFunc(f.Branches, func(a, b Branch) int { return entry.ID(a.Step).Compare(entry.ID(b.Step)) })
		forks = append(forks, f)
	}
	return forks
}

// StepStartingWith finds the step, on whichever branch, whose ID begins with prefix: the one
// that an invite names. It is false if there is none, or more than one.
func (c *Charter) StepStartingWith(prefix [8]byte) (StepID, bool) {
	var found StepID
	count := 0
	for id := range c.steps {
		if [8]byte(id[:8]) == prefix {
			found = id
			count++
		}
	}
	return found, count == 1
}
