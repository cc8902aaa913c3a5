package replica

import (
	"iter"
	"slices"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
)

// Rules is what decides in a space: its charter or, in a share, the charters of both sides beside each
// other. A value never changes, so that a new one says that something did.
type Rules interface {
	accept.Charter
	crdt.Charter
	acknowledgements
	Heads() []entry.ID // that an entry of a document names
	Rules() uint64     // the version that is agreed on: no field of a newer one is written
	Has(statement entry.ID) bool
	Knows(entry.Device) bool
	Members() []charter.Member
	Member(charter.MemberID) (charter.Member, bool)
	MemberOf(entry.Device) (charter.Member, bool)
	OwnerOf(entry.Device) (charter.Member, bool)
	ForgetDocs() []entry.DocID // of which Forgets says anything
}

// acknowledgements are what devices say that they have seen.
type acknowledgements interface {
	SeenIn(acknowledgement entry.ID) []charter.RunEnd
	SeenBy(entry.Device) iter.Seq[charter.RunEnd]
	SaidBy(entry.Device) charter.Said
}

var _, _ Rules = (*charter.Charter)(nil), (*share.Share)(nil)

// ground is what a replica stands on at one moment.
type ground struct {
	rules  Rules
	own    *charter.Charter // in which this device speaks: that of the space or, in a share, of its side
	shared *share.Share     // nil but in a share
	side   int              // of shared, the one that this device is on
}

// stands are the newest steps that a replica took part in: on the chain of the co-op or, in a share, on
// those of both sides.
type stands [2]charter.StepID

// encode is at as a small record: a step of each chain that there is.
func (at stands) encode(g *ground) (b []byte) {
	for i := range g.chains() {
		b = append(b, at[i][:]...)
	}
	return b
}

func readStands(b []byte) (at stands) {
	for i := range at {
		b = b[copy(at[i][:], b):]
	}
	return at
}

// inCoop is the ground of a replica of a co-op.
func inCoop(c *charter.Charter) *ground { return &ground{rules: c, own: c} }

// inShare is the ground of a replica of a share whose pact is here.
func inShare(s *share.Share, side int) *ground {
	return &ground{rules: s, own: s.Side(side), shared: s, side: side}
}

func (g *ground) with(statements ...*entry.Entry) *ground {
	if g.shared == nil {
		return inCoop(g.own.With(statements...))
	}
	return inShare(g.shared.With(statements...), g.side)
}

// chains are the charters that there are: one, or those of both sides.
func (g *ground) chains() []*charter.Charter {
	if g.shared == nil {
		return []*charter.Charter{g.own}
	}
	return []*charter.Charter{g.shared.Side(0), g.shared.Side(1)}
}

func (g *ground) standOn(side int, step charter.StepID) *ground {
	switch {
	case g.chains()[side].Stand() == step:
		return g
	case g.shared == nil:
		return inCoop(g.own.StandOn(step))
	}
	return inShare(g.shared.StandOn(side, step), g.side)
}

// placed returns a ground as it is from these stands. Beyond a fork at which this replica took no part
// it goes on as a newcomer does, until it takes part or its person takes a side. That is so on its own
// chain: an ally that has split says nothing more here, unless this replica had taken part.
func (g *ground) placed(at stands) *ground {
	for i := range g.chains() {
		g = g.standOn(i, at[i])
	}
	if !g.own.Undecided() {
		return g
	}
	if step, ok := g.own.Newcomer([8]byte{}); ok {
		return g.standOn(g.side, step)
	}
	return g
}

// doubt returns a ground on which it isn't known (yes), or is known again, whether the other side of a share speaks for
// its co-op.
func (g *ground) doubt(yes bool) *ground {
	if g.shared == nil {
		return g
	}
	return inShare(g.shared.Doubt(1-g.side, yes), g.side)
}

// doubts says whether that isn't known.
func (g *ground) doubts() bool { return g.shared != nil && g.shared.Doubted(1-g.side) }

// tips are the newest steps that are followed: an entry of a document names them.
func (g *ground) tips() (at stands) {
	for i, c := range g.chains() {
		at[i] = c.Tip()
	}
	return at
}

// owns says whether a replica on this ground keeps an entry: statements of each side lie in spaces of
// their own.
func (g *ground) owns(e *entry.Entry) bool {
	space := e.SpaceOf()
	if g.shared != nil {
		return space == g.shared.Space() || e.Kind == entry.Statement && g.shared.Owns(space)
	}
	return space == g.own.Space()
}

// past is what an entry knows of the chains; nil if that isn't all here and followed.
func (g *ground) past(e *entry.Entry) *charter.Past {
	if g.shared != nil && e.Kind == entry.Statement {
		for _, c := range g.chains() {
			if c.Space() == e.SpaceOf() {
				past, _ := c.At(e.Heads)
				return past
			}
		}
		return nil
	}
	past, _ := g.rules.Of(e)
	return past
}

// cutsSince are the devices of which something else is honoured than on an older ground.
func (g *ground) cutsSince(old *ground) (devices []entry.Device) {
	before := old.chains()
	for i, c := range g.chains() {
		devices = append(devices, c.CutsSince(before[i])...)
	}
	return devices
}

// countsOthers says whether decisions count other people than on an older ground, or in another way.
func (g *ground) countsOthers(old *ground) bool {
	return g.rules.ByPeople() != old.rules.ByPeople() ||
		!slices.EqualFunc(g.rules.Sides(), old.rules.Sides(), slices.Equal[[]charter.MemberID])
}

// turned says whether another branch of a chain is followed than on an older ground.
func (g *ground) turned(old *ground) bool {
	left := func(id entry.ID) bool {
		state, _ := g.rules.State(id)
		return state != charter.Accepted
	}
	if slices.ContainsFunc(old.rules.Heads(), left) {
		return true
	}
	// Until a side is taken nothing on it counts, whatever is built on it; and what waits for that may name another chain first.
	before := old.chains()
	for i, c := range g.chains() {
		if c.Undecided() != before[i].Undecided() {
			return true
		}
	}
	return false
}
