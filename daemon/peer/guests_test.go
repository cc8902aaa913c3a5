package peer_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	libpeer "github.com/libp2p/go-libp2p/core/peer"

	"kith/crdt/entry"
	"kith/daemon/peer"
)

// through makes two devices, of which the second is reached through the first alone, and a code that the second answers.
func (c *coop) through() (relay, answers *device, code entry.Signer) {
	relay, answers, code = c.elsewhere("Ana's laptop"), c.behindRouter("Ben's laptop"), entry.NewSigner()
	state := map[entry.Device]error{code.Device(): nil}
	relay.invites = &invites{state: state, answerers: []entry.Device{answers.key.Device()}}
	answers.invites = &invites{state: state}
	relay.on()
	answers.on()
	answers.meets(relay)
	answers.untilRelayedBy("Ana's laptop")
	return relay, answers, code
}

func TestAGuestIsLetInThroughAMembersDeviceByAnotherOne(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, ben, code := c.through()
	id := must(peer.Identity(ben.key.Device()))
	at := must(peer.Identity(ana.key.Device()))
	joined, err := peer.Join(within(t), code, []string{ana.listen[0] + "/p2p/" + at + "/p2p-circuit/p2p/" + id}, []byte("Cleo"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if joined.Answerer != ben.key.Device() || string(joined.Reply) != "welcome, Cleo" {
		t.Errorf("%+v", joined)
	}
}

func TestTheRelayOfACodeSaysThatTheOneWhoMadeItIsNotThere(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, ben, code := c.through()
	id := must(peer.Identity(ben.key.Device()))
	at := must(peer.Identity(ana.key.Device()))
	ben.off()
	_, err := peer.Join(within(t), code, []string{ana.listen[0] + "/p2p/" + at + "/p2p-circuit/p2p/" + id}, []byte("Cleo"), nil)
	var nobody *peer.NobodyAnsweredError
	if !errors.As(err, &nobody) || !bytes.Contains([]byte(err.Error()), []byte("isn't on")) {
		t.Errorf("%v", err)
	}
}

// Of what a guest may have of a member's device they have so much and no more: so many ways through at once, so many bytes.
func TestAGuestDoesNotUseAMembersDeviceAsARelayWithoutEnd(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, ben, code := c.through()
	most, began := 0, time.Now()
	for range 3 * peer.GuestsAtOnce {
		if _, connected := tries(t, dialer(t, code, libp2p.EnableRelay()), ana, ben); connected {
			most++
		}
	}
	if most == 0 || most > hadSince(began, peer.GuestsAtOnce, 15*time.Second) {
		t.Errorf("%d ways through at once", most)
	}
	stillWell(t, ben, ana)
}

func TestAGuestDoesNotSendThroughAMembersDeviceWithoutEnd(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana, ben, code := c.through()
	h := dialer(t, code, libp2p.EnableRelay())
	if _, connected := tries(t, h, ana, ben); !connected {
		t.Fatal("no way through")
	}
	// What Ben refuses to read isn't sent: so it is the relay's own bound that is asked, by what it is told of.
	id := must(libpeer.Decode(must(peer.Identity(code.Device()))))
	ana.peers.Carry(id, peer.GuestBytes/2)
	if len(h.Network().Conns()) == 0 {
		t.Error("the way ended at half of what a guest may send")
	}
	ana.peers.Carry(id, peer.GuestBytes)
	ana.until("the guest is cut off", func() bool { return len(h.Network().Conns()) == 0 })
	member := must(libpeer.Decode(must(peer.Identity(ben.key.Device()))))
	ana.peers.Carry(member, 4*peer.GuestBytes)
	stillWell(t, ben, ana)
}
