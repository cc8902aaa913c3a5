package charter

import (
	"cmp"
	"maps"
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
	name     string // with which they came
	key      entry.Device
	standing Standing
	since    *step // nil for who is prospective
	joined   *node // the redemption of a prospective member
	devices  []device
	consents []entry.Device // that may consent: mostly one, several after moves beside each other
	own      int            // how many statements of their devices about each other count
	listed   int            // how many devices the member key ever listed
	renames  []*node        // that count
	nth      int            // the highest number of a rename of theirs

	seat     *seat                // nil for who has no place in the chain
	places   map[entry.Device]int // in devices
	keys     []*node              // statements by the member key that count, none in the past of another
	resigned []*node              // resignations that hold
	left     ends                 // these
	lapsed   bool                 // came in by redemptions of which none counts any more
}

// device is one of a person's, as the same past knows it.
type device struct {
	NewDevice
	certified bool    // as things are, though it may be retired
	live      bool    // certified and not retired
	retired   []*node // the retirements of it that count
	ended     ends    // these and, if it isn't certified, what the member key said without listing it
}

// ends are statements that took somebody's word: of what that says, counts what each of them knows. There can be thousands, and as much that
// is held against them.
type ends struct {
	some bool
	know trie[int] // what all of them know, see known.has
}

func (e ends) with(n *node) ends {
	if !e.some {
		return ends{true, n.after.has}
	}
	return ends{true, e.know.common(n.after.has, minOf)}
}

func minOf(a, b int) int { return min(a, b) }

// cut says whether one of them doesn't know a statement, which is none of them.
func (e ends) cut(n *node) bool { return e.some && e.know.get(n.line) < n.place }

