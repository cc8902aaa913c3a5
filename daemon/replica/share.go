package replica

import (
	"errors"
	"slices"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
)

// ErrNoPact says that what a share was to be made of doesn't make one.
var ErrNoPact = errors.New("the pact does not hold")

// JoinShare makes a replica of a share in an empty home from the statements of both sides and the pact:
// those who made it do so as well as those who come later. The caller has verified signatures; here it is
// checked that the pact holds and that this device speaks for somebody on one side. invited is as for Join,
// on the chain of that side. On the other side's chain a replica stands nowhere before it has written.
func JoinShare(cfg Config, space entry.SpaceID, statements []*entry.Entry, invited [8]byte) (*Replica, error) {
	s := share.Fold(space, statements, stands{})
	if state, why := s.State(entry.ID(space)); state != charter.Accepted {
		return nil, errors.Join(ErrNoPact, &RefusedError{State: state, Why: why})
	}
	side, ok := s.SideOf(cfg.Key.Device())
	if !ok {
		return nil, ErrNotMember
	}
	if step, ok := s.Side(side).Newcomer(invited); ok {
		s = s.StandOn(side, step)
	}
	if on, ok := s.SideOf(cfg.Key.Device()); !ok || on != side {
		return nil, ErrNotMember
	}
	statements = slices.DeleteFunc(slices.Clone(statements), func(e *entry.Entry) bool {
		return e.Kind != entry.Statement || !s.Owns(e.SpaceOf())
	})
	var at stands
	at[side] = s.Side(side).Tip()
	return begin(cfg, space, inShare(s, side), at, statements)
}

// Statements returns what a newcomer needs to begin: all statements, in an order in which each side's
// come after what they name; in a share those of both sides and the pact.
func (r *Replica) Statements() []*entry.Entry {
	g := r.ground.Load()
	var all []*entry.Entry
	for _, c := range g.chains() {
		all = append(all, c.Statements()...)
	}
	if g.shared != nil {
		all = append(all, g.shared.Genesis())
	}
	return all
}

// followAlly takes a side where an ally's chain has forked. That is for this replica alone: it says
// nothing in a charter of others, but what it writes from now on names that branch.
func (r *Replica) followAlly(step charter.StepID) error {
	g := r.ground.Load()
	other := 1 - g.side
	at := r.standing()
	at[other] = step
	r.endRun(r.currentRun()) // what follows stands on something else
	return r.growLocked(g.standOn(other, step), nil, at)
}

// ofAlly says whether a step is one of the other side's chain, on whichever branch.
func (g *ground) ofAlly(step charter.StepID) bool {
	if g.shared == nil {
		return false
	}
	found, ok := g.shared.Side(1 - g.side).StepStartingWith([8]byte(step[:8]))
	return ok && found == step
}
