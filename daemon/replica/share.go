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

// Introduction returns what a newcomer needs to begin (charter.Introduction), in at most limit bytes of
// encoded statements, in an order in which each side's come after what they name; in a share that of both
// sides, each in half of it, and the pact besides.
func (r *Replica) Introduction(limit int) []*entry.Entry {
	g := r.ground.Load()
	var all []*entry.Entry
	for _, c := range g.chains() {
		all = append(all, c.Introduction(limit/len(g.chains()))...)
	}
	if g.shared != nil {
		all = append(all, g.shared.Genesis())
	}
	return all
}

// Gives says whether what isn't a charter statement goes to a device, and until when by this computer's
// clock, in milliseconds since 1970; 0: with no end. A share that has ended, or whose end date has come, gives
// nothing more to the other side. Among themselves people of one side bring each other what they had.
func (r *Replica) Gives(device entry.Device) (until uint64, gives bool) {
	g := r.ground.Load()
	if _, speaks := g.rules.MemberOf(device); !speaks || g.shared == nil {
		return 0, speaks
	}
	if side, _ := g.shared.SideOf(device); side == g.side {
		return 0, true
	}
	_, over := g.shared.Ended()
	terms, ok := g.shared.Terms()
	return terms.Ends, ok && !over
}

// StatementFor says whether an entry that is here is a charter statement that may go to a device, even if it
// speaks for nobody any more. Who was removed from one side of a share learns of that there, and nothing
// more of the other.
func (r *Replica) StatementFor(device entry.Device, id entry.ID) bool {
	g := r.ground.Load()
	if g.shared == nil {
		return g.rules.Has(id)
	}
	if _, speaks := g.rules.MemberOf(device); speaks {
		return g.rules.Has(id)
	}
	return slices.ContainsFunc(g.chains(), func(c *charter.Charter) bool { return c.Has(id) && c.Knows(device) })
}

// DevicesElsewhere returns the devices that only branches know that aren't followed, see
// charter.DevicesElsewhere.
func (r *Replica) DevicesElsewhere() (all []entry.Device) {
	for _, c := range r.ground.Load().chains() {
		all = append(all, c.DevicesElsewhere()...)
	}
	return all
}

// WasMemberKey says whether a key is or was that of a member, and so no device.
func (r *Replica) WasMemberKey(key entry.Device) bool {
	return slices.ContainsFunc(r.ground.Load().chains(), func(c *charter.Charter) bool { return c.WasMemberKey(key) })
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
