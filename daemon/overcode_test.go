package daemon

import (
	"errors"
	"testing"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/entrance"
	"kith/daemon/knock"
	"kith/daemon/peer"
)

// Attack 50: weeks later one byte got the whole charter of that day, with any code that there ever was.
func TestACodeThatIsOverGetsItsReasonAndIsThenForgotten(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ana.start()
	code := func() (api.Invite, charter.Invite) {
		v, err := ana.client.Invite(t.Context(), time.Hour)
		must(t, err)
		c, err := charter.DecodeInvite(v.Code)
		must(t, err)
		return v, c
	}
	taken, revoked := code()
	_, err := ana.client.RevokeInvite(t.Context(), taken.ID)
	must(t, err)
	spent, used := code()
	_, err = entrance.Join(t.Context(), entrance.JoinOptions{Home: t.TempDir(), Invite: spent.Code, As: "Dora", Listen: here()})
	must(t, err)
	_, expired := code()
	_, open := code()
	tries := func(c charter.Invite, request ...byte) error {
		_, err := peer.Join(t.Context(), c.Key(), ana.addrs, request, nil)
		return err
	}
	must(t, tries(open, knock.RequestHello)) // so it isn't that nobody gets it

	red, err := charter.NewRedemption(entry.SpaceID{}, used.Key(), entry.NewSigner(), entry.NewSigner(), "Dora", "laptop")
	must(t, err)
	forged, err := red.Encode()
	must(t, err)
	check := func(when string, c charter.Invite, want peer.JoinCode) {
		t.Helper()
		for what, request := range map[string][]byte{"hello": {knock.RequestHello}, "a redemption": append([]byte{knock.RequestRedeem}, forged...)} {
			err := tries(c, request...)
			var refused *peer.JoinError
			if !errors.As(err, &refused) || refused.Code != want {
				t.Errorf("%s, %s: %v; want %s", when, what, err, want)
			}
		}
	}
	check("taken back", revoked, peer.JoinRevoked)
	check("used", used, peer.JoinUsed)
	ana.stop()
	ana.ahead = 2 * time.Hour
	ana.start()
	check("expired", expired, peer.JoinExpired)
	check("used, later", used, peer.JoinUsed)
	ana.stop()
	ana.ahead = 15 * 24 * time.Hour // longer than anybody is told why a code is no good
	ana.start()
	for what, c := range map[string]charter.Invite{"taken back": revoked, "used": used, "expired": expired} {
		var unknown *peer.UnknownCodeError
		if err := tries(c, knock.RequestHello); !errors.As(err, &unknown) {
			t.Errorf("%s, weeks ago: %v; want a closed door", what, err)
		}
	}
}
