package porches

import (
	"context"
	"slices"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/peer"
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

func shownOf(lent []lentOne) (all []api.Porch) {
	for _, p := range lent {
		all = append(all, p.shown)
	}
	return all
}

// ofAlly finds the porch that a word names among those that allies lend.
func (o *Own) ofAlly(word string) (lentOne, error) {
	_, own, err := o.here()
	if err != nil {
		return lentOne{}, err
	}
	found, err := o.allLent(own)
	if err != nil {
		return lentOne{}, err
	}
	picked, err := api.PickPorch(shownOf(found), word)
	if err != nil {
		if len(found) == 0 {
			err = api.Problemf(api.Invalid, "kith porch code --for LABEL, on the computer that runs the porch, makes one", "“%s” is no code of a porch", api.Brief(word))
		}
		return lentOne{}, err
	}
	return found[slices.IndexFunc(found, func(p lentOne) bool { return p.shown.ID == picked.ID })], nil
}

// LendPorch implements server.Porches.
func (o *Own) LendPorch(ctx context.Context, of string, q api.PorchRequest) (out api.Porch, err error) {
	all := o.all.SharesOf(o.at.Replica.Space())
	i := slices.IndexFunc(all, func(s *space.Space) bool { return s.Replica.Space().String() == of })
	if i < 0 {
		return out, replica.ErrNotFound
	}
	share := all[i]
	shared, _ := share.Replica.Share()
	terms, _ := shared.Terms()
	if _, over := shared.Ended(); over || words.Past(terms.Ends, o.at.Now()) {
		return out, api.Problemf(api.NotAllowed, "kith ally list", "the pact has ended")
	}
	me, ok := share.Replica.Me()
	if !ok {
		return out, api.Problemf(api.NotAllowed, "kith share list", "you aren't in the share")
	}
	if err := peer.CheckRelays([]string{q.Code}); err != nil {
		return out, err
	}
	p := porch{code: q.Code, label: q.Label, by: me.ID, added: o.at.Now()}
	if why := o.unfit(&p); why != "" {
		return out, api.Problemf(api.Invalid, "kith porch code --for LABEL, on the computer that runs the porch, makes one", "this porch is of no use: %s", why)
	}
	config, own, err := o.here()
	if err != nil {
		return out, err
	}
	if slices.Contains(config.Named(), q.Code) || slices.ContainsFunc(own, func(mine porch) bool { return mine.code == q.Code }) {
		return out, api.Problemf(api.NotAllowed, "kith porch code --for LABEL, on the computer that runs the porch, makes one for them", "this code is the one that you use yourselves: what you two send would count together, and to end theirs would end yours")
	}
	if p.label, err = p.called(p.label); err != nil {
		return out, err
	}
	v, err := written(ctx, share.Replica, p.label, p.code)
	if err != nil {
		return out, err
	}
	p.id = v.ID
	out = p.shown(words.People{Rules: share.Replica.Rules()}.Named(me.ID))
	out.Short, out.State = words.ShortID(share.Replica, kinds.Porch.Name, p.id), api.PorchLent
	return out, nil
}
