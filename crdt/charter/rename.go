package charter

import (
	"cmp"
	"slices"
	"strings"

	"kith/crdt/entry"
	"kith/crdt/problem"
)

// What people and devices are called. It is asked of all accepted statements together, and no past knows it: nothing
// that a statement or a document is judged by hangs on a name. docs/CHARTER.md, "Names".

// MaxRenames bounds how often one member can change their name and those of their devices, all together.
const MaxRenames = 100

// ErrRenamed says that a member has used up MaxRenames.
var ErrRenamed = problem.New(problem.Limit, "kith member show me", "you have changed your name and those of your devices %d times, and it can't be more", MaxRenames)

type wireRename struct {
	_      struct{} `cbor:",toarray"`
	Type   Type
	Device []byte
	Name   string
}

func (s *Statement) readRename(payload []byte) error {
	var w wireRename
	if err := readExactly(payload, &w, "rename"); err != nil {
		return err
	}
	s.Name = w.Name
	if len(w.Device) > 0 {
		if err := fill(s.Device[:], w.Device, "device"); err != nil {
			return err
		}
		if s.Device == (entry.Device{}) {
			return malformed("the device is zero")
		}
	}
	return checkName(w.Name)
}

// rename judges one: of themselves, or of a device that was ever theirs.
func (t *trial) rename() string {
	switch {
	case t.said.Device != entry.Device{} && t.who.device(t.said.Device) == nil:
		return whyNotOwn
	case len(t.who.renames) >= MaxRenames:
		return whyRenamed
	}
	t.node.nth = t.who.nth + 1
	return ""
}

// Rename says what the member of a device is called from now on. The error is a *NameError, or a *NameTakenError
// if somebody else has or had a name that looks like it.
func (c *Charter) Rename(by entry.Device, name string) ([]byte, error) {
	name, err := CleanName(name)
	if err != nil {
		return nil, err
	}
	if m, ok := c.MemberOf(by); ok {
		if m.Chosen == name {
			return nil, ErrNoChange
		}
		if err := c.nameFree(name, m.ID); err != nil {
			return nil, err
		}
	}
	return c.say(by, Statement{Type: TypeRename, Name: name})
}

// RenameDevice says what a device of one's own is called from now on. Two may have one name.
func (c *Charter) RenameDevice(by, device entry.Device, name string) ([]byte, error) {
	name, err := CleanName(name)
	if err != nil {
		return nil, err
	}
	if m, ok := c.MemberOf(by); ok && slices.ContainsFunc(m.Devices, func(d Device) bool { return d.Key == device && d.Name == name }) {
		return nil, ErrNoChange
	}
	return c.say(by, Statement{Type: TypeRename, Device: device, Name: name})
}

// called is what somebody is called.
type called struct {
	came    looks // by the name with which they came
	chosen  string
	shown   string
	former  []FormerName
	devices map[entry.Device]string // of those that were renamed
}

// device is what one is called.
func (n *called) device(d *device) string {
	if n != nil {
		if name, ok := n.devices[d.Key]; ok {
			return name
		}
	}
	return d.Name
}

func (c *Charter) allCalled() map[int]*called {
	people := c.people()
	all := make(map[int]*called, len(people))
	for _, who := range people {
		n := &called{came: c.pool.looksOf(who.name), chosen: who.name}
		for _, r := range c.renames(who) {
			switch d := r.said.Device; {
			case d == entry.Device{}:
				n.former = append(n.former, FormerName{n.chosen, r.entry.ID()})
				n.chosen = r.said.Name
			default:
				if n.devices == nil {
					n.devices = map[entry.Device]string{}
				}
				n.devices[d] = r.said.Name
			}
		}
		n.shown = n.chosen
		all[who.number] = n
	}
	c.tellApart(people, all)
	return all
}

// renames returns somebody's renames that hold, at most MaxRenames, the newest last.
func (c *Charter) renames(who *person) []*node {
	if len(who.renames) == 0 || who.lapsed && who.standing == Removed {
		return nil
	}
	left := who.left // what took their word, and must have known what they said before
	if s := who.seat; s != nil && s.resignation != nil {
		left = left.with(s.resignation)
	}
	if s := who.seat; s != nil && s.standing == Removed {
		c.nodes.each(func(_ entry.ID, n *node) {
			if n.sound() && n.carries == s.ended && c.placed(n.tip()) == Accepted {
				left = left.with(n)
			}
		})
	}
	held := slices.DeleteFunc(slices.Clone(who.renames), left.cut)
	slices.SortFunc(held, func(a, b *node) int {
		return cmp.Or(cmp.Compare(a.nth, b.nth), cmp.Compare(a.tip().depth, b.tip().depth), b.entry.ID().Compare(a.entry.ID()))
	})
	return held[max(0, len(held)-MaxRenames):] // what is said beside each other may be any number
}

