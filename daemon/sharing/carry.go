package sharing

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/desk"
	"kith/daemon/replica"
	"kith/daemon/space"
	"kith/daemon/store"
	"kith/daemon/words"
)

// A co-op that can't decide any more, because who is gone would have to say yes, is left as it is: who is there founds
// another one, and carries into it what they have. It takes nobody's consent, and does nothing to the co-op that it
// comes from.

// carryPrefix is of small records in the store of the co-op that is carried into: of which co-op it was founded from, and of each
// document that was carried.
const carryPrefix = "carry/"

const carryFrom = carryPrefix + "from"

func carryRecord(doc entry.DocID) string { return carryPrefix + "doc/" + doc.String() }

// carried is what became of a document. It is stored together with the copy, so that a crash or a second run makes no other one.
type carried struct {
	Doc   string `json:"doc"`             // the copy's whole ID
	Names bool   `json:"names,omitempty"` // it named others in its words that weren't carried yet
}

// maxCarryDepth bounds how deep documents name each other in fields before a copy is made of one that doesn't name the next: what
// people write is some three deep.
const maxCarryDepth = 100

// carrier carries the documents of one co-op into another one.
type carrier struct {
	from  *desk.Desk
	old   *space.Space
	to    *space.Space
	into  *replica.Replica
	me    string
	done  map[entry.DocID]carried
	under map[entry.DocID]bool // those whose copy is being made
	out   api.Carried
}

// Carry implements server.Shares.
func (x *Sharing) Carry(ctx context.Context, q api.CarryRequest) (api.Carried, error) {
	if !x.at.Carrying.TryLock() {
		return api.Carried{}, api.Problemf(api.NotAllowed, "wait for it", "that is under way already")
	}
	defer x.at.Carrying.Unlock()
	c, err := x.carrier(q.From)
	if err != nil {
		return api.Carried{}, err
	}
	docs, err := c.all()
	if err != nil {
		return c.out, err
	}
	for _, doc := range docs {
		if err := c.carry(ctx, doc, 0); err != nil {
			return c.out, err
		}
	}
	return c.out, c.reword(ctx)
}

// carrier looks at what is to be carried from where, and says why it can't be.
func (x *Sharing) carrier(from string) (*carrier, error) {
	into := x.at.Replica
	me, ok := into.Me()
	if shared, _ := into.Share(); shared != nil || !ok || me.Standing != charter.Full {
		return nil, charter.ErrNotFull
	}
	var old *space.Space
	for _, s := range x.all.All() {
		if shared, _ := s.Replica.Share(); shared == nil && s.Replica.Space().String() == strings.ToLower(from) {
			old = s
		}
	}
	switch {
	case old == nil:
		return nil, api.Problemf(api.NotFound, "kith space list", "this daemon serves no co-op “%.80s” to carry from", from)
	case old == x.at:
		return nil, api.Problemf(api.Invalid, "kith space list", "a co-op can't be carried into itself")
	}
	said, err := into.Store().Small(carryFrom)
	switch {
	case err == nil && string(said) != old.Replica.Space().String():
		return nil, api.Problemf(api.NotAllowed, "found one for it: kith init NAME --as MEMBER --from SPACE", "“%s” was founded from another co-op", words.SpaceName(into))
	case errors.Is(err, store.ErrNotFound):
		if len(into.Documents("")) > 0 {
			return nil, api.Problemf(api.NotAllowed, "found one for it, under another name: kith init NAME --as MEMBER --from SPACE", "there is something in “%s” already, and it wasn't founded from that co-op", words.SpaceName(into))
		}
		batch := store.NewBatch(nil)
		batch.PutSmall(carryFrom, []byte(old.Replica.Space().String()))
		err = into.Store().Commit(batch)
	}
	if err != nil {
		return nil, err
	}
	c := &carrier{from: desk.New(old, x.all), old: old, to: x.at, into: into, me: me.Name, done: map[entry.DocID]carried{}, under: map[entry.DocID]bool{}}
	c.out = api.Carried{From: api.Named{ID: old.Replica.Space().String(), Name: words.SpaceName(old.Replica)}, Left: []api.CarriedLeft{}, Newer: old.Replica.NeedNewer()}
	for _, doc := range old.Replica.Charter().ForgetDocs() {
		if _, err := old.Replica.View(doc); errors.Is(err, replica.ErrForgotten) {
			c.out.Forgotten++
		}
	}
	var broken error
	err = into.Store().Smalls(carryPrefix+"doc/", func(name string, value []byte) {
		doc, err := entry.ParseDocID(strings.TrimPrefix(name, carryPrefix+"doc/"))
		var is carried
		if err = errors.Join(err, json.Unmarshal(value, &is)); err != nil {
			broken = fmt.Errorf("%w: %s: %v", store.ErrCorrupt, name, err)
			return
		}
		c.done[doc] = is
	})
	c.out.Before = len(c.done)
	return c, errors.Join(err, broken)
}

