package crdt

import (
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/automerge/automerge-go"

	"kith/crdt/change"
	"kith/crdt/diff"
	"kith/crdt/kind"
	"kith/crdt/schema"
)

func runes(s string) int { return utf8.RuneCountInString(s) }

// appended gathers what adds s at the end of the text, as a paragraph of its own.
func (d *draft) appended(s string) error {
	v, err := d.object(schema.Text, automerge.KindText)
	if err != nil {
		return err
	}
	now, err := v.Text().Get()
	if err != nil {
		return err
	}
	if now != "" && !strings.HasSuffix(now, "\n") {
		s = "\n" + s
	}
	n := runes(now)
	if err := kind.CheckLength("the text", n+runes(s)); err != nil {
		return err
	}
	d.do(func() error { return v.Text().Splice(n, 0, s) })
	return nil
}

// RestoreText makes of the text what it was, which TextAt tells, as if somebody had typed it. All that came after stays in
// the history.
func RestoreText(was kind.Writing) Edit {
	return func(am *automerge.Doc, _ *View) error {
		d := newDraft(am)
		if err := d.editText(was); err != nil {
			return err
		}
		return d.write()
	}
}

// TextAt returns title and text as of some heads of am. It commits what was written to am and
// not yet committed.
func TextAt(am *automerge.Doc, heads []change.Hash) (title, text string, err error) {
	then, err := asOf(am, heads)
	if err != nil {
		return "", "", err
	}
	d := newDraft(then)
	v, err := d.object(schema.Text, automerge.KindText)
	if err != nil {
		return "", "", err
	}
	text, err = v.Text().Get()
	return d.str(schema.Title), text, err
}

// asOf returns am as of some heads, for reading: am itself if it stands there.
func asOf(am *automerge.Doc, heads []change.Hash) (*automerge.Doc, error) {
	if standsAt(am, heads) {
		return am, nil
	}
	return forkAt(am, heads)
}

// standsAt says whether nothing of am is beyond some heads. It commits what was written and not yet committed, as a fork does.
func standsAt(am *automerge.Doc, heads []change.Hash) bool {
	now := am.Heads()
	return len(now) == len(heads) && !slices.ContainsFunc(now, func(h automerge.ChangeHash) bool {
		return !slices.Contains(heads, change.Hash(h))
	})
}

// nobody writes in forks that are dropped again. Were it an actor of the document's, its change
// would have the number of one that the document makes next.
const nobody = "00000000000000000000000000000000"

// forkAt copies am as of some heads; none are the present ones. The core puts together anew all that led there: of a text of
// 50,000 characters that takes tenths of a second. The copy lies outside Go's heap until the collector finds it: see Copies.
func forkAt(am *automerge.Doc, heads []change.Hash) (*automerge.Doc, error) {
	at := make([]automerge.ChangeHash, len(heads))
	for i, h := range heads {
		at[i] = automerge.ChangeHash(h)
	}
	copies.Add(1)
	then, err := am.Fork(at...)
	if err != nil {
		return nil, err
	}
	return then, then.SetActorID(nobody)
}

var copies atomic.Uint64

// Copies counts the copies that the core has made of documents in this process, to read or edit them by older heads. They are as large
// as the document, and the collector doesn't see how large: who keeps documents asks it to run.
func Copies() uint64 { return copies.Load() }

// merged returns what becomes of the text if what a person made of it, as of some heads, is merged.
func merged(am *automerge.Doc, w kind.Writing) (string, error) {
	then, err := forkAt(am, w.From)
	if err != nil {
		return "", err
	}
	d := newDraft(then)
	if err := d.editText(kind.Writing{Text: w.Text, Typing: w.Typing}); err != nil {
		return "", err
	}
	if err := d.write(); err != nil && err != ErrNothingChanged {
		return "", err
	}
	both, err := forkAt(am, nil)
	if err != nil {
		return "", err
	}
	if _, err := both.Merge(then); err != nil {
		return "", err
	}
	v, err := newDraft(both).object(schema.Text, automerge.KindText)
	if err != nil {
		return "", err
	}
	return v.Text().Get()
}

