package side

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/crdt/share"
	"kith/daemon/home"
	"kith/daemon/replica"
	"kith/daemon/space"
)

// That a charter is a co-op's in a further share was said by one person, in the first share. What if they leave? Who is
// there besides has their own computer say it, too. As long as somebody says it who is of the co-op in the first share,
// the side speaks for it; else nobody knows, and none of its people counts: see share.Doubt. Nobody can say it any more once
// the first share is over: who is removed at home isn't removed there then.

// vouching is as of what it was last looked whether the other side of a further share speaks for its co-op.
type vouching struct {
	shared   *share.Share
	first    *share.Share
	views    uint64 // of the first share: see replica.ViewsAt
	over     bool   // the first share
	restored bool   // this device there
}

// vouched is when that was looked at last.
type vouched struct {
	vouching
	at time.Time
}

// sayTheirs are those who say, in a request with a code, that a charter is their co-op's in a further share: who
// passed on the code of its founder, and who took one with it.
func sayTheirs(v *crdt.View, side entry.SpaceID) (all []charter.MemberID) {
	q := kinds.RequestIn(v)
	if isCodeOf(q, side) {
		all = append(all, v.CreatedBy)
	}
	for _, a := range q.Answers {
		if a.Side == hex.EncodeToString(side[:]) {
			all = append(all, a.Member)
		}
	}
	return all
}

// isCodeOf says whether a request passes on the code that a charter's founder made.
func isCodeOf(q *kinds.Request, side entry.SpaceID) bool {
	code, err := charter.DecodeAllyCode(q.Code)
	return err == nil && code.Space == [16]byte(side[:16])
}

// firstOf gives the share that a home agreed on with a step, if it is served here: the one with its terms, by the
// document of who proposed it. nil: it isn't here.
func (f *Follower) firstOf(r *replica.Replica, h *followedHome, step charter.StepID) *space.Space {
	for _, at := range f.of(r.Space()) {
		shared, _ := at.Replica.Share()
		for i := range h.shares {
			if of := &h.shares[i]; of.first && of.step == step && of.space == at.Replica.Space() && shared.Pact().Terms == of.word.Terms {
				return at
			}
		}
	}
	return nil
}

// vouch has this computer say in the first share, in its member's name, that their side of a further one is their
// co-op's; and looks whether the other side has anybody who says so of theirs.
func (f *Follower) vouch(ctx context.Context, r *replica.Replica, h *followedHome, at *space.Space, place *home.SharePlace) error {
	first := f.firstOf(r, h, place.Step)
	if first == nil || first == at {
		return nil
	}
	there := first.Replica
	shared, side := at.Replica.Share()
	of, ours := there.Share()
	over := f.Base(there.Space()) == nil
	now, clock := vouching{shared, of, there.ViewsAt(), over, there.Restored()}, f.all.Config.Now()
	if was := f.vouches[at]; was.vouching == now && clock.Sub(was.at).Abs() < lookAnew {
		return nil
	}
	own, other := shared.Side(side).Space(), shared.Side(1-side).Space()
	x := &Base{there, of, ours}
	var opened *crdt.View // the request through which it was opened
	holds := false
	err := there.Views(kinds.Ask.Name, func(v *crdt.View) bool {
		holds = holds || slices.ContainsFunc(sayTheirs(v, other), x.From)
		if q := kinds.RequestIn(v); opened == nil && (isCodeOf(q, own) && x.Ours(v.CreatedBy) || isCodeOf(q, other) && !x.Ours(v.CreatedBy)) {
			opened = v
		}
		return true
	})
	if err != nil || opened == nil { // how it came to be isn't known here yet
		return err
	}
	if err := errors.Join(f.sayOurs(ctx, x, at.Replica, opened, own), at.Replica.Doubt(ctx, over || !holds)); err != nil {
		return fmt.Errorf("see who vouches for the sides of a share: %w", err)
	}
	now.shared, _ = at.Replica.Share()
	f.vouches[at] = vouched{now, clock}
	return nil
}

// sayOurs says that the side of a further share is this co-op's, once its member is a full one of both.
func (f *Follower) sayOurs(ctx context.Context, x *Base, further *replica.Replica, opened *crdt.View, own entry.SpaceID) error {
	me, ok := x.Replica.Me()
	mine, in := further.Me()
	switch {
	case !ok || !in || me.Standing != charter.Full || mine.Standing != charter.Full || x.Replica.Restored(),
		f.Base(x.Replica.Space()) == nil,
		kinds.RequestIn(opened).Withdrawn != "",
		slices.Contains(sayTheirs(opened, own), me.ID):
		return nil
	}
	_, err := x.Replica.Edit(ctx, opened.ID, func(e replica.Edit) error {
		return e.Perform(kinds.Ask, kinds.JoinAsk, kinds.Joining(hex.EncodeToString(own[:])), nil)
	})
	return err
}
