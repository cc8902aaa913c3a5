package crdt

import (
	"strconv"
	"strings"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/schema"
)

// FieldChange is one thing that a change did, as parts of a sentence whose subject is the change's
// author: "said when it is due: 4 Dec 2026", "wrote “bring flour” in the text", "asked Ana". People read them by daemon/words.
type FieldChange struct {
	// Verb is one of: created, set, cleared, wrote, removed, added, shared, ended sharing, or a word of its kind's: see
	// kind.Field.Log.
	Verb   string            `json:"verb"`
	Field  string            `json:"field"`            // the key in the document, without "by:…/"
	To     string            `json:"to,omitempty"`     // what it was set to, what was written, the reason given
	N      int               `json:"n,omitempty"`      // characters removed
	Member *charter.MemberID `json:"member,omitempty"` // who was asked

	Of *kind.Field `json:"-"` // what was set or cleared, as it is declared; nil: none that has no words of its own
}

// MaxDescribed bounds the characters of each written passage in a FieldChange; a longer one
// ends in "…".
const MaxDescribed = 500

// Describe says what a change did to its document, in the order in which it did it. h knows the
// document's earlier changes; it may know c as well. Who did it is the author of the entry.
func Describe(kindName string, c *change.Change, h *change.History) []FieldChange {
	d := describer{kind: kinds.All.Named(kindName), change: c, history: h}
	if d.kind == nil {
		d.kind = &kind.Kind{} // of a newer release: only what every document has can be told
	}
	if len(c.Deps) == 0 {
		d.add(FieldChange{Verb: "created", Field: kindName, To: d.title()})
	}
	for i := range c.Ops {
		d.op(&c.Ops[i])
	}
	d.endPassage()
	return d.out
}

type describer struct {
	kind    *kind.Kind
	change  *change.Change
	history *change.History
	out     []FieldChange

	// The passage of text that is being read.
	field   string
	written strings.Builder
	after   change.OpID // the character before the next one of this passage
	removed int
}

func (d *describer) add(f FieldChange) { d.out = append(d.out, f) }

// title returns the title that the change sets.
func (d *describer) title() string {
	for i := range d.change.Ops {
		if op := &d.change.Ops[i]; op.Obj.IsZero() && op.Key == schema.Title {
			return op.Value.Str()
		}
	}
	return ""
}

func (d *describer) op(op *change.Op) {
	if op.Obj.IsZero() {
		d.endPassage()
		d.atRoot(op)
		return
	}
	key := d.keyOf(op.Obj)
	if op.InMap {
		d.endPassage()
		d.inMap(key, op)
		return
	}
	switch {
	case op.Insert && op.Action == change.Set:
		if d.written.Len() > 0 && (d.after != op.Elem || d.field != key) {
			d.endPassage()
		}
		d.field, d.after = key, op.ID
		d.written.WriteString(op.Value.Str())
	case op.Action == change.Delete:
		if d.field != key {
			d.endPassage()
		}
		d.field = key
		d.removed++
	}
}

func (d *describer) endPassage() {
	if d.removed > 0 {
		d.add(FieldChange{Verb: "removed", Field: d.field, N: d.removed})
	}
	if d.written.Len() > 0 {
		d.add(FieldChange{Verb: "wrote", Field: d.field, To: abridged(d.written.String())})
	}
	d.written.Reset()
	d.removed, d.field, d.after = 0, "", change.OpID{}
}

func abridged(s string) string {
	if runes(s) <= MaxDescribed {
		return s
	}
	return string([]rune(s)[:MaxDescribed-1]) + "…"
}

// keyOf returns the root key of a container: containers are made by the first change only.
func (d *describer) keyOf(obj change.OpID) string {
	if len(d.change.Deps) == 0 {
		for i := range d.change.Ops {
			if d.change.Ops[i].ID == obj {
				return d.change.Ops[i].Key
			}
		}
	}
	if d.history != nil {
		if o, ok := d.history.Object(obj); ok {
			return o.Key
		}
	}
	return ""
}

func (d *describer) inMap(key string, op *change.Op) {
	if f := d.kind.Field(key); f != nil {
		said := FieldChange{Verb: "added", Field: key}
		if m, err := charter.ParseMemberID(op.Key); err == nil {
			said.Member = &m
		}
		if f.Log != nil {
			said.Verb, said.To = f.Log(op.Value, len(d.change.Deps) == 0)
		}
		if said.Verb != "" {
			d.add(said)
		}
		return
	}
	said := FieldChange{Verb: "added", Field: key, To: op.Key}
	if op.Action == change.Delete {
		said.Verb = "removed"
	}
	d.add(said)
}

func (d *describer) atRoot(op *change.Op) {
	if _, makes := op.Action.Makes(); makes {
		return // part of "created"
	}
	first := len(d.change.Deps) == 0
	if _, key, ok := schema.SplitOwn(op.Key); ok {
		key, _, _ = strings.Cut(key, "/")
		if f := d.kind.Said(key); f != nil {
			d.tell(f, op.Value, first)
		}
		return
	}
	switch op.Key {
	case schema.Title:
		if !first { // else part of "created"
			d.tell(kind.Title, op.Value, first)
		}
	case schema.Kept, schema.Continues: // part of "created"
	case schema.Link:
		if l := parseLink(op.Value.Str()); l != nil {
			d.add(FieldChange{Verb: "shared", Field: op.Key, To: l.Doc})
		} else {
			d.add(FieldChange{Verb: "ended sharing", Field: op.Key})
		}
	default:
		if f := d.kind.Field(op.Key); f != nil {
			d.tell(f, op.Value, first)
		}
	}
}

// tell says that a field was given a value: null if it was deleted.
func (d *describer) tell(f *kind.Field, v change.Value, first bool) {
	if n := len(d.out); f.With != nil && n > 0 && d.out[n-1].Field == f.With.Key {
		d.out[n-1].To = v.Str()
		return
	}
	said := FieldChange{Verb: "set", Field: f.Key, To: abridged(v.Str()), Of: f}
	switch {
	case f.Log != nil:
		said.Of = nil
		said.Verb, said.To = f.Log(v, first)
	case v.Str() == "" && v.Int() == 0 && !v.Bool():
		said.Verb = "cleared"
	case f.Is == kind.Hours:
		b, _ := Minutes(v.Int()).MarshalJSON()
		said.To = string(b)
	case v.Int() != 0:
		said.To = strconv.FormatInt(v.Int(), 10)
	}
	if said.Verb != "" {
		d.add(said)
	}
}

// Writes says whether a change writes something that answers can be to: a title, a text or a plain field, and not only
// what somebody says of themselves. h knows the document's earlier changes.
func Writes(c *change.Change, h *change.History) bool {
	d := describer{change: c, history: h}
	for i := range c.Ops {
		op := &c.Ops[i]
		switch _, _, own := schema.SplitOwn(op.Key); {
		case op.Obj.IsZero() && !own, !op.Obj.IsZero() && d.keyOf(op.Obj) == schema.Text:
			return true
		}
	}
	return false
}
