package crdt

import (
	"encoding/hex"
	"encoding/json"

	"github.com/automerge/automerge-go"

	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/schema"
	"kith/crdt/share"
)

// SetLink lets a document go on in a share; nil: it goes on here again.
func SetLink(l *Link) Edit {
	return func(am *automerge.Doc, _ *View) error {
		said := ""
		if l != nil {
			b, err := json.Marshal(l)
			if err != nil {
				return err
			}
			said = string(b)
		}
		d := newDraft(am)
		d.set(schema.Link, change.StrValue(said))
		return d.write()
	}
}

func parseLink(s string) *Link {
	var l Link
	if s == "" || json.Unmarshal([]byte(s), &l) != nil || l.Share == "" || l.Doc == "" {
		return nil
	}
	return &l
}

// lookLink reads the link of a document, with what its author knew of the charter.
func lookLink(d *accept.Document, doc entry.DocID, root content, items []*accept.Item, c Charter) *Linked {
	l := parseLink(root.str(schema.Link))
	if l == nil {
		return nil
	}
	out := &Linked{Link: *l}
	if item := writer(d, items, schema.Link); item != nil {
		out.By, out.At = item.Author, Time(item.Change.Time)
		if past, _ := c.Of(item.Entry); past != nil {
			out.Alone = alone(l, doc, past.Pacts())
		}
	}
	return out
}

// writer gives the item that wrote what stands at a root key; nil if there is none.
func writer(d *accept.Document, items []*accept.Item, key string) *accept.Item {
	var newest change.OpID
	for _, w := range d.History().Writes(change.OpID{}, key) { // ascending
		if !w.Overwritten && w.Action != change.Delete {
			newest = w.ID
		}
	}
	for _, item := range items {
		for i := range item.Change.Ops {
			if item.Change.Ops[i].ID == newest {
				return item
			}
		}
	}
	return nil
}

// alone says whether a document was shared without the agreed step that these words of a charter ask for.
func alone(l *Link, doc entry.DocID, words []charter.Pact) bool {
	if share.RuleOf(words) != share.Agreed {
		return false
	}
	space, err := hex.DecodeString(l.Share)
	if err != nil || len(space) != len(entry.SpaceID{}) {
		return true
	}
	for _, said := range words {
		if _, ok := share.Chosen([]charter.Pact{said}, entry.SpaceID(space), doc, l.Kept); ok && said.Step.String() == l.Agreed {
			return false
		}
	}
	return true
}

// Keep creates a document as e does, in which only people of the side that makes it may write.
func Keep(e Edit) Edit {
	return func(am *automerge.Doc, v *View) error {
		if err := e(am, v); err != nil {
			return err
		}
		return am.RootMap().Set(schema.Kept, true)
	}
}
