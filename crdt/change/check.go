package change

import (
	"fmt"
	"strings"
)

// draft is what Check has worked out of a change, for the Add that follows. Objects and slots
// that the change makes are already at the end of History's, and are taken back if it isn't added.
type draft struct {
	of      *Change
	deps    []uint32
	past    past
	full    bool // everything here is in its past
	visits  int
	ops     []place
	objects int
	slots   int
}

func (h *History) dropDraft() {
	d := &h.draft
	for range d.objects {
		last := len(h.objects) - 1
		delete(h.objectAt, h.objects[last].made)
		h.objects = h.objects[:last]
	}
	for range d.slots {
		last := len(h.slots) - 1
		delete(h.slotAt, slotKey{h.slots[last].obj, h.slots[last].key})
		h.slots[last] = slot{}
		h.slots = h.slots[:last]
	}
	d.of, d.objects, d.slots = nil, 0, 0
	d.past = past{}
}

// Check reports whether c, from Parse, fits its document. The error is ErrKnown if c is here
// already, a *MissingError if some of its dependencies aren't, and else a *ContextError.
//
// What c refers to must be in c's own past: that it is somewhere in the document is not enough,
// or replicas would judge by what else has reached them. Only RuleTwin looks outside c's past,
// and it is the last to be asked: a twin is otherwise a change that fits.
func (h *History) Check(c *Change) error {
	h.dropDraft()
	if h.Has(c.Hash) {
		return ErrKnown
	}
	if err := h.checkDeps(c); err != nil {
		return err
	}
	twin, err := h.checkSeq(c)
	if err != nil {
		return err
	}
	if err := h.checkStart(c); err != nil {
		return err
	}
	if err := h.checkOps(c); err != nil {
		h.dropDraft()
		return err
	}
	if twin {
		h.dropDraft()
		return refuse(RuleTwin, -1, "actor %s has made another change number %d", c.Actor, c.Seq)
	}
	h.draft.of = c
	return nil
}

func refuse(rule Rule, op int, format string, args ...any) error {
	return &ContextError{Rule: rule, Op: op, What: fmt.Sprintf(format, args...)}
}

// checkDeps finds the dependencies and works out the past.
func (h *History) checkDeps(c *Change) error {
	d := &h.draft
	d.deps = d.deps[:0]
	var missing []Hash
	for _, hash := range c.Deps {
		if i, ok := h.at(hash); ok {
			d.deps = append(d.deps, i)
		} else {
			missing = append(missing, hash)
		}
	}
	if missing != nil {
		return &MissingError{Deps: missing}
	}
	d.visits = 0
	if d.full = h.onAllHeads(d.deps); d.full {
		return nil
	}
	if len(d.deps) == 1 {
		if t := h.tipOf(d.deps[0]); t != nil {
			d.past, d.visits = t.past.with(d.deps[0]), longWalk
			return nil
		}
	}
	d.past, d.visits = h.walk(d.deps, 0)
	return nil
}

func (h *History) inPast(change uint32) bool {
	return h.draft.full || h.draft.past.has(change)
}

// checkSeq reports whether c's actor has made another change of that number, outside c's past.
func (h *History) checkSeq(c *Change) (twin bool, err error) {
	var changes []uint32
	if i, ok := h.actorAt[c.Actor]; ok {
		changes = h.actors[i].changes
	}
	if c.Seq > 1 {
		if c.Seq-1 > uint64(len(changes)) || !h.inPast(changes[c.Seq-2]) {
			return false, refuse(RuleSeq, -1, "its actor's change number %d is not in its past", c.Seq-1)
		}
	}
	if c.Seq > uint64(len(changes)) {
		return false, nil
	}
	if h.inPast(changes[c.Seq-1]) {
		return false, refuse(RuleSeq, -1, "its actor's change number %d is already in its past", c.Seq)
	}
	return true, nil
}

func (h *History) checkStart(c *Change) error {
	var top uint64
	for _, d := range h.draft.deps {
		top = max(top, h.changes[d].maxOp())
	}
	if c.StartOp != top+1 {
		return refuse(RuleStartOp, -1, "it starts at operation %d, its past ends at %d", c.StartOp, top)
	}
	return nil
}

// checkOps works out the place of each operation, in draft.ops.
func (h *History) checkOps(c *Change) error {
	h.draft.ops = h.draft.ops[:0]
	k := checker{h: h, c: c, first: uint32(len(h.ops)), change: uint32(len(h.changes))}
	for i := range c.Ops {
		if err := k.op(i); err != nil {
			return err
		}
	}
	return nil
}

// checker holds what the last operation looked up, since the next mostly asks the same.
type checker struct {
	h             *History
	c             *Change
	first, change uint32 // where c and its operations will be

	objID  OpID // of obj; the zero one is the root
	obj    uint32
	actor  *actorRecord // of the last reference to another change
	lastCh uint32       // the change of the last reference, known to be in the past
	hasCh  bool
}

