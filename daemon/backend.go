package daemon

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/kind"
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

// show gives one document of a kind, translated.
func show[T any](b *backend, k *kind.Kind, id string, translate func(shown) T) (T, error) {
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

func asItIs(s string) string { return s }
