package daemon

import (
	"encoding/hex"
	"time"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/crdt/share"
	"kith/daemon/replica"
)

// base is a share with an ally that has not ended, as this daemon serves it.
type base struct {
	r     *replica.Replica
	share *share.Share
	side  int // this co-op's
}

func (x *base) ally() string { return x.share.Side(1 - x.side).Name() }

// from says whether somebody is of the ally.
func (x *base) from(id charter.MemberID) bool {
	_, ok := x.share.Side(1 - x.side).Member(id)
	return ok
}

// Base gives a share as a base; nil if it isn't served here or is over.
func (f *follower) Base(space entry.SpaceID) *base {
	at := f.all.Of(space)
	if at == nil {
		return nil
	}
	shared, side := at.Replica.Share()
	if shared == nil {
		return nil
	}
	terms, _ := shared.Terms()
	if _, over := shared.Ended(); over || past(terms.Ends, f.all.Config.Now()) {
		return nil
	}
	return &base{at.Replica, shared, side}
}

// vouched says whether somebody of an ally has said, in a share with it that is here, that a charter is theirs in a
// further share: they have passed on its code, or taken one with it.
func (f *follower) vouched(of *shareOfHome, theirs entry.SpaceID) bool {
	for _, b := range f.all.All() {
		place, err := b.Place.SharePlace()
		if err != nil || place == nil || place.Step != of.step || place.Share == of.space {
			continue
		}
		x := f.Base(place.Share)
		if x == nil || x.ally() != of.word.Ally {
			continue
		}
		found := false
		err = x.r.Views(kinds.Ask.Name, func(v *crdt.View) bool {
			code, err := charter.DecodeAllyCode(kinds.RequestIn(v).Code)
			found = err == nil && code.Space == [16]byte(theirs[:16]) && x.from(v.CreatedBy)
			for _, a := range kinds.RequestIn(v).Answers {
				found = found || x.from(a.Member) && a.Side == hex.EncodeToString(theirs[:])
			}
			return !found
		})
		if err == nil && found {
			return true
		}
	}
	return false
}

func past(ends uint64, now time.Time) bool {
	return ends != 0 && uint64(max(now.UnixMilli(), 0)) >= ends
}
