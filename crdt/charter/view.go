package charter

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"slices"

	"kith/crdt/entry"
)

// Name returns the name of the co-op, or "" while the genesis isn't here.
func (c *Charter) Name() string {
	if t := c.tip(); t != nil {
		return t.founding.Coop
	}
	return ""
}

// Rules returns the version of the shared rules that holds now, or 0 while the genesis isn't
// here.
func (c *Charter) Rules() uint64 {
	if t := c.tip(); t != nil {
		return t.rules
	}
	return 0
}

// Threshold returns what an agreed step needs now, or 0 while the genesis isn't here.
func (c *Charter) Threshold() Threshold {
	if t := c.tip(); t != nil {
		return t.threshold
	}
	return 0
}

// Needed returns how many consents a step needs that is proposed now, of how many full
// members. Resignations that aren't part of a step yet are counted out, as a proposal does.
func (c *Charter) Needed() (consents, members int) {
	if t := c.tip(); t != nil {
		members = t.full - len(c.resignations())
		return t.threshold.Needed(members), members
	}
	return 0, 0
}

// InvitesAllowed returns how many open prospective members one member may have invited.
func (c *Charter) InvitesAllowed() int {
	if t := c.tip(); t != nil {
		return t.invites
	}
	return 0
}

// Founder returns who founded the space.
func (c *Charter) Founder() MemberID {
	if t := c.tip(); t != nil {
		return t.members.get(t.founder).id
	}
	return MemberID{}
}

// FoundingDevice returns the device that fills the founding seats: the one from which the
// founder consents. Zero while the genesis isn't here, or if the founder has none or has left.
func (c *Charter) FoundingDevice() entry.Device {
	if t := c.tip(); t != nil {
		if who := c.all.person(t.founder); len(who.consents) == 1 && who.speaks(who.consents[0]) {
			return who.consents[0]
		}
	}
	return entry.Device{}
}

// Seats returns how many founding seats are filled, the founder's own included, out of how many.
func (c *Charter) Seats() (filled, total int) {
	if t := c.tip(); t != nil {
		return t.seats, t.founding.Seats
	}
	return 0, 0
}

// FoundingOpen says whether the founding is open: the founder can fill seats, and an agreed
// step needs the founder's consent, too.
func (c *Charter) FoundingOpen() bool { return c.tip() != nil && c.tip().open() }

// Members returns everybody who is or was in the charter, in the order in which they came.
func (c *Charter) Members() []Member {
	people := c.people()
	members := make([]Member, len(people))
	for i, who := range people {
		members[i] = c.shown(who)
	}
	return members
}

// people returns everybody whom the accepted statements know, in the order in which they came.
func (c *Charter) people() []*person {
	t := c.tip()
	if t == nil {
		return nil
	}
	var all []*person
	t.members.each(func(_ int, s *seat) {
		all = append(all, c.all.person(s.number))
	})
	c.all.own.each(func(number int, _ *facts) {
		if t.members.get(number) == nil {
			all = append(all, c.all.person(number))
		}
	})
	slices.SortFunc(all, func(a, b *person) int {
		return cmp.Or(cmp.Compare(a.came(), b.came()), entry.ID(a.sinceStep()).Compare(entry.ID(b.sinceStep())), compareMembers(a.id, b.id))
	})
	return all
}

// came returns the depth of the step with which somebody became full, or after which they
// became prospective.
func (p *person) came() int {
	switch {
	case p.since != nil:
		return 2 * p.since.depth
	case p.joined != nil:
		return 2*p.joined.tip().depth + 1
	}
	return 0
}

func (p *person) sinceStep() StepID {
	if p.since != nil {
		return p.since.id
	}
	return StepID{}
}

