package entrance

import (
	"errors"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/home"
	"kith/daemon/replica"
	"kith/daemon/space"
	"kith/daemon/words"
)

// AlreadyIn refuses to come into the co-op of this replica a second time in the same home, where commands couldn't tell the two
// memberships apart: both have the same co-op, and its documents.
func AlreadyIn(r *replica.Replica) error {
	c := r.Charter()
	me, ok := c.OwnerOf(r.Device())
	if ok && (me.Standing == charter.Full || me.Standing == charter.Prospective) {
		return api.Problemf(api.NotAllowed, "the code is still good, for somebody else; for another computer of yours: kith device add", "you are in “%s” already, as %s", c.Name(), words.New(c).Named(me.ID).Name)
	}
	return api.Problemf(api.NotAllowed, "the code is still good: come in with another home, KITH_HOME=/another/folder kith join - --as NAME", "this home keeps what you had in “%s” when you were in before", c.Name())
}

// notTwice looks for the co-op of a code in the places of a home that no daemon serves. Those that a passphrase closes, or that can't be
// opened, aren't looked into.
func notTwice(own *home.Home, id entry.SpaceID) error {
	places, err := own.Places()
	if err != nil {
		return err
	}
	for _, place := range places {
		if place.IsSealed() {
			continue
		}
		r, err := space.OpenClosed(place)
		if err != nil {
			continue
		}
		if r.Space() == id {
			return errors.Join(AlreadyIn(r.Replica), r.Close())
		}
		if err := r.Close(); err != nil {
			return err
		}
	}
	return nil
}