// all gives the documents that are there, the oldest first by their makers' clocks.
func (c *carrier) all() (docs []entry.DocID, err error) {
	type made struct {
		doc entry.DocID
		at  crdt.Time
	}
	var all []made
	err = c.old.Replica.Views("", func(v *crdt.View) bool {
		all = append(all, made{v.ID, v.CreatedAt})
		return true
	})
	slices.SortFunc(all, func(a, b made) int {
		return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.doc.String(), b.doc.String()))
	})
	for _, m := range all {
		docs = append(docs, m.doc)
	}
	return docs, err
}

// carry makes the copy of a document, and before it those of the ones that its fields name.
func (c *carrier) carry(ctx context.Context, doc entry.DocID, depth int) error {
	if _, done := c.done[doc]; done || c.under[doc] || depth > maxCarryDepth {
		return nil
	}
	r := c.old.Replica
	v, err := r.View(doc)
	if errors.Is(err, replica.ErrNotFound) || errors.Is(err, replica.ErrForgotten) {
		return nil // since a moment
	}
	if err != nil {
		return err
	}
	c.under[doc] = true
	defer delete(c.under, doc)
	at := c.from.Look(r, v)
	refs := map[*kind.Field]entry.DocID{}
	for _, f := range kinds.All.Named(v.Kind).Fields {
		if f.Is != kind.Ref || !f.Has(at.View) {
			continue
		}
		named, err := desk.DocID(f.Str(at.View))
		if err != nil {
			continue
		}
		if err := c.carry(ctx, named, depth+1); err != nil {
			return err
		}
		refs[f] = named
	}
	origin, later, err := c.origin(&at)
	if err != nil {
		return err
	}
	is, ok := crdt.CarryOf(at.View, origin)
	if !ok {
		c.leave(&at, "it belongs to that co-op alone: what it shares with others, or what its people say of themselves")
		return nil
	}
	for f, named := range refs {
		if to, done := c.done[named]; done && is.Kind.Name == v.Kind && isOf(to.Doc, f.Of) {
			is.Put(f, change.StrValue(to.Doc))
		}
		*later = *later || c.under[named] // two that name each other
	}
	var put crdt.Time
	if at.View.Archived != nil && !at.View.Open {
		put = crdt.Time(c.to.Now().UnixMilli())
		c.out.Archived++
	}
	record := carried{Names: *later}
	_, err = c.into.CreateNoting(ctx, is.Kind.Name, func(e replica.Edit) error { return is.Begin(put)(e.Doc, nil) }, func(made entry.DocID) (string, []byte) {
		record.Doc = api.FullID(is.Kind.Name, made.String())
		b, _ := json.Marshal(record) // two plain values
		return carryRecord(doc), b
	})
	if says := problemOf(err); says != "" {
		c.leave(&at, "it can't be carried: "+says)
		return nil
	}
	if err != nil {
		return err
	}
	c.done[doc] = record
	c.out.Documents++
	if is.Shortened {
		c.leave(&at, "it was carried, and not all of its words found room")
	}
	return nil
}

// isOf says whether a whole ID is of a document of a kind.
func isOf(id, kindName string) bool {
	letters, _, _ := strings.Cut(id, "-")
	return letters == kinds.All.Named(kindName).Letters
}

