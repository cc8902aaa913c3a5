package charter

import (
	"slices"

	"kith/crdt/entry"
)

// Origin says how a device came to its member.
type Origin struct {
	By     entry.Device // the device that added it; zero for one that came with the member or with a new key
	Phrase bool         // the member key listed it: somebody had the recovery phrase
	Entry  entry.ID     // the statement that says so; zero if a step of the chain does
}

// Origin returns how a device came to its member, of several statements by the one with the lowest
// ID. It is false for a device that nobody ever claimed, or two members did.
func (c *Charter) Origin(device entry.Device) (Origin, bool) {
	if c.tip() == nil {
		return Origin{}, false
	}
	who := c.all.claimant(c.pool, device)
	if who == nil {
		return Origin{}, false
	}
	var first *node
	for _, n := range c.all.own.get(who.number).list() {
		lists := func(l NewDevice) bool { return l.Key == device && l.Accepted != [64]byte{} }
		names := n.said.Type == TypeCertify && n.said.New.Key == device || slices.ContainsFunc(n.said.Live, lists)
		if names && (first == nil || n.entry.ID().Compare(first.entry.ID()) < 0) {
			first = n
		}
	}
	switch {
	case first == nil:
		return Origin{}, true
	case first.said.Type == TypeRecover:
		return Origin{Phrase: true, Entry: first.entry.ID()}, true
	}
	return Origin{By: first.entry.Device, Entry: first.entry.ID()}, true
}

// RetiredBy returns the frontiers of those retirements of a device that its member's devices made
// and that count, and what an agreed new key left of it: as Cut, without what the member key said and
// what ended a membership.
func (c *Charter) RetiredBy(device entry.Device) (honoured []Frontier, ok bool) {
	if c.tip() == nil {
		return nil, false
	}
	who := c.all.claimant(c.pool, device)
	if who == nil {
		return nil, false
	}
	d := who.device(device)
	for _, n := range d.retired {
		honoured = append(honoured, n.said.Frontier)
	}
	var before []DeviceFrontier // that an agreed new key took out of use
	if who.seat != nil && who.seat.rekeyed != nil {
		before = who.seat.rekeyed.terms.Frontiers
	}
	switch named := slices.ContainsFunc(before, func(f DeviceFrontier) bool { return f.Device == device }); {
	case d.certified:
	case named, len(who.keys) == 0: // else beyond the retirement of who added it
		honoured = append(honoured, frontierOf(before, device))
	}
	return honoured, len(honoured) > 0
}

// MemberKey returns whose member key this is now: the member whose recovery phrase gives it. It is
// false for one that was replaced, or that two members have.
func (c *Charter) MemberKey(key entry.Device) (Member, bool) {
	if c.tip() != nil {
		if who := c.all.holder(c.pool, key); who != nil {
			return c.shown(who), true
		}
	}
	return Member{}, false
}

// WasMemberKey says whether a key is, or ever was, the member key of somebody: it signs, and is no
// device's.
func (c *Charter) WasMemberKey(key entry.Device) bool {
	return slices.ContainsFunc(c.pool.partsOf(key), func(p part) bool { return p.what == partMemberKey })
}

// EncodeFrontiers returns frontiers as statements hold them.
func EncodeFrontiers(list []DeviceFrontier) ([]byte, error) {
	return encoding.Marshal(wireFrontiers(Frontiers(list)))
}

// DecodeFrontiers reads what EncodeFrontiers writes. The error is a *StatementError.
func DecodeFrontiers(b []byte) ([]DeviceFrontier, error) {
	if len(b) > MaxStatement {
		return nil, malformed("frontiers of %d bytes, the limit is %d", len(b), MaxStatement)
	}
	var w []wireFrontier
	if err := readExactly(b, &w, "frontiers"); err != nil {
		return nil, err
	}
	return readFrontiers(w)
}

// DeviceAccepts says whether a device has agreed to belong to a member key.
func DeviceAccepts(space entry.SpaceID, memberKey entry.Device, d NewDevice) bool {
	return entry.VerifySignature(d.Key, entry.DomainDevice, certificateMessage(space, memberKey), d.Accepted)
}
