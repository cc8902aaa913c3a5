package desk

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/daemon/api"
	"kith/daemon/api/server"
	"kith/daemon/replica"
	"kith/daemon/space"
	"kith/daemon/words"
)

// Desk is where the documents of one space are read and written, as a person means them: also one of a co-op's that
// goes on in a share. It translates: names for IDs, and the API's values for the documents' ones.
type Desk struct {
	at  *space.Space
	all *space.List // in which the shares are where documents go on
}

var (
	_ server.Documents = (*Desk)(nil)
	_ server.Versions  = (*Desk)(nil)
	_ server.News      = (*Desk)(nil)
)

// New makes the desk of a space; in all are the shares where its documents go on.
func New(at *space.Space, all *space.List) *Desk { return &Desk{at, all} }

// DocID reads a whole document ID, as in "t-0123…", with the letters of its kind or without.
func DocID(id string) (entry.DocID, error) {
	_, text, ok := strings.Cut(id, "-")
	if !ok {
		text = id
	}
	return entry.ParseDocID(text)
}

// Header is what documents of all kinds have.
func (s Shown) Header() api.Document {
	v := s.View
	d := api.Document{
		ID: api.FullID(v.Kind, v.ID.String()), Short: words.ShortID(s.Replica, v.Kind, v.ID), Kind: v.Kind, Title: v.Title, Tags: v.Tags,
		CreatedBy: s.People.Named(v.CreatedBy), CreatedAt: api.At(v.CreatedAt.Time()),
		UpdatedBy: s.People.Named(v.UpdatedBy), UpdatedAt: api.At(v.UpdatedAt.Time()),
		Heads: make([]string, len(v.Heads)), Shared: s.Shared, Merged: s.Merged,
	}
	for i, h := range v.Heads {
		d.Heads[i] = h.String()
	}
	d.Remarks = standing(v.Talk)
	if v.Archived != nil && !v.Open {
		d.Archived = &api.Deed{By: s.People.Named(v.Archived.By), At: api.At(v.Archived.At.Time())}
	}
	if me, ok := s.Replica.Me(); ok {
		if full := v.Room.For(me.ID); full >= api.FullFrom {
			d.Full = min(full, 100)
		}
	}
	for _, a := range v.Apart {
		said := api.Apart{Field: a.Field}
		for _, side := range a.Sides {
			said.Sides = append(said.Sides, api.Side{By: s.People.Named(side.By), Head: side.Head.String(), Says: side.Says})
		}
		d.Apart = append(d.Apart, said)
	}
	if s.same {
		d.Changed = new(false)
	}
	if s.home != nil { // known by what it is at home
		d.Remarks += standing(s.was.Talk)
		d.ID, d.Short = api.FullID(v.Kind, s.was.ID.String()), words.ShortID(s.home, v.Kind, s.was.ID)
		d.CreatedBy, d.CreatedAt = words.People{Rules: s.home.Rules()}.Named(s.was.CreatedBy), api.At(s.was.CreatedAt.Time())
	}
	return d
}

// Find implements server.Documents.
func (b *Desk) Find(_ context.Context, kind, prefix string, limit int) ([]api.Document, error) {
	r := b.at.Replica
	var out []api.Document
	for _, ref := range r.Resolve(kind, prefix, limit) {
		v, err := r.View(ref.ID)
		if errors.Is(err, replica.ErrNotFound) {
			continue // voided or forgotten this moment
		}
		if err != nil {
			return nil, err
		}
		out = append(out, b.Look(r, v).Header())
	}
	if len(out) > 0 {
		return out, nil
	}
	// A list shows what is stored, which may be a moment before it can be looked up by the start of its ID.
	if doc, err := DocID(prefix); err == nil {
		if v, err := r.View(doc); err == nil && (kind == "" || v.Kind == kind) {
			out = append(out, b.Look(r, v).Header())
		}
	}
	return out, nil
}

// List implements server.Documents.
func (b *Desk) List(_ context.Context, q server.ListQuery) ([]server.Shown, error) {
	rules := b.at.Replica.Rules()
	var meant []meaning
	if q.News {
		meant = append(meant, meaning{"news", unseen})
	}
	if q.Unread {
		meant = append(meant, meaning{"unread", neverShown})
	}
	found, err := b.list(listQuery{kind: q.Kind, wants: q.Wants, order: q.Order, limit: q.Limit, since: millis(q.Since), meant: meant, now: b.at.Replica.Now(), gone: func(member string) bool {
		id, err := charter.ParseMemberID(member)
		m, ok := rules.Member(id)
		return err == nil && ok && (m.Standing == charter.Resigned || m.Standing == charter.Removed)
	}})
	all := make([]server.Shown, len(found))
	for i, s := range found {
		all[i] = s.told(q.Kind)
	}
	return all, err
}

