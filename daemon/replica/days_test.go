package replica

import (
	"maps"
	"testing"
	"time"

	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
)

// at gives a replica a clock that the test moves; it takes nobody for an old device.
func (p *peerReplica) at(clock *time.Time) {
	p.cfg.Now = func() time.Time { return *clock }
	p.now = p.cfg.Now
	p.days.of, p.days.new = nil, time.Time{}
}

// says are n statements of a device that change nothing.
func (p *peerReplica) says(t testing.TB, key entry.Signer, n int) []*entry.Entry {
	t.Helper()
	said, err := p.Charter().Follow(key.Device(), p.Charter().Tip())
	must(t, err)
	out := make([]*entry.Entry, n)
	for i := range out {
		out[i] = sign(t, key, entry.Fields{Space: p.Space(), Heads: p.Charter().Heads(), Kind: entry.Statement, Payload: said})
	}
	return out
}

// here counts which of some entries a replica has stored.
func (p *peerReplica) here(all []*entry.Entry) (n int) {
	for _, e := range all {
		if p.store.Has(e.ID()) {
			n++
		}
	}
	return n
}

func TestWhatADeviceSaysBeyondADaysWorthWaitsForTheNextDayIsShownAndComesInIfOthersNameIt(t *testing.T) {
	c := found(t, "Ana", "Ben", "Mel")
	ana, ben, mel := c.all[0], c.all[1], c.all[2]
	clock := ana.Now()
	ana.at(&clock)
	said := ana.says(t, mel.cfg.Key, DayStatements+100)
	give(t, ana, said...)
	if n := ana.here(said); n != DayStatements {
		t.Fatalf("%d are kept", n)
	}
	for _, e := range said {
		if !ana.Has(e.ID()) {
			t.Fatal("what is held back would be sent for ever")
		}
	}
	if held := ana.Held(); len(held) != 1 || held[0].Device != mel.device || held[0].Entries != 100 || held[0].Why != HeldDay {
		t.Errorf("what is held back isn't shown: %+v", held)
	}
	ana.reopen(t)
	give(t, ana, said...)
	if n := ana.here(said); n != DayStatements {
		t.Fatalf("after a restart %d are kept", n)
	}
	// Ben has it, and what he says stands on it.
	last := said[len(said)-1]
	give(t, ben, last)
	bens := ben.says(t, ben.cfg.Key, 1)[0]
	give(t, ana, bens)
	again(t, ana, said...)
	if a, b := ana.state(t, last.ID()), ana.state(t, bens.ID()); a != charter.Accepted || b != charter.Accepted {
		t.Errorf("what Ben stands on is %v, and his own %v", a, b)
	}
	clock = clock.Add(2 * time.Hour)
	must(t, ana.Weigh(false))
	again(t, ana, said...)
	if n := ana.here(said); n == len(said) {
		t.Errorf("after two hours %d of %d are kept", n, len(said))
	}
	clock = clock.Add(24 * time.Hour)
	must(t, ana.Weigh(false))
	again(t, ana, said...)
	if n := ana.here(said); n != len(said) || len(ana.Held()) != 0 {
		t.Errorf("a day later %d are kept, and held back are %+v", n, ana.Held())
	}
}

func TestWhoseWordHasEndedWritesNoMoreThanWhatWasLeft(t *testing.T) {
	c := found(t, "Ana", "Ben", "Mel")
	ana, mel := c.all[0], c.all[2]
	clock := ana.Now()
	ana.at(&clock)
	late := ana.says(t, mel.cfg.Key, DayStatements+100) // as of before
	payload, err := mel.Charter().Resign(mel.device, nil, "off")
	must(t, err)
	resigned := sign(t, mel.cfg.Key, entry.Fields{Space: mel.Space(), Heads: mel.Charter().Heads(), Kind: entry.Statement, Payload: payload})
	give(t, ana, resigned)
	if _, in := ana.Rules().MemberOf(mel.device); in {
		t.Fatal("Mel is still in: this shows nothing")
	}
	for range 3 {
		again(t, ana, late...)
		clock = clock.Add(40 * 24 * time.Hour)
		must(t, ana.Weigh(false))
		ana.reopen(t)
	}
	again(t, ana, late...)
	if n := ana.here(late); n != DayStatements-1 {
		t.Errorf("%d of what Mel says late is kept", n)
	}
	must(t, ana.TakeIn(t.Context(), mel.device))
	again(t, ana, late...)
	if n := ana.here(late); n != len(late) {
		t.Errorf("Ana wants it all, and %d are kept", n)
	}
}

