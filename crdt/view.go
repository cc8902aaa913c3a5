package crdt

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/automerge/automerge-go"

	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/schema"
)

// What a document says is said in package kind.
type (
	View    = kind.View
	Meta    = kind.Meta
	Charter = kind.Charter
	Time    = kind.Time
	Minutes = kind.Minutes
	Link    = kind.Link
	Linked  = kind.Linked
)

// Look computes the view of a document: of am, which holds exactly the accepted changes of d,
// with the members of c. It writes nothing and shows whatever the schema lets through: content
// that no Kith command would write is left out where it makes no sense, and is never an error.
func Look(am *automerge.Doc, d *accept.Document, c Charter) (*View, error) {
	items := d.Order()
	if len(items) == 0 {
		return nil, fmt.Errorf("the document has no accepted changes")
	}
	k := kinds.All.Named(d.Kind())
	if k == nil {
		return nil, fmt.Errorf("no view for documents of kind %q", d.Kind())
	}
	root := read(d.History(), change.OpID{})
	v := &View{
		Meta: metaOf(d, items), Title: root.str(schema.Title), Tags: root.in(d.History(), schema.Tags).trueKeys(),
		Kept: root.values[schema.Kept].Bool(), Continues: root.str(schema.Continues), Fields: kind.Values{},
	}
	if _, ok := root.made[schema.Text]; ok {
		text, err := newDraft(am).object(schema.Text, automerge.KindText)
		if err != nil {
			return nil, err
		}
		if v.Text, err = text.Text().Get(); err != nil {
			return nil, err
		}
	}
	v.Link = lookLink(d, v.ID, root, items, c)
	if root.values[schema.Archived].Int() != 0 {
		if item := writer(d, items, schema.Archived); item != nil {
			v.Archived = &kind.Deed{By: item.Author, At: Time(item.Change.Time)}
		}
	}
	v.Room = lookRoom(d)
	v.Apart = lookApart(k, d, items)
	v.Talk = lookTalk(root, items)
	maps := map[string]kind.Values{}
	for _, f := range k.Fields {
		if f.Is == kind.Members {
			maps[f.Key] = root.in(d.History(), f.Key).values
		} else if value, ok := saysThere(d, c, root, f); ok {
			v.Fields[f.Key] = value
		}
	}
	defer func() { v.Open = slices.Contains(k.FactsOf(v), kind.OpenFact) }()
	if k.Derive == nil {
		return v, nil
	}
	var err error
	v.Derived, err = k.Derive.From(&kind.Story{
		View: v, Said: ownSay(root), In: maps, Items: items, Charter: c,
		TextAt: func(heads []change.Hash) (title, text string, err error) { return TextAt(am, heads) },
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

func lookRoom(d *accept.Document) *kind.Room {
	t := d.Taken()
	if t == nil {
		return nil
	}
	r := &kind.Room{Rest: t.Rest}
	for m, percent := range t.Of {
		r.Of = append(r.Of, kind.RoomOf{Member: m, Percent: percent})
	}
	slices.SortFunc(r.Of, func(a, b kind.RoomOf) int { return bytes.Compare(a.Member[:], b.Member[:]) })
	return r
}

// saysThere returns what stands in a field. In a share, where the field names another document, that is what people of the
// side that made this one wrote there last: of what theirs stands on, or what holds in its place, the others say nothing.
func saysThere(d *accept.Document, c Charter, root content, f *kind.Field) (change.Value, bool) {
	if f.Is != kind.Ref || len(c.Sides()) < 2 {
		value, ok := root.values[f.Key]
		return value, ok
	}
	for _, w := range slices.Backward(d.History().Writes(change.OpID{}, f.Key)) {
		if it, ok := d.ItemOf(w.Change); ok && c.SameCoop(it.Author, d.Creator()) {
			return w.Value, w.Action == change.Set
		}
	}
	return change.Value{}, false
}

func metaOf(d *accept.Document, items []*accept.Item) Meta {
	m := Meta{ID: items[0].Entry.Doc, Kind: d.Kind(), CreatedBy: d.Creator(), Heads: slices.Clone(d.Heads())}
	if m.Heads == nil {
		m.Heads = []change.Hash{}
	}
	slices.SortFunc(m.Heads, change.Hash.Compare)
	last := items[0]
	for _, i := range items {
		if i.Entry.Create != nil {
			m.CreatedAt = Time(i.Change.Time)
		}
		if n := cmpChange(i.Change, last.Change); n > 0 {
			last = i
		}
	}
	m.UpdatedBy, m.UpdatedAt = last.Author, Time(last.Change.Time)
	return m
}

// cmpChange orders changes by what they stand on: a change comes after all in its past.
func cmpChange(a, b *change.Change) int {
	switch x, y := a.MaxOp(), b.MaxOp(); {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return a.Hash.Compare(b.Hash)
}

// ownSay gathers what members say for themselves. (The schema has seen to it that each key was
// written by its member.)
func ownSay(root content) map[charter.MemberID]kind.Values {
	own := map[charter.MemberID]kind.Values{}
	for key, v := range root.values {
		m, field, ok := schema.SplitOwn(key)
		if !ok {
			continue
		}
		if own[m] == nil {
			own[m] = kind.Values{}
		}
		own[m][field] = v
	}
	return own
}

// content is what stands in a map of a document: plain values and objects made, by key. It is
// read from the history and not from the core, which takes a microsecond or two for each value.
type content struct {
	values kind.Values
	made   map[string]change.OpID
}

// read returns the content of a map. Of several values written apart to one key the one with the
// highest operation ID stands, as in the core.
func read(h *change.History, object change.OpID) content {
	c := content{values: kind.Values{}, made: map[string]change.OpID{}}
	for _, key := range h.Keys(object) {
		writes := h.Writes(object, key) // ascending
		for i := len(writes) - 1; i >= 0; i-- {
			w := &writes[i]
			if w.Overwritten || w.Action == change.Delete {
				continue
			}
			if _, ok := w.Action.Makes(); ok {
				c.made[key] = w.ID
			} else {
				c.values[key] = w.Value
			}
			break
		}
	}
	return c
}

// in returns the content of the map that was made at a key.
func (c content) in(h *change.History, key string) content {
	if made, ok := c.made[key]; ok {
		return read(h, made)
	}
	return content{}
}

// str returns the string at a key; "" if there is none, or a value of another type.
func (c content) str(key string) string { return c.values[key].Str() }

// trueKeys returns the keys whose value is true, ascending.
func (c content) trueKeys() []string {
	keys := make([]string, 0, len(c.values))
	for k, v := range c.values {
		if v.Bool() {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}
