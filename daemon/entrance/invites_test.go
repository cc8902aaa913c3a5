package entrance

import (
	"testing"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/knock"
	"kith/daemon/peer"
	"kith/daemon/replica"
	"kith/daemon/replica/replicatest"
)

// twoDoors are the doors of Ana's computer and of Ben's, who founded a co-op, and one clock.
type twoDoors struct {
	t        *testing.T
	ana, ben *invites
	now      time.Time
}

func newTwoDoors(t *testing.T) *twoDoors {
	a, b, _ := replicatest.TwoReplicas(t)
	d := &twoDoors{t: t, now: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return d.now }
	d.ana, d.ben = newInvites(a, clock), newInvites(b, clock)
	return d
}

// meet brings both replicas into step.
func (d *twoDoors) meet() {
	d.t.Helper()
	for _, pair := range [][2]*replica.Replica{{d.ana.replica, d.ben.replica}, {d.ben.replica, d.ana.replica}} {
		_, err := pair[1].Accept(d.t.Context(), replicatest.Entries(d.t, pair[0]))
		must(d.t, err)
	}
}

// invites has Ana make a code for a prospective member.
func (d *twoDoors) invites() charter.Invite {
	d.t.Helper()
	v, err := d.ana.prospective(d.t.Context(), nil, time.Hour)
	must(d.t, err)
	code, err := charter.DecodeInvite(v.Code)
	must(d.t, err)
	return code
}

// redemption is what somebody asks with who has a code.
func (d *twoDoors) redemption(code charter.Invite, name string) []byte {
	d.t.Helper()
	r, err := charter.NewRedemption(d.ana.replica.Space(), code.Key(), entry.NewSigner(), entry.NewSigner(), name, "laptop")
	must(d.t, err)
	b, err := r.Encode()
	must(d.t, err)
	return append([]byte{knock.RequestRedeem}, b...)
}

func (d *twoDoors) anas() entry.Device { return d.ana.replica.Device() }

func TestEveryFullMembersDeviceLetsInWhoHasAnOpenCodeAndNoneTheNextWithIt(t *testing.T) {
	d := newTwoDoors(t)
	code := d.invites()
	key, dora := code.Key().Device(), d.redemption(code, "Dora")
	if d.ben.Issued(key) || d.ben.Leads(key, d.anas()) {
		t.Error("Ben's computer answers a code of which it hasn't heard")
	}
	d.meet()
	if !d.ben.Issued(key) || !d.ben.Leads(key, d.anas()) || d.ben.Leads(key, entry.NewSigner().Device()) || d.ben.Leads(entry.NewSigner().Device(), d.anas()) {
		t.Error("Ben's computer doesn't answer exactly the code, or leads to others than members")
	}
	for _, request := range [][]byte{{knock.RequestHello}, dora, dora} { // the last time, because the answer got lost
		_, err := d.ben.Redeem(t.Context(), key, request)
		must(t, err)
	}
	_, err := d.ben.Redeem(t.Context(), key, d.redemption(code, "Eli"))
	wantCode(t, "Eli, at Ben's", err, peer.JoinUsed)
	if d.ben.Leads(key, d.anas()) {
		t.Error("a used code leads on")
	}
	d.meet()
	_, err = d.ana.Redeem(t.Context(), key, d.redemption(code, "Eli"))
	wantCode(t, "Eli, at Ana's", err, peer.JoinUsed)
	if _, err := d.ana.Redeem(t.Context(), key, dora); err != nil {
		t.Errorf("Dora, whose answer was lost, at Ana's: %v", err)
	}
	all, _, err := d.ana.list()
	must(t, err)
	if len(all) != 1 || all[0].State != inviteUsed {
		t.Errorf("Ana's list says %+v", all)
	}
	d.now = d.now.Add(lateAnswer)
	if d.ben.Issued(key) {
		t.Error("a used code opens the gate of who didn't make it")
	}
}

func TestACodeThatIsOverOpensNoGateButThatOfWhoMadeIt(t *testing.T) {
	for name, ends := range map[string]func(d *twoDoors, key entry.Device){
		"expired": func(d *twoDoors, _ entry.Device) { d.now = d.now.Add(2 * time.Hour) },
		"taken back": func(d *twoDoors, key entry.Device) {
			_, keys, err := d.ana.list()
			must(d.t, err)
			for id, k := range keys {
				if k == key {
					_, err := d.ana.revoke(d.t.Context(), id)
					must(d.t, err)
				}
			}
		},
		"of somebody who has left": func(d *twoDoors, _ entry.Device) {
			_, err := d.ana.replica.Say(d.t.Context(), func(c *charter.Charter) ([]byte, error) { return c.Resign(d.anas(), nil, "") })
			must(d.t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newTwoDoors(t)
			d.t = t
			code := d.invites()
			key := code.Key().Device()
			d.meet()
			if !d.ben.Issued(key) {
				t.Fatal("Ben's computer doesn't answer the code while it is open")
			}
			ends(d, key)
			d.meet()
			if d.ben.Issued(key) || d.ben.Leads(key, d.anas()) {
				t.Error("it opens something")
			}
			_, err := d.ben.Redeem(t.Context(), key, d.redemption(code, "Eli")) // whose connection is from before
			wantCode(t, "Eli", err, peer.JoinRevoked)
		})
	}
}

// A code for a founding seat is the founder's alone, and who isn't a full member lets nobody in.
func TestWhoIsNoFullMemberAnswersNoCodeAndNobodyButTheFounderThoseForSeats(t *testing.T) {
	d := newTwoDoors(t)
	code := d.invites()
	d.meet()
	if _, err := d.ben.Redeem(t.Context(), code.Key().Device(), d.redemption(code, "Dora")); err != nil {
		t.Fatal(err)
	}
	d.meet()
	another := d.invites()
	d.meet()
	seat, err := d.ana.seat(nil, time.Hour)
	must(t, err)
	v, err := charter.DecodeInvite(seat.Code)
	must(t, err)
	if d.ben.Issued(v.Key().Device()) {
		t.Error("Ben's computer answers a code for a founding seat")
	}
	_, err = d.ben.replica.Say(t.Context(), func(c *charter.Charter) ([]byte, error) { return c.Resign(d.ben.replica.Device(), nil, "") })
	must(t, err)
	if d.ben.Issued(another.Key().Device()) || d.ben.Leads(another.Key().Device(), d.anas()) {
		t.Error("Ben has left, and his computer lets people in")
	}
}

func TestACodeOfYesterdayIsTheSameWithTodaysAddresses(t *testing.T) {
	d := newTwoDoors(t)
	code := d.invites()
	text, err := code.Encode()
	must(t, err)
	at := []charter.Answerer{{Device: d.anas(), Address: []byte{4, 192, 0, 2, 1, 6, 0x10, 0x0f}}}
	today, err := d.ana.today(text, at)
	must(t, err)
	now, err := charter.DecodeInvite(today)
	must(t, err)
	if now.Key().Device() != code.Key().Device() || now.Space != code.Space || len(now.Answerers) != 1 || now.Answerers[0].Device != d.anas() {
		t.Errorf("%+v", now)
	}
}
