package entrance

import (
	"context"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api/server"
	"kith/daemon/knock"
	"kith/daemon/peer"
	"kith/daemon/space"
)

// Entrance is how people and devices come into one space, and out of it: it answers the local API about that, and
// those who knock.
type Entrance struct {
	at       *space.Space
	invites  *invites
	pairings *pairings
}

var _ server.Entrance = (*Entrance)(nil)

// New makes the entrance of a space, which need not be in touch with anybody yet.
func New(at *space.Space) *Entrance {
	return &Entrance{at: at, invites: newInvites(at.Replica, at.Now), pairings: newPairings(at.Replica, at.Now)}
}

// Doors are for who isn't a device of the charter and may knock all the same: devices about to be added, members who
// come back with their recovery phrase, and the holders of invites. By which key they dial says which of these
// they are.
func (e *Entrance) Doors() []peer.Invites {
	return []peer.Invites{e.pairings, wayBack{e.at}, e.invites}
}

// wayBack is the door for those who dial with a member key.
type wayBack struct{ at *space.Space }

// Issued implements peer.Invites.
func (d wayBack) Issued(key entry.Device) bool {
	_, ok := d.at.Replica.Charter().MemberKey(key)
	return ok && !d.at.Parted()
}

// Redeem implements peer.Invites.
func (d wayBack) Redeem(ctx context.Context, key entry.Device, request []byte) ([]byte, error) {
	return comeBack(ctx, d.at.Replica, key, request)
}

// answerers are where this device is reached, for a code.
func (e *Entrance) answerers() ([]charter.Answerer, error) {
	config, err := e.at.Place.Config()
	if err != nil {
		return nil, err
	}
	return knock.Answerers(config, e.at.Replica.Device())
}
