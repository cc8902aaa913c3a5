package crdt

import (
	"fmt"
	"slices"

	"github.com/automerge/automerge-go"

	"kith/crdt/change"
	"kith/crdt/schema"
)

// Edit writes into am what it is for, and leaves committing to the caller. v is the view of am
// as it stands; nil while a document is created. Nothing that am holds may be uncommitted before.
// An edit that returns an error has written nothing, but for an error of the core's, after which
// am must be dropped.
type Edit func(am *automerge.Doc, v *View) error

// draft gathers what an edit writes, so that nothing is written before all of it was checked,
// and so that an edit that changes nothing says so.
type draft struct {
	am    *automerge.Doc
	root  *automerge.Map
	steps []func() error
}

func newDraft(am *automerge.Doc) *draft { return &draft{am: am, root: am.RootMap()} }

func (d *draft) do(step func() error) { d.steps = append(d.steps, step) }

// write does all that was gathered.
func (d *draft) write() error {
	if len(d.steps) == 0 {
		return ErrNothingChanged
	}
	for _, step := range d.steps {
		if err := step(); err != nil {
			return fmt.Errorf("write into the document: %w", err)
		}
	}
	return nil
}

// str returns the string at a root key; "" where there is none.
func (d *draft) str(key string) string {
	v, err := d.root.Get(key)
	if err != nil || v.Kind() != automerge.KindStr {
		return ""
	}
	return v.Str()
}

func (d *draft) int(key string) int64 {
	v, err := d.root.Get(key)
	if err != nil || v.Kind() != automerge.KindInt64 {
		return 0
	}
	return v.Int64()
}

// set writes a string that isn't there already. A key that was never written and "" are the same.
func (d *draft) set(key, to string) {
	if d.str(key) != to {
		d.do(func() error { return d.root.Set(key, to) })
	}
}

func (d *draft) setInt(key string, to int64) {
	if d.int(key) != to {
		d.do(func() error { return d.root.Set(key, to) })
	}
}

// object fetches a container, which every document of its kind has had since its first change.
func (d *draft) object(key string, kind automerge.Kind) (*automerge.Value, error) {
	v, err := d.root.Get(key)
	if err != nil {
		return nil, err
	}
	if v.Kind() != kind {
		return nil, fmt.Errorf("the document has no %q of type %v", key, kind)
	}
	return v, nil
}

// setTags makes the tags those of want.
func (d *draft) setTags(want []string) error {
	want, err := checkTags(want)
	if err != nil {
		return err
	}
	v, err := d.object(schema.Tags, automerge.KindMap)
	if err != nil {
		return err
	}
	tags := v.Map()
	have, err := trueKeys(tags)
	if err != nil {
		return err
	}
	wanted := make(map[string]bool, len(want))
	for _, t := range want {
		wanted[t] = true
	}
	if len(wanted) > MaxTags {
		return &LimitError{What: "the document", Got: len(wanted), Limit: MaxTags, Unit: "tags"}
	}
	had := make(map[string]bool, len(have))
	for _, t := range have {
		had[t] = true
		if !wanted[t] {
			d.do(func() error { return tags.Delete(t) })
		}
	}
	for _, t := range want {
		if !had[t] {
			had[t] = true
			d.do(func() error { return tags.Set(t, true) })
		}
	}
	return nil
}

// create checks and gathers what the documents of every kind begin with.
func (d *draft) create(title, text string, tags []string) error {
	title, err := checkTitle(title)
	if err != nil {
		return err
	}
	if text, err = checkText("the text", text); err != nil {
		return err
	}
	if err := checkLength(runes(text)); err != nil {
		return err
	}
	if tags, err = checkTags(tags); err != nil {
		return err
	}
	if len(tags) > MaxTags {
		return &LimitError{What: "the document", Got: len(tags), Limit: MaxTags, Unit: "tags"}
	}
	d.do(func() error { return d.root.Set(schema.Title, title) })
	d.do(func() error { return d.root.Set(schema.Text, automerge.NewText(text)) })
	d.do(func() error {
		m := automerge.NewMap()
		if err := d.root.Set(schema.Tags, m); err != nil {
			return err
		}
		seen := map[string]bool{}
		for _, t := range tags {
			if seen[t] {
				continue
			}
			seen[t] = true
			if err := m.Set(t, true); err != nil {
				return err
			}
		}
		return nil
	})
	return nil
}

// Common is a change of what documents of every kind have. A nil pointer leaves a field alone.
type Common struct {
	Title *string
	// Text is what the text becomes. It was edited from what it was at the heads From (see
	// EditTextFrom), or else from Base (see EditText), or else from the text as it is.
	Text       *string
	From       []change.Hash
	Base       *string
	Tags       *[]string // all of them, in any order
	AddTags    []string
	RemoveTags []string
}

func (c *Common) gather(d *draft) error {
	if c.Title != nil {
		title, err := checkTitle(*c.Title)
		if err != nil {
			return err
		}
		d.set(schema.Title, title)
	}
	if c.Text != nil {
		if err := d.editText(c.Base, c.From, *c.Text); err != nil {
			return err
		}
	}
	if c.Tags != nil {
		return d.setTags(*c.Tags)
	}
	if len(c.AddTags)+len(c.RemoveTags) == 0 {
		return nil
	}
	v, err := d.object(schema.Tags, automerge.KindMap)
	if err != nil {
		return err
	}
	want, err := trueKeys(v.Map())
	if err != nil {
		return err
	}
	gone, err := checkTags(c.RemoveTags)
	if err != nil {
		return err
	}
	add, err := checkTags(c.AddTags)
	if err != nil {
		return err
	}
	return d.setTags(append(without(want, gone), add...))
}

func without(list, gone []string) []string {
	out := list[:0:0]
	for _, s := range list {
		keep := true
		for _, g := range gone {
			keep = keep && s != g
		}
		if keep {
			out = append(out, s)
		}
	}
	return out
}

// trueKeys returns the keys of a map whose value is true, ascending.
func trueKeys(m *automerge.Map) ([]string, error) {
	values, err := m.Values()
	if err != nil {
		return nil, err
	}
	keys := make([]string, 0, len(values))
	for k, v := range values {
		if v.Kind() == automerge.KindBool && v.Bool() {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys, nil
}
