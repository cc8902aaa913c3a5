package desk

import (
	"errors"
	"slices"
	"strings"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/diff"
	"kith/crdt/kind"
	"kith/crdt/problem"
	"kith/daemon/api"
	"kith/daemon/replica"
)

// A whole text that somebody types goes in the place of the text that they know: what others wrote since then isn't
// theirs to take out. What they know is what they say that they read, else what they left there themselves, else
// what they were shown on this device.

// errUnread says that somebody would write over a text that they don't know.
var errUnread = errors.New("they haven't been shown the text that stands there")

// overlapError says that others changed the places of a text that somebody writes anew, since they knew it so.
type overlapError struct{ knew string }

func (*overlapError) Error() string { return "others changed the same places of the text" }

// onKnown puts into what somebody writes the text that they know.
func (e editing) onKnown(w *kind.Writing, a asks) error {
	switch {
	case a.Replace:
		return nil
	case len(a.From) > 0:
		return e.asOf(w, func(d *accept.Document) ([]change.Hash, error) { return changesIn(d, a.From) })
	case e.shown.Left != nil:
		w.Base = e.shown.Left
		return nil
	case len(e.shown.Heads) > 0:
		err := e.asOf(w, func(d *accept.Document) ([]change.Hash, error) { return held(d, e.shown.Heads) })
		if err != nil { // it was voided since
			return errUnread
		}
		return nil
	case e.View.Text == "", e.View.Text == w.Text:
		return nil
	}
	return errUnread
}

// asOf lets a text be written as of a version, which may be one from where the document was before.
func (e editing) asOf(w *kind.Writing, version func(*accept.Document) ([]change.Hash, error)) error {
	from, err := version(e.Judge)
	switch {
	case err == nil && !isAt(e.View.Heads, from):
		w.From = from
	case err != nil && e.before != nil:
		was, err := e.before.textAt(version)
		w.Base = &was
		return err
	}
	return err
}

// whole merges a text that is meant as a whole with what others wrote since its writer knew it. Letters, as the core merges them, would be
// scraps that nobody wrote: a text that is typed whole goes by words, and where others changed the same place it goes nowhere.
func (e editing) whole(w *kind.Writing) error {
	if w.Base == nil && len(w.From) == 0 {
		return nil
	}
	knew, err := e.textBefore(w)
	if err != nil {
		return err
	}
	_, now, err := crdt.TextAt(e.Doc, e.View.Heads)
	if err != nil {
		return err
	}
	text, ok := diff.Merge(knew, w.Text, now)
	if !ok {
		return &overlapError{knew}
	}
	*w = kind.Writing{Text: text}
	return nil
}

// mostAgain is how many of somebody's own changes are looked at, to find one that a request asks for again.
const mostAgain = 16

// wrote says whether somebody wrote already what is to be written, as of the same version: the answer to that didn't come to
// them, and they ask again.
func (e editing) wrote(w kind.Writing) (bool, error) {
	h, own := e.Judge.History(), 0
	for _, it := range slices.Backward(e.Judge.Order()) {
		if it.Author != e.Author {
			continue
		}
		made, ok := h.Change(it.Change.Hash)
		if own++; !ok || own > mostAgain || slices.ContainsFunc(w.From, func(from change.Hash) bool { return !h.IsPast(from, made.Hash) || from == made.Hash }) {
			return false, nil
		}
		if is, err := crdt.Wrote(e.Doc, made.Hash, made.Deps, w); is || err != nil {
			return is, err
		}
	}
	return false, nil
}

func held(d *accept.Document, heads []change.Hash) ([]change.Hash, error) {
	for _, h := range heads {
		if !d.History().Has(h) {
			return nil, errUnread
		}
	}
	return heads, nil
}

// unread tells who would write over a text that they don't know what stands there.
func (b *Desk) unread(k *kind.Kind, id string, err error) error {
	var overlap *overlapError
	if !errors.Is(err, errUnread) && !errors.As(err, &overlap) {
		return err
	}
	at, lookErr := b.lookAt(id)
	if lookErr != nil {
		return errors.Join(err, lookErr)
	}
	short := at.Header().Short
	if overlap != nil {
		knew := *at.View
		knew.Text = overlap.knew
		p := problem.New(problem.Changed, "read it: kith "+k.Name+" show "+short+"; then say it again (in the place of all of it: --replace)",
			"%s was changed since you were shown it, and your text changes the same place", short)
		p.Changed = crdt.Differences(k, &knew, at.View)
		return p
	}
	p := problem.New(problem.Changed, "read it: kith "+k.Name+" show "+short+"; then say it again (in the place of all of it, unread: --replace)",
		"there is a text in %s that hasn't been shown to you yet, and yours would go in its place", short)
	p.Changed = slices.DeleteFunc(crdt.Differences(k, nil, at.View), func(c api.Change) bool { return c.Field != kind.Body.Key })
	return p
}

// merged says how a document differs from what somebody knows of it who has just written a text in it: shown is what
// they were shown before.
func (s *Shown) merged(k *kind.Kind, shown replica.Shown, text string, a asks) ([]api.Change, error) {
	knew, err := s.asShown(k, shown)
	if err != nil {
		return nil, err
	}
	if knew == nil {
		now := *s.View
		knew = &now
	}
	mine := *knew
	mine.Text = text
	if a.Title != nil {
		mine.Title = s.View.Title
	}
	mine.Fields = kind.Values{}
	for _, f := range k.Answered {
		mine.Fields[f.Key] = knew.Fields[f.Key]
		if a.Has(f) {
			mine.Fields[f.Key] = s.View.Fields[f.Key]
		}
	}
	return crdt.Differences(k, &mine, s.View), nil
}

// noteLeft keeps what somebody knows of a document in which they have just written a text: all of it, if they knew it
// before and nothing else came in; else what they were shown before, and the text that they left.
func (s *Shown) noteLeft(k *kind.Kind, shown replica.Shown, text string, a asks) (err error) {
	if s.Merged, err = s.merged(k, shown, text, a); err != nil {
		return err
	}
	if len(s.Merged) == 0 && shown.Revision != "" {
		return s.noteWritten(k)
	}
	shown.Left = &text
	return s.Replica.NoteShown(s.key(), shown)
}

// noteAdded keeps what somebody knows of a document to whose text they have just added something, which before was the
// revision and text of.
func (s *Shown) noteAdded(k *kind.Kind, shown replica.Shown, before, text string) error {
	added, adds := strings.CutPrefix(s.View.Text, text)
	switch {
	case k.Revision(s.View) == before:
		return nil
	case shown.Revision == before:
		return s.noteWritten(k)
	case !adds:
		return nil
	}
	if shown.Left == nil {
		knew, err := s.asShown(k, shown)
		if err != nil || knew == nil {
			return err
		}
		shown.Left = &knew.Text
	}
	shown.Left = new(*shown.Left + added)
	return s.Replica.NoteShown(s.key(), shown)
}
