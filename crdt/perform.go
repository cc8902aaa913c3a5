package crdt

import (
	"slices"

	"github.com/automerge/automerge-go"

	"kith/crdt/change"
	"kith/crdt/kind"
	"kith/crdt/schema"
)

// Perform does what a verb of a kind does, as d asks for: k.Make begins a document, k.Edit changes one. d's view is set by
// it.
func Perform(k *kind.Kind, verb *kind.Verb, d *kind.Draft) Edit {
	return func(am *automerge.Doc, v *View) error {
		if (v == nil) != (verb == k.Make) || v != nil && v.Kind != k.Name {
			return invalid("this is not a %s", k.Name)
		}
		d.View = v
		if err := verb.Check(&d.Asks); err != nil {
			return err
		}
		if verb.Live != nil && v != nil && !d.Asks.Undo {
			if err := verb.Live(v); err != nil {
				return d.Asks.Says(err)
			}
		}
		if verb.Do != nil {
			if err := verb.Do(d); err != nil {
				return err
			}
		}
		if verb == kind.Talk && k.Spoken != nil {
			k.Spoken(d)
		}
		if verb.Answers() && !d.Asks.Undo { // who may not answer at all is told that first
			if err := k.StillReads(v, d.Asks.Str(kind.Seen)); err != nil {
				return err
			}
		}
		w := newDraft(am)
		var err error
		switch verb {
		case k.Make:
			err = w.begin(k, &d.Asks)
		case k.Edit:
			err = w.edit(&d.Asks)
		}
		if err != nil {
			return err
		}
		return w.finish(k, verb, d)
	}
}

// begin gathers what the documents of every kind begin with, and the maps of this one.
func (d *draft) begin(k *kind.Kind, asks *kind.Request) error {
	text, tags := "", asks.Tag
	if asks.Text != nil {
		text = asks.Text.Text
	}
	if asks.Tags != nil {
		tags = *asks.Tags
	}
	if tags = unique(tags); len(tags) > kind.MaxTags {
		return &LimitError{What: "the document", Got: len(tags), Limit: kind.MaxTags, Unit: "tags"}
	}
	d.do(func() error { return d.root.Set(schema.Title, *asks.Title) })
	d.do(func() error { return d.root.Set(schema.Text, automerge.NewText(text)) })
	d.do(func() error {
		m := automerge.NewMap()
		if err := d.root.Set(schema.Tags, m); err != nil {
			return err
		}
		for _, t := range tags {
			if err := m.Set(t, true); err != nil {
				return err
			}
		}
		return nil
	})
	for _, f := range k.Fields {
		if f.Is == kind.Members {
			d.do(func() error { return d.root.Set(f.Key, automerge.NewMap()) })
		}
	}
	return nil
}

// edit gathers a change of title and text.
func (d *draft) edit(asks *kind.Request) error {
	if asks.Title != nil {
		d.set(schema.Title, change.StrValue(*asks.Title))
	}
	if t := asks.Text; t != nil {
		if err := d.editText(*t); err != nil {
			return err
		}
	}
	return nil
}

// retag gathers a change of the tags.
func (d *draft) retag(asks *kind.Request) error {
	if asks.Tags != nil {
		return d.setTags(*asks.Tags)
	}
	if len(asks.Tag)+len(asks.Untag) == 0 {
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
	want = slices.DeleteFunc(want, func(t string) bool { return slices.Contains(asks.Untag, t) })
	return d.setTags(append(want, asks.Tag...))
}

// finish writes all that was gathered, with the fields that were asked for and what the verb does. Everything is gathered
// before anything is written.
func (d *draft) finish(k *kind.Kind, verb *kind.Verb, by *kind.Draft) error {
	rest := newDraft(d.am)
	if verb == k.Edit {
		if err := rest.retag(&by.Asks); err != nil {
			return err
		}
	}
	for _, w := range by.Writes() {
		if err := rest.gather(w, by); err != nil {
			return err
		}
	}
	for _, f := range k.Fields {
		switch {
		case verb != k.Make && verb != k.Edit:
		case slices.Contains(verb.With, f) && by.Asks.Has(f):
			if !by.Offers(f) {
				return &kind.NewRulesError{Field: f}
			}
			rest.set(f.Key, by.Asks.Value(f))
		case verb == k.Make && f.Is == kind.Word && by.Offers(f):
			rest.set(f.Key, change.StrValue(f.Words[0]))
		}
	}
	rewritten := len(d.steps) > 0
	if verb == k.Make {
		d.steps, rest.steps = append(d.steps, rest.steps...), nil
	}
	if len(d.steps)+len(rest.steps) == 0 {
		return ErrNothingChanged
	}
	if err := d.take(); err != nil {
		return err
	}
	if rewritten && by.HasMore() {
		if err := d.more(by); err != nil {
			return err
		}
	}
	return rest.take()
}

// more does what is to be done once title and text are what they become.
func (d *draft) more(by *kind.Draft) error {
	v, err := d.object(schema.Text, automerge.KindText)
	if err != nil {
		return err
	}
	text, err := v.Text().Get()
	if err != nil {
		return err
	}
	for _, w := range by.More(d.str(schema.Title), text) {
		if err := d.gather(w, by); err != nil {
			return err
		}
	}
	return d.take()
}

// gather adds one write to what is gathered.
func (d *draft) gather(w kind.Write, by *kind.Draft) error {
	if w.Field != nil && !by.Offers(w.Field) {
		return &kind.NewRulesError{Field: w.Field}
	}
	switch w.Place {
	case kind.AtEnd:
		return d.appended(w.Append)
	case kind.InMap:
		d.do(func() error {
			v, err := d.object(w.Field.Key, automerge.KindMap) // in a first change it was made just now
			if err != nil {
				return err
			}
			if is, err := v.Map().Get(w.Key); w.Anew && err == nil && !is.IsVoid() && same(is, w.Value) {
				return v.Map().Delete(w.Key) // the core writes no value once more where it stands alone
			}
			return v.Map().Set(w.Key, plainValue(w.Value))
		})
		return nil
	}
	key := w.Field.Key
	if w.Place == kind.Own {
		if w.Key != "" {
			key += "/" + w.Key
		}
		key = schema.OwnKey(by.Author, key)
	}
	if w.Anew {
		d.do(func() error { return d.root.Set(key, plainValue(w.Value)) })
		return nil
	}
	d.set(key, w.Value)
	return nil
}

func unique(words []string) (out []string) {
	for _, w := range words {
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}
