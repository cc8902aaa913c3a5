package daemon

import (
	"context"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/server"
	"kith/daemon/replica"
)

func noteOf(s shown) api.Note {
	return api.Note{Document: header(s), Text: s.v.Text}
}

// Notes implements server.Notes.
func (b *desk) Notes(_ context.Context, f server.NoteFilter) ([]api.Note, error) {
	return listOf(b, listQuery{kind: kinds.Note, limit: f.Limit, wants: wantsOf(kinds.Note, map[string]string{"tag": f.Tag})}, noteOf)
}

// Note implements server.Notes.
func (b *desk) Note(_ context.Context, id string) (api.Note, error) {
	return show(b, kinds.Note, id, noteOf)
}

// CreateNote implements server.Notes.
func (b *desk) CreateNote(ctx context.Context, n api.NewNote) (api.Note, error) {
	a := asks{Request: kind.Begin(n.Title, n.Text)}
	a.Request.Tag = n.Tags
	return as(noteOf)(b.begin(ctx, kinds.Note, a))
}

// EditNote implements server.Notes.
func (b *desk) EditNote(ctx context.Context, id string, n api.NoteEdit) (api.Note, error) {
	return as(noteOf)(b.perform(ctx, kinds.Note, kinds.Note.Edit, id, editOf(n.Title, n.Text, n.Tag, n.Untag)))
}

// AppendNote implements server.Notes.
func (b *desk) AppendNote(ctx context.Context, id, text string) (api.Note, error) {
	return as(noteOf)(b.perform(ctx, kinds.Note, kinds.Note.Verb("append"), id, asks{Request: kind.Request{Text: &kind.Writing{Text: text}}}))
}

// NoteHistory implements server.Notes.
func (b *desk) NoteHistory(_ context.Context, id string) ([]api.Version, error) {
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
func (b *desk) RestoreNote(ctx context.Context, id, head string) (api.Note, error) {
	return as(noteOf)(b.restore(ctx, id, head))
}

// What follows is how the requests of each kind become those of all.

func as[T any](translate func(shown) T) func(shown, error) (T, error) {
	return func(s shown, err error) (none T, _ error) {
		if err != nil {
			return none, err
		}
		return translate(s), nil
	}
}

func listOf[T any](b *desk, q listQuery, translate func(shown) T) ([]T, error) {
	list, err := b.list(q)
	out := make([]T, len(list))
	for i, s := range list {
		out[i] = translate(s)
	}
	return out, err
}

func editOf(title *string, text *api.TextEdit, tag, untag []string) asks {
	a := asks{Request: kind.Request{Title: title, Untag: untag}}
	a.Request.Tag = tag
	if text != nil {
		a.Request.Text, a.From = &kind.Writing{Text: text.Text}, text.BaseHeads
	}
	return a
}

func fieldOf(v *kind.Verb, key string) *kind.Field {
	for _, f := range append(v.With, v.By) {
		if f != nil && f.Key == key {
			return f
		}
	}
	return nil
}

func putWords(a *asks, v *kind.Verb, words map[string]*string) {
	for key, w := range words {
		if w != nil && (*w != "" || v.Name == "edit") {
			a.Put(fieldOf(v, key), change.StrValue(*w))
		}
	}
}

func whenTrue(yes bool) string {
	if yes {
		return "true"
	}
	return ""
}

func orderCalled(k *kind.Kind, name string) *kind.Order {
	for _, o := range k.Sorts() {
		if o.Name == name {
			return o
		}
	}
	return nil
}

func wantsOf(k *kind.Kind, asked map[string]string) func(kind.Asker) []kind.Want {
	return func(by kind.Asker) (wants []kind.Want) {
		for _, f := range append(k.Filters(), &kind.Filter{Name: "asked", Fact: "asked", Me: true}) {
			if value := asked[f.Name]; value != "" {
				wants = append(wants, f.Want(value, by))
			}
		}
		return wants
	}
}
