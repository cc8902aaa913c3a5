package side

import (
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/crdt/share"
	"kith/daemon/duty"
	"kith/daemon/home"
	"kith/daemon/replica"
	"kith/daemon/replica/replicatest"
	"kith/daemon/space"
)

// brings gives a replica what another has, in this order, of those entries that pick chooses.
func brings(t *testing.T, from, to *replica.Replica, pick func(*entry.Entry) bool) {
	t.Helper()
	all := slices.DeleteFunc(replicatest.Entries(t, from), func(e *entry.Entry) bool { return to.Has(e.ID()) || !pick(e) })
	res, err := to.Accept(t.Context(), all)
	must(t, err)
	if len(res.Refused) > 0 {
		t.Fatalf("refused: %+v", res.Refused)
	}
}

func anything(*entry.Entry) bool                              { return true }
func aStatement(e *entry.Entry) bool                          { return e.Kind == entry.Statement }
func noStatement(e *entry.Entry) bool                         { return e.Kind != entry.Statement }
func following(f *Follower, r *replica.Replica) []shareOfHome { return f.homes[r.Space()].shares }

// A document that waits for somebody's statement is seen when that has come, without that anything arrives then: who looked in
// the moment between must look again.
func TestAShareIsFoundThoughItsDocumentCountsOnlyAfterAllHasArrived(t *testing.T) {
	ana, ben, _ := replicatest.TwoReplicas(t)
	step := agreed(t, ana, "Quilted")
	brings(t, ana, ben, anything)
	_, err := ben.Say(t.Context(), func(c *charter.Charter) ([]byte, error) { return c.Consent(ben.Device(), step, false) })
	must(t, err)
	must(t, ben.Enact())
	brings(t, ben, ana, anything)

	word, err := share.Word{What: share.Make, Ally: "Bakery", Terms: share.Terms{Purpose: "bread", Voices: share.EachCoop}}.Encode()
	must(t, err)
	_, err = ben.Say(t.Context(), func(c *charter.Charter) ([]byte, error) {
		payload, _, err := c.Propose(ben.Device(), charter.Terms{Type: charter.ProposalPact, Pact: word})
		return payload, err
	})
	must(t, err)
	_, err = ben.Create(t.Context(), kinds.Ally.Name, func(e replica.Edit) error {
		return crdttest.NewAlly(crdttest.AllyFields{Title: "Quilted", Share: entry.SpaceID{3}.String(), Side: entry.SpaceID{4}.String(), Step: step.String()})(e.Doc, nil)
	})
	must(t, err)

	clock := time.Now()
	var later atomic.Int64 // what goes on beside reads the clock, too
	now := func() time.Time { return clock.Add(time.Duration(later.Load())) }
	own := home.At(t.TempDir())
	_, err = own.DeviceKey()
	must(t, err)
	f := New(space.NewList(own, space.Config{Log: slog.New(slog.DiscardHandler), Now: now}))
	t.Cleanup(f.knocks.Wait)
	at := &space.Space{Place: own, Replica: ana, Now: time.Now}
	brings(t, ben, ana, noStatement)
	if n := ana.Counts().Pending; n != 1 {
		t.Fatalf("%d entries wait for the statement", n)
	}
	must(t, f.followHome(t.Context(), at))
	stop := ana.Watch(func([]entry.ID) { must(t, f.followHome(t.Context(), at)) }) // the statement is here, what waits for it isn't judged yet
	brings(t, ben, ana, aStatement)
	stop()
	if n := len(following(f, ana)); n != 0 {
		t.Fatalf("in the moment between it has %d shares already", n)
	}
	must(t, f.followHome(t.Context(), at))
	if n := len(following(f, ana)); n != 1 {
		t.Fatalf("the co-op has one share, and its computer sees %d", n)
	}

	// Whatever was missed is found all the same after a while.
	for !f.homes[ana.Space()].calm {
		must(t, f.followHome(t.Context(), at))
	}
	f.homes[ana.Space()].shares = nil
	must(t, f.followHome(t.Context(), at))
	if n := len(following(f, ana)); n != 0 {
		t.Fatalf("nothing has changed, and it looks at all documents each second: %d", n)
	}
	later.Store(int64(lookAnew))
	must(t, f.followHome(t.Context(), at))
	if n := len(following(f, ana)); n != 1 {
		t.Errorf("what was missed once stays so: %d shares", n)
	}
}

func TestWhatCouldntBeSaidInAShareIsTriedAgainAfterAWhile(t *testing.T) {
	r, _ := replicatest.TwoAllies(t)
	now := time.Now()
	x := refused{r.Rules(), now}
	if !x.still(r.Rules(), now.Add(lookAnew-time.Second)) || x.still(r.Rules(), now.Add(lookAnew)) {
		t.Error("it is tried again at once, or never")
	}
	if x.still(nil, now) || (refused{}).still(r.Rules(), now) {
		t.Error("as of other charters it isn't tried")
	}
	if next := (&Follower{}).nextLook(r, now, false); next.Sub(now) > duty.WaitMost*2 {
		t.Errorf("nothing has changed, and it is looked at again after %v", next.Sub(now))
	}
}