// shown returns a person for a caller to keep.
func (c *Charter) shown(who *person) Member {
	m := Member{ID: who.id, Name: who.name, Chosen: who.name, Key: who.key, Standing: who.standing, Since: who.sinceStep()}
	named := c.called()[who.number]
	if named != nil { // else nothing accepted knows them
		m.Name, m.Chosen, m.Former = named.shown, named.chosen, named.former
	}
	for i := range who.devices {
		d := &who.devices[i]
		m.Devices = append(m.Devices, Device{Key: d.Key, Name: named.device(d), Retired: !who.speaks(d.Key), Consents: who.consentsBy(d.Key)})
	}
	if who.since != nil {
		m.SinceEntry = c.carriers()[who.since.id]
	} else if who.joined != nil {
		m.SinceEntry = who.joined.entry.ID()
	}
	if who.joined != nil {
		m.InvitedBy, m.answers = c.letIn(who)
	}
	return m
}

// letIn returns who has invited somebody, by a redemption that counts if there is one, and who answers for them. Whoever has read a redemption can
// say it again, with an invite of their own for the same key: for whom several have let in, all of these answer together, and none of them alone.
func (c *Charter) letIn(who *person) (by, answers MemberID) {
	first, counts := who.joined, c.all.redeems(who.joined)
	var all []MemberID
	for _, n := range c.all.own.get(who.number).list() {
		if n.said.Type != TypeProspective {
			continue
		}
		all = append(all, c.all.person(n.issuer).id)
		if is := c.all.redeems(n); is && (!counts || n.entry.ID().Compare(first.entry.ID()) < 0) {
			first, counts = n, true
		}
	}
	by = c.all.person(first.issuer).id
	slices.SortFunc(all, compareMembers)
	if all = slices.Compact(all); len(all) == 1 {
		return by, by
	}
	together := sha256.New()
	for _, m := range all {
		together.Write(m[:])
	}
	return by, MemberID(together.Sum(nil)[:len(by)])
}

// Member returns one member of the charter as it is now.
func (c *Charter) Member(id MemberID) (Member, bool) {
	if c.tip() != nil {
		if who := c.all.member(c.pool, id); who != nil {
			return c.shown(who), true
		}
	}
	return Member{}, false
}

// MemberOf returns who a device speaks for now.
func (c *Charter) MemberOf(device entry.Device) (Member, bool) {
	if c.tip() != nil {
		if who := c.all.speaker(c.pool, device); who != nil {
			return c.shown(who), true
		}
	}
	return Member{}, false
}

// OwnerOf returns whose a device is or was: also one that was retired, or whose member was
// removed, and also a member key. It is what such a device is told about itself.
func (c *Charter) OwnerOf(device entry.Device) (Member, bool) {
	if c.tip() != nil {
		if who := c.all.claimant(c.pool, device); who != nil {
			return c.shown(who), true
		}
		if who := c.all.holder(c.pool, device); who != nil {
			return c.shown(who), true
		}
	}
	return Member{}, false
}

// Knows says whether a device was ever in the charter, on any branch: those on the other
// side of a fork still bring its evidence in step. It is true of member keys as well, which
// sign what recovers a member.
func (c *Charter) Knows(device entry.Device) bool { return c.devices()[device] }

func (c *Charter) allDevices() map[entry.Device]bool {
	all := map[entry.Device]bool{}
	c.steps.each(func(_ StepID, s *step) {
		switch {
		case s.terms == nil:
			g := s.members.get(s.founder)
			all[g.key], all[g.device.Key] = true, true
		case s.terms.Seat != nil:
			all[s.terms.Seat.Redemption.Member], all[s.terms.Seat.Redemption.Device] = true, true
		case s.terms.Rekey != nil:
			all[s.terms.Rekey.Key], all[s.terms.Rekey.Device] = true, true
		}
	})
	c.nodes.each(func(_ entry.ID, n *node) {
		switch s := n.said; {
		case !n.sound():
		case s.New != nil:
			all[s.New.Key] = true
		case s.Joiner != nil:
			all[s.Joiner.Member], all[s.Joiner.Device] = true, true
		default:
			for _, l := range s.Live {
				all[l.Key] = true
			}
		}
	})
	return all
}

