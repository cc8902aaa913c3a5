package charter

import "kith/crdt/entry"

// step is a sound step of the chain: valid by its own past, on whichever branch. It never
// changes, and there is one for each ID in a pool.
type step struct {
	id     StepID
	parent *step // nil for the genesis
	jump   *step // an ancestor further up, so that finding one takes a logarithm of the way
	depth  int

	founding *Genesis     // of the space
	device   entry.Device // the genesis device
	rules    uint64
	invite   entry.Device // the key that was used up here; zero in the genesis
	members  []Member     // at this step, in seat order; not to be modified
}

// follow sets where s stands in the chain.
func (s *step) follow(parent *step) {
	s.parent, s.depth, s.jump = parent, parent.depth+1, parent
	// The skew-binary rule: jump two jumps of the parent's when they are equally wide.
	if p := parent; p.jump != nil && p.jump.jump != nil && p.depth-p.jump.depth == p.jump.depth-p.jump.jump.depth {
		s.jump = p.jump.jump
	}
}

// ancestor returns the step at a depth on the way from the genesis to s, s included.
func (s *step) ancestor(depth int) *step {
	for s.depth > depth {
		if s.jump.depth >= depth {
			s = s.jump
		} else {
			s = s.parent
		}
	}
	return s
}

// reaches says whether other is on the way from the genesis to s, s included.
func (s *step) reaches(other *step) bool {
	return other.depth <= s.depth && s.ancestor(other.depth).id == other.id
}

// uses says whether a key has a part in the chain up to s already. Every key has one part
// only: member key, device, or invite.
func (s *step) uses(key entry.Device) bool {
	for _, m := range s.members {
		if m.Key == key {
			return true
		}
		for _, d := range m.Devices {
			if d.Key == key {
				return true
			}
		}
	}
	return s.spent(key)
}

// spent says whether an invite key was used up on the way to s.
func (s *step) spent(invite entry.Device) bool {
	for ; s.parent != nil; s = s.parent {
		if s.invite == invite {
			return true
		}
	}
	return false
}

// open says whether a founding seat is free after s.
func (s *step) open() bool { return len(s.members) < s.founding.Seats }

func (s *step) member(id MemberID) (Member, bool) {
	for _, m := range s.members {
		if m.ID == id {
			return m, true
		}
	}
	return Member{}, false
}

// speaks returns the member for whom a device may speak after s.
func (s *step) speaks(device entry.Device) (Member, bool) {
	for _, m := range s.members {
		for _, d := range m.Devices {
			if d.Key == device && !d.Retired {
				return m, true
			}
		}
	}
	return Member{}, false
}
