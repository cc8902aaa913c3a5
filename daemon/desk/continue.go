package desk

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/charter"
	"kith/crdt/entry"
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
	if err := b.mayContinue(&at); err != nil {
		return server.Shown{}, err
	}
	c, cut, err := crdt.Continued(at.View)
	if err != nil {
		return server.Shown{}, err
	}
	ctx = replica.ByVerb(ctx, "continue", false)
	fresh, err := b.goOn(ctx, &at, c, "")
	if err != nil {
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

// mayContinue says why a document can't go on in a fresh one.
func (b *Desk) mayContinue(at *Shown) error {
	short := at.Header().Short
	if at.goesOnShared() {
		return problem.New(problem.NotAllowed, "begin another and share that: kith share add SHARE ID", "%s goes on in a share", short)
	}
	if err := MayWrite(at.Replica, nil); err != nil {
		return err
	}
	if next := b.goesOnIn(at); next != nil {
		return problem.New(problem.Nothing, "kith "+next.Kind+" show "+next.Short, "%s goes on in %s already", short, next.Short)
	}
	return nil
}

// goesOnShared says whether it is in a share that isn't over.
func (s *Shown) goesOnShared() bool {
	return s.home != nil || s.Shared != nil && s.Shared.Here && !s.Shared.Over
}

// goOn makes the fresh document. before are those that the one before it continues, if that is to be forgotten.
func (b *Desk) goOn(ctx context.Context, at *Shown, c crdt.Copied, before string) (Shown, error) {
	v, err := at.Replica.Create(ctx, c.Kind.Name, func(e replica.Edit) error {
		return crdt.Continue(c.Begin(), api.FullID(at.View.Kind, at.View.ID.String()), before)(e.Doc, e.View)
	})
	if err != nil {
		return Shown{}, err
	}
	fresh := b.Look(at.Replica, &v)
	return fresh, fresh.noteWritten(c.Kind)
}

// GoOnWithout makes a fresh document that continues one which is then forgotten, without some words ("": with all that stands in it now). What was said
// about it goes along as what the member of this device tells of that. away: it is put away, since others are still to say that it is forgotten. Nothing of
// it can be undone, since what it was made from will be gone.
func (b *Desk) GoOnWithout(ctx context.Context, id, part string, away bool) (api.Other, error) {
	at, err := b.lookAt(id)
	if err != nil {
		return api.Other{}, err
	}
	short := at.Header().Short
	if next := b.goesOnIn(&at); next != nil { // with its words, maybe
		return api.Other{}, problem.New(problem.NotAllowed, "take it out there, too, if it stands there: kith forget "+next.Short+" --part TEXT --why WHY; this one can be forgotten whole: kith forget "+short+" --why WHY",
			"%s goes on in %s already", short, next.Short)
	}
	if at.goesOnShared() {
		return api.Other{}, problem.New(problem.NotAllowed, "have it forgotten whole: kith forget "+short+" --why WHY", "%s goes on in a share", short)
	}
	if err := MayWrite(at.Replica, nil); err != nil {
		return api.Other{}, err
	}
	c, found, err := crdt.ContinuedWithout(at.View, part)
	if err != nil {
		return api.Other{}, err
	}
	thread := retold(&at, part, &found)
	if !found {
		return api.Other{}, problem.New(problem.NotFound, "type it as it stands there; what stood only in earlier versions goes with --earlier", "these words don't stand in %s now", short)
	}
	ctx = replica.ForGood(ctx)
	fresh, err := b.goOn(ctx, &at, c, at.View.Continues)
	if err != nil {
		return api.Other{}, err
	}
	for _, says := range thread {
		_, err := at.Replica.Edit(ctx, fresh.View.ID, func(e replica.Edit) error {
			return editing{Edit: e}.perform(c.Kind, kind.Talk, asks{Request: kind.Request{Text: &kind.Writing{Text: says}}})
		})
		if err != nil {
			return api.Other{}, err
		}
	}
	if away && !at.View.Open && at.View.Archived == nil {
		k := kinds.All.Named(at.View.Kind)
		if _, err := b.edit(ctx, id, func(e editing) error { return e.perform(k, kind.Archive, asks{}) }); err != nil {
			return api.Other{}, err
		}
	}
	return b.refTo(at.Replica, fresh.View), nil
}

const (
	// maxRetold bounds one remark in which others are told again, in characters: there is room for it however they are encoded.
	maxRetold = kind.MaxReason / 8
	// mostRetold bounds how many such remarks there are: of more the newest stay.
	mostRetold = 100
)

// retold is what was said about a document, without some words, in as many remarks as it takes. found is set if they stood there.
func retold(s *Shown, part string, found *bool) (all []string) {
	for i := range s.View.Talk {
		r := &s.View.Talk[i]
		says := r.Text
		if says == "" {
			continue
		}
		if part != "" && strings.Contains(says, part) {
			says, *found = strings.ReplaceAll(says, part, crdt.TakenOut), true
		}
		says = s.People.Named(r.By).Name + ", " + r.At.Time().UTC().Format(time.DateOnly) + ": " + says
		for piece := range slices.Chunk([]rune(says), maxRetold-2) {
			if n := len(all); n > 0 && utf8.RuneCountInString(all[n-1])+len(piece)+2 <= maxRetold {
				all[n-1] += "\n\n" + string(piece)
			} else {
				all = append(all, string(piece))
			}
		}
	}
	return all[max(0, len(all)-mostRetold):]
}

// GoesOnFrom implements server.Versions. Who claims to continue something gets others' hours under their title, so what isn't there any more goes on where
// somebody says so who proposed the step by which it was forgotten, or else who wrote in it.
func (b *Desk) GoesOnFrom(id string) *api.Other {
	doc, err := DocID(id)
	if err != nil {
		return nil
	}
	return b.goesOnBy(doc, proposedToForget(b.at.Replica, doc, charter.ProposalInForce), b.at.Replica.Forgetters(doc))
}

// GoesOnWhenForgotten is GoesOnFrom for a document that may be forgotten yet, in which these wrote.
func (b *Desk) GoesOnWhenForgotten(doc entry.DocID, wrote []charter.MemberID) *api.Other {
	return b.goesOnBy(doc, proposedToForget(b.at.Replica, doc, charter.ProposalInForce, charter.ProposalOpen), wrote)
}

// goesOnBy is the document in which another goes on that isn't there any more, as the first of these groups says of which anybody does; nil if there is none.
func (b *Desk) goesOnBy(doc entry.DocID, groups ...[]charter.MemberID) *api.Other {
	var ids []string
	for _, k := range kinds.All.Nouns() {
		ids = append(ids, api.FullID(k.Name, doc.String()))
	}
	r := b.at.Replica
	claims := kind.Want{Fact: kind.ContinuesFact, Of: ids}
	for _, who := range groups {
		if next := b.Having(r, mostAfter, claims, from(who)); len(next) > 0 {
			return &next[len(next)-1] // while one between waits to be forgotten, it isn't the one that goes on
		}
	}
	for _, next := range slices.Backward(b.Having(r, mostLed, claims)) {
		if led(r, doc, next.ID) {
			return &next
		}
	}
	return nil
}

// mostLed bounds how many documents are looked at that say that they continue one which isn't there any more, through others that aren't either.
const mostLed = 4 * mostAfter

// led says whether a document continues one through others that were forgotten, too: of each the one who made the next may say so, as they are named from
// the newest to the oldest. What stood in those isn't known any more, so it goes by who wrote in them.
func led(r *replica.Replica, doc entry.DocID, by string) bool {
	id, err := DocID(by)
	if err != nil {
		return false
	}
	v, err := r.View(id)
	if err != nil {
		return false
	}
	who := []charter.MemberID{v.CreatedBy}
	for at := range strings.FieldsSeq(v.Continues) {
		before, err := DocID(at)
		if err != nil {
			return false
		}
		may := append(proposedToForget(r, before, charter.ProposalInForce), r.Forgetters(before)...)
		if !slices.ContainsFunc(who, func(m charter.MemberID) bool { return slices.Contains(may, m) }) {
			return false
		}
		if before == doc {
			return true
		}
		who = may
	}
	return false
}

// proposedToForget are who proposed a step by which a document is forgotten, if it stands so with that.
func proposedToForget(r *replica.Replica, doc entry.DocID, states ...charter.ProposalState) (all []charter.MemberID) {
	if !slices.Contains(states, charter.ProposalOpen) && !r.Rules().Forgets(doc).Agreed {
		return nil // as mostly; there may be many proposals
	}
	for _, p := range r.Charter().Proposals() {
		if of, ok := charter.ReadForgetWord(p.Terms.Pact); ok && of == doc && slices.Contains(states, p.State) {
			all = append(all, p.By...)
		}
	}
	return all
}

// from wants what one of these members began.
func from(who []charter.MemberID) kind.Want {
	w := kind.Want{Fact: kind.FromFact, Of: []string{}}
	for _, m := range who {
		w.Of = append(w.Of, m.String())
	}
	return w
}

// Having are the first so many documents of which this is so, the oldest first.
func (b *Desk) Having(r *replica.Replica, most int, wants ...kind.Want) (all []api.Other) {
	for _, ref := range r.Select(replica.Query{Wants: wants, Limit: most, Compare: func(a, b *replica.Ref) int { return cmp.Compare(a.Created, b.Created) }}) {
		if v, err := r.View(ref.ID); err == nil { // else it was voided this moment
			all = append(all, b.refTo(r, v))
		}
	}
	return all
}

// before is the newest document that one continues of those that are here; nil if there is none.
func (b *Desk) before(s *Shown) *api.Other {
	for id := range strings.FieldsSeq(s.View.Continues) {
		doc, err := DocID(id)
		if err != nil {
			continue
		}
		if v, err := s.Replica.View(doc); err == nil {
			return new(b.refTo(s.Replica, v))
		}
	}
	return nil
}

// mostAfter bounds how many documents are told that continue one: anybody makes such.
const mostAfter = 8

// after are the documents that continue one: those of who began that one first, so that others can't crowd them out, and of each the oldest first.
func (b *Desk) after(s *Shown) (all []api.Other) {
	claims := kind.Want{Fact: kind.ContinuesFact, Of: []string{api.FullID(s.View.Kind, s.View.ID.String())}}
	theirs := from([]charter.MemberID{s.View.CreatedBy})
	others := theirs
	others.Not = true
	all = append(b.Having(s.Replica, mostAfter, claims, theirs), b.Having(s.Replica, mostAfter, claims, others)...)
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

// isFull tells who writes in a document without room for it how they go on, or where others do already.
func (b *Desk) isFull(s *Shown, err error) error {
	var refused *replica.RefusedError
	if !errors.As(err, &refused) || !accept.IsFull(refused.Why) {
		return err
	}
	h := s.Header()
	hint := "go on in a fresh one, which names this one: kith " + h.Kind + " continue " + h.Short
	if next := b.goesOnIn(s); next != nil {
		hint = "write it where this goes on: kith " + next.Kind + " edit " + next.Short
	}
	return problem.New(problem.Limit, hint,
		"nothing was changed: Kith keeps all that ever stood in a text, and for this there is no more room in %s", h.Short)
}

// fills says that a document is becoming full, to who writes in it or reads it; "" if it isn't.
func fills(h api.Document) string {
	if h.Full == 0 {
		return ""
	}
	return "Kith keeps all that ever stood in a text, and of the room for that " + h.Short + " has used most. It can go on in a fresh one, which names this one: kith " + h.Kind + " continue " + h.Short
}
