package porches

import (
	"context"
	"slices"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/replica"
	"kith/daemon/space"
	"kith/daemon/words"
)

// A porch that an ally lends stands in the share with it, in a document as at home. Nobody uses it for that: somebody of this co-op
// adds it, and it is one of its own from then on.

// maxLent bounds those that one ally's documents name.
const maxLent = 16

// lentOne is one that an ally lends.
type lentOne struct {
	porch
	ally  string // what the ally is called
	shown api.Porch
}

// allLent gives those that allies lend, but for those that are used here as they are.
func (o *Own) allLent(own []porch) (all []lentOne, err error) {
	for _, share := range o.all.SharesOf(o.at.Replica.Space()) {
		shared, side := share.Replica.Share()
		if _, over := shared.Ended(); over || share == o.at {
			continue
		}
		terms, _ := shared.Terms()
		if words.Past(terms.Ends, o.at.Now()) {
			continue
		}
		people, n := words.People{Rules: share.Replica.Rules()}, 0
		if err := share.Replica.Views(kinds.Porch.Name, func(v *crdt.View) bool {
			m, theirs := shared.Side(1 - side).Member(v.CreatedBy)
			if v.Archived != nil || !theirs || m.Standing != charter.Full || shared.Doubted(1-side) {
				return true
			}
			p := lentOne{porch: porch{id: v.ID, label: v.Title, code: kinds.PorchCodeIn(v), by: v.CreatedBy, added: v.CreatedAt.Time()}, ally: shared.Side(1 - side).Name()}
			if me, ok := o.at.Replica.Me(); ok {
				q := porch{code: p.code, by: me.ID}
				if p.void = o.void(&q); p.void != "" && me.Standing == charter.Full {
					return true
				}
				p.at = q.at
			}
			if slices.ContainsFunc(own, func(mine porch) bool { return mine.code == p.code }) {
				return true
			}
			p.shown = p.porch.shown(people.Named(p.by))
			p.shown.Short = words.ShortID(share.Replica, kinds.Porch.Name, p.id)
			p.shown.State, p.shown.Says = api.PorchLent, p.ally+" lends it: kith porch add "+p.shown.Short
			all = append(all, p)
			n++
			return n < maxLent
		}); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (o *Own) lent(own []porch) (all []api.Porch, err error) {
	found, err := o.allLent(own)
	for _, p := range found {
		all = append(all, p.shown)
	}
	return all, err
}

// ofAlly finds the porch that a word names among those that allies lend.
func (o *Own) ofAlly(word string) (lentOne, error) {
	config, err := o.at.Place.Config()
	if err != nil {
		return lentOne{}, err
	}
	own, _, err := o.porches(config)
	if err != nil {
		return lentOne{}, err
	}
	found, err := o.allLent(own)
	if err != nil {
		return lentOne{}, err
	}
	var shown []api.Porch
	for _, p := range found {
		shown = append(shown, p.shown)
	}
	picked, err := api.PickPorch(shown, word)
	if err != nil {
		if len(found) == 0 {
			err = api.Problemf(api.Invalid, "kith porch code --for LABEL, on the computer that runs the porch, makes one", "“%s” is no code of a porch", api.Brief(word))
		}
		return lentOne{}, err
	}
	return found[slices.IndexFunc(found, func(p lentOne) bool { return p.shown.ID == picked.ID })], nil
}

// lend puts a porch into a share with an ally, for them to use. The share is one that is served here and goes on.
func lend(ctx context.Context, share *space.Space, label, code string) (crdt.View, error) {
	return share.Replica.Create(ctx, kinds.Porch.Name, func(e replica.Edit) error {
		return e.Perform(kinds.Porch, kinds.Porch.Make, kinds.UsePorch(label, code), nil)
	})
}
