package crdt

import (
	"strconv"
	"strings"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/schema"
)

// FieldChange is one thing that a change did, as parts of a sentence whose subject is the change's
// author: "set due to 2026-12-04", "wrote “bring flour” in the text", "asked Ana".
type FieldChange struct {
	// Verb is one of: created, set, cleared, wrote, removed, added, asked, unasked, accepted,
	// declined, took, put back, started, finished, reopened, dropped, wants help, ended help,
	// offered help, took back, withdrew, closed, or what a position says: consented, objected,
	// stood aside, blocked, abstained, agreed, disagreed, advised. Of what is shared with an ally:
	// shared, ended sharing, refused, took a seat.
	Verb   string            `json:"verb"`
	Field  string            `json:"field"`            // the key in the document, without "by:…/"
	To     string            `json:"to,omitempty"`     // what it was set to, what was written, the reason given
	N      int               `json:"n,omitempty"`      // characters removed
	Member *charter.MemberID `json:"member,omitempty"` // who was asked
}

// MaxDescribed bounds the characters of each written passage in a FieldChange; a longer one
// ends in "…".
const MaxDescribed = 500

var positionVerbs = map[string]string{
	Consent: "consented", Object: "objected", StandAside: "stood aside", Block: "blocked",
	Abstain: "abstained", Agree: "agreed", Disagree: "disagreed", Advise: "advised",
}

var statusVerbs = map[string]string{
	TaskOpen: "reopened", TaskDoing: "started", TaskDone: "finished", TaskDropped: "dropped",
}

// Describe says what a change did to its document, in the order in which it did it. h knows the
// document's earlier changes; it may know c as well. Who did it is the author of the entry.
func Describe(kind string, c *change.Change, h *change.History) []FieldChange {
	d := describer{kind: kind, change: c, history: h}
	if len(c.Deps) == 0 {
		d.add(FieldChange{Verb: "created", Field: kind, To: d.title()})
	}
	for i := range c.Ops {
		d.op(&c.Ops[i])
	}
	d.endPassage()
	return d.out
}

type describer struct {
	kind    string
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

func (d *describer) inMap(field string, op *change.Op) {
	f := FieldChange{Verb: "added", Field: field, To: op.Key}
	if field == schema.Asked {
		f = FieldChange{Verb: "asked", Field: field}
		if m, err := charter.ParseMemberID(op.Key); err == nil {
			f.Member = &m
		}
		if op.Action == change.Delete {
			f.Verb = "unasked"
		}
	} else if op.Action == change.Delete {
		f.Verb = "removed"
	}
	d.add(f)
}

func (d *describer) atRoot(op *change.Op) {
	if _, makes := op.Action.Makes(); makes {
		return // part of "created"
	}
	value := op.Value.Str()
	if op.Value.Kind == change.IntKind {
		value = strconv.FormatInt(op.Value.Int(), 10)
	}
	if _, field, ok := schema.SplitOwn(op.Key); ok {
		d.ownSay(field, value, op.Value.Int())
		return
	}
	first := len(d.change.Deps) == 0
	switch op.Key {
	case schema.Title:
		if first {
			return // part of "created"
		}
	case schema.Status:
		if !first {
			d.add(FieldChange{Verb: statusVerbs[value], Field: op.Key})
		}
		return
	case schema.StatusWhy:
		// The reason goes with "dropped" in the same change, and "" with any other.
		if n := len(d.out); n > 0 && d.out[n-1].Field == schema.Status {
			d.out[n-1].To = value
			return
		}
	case schema.Withdrawn:
		if value != "" {
			d.add(FieldChange{Verb: "withdrew", Field: op.Key, To: value})
			return
		}
	case schema.Link:
		l := parseLink(value)
		if l == nil {
			d.add(FieldChange{Verb: "ended sharing", Field: op.Key})
			return
		}
		d.add(FieldChange{Verb: "shared", Field: op.Key, To: l.Doc})
		return
	case schema.Share, schema.Side, schema.Step, schema.Code, schema.Kept:
		return // part of "created"
	case schema.Hours:
		b, _ := Minutes(op.Value.Int()).MarshalJSON()
		value = string(b)
	}
	if op.Action == change.Delete || value == "" || op.Key == schema.Hours && op.Value.Int() == 0 {
		d.add(FieldChange{Verb: "cleared", Field: op.Key})
		return
	}
	d.add(FieldChange{Verb: "set", Field: op.Key, To: abridged(value)})
}

func (d *describer) ownSay(field, value string, n int64) {
	f := FieldChange{Field: field}
	switch field {
	case schema.OwnAnswer:
		if d.kind == KindAsk {
			a, ok := parseRequestAnswer(value)
			if !ok {
				return
			}
			f.Verb, f.To = a.Result, a.Why
			break
		}
		a, ok := parseAnswer(value)
		if !ok {
			return
		}
		f.Verb, f.To = a.Answer, a.Why
	case schema.OwnSeat:
		f.Verb = "took a seat"
	case schema.OwnTaken:
		f.Verb = "took"
		if n == 0 {
			f.Verb = "put back"
		}
	case schema.OwnHelp:
		f.Verb, f.To = "wants help", value
		if value == "" {
			f.Verb = "ended help"
		}
	case schema.OwnOffer:
		f.Verb, f.To = "offered help", value
		switch value {
		case "":
			f.Verb = "took back"
		case offered:
			f.To = ""
		}
	case schema.OwnPosition:
		p, ok := parsePosition(value)
		if !ok {
			return
		}
		f.Verb, f.To = positionVerbs[p.Stance], p.Why
	case schema.OwnRecord:
		r, ok := parseRecord(value)
		if !ok {
			return
		}
		f.Verb, f.To = "closed", r.Result
	default:
		return
	}
	d.add(f)
}
