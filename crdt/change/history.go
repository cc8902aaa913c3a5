package change

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
)

// History is what is known of one document: enough to check the next change against its past.
// It keeps for each operation where it worked, and values for map keys alone: about 12 bytes an
// operation, 110 a change, and for each write to a map key 40 with its value.
//
// Check first, then Add. A History is not safe for concurrent use, not even by readers.
type History struct {
	index   map[uint64]uint32 // by the first bytes of the hash
	others  map[Hash]uint32   // those with the first bytes of another; somebody took pains
	changes []record
	deps    []uint32 // of all changes, one after the other
	heads   []uint32 // in no order; record.head is the place here, plus one
	actors  []actorRecord
	actorAt map[Actor]uint32
	maxOp   uint64

	ops      []place // of all changes, one after the other
	objects  []object
	objectAt map[uint32]uint32 // by the operation that made it; the root isn't there
	slots    []slot
	slotAt   map[slotKey]uint32

	tips    []tip
	scratch []uint64
	draft   draft
}

// record is one change. Places of changes, operations, objects and slots are 32-bit numbers, in
// the order in which they came.
type record struct {
	hash    Hash
	time    int64
	actor   uint32
	seq     uint32
	startOp uint32
	ops     uint32 // how many
	firstOp uint32
	firstTo uint32 // its first dependency, in History.deps
	head    uint32 // place in History.heads plus one; 0 if something stands on it
	deps    uint16 // how many
	full    bool   // everything that came before is in its past
	tip     bool   // its past is in History.tips
}

func (r *record) maxOp() uint64 { return uint64(r.startOp) + uint64(r.ops) - 1 }

type actorRecord struct {
	actor   Actor
	changes []uint32 // by sequence number, from 1
}

// place is where an operation worked, and what others may refer to it as.
type place struct {
	obj uint32
	at  uint32 // in a map the slot; in a list the operation that inserted the element
	is  kind
}

type kind uint8

const (
	isElement kind = 1 << iota // it inserted a list element or a mark
	isValue                    // it can be replaced: a scalar or an object
	isCounter                  // it can be incremented
	isMap                      // it is in a map
)

type object struct {
	made   uint32 // the operation that made it
	change uint32
	parent uint32
	slot   uint32 // in a map: the slot of its key
	elem   uint32 // in a list: the operation that inserted its element
	root   uint32 // the slot in the root object under which it lies
	typ    ObjType
	depth  uint8
	inMap  bool
}

type slotKey struct {
	obj uint32
	key string
}

// slot is a key of a map with all that was ever written to it.
type slot struct {
	key    string
	obj    uint32
	writes []write // in the order in which they came
}

type write struct {
	op          uint32
	action      Action
	overwritten bool
	kind        Kind // with num and str, the Value
	num         uint64
	str         string
}

func (w *write) value() Value { return Value{w.kind, w.num, w.str} }

// Object says what is known of an object: its type and where it was made.
type Object struct {
	ID      OpID
	Type    ObjType
	Parent  OpID   // the object it was made in
	InMap   bool   // Parent is a map
	Key     string // its key there
	Elem    OpID   // its element there, if it isn't
	RootKey string // the key of the root map under which it lies; "" for the root
	MadeBy  Hash   // the change that made it
	Depth   int    // 0 for the root
}

// Write is one operation on a key of a map.
type Write struct {
	Change      Hash
	ID          OpID
	Action      Action
	Value       Value // for Set and Increment
	Overwritten bool  // a later set, make or delete names it as replaced
}

// Info is what is kept of a change.
type Info struct {
	Hash    Hash
	Deps    []Hash // ascending
	Actor   Actor
	Seq     uint64
	StartOp uint64
	MaxOp   uint64
	Time    int64 // by the author's clock
}

// ErrKnown says that a change is already in the History.
var ErrKnown = errors.New("the change is already here")

// NewHistory returns the History of an empty document.
func NewHistory() *History {
	return &History{objects: []object{{typ: MapType}}}
}

