package desk

import (
	"cmp"
	"context"
	"errors"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/problem"
	"kith/daemon/api"
	"kith/daemon/api/server"
	"kith/daemon/replica"
)

// A document keeps all that ever stood in it, and has room for so much. One that is full, or soon is, goes on in a fresh one: that
// names it, and what names a document is found without writing in it.

// Continue implements server.Versions.
func (b *Desk) Continue(ctx context.Context, k *kind.Kind, id string) (server.Shown, error) {
	at, err := b.lookAt(id)
	if err != nil {
		return server.Shown{}, err
	}
	short := at.Header().Short
	if at.home != nil || at.Shared != nil && at.Shared.Here && !at.Shared.Over {
		return server.Shown{}, problem.New(problem.NotAllowed, "begin another and share that: kith share add SHARE ID", "%s goes on in a share", short)
	}
	if err := MayWrite(at.Replica, nil); err != nil {
		return server.Shown{}, err
	}
	if next := b.goesOnIn(&at); next != nil {
		return server.Shown{}, problem.New(problem.Nothing, "kith "+next.Kind+" show "+next.Short, "%s goes on in %s already", short, next.Short)
	}
	c, cut, err := crdt.Continued(at.View)
	if err != nil {
		return server.Shown{}, err
	}
	ctx = replica.ByVerb(ctx, "continue")
	v, err := at.Replica.Create(ctx, c.Kind.Name, func(e replica.Edit) error {
		return crdt.Continue(c.Begin(), api.FullID(at.View.Kind, at.View.ID.String()))(e.Doc, e.View)
	})
	if err != nil {
		return server.Shown{}, err
	}
	fresh := b.Look(at.Replica, &v)
	if err := fresh.noteWritten(c.Kind); err != nil {
		return server.Shown{}, err
	}
	told := fresh.told(c.Kind)
	told.Continues, told.ContinuedBy = b.before(&fresh), b.after(&fresh)
	if cut {
		told.Told = append(told.Told, "Not all of its text found room: the rest stands in "+short+".")
	}
	if len(k.Own) > 0 {
		told.Told = append(told.Told, "What members said in "+short+" of themselves stays there: ask them again.")
	}
	if at.View.Open {
		told.Told = append(told.Told, "You can still work with "+short+", too: finish it there, or say there that it goes on in "+told.Short+".")
	} else if at.View.Archived == nil {
		away := asks{}
		_, err = b.edit(ctx, id, func(e editing) error { return e.perform(k, kind.Archive, away) })
	}
	return told, err
}

// before is the document that one continues; nil if it continues none that is here.
func (b *Desk) before(s *Shown) *api.Other {
	if s.View.Continues == "" {
		return nil
	}
	doc, err := DocID(s.View.Continues)
	if err != nil {
		return nil
	}
	v, err := s.Replica.View(doc)
	if err != nil {
		return nil
	}
	return new(b.refTo(s.Replica, v))
}

// mostAfter bounds how many documents are told that continue one: anybody makes such.
const mostAfter = 8

// after are the documents that continue one, the oldest first.
func (b *Desk) after(s *Shown) (all []api.Other) {
	id := api.FullID(s.View.Kind, s.View.ID.String())
	for _, k := range kinds.All.Nouns() {
		wants := []kind.Want{{Fact: kind.ContinuesFact, Is: func(of string) bool { return of == id }}}
		for _, ref := range s.Replica.Select(replica.Query{Kind: k.Name, Wants: wants, Limit: mostAfter, Compare: func(a, b *replica.Ref) int { return cmp.Compare(a.Created, b.Created) }}) {
			if v, err := s.Replica.View(ref.ID); err == nil { // else it was voided this moment
				all = append(all, b.refTo(s.Replica, v))
			}
		}
	}
	return all[:min(len(all), mostAfter)]
}

// goesOnIn is the first of those that continue one with which somebody may still be working; nil if there is none. One that was put
// away is no way on, unless it goes on itself.
func (b *Desk) goesOnIn(s *Shown) *api.Other {
	for _, next := range b.after(s) {
		fresh, err := b.lookAt(next.ID)
		if err == nil && (fresh.View.Archived == nil || len(b.after(&fresh)) > 0) {
			return &next
		}
	}
	return nil
}

func (b *Desk) refTo(r *replica.Replica, v *crdt.View) api.Other {
	h := b.Look(r, v).Header()
	return api.Other{ID: h.ID, Short: h.Short, Kind: h.Kind, Title: h.Title, By: h.CreatedBy}
}

// isFull tells who writes in a document without room for it how they go on.
func (s *Shown) isFull(err error) error {
	var refused *replica.RefusedError
	if !errors.As(err, &refused) || !accept.IsFull(refused.Why) {
		return err
	}
	h := s.Header()
	return problem.New(problem.Limit, "go on in a fresh one, which names this one: kith "+h.Kind+" continue "+h.Short,
		"nothing was changed: Kith keeps all that ever stood in a text, and for this there is no more room in %s", h.Short)
}

// fills says that a document is becoming full, to who writes in it or reads it; "" if it isn't.
func fills(h api.Document) string {
	if h.Full == 0 {
		return ""
	}
	return "Kith keeps all that ever stood in a text, and of the room for that " + h.Short + " has used most. It can go on in a fresh one, which names this one: kith " + h.Kind + " continue " + h.Short
}
