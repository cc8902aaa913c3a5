package desk

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/problem"
	"kith/daemon/api"
	"kith/daemon/replica"
)

// What somebody answers is to what they were shown: the daemon keeps, for this device alone, which revision of a
// document that was. One that goes on in a share is looked at there.

// LastShown implements server.Documents.
func (b *Desk) LastShown(_ context.Context, k *kind.Kind, id string) (api.LastShown, error) {
	at, err := b.lookAt(id)
	if err != nil {
		return api.LastShown{}, err
	}
	was, err := at.Replica.Shown(at.key())
	if err != nil {
		return api.LastShown{}, err
	}
	out := api.LastShown{Revision: was.Revision, At: api.At(was.At), Now: k.Revision(at.View)}
	if out.Revision != out.Now {
		out.Changed, err = at.changedSince(k, was)
	}
	return out, err
}

// Possible implements server.Documents.
func (b *Desk) Possible(_ context.Context, k *kind.Kind, id string) ([]api.Possible, error) {
	at, err := b.lookAt(id)
	if err != nil {
		return nil, err
	}
	r, all := at.Replica, []api.Possible{}
	me, ok := r.Me()
	if !ok {
		return all, nil
	}
	e := replica.Edit{View: at.View, Charter: r.Rules(), Author: me.ID, Now: r.Now(), Place: r.Place()}
	name := func(m charter.MemberID) string { return at.People.Named(m).Name }
	for _, v := range append([]*kind.Verb{k.Edit}, k.Verbs...) {
		if theirs(v, at) != nil {
			continue
		}
		if e.Refuses(v, false, name) == nil {
			all = append(all, api.Possible{Verb: v.Name})
		}
		if v.Undo && e.Refuses(v, true, name) == nil {
			all = append(all, api.Possible{Verb: v.Name, Undo: true})
		}
	}
	return all, nil
}

// NoteShown implements server.Documents.
func (b *Desk) NoteShown(_ context.Context, k *kind.Kind, id string, heads []string) error {
	at, err := b.lookAt(id)
	if err != nil {
		return err
	}
	defer at.Replica.Unquiet(at.View.ID)
	return at.Replica.Read(at.View.ID, func(e replica.Edit) error {
		hashes, err := changesIn(e.Judge, heads)
		if err != nil {
			return err
		}
		was, err := at.as(k, e, hashes)
		if err != nil {
			return err
		}
		return at.Replica.NoteShown(at.key(), replica.Shown{Revision: k.Revision(was), Heads: hashes})
	})
}

// noteWritten keeps that somebody knows what they have written themselves.
func (s *Shown) noteWritten(k *kind.Kind) error {
	return s.Replica.NoteShown(s.key(), replica.Shown{Revision: k.Revision(s.View), Heads: s.View.Heads})
}

// key names a document where it goes on.
func (s *Shown) key() string { return api.FullID(s.View.Kind, s.View.ID.String()) }

// as gives a document as it was at some heads: as it is where these are the present ones, since what was decided may be
// shown in the place of what was written.
func (s *Shown) as(k *kind.Kind, e replica.Edit, heads []change.Hash) (*crdt.View, error) {
	if isAt(e.View.Heads, heads) {
		return e.View, nil
	}
	return viewAt(e, k, heads)
}

// viewAt reads a document as it was at some heads.
func viewAt(e replica.Edit, k *kind.Kind, heads []change.Hash) (*crdt.View, error) {
	was := crdt.NewPast(k, e.Judge.Order()).At(heads)
	if was == nil {
		return nil, fmt.Errorf("document %s isn't known as it was at %v", e.View.ID, heads)
	}
	return was, nil
}

// textThen reads what its text was.
func textThen(e replica.Edit, heads []change.Hash) (string, error) {
	was, err := viewAt(e, kinds.All.Named(e.View.Kind), heads)
	if err != nil {
		return "", err
	}
	return was.Text, nil
}

