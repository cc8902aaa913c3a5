package daemon

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/api/server"
	"kith/daemon/replica"
)

// backend answers the local API for one space, from its replica and peers. It translates: names for IDs,
// the API's values for the documents' ones, and errors into what a person can act on.
type backend struct {
	home    *Home
	log     *slog.Logger
	version string
	started time.Time
	now     func() time.Time
	options Options
	beside  *served               // all that the daemon serves, this one included
	serving atomic.Pointer[space] // nil in a home that has none until somebody founds or joins one
}

// replica returns the replica, or what to do if this home belongs to no co-op yet.
func (b *backend) replica() (*replica.Replica, error) {
	s, err := b.space()
	if err != nil {
		return nil, err
	}
	return s.replica, nil
}

// Space implements server.Peers.
func (b *backend) Space() api.Named {
	s := b.serving.Load()
	if s == nil {
		return api.Named{}
	}
	space, _, _ := named(s.replica)
	return space
}

// Share implements server.Peers.
func (b *backend) Share() (server.ShareName, bool) {
	s := b.serving.Load()
	if s == nil {
		return server.ShareName{}, false
	}
	shared, side := s.replica.Share()
	if shared == nil {
		return server.ShareName{}, false
	}
	terms, _ := shared.Terms()
	_, over := endOf(s.replica)
	return server.ShareName{Ally: shared.Side(1 - side).Name(), Title: terms.Purpose, Over: over}, true
}

func (b *backend) space() (*space, error) {
	if s := b.serving.Load(); s != nil {
		return s, nil
	}
	return nil, errNoCoop
}

// people names members. Of a document that is shown in another space than it lies in, me there is as.
type people struct {
	c      replica.Rules
	me, as charter.MemberID
}

func (p people) named(id charter.MemberID) api.Named {
	n := api.Named{ID: id.String(), Name: id.String()[:8]}
	if m, ok := p.c.Member(id); ok {
		n.Name = fullName(&m)
	}
	if id == p.me && p.me != (charter.MemberID{}) {
		n.ID = p.as.String()
	}
	return n
}

// fullName is what a member is called: in a share, together with the co-op.
func fullName(m *charter.Member) string {
	if m.Coop == "" {
		return m.Name
	}
	return m.Name + " (" + m.Coop + ")"
}

// nobody is for what is by nobody that the charter knows.
func (p people) orNobody(id charter.MemberID) *api.Named {
	if id == (charter.MemberID{}) {
		return nil
	}
	n := p.named(id)
	return &n
}

func (p people) all(ids []charter.MemberID) []api.Named {
	out := make([]api.Named, len(ids))
	for i, id := range ids {
		out[i] = p.named(id)
	}
	return out
}

// device names a device, of whomever it is.
func (p people) device(key entry.Device) api.Named {
	n := api.Named{ID: key.String(), Name: key.String()[:8]}
	if m, ok := p.c.OwnerOf(key); ok {
		for _, d := range m.Devices {
			if d.Key == key {
				n.Name = d.Name
			}
		}
	}
	return n
}

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

func short(r *replica.Replica, kind string, doc entry.DocID) string {
	return api.FullID(kind, r.Short(doc))
}