func TestWhatADeviceWritesBeyondADaysWorthOfBytesWaitsUnlessOthersBuildOnIt(t *testing.T) {
	c := found(t, "Ana", "Ben", "Mel")
	ana, ben, mel := c.all[0], c.all[1], c.all[2]
	task := ben.addTask(t, "Order paper")
	c.settle()
	clock := ana.Now()
	ana.at(&clock)
	junk := flood(t, ana, mel.cfg.Key, 20)
	give(t, ana, junk...)
	if n := ana.here(junk); n < 16 || n > 18 {
		t.Fatalf("%d MB are kept", n)
	}
	mel.edit(t, task.ID, crdttest.AppendText("Mel's"))
	mels := mel.newest(t)
	give(t, ana, mels)
	if ana.store.Has(mels.ID()) {
		t.Fatal("it was within a day's worth: this shows nothing")
	}
	give(t, ben, mels)
	ben.edit(t, task.ID, crdttest.Take(ben.me(), ben.now()))
	bens := ben.newest(t)
	ana.reopen(t)
	give(t, ana, bens)
	again(t, ana, mels)
	for _, e := range []*entry.Entry{mels, bens} {
		if got := ana.state(t, e.ID()); got != charter.Accepted {
			t.Errorf("what Ben stands on, or wrote himself, is %v", got)
		}
	}
	clock = clock.Add(25 * time.Hour)
	must(t, ana.Weigh(false))
	again(t, ana, junk...)
	if n := ana.here(junk); n != len(junk) {
		t.Errorf("a day later %d are kept", n)
	}
}

func TestWhatIsHeldBackForWantOfRoomTakesNothingOfADaysWorth(t *testing.T) {
	c := found(t, "Ana", "Mel")
	ana, mel := c.all[0], c.all[1]
	clock := ana.Now()
	ana.at(&clock)
	smallRoom(ana)
	said, err := mel.Charter().Follow(mel.device, mel.Charter().Tip())
	must(t, err)
	var waiting []*entry.Entry
	for range 60 {
		waiting = append(waiting, sign(t, mel.cfg.Key, entry.Fields{Space: mel.Space(), Heads: []entry.ID{{1}}, Kind: entry.Statement, Payload: said}))
	}
	for range DayStatements / 50 { // as when what they wait for comes near, again and again
		give(t, ana, waiting...)
		ana.quota.mu.Lock()
		ana.quota.letGoLocked(maps.Clone(ana.quota.held))
		ana.quota.mu.Unlock()
	}
	right := ana.says(t, mel.cfg.Key, 1)
	give(t, ana, right...)
	if ana.here(right) != 1 {
		t.Error("what counts is held back, since what has no room has taken the day's worth")
	}
}

// Who resigns names in a frontier what they like, of as long a run as they like: what leads there isn't known without all of it.
func TestAFrontierLeadsToNoMoreThanADaysWorth(t *testing.T) {
	const worth = 40
	c := found(t, "Ana", "Ben", "Mel")
	ana, mel := c.all[0], c.all[2]
	clock := ana.Now()
	ana.at(&clock)
	mel.addTask(t, "Order paper")
	give(t, ana, mel.entries(t)...)
	written := mel.entries(t)
	last := written[len(written)-1]
	if last.Device != mel.device || last.Kind != entry.Change {
		t.Fatal("what came last isn't Mel's task")
	}
	ana.days.worth = [3]float64{worth, worth, 1 << 20}
	ana.days.of = nil
	follow, err := mel.Charter().Follow(mel.device, mel.Charter().Tip())
	must(t, err)
	var run []*entry.Entry
	for range 3 * worth {
		last = sign(t, mel.cfg.Key, entry.Fields{
			Space: mel.Space(), Heads: mel.Charter().Heads(), Kind: entry.Statement, Payload: follow,
			Run: last.Run, Number: last.Number + 1, Previous: last.ID(),
		})
		run = append(run, last)
	}
	payload, err := mel.Charter().Resign(mel.device, []charter.DeviceFrontier{
		{Device: mel.device, Frontier: charter.Frontier{{Run: last.Run, Entry: last.ID()}}},
	}, "off")
	must(t, err)
	give(t, ana, sign(t, mel.cfg.Key, entry.Fields{Space: mel.Space(), Heads: mel.Charter().Heads(), Kind: entry.Statement, Payload: payload}))
	comes := func() int {
		for before := -1; ana.here(run) > before; { // each leads to the one before
			before = ana.here(run)
			again(t, ana, run...)
		}
		return ana.here(run)
	}
	if n := comes(); n <= worth || n > 2*worth {
		t.Fatalf("%d of %d are kept", n, len(run))
	}
	kept := ana.here(run)
	ana.reopen(t)
	ana.days.worth = [3]float64{worth, worth, 1 << 20}
	give(t, ana, run...)
	if n := comes(); n != kept {
		t.Errorf("%d are kept, and after a restart %d", kept, n)
	}
	must(t, ana.TakeIn(t.Context(), mel.device))
	if comes(); ana.here(run) != len(run) {
		t.Errorf("Ana wants it all, and %d are kept", ana.here(run))
	}
}