// millis is a moment as entries have it; 0 for none.
func millis(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMilli()
}

// Show implements server.Documents.
func (b *Desk) Show(_ context.Context, k *kind.Kind, id string) (server.Shown, error) {
	r, v, err := b.View(id)
	if err != nil {
		return server.Shown{}, err
	}
	if v.Kind != k.Name {
		return server.Shown{}, replica.ErrNotFound
	}
	s := b.Look(r, v)
	told := s.told(k)
	told.Continues, told.ContinuedBy = b.before(&s), b.after(&s)
	if says := fills(told.Document); says != "" && len(told.ContinuedBy) == 0 {
		told.Told = append(told.Told, says)
	}
	return told, nil
}

// Create implements server.Documents.
func (b *Desk) Create(ctx context.Context, k *kind.Kind, a server.Asks) (server.Shown, error) {
	s, err := b.begin(ctx, k, a)
	if err == nil {
		err = s.noteWritten(k)
	}
	if err != nil {
		return server.Shown{}, err
	}
	told := s.told(k)
	told.Told = slices.Concat(told.Told, a.Told, tells(k.Make, s.View))
	return told, nil
}

// tells is what a verb tells whoever did it, if anything.
func tells(v *kind.Verb, of *kind.View) []string {
	if v.Tells == nil {
		return nil
	}
	if says := v.Tells(of); says != "" {
		return []string{says}
	}
	return nil
}

// Do implements server.Documents.
func (b *Desk) Do(ctx context.Context, k *kind.Kind, v *kind.Verb, id string, a server.Asks) (server.Shown, error) {
	was, err := b.lookAt(id)
	if err != nil {
		return server.Shown{}, err
	}
	said := a
	if err := b.areSo(v, said); err != nil {
		return server.Shown{}, err
	}
	if err := theirs(v, was); err != nil {
		return server.Shown{}, err
	}
	if was.home != nil && !was.Shared.Over {
		left, done, err := b.atHome(ctx, k, v, was, said)
		if err != nil || done {
			told, err := b.lookedAt(k, id, err)
			told.Told = append(told.Told, a.Told...)
			return told, err
		}
		said = left
	}
	seen, err := was.shown()
	if err != nil {
		return server.Shown{}, err
	}
	before, text := "", ""
	s, err := b.edit(replica.ByVerb(ctx, v.Name, said.Undo), id, func(e editing) error {
		before, text, e.shown = k.Revision(e.View), e.View.Text, seen
		return e.perform(k, v, said)
	})
	switch {
	case err != nil:
		err = b.unread(k, id, b.answered(k, v, id, said, err))
	case v == k.Edit && a.Text != nil:
		err = s.noteLeft(k, seen, a.Text.Text, said)
	case v.Answers() && !a.Undo, v == k.Edit && seen.Revision == before: // they know what it says
		err = s.noteWritten(k)
	default:
		err = s.noteAdded(k, seen, before, text)
	}
	if err != nil {
		return server.Shown{}, err
	}
	told := s.told(k)
	told.Told = append(told.Told, a.Told...)
	if says := fills(told.Document); says != "" && a.Text != nil {
		told.Told = append(told.Told, says)
	}
	told.Told = append(told.Told, tells(v, s.View)...)
	return told, nil
}

// lookedAt is a document as it is now, if nothing was in the way.
func (b *Desk) lookedAt(k *kind.Kind, id string, err error) (server.Shown, error) {
	if err != nil {
		return server.Shown{}, err
	}
	now, err := b.lookAt(id)
	if err != nil {
		return server.Shown{}, err
	}
	return now.told(k), nil
}

// Restore implements server.Versions.
func (b *Desk) Restore(ctx context.Context, k *kind.Kind, id, head string) (server.Shown, error) {
	s, err := b.restore(ctx, k, id, head)
	if err != nil {
		return server.Shown{}, err
	}
	return s.told(k), nil
}

// told is a document as the API tells of it.
func (s *Shown) told(k *kind.Kind) server.Shown { return server.Tell(k, s.Header(), s.looked()) }

// View gives a document by its whole ID, as it is in this space.
func (b *Desk) View(id string) (*replica.Replica, *crdt.View, error) {
	r := b.at.Replica
	doc, err := DocID(id)
	if err != nil {
		return nil, nil, replica.ErrNotFound
	}
	v, err := r.View(doc)
	return r, v, err
}

func asItIs(s string) string { return s }
