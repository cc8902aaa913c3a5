package crdt

import (
	"github.com/automerge/automerge-go"
)

// NoteFields is what a note begins with.
type NoteFields struct {
	Title, Text string
	Tags        []string
}

// NewNote creates a note.
func NewNote(f NoteFields) Edit {
	return func(am *automerge.Doc, _ *View) error {
		d := newDraft(am)
		if err := d.create(f.Title, f.Text, f.Tags); err != nil {
			return err
		}
		return d.write()
	}
}

// EditNote changes title, text and tags of a note. See also AppendText and RestoreText.
func EditNote(c Common) Edit {
	return func(am *automerge.Doc, _ *View) error {
		d := newDraft(am)
		if err := c.gather(d); err != nil {
			return err
		}
		return d.write()
	}
}