// Has reports whether the change is here.
func (h *History) Has(hash Hash) bool {
	_, ok := h.at(hash)
	return ok
}

// at returns the place of a change.
func (h *History) at(hash Hash) (uint32, bool) {
	i, ok := h.index[binary.LittleEndian.Uint64(hash[:])]
	if ok && h.changes[i].hash != hash {
		i, ok = h.others[hash]
	}
	return i, ok
}

func (h *History) setAt(hash Hash, i uint32) {
	short := binary.LittleEndian.Uint64(hash[:])
	if _, taken := h.index[short]; taken {
		if h.others == nil {
			h.others = make(map[Hash]uint32)
		}
		h.others[hash] = i
		return
	}
	if h.index == nil {
		h.index = make(map[uint64]uint32)
	}
	h.index[short] = i
}

// Len returns the number of changes.
func (h *History) Len() int { return len(h.changes) }

// Ops returns the number of operations in all changes.
func (h *History) Ops() int { return len(h.ops) }

// MaxOp returns the highest operation counter of the document; 0 if it is empty.
func (h *History) MaxOp() uint64 { return h.maxOp }

// Seq returns the number of a's last change; 0 if a has made none.
func (h *History) Seq(a Actor) uint64 {
	if i, ok := h.actorAt[a]; ok {
		return uint64(len(h.actors[i].changes))
	}
	return 0
}

// Heads returns the changes on which nothing stands yet, ascending: the dependencies of the next
// change made on top of all.
func (h *History) Heads() []Hash {
	heads := make([]Hash, len(h.heads))
	for i, c := range h.heads {
		heads[i] = h.changes[c].hash
	}
	slices.SortFunc(heads, Hash.Compare)
	return heads
}

// Change returns what is kept of a change.
func (h *History) Change(hash Hash) (Info, bool) {
	i, ok := h.at(hash)
	if !ok {
		return Info{}, false
	}
	r := &h.changes[i]
	info := Info{
		Hash: hash, Actor: h.actors[r.actor].actor, Seq: uint64(r.seq),
		StartOp: uint64(r.startOp), MaxOp: r.maxOp(), Time: r.time,
	}
	for _, d := range h.depsOf(i) {
		info.Deps = append(info.Deps, h.changes[d].hash)
	}
	return info, true
}

// Object returns what is known of an object; the zero OpID is the root map.
func (h *History) Object(id OpID) (Object, bool) {
	if id.IsZero() {
		return Object{Type: MapType, InMap: true}, true
	}
	_, op, ok := h.find(id)
	if !ok {
		return Object{}, false
	}
	i, ok := h.objectAt[op]
	if !ok {
		return Object{}, false
	}
	o := &h.objects[i]
	out := Object{
		ID: id, Type: o.typ, InMap: o.inMap, Parent: h.objectID(o.parent), Depth: int(o.depth),
		RootKey: h.slots[o.root].key, MadeBy: h.changes[o.change].hash,
	}
	if o.inMap {
		out.Key = h.slots[o.slot].key
	} else {
		out.Elem = h.opID(o.elem)
	}
	return out, true
}

// ObjectFor is Object for the operations of c, which is not here yet but was accepted by Check: it
// knows the objects that c makes as well.
func (h *History) ObjectFor(c *Change, id OpID) (Object, bool) {
	if id.IsZero() || id.Actor != c.Actor || id.Counter < c.StartOp {
		return h.Object(id)
	}
	i := id.Counter - c.StartOp
	if i >= uint64(len(c.Ops)) {
		return Object{}, false
	}
	op := &c.Ops[i]
	t, ok := op.Action.Makes()
	if !ok || op.Obj.Counter >= id.Counter {
		return Object{}, false
	}
	in, ok := h.ObjectFor(c, op.Obj)
	if !ok {
		return Object{}, false
	}
	o := Object{
		ID: id, Type: t, Parent: op.Obj, InMap: op.InMap, Key: op.Key, Elem: op.Elem,
		RootKey: in.RootKey, MadeBy: c.Hash, Depth: in.Depth + 1,
	}
	if op.Insert {
		o.Elem = id
	}
	if op.Obj.IsZero() {
		o.RootKey = op.Key
	}
	return o, true
}

