package crdt

import (
	"errors"
	"strings"

	"github.com/automerge/automerge-go"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// Copied is the present state of a document, as another document of its own begins: without its history, and
// without what anybody said, was asked or offered.
type Copied struct {
	Kind  *kind.Kind
	Title string
	Text  string
	Tags  []string
	kind.Args
}

// CopyOf reads the present state of a document for a copy. One of a kind that can't go on elsewhere as it is, such as a
// decision that is closed, or that only one side is to write in (kept), becomes a note that says how it stands. plain makes
// of each of its texts what may be read there. The error says why it can't be shared.
func CopyOf(v *View, kept bool, plain func(string) string) (Copied, error) {
	k := kinds.All.Named(v.Kind)
	if k == nil || k.Share == nil {
		return Copied{}, invalid("a document of kind %q can't be shared", v.Kind)
	}
	c := Copied{Kind: k, Title: plain(v.Title), Text: plain(v.Text)}
	for _, t := range v.Tags {
		c.Tags = append(c.Tags, plain(t))
	}
	if k.Share.Note != nil {
		if says, ok := k.Share.Note(v, kept, plain); ok {
			c.Kind = kinds.Note
			c.Text = below(c.Text, says)
			return c, nil
		}
	}
	for _, f := range k.Fields {
		value, ok := v.Fields[f.Key]
		switch {
		case !ok || f.Stays || f.Is == kind.Ref: // an ID of home says nothing there
		case f.Is == kind.Line || f.Is == kind.Reason:
			c.Put(f, change.StrValue(plain(value.Str())))
		default:
			c.Put(f, value)
		}
	}
	return c, nil
}

func below(text, more string) string { return strings.TrimLeft(text+"\n\n", "\n") + more }

// Begin creates the copy. Nobody is asked or says anything by it.
func (c Copied) Begin() Edit {
	return func(am *automerge.Doc, _ *View) error {
		asks := kind.Request{Args: c.Args, Title: &c.Title, Text: &kind.Writing{Text: c.Text}, Tag: c.Tags}
		if err := asks.Clean(c.Kind.Fields); err != nil {
			return err
		}
		d := newDraft(am)
		if err := d.begin(c.Kind, &asks); err != nil {
			return err
		}
		for _, f := range c.Kind.Fields {
			switch {
			case asks.Has(f):
				d.set(f.Key, asks.Value(f))
			case f.Is == kind.Word:
				d.set(f.Key, change.StrValue(f.Words[0]))
			}
		}
		return d.write()
	}
}

// TakeBack brings what a document has become in a share, which is over, into the co-op's own, and ends the
// link to it. was is nil if what became of it isn't known; name is what people are called in the share. An ally may have written there what no command of Kith
// writes: of that comes back what fits, so that the document can be worked on whatever they wrote.
func TakeBack(was *View, name func(charter.MemberID) string) Edit {
	return func(am *automerge.Doc, v *View) error {
		if k := kinds.All.Named(v.Kind); was != nil && was.Kind == v.Kind && k.Share != nil {
			if err := takeBack(am, k, was, name); err != nil && !errors.Is(err, ErrNothingChanged) {
				return err
			}
		}
		return SetLink(nil)(am, v)
	}
}

func takeBack(am *automerge.Doc, k *kind.Kind, was *View, name func(charter.MemberID) string) error {
	text, tags := was.Text, kind.FitTags(was.Tags)
	if k.Share.Back != nil {
		if says := k.Share.Back(was, name); says != "" {
			text = below(text, says)
		}
	}
	asks := kind.Request{Text: &kind.Writing{Text: kind.FitText(text)}, Tags: &tags}
	if title := kind.FitLine(was.Title, kind.MaxLine); title != "" {
		asks.Title = &title
	}
	d := newDraft(am)
	if err := errors.Join(d.edit(&asks), d.retag(&asks)); err != nil {
		return err
	}
	for _, f := range k.Fields {
		if f.Stays || f.First || f.Is == kind.Members || f.Is == kind.Ref {
			continue
		}
		if fit, ok := f.Fit(was.Fields[f.Key]); ok {
			d.set(f.Key, fit)
		}
	}
	return d.write()
}