// Wrote says whether a change made the text what an edit makes of it: w says from which heads, and on are the heads on which the
// change was made. It commits what was written to am and not yet committed.
func Wrote(am *automerge.Doc, made change.Hash, on []change.Hash, w kind.Writing) (bool, error) {
	_, was, err := TextAt(am, on)
	if err != nil {
		return false, err
	}
	_, is, err := TextAt(am, []change.Hash{made})
	if err != nil || is == was {
		return false, err
	}
	want, err := kind.CleanText("the text", w.Text)
	if err != nil {
		return false, err
	}
	then, err := forkAt(am, on)
	if err != nil {
		return false, err
	}
	if !standsAt(then, w.From) {
		w.Text = want
		if want, err = merged(then, w); err != nil {
			return false, err
		}
	}
	return is == want, nil
}

// editText gathers the splices that bring into the text what a person did to it in an editor: they saw it as it was at some
// heads if these are given, else as base, else as it is, and left want. The document may have moved on meanwhile; only
// the differences are written, so nobody's words are lost: with heads where the core would have put them if they had
// been written then, else at the places where they belong by comparing texts, and of two like passages that can
// be the other one. Line ends become "\n".
func (d *draft) editText(w kind.Writing) error {
	want, err := kind.CleanText("the text", w.Text)
	if err != nil {
		return err
	}
	v, err := d.object(schema.Text, automerge.KindText)
	if err != nil {
		return err
	}
	text := v.Text()
	now, err := text.Get()
	if err != nil {
		return err
	}
	base := w.Base
	if base == nil || len(w.From) > 0 {
		base = &now
	}
	if len(w.From) > 0 && !standsAt(d.am, w.From) {
		w.Text = want
		if want, err = merged(d.am, w); err != nil {
			return err
		}
	}
	steps := diff.Edit
	if w.Typing {
		steps = diff.Typing
	}
	edits := rebase(*base, want, now, steps)
	n := runes(now)
	for _, s := range edits {
		n += runes(s.insert) - s.del
	}
	if err := kind.CheckLength("the text", n); err != nil {
		return err
	}
	// From the end to the start, so that no splice moves the place of another.
	for i := len(edits) - 1; i >= 0; i-- {
		s := edits[i]
		d.do(func() error { return text.Splice(s.at, s.del, s.insert) })
	}
	return nil
}

// splice replaces del characters from at on by insert.
type splice struct {
	at, del int
	insert  string
}

// rebase returns the splices, in ascending order and apart from each other, that do to now what
// was done to base to make want of it, in these steps. What is in now and wasn't in base stays.
func rebase(base, want, now string, steps func(from, to string) []diff.Step) []splice {
	if base == want {
		return nil
	}
	var out []splice
	add := func(s splice) {
		if s.del == 0 && s.insert == "" {
			return
		}
		if n := len(out); n > 0 && out[n-1].at+out[n-1].del == s.at {
			out[n-1].del += s.del
			out[n-1].insert += s.insert
			return
		}
		out = append(out, s)
	}
	to := places(base, now)
	at := 0 // in base, in characters
	for _, s := range steps(base, want) {
		n := runes(s.Text)
		switch s.Is {
		case diff.Same:
			at += n
		case diff.New:
			add(splice{at: to.before(at), insert: s.Text})
		case diff.Gone:
			for ; n > 0; n-- {
				if p, ok := to.of(at); ok {
					add(splice{at: p, del: 1})
				}
				at++
			}
		}
	}
	return out
}

// mapping says where the characters of one text are in another that came of it.
type mapping []struct {
	at   int  // place in the other text; of the gap in front of it if it is gone
	here bool // whether it is still there
}

// of returns the place of character i, if it is still there.
func (m mapping) of(i int) (int, bool) { return m[i].at, m[i].here }

// before returns the place for something put in front of character i: right behind what it was
// put behind, so that it stands before what others put at the same place.
func (m mapping) before(i int) int {
	if i == 0 {
		return 0
	}
	p := m[i-1]
	if p.here {
		return p.at + 1
	}
	return p.at
}

func places(base, now string) mapping {
	m := make(mapping, 0, runes(base)+1)
	at := 0
	for _, s := range diff.Kept(base, now) {
		n := runes(s.Text)
		switch s.Is {
		case diff.Same:
			for ; n > 0; n-- {
				m = append(m, struct {
					at   int
					here bool
				}{at, true})
				at++
			}
		case diff.Gone:
			for ; n > 0; n-- {
				m = append(m, struct {
					at   int
					here bool
				}{at, false})
			}
		case diff.New:
			at += n
		}
	}
	return m
}