// find returns the place of an operation in the past, or earlier in the change.
func (k *checker) find(id OpID) (op uint32, ok bool) {
	if id.Counter >= k.c.StartOp {
		// checkForm has seen that it is of this change, and earlier
		return k.first + uint32(id.Counter-k.c.StartOp), true
	}
	h := k.h
	if k.actor == nil || k.actor.actor != id.Actor {
		a, ok := h.actorAt[id.Actor]
		if !ok {
			return 0, false
		}
		k.actor, k.hasCh = &h.actors[a], false
	}
	if k.hasCh {
		r := &h.changes[k.lastCh]
		if id.Counter >= uint64(r.startOp) && id.Counter <= r.maxOp() {
			return r.firstOp + uint32(id.Counter-uint64(r.startOp)), true
		}
	}
	change, op, ok := h.findIn(k.actor, id.Counter)
	if !ok || !h.inPast(change) {
		return 0, false
	}
	k.lastCh, k.hasCh = change, true
	return op, true
}

// place returns what is known of an operation that find has found.
func (k *checker) place(op uint32) place {
	if op >= k.first {
		return k.h.draft.ops[op-k.first]
	}
	return k.h.ops[op]
}

func (k *checker) op(i int) error {
	op := &k.c.Ops[i]
	if op.Obj.IsZero() {
		k.objID, k.obj = OpID{}, 0
	} else if op.Obj != k.objID {
		made, ok := k.find(op.Obj)
		if !ok {
			return refuse(RuleReference, i, "object %s is not in the past", op.Obj)
		}
		if k.obj, ok = k.h.objectAt[made]; !ok {
			return refuse(RuleReference, i, "%s is not an object", op.Obj)
		}
		k.objID = op.Obj
	}
	if op.InMap != (k.h.objects[k.obj].typ == MapType) {
		return refuse(RuleObject, i, "a %s is written to like another type", k.h.objects[k.obj].typ)
	}
	p := place{obj: k.obj}
	if op.InMap {
		p.is, p.at = isMap, k.slot(op.Key)
	} else if err := k.elem(i, &p); err != nil {
		return err
	}
	if err := k.preds(i, &p); err != nil {
		return err
	}
	switch op.Action {
	case Delete, Increment, Mark:
	default:
		p.is |= isValue
		if op.Value.Kind == CounterKind {
			p.is |= isCounter
		}
	}
	if t, ok := op.Action.Makes(); ok {
		if err := k.make(i, &p, t); err != nil {
			return err
		}
	}
	k.h.draft.ops = append(k.h.draft.ops, p)
	return nil
}

// slot returns the slot of a key of the object at hand.
func (k *checker) slot(key string) uint32 {
	h := k.h
	if s, ok := h.slotAt[slotKey{k.obj, key}]; ok {
		return s
	}
	if h.slotAt == nil {
		h.slotAt = make(map[slotKey]uint32)
	}
	key = strings.Clone(key)
	s := uint32(len(h.slots))
	h.slots = append(h.slots, slot{key: key, obj: k.obj})
	h.slotAt[slotKey{k.obj, key}] = s
	h.draft.slots++
	return s
}

// elem finds the element of an operation on a list.
func (k *checker) elem(i int, p *place) error {
	op := &k.c.Ops[i]
	if op.Insert {
		p.is, p.at = isElement, k.first+uint32(i)
		if op.Elem.IsZero() {
			return nil
		}
	}
	e, ok := k.find(op.Elem)
	if !ok {
		return refuse(RuleReference, i, "element %s is not in the past", op.Elem)
	}
	q := k.place(e)
	if q.obj != p.obj || q.is&isElement == 0 {
		return refuse(RuleReference, i, "%s is not an element of this %s", op.Elem, k.h.objects[p.obj].typ)
	}
	if !op.Insert {
		p.at = e
	}
	return nil
}

func (k *checker) preds(i int, p *place) error {
	op := &k.c.Ops[i]
	counters := false
	for _, id := range op.Pred {
		o, ok := k.find(id)
		if !ok {
			return refuse(RulePred, i, "predecessor %s is not in the past", id)
		}
		q := k.place(o)
		if q.obj != p.obj || q.at != p.at || q.is&isMap != p.is&isMap {
			return refuse(RulePred, i, "predecessor %s is of another key or element", id)
		}
		if q.is&isValue == 0 {
			return refuse(RulePred, i, "predecessor %s has no value", id)
		}
		counters = counters || q.is&isCounter != 0
	}
	// Of values in conflict the core increments the counters and hides the others.
	if op.Action == Increment && !counters {
		return refuse(RulePred, i, "increment of something other than a counter")
	}
	return nil
}

// make puts the object that an operation makes at the end of History's.
func (k *checker) make(i int, p *place, t ObjType) error {
	h := k.h
	in := &h.objects[p.obj]
	if in.depth >= MaxDepth {
		return refuse(RuleDepth, i, "object lies deeper than %d in others", MaxDepth)
	}
	o := object{
		made: k.first + uint32(i), change: k.change, parent: p.obj, typ: t,
		depth: in.depth + 1, inMap: p.is&isMap != 0, root: in.root,
	}
	if o.inMap {
		o.slot = p.at
	} else {
		o.elem = p.at
	}
	if p.obj == 0 {
		o.root = p.at
	}
	if h.objectAt == nil {
		h.objectAt = make(map[uint32]uint32)
	}
	h.objectAt[o.made] = uint32(len(h.objects))
	h.objects = append(h.objects, o)
	h.draft.objects++
	return nil
}