func (p *person) device(key entry.Device) *device {
	if i, ok := p.places[key]; ok {
		return &p.devices[i]
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

// cut says whether something ended a statement's device that didn't know of the statement. Whatever
// such a device says as of before comes too late.
func (p *person) cut(n *node) bool {
	d := p.device(n.entry.Device)
	if d == nil {
		return true
	}
	if !d.certified && len(p.keys) == 0 && !p.seat.replaced(n) {
		return true // it was added beyond the retirement of another, and so was all that it said
	}
	return d.ended.cut(n)
}

// silenced is cut, with regard to resignations as well.
func (p *person) silenced(n *node) bool {
	return p.cut(n) || p.left.cut(n)
}

// cuts returns what is honoured of a device, if not all is: only what is under each of the frontiers.
func (p *person) cuts(d *device) (all []Frontier) {
	for _, r := range d.retired {
		all = append(all, r.said.Frontier)
	}
	switch {
	case d.certified:
	case len(p.keys) > 0: // they leave it out, also one that was in use since an agreed new key
		for _, k := range p.keys {
			if !k.lists(d.Key) {
				all = append(all, frontierOf(k.said.Lists, d.Key))
			}
		}
	case p.seat != nil && p.seat.rekeyed != nil:
		all = append(all, frontierOf(p.seat.rekeyed.terms.Frontiers, d.Key))
	default:
		all = append(all, nil) // added beyond the retirement of who added it
	}
	for _, r := range p.resigned {
		all = append(all, frontierOf(r.said.Lists, d.Key))
	}
	if s := p.seat; s != nil {
		if s.resignation != nil && !slices.Contains(p.resigned, s.resignation) { // the phrase overruled it too late
			all = append(all, frontierOf(s.resignation.said.Lists, d.Key))
		}
		if s.standing == Removed {
			all = append(all, frontierOf(s.ended.terms.Frontiers, d.Key))
		}
	}
	if p.lapsed {
		all = append(all, nil)
	}
	return all
}

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
	counts []*node // what counts besides keys
	bases  []entry.Device
}

// derive computes a person from what the chain says, which may be nothing, and their own
// statements, each after those in its past.
func derive(s *seat, nodes []*node) *person {
	d := &derivation{person: &person{seat: s, places: map[entry.Device]int{}}}
	d.begin(nodes)
	d.sort(nodes)
	d.certify()
	d.rename(nodes)
	d.leave()
	d.choose()
	return d.person
}

// replaced says whether an agreed new key has done away with a statement.
func (s *seat) replaced(n *node) bool {
	return s != nil && s.rekeyed != nil && !n.after.step.reaches(s.rekeyed)
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
	inOrder := slices.Clone(nodes)
	slices.SortFunc(inOrder, byAge)
	listed := map[entry.Device]bool{}
	for _, n := range inOrder {
		switch s := n.said; s.Type {
		case TypeProspective:
			first := NewDevice{Key: s.Joiner.Device, Name: s.Joiner.DeviceName}
			d.claim(first)
			if !d.seat.replaced(n) && !slices.Contains(d.bases, first.Key) {
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
				listed[l.Key] = true
			}
		}
	}
	d.listed = len(listed)
	if j := d.joined; j != nil && d.key == (entry.Device{}) {
		d.number, d.id, d.name, d.key = j.member, j.id, j.said.Joiner.Name, j.said.Joiner.Member
	}
}

func (d *derivation) claim(n NewDevice) {
	if _, known := d.places[n.Key]; !known {
		d.places[n.Key] = len(d.devices)
		d.devices = append(d.devices, device{NewDevice: n})
	}
}

// sort finds the statements that count.
func (d *derivation) sort(nodes []*node) {
	var left []*node
	for _, n := range nodes {
		if !d.seat.replaced(n) {
			left = append(left, n)
		}
	}
	d.keys = newest(left, TypeRecover)
	for _, n := range left {
		if n.said.Type != TypeRecover && !slices.ContainsFunc(d.keys, func(k *node) bool { return !n.knows(k) }) {
			d.counts = append(d.counts, n)
			if n.said.Type != TypeProspective && n.said.Type != TypeRename {
				d.own++
			}
		}
	}
}

// newest returns the statements of a type that no other of them knows. Each comes after those in
// its past, so going back, only those found already can know one.
func newest(nodes []*node, what Type) (found []*node) {
	var all trie[int] // that those found know, see known.has
	for _, n := range slices.Backward(nodes) {
		if n.said.Type == what && all.get(n.line) < n.place {
			found = append(found, n)
			all = all.union(n.after.has, maxOf)
		}
	}
	return found
}

// certify finds the devices that are certified, and those of them that are live. Certified is the least
// set that holds the devices which the chain or all statements by the member key name, and with a
// device also those that it added, unless a retirement of it doesn't know of that.
func (d *derivation) certify() {
	added := map[entry.Device][]*node{} // certificates, by who signed them
	for _, n := range d.certificates() {
		added[n.entry.Device] = append(added[n.entry.Device], n)
	}
	for _, n := range d.counts {
		if n.said.Type == TypeRetire {
			dev := d.device(n.said.Device)
			dev.retired, dev.ended = append(dev.retired, n), dev.ended.with(n)
		}
	}
	var todo []*device
	certify := func(key entry.Device) {
		if dev := d.device(key); !dev.certified {
			dev.certified = true
			todo = append(todo, dev)
		}
	}
	for _, key := range d.first() {
		certify(key)
	}
	for len(todo) > 0 {
		by := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, n := range added[by.Key] {
			if !by.ended.cut(n) {
				certify(n.said.New.Key)
			}
		}
	}
	for i := range d.devices {
		dev := &d.devices[i]
		dev.live = dev.certified && len(dev.retired) == 0
		for _, k := range d.keys {
			if !dev.certified && !k.lists(dev.Key) {
				dev.ended = dev.ended.with(k)
			}
		}
	}
}

// certificates returns those that count. Beside each other any number can be said, and each device would bring in as many again: of more than
// MaxDevices keys those count that were named first.
func (d *derivation) certificates() []*node {
	all := slices.DeleteFunc(slices.Clone(d.counts), func(n *node) bool { return n.said.Type != TypeCertify })
	if len(all) <= MaxDevices {
		return all
	}
	slices.SortFunc(all, byAge)
	named := map[entry.Device]bool{}
	return slices.DeleteFunc(all, func(n *node) bool {
		key := n.said.New.Key
		if !named[key] && len(named) < MaxDevices {
			named[key] = true
		}
		return !named[key]
	})
}

// byAge is the order in which people see what is said beside each other; that in the pool is an accident.
func byAge(a, b *node) int {
	return cmp.Or(cmp.Compare(a.tip().depth, b.tip().depth), a.entry.ID().Compare(b.entry.ID()))
}

// first returns the devices that need no other to certify them.
func (d *derivation) first() []entry.Device {
	if len(d.keys) == 0 {
		return d.bases
	}
	listed := map[entry.Device]int{} // by how many of the statements by the member key
	for _, k := range d.keys {
		for i := range k.said.Live {
			listed[k.said.Live[i].Key]++
		}
	}
	maps.DeleteFunc(listed, func(_ entry.Device, by int) bool { return by < len(d.keys) })
	return slices.Collect(maps.Keys(listed))
}

// lists says whether a statement by the member key has a device as live.
func (n *node) lists(key entry.Device) bool {
	return slices.ContainsFunc(n.said.Live, func(l NewDevice) bool { return l.Key == key })
}

// leave sees to resignations.
func (d *derivation) leave() {
	for _, n := range d.counts {
		if n.said.Type == TypeResign && !d.cut(n) {
			d.resigned, d.left = append(d.resigned, n), d.left.with(n)
		}
	}
	if len(d.resigned) > 0 && d.here() {
		d.standing = Resigned
	}
}

// rename finds which of their renames count: the phrase beats who had a device, and leaves what it knew of.
func (d *derivation) rename(nodes []*node) {
	for _, n := range nodes {
		d.nth = max(d.nth, n.nth)
		if n.said.Type == TypeRename && !d.seat.replaced(n) && !d.cut(n) {
			d.renames = append(d.renames, n)
		}
	}
}

// choose finds the devices that may consent: the first one, the first that the member key
// lists, or where the consents were moved to.
func (d *derivation) choose() {
	moves := newest(slices.DeleteFunc(slices.Clone(d.counts), d.cut), TypeMove)
	chosen := d.bases
	switch {
	case len(moves) > 0:
		chosen = nil
		for _, n := range moves {
			chosen = append(chosen, n.said.Device)
		}
	case len(d.keys) > 0:
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
