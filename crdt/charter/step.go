package charter

import (
	"slices"

	"kith/crdt/entry"
)

// DefaultInvites is how many open prospective members one member may have invited, until the
// co-op agrees on another number.
const DefaultInvites = 5

// step is a sound step of the chain: valid by its own past, on whichever branch. It is a
// function of its parent and its terms, never changes, and there is one for each ID in a pool.
type step struct {
	id     StepID
	parent *step // nil for the genesis
	jump   *step // an ancestor further up, so that finding one takes a logarithm of the way
	depth  int
	terms  *Terms // nil for the genesis

	// What holds after the step.
	founding  *Genesis // of the space
	founder   int      // their number in the pool
	seats     int      // filled, the founder's own included
	closed    bool     // the founding was closed
	invited   []entry.Device
	rules     uint64
	threshold Threshold
	invites   int
	pact      *step       // the newest one on the way, itself included, that says something to an ally
	members   trie[*seat] // by number
	full      int         // how many members are full
}

// seat is what the chain says of one member; what they say themselves comes on top (person).
// It never changes.
type seat struct {
	id          MemberID
	number      int
	name        string // "" for a prospective member who was removed: see their redemption
	key         entry.Device
	device      NewDevice   // the first one, or the one of the newest key
	former      []NewDevice // those before
	standing    Standing
	since       *step // brought them in
	rekeyed     *step // gave them the newest key; nil if none did
	ended       *step // removed them, or named their resignation
	resignation *node // that one; nil if no step named any
	bare        *person
}

// next returns the step that terms make of s.
func (s *step) next(p *pool, id StepID, t *Terms) *step {
	n := *s
	n.id, n.terms = id, t
	n.follow(s)
	for _, r := range t.Resigned {
		n.end(p.node(r).by, Resigned, p.node(r))
	}
	switch t.Type {
	case ProposalSeat:
		r := &t.Seat.Redemption
		n.seats++
		n.invited = append(slices.Clip(n.invited), t.Seat.Invite)
		n.join(p, r)
	case ProposalClose:
		n.closed = true
	case ProposalAdmit:
		n.join(p, p.node(t.Admission).said.Joiner)
	case ProposalRemove:
		n.end(p.number(t.Member), Removed, nil)
	case ProposalKey:
		m := *n.members.get(p.number(t.Rekey.Member))
		m.former = append(slices.Clip(m.former), m.device)
		m.key, m.rekeyed, m.bare = t.Rekey.Key, &n, nil
		m.device = NewDevice{Key: t.Rekey.Device, Name: t.Rekey.DeviceName}
		n.set(&m)
	case ProposalThreshold:
		n.threshold = t.Threshold
	case ProposalInvites:
		n.invites = t.Invites
	case ProposalRules:
		n.rules = t.Rules
	case ProposalPact:
		n.pact = &n
	}
	return &n
}

func (s *step) set(m *seat) {
	m.bare = derive(m, nil)
	s.members = s.members.with(m.number, m)
}

// join makes who redeemed an invite a full member.
func (s *step) join(p *pool, r *Redemption) {
	id := MemberIDOf(p.space, r.Member)
	s.full++
	s.set(&seat{
		id: id, number: p.number(id), name: r.Name, key: r.Member,
		device: NewDevice{Key: r.Device, Name: r.DeviceName}, standing: Full, since: s,
	})
}

// end makes a member a removed or a resigned one.
func (s *step) end(number int, standing Standing, resignation *node) {
	m := seat{number: number}
	if old := s.members.get(number); old != nil {
		m = *old
	}
	if m.standing == Full {
		s.full--
	}
	m.standing, m.ended, m.bare = standing, s, nil
	if resignation != nil { // one step can name it and remove them, too
		m.resignation = resignation
	}
	s.set(&m)
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

// spent says whether an invite key was used up by a seat on the way to s.
func (s *step) spent(invite entry.Device) bool { return slices.Contains(s.invited, invite) }

// open says whether the founding is open: until then a step needs the founder's consent.
func (s *step) open() bool {
	return !s.closed && s.seats < s.founding.Seats && s.isFull(s.founder)
}

// isFull says whether the chain has a member as a full one.
func (s *step) isFull(number int) bool {
	m := s.members.get(number)
	return m != nil && m.standing == Full
}

// Needed returns how many of n full members a step needs: max(⌊n/2⌋+1, min(⌈t·n⌉, n−1)).
func (t Threshold) Needed(n int) int {
	var share int
	switch t {
	case TwoThirds:
		share = (2*n + 2) / 3
	case ThreeQuarters:
		share = (3*n + 3) / 4
	case AllButOne:
		share = n - 1
	default:
		share = (n + 1) / 2
	}
	return max(n/2+1, min(share, n-1))
}
