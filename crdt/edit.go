package crdt

import (
	"fmt"
	"slices"

	"github.com/automerge/automerge-go"

	"kith/crdt/change"
	"kith/crdt/kind"
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
	return d.take()
}

// take is write where there may be nothing to do.
func (d *draft) take() error {
	for _, step := range d.steps {
		if err := step(); err != nil {
			return fmt.Errorf("write into the document: %w", err)
		}
	}
	d.steps = nil
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

// set writes a value that isn't there already. A key that was never written, "" and 0 are the same.
func (d *draft) set(key string, to change.Value) { d.setIn(d.root, key, to) }

func (d *draft) setIn(m *automerge.Map, key string, to change.Value) {
	if v, err := m.Get(key); err != nil || !same(v, to) {
		d.do(func() error { return m.Set(key, plainValue(to)) })
	}
}

func same(is *automerge.Value, to change.Value) bool {
	switch to.Kind {
	case change.StrKind:
		return is.Kind() == automerge.KindStr && is.Str() == to.Str() || is.Kind() != automerge.KindStr && to.Str() == ""
	case change.IntKind:
		return is.Kind() == automerge.KindInt64 && is.Int64() == to.Int() || is.Kind() != automerge.KindInt64 && to.Int() == 0
	case change.BoolKind:
		return is.Kind() == automerge.KindBool && is.Bool() == to.Bool() || is.Kind() != automerge.KindBool && !to.Bool()
	}
	return false
}

// plainValue is a value as the core takes it.
func plainValue(v change.Value) any {
	switch v.Kind {
	case change.IntKind:
		return v.Int()
	case change.BoolKind:
		return v.Bool()
	}
	return v.Str()
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

// setTags makes the tags those of want, which are clean.
func (d *draft) setTags(want []string) error {
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
	if len(wanted) > kind.MaxTags {
		return &LimitError{What: "the document", Got: len(wanted), Limit: kind.MaxTags, Unit: "tags"}
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
