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
