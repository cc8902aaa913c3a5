package daemon

import (
	"context"

	"kith/crdt/entry"
	"kith/daemon/peer"
	"kith/daemon/replica"
)

// What may be asked over a join stream besides what an invite gives (welcome.go). All begin with
// requestHello, which says nothing of who asks and lets them see who answers.
const (
	requestPair     = 2 // and an encoded pairRequest: a device asks to be added
	requestReveal   = 3 // and its nonce: now both know the words
	requestAdded    = 4 // waits a while for somebody to compare them
	requestHonoured = 5 // by a member key: what is here of the member's devices, as frontiers
	requestRecover  = 6 // by a member key: and the encoded entry that says which devices are live
)

// doors answers who isn't a device of the charter and may knock all the same: the holders of
// invites, devices about to be added, colleagues whom their side of a share has let in, and members who come
// back with their recovery phrase. By which key they dial says which of these they are.
type doors struct {
	replica  *replica.Replica
	parting  *parting
	invites  *invites
	pairings *pairings
	pact     peer.Invites // of a share: who made the pact with its code; nil if that isn't known here
	seats    *seatbook
}

var _ peer.Invites = doors{}

// Issued implements peer.Invites.
func (d doors) Issued(key entry.Device) bool {
	return d.invites.Issued(key) || d.pairings.issued(key) || d.isMemberKey(key) || d.isAlly(key) || d.seats.Issued(key)
}

func (d doors) isAlly(key entry.Device) bool { return d.pact != nil && d.pact.Issued(key) }

func (d doors) isMemberKey(key entry.Device) bool {
	_, ok := d.replica.Charter().MemberKey(key)
	return ok && !d.parting.over()
}

// Redeem implements peer.Invites.
func (d doors) Redeem(ctx context.Context, key entry.Device, request []byte) ([]byte, error) {
	switch {
	case d.isAlly(key):
		return d.pact.Redeem(ctx, key, request)
	case d.pairings.issued(key):
		return d.pairings.answer(ctx, key, request)
	case d.isMemberKey(key):
		return comeBack(ctx, d.replica, key, request)
	case !d.invites.Issued(key) && d.seats.Issued(key): // last: a seat can name the key of somebody else's door
		return d.seats.Redeem(ctx, key, request)
	}
	return d.invites.Redeem(ctx, key, request)
}

// welcomeNow is what the charter has to say to somebody new, as it is here.
func welcomeNow(r *replica.Replica) ([]byte, error) {
	return welcome{r.Space(), r.Introduction(maxIntroduction)}.encode()
}