// idMark is how the start of an ID begins behind a name; a name that holds it reads as if it had one.
const idMark = "(m-"

var idMarkSkeleton = skeleton(idMark)

// tellApart shows names with the start of an ID that look like those of others. Nobody whose name was theirs first is
// shown so because somebody else takes it.
func (c *Charter) tellApart(people []*person, all map[int]*called) {
	claims := map[string]*claim{}
	for i, who := range people {
		n := all[who.number]
		taken := []looks{n.came}
		if len(n.former) > 0 {
			for _, f := range n.former[1:] {
				taken = append(taken, c.pool.looksOf(f.Name))
			}
			taken = append(taken, c.pool.looksOf(n.chosen))
		}
		for j, l := range taken {
			for _, key := range l.given() {
				k := claims[key]
				if k == nil {
					k = &claim{came: len(people), of: i}
					claims[key] = k
				}
				k.several = k.several || k.of != i
				if j == 0 {
					k.came = min(k.came, i)
				}
			}
		}
	}
	var starts []string
	for i, who := range people {
		n := all[who.number]
		own, renamed := c.pool.looksOf(n.chosen), len(n.former) > 0
		apart := strings.Contains(own.folded, idMarkSkeleton)
		for _, key := range own.asked() {
			if k := claims[key]; k != nil {
				apart = apart || k.came < i || renamed && (k.several || k.of != i)
			}
		}
		if apart {
			if starts == nil {
				starts = sortedIDs(people)
			}
			n.shown += " (" + startOf(who.id.String(), starts) + ")"
		}
	}
}

// claim is who took names that look alike: those under one key of looks.
type claim struct {
	came    int  // of people, the first who came with one
	of      int  // the first who took one
	several bool // somebody else did, too
}

func sortedIDs(people []*person) []string {
	ids := make([]string, len(people))
	for i, who := range people {
		ids[i] = who.id.String()
	}
	slices.Sort(ids)
	return ids
}

// startOf is the start of a member's ID, of 4 letters or more, that no other's has. Of sorted IDs only those beside it can have more in common with it.
func startOf(id string, ids []string) string {
	at, _ := slices.BinarySearch(ids, id)
	n := len("m-") + 4
	for _, other := range slices.Concat(ids[max(0, at-1):at], ids[at+1:min(len(ids), at+2)]) {
		for n < len(id) && strings.HasPrefix(other, id[:n]) {
			n++
		}
	}
	return id[:n]
}

// given and asked are keys: a name looks like another if one of those that it asks for is one of those that the other gives. What has no marks looks
// like what has the same letters with any, and what has some only like itself and what has none.
func (a looks) given() []string {
	keys := []string{"p" + a.plain, "f" + a.folded, "b" + a.bare}
	if a.unmarked {
		keys = append(keys, "u"+a.bare)
	}
	return keys
}

func (a looks) asked() []string {
	bare := "u"
	if a.unmarked {
		bare = "b"
	}
	return []string{"p" + a.plain, "f" + a.folded, bare + a.bare}
}

// looksOf is looksOf, remembered.
func (p *pool) looksOf(name string) looks {
	if l, ok := p.looks.Load(name); ok {
		return l.(looks)
	}
	l := looksOf(name)
	p.looks.Store(name, l)
	return l
}

// nameFree says whether nobody but one member has, or had, a name that looks like this one; the error is a
// *NameTakenError.
func (c *Charter) nameFree(name string, but MemberID) error {
	wanted := looksOf(name)
	for _, who := range c.people() {
		if who.id == but {
			continue
		}
		n := c.called()[who.number]
		if wanted.like(c.pool.looksOf(n.chosen)) {
			return &NameTakenError{Name: name, By: n.chosen}
		}
		for _, f := range n.former {
			if wanted.like(c.pool.looksOf(f.Name)) {
				return &NameTakenError{Name: name, By: f.Name, Former: true}
			}
		}
	}
	return nil
}
