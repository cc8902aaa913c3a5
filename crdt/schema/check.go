package schema

import (
	"strings"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
)

// Error says which rule of its document's kind a change breaks.
type Error struct {
	Op  int    // place in the change of the operation at fault; -1 if it is the change as a whole
	Why string // in a member's words, without names
}

func (e *Error) Error() string { return e.Why }

// OwnSay is why a change is void that writes what somebody else says.
const OwnSay = "only a member's own devices may write what that member says"

// Check holds a change against its kind: what it writes, and that it writes under no other
// member's name. rules is the version of the shared rules that its
// entry names: what was added later isn't there. first says whether it is the one that makes the document; author is the member
// for whom the device that signed it speaks; h is what the document's earlier changes made, and
// must hold c's dependencies. c must have passed h.Check. Check modifies neither. The error is
// an *Error.
func (k *Kind) Check(c *change.Change, rules uint64, first bool, author charter.MemberID, h *change.History) error {
	r := run{kind: k, change: c, rules: rules, first: first, author: author, history: h}
	for i := range c.Ops {
		op := &c.Ops[i]
		if why := r.op(op); why != "" {
			return &Error{Op: i, Why: why}
		}
	}
	if first && len(r.made) != k.made {
		return &Error{Op: -1, Why: "the first change doesn't make all parts of the " + k.name}
	}
	return nil
}

// run is the check of one change.
type run struct {
	kind    *Kind
	change  *change.Change
	rules   uint64
	first   bool
	author  charter.MemberID
	history *change.History

	own  [ownKey]byte // how the keys begin that are author's, once that was needed
	made []made       // by this change
	once []string

	// The last object, since the next operation mostly works on the same.
	obj change.OpID
	in  string
}

type made struct {
	id  change.OpID
	key string
}

func (r *run) op(op *change.Op) string {
	if op.Obj.IsZero() {
		return r.atRoot(op)
	}
	if op.Obj != r.obj {
		key, ok := r.keyOf(op.Obj)
		if !ok {
			return "writes into a part that a " + r.kind.name + " doesn't have"
		}
		r.obj, r.in = op.Obj, key
	}
	f := r.kind.root[r.in]
	if f.make == change.MakeText {
		return inText(op)
	}
	return r.inMap(op, f)
}

// keyOf returns the root key under which an object was made.
func (r *run) keyOf(id change.OpID) (string, bool) {
	if r.first {
		for _, m := range r.made {
			if m.id == id {
				return m.key, true
			}
		}
		return "", false
	}
	// That it is one of the kind's is known: its maker was held against the kind as well.
	o, ok := r.history.Object(id)
	return o.Key, ok && o.Parent.IsZero()
}

func (r *run) atRoot(op *change.Op) string {
	if strings.HasPrefix(op.Key, ownPrefix) {
		return r.ownSay(op)
	}
	f, ok := r.kind.root[op.Key]
	switch {
	case !ok, f.since > r.rules:
		return "a " + r.kind.name + " has no " + quote(op.Key)
	case f.make == change.Set:
		return r.plain(op, f)
	case !r.first:
		return quote(op.Key) + " can't be replaced: that would hide what others wrote in it"
	case op.Action != f.make:
		return quote(op.Key) + " is of the wrong type"
	}
	for _, m := range r.made {
		if m.key == op.Key {
			return quote(op.Key) + " is made twice"
		}
	}
	r.made = append(r.made, made{op.ID, op.Key})
	return ""
}

func (r *run) ownSay(op *change.Op) string {
	if r.own[0] == 0 {
		copy(r.own[:], ownPrefix+"m-")
		entry.Text.Encode(r.own[ownKey-1-32:], r.author[:])
		r.own[ownKey-1] = '/'
	}
	if len(op.Key) < ownKey || op.Key[:ownKey] != string(r.own[:]) {
		return OwnSay
	}
	key := op.Key[ownKey:]
	field, name, named := strings.Cut(key, "/")
	f, ok := r.kind.own[field]
	if !ok || named != (f.each > 0) || named && !isName(name) || f.since > r.rules {
		return "a member can't say " + quote(key) + " in a " + r.kind.name
	}
	return r.plain(op, f)
}

// plain checks an operation on a key that holds a plain value.
func (r *run) plain(op *change.Op, f Field) string {
	if f.frozen {
		if !r.first {
			return quote(op.Key) + " can't be changed any more"
		}
		for _, key := range r.once {
			if key == op.Key {
				return quote(op.Key) + " is written twice"
			}
		}
		r.once = append(r.once, op.Key)
	}
	switch op.Action {
	case change.Delete:
		return ""
	case change.Set:
		if why := f.value(op.Value); why != "" {
			return quote(op.Key) + " " + why
		}
		return ""
	}
	return quote(op.Key) + " holds a plain value"
}

func (r *run) inMap(op *change.Op, f Field) string {
	switch {
	case !op.InMap:
		return quote(r.in) + " is written to like another type"
	case op.Action == change.Delete:
		return ""
	case op.Action != change.Set:
		return quote(r.in) + " holds plain values only"
	case !f.key(op.Key):
		return quote(r.in) + " can't hold " + quote(op.Key)
	}
	if why := f.value(op.Value); why != "" {
		return "what " + quote(r.in) + " holds " + why
	}
	return ""
}

// inText lets characters come and go, and nothing else.
func inText(op *change.Op) string {
	switch {
	case op.InMap:
		return "a text is written to like another type"
	case op.Action == change.Delete && !op.Insert:
		return ""
	case op.Action != change.Set || !op.Insert || op.Value.Kind != change.StrKind:
		return "a text holds characters only"
	}
	if n := len(op.Value.Str()); n == 0 || n > MaxCharacter {
		return "a text holds one character at a place"
	}
	return ""
}

// quote shows a key from outside: short, and without what could upset a terminal.
func quote(key string) string {
	key = strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '·'
		}
		return r
	}, key)
	const most = 40
	if cut := []rune(key); len(cut) > most {
		key = string(cut[:most-1]) + "…"
	}
	return "“" + key + "”"
}