// IsPast reports whether a is in the past of b, or is b. It is false if either isn't here.
func (h *History) IsPast(a, b Hash) bool {
	i, ok := h.at(a)
	j, ok2 := h.at(b)
	if !ok || !ok2 || i > j {
		return false
	}
	if i == j || h.changes[j].full {
		return true
	}
	p, _ := h.walk([]uint32{j}, i)
	return p.has(i)
}

// Writes returns every operation on a key of a map, ascending. It is empty if there are none, or
// no such map.
func (h *History) Writes(obj OpID, key string) []Write {
	o := uint32(0)
	if !obj.IsZero() {
		_, op, ok := h.find(obj)
		if !ok {
			return nil
		}
		if o, ok = h.objectAt[op]; !ok {
			return nil
		}
	}
	s, ok := h.slotAt[slotKey{o, key}]
	if !ok {
		return nil
	}
	var out []Write
	for i := range h.slots[s].writes {
		w := &h.slots[s].writes[i]
		c := h.changeOf(w.op)
		out = append(out, Write{
			Change: c.hash, ID: h.idIn(c, w.op),
			Action: w.action, Value: w.value(), Overwritten: w.overwritten,
		})
	}
	slices.SortFunc(out, func(a, b Write) int { return a.ID.Compare(b.ID) })
	return out
}

// MostWrites returns how many writes a key of a map has together with those of a change that Check has just
// accepted: of the keys that it writes, the one that has most.
func (h *History) MostWrites(c *Change) (most int) {
	if h.draft.of != c {
		return 0
	}
	var more map[uint32]int // by the change itself
	if len(c.Ops) > 1 {
		more = map[uint32]int{}
	}
	for _, p := range h.draft.ops {
		if p.is&isMap == 0 {
			continue
		}
		n := len(h.slots[p.at].writes) + 1
		if more != nil {
			n += more[p.at]
			more[p.at]++
		}
		most = max(most, n)
	}
	return most
}

// Keys returns the keys of a map that were ever written, in no order.
func (h *History) Keys(obj OpID) []string {
	o := uint32(0)
	if !obj.IsZero() {
		_, op, ok := h.find(obj)
		if !ok {
			return nil
		}
		if o, ok = h.objectAt[op]; !ok {
			return nil
		}
	}
	var keys []string
	for i := range h.slots {
		if h.slots[i].obj == o && len(h.slots[i].writes) > 0 {
			keys = append(keys, h.slots[i].key)
		}
	}
	return keys
}

func (h *History) depsOf(change uint32) []uint32 {
	r := &h.changes[change]
	return h.deps[r.firstTo : r.firstTo+uint32(r.deps)]
}

// find returns the places of an operation and of its change.
func (h *History) find(id OpID) (change, op uint32, ok bool) {
	a, ok := h.actorAt[id.Actor]
	if !ok {
		return 0, 0, false
	}
	return h.findIn(&h.actors[a], id.Counter)
}

func (h *History) findIn(a *actorRecord, counter uint64) (change, op uint32, ok bool) {
	// the last change that starts at or before counter; those without operations share a start
	lo, hi := 0, len(a.changes)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if uint64(h.changes[a.changes[mid]].startOp) <= counter {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return 0, 0, false
	}
	change = a.changes[lo-1]
	r := &h.changes[change]
	if counter > r.maxOp() {
		return 0, 0, false
	}
	return change, r.firstOp + uint32(counter-uint64(r.startOp)), true
}