func isAt(a, b []change.Hash) bool {
	if len(a) != len(b) {
		return false
	}
	in := map[change.Hash]bool{}
	for _, h := range a {
		in[h] = true
	}
	for _, h := range b {
		if !in[h] {
			return false
		}
	}
	return true
}

// changedSince says how a document differs from what was shown of it.
func (s *Shown) changedSince(k *kind.Kind, shown replica.Shown) ([]api.Change, error) {
	was, err := s.asShown(k, shown)
	return crdt.Differences(k, was, s.View), err
}

// asShown gives a document as it was shown; nil if it wasn't, or if that was voided since.
func (s *Shown) asShown(k *kind.Kind, shown replica.Shown) (was *crdt.View, err error) {
	if shown.Revision == "" {
		return nil, nil
	}
	err = s.Replica.Read(s.View.ID, func(e replica.Edit) error {
		heads, err := held(e.Judge, shown.Heads)
		if err != nil {
			return nil
		}
		was, err = s.as(k, e, heads)
		return err
	})
	return was, err
}

// shown gives what was shown of a document, where it goes on. Of one that nobody was shown there yet, it is the text
// that they were shown at home.
func (s *Shown) shown() (replica.Shown, error) {
	there, err := s.Replica.Shown(s.key())
	if err != nil || s.home == nil || there.Revision != "" || there.Left != nil {
		return there, err
	}
	home := Shown{Replica: s.home, View: s.was}
	known, err := home.shown()
	if err != nil || known.Revision == "" {
		return there, err
	}
	text, err := home.textAt(func(d *accept.Document) ([]change.Hash, error) { return held(d, known.Heads) })
	if err != nil { // it was voided since
		return there, nil
	}
	return replica.Shown{Left: &text}, nil
}

// lookAt gives a document by its whole ID, where it goes on.
func (b *Desk) lookAt(id string) (Shown, error) {
	r, v, err := b.View(id)
	if err != nil {
		return Shown{}, err
	}
	return b.Look(r, v), nil
}

// answered tells who answered to something else than it is what differs from what they were shown.
func (b *Desk) answered(k *kind.Kind, verb *kind.Verb, id string, a asks, err error) error {
	var changed *kind.ChangedError
	if !errors.As(err, &changed) {
		return err
	}
	at, lookErr := b.lookAt(id)
	if lookErr != nil {
		return err
	}
	was, readErr := at.Replica.Shown(at.key())
	if readErr != nil {
		return errors.Join(err, readErr)
	}
	short, now := at.Header().Short, k.Revision(at.View)
	said := a.Str(kind.Seen)
	hint := "read it: kith " + k.Name + " show " + short + "; then say it again"
	p := problem.New(problem.Changed, hint, "%s hasn't been shown to you yet", short)
	if was.Revision != now {
		if p.Changed, err = at.changedSince(k, was); err != nil {
			return err
		}
	}
	switch {
	case said != "" && said != was.Revision:
		p.Message = short + " isn't at revision " + api.Brief(said) + "; it is at " + now
	case was.Revision != "":
		var fields []string
		for _, c := range p.Changed {
			fields = append(fields, c.Field)
		}
		p.Message = short + " was changed since you were shown it: " + strings.Join(fields, ", ")
	}
	return p
}

// neverShown says whether the member of this device was never shown a document here.
func neverShown(s *Shown) (bool, error) {
	was, err := s.Replica.Shown(s.key())
	return was.Revision == "" && was.Left == nil, err
}

// unseen says whether a document is other than the member of this device was shown it here, and others made it so: what they wrote last
// themselves may stand beside what others wrote meanwhile.
func unseen(s *Shown) (bool, error) {
	was, err := s.Replica.Shown(s.key())
	me, _ := s.Replica.Me()
	return !isAt(s.View.Heads, was.Heads) && (s.View.UpdatedBy != me.ID || len(s.View.Heads) > 1), err
}
