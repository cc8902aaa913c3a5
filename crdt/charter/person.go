package charter

import (
	"cmp"
	"slices"
	"sync/atomic"

	"kith/crdt/entry"
)

// person is a member as some past knows them: what the chain says and, on top, what they and
// their devices said. It never changes.
//
// What counts of that (docs/CHARTER.md, "Devices"): after an agreed new key only what has that
// step in its past; after a statement by the member key only what has it in its past. Of
// several such statements, none in the past of another, all count: a device must be live in
// each of them.
type person struct {
	number   int
	id       MemberID
	name     string
	key      entry.Device
	standing Standing
	since    *step // nil for who is prospective
	joined   *node // the redemption of a prospective member
	devices  []device
	consents []entry.Device // that may consent: mostly one, several after moves beside each other
	own      int            // how many statements of their devices about each other count
}

// device is one of a person's, as the same past knows it.
type device struct {
	NewDevice
	certified bool // as things are, though it may be retired
	live      bool
	silencers []*node    // why it isn't live, as far as the person said so
	cuts      []Frontier // what of it is honoured: only what is under each of them
}

func (p *person) device(key entry.Device) *device {
	for i := range p.devices {
		if p.devices[i].Key == key {
			return &p.devices[i]
		}
	}
	return nil
}

// speaks says whether a device may speak for the person.
func (p *person) speaks(key entry.Device) bool {
	d := p.device(key)
	return d != nil && d.live && p.here()
}

// here says whether they are in: neither removed nor resigned.
func (p *person) here() bool { return p.standing == Full || p.standing == Prospective }

// memo keeps what was derived last, for one seat.
type memo struct{ last atomic.Pointer[derived] }

type derived struct {
	seat *seat
	who  *person
}

func (m *memo) derived(s *seat, nodes []*node) *person {
	if d := m.last.Load(); d != nil && d.seat == s {
		return d.who
	}
	d := &derived{s, derive(s, nodes)}
	m.last.Store(d)
	return d.who
}

// derivation is a person under construction.
type derivation struct {
	*person
	seat   *seat   // nil for who is prospective
	keys   []*node // statements by the member key, none in the past of another
	counts []*node // what counts besides
	bases  []entry.Device
}

// derive computes a person from what the chain says, which may be nothing, and their own
// statements, each after those in its past.
func derive(s *seat, nodes []*node) *person {
	d := &derivation{person: &person{}, seat: s}
	d.begin(nodes)
	d.sort(nodes)
	d.certify()
	d.retire()
	d.leave()
	d.choose()
	return d.person
}

// replaced says whether an agreed new key has done away with a statement.
func (d *derivation) replaced(n *node) bool {
	return d.seat != nil && d.seat.rekeyed != nil && !n.after.step.reaches(d.seat.rekeyed)
}

// begin sets who it is, and all devices that they ever claimed.
func (d *derivation) begin(nodes []*node) {
	if s := d.seat; s != nil {
		d.number, d.id, d.name, d.key, d.standing, d.since = s.number, s.id, s.name, s.key, s.standing, s.since
		for _, f := range s.former {
			d.claim(f)
		}
		if s.device.Key != (entry.Device{}) {
			d.claim(s.device)
			d.bases = append(d.bases, s.device.Key)
		}
	} else {
		d.standing = Prospective
	}
	inOrder := slices.Clone(nodes) // for people; their order in the pool is an accident
	slices.SortFunc(inOrder, func(a, b *node) int {
		return cmp.Or(cmp.Compare(a.tip().depth, b.tip().depth), a.entry.ID().Compare(b.entry.ID()))
	})
	for _, n := range inOrder {
		switch s := n.said; s.Type {
		case TypeProspective:
			first := NewDevice{Key: s.Joiner.Device, Name: s.Joiner.DeviceName}
			d.claim(first)
			if !d.replaced(n) && !slices.Contains(d.bases, first.Key) {
				d.bases = append(d.bases, first.Key)
			}
			// The same redemption countersigned twice gives one name; other names sort.
			if d.joined == nil || n.entry.ID().Compare(d.joined.entry.ID()) < 0 {
				d.joined = n
			}
		case TypeCertify:
			d.claim(*s.New)
		case TypeRecover:
			for _, l := range s.Live {
				d.claim(l)
			}
		}
	}
	if j := d.joined; j != nil && d.key == (entry.Device{}) {
		d.number, d.id, d.name, d.key = j.member, j.id, j.said.Joiner.Name, j.said.Joiner.Member
	}
}

func (d *derivation) claim(n NewDevice) {
	if d.device(n.Key) == nil {
		d.devices = append(d.devices, device{NewDevice: n})
	}
}

// sort finds the statements that count.
func (d *derivation) sort(nodes []*node) {
	var left []*node
	for _, n := range nodes {
		if !d.replaced(n) {
			left = append(left, n)
		}
	}
	d.keys = newest(left, TypeRecover)
	for _, n := range left {
		if n.said.Type != TypeRecover && !slices.ContainsFunc(d.keys, func(k *node) bool { return !n.knows(k) }) {
			d.counts = append(d.counts, n)
			if n.said.Type != TypeProspective {
				d.own++
			}
		}
	}
}