// changeOf returns the change of an operation.
func (h *History) changeOf(op uint32) *record {
	// the last change that starts at or before op; those without operations share a start
	lo, hi := 0, len(h.changes)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if h.changes[mid].firstOp <= op {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return &h.changes[lo-1]
}

// opID is the way back from find.
func (h *History) opID(op uint32) OpID { return h.idIn(h.changeOf(op), op) }

func (h *History) idIn(c *record, op uint32) OpID {
	return OpID{uint64(c.startOp) + uint64(op-c.firstOp), h.actors[c.actor].actor}
}

func (h *History) objectID(i uint32) OpID {
	if i == 0 {
		return OpID{}
	}
	return h.opID(h.objects[i].made)
}

// Add takes in a change that Check has accepted. A change that Check refuses is a mistake of the
// caller, and Add panics.
func (h *History) Add(c *Change) {
	if h.draft.of != c {
		if err := h.Check(c); err != nil {
			panic("change: Add of a change that Check refuses: " + err.Error())
		}
	}
	d := &h.draft
	at := uint32(len(h.changes))
	r := record{
		hash: c.Hash, time: c.Time, seq: uint32(c.Seq), startOp: uint32(c.StartOp),
		ops: uint32(len(c.Ops)), firstOp: uint32(len(h.ops)),
		deps: uint16(len(d.deps)), firstTo: uint32(len(h.deps)), full: d.full,
	}
	r.actor = h.actor(c.Actor)
	a := &h.actors[r.actor]
	a.changes = append(a.changes, at)
	h.deps = append(h.deps, d.deps...)
	h.moveHeads(d.deps, at, &r)
	h.changes = append(h.changes, r)
	if !d.full && d.visits >= longWalk {
		h.keepTip(at, d.past)
	}
	h.setAt(c.Hash, at)
	h.maxOp = max(h.maxOp, c.MaxOp())
	h.addOps(c)
	d.of, d.objects, d.slots, d.past = nil, 0, 0, past{}
	if cap(d.ops) > 1024 {
		d.ops = nil
	}
}

func (h *History) actor(a Actor) uint32 {
	if i, ok := h.actorAt[a]; ok {
		return i
	}
	if h.actorAt == nil {
		h.actorAt = make(map[Actor]uint32)
	}
	a = Actor(strings.Clone(string(a)))
	i := uint32(len(h.actors))
	h.actors = append(h.actors, actorRecord{actor: a})
	h.actorAt[a] = i
	return i
}

// moveHeads makes the change at place at a head instead of those it stands on.
func (h *History) moveHeads(deps []uint32, at uint32, r *record) {
	for _, d := range deps {
		i := h.changes[d].head
		if i == 0 {
			continue
		}
		h.changes[d].head = 0
		last := h.heads[len(h.heads)-1]
		h.heads = h.heads[:len(h.heads)-1]
		if last != d {
			h.heads[i-1] = last
			h.changes[last].head = i
		}
	}
	h.heads = append(h.heads, at)
	r.head = uint32(len(h.heads))
}

func (h *History) addOps(c *Change) {
	first := uint32(len(h.ops))
	h.ops = append(h.ops, h.draft.ops...)
	for i := range c.Ops {
		op, p := &c.Ops[i], &h.draft.ops[i]
		if p.is&isMap == 0 {
			continue
		}
		s := &h.slots[p.at]
		h.overwrite(s, op)
		s.writes = append(s.writes, write{
			op: first + uint32(i), action: op.Action,
			kind: op.Value.Kind, num: op.Value.num, str: strings.Clone(op.Value.str),
		})
	}
}

// overwrite marks what op replaces in s. An increment leaves counters be.
func (h *History) overwrite(s *slot, op *Op) {
	for _, id := range op.Pred {
		_, p, _ := h.find(id)
		i, found := slices.BinarySearchFunc(s.writes, p, func(w write, p uint32) int {
			return int(int64(w.op) - int64(p))
		})
		if found && !(op.Action == Increment && s.writes[i].kind == CounterKind) {
			s.writes[i].overwritten = true
		}
	}
}
