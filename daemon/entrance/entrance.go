package entrance

import (
	"context"
	"slices"

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

var (
	_ server.Entrance = (*Entrance)(nil)
	_ server.Names    = (*Entrance)(nil)
)

// New makes the entrance of a space, which need not be in touch with anybody yet.
func New(at *space.Space) *Entrance {
	e := &Entrance{at: at, invites: newInvites(at.Replica, at.Now), pairings: newPairings(at.Replica, at.Now)}
	e.invites.relays, e.pairings.relays = e.Relays, e.Relays
	return e
}

// Relays are those that this computer names.
func (e *Entrance) Relays() []string {
	config, _ := e.at.Place.Config() // without it the welcome names none
	return config.Named()
}

// told gives the relays that who is in now is told; none where nothing says so.
func told(relays func() []string) []string {
	if relays == nil {
		return nil
	}
	return relays()
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
	return comeBack(ctx, d.at.Replica, key, request, New(d.at).Relays)
}

// Leads implements peer.Invites: every full member's device answers who comes back.
func (d wayBack) Leads(key, to entry.Device) bool {
	c := d.at.Replica.Charter()
	who, ok := c.MemberKey(key)
	m, there := c.MemberOf(to)
	return ok && there && m.Standing == charter.Full && (who.Standing == charter.Full || who.Standing == charter.Prospective)
}

// answerers are where this device is reached, for a code that it alone answers.
func (e *Entrance) answerers() ([]charter.Answerer, error) {
	config, err := e.at.Place.Config()
	if err != nil {
		return nil, err
	}
	var now knock.Found
	if p := e.at.Peers; p != nil {
		now = knock.Found{Dialable: p.Dialable(), Relayed: p.Relayed()}
	}
	return knock.Answerers(config, e.at.Replica.Device(), now)
}

// maxOthers bounds the other members' devices that a code names.
const maxOthers = 2

// anybody are where this device is reached and those of other full members, for a code that all of them answer: those
// that are in touch now before others, and who is reached from elsewhere before who is only reached nearby.
func (e *Entrance) anybody() ([]charter.Answerer, error) {
	own, err := e.answerers()
	if err != nil || e.at.Peers == nil {
		return own, err
	}
	c := e.at.Replica.Charter()
	me, _ := e.at.Replica.Me()
	ways := e.at.Peers.WaysTo()
	slices.SortStableFunc(ways, func(a, b peer.Way) int {
		switch {
		case a.Connected != b.Connected:
			return before(a.Connected)
		case a.Near != b.Near:
			return before(b.Near)
		}
		return b.LastSeen.Compare(a.LastSeen)
	})
	named := map[charter.MemberID]bool{me.ID: true}
	var others []charter.Answerer
	for _, w := range ways {
		m, ok := c.MemberOf(w.Device)
		if b := w.Address.Bytes(); ok && m.Standing == charter.Full && !named[m.ID] && len(b) <= charter.MaxAddress {
			named[m.ID] = true
			others = append(others, charter.Answerer{Device: w.Device, Address: b})
		}
	}
	others = others[:min(len(others), maxOthers)]
	return append(own[:min(len(own), charter.MaxAnswerers-len(others))], others...), nil
}

// before orders what is so before what isn't.
func before(so bool) int {
	if so {
		return -1
	}
	return 1
}