// problemOf is what is wrong with what somebody wrote, by its error; "" if the error is another one, or none.
func problemOf(err error) string {
	var invalid *kind.InvalidError
	var limit *kind.LimitError
	switch {
	case errors.As(err, &invalid):
		return invalid.Error()
	case errors.As(err, &limit):
		return limit.Error()
	}
	return ""
}

// origin says where a document comes from. later is true once one of its texts names what isn't carried yet.
func (c *carrier) origin(at *desk.Shown) (o crdt.Carrying, later *bool, err error) {
	later = new(bool)
	o = crdt.Carrying{
		By: c.me, From: c.out.From.Name, Begun: at.People.Named(at.View.CreatedBy).Name,
		Named: func(r *kind.Remark) string { return at.People.Named(r.By).Name },
		Plain: func(s string) string {
			is, waits := c.plain(s)
			*later = *later || waits
			return is
		},
	}
	if a := at.View.Archived; a != nil && !at.View.Open {
		o.Put = at.People.Named(a.By).Name
	}
	err = at.Replica.Read(at.View.ID, func(e replica.Edit) error {
		for _, it := range e.Judge.Order() {
			if name := at.People.Named(it.Author).Name; !slices.Contains(o.Wrote, name) {
				o.Wrote = append(o.Wrote, name)
			}
		}
		return nil
	})
	return o, later, err
}

// plain puts in the place of each word that names a document there the ID of its copy. waits says whether one is
// named that has none yet.
func (c *carrier) plain(s string) (is string, waits bool) {
	is = desk.EachID(s, func(word string) string {
		_, start, k := kinds.All.SplitID(word)
		if k == nil {
			return word
		}
		found := c.old.Replica.Resolve(k.Name, start, 2)
		if len(found) != 1 {
			return word
		}
		to, done := c.done[found[0].ID]
		if !done {
			waits = true
			return word
		}
		return desk.ShortCopy(to.Doc)
	})
	return is, waits
}

// reword names the copies in the words of those that were made before them.
func (c *carrier) reword(ctx context.Context) error {
	for was, is := range c.done {
		if !is.Names {
			continue
		}
		doc, err := desk.DocID(is.Doc)
		if err != nil {
			return err
		}
		_, err = c.into.Edit(ctx, doc, func(e replica.Edit) error {
			return crdt.Reword(func(s string) string { s, _ = c.plain(s); return s }, c.refs(was, e.View))(e.Doc, e.View)
		})
		if err != nil && problemOf(err) == "" && !errors.Is(err, replica.ErrForgotten) && !errors.Is(err, replica.ErrNotFound) {
			return err
		}
		is.Names = false
		b, _ := json.Marshal(is) // two plain values
		batch := store.NewBatch(nil)
		batch.PutSmall(carryRecord(was), b)
		if err := c.into.Store().Commit(batch); err != nil {
			return err
		}
		c.done[was] = is
	}
	return nil
}

// refs gives what stands in the fields of a document there that name others, as the copy is to name theirs and doesn't yet.
func (c *carrier) refs(was entry.DocID, is *crdt.View) (refs kind.Values) {
	r := c.old.Replica
	v, err := r.View(was)
	if err != nil {
		return nil // forgotten since
	}
	at := c.from.Look(r, v)
	for _, f := range kinds.All.Named(is.Kind).Fields {
		if f.Is != kind.Ref || f.First || f.Has(is) || at.View.Kind != is.Kind {
			continue
		}
		named, err := desk.DocID(f.Str(at.View))
		if to, done := c.done[named]; err == nil && done && isOf(to.Doc, f.Of) {
			if refs == nil {
				refs = kind.Values{}
			}
			refs[f.Key] = change.StrValue(to.Doc)
		}
	}
	return refs
}

// leave notes what of a document wasn't carried.
func (c *carrier) leave(at *desk.Shown, why string) {
	if c.out.LeftCount++; len(c.out.Left) < api.MaxCarriedLeft {
		d := at.Header()
		c.out.Left = append(c.out.Left, api.CarriedLeft{Kind: d.Kind, ID: d.ID, Short: d.Short, Title: d.Title, Why: why})
	}
}
