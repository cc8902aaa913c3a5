package charter

import (
	"slices"

	"kith/crdt/entry"
)

// In a share between two co-ops the charters of its two sides stand beside each other (package
// share). What an entry knows of them is a Past with two sides; that of a co-op has one.

// Other is what an entry of a share knows of the side that isn't its author's.
type Other struct {
	Of    *Charter
	Past  *Past // nil if the entry names no head of it
	First bool  // that side comes first when both are listed

	// The share's word on both sides together, as the entry knows them.
	ByPeople bool // joint decisions count people, and not each co-op as one voice
	Ended    bool // a side has ended the share
}

// counted returns what is known of the other side; nil if nothing is, or the entry knows it on
// another branch than the one that is followed.
func (o *Other) counted() *Past {
	if o == nil || o.Past == nil || o.Of.placed(o.Past.step) != Accepted {
		return nil
	}
	return o.Past
}

// Sound is At without regard to the branch that is followed: Accepted if the heads are sound, here
// and on one way from the genesis, Void if they can't be, else Pending.
func (c *Charter) Sound(heads []entry.ID) (*Past, State) {
	if len(heads) == 0 {
		return nil, Void // only a genesis names none, and nothing else is asked about
	}
	here := true
	for _, id := range heads {
		switch n := c.nodes.get(id); {
		case n == nil:
			here = false
		case !n.sound(), n.leaf():
			return nil, Void
		}
	}
	if !here {
		return nil, Pending
	}
	p := c.past(heads)
	if p == nil {
		return nil, Void
	}
	return p, Accepted
}

// Placed says where a past of this charter lies: Accepted on the branch that is followed.
func (c *Charter) Placed(p *Past) State { return c.placed(p.step) }

// Beside returns p as an entry knows it that names all of the given heads, those of the charter of the
// other side included.
func (p *Past) Beside(heads []entry.ID, other Other) *Past {
	return &Past{pool: p.pool, known: p.known, ids: heads, beside: &other}
}

// Side says on which side of a share it is, 0 or 1; 0 in a co-op.
func (p *Past) Side() int {
	if p.beside != nil && p.beside.First {
		return 1
	}
	return 0
}

// Counted says whether the other side of a share is known there on the branch that is followed.
func (p *Past) Counted() bool { return p.beside.counted() != nil }

// ByPeople says, in a share, whether joint decisions count people, and not each co-op as one voice.
func (p *Past) ByPeople() bool { return p.beside != nil && p.beside.ByPeople }

// Ended says whether the past knows that one side has ended the share.
func (p *Past) Ended() bool { return p.beside != nil && p.beside.Ended }

// Sides returns the full members, sorted by ID: one list for a co-op, two for a share. That of a
// side that isn't counted is empty.
func (p *Past) Sides() [][]MemberID {
	own := p.own()
	if p.beside == nil {
		return [][]MemberID{own}
	}
	var other []MemberID
	if theirs := p.beside.counted(); theirs != nil {
		other = theirs.own()
	}
	if p.beside.First {
		return [][]MemberID{other, own}
	}
	return [][]MemberID{own, other}
}

// covers is Covers for one statement of the other side. Where that, or this past, isn't on the
// branch that is followed, there is nothing to hold against each other.
func (o *Other) covers(n *node) bool {
	switch {
	case o.Of.placed(n.tip()) != Accepted:
		return true
	case o.Past == nil:
		return false
	}
	p := o.counted()
	return p == nil || p.step.reaches(n.tip())
}

// Pacts returns what the agreed steps in the past say to allies (ProposalPact), the oldest first.
func (p *Past) Pacts() []Pact { return p.step.pacts() }

// Pacts returns what the agreed steps say to allies, the oldest first.
func (c *Charter) Pacts() []Pact {
	if c.tip() == nil {
		return nil
	}
	return c.tip().pacts()
}

// Pact is what an agreed step says to an ally.
type Pact struct {
	Step StepID
	Word []byte // Terms.Pact; not interpreted here
}

func (s *step) pacts() []Pact {
	var all []Pact
	for at := s.pact; at != nil; at = at.parent.pact {
		all = append(all, Pact{Step: at.id, Word: at.terms.Pact})
	}
	slices.Reverse(all)
	return all
}

// Of returns the charter as an entry knows it: At its heads.
func (c *Charter) Of(e *entry.Entry) (*Past, State) { return c.At(e.Heads) }

// Sides returns the full members as they are now, sorted by ID: one list, as of a past of a co-op.
func (c *Charter) Sides() [][]MemberID { return [][]MemberID{c.FullNow()} }

// SameCoop says whether two are of one co-op: in a charter of one everybody is.
func (c *Charter) SameCoop(_, _ MemberID) bool { return true }

// Doubtful says whether it isn't known for which co-op somebody speaks: never, in a co-op.
func (c *Charter) Doubtful(MemberID) bool { return false }

// FullNow returns the full members as they are now, sorted by ID.
func (c *Charter) FullNow() []MemberID {
	var full []MemberID
	for _, m := range c.people() {
		if m.standing == Full {
			full = append(full, m.id)
		}
	}
	slices.SortFunc(full, compareMembers)
	return full
}

// ByPeople is false: a co-op's decisions have one side.
func (c *Charter) ByPeople() bool { return false }

// HeadsUpTo is Heads of at most limit statements, for an entry that names those of two sides.
func (c *Charter) HeadsUpTo(limit int) []entry.ID {
	if len(c.heads) <= limit {
		return c.heads
	}
	return c.cover(slices.Clone(c.ends), limit).ids
}

// Encode returns the one encoding of a value of CBOR arrays, strings and numbers.
func Encode(w any) ([]byte, error) { return encoding.Marshal(w) }

// DecodeExactly reads what Encode has made of a value like w, and nothing else. The error is a
// *StatementError that begins with what.
func DecodeExactly(b []byte, w any, what string) error { return readExactly(b, w, what) }

// CheckName holds a name against the bounds that all replicas share. The error is a *NameError.
func CheckName(name string) error { return checkName(name) }
