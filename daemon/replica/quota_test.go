package replica

import (
	"strings"
	"testing"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/daemon/store"
)

// flood is n large entries by a device, none of which can be accepted.
func flood(t testing.TB, p *peerReplica, key entry.Signer, n int) []*entry.Entry {
	t.Helper()
	large := changetest.Put(change.OpID{}, "x", change.StrValue(strings.Repeat("flood ", 160_000)))
	out := make([]*entry.Entry, n)
	for i := range out {
		f := entry.Fields{Space: p.Space(), Heads: p.Charter().Heads(), Kind: entry.Change, Doc: entry.DocID{1}, Run: newNonce(), Number: 1}
		a := entry.ActorOf(f.Space, key.Device(), f.Run, f.Doc)
		f.Payload = changetest.New(change.NewHistory(), change.Actor(a[:]), large).Encode()
		var err error
		out[i], err = entry.New(f, key)
		must(t, err)
	}
	return out
}

func TestAFloodOfEntriesThatStandForNothingIsKeptWithinItsQuota(t *testing.T) {
	unwatched(t)
	c := found(t, "Ana", "Ben", "Mel")
	ana, ben, mel := c.all[0], c.all[1], c.all[2]
	task := ben.addTask(t, "Order paper")
	c.settle()
	size := func() (n int64) {
		must(t, ana.store.Records(func(id entry.ID, r store.Record) bool {
			if charter.State(r.State) != charter.Accepted {
				b, err := ana.Entry(id)
				must(t, err)
				n += int64(len(b))
			}
			return true
		}))
		return n
	}
	all := map[string][]*entry.Entry{
		"strangers": append(flood(t, ana, entry.NewSigner(), 6), flood(t, ana, entry.NewSigner(), 6)...),
		"Mel":       flood(t, ana, mel.cfg.Key, 70),
	}
	before := int64(0)
	for whose, limit := range map[string]int64{"strangers": MaxUnsettledUnknown, "Mel": MaxUnsettledPerDevice} {
		before = size()
		for _, e := range all[whose] { // one by one, as they would come
			if res := give(t, ana, e); len(res.Refused) > 0 {
				t.Fatalf("refused: %v", res.Refused[0].Err)
			}
			if !ana.Has(e.ID()) {
				t.Fatalf("%s: what is over the quota isn't known: it would be sent for ever", whose)
			}
		}
		if n := size() - before; n > limit+entry.MaxSize || n < limit-entry.MaxSize {
			t.Errorf("%s fill %d bytes of %d", whose, n, limit)
		}
	}
	listed := map[entry.ID]bool{}
	ana.IDs(func(id entry.ID) bool { listed[id] = true; return true })
	for whose, batch := range all {
		for _, e := range batch {
			if !listed[e.ID()] {
				t.Fatalf("%s: an entry over the quota isn't among those that needn't be sent", whose)
			}
		}
	}
	// Nobody else notices.
	ben.edit(t, task.ID, crdttest.Take(ben.me(), ben.now()))
	give(t, ana, ben.newest(t))
	if got := ana.state(t, ben.newest(t).ID()); got != charter.Accepted {
		t.Errorf("Ben's change is %v", got)
	}
	// A restart counts the same.
	was := size()
	ana.reopen(t)
	give(t, ana, flood(t, ana, mel.cfg.Key, 3)...)
	give(t, ana, flood(t, ana, entry.NewSigner(), 3)...)
	if n := size(); n > was+2*entry.MaxSize {
		t.Errorf("after a restart the flood goes on: %d bytes, before %d", n, was)
	}
	ana.edit(t, task.ID, crdttest.Finish())
}

// What somebody has acknowledged is kept whatever room its device has left, in whatever order it comes: the last of a run says
// what is before it.
func TestWhatIsAcknowledgedIsKeptThoughWhatComesBehindItInItsRunComesFirstOrLast(t *testing.T) {
	for _, lastFirst := range []bool{false, true} {
		c := found(t, "Ana", "Ben", "Mel")
		ana, ben, mel := c.all[0], c.all[1], c.all[2]
		smallRoom(ana)
		give(t, ana, flood(t, ana, mel.cfg.Key, 1)...) // her room is used up
		run := newNonce()
		var two []*entry.Entry
		for i := range 2 {
			f := entry.Fields{Space: ana.Space(), Heads: ana.Charter().Heads(), Kind: entry.Change, Doc: entry.DocID{byte(2 + i)}, Run: run, Number: uint64(1 + i)}
			if i > 0 {
				f.Previous = two[0].ID()
			}
			a := entry.ActorOf(f.Space, mel.device, f.Run, f.Doc)
			f.Payload = changetest.New(change.NewHistory(), change.Actor(a[:]), changetest.Put(change.OpID{}, "x", change.StrValue("x"))).Encode()
			e, err := entry.New(f, mel.cfg.Key)
			must(t, err)
			two = append(two, e)
		}
		_, err := ben.Say(t.Context(), func(ch *charter.Charter) ([]byte, error) {
			return ch.Acknowledge(ben.device, []charter.DeviceFrontier{{Device: mel.device, Frontier: charter.Frontier{{Run: run, Entry: two[1].ID()}}}})
		})
		must(t, err)
		give(t, ana, ben.newest(t))
		first, second := two[0], two[1]
		if lastFirst {
			first, second = second, first
		}
		give(t, ana, first)
		give(t, ana, second)
		for _, e := range two {
			if !ana.Has(e.ID()) { // it was forgotten, so that it is brought again
				give(t, ana, e)
			}
			if !ana.store.Has(e.ID()) {
				t.Errorf("last first %v: number %d is held back, and Ben has acknowledged it", lastFirst, e.Number)
			}
		}
	}
}

// So many entries can be held back that no more are remembered. Those aren't told as had, or nobody would bring them again once it is known whose they are.
func TestWhatIsntRememberedAsHeldBackIsntHad(t *testing.T) {
	c := found(t, "Ana", "Mel")
	ana := c.all[0]
	clock := ana.Now()
	ana.at(&clock)
	ana.days.worth, ana.days.of, ana.quota.mostHeld = [3]float64{5, 5, 1 << 20}, nil, 5
	had := map[entry.ID]bool{}
	defer ana.Watch(func(ids []entry.ID) {
		for _, id := range ids {
			had[id] = true
		}
	})()
	defer ana.WatchWanted(func(ids []entry.ID) {
		for _, id := range ids {
			delete(had, id)
		}
	})()
	// Junk by keys that nobody knows, and then what Ana's new phone says, of which she hasn't heard.
	certified, phone := added(t, ana, ana, 1)
	heads := []entry.ID{certified[0].ID()}
	follow, err := ana.Charter().Follow(ana.device, ana.Charter().Tip())
	must(t, err)
	said := func(key entry.Signer) *entry.Entry {
		return sign(t, key, entry.Fields{Space: ana.Space(), Heads: heads, Kind: entry.Statement, Payload: follow})
	}
	var junk []*entry.Entry
	for range 30 {
		junk = append(junk, said(entry.NewSigner()))
	}
	give(t, ana, junk...)
	honest := said(phone[0])
	give(t, ana, honest)
	for id := range had {
		if !ana.Has(id) {
			t.Fatal("what isn't here, nor remembered, is told as had")
		}
	}
	give(t, ana, certified...)
	again(t, ana, honest)
	if got := ana.state(t, honest.ID()); got != charter.Accepted {
		t.Errorf("what the phone says is %v", got)
	}
}
