package replica

import (
	"testing"
	"time"

	"kith/crdt/kinds"
)

// Ben's clock is two years ahead: it is known whose, what he writes doesn't stay on top of lists, and once he has set it nothing
// is said any more.
func TestAClockTwoYearsAheadIsNoticedAndRulesNoList(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana, ben := c.all[0], c.all[1]
	now := time.Now()
	ana.now = func() time.Time { return now }
	ana.index.now = ana.now
	ben.now = func() time.Time { return now.AddDate(2, 0, 0) }
	far := ben.addTask(t, "From the future")
	c.settle()
	all := ana.Aheads()
	if len(all) != 1 || all[0].Device != ben.Device() || all[0].By < 700*24*time.Hour {
		t.Fatalf("%+v", all)
	}
	if len(ben.Aheads()) != 0 {
		t.Error("Ben is told of a clock that is behind, which can't be known")
	}
	now = now.Add(time.Minute)
	near := ana.addTask(t, "From today")
	newest := ana.Select(Query{Kind: kinds.Task.Name, Compare: func(a, b *Ref) int { return int(b.Updated - a.Updated) }})
	if len(newest) != 2 || newest[0].ID != near.ID || newest[1].ID != far.ID {
		t.Error("what is dated two years ahead stands on top")
	}
	ben.now = func() time.Time { return now }
	ben.addTask(t, "Set right")
	c.settle()
	if left := ana.Aheads(); len(left) != 0 {
		t.Errorf("%+v", left)
	}
}
