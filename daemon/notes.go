package daemon

import (
	"context"
	"strings"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/daemon/api"
	"kith/daemon/api/server"
	"kith/daemon/replica"
)

func noteOf(s shown) api.Note {
	return api.Note{Document: header(s), Text: s.v.Text}
}

// Notes implements server.Notes.
func (b *backend) Notes(_ context.Context, f server.NoteFilter) ([]api.Note, error) {
	return list(b, crdt.KindNote, f.Limit, noteOf, f.Match)
}

// Note implements server.Notes.
func (b *backend) Note(_ context.Context, id string) (api.Note, error) {
	return show(b, crdt.KindNote, id, noteOf)
}

// CreateNote implements server.Notes.
func (b *backend) CreateNote(ctx context.Context, n api.NewNote) (api.Note, error) {
	return create(ctx, b, crdt.KindNote, func(editing) (crdt.Edit, error) {
		return crdt.NewNote(crdt.NoteFields{Title: n.Title, Text: n.Text, Tags: n.Tags}), nil
	}, noteOf)
}

// EditNote implements server.Notes.
func (b *backend) EditNote(ctx context.Context, id string, n api.NoteEdit) (api.Note, error) {
	return edit(ctx, b, id, func(e editing) (crdt.Edit, error) {
		c, err := common(e, n.Title, n.Text, n.Tag, n.Untag)
		return crdt.EditNote(c), err
	}, noteOf)
}

// AppendNote implements server.Notes.
func (b *backend) AppendNote(ctx context.Context, id, text string) (api.Note, error) {
	return edit(ctx, b, id, func(e editing) (crdt.Edit, error) { return crdt.AppendText(e.plain(text)), nil }, noteOf)
}

// NoteHistory implements server.Notes.
func (b *backend) NoteHistory(_ context.Context, id string) ([]api.Version, error) {
	r, v, err := b.view(id)
	if err != nil {
		return nil, err
	}
	at := b.look(r, v)
	p := at.p
	var out []api.Version
	err = at.r.Read(at.v.ID, func(e replica.Edit) error {
		order := e.Judge.Order()
		for i := len(order) - 1; i >= 0; i-- {
			it := order[i]
			out = append(out, api.Version{
				Head: it.Change.Hash.String(), At: api.At(crdt.Time(it.Change.Time).Time()), By: p.named(it.Author),
				Device: p.device(it.Entry.Device), Says: says(p, crdt.Describe(e.Judge.Kind(), it.Change, e.Judge.History())),
			})
		}
		return nil
	})
	return out, err
}

// RestoreNote implements server.Notes.
func (b *backend) RestoreNote(ctx context.Context, id, head string) (api.Note, error) {
	return edit(ctx, b, id, func(e editing) (crdt.Edit, error) {
		hashes, err := versionStarting(e.Judge, head)
		if err != nil && e.before != nil {
			was, err := e.before.textAt(func(d *accept.Document) ([]change.Hash, error) { return versionStarting(d, head) })
			return crdt.RestoreText(was), err
		}
		if err != nil {
			return nil, err
		}
		_, was, err := crdt.TextAt(e.Doc, hashes)
		return crdt.RestoreText(was), err
	}, noteOf)
}

// versionStarting finds the one change whose hash starts so.
func versionStarting(d *accept.Document, start string) ([]change.Hash, error) {
	start = strings.ToLower(strings.TrimSpace(start))
	var found []change.Hash
	for _, it := range d.Order() {
		if start != "" && strings.HasPrefix(it.Change.Hash.String(), start) {
			found = append(found, it.Change.Hash)
		}
	}
	switch len(found) {
	case 1:
		return found, nil
	case 0:
		return nil, api.Problemf(api.NotFound, "kith note history ID", "this note has no version %.12s", start)
	}
	return nil, api.Problemf(api.Ambiguous, "give more letters: kith note history ID", "%d versions start with %s", len(found), start)
}
