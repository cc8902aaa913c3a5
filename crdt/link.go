package crdt

import (
	"encoding/json"

	"github.com/automerge/automerge-go"

	"kith/crdt/schema"
)

// Link says that a document of a co-op goes on in a share, as another document. What stood here before
// stays as it was.
type Link struct {
	Share string `json:"share"` // ID of the share's space, in hexadecimal
	Doc   string `json:"doc"`   // ID of the document there, with the letter of its kind
	Kept  bool   `json:"kept"`  // it can be read by the ally, and written by one's own co-op alone
	// Agreed is the step of the charter by which it was agreed to share it, in hexadecimal; "": somebody did so alone.
	Agreed string `json:"agreed,omitempty"`
}

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
		d.set(schema.Link, said)
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

// Keep creates a document as e does, in which only people of the side that makes it may write.
func Keep(e Edit) Edit {
	return func(am *automerge.Doc, v *View) error {
		if err := e(am, v); err != nil {
			return err
		}
		return am.RootMap().Set(schema.Kept, true)
	}
}
