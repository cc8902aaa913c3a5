package charter

import (
	"slices"
	"sync/atomic"

	"kith/crdt/entry"
)

// Whether somebody is a prospective member hangs on a full member's word, so it ends where that
// ends: a redemption or an invite that the end of its device, or of its member, didn't know of
// doesn't count, and neither does one beyond what a member may have open.

// honours says whether an invite or a redemption is the word of somebody who could still give it: of a
// full member, whose end, if there was one, knew of it.
func (k known) honours(n *node) bool {
	by := k.person(n.by)
	switch s := by.seat; {
	case s == nil: // never full
		return false
	case s.standing == Removed:
		return slices.Contains(s.ended.terms.Stay, n.entry.ID())
	case s.resignation != nil && !s.resignation.knows(n):
		return false
	case s.replaced(n):
		return slices.Contains(s.rekeyed.terms.Stay, n.entry.ID())
	}
	return !by.silenced(n)
}

// admits says whether a statement of somebody without a place in the chain is a redemption that
// makes them prospective.
func (k known) admits(n *node) bool {
	return k.redeems(n) && k.guestsOf(n.issuer)[n.member]
}

// redeems says whether a statement is a redemption that counts, with or without room for whom it brings in.
func (k known) redeems(n *node) bool { return n.said.Type == TypeProspective && k.honours(n) }

// guestsOf returns the prospective members who are in by a member's invites. Redemptions that were
// made apart may be more than the chain allows: then those count that have the lowest IDs, and each
// only while fewer go before it than the chain allowed where it was made.
func (k known) guestsOf(issuer int) map[int]bool {
	f := k.invites.get(issuer)
	if f == nil {
		return nil
	}
	if g := f.guests.Load(); g != nil && g.step == k.step && g.own == k.own.root {
		return g.in
	}
	var open []*node // of each who is open, the first redemption
	inOrder := slices.DeleteFunc(slices.Clone(f.nodes), func(n *node) bool { return n.said.Type != TypeProspective })
	slices.SortFunc(inOrder, func(a, b *node) int { return a.entry.ID().Compare(b.entry.ID()) })
	in := map[int]bool{}
	for _, n := range inOrder {
		if k.step.members.get(n.member) != nil || in[n.member] || !k.honours(n) {
			continue
		}
		if own := k.own.get(n.member); own.memo.derived(nil, own.nodes).standing != Prospective {
			continue
		}
		if len(open) < n.tip().invites {
			open = append(open, n)
			in[n.member] = true
		}
	}
	f.guests.Store(&guests{k.step, k.own.root, in})
	return in
}

// guests are those of one member, as known at a step with what everybody says of themselves.
type guests struct {
	step *step
	own  *branch[*facts]
	in   map[int]bool
}

// lapse returns somebody of whose redemptions none counts any more: they are out, and nothing of
// theirs is honoured but what others stand on.
func (p *person) lapse() *person {
	out := *p
	out.lapsed = true
	if out.here() {
		out.standing = Removed
	}
	return &out
}

// guestsMemo keeps what was asked last.
type guestsMemo struct{ atomic.Pointer[guests] }

// issued finds the invite of a key in the past: of several, which only a hostile member makes,
// the one with the lowest ID.
func (t *trial) issued(key entry.Device) (invite *node) {
	for _, part := range t.partsOf(key) {
		if n := part.node; part.what == partInvite && n != nil && t.k.in(n) && t.k.honours(n) {
			if invite == nil || n.entry.ID().Compare(invite.entry.ID()) < 0 {
				invite = n
			}
		}
	}
	return invite
}

func (t *trial) invite() string {
	t.node.issuer = t.who.number
	switch {
	case !t.fullMember():
		return whyNotFull
	case t.k.uses(t.pool, t.said.Invite):
		return whyInviteKey
	}
	return ""
}

func (t *trial) revoke() string {
	switch invite := t.issued(t.said.Invite); {
	case !t.fullMember():
		return whyNotFull
	case invite == nil:
		return whyNoInvite
	default:
		t.node.issuer = invite.member
	}
	return ""
}

// prospective judges the countersigned redemption of an invite.
func (t *trial) prospective() string {
	invite := t.issued(t.said.Invite)
	r := t.said.Joiner
	switch {
	case !t.fullMember():
		return whyNotFull
	case invite == nil:
		return whyNoInvite
	case r.Member == r.Device, r.Member == t.said.Invite, r.Device == t.said.Invite:
		return whyKeyTaken
	}
	if issuer := t.k.person(invite.member); issuer.standing != Full {
		return whyNoInvite
	}
	revoked, used := t.became(t.said.Invite)
	switch {
	case revoked:
		return whyRevoked
	case used, t.k.step.spent(t.said.Invite):
		return whySpent
	case len(t.k.guestsOf(invite.member)) >= t.k.step.invites:
		return whyInvitesFull
	case t.k.isTaken(t.pool, r.Member), t.k.isTaken(t.pool, r.Device):
		return whyKeyTaken
	}
	if err := r.Verify(t.space, t.said.Invite); err != nil {
		return err.Error()
	}
	t.node.id = MemberIDOf(t.space, r.Member)
	t.node.member, t.node.by, t.node.issuer = t.number(t.node.id), t.who.number, invite.member
	return ""
}

// became says what became of an invite, whoever published it.
func (t *trial) became(key entry.Device) (revoked, used bool) {
	for _, part := range t.partsOf(key) {
		n := part.node
		if part.what != partInvite || n == nil || !t.k.in(n) {
			continue
		}
		for _, about := range t.k.invites.get(n.member).list() {
			if about.said.Invite == key {
				revoked = revoked || about.said.Type == TypeRevoke
				used = used || about.said.Type == TypeProspective
			}
		}
	}
	return revoked, used
}
