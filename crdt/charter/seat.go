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

// NameTakenError says that somebody in the charter is called so already.
type NameTakenError struct{ Name, By string }

func (e *NameTakenError) Error() string {
	return fmt.Sprintf("the name %q is taken by %s", e.Name, e.By)
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
	case c.all.uses(c.pool, r.Member), c.all.uses(c.pool, r.Device), c.all.uses(c.pool, invite):
		return nil, ErrKeyKnown // also by a statement that the heads have no room for
	}
	if err := c.nameFree(r.Name); err != nil {
		return nil, err
	}
	if err := c.held(t.founder, StepID{}, false); err != nil {
		return nil, err
	}
	payload, err := NewSeat(t.id, invite, r)
	return c.try(c.FoundingDevice(), payload, err)
}

// nameFree says whether nobody who is in is called so already; the error is a *NameTakenError.
func (c *Charter) nameFree(name string) error {
	for _, who := range c.people() {
		if FoldName(who.name) == FoldName(name) {
			return &NameTakenError{name, who.name}
		}
	}
	return nil
}