// newest returns the statements of a type that no other of them knows. Each comes after those in
// its past, so going back, only those found already can know one.
func newest(nodes []*node, what Type) (found []*node) {
	for _, n := range slices.Backward(nodes) {
		if n.said.Type == what && !slices.ContainsFunc(found, func(o *node) bool { return o.knows(n) }) {
			found = append(found, n)
		}
	}
	return found
}

// certify finds the devices that are certified: those that the chain or all statements by the
// member key name, and those added by one of them, unless a retirement of that one didn't
// know of it.
func (d *derivation) certify() {
	for i := range d.devices {
		key := d.devices[i].Key
		if len(d.keys) == 0 {
			d.devices[i].certified = slices.Contains(d.bases, key)
			continue
		}
		d.devices[i].certified = !slices.ContainsFunc(d.keys, func(k *node) bool { return !k.lists(key) })
	}
	for _, n := range d.counts { // each after those in its past
		if n.said.Type != TypeCertify {
			continue
		}
		by, new := d.device(n.entry.Device), d.device(n.said.New.Key)
		if by == nil {
			continue
		}
		if !by.certified { // what silences it silences what it added
			if !new.certified {
				new.silencers = append(new.silencers, by.silencers...)
			}
			continue
		}
		beyond := d.retirements(by.Key, func(r *node) bool { return !r.knows(n) })
		if len(beyond) == 0 {
			new.certified = true
		} else if !new.certified {
			new.silencers = append(new.silencers, beyond...)
		}
	}
	for i := range d.devices {
		if d.devices[i].certified {
			d.devices[i].silencers = nil // added by one who wasn't retired, too
		}
	}
}

// lists says whether a statement by the member key has a device as live.
func (n *node) lists(key entry.Device) bool {
	return slices.ContainsFunc(n.said.Live, func(l NewDevice) bool { return l.Key == key })
}

// retirements returns the retirements of a device that count, and match.
func (d *derivation) retirements(key entry.Device, match func(*node) bool) (all []*node) {
	for _, n := range d.counts {
		if n.said.Type == TypeRetire && n.said.Device == key && match(n) {
			all = append(all, n)
		}
	}
	return all
}

// retire says which devices are live, and what is honoured of the others.
func (d *derivation) retire() {
	for i := range d.devices {
		dev := &d.devices[i]
		retired := d.retirements(dev.Key, func(*node) bool { return true })
		dev.live = dev.certified && len(retired) == 0
		for _, r := range retired {
			dev.silence(r, r.said.Frontier)
		}
		if dev.certified {
			continue
		}
		if len(dev.silencers) > len(retired) {
			dev.cuts = append(dev.cuts, nil) // added beyond the retirement of who added it
		}
		for _, k := range d.keys {
			if !k.lists(dev.Key) {
				dev.silence(k, frontierOf(k.said.Lists, dev.Key))
			}
		}
		if s := d.seat; s != nil && s.rekeyed != nil {
			dev.cuts = append(dev.cuts, frontierOf(s.rekeyed.terms.Frontiers, dev.Key))
		}
		if len(dev.cuts) == 0 {
			dev.cuts = append(dev.cuts, nil)
		}
	}
}

func (d *device) silence(by *node, honoured Frontier) {
	d.silencers = append(d.silencers, by)
	d.cuts = append(d.cuts, honoured)
}

// leave sees to resignation and removal.
func (d *derivation) leave() {
	for _, n := range d.counts {
		if n.said.Type != TypeResign {
			continue
		}
		if d.here() {
			d.standing = Resigned
		}
		for i := range d.devices {
			d.devices[i].silence(n, frontierOf(n.said.Lists, d.devices[i].Key))
		}
	}
	if d.seat != nil && d.seat.standing == Removed {
		for i := range d.devices {
			d.devices[i].cuts = append(d.devices[i].cuts, frontierOf(d.seat.ended.terms.Frontiers, d.devices[i].Key))
		}
	}
}

// choose finds the devices that may consent: the first one, the first that the member key
// lists, or where the consents were moved to.
func (d *derivation) choose() {
	chosen := d.bases
	if moves := newest(d.counts, TypeMove); len(moves) > 0 {
		chosen = nil
		for _, n := range moves {
			chosen = append(chosen, n.said.Device)
		}
	} else if len(d.keys) > 0 {
		chosen = nil
		for _, k := range d.keys {
			chosen = append(chosen, k.said.Live[0].Key)
		}
	}
	for _, key := range chosen {
		if dev := d.device(key); dev != nil && dev.live && !slices.Contains(d.consents, key) {
			d.consents = append(d.consents, key)
		}
	}
}

// consentsBy says whether a device is the one of the person that consents.
func (p *person) consentsBy(key entry.Device) bool {
	return len(p.consents) == 1 && p.consents[0] == key
}
