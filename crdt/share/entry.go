package share

import (
	"iter"
	"slices"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// Of returns the two charters as an entry of a document of the share knows them. It is void if a
// head that it names is; else pending if one isn't here; else it is where its author's side places
// it: the author's side is the one for which its device speaks at those heads. A device that speaks on
// both sides, or on none, is an author on neither (charter.Past.Speaks).
//
// Where it names the other side, on another branch than the one that is followed, that changes
// nothing for the entry; only, nobody of that side is counted.
func (s *Share) Of(e *entry.Entry) (*charter.Past, charter.State) {
	if s.state != charter.Accepted {
		return nil, s.state
	}
	if len(e.Heads) == 0 {
		return nil, charter.Void
	}
	var named [2][]entry.ID
	here := true
	for _, id := range e.Heads {
		switch {
		case s.sides[0].Has(id):
			named[0] = append(named[0], id)
		case s.sides[1].Has(id):
			named[1] = append(named[1], id)
		default:
			if state, _ := s.State(id); state == charter.Void || id == entry.ID(s.space) {
				return nil, charter.Void
			}
			here = false
		}
	}
	var pasts [2]*charter.Past
	for i, c := range s.sides {
		if len(named[i]) == 0 {
			continue
		}
		p, state := c.Sound(named[i])
		switch state {
		case charter.Void:
			return nil, state
		case charter.Pending:
			here = false
		}
		pasts[i] = p
	}
	if !here {
		return nil, charter.Pending
	}
	var speaks [2]bool
	for i, p := range pasts {
		if p != nil {
			_, speaks[i] = p.Speaks(e.Device)
		}
	}
	own := 0
	if speaks[1] || pasts[0] == nil {
		own = 1
	}
	if speaks[0] != speaks[1] {
		if state := s.sides[own].Placed(pasts[own]); state != charter.Accepted {
			return nil, state
		}
	}
	return s.beside(e.Heads, own, pasts), charter.Accepted
}

// beside puts what an entry knows of both sides together.
func (s *Share) beside(heads []entry.ID, own int, pasts [2]*charter.Past) *charter.Past {
	other := 1 - own
	var words [2][]charter.Pact
	for i, p := range pasts {
		if p != nil && (i == own || s.sides[i].Placed(p) == charter.Accepted) {
			words[i] = p.Pacts()
		}
	}
	a := s.agreed(words)
	return pasts[own].Beside(heads, charter.Other{
		Of: s.sides[other], Past: pasts[other], First: other < own,
		ByPeople: a.terms.Voices == People, Ended: a.over(),
	})
}

// Sides returns the full members of both sides as they are now, sorted by ID; none of one that is
// suspended, or doubted.
func (s *Share) Sides() [][]charter.MemberID {
	all := make([][]charter.MemberID, len(s.sides))
	for i, c := range s.sides {
		if s.state == charter.Accepted && !c.Undecided() && !s.doubted[i] {
			all[i] = c.FullNow()
		}
	}
	return all
}

// ByPeople says whether joint decisions count people now, and not each co-op as one voice.
func (s *Share) ByPeople() bool { return s.now.terms.Voices == People }

// Members returns everybody who is or was on either side, those of the first side first. Each is
// named with their co-op.
func (s *Share) Members() []charter.Member {
	var all []charter.Member
	for _, c := range s.sides {
		if c == nil {
			continue
		}
		for _, m := range c.Members() {
			m.Coop = c.Name()
			all = append(all, m)
		}
	}
	return all
}

// Member returns a member of either side, named with their co-op.
func (s *Share) Member(id charter.MemberID) (charter.Member, bool) {
	return s.first(func(c *charter.Charter) (charter.Member, bool) { return c.Member(id) })
}

// MemberOf returns who a device speaks for now; a device that speaks on both sides does on none.
func (s *Share) MemberOf(device entry.Device) (charter.Member, bool) {
	if side, ok := s.SideOf(device); ok {
		m, ok := s.sides[side].MemberOf(device)
		m.Coop = s.sides[side].Name()
		return m, ok
	}
	return charter.Member{}, false
}

// SameCoop says whether two members are or were on one side.
func (s *Share) SameCoop(a, b charter.MemberID) bool {
	for _, c := range s.sides {
		if c == nil {
			continue
		}
		_, isA := c.Member(a)
		if _, isB := c.Member(b); isA && isB {
			return true
		}
	}
	return false
}

// SideOf returns the side on which a device speaks now.
func (s *Share) SideOf(device entry.Device) (side int, ok bool) {
	for i, c := range s.sides {
		if c == nil {
			continue
		}
		if _, speaks := c.MemberOf(device); speaks {
			if ok {
				return 0, false
			}
			side, ok = i, true
		}
	}
	return side, ok
}

// OwnerOf returns whose a device is or was, as charter.OwnerOf does.
func (s *Share) OwnerOf(device entry.Device) (charter.Member, bool) {
	return s.first(func(c *charter.Charter) (charter.Member, bool) { return c.OwnerOf(device) })
}

func (s *Share) first(find func(*charter.Charter) (charter.Member, bool)) (charter.Member, bool) {
	for _, c := range s.sides {
		if c == nil {
			continue
		}
		if m, ok := find(c); ok {
			m.Coop = c.Name()
			return m, true
		}
	}
	return charter.Member{}, false
}

// Rules returns the version of the shared rules that both co-ops have agreed on.
func (s *Share) Rules() uint64 {
	if s.sides[0] == nil || s.sides[1] == nil {
		return entry.FirstRules
	}
	return min(s.sides[0].Rules(), s.sides[1].Rules())
}

// Knows says whether a device, or a member key, was ever on either side, on any branch.
func (s *Share) Knows(device entry.Device) bool {
	return slices.ContainsFunc(s.sides[:], func(c *charter.Charter) bool { return c != nil && c.Knows(device) })
}

// Cut returns what is honoured of a device that its side cut, as charter.Cut does. Sides cut their
// own devices only.
func (s *Share) Cut(device entry.Device) (cuts []charter.Frontier, cut bool) {
	for _, c := range s.sides {
		if c == nil {
			continue
		}
		if more, ok := c.Cut(device); ok {
			cuts, cut = append(slices.Clip(cuts), more...), true
		}
	}
	return cuts, cut
}

// SeenOf returns the accepted acknowledgements of a run of a device, by people of both sides.
func (s *Share) SeenOf(device entry.Device, run entry.Run) []charter.Seen {
	var all []charter.Seen
	for _, c := range s.sides {
		if c != nil {
			all = append(all, c.SeenOf(device, run)...)
		}
	}
	return all
}

// SeenIn returns what a sound acknowledgement of either side says; see charter.Charter.SeenIn.
func (s *Share) SeenIn(id entry.ID) []charter.RunEnd {
	for _, c := range s.sides {
		if c != nil && c.IsSound(id) {
			return c.SeenIn(id)
		}
	}
	return nil
}

// SaidBy tells what SeenBy goes through on either side; see charter.Charter.SaidBy.
func (s *Share) SaidBy(device entry.Device) (said charter.Said) {
	for i, c := range s.sides {
		if c != nil {
			one := c.SaidBy(device)
			said.Tips[i] = one.Tips[0]
			said.Count += one.Count
		}
	}
	return said
}

// SeenBy yields what the accepted acknowledgements of a device say; see charter.Charter.SeenBy.
func (s *Share) SeenBy(device entry.Device) iter.Seq[charter.RunEnd] {
	return func(yield func(charter.RunEnd) bool) {
		for _, c := range s.sides {
			if c == nil {
				continue
			}
			for end := range c.SeenBy(device) {
				if !yield(end) {
					return
				}
			}
		}
	}
}