// Cut returns what is honoured of a device whose member was removed or resigned, that was
// retired, or that such a one added: only what is under each of the frontiers, and what other
// full members' entries stand on. It is false for a device of which all is honoured.
func (c *Charter) Cut(device entry.Device) ([]Frontier, bool) {
	cuts, ok := c.cuts()[device]
	return cuts, ok
}

func (c *Charter) allCuts() map[entry.Device][]Frontier {
	all := map[entry.Device][]Frontier{}
	for _, who := range c.people() {
		for _, d := range who.devices {
			if cuts := who.cuts(&d); len(cuts) > 0 {
				all[d.Key] = append(all[d.Key], cuts...)
			}
		}
	}
	for key, cuts := range all { // each once, in one order
		slices.SortFunc(cuts, compareFrontiers)
		all[key] = slices.CompactFunc(cuts, func(a, b Frontier) bool { return slices.Equal(a, b) })
	}
	return all
}

// CutsSince returns the devices of which something else is honoured now than old had it, sorted:
// documents that hold entries of theirs are to be judged again.
func (c *Charter) CutsSince(old *Charter) []entry.Device {
	was, is := old.cuts(), c.cuts()
	var devices []entry.Device
	for d, cuts := range is {
		if before, ok := was[d]; !ok || !slices.EqualFunc(before, cuts, func(a, b Frontier) bool { return slices.Equal(a, b) }) {
			devices = append(devices, d)
		}
	}
	for d := range was {
		if _, ok := is[d]; !ok {
			devices = append(devices, d)
		}
	}
	slices.SortFunc(devices, func(a, b entry.Device) int { return bytes.Compare(a[:], b[:]) })
	return devices
}

// Invited is an invite of a prospective member, and what became of it.
type Invited struct {
	Key     entry.Device
	By      MemberID
	Entry   entry.ID
	Expires uint64     // ms since 1970, 0 for never: a duty of who answers
	Revoked bool       // taken back, or whoever published it couldn't any more
	Used    []MemberID // several if the code was used in several partitions; sorted
}

// Invites returns all invites of prospective members, sorted by key.
func (c *Charter) Invites() []Invited {
	about := map[entry.Device][]*node{}
	c.all.invites.each(func(_ int, f *facts) {
		for _, n := range f.nodes {
			about[n.said.Invite] = append(about[n.said.Invite], n)
		}
	})
	all := make([]Invited, 0, len(about))
	for key, nodes := range about {
		all = append(all, c.invited(key, nodes))
	}
	slices.SortFunc(all, func(a, b Invited) int { return bytes.Compare(a.Key[:], b.Key[:]) })
	return all
}

// InviteOf returns the invite of a prospective member that has this key. ok is false if there is none.
func (c *Charter) InviteOf(key entry.Device) (i Invited, ok bool) {
	var issuers []int
	var about []*node
	for _, part := range c.pool.partsOf(key) {
		n := part.node
		if part.what != partInvite || n == nil || !c.all.in(n) || slices.Contains(issuers, n.member) {
			continue
		}
		issuers = append(issuers, n.member)
		for _, n := range c.all.invites.get(n.member).list() {
			if n.said.Invite == key {
				about = append(about, n)
			}
		}
	}
	if len(about) == 0 {
		return i, false
	}
	return c.invited(key, about), true
}

// invited is what some statements say of an invite.
func (c *Charter) invited(key entry.Device, about []*node) Invited {
	i, back := Invited{Key: key, Revoked: true}, false
	for _, n := range about {
		switch n.said.Type {
		case TypeInvite:
			i.Revoked = i.Revoked && !c.all.honours(n)
			if id := n.entry.ID(); i.Entry.IsZero() || id.Compare(i.Entry) < 0 {
				i.By, i.Entry, i.Expires = n.id, id, n.said.Expires
			}
		case TypeRevoke:
			back = true
		case TypeProspective:
			if !slices.Contains(i.Used, n.id) {
				i.Used = append(i.Used, n.id)
			}
		}
	}
	i.Revoked = i.Revoked || back
	slices.SortFunc(i.Used, compareMembers)
	return i
}