// Find implements server.Documents.
func (b *backend) Find(_ context.Context, kind, prefix string, limit int) ([]api.Document, error) {
	r, err := b.replica()
	if err != nil {
		return nil, err
	}
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

// list gives the documents of a kind that match, translated. If only the limit last changed ones
// are wanted, it reads views in that order until it has them; else it reads all. What goes on in a share
// changes there.
func list[T any](b *backend, kind string, limit int, translate func(shown) T, match func(T) bool) ([]T, error) {
	r, err := b.replica()
	if err != nil {
		return nil, err
	}
	var out []T
	enough := limit
	take := func(v *crdt.View) (more bool) {
		if t := translate(b.look(r, v)); match(t) {
			out = append(out, t)
		}
		return enough == 0 || len(out) < enough
	}
	if limit == 0 {
		return out, r.Views(kind, take)
	}
	var linked []entry.DocID
	if shared, _ := r.Share(); shared == nil && len(b.myShares()) > 0 {
		if linked, err = r.Linked(); err != nil {
			return nil, err
		}
	}
	for _, doc := range linked { // any of them may be the last changed
		v, err := r.View(doc)
		switch {
		case errors.Is(err, replica.ErrNotFound):
		case err != nil:
			return nil, err
		case v.Kind == kind:
			take(v)
		}
	}
	enough += len(out)
	for _, ref := range r.LastChanged(kind) {
		if slices.Contains(linked, ref.ID) {
			continue
		}
		v, err := r.View(ref.ID)
		if errors.Is(err, replica.ErrNotFound) {
			continue // voided this moment
		}
		if err != nil {
			return nil, err
		}
		if !take(v) {
			break
		}
	}
	return out, nil
}

// show gives one document of a kind, translated.
func show[T any](b *backend, kind, id string, translate func(shown) T) (T, error) {
	var none T
	r, v, err := b.view(id)
	if err != nil {
		return none, err
	}
	if v.Kind != kind {
		return none, replica.ErrNotFound
	}
	return translate(b.look(r, v)), nil
}

// view gives a document by its whole ID, as it is in this space.
func (b *backend) view(id string) (*replica.Replica, *crdt.View, error) {
	r, err := b.replica()
	if err != nil {
		return nil, nil, err
	}
	doc, err := docID(id)
	if err != nil {
		return nil, nil, replica.ErrNotFound
	}
	v, err := r.View(doc)
	return r, v, err
}

// create makes a document of a kind and gives it, translated.
func create[T any](ctx context.Context, b *backend, kind string, edit func(editing) (crdt.Edit, error), translate func(shown) T) (T, error) {
	var none T
	r, err := b.replica()
	if err != nil {
		return none, err
	}
	if err := mayWrite(r, nil); err != nil {
		return none, err
	}
	v, err := r.Create(ctx, kind, func(e replica.Edit) error { return apply(editing{Edit: e}, edit) })
	if err != nil {
		return none, err
	}
	return translate(b.look(r, &v)), nil
}

// edit changes a document and gives it, translated.
func edit[T any](ctx context.Context, b *backend, id string, make func(editing) (crdt.Edit, error), translate func(shown) T) (T, error) {
	var none T
	s, err := b.edit(ctx, id, make)
	if err != nil {
		return none, err
	}
	return translate(s), nil
}

// editing is a change in the making.
type editing struct {
	replica.Edit
	leaver *leaver // of a document of a home that goes on in a share; else nil
	before *shown  // of one that came back from there right before: where its writer saw it; else nil
}

// plain makes of a text what may be read where it goes.
func (e editing) plain(s string) string {
	if e.leaver == nil {
		return s
	}
	return e.leaver.plain(s)
}

// over is plain for a text that is written in the place of another one.
func (e editing) over(was, s string) string {
	if e.leaver == nil {
		return s
	}
	return e.leaver.over(was, s)
}

func asItIs(s string) string { return s }

func apply(e editing, make func(editing) (crdt.Edit, error)) error {
	typed, err := make(e)
	if err != nil {
		return err
	}
	return typed(e.Doc, e.View)
}

// common translates what all kinds have in an edit. The text is edited from what its writer saw.
func common(e editing, title *string, text *api.TextEdit, tag, untag []string) (crdt.Common, error) {
	c := crdt.Common{AddTags: tag, RemoveTags: untag}
	if title != nil {
		c.Title = new(e.over(e.View.Title, *title))
	}
	if text == nil {
		return c, nil
	}
	was := e.View.Text
	if len(text.BaseHeads) > 0 {
		from, err := changesIn(e.Judge, text.BaseHeads)
		switch {
		case err == nil:
			c.From = from
			if e.leaver != nil {
				_, was, err = crdt.TextAt(e.Doc, from)
			}
		case e.before != nil:
			was, err = e.before.textAt(func(d *accept.Document) ([]change.Hash, error) { return changesIn(d, text.BaseHeads) })
			c.Base = &was
		}
		if err != nil {
			return c, err
		}
	}
	c.Text = new(e.over(was, text.Text))
	return c, nil
}

// changesIn reads hashes of changes of a document.
func changesIn(d *accept.Document, heads []string) (hashes []change.Hash, err error) {
	for _, h := range heads {
		hash, err := change.ParseHash(h)
		if err != nil || !d.History().Has(hash) {
			return nil, api.Problemf(api.NotFound, "read the document again, and edit that", "this document has no change %.12s", h)
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}
