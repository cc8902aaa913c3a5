package charter

import (
	"cmp"
	"slices"

	"kith/crdt/entry"
)

// Heard returns who can be known to have had an accepted statement: the members who made another
// accepted one with it in its past. An acknowledgement is such a one, too. Sorted; the maker isn't
// among them.
func (c *Charter) Heard(id entry.ID) []MemberID {
	n := c.nodes.get(id)
	if n == nil || !n.sound() {
		return nil
	}
	var heard []MemberID
	for number, theirs := range c.made() {
		if number != n.by && slices.ContainsFunc(theirs, func(o *node) bool { return o.knows(n) }) {
			heard = append(heard, c.all.person(number).id)
		}
	}
	slices.SortFunc(heard, compareMembers)
	return heard
}

// allMade returns the accepted statements of each member, by number, the newest ones first.
func (c *Charter) allMade() map[int][]*node {
	made := map[int][]*node{}
	c.nodes.each(func(_ entry.ID, n *node) {
		if n.sound() && c.placed(n.tip()) == Accepted {
			made[n.by] = append(made[n.by], n)
		}
	})
	for _, theirs := range made {
		slices.SortFunc(theirs, func(a, b *node) int { return cmp.Compare(b.index, a.index) })
	}
	return made
}
