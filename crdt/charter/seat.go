package charter

import (
	"fmt"

	"kith/crdt/entry"
	"kith/crdt/problem"
)

// Why a founding seat can't be filled.
var (
	ErrFoundingClosed = problem.New(problem.NotAllowed, "kith charter show", "the founding is closed; no seat is left")
	ErrInviteUsed     = problem.New(problem.NotAllowed, "kith invite list", "this invite code was used before")
	ErrKeyKnown       = problem.New(problem.NotAllowed, "kith member list", "this member key or device is in the charter already")
)

// NameTakenError says that somebody in the charter is called so already, or so that nobody could tell the two
// apart.
type NameTakenError struct {
	Name, By string
	Former   bool // By is what somebody was called before
}

func (e *NameTakenError) Error() string {
	if e.Former {
		return fmt.Sprintf("the name “%s” looks like %s, as somebody here was called before", e.Name, e.By)
	}
	if FoldName(e.Name) != FoldName(e.By) {
		return fmt.Sprintf("the name “%s” looks like that of %s, and nobody could tell the two apart", e.Name, e.By)
	}
	return fmt.Sprintf("the name “%s” is taken by %s", e.Name, e.By)
}

// Problem implements problem.Teller.
func (e *NameTakenError) Problem() *problem.Problem {
	return problem.New(problem.Invalid, "choose another; who is called how: kith member list", "%v", e)
}

// FillSeat makes the payload of the statement that fills the next founding seat, for
// c.FoundingDevice() to sign in an entry that names c.Heads(). It checks all that would make the
// statement void, and besides that nobody is called so already. The error is one of the above, of
// Redemption.Verify, a *NameError, or a *HeldError.
func (c *Charter) FillSeat(invite entry.Device, r Redemption) ([]byte, error) {
	t := c.tip()
	switch {
	case t == nil:
		return nil, ErrNoGenesis
	case t.spent(invite):
		return nil, ErrInviteUsed // said even when all is full
	case !t.open():
		return nil, ErrFoundingClosed
	case c.FoundingDevice() == entry.Device{}:
		return nil, ErrNotFounder
	case c.all.isTaken(c.pool, r.Member), c.all.isTaken(c.pool, r.Device), c.all.uses(c.pool, invite):
		return nil, ErrKeyKnown // also by a statement that the heads have no room for
	}
	if err := c.nameFree(r.Name, MemberID{}); err != nil {
		return nil, err
	}
	if err := c.held(t.founder, StepID{}, false); err != nil {
		return nil, err
	}
	payload, err := NewSeat(t.id, invite, r)
	return c.try(c.FoundingDevice(), payload, err)
}
