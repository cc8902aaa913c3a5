package daemon

import (
	"context"
	"strings"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/daemon/api"
	"kith/daemon/api/server"
	"kith/daemon/replica"
)

// desk is where the documents of one space are read and written, as a person means them: also one of a co-op's that
// goes on in a share. It translates: names for IDs, and the API's values for the documents' ones.
type desk struct {
	at  *space
	all *spaces // in which the shares are where documents go on
}

var (
	_ server.Documents = (*desk)(nil)
	_ server.Tasks     = (*desk)(nil)
	_ server.Decisions = (*desk)(nil)
	_ server.Notes     = (*desk)(nil)
)

// newDesk makes the desk of a space.
func newDesk(at *space, all *spaces) *desk { return &desk{at, all} }

func memberIDs(ids []string) ([]charter.MemberID, error) {
	out := make([]charter.MemberID, len(ids))
	for i, s := range ids {
		id, err := charter.ParseMemberID(s)
		if err != nil {
			return nil, err
		}
		out[i] = id
	}
	return out, nil
}

// docID reads a whole document ID with the letter of its kind.
func docID(id string) (entry.DocID, error) {
	_, text, ok := strings.Cut(id, "-")
	if !ok {
		text = id
	}
	return entry.ParseDocID(text)
}

// header is what documents of all kinds have.
func header(s shown) api.Document {
	v := s.v
	d := api.Document{
		ID: api.FullID(v.Kind, v.ID.String()), Short: short(s.r, v.Kind, v.ID), Kind: v.Kind, Title: v.Title, Tags: v.Tags,
		CreatedBy: s.p.named(v.CreatedBy), CreatedAt: api.At(v.CreatedAt.Time()),
		UpdatedBy: s.p.named(v.UpdatedBy), UpdatedAt: api.At(v.UpdatedAt.Time()),
		Heads: make([]string, len(v.Heads)), Shared: s.shared,
	}
	for i, h := range v.Heads {
		d.Heads[i] = h.String()
	}
	if s.home != nil { // known by what it is at home
		d.ID, d.Short = api.FullID(v.Kind, s.was.ID.String()), short(s.home, v.Kind, s.was.ID)
		d.CreatedBy, d.CreatedAt = people{c: s.home.Rules()}.named(s.was.CreatedBy), api.At(s.was.CreatedAt.Time())
	}
	return d
}

// Find implements server.Documents.
func (b *desk) Find(_ context.Context, kind, prefix string, limit int) ([]api.Document, error) {
	r := b.at.replica
	var out []api.Document
	for _, ref := range r.Resolve(kind, prefix, limit) {
		v, err := r.View(ref.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, header(b.look(r, v)))
	}
	if len(out) > 0 {
		return out, nil
	}
	// A list shows what is stored, which may be a moment before it can be looked up by the start of its ID.
	if doc, err := docID(prefix); err == nil {
		if v, err := r.View(doc); err == nil && (kind == "" || v.Kind == kind) {
			out = append(out, header(b.look(r, v)))
		}
	}
	return out, nil
}

// show gives one document of a kind, translated.
func show[T any](b *desk, k *kind.Kind, id string, translate func(shown) T) (T, error) {
	var none T
	r, v, err := b.view(id)
	if err != nil {
		return none, err
	}
	if v.Kind != k.Name {
		return none, replica.ErrNotFound
	}
	return translate(b.look(r, v)), nil
}

// view gives a document by its whole ID, as it is in this space.
func (b *desk) view(id string) (*replica.Replica, *crdt.View, error) {
	r := b.at.replica
	doc, err := docID(id)
	if err != nil {
		return nil, nil, replica.ErrNotFound
	}
	v, err := r.View(doc)
	return r, v, err
}

func asItIs(s string) string { return s }
