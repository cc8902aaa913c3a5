package replica

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/problem"
)

// ErrNotAdoptable says that an entry isn't void for what can be mended by building on it.
var ErrNotAdoptable = problem.New(problem.NotAllowed, "kith log --void says why it doesn't count; write it anew", "only what somebody wrote beyond what the co-op honours of them can be taken over")

// Adopt brings in what was written beyond the frontier of a device that isn't honoured any more: by a
// change of one's own that writes nothing and stands on it, and on all that is in the document. It
// counts for everybody then, with what it builds on, and shows as brought in by this member.
func (r *Replica) Adopt(ctx context.Context, id entry.ID) (entry.DocID, error) {
	e, err := r.adoption(id)
	if err != nil {
		return entry.DocID{}, err
	}
	madeHere := func([]arrived) error { return nil }
	res, err := r.accept(ctx, []*entry.Entry{e}, madeHere)
	if err == nil && len(res.Refused) > 0 {
		err = res.Refused[0].Err
	}
	return e.Doc, err
}

// adoption makes the entry that stands on another, and tries whether that brings it in.
func (r *Replica) adoption(id entry.ID) (*entry.Entry, error) {
	r.judging.RLock()
	defer r.judging.RUnlock()
	me, ok := r.Me()
	if !ok {
		return nil, r.notMember()
	}
	if me.Standing != charter.Full {
		return nil, charter.ErrNotFull
	}
	l, err := r.line(id)
	if err != nil {
		return nil, err
	}
	if l.Change == nil {
		return nil, ErrNotAdoptable
	}
	s := r.stripe(l.Entry.Doc)
	s.Lock()
	defer s.Unlock()
	judge, err := r.judged(l.Entry.Doc)
	if err != nil {
		return nil, err
	}
	if !judge.IsBeyond(id) {
		return nil, ErrNotAdoptable
	}
	ru := newRun() // of its own: it stands on nothing that this device wrote before
	actor := entry.ActorOf(r.space, r.device, ru.nonce, l.Entry.Doc)
	c := &change.Change{
		Actor: change.Actor(actor[:]), Seq: 1, StartOp: l.Change.MaxOp() + 1, Time: r.now().UnixMilli(),
		Deps: []change.Hash{l.Change.Hash},
	}
	for _, h := range judge.Heads() {
		if !slices.Contains(l.Change.Deps, h) {
			c.Deps = append(c.Deps, h)
		}
	}
	slices.SortFunc(c.Deps, func(a, b change.Hash) int { return bytes.Compare(a[:], b[:]) })
	for _, item := range judge.Order() {
		c.StartOp = max(c.StartOp, item.Change.MaxOp()+1)
	}
	payload := c.Encode()
	if c, err = change.Parse(payload); err != nil {
		return nil, fmt.Errorf("stand on entry %s: %w", id, err)
	}
	e, err := r.signLocked(ru, r.ground.Load(), l.Entry.Rules, entry.Fields{Kind: entry.Change, Doc: l.Entry.Doc, Payload: payload})
	if err != nil {
		return nil, err
	}
	judge.Add(e, c)
	for _, id := range []entry.ID{e.ID(), id} {
		if state, why := judge.State(id); state != charter.Accepted {
			return nil, &RefusedError{State: state, Why: why}
		}
	}
	return e, nil
}
