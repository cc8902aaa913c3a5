package replica

import (
	"slices"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// Under returns one frontier for what is under each of several, as far as it is here.
func (r *Replica) Under(cuts []charter.Frontier) charter.Frontier {
	if len(cuts) == 0 {
		return nil
	}
	var out charter.Frontier
	for _, last := range cuts[0] {
		ways := make([]map[entry.ID]bool, 0, len(cuts)-1)
		for _, other := range cuts[1:] {
			id, ok := other.Of(last.Run)
			if !ok {
				ways = nil
				break
			}
			ways = append(ways, r.back(id))
		}
		if len(ways) != len(cuts)-1 {
			continue // one of them honours nothing of this run
		}
		for id, ok := last.Entry, true; ok && !id.IsZero(); id, ok = r.runs.Previous(id) {
			if !slices.ContainsFunc(ways, func(way map[entry.ID]bool) bool { return !way[id] }) {
				out = append(out, charter.Last{Run: last.Run, Entry: id})
				break
			}
		}
	}
	return out
}

// back returns an entry and all that is reached from it by Previous.
func (r *Replica) back(id entry.ID) map[entry.ID]bool {
	way := map[entry.ID]bool{}
	for ok := true; ok && !id.IsZero() && !way[id]; {
		way[id] = true
		id, ok = r.runs.Previous(id)
	}
	return way
}
