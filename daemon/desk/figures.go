package desk

import (
	"context"
	"errors"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/replica"
	"kith/daemon/words"
)

// figures are what the agreements of this space that hold now say in numbers.
func (b *Desk) figures() ([]kinds.InForce, error) {
	r := b.at.Replica
	var agreements []*kind.View
	for _, ref := range r.Select(replica.Query{Kind: kinds.Agreement.Name, Wants: []kind.Want{{Fact: "figures"}}}) {
		v, err := r.View(ref.ID)
		if errors.Is(err, replica.ErrNotFound) {
			continue // voided this moment
		}
		if err != nil {
			return nil, err
		}
		agreements = append(agreements, b.Look(r, v).View)
	}
	return kinds.FiguresInForce(agreements), nil
}

// Figures implements server.Agreements.
func (b *Desk) Figures(context.Context) ([]api.Figure, error) {
	all, err := b.figures()
	out := []api.Figure{}
	for _, in := range all {
		f := api.Figure{Name: in.Name, Gist: in.Gist, Value: in.Value}
		for _, v := range in.Says {
			f.Agreements = append(f.Agreements, api.FigureSource{
				ID: api.FullID(v.Kind, v.ID.String()), Short: words.ShortID(b.at.Replica, v.Kind, v.ID), Title: v.Title, Value: in.Of(v),
			})
		}
		out = append(out, f)
	}
	return out, err
}
