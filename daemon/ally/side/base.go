package side

import (
	"slices"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/crdt/share"
	"kith/daemon/replica"
	"kith/daemon/words"
)

// Base is a share with an ally that has not ended, as this daemon serves it.
type Base struct {
	Replica *replica.Replica
	Share   *share.Share
	Side    int // this co-op's: 0 or 1
}

// Ally is the name of the other co-op.
func (x *Base) Ally() string { return x.Share.Side(1 - x.Side).Name() }

// From says whether somebody speaks for the ally here: who has left it doesn't, nor anybody of a side that is doubted.
func (x *Base) From(id charter.MemberID) bool {
	m, ok := x.Share.Side(1 - x.Side).Member(id)
	return ok && m.Standing == charter.Full && !x.Share.Doubted(1-x.Side)
}

// Ours says whether somebody is or was of this co-op.
func (x *Base) Ours(id charter.MemberID) bool {
	_, ok := x.Share.Side(x.Side).Member(id)
	return ok
}

// Base gives a share as a base; nil if it isn't served here or is over.
func (f *Follower) Base(space entry.SpaceID) *Base {
	at := f.all.Of(space)
	if at == nil {
		return nil
	}
	shared, side := at.Replica.Share()
	if shared == nil {
		return nil
	}
	terms, _ := shared.Terms()
	if _, over := shared.Ended(); over || words.Past(terms.Ends, f.all.Config.Now()) {
		return nil
	}
	return &Base{at.Replica, shared, side}
}

// vouched says whether somebody of an ally has said, in a share with it that is here, that a charter is theirs in a
// further share: they have passed on its code, or taken one with it.
func (f *Follower) vouched(of *shareOfHome, theirs entry.SpaceID) bool {
	for _, b := range f.all.All() {
		place, err := b.Place.SharePlace()
		if err != nil || place == nil || place.Step != of.step || place.Share == of.space {
			continue
		}
		x := f.Base(place.Share)
		if x == nil || x.Ally() != of.word.Ally {
			continue
		}
		found := false
		err = x.Replica.Views(kinds.Ask.Name, func(v *crdt.View) bool {
			found = slices.ContainsFunc(sayTheirs(v, theirs), x.From)
			return !found
		})
		if err == nil && found {
			return true
		}
	}
	return false
}
