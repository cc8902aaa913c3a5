package kind

import (
	"errors"

	"kith/crdt/change"
)

// Refuses says why a verb can't be done now by who drafts it, whatever they might say with it; nil: it can. The verb is tried and
// nothing of it is written: what it misses is still to be said, and so is no reason not to offer it.
func (v *Verb) Refuses(d *Draft) error {
	if v.Live != nil && !d.Asks.Undo {
		if err := v.Live(d.View); err != nil {
			return err
		}
	}
	if v.Do == nil {
		return nil
	}
	var no *NotAllowedError
	if err := v.Do(d); errors.As(err, &no) {
		return no
	} else if err != nil || d.HasMore() {
		return nil
	}
	for _, w := range d.Writes() {
		if w.changes(d.View) {
			return nil
		}
	}
	if len(v.Args)+len(v.With) > 0 || v.Text != No {
		return nil // what is said with it is what it writes
	}
	return Already("it is like that already")
}

// changes says whether a document isn't like that already, as far as its view shows. The reason that goes with a state changes nothing
// by itself.
func (w Write) changes(v *View) bool {
	switch {
	case w.Place != AtRoot || w.Anew:
		return true
	case w.Field.With != nil:
		return false
	}
	is, ok := v.Fields[w.Field.Key]
	if !ok {
		return w.Value != change.StrValue("") && w.Value != change.IntValue(0)
	}
	return is != w.Value
}
