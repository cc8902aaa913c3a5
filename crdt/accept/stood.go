package accept

import (
	"slices"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// StoodOn returns, of each accepted entry, the members whose accepted changes have it in their
// past, other than its author; in no particular order. Who wrote on a thing had it.
func (d *Document) StoodOn() map[entry.ID][]charter.MemberID {
	var people []charter.MemberID
	place := func(m charter.MemberID) int {
		if i := slices.Index(people, m); i >= 0 {
			return i
		}
		people = append(people, m)
		return len(people) - 1
	}
	on := map[entry.ID]bits{}
	for _, item := range slices.Backward(d.order) { // each comes after those in its past
		later := on[item.Entry.ID()].withOne(place(item.Author))
		for _, dep := range item.Change.Deps {
			if before, ok := d.ItemOf(dep); ok {
				id := before.Entry.ID()
				on[id] = on[id].with(later)
			}
		}
	}
	stood := make(map[entry.ID][]charter.MemberID, len(on))
	for _, item := range d.order {
		id := item.Entry.ID()
		for i, m := range people {
			if m != item.Author && m != (charter.MemberID{}) && on[id].has(i) {
				stood[id] = append(stood[id], m)
			}
		}
	}
	return stood
}

// standsAnew says whether an entry that isn't here makes somebody stand on a twin, or on what is beyond a frontier, on
// which they don't yet: its author, or who stands on it. That is asked of all that is here, in whatever state, so every
// replica must have it.
func (d *Document) standsAnew(s *signed) bool {
	writes := s.right && s.full && s.at == within
	var who []charter.MemberID
	if len(d.cut.beyond) > 0 {
		who = d.onIt(s).all()
		if writes {
			who = append(who[:len(who):len(who)], s.Author)
		}
	}
	if len(who) == 0 && (!writes || d.twins.none()) {
		return false
	}
	anew := func(n *node) bool {
		if writes && n.twin > 0 && !d.twins.stood[s.Author].has(n.twin-1) {
			return true
		}
		return slices.ContainsFunc(who, func(m charter.MemberID) bool {
			isBeyond := func(o *signed) bool { return o.right && o.at != within && o.Author != m }
			return (isBeyond(&n.first) || slices.ContainsFunc(n.more, isBeyond)) && !n.brought.by(m) && (n.brought == nil || !n.brought.many)
		})
	}
	seen := map[*node]bool{}
	for stack := slices.Clone(s.Change.Deps); len(stack) > 0; {
		n := d.changes[stack[len(stack)-1]]
		stack = stack[:len(stack)-1]
		if n == nil || seen[n] {
			continue
		}
		if anew(n) {
			return true
		}
		seen[n] = true
		stack = append(stack, n.change.Deps...)
	}
	return false
}
