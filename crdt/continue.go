package crdt

import (
	"github.com/automerge/automerge-go"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/schema"
)

// Continued reads the present state of a document for a fresh one of the same space that continues it, without its history. What
// members said in it of themselves stays there: nobody says it for them. What can't go on as what it is, such as a decision
// that is closed, or an agreement, goes on as a note that says how it stood. cut says that not all of its text found room.
func Continued(v *View) (c Copied, cut bool, err error) {
	k := kinds.All.Named(v.Kind)
	if k == nil || k.Single || k == kinds.Ask || k == kinds.Ally {
		return c, false, invalid("what is of the kind %q can't be continued", v.Kind)
	}
	if k.Share != nil && k != kinds.Agreement {
		if c, err = CopyOf(v, false, asItIs); err != nil {
			return c, false, err
		}
	} else {
		c = Copied{Kind: kinds.Note, Title: v.Title, Text: v.Text, Tags: v.Tags}
	}
	switch {
	case c.Kind == k:
		for _, f := range k.Fields {
			if value, ok := v.Fields[f.Key]; ok && (f.Stays || f.Is == kind.Ref) {
				c.Put(f, value)
			}
		}
	default:
		c.Text = below(v.Text, (&Carrying{Plain: asItIs}).was(k, v))
	}
	// What others wrote needn't be what a command would take.
	fields := kind.Args{}
	for _, f := range c.Kind.Fields {
		if c.Has(f) {
			if fit, ok := f.Fit(c.Value(f)); ok {
				fields.Put(f, fit)
			}
		}
	}
	text := kind.FitText(c.Text)
	cut = text != c.Text
	c.Text, c.Args, c.Tags = text, fields, kind.FitTags(c.Tags)
	if c.Title = kind.FitLine(c.Title, kind.MaxLine); c.Title == "" {
		c.Title = "Without a title"
	}
	return c, cut, nil
}

func asItIs(s string) string { return s }

// Continue creates a document as e does, as the one that continues another, which is named by its ID with its letters.
func Continue(e Edit, id string) Edit {
	return func(am *automerge.Doc, v *View) error {
		if err := e(am, v); err != nil {
			return err
		}
		return am.RootMap().Set(schema.Continues, id)
	}
}
