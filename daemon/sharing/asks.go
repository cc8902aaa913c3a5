package sharing

import (
	"context"
	"slices"

	"kith/crdt"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/desk"
	"kith/daemon/replica"
	"kith/daemon/words"
)

// Asks implements server.Shares.
func (x *Sharing) Asks(context.Context) ([]api.Ask, error) {
	var all []api.Ask
	for _, other := range x.desk.Shares() {
		r := other.Replica
		err := r.Views(kinds.Ask.Name, func(v *crdt.View) bool {
			if !v.Kept { // else nobody of the other side could answer: no Kith asks so
				all = append(all, askOf(r, v))
			}
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	newestAsk(all)
	return all, nil
}

func newestAsk(all []api.Ask) {
	slices.SortStableFunc(all, func(a, b api.Ask) int { return b.At.Compare(a.At.Time) })
}

// askOf is what was asked in a share. Only people of the co-op that was asked answer it.
func askOf(r *replica.Replica, v *crdt.View) api.Ask {
	shared, side := r.Share()
	p := words.People{Rules: r.Rules()}
	a := api.Ask{
		ID: api.FullID(v.Kind, v.ID.String()), Short: words.ShortID(r, v.Kind, v.ID), Title: v.Title, Text: v.Text,
		Share: api.Named{ID: r.Space().String(), Name: words.SpaceName(r)}, With: words.AllyOf(r), By: p.Named(v.CreatedBy), At: api.At(v.CreatedAt.Time()),
		UpdatedAt: api.At(v.UpdatedAt.Time()), State: api.AskOpen, Why: kinds.RequestIn(v).Withdrawn, Code: kinds.RequestIn(v).Code,
	}
	_, a.Ours = shared.Side(side).Member(v.CreatedBy)
	asked := side
	if a.Ours {
		asked = 1 - side
	}
	for _, said := range kinds.RequestIn(v).Answers {
		if _, ok := shared.Side(asked).Member(said.Member); !ok {
			continue
		}
		answer := api.AskAnswer{Member: p.Named(said.Member), Result: said.Result, Why: said.Why}
		for _, id := range said.Shared {
			doc, err := desk.DocID(id)
			if err != nil {
				continue
			}
			if d, err := r.View(doc); err == nil {
				answer.Shared = append(answer.Shared, desk.InShare(r, d).Header())
			}
		}
		a.Answers = append(a.Answers, answer)
		if a.State != api.AskShared { // of several answers the one that gives something
			a.State = said.Result
		}
	}
	if a.State != api.AskShared && a.Why != "" {
		a.State = api.AskWithdrawn
	}
	if _, over := words.EndOf(r); over && a.State == api.AskOpen {
		a.State = api.AskOver
	}
	return a
}

// AskAlly implements server.Shares.
func (x *Sharing) AskAlly(ctx context.Context, q api.AskRequest) (api.Ask, error) {
	there, err := x.shareCalled(q.Ally)
	if err != nil {
		return api.Ask{}, err
	}
	if err := desk.MayWrite(there, nil); err != nil {
		return api.Ask{}, err
	}
	plain := x.desk.Plain(there)
	v, err := there.Create(ctx, kinds.Ask.Name, func(e replica.Edit) error {
		return e.Perform(kinds.Ask, kinds.Ask.Make, kinds.AskFor(plain(q.Title), plain(q.Text), ""), nil)
	})
	if err != nil {
		return api.Ask{}, err
	}
	return askOf(there, &v), nil
}

// asked finds what was asked by a whole ID, in whichever share of the co-op it is.
func (x *Sharing) asked(id string) (*replica.Replica, *crdt.View, error) {
	doc, err := desk.DocID(id)
	if err != nil {
		return nil, nil, replica.ErrNotFound
	}
	for _, other := range x.desk.Shares() {
		r := other.Replica
		if v, err := r.View(doc); err == nil && kinds.RequestIn(v) != nil {
			return r, v, desk.MayWrite(r, v)
		}
	}
	return nil, nil, replica.ErrNotFound
}

// AnswerAsk implements server.Shares.
func (x *Sharing) AnswerAsk(ctx context.Context, id string, q api.AnswerRequest) (api.Ask, error) {
	there, v, err := x.asked(id)
	if err != nil {
		return api.Ask{}, err
	}
	switch a := askOf(there, v); {
	case a.Ours:
		return a, api.Problemf(api.NotAllowed, "kith ally withdraw "+a.Short+" --why WHY", "your own co-op asks this, and %s answers", a.With)
	case a.State == api.AskWithdrawn:
		return a, api.Problemf(api.NotAllowed, "kith ally asks", "it was withdrawn: %s", a.Why)
	case a.Code != "" && !q.No:
		return a, api.Problemf(api.NotAllowed, "kith share join "+a.Short, "%s opens a share with this: it is joined, or refused", a.With)
	}
	result, given := kinds.RequestShared, []string{}
	switch {
	case q.No:
		result = kinds.RequestRefused
	case len(q.IDs) == 0:
		result = kinds.RequestSaid
	}
	for _, id := range q.IDs {
		shared, err := x.give(ctx, there, id, q)
		if err != nil {
			return api.Ask{}, err
		}
		given = append(given, shared)
	}
	now, err := there.Edit(ctx, v.ID, func(e replica.Edit) error {
		return e.Perform(kinds.Ask, kinds.AnswerAsk, kinds.Answering(result, x.desk.Plain(there)(q.Why), given), nil)
	})
	if err != nil {
		return api.Ask{}, err
	}
	return askOf(there, &now), nil
}

// give gives the ID in a share of a document: of one that is there, or of the co-op's, which is shared now unless
// it is.
func (x *Sharing) give(ctx context.Context, there *replica.Replica, id string, q api.AnswerRequest) (string, error) {
	doc, err := desk.DocID(id)
	if err != nil {
		return "", replica.ErrNotFound
	}
	if v, err := there.View(doc); err == nil {
		return api.FullID(v.Kind, v.ID.String()), nil
	}
	_, v, err := x.desk.View(id)
	if err != nil {
		return "", err
	}
	space := there.Space().String()
	if v.Link == nil || v.Link.Share != space {
		res, err := x.ShareDocument(ctx, space, api.ShareAdd{ID: id, ReadOnly: q.ReadOnly, Heads: q.Heads})
		switch {
		case err != nil:
			return "", err
		case res.Proposal != nil:
			return "", api.Problemf(api.NotAllowed, "kith charter consent "+res.Proposal.Short+"; answer again when it is in force",
				"your co-op has agreed that sharing takes an agreed step, which is proposed now: %s", res.Proposal.Short)
		}
		if _, v, err = x.desk.View(id); err != nil {
			return "", err
		}
	}
	return v.Link.Doc, nil
}

// WithdrawAsk implements server.Shares.
func (x *Sharing) WithdrawAsk(ctx context.Context, id, why string) (api.Ask, error) {
	there, v, err := x.asked(id)
	if err != nil {
		return api.Ask{}, err
	}
	now, err := there.Edit(ctx, v.ID, func(e replica.Edit) error {
		return e.Perform(kinds.Ask, kinds.WithdrawAsk, kind.Request{Why: x.desk.Plain(there)(why)}, nil)
	})
	if err != nil {
		return api.Ask{}, err
	}
	return askOf(there, &now), nil
}
