package replica

import (
	"testing"

	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
)

func TestWhatIsUnderSeveralFrontiersIsTheLeastOfEachRun(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana, ben := c.all[0], c.all[1]
	task := ben.addTask(t, "Order paper")
	for range 3 {
		ben.edit(t, task.ID, crdttest.AppendText("more"))
	}
	c.settle()
	run := ben.currentRun()
	var ids []entry.ID // newest first
	for id, ok := run.previous, true; ok && !id.IsZero(); id, ok = ana.runs.Previous(id) {
		ids = append(ids, id)
	}
	if len(ids) != 4 {
		t.Fatalf("%d entries in the run", len(ids))
	}
	at := func(run entry.Run, id entry.ID) charter.Frontier { return charter.Frontier{{Run: run, Entry: id}} }
	nonce := run.nonce
	for name, tt := range map[string]struct {
		cuts []charter.Frontier
		want charter.Frontier
	}{
		"none":                        {nil, nil},
		"one":                         {[]charter.Frontier{at(nonce, ids[1])}, at(nonce, ids[1])},
		"the older first":             {[]charter.Frontier{at(nonce, ids[2]), at(nonce, ids[0])}, at(nonce, ids[2])},
		"the older last":              {[]charter.Frontier{at(nonce, ids[0]), at(nonce, ids[1]), at(nonce, ids[3])}, at(nonce, ids[3])},
		"one that honours nothing":    {[]charter.Frontier{at(nonce, ids[0]), nil}, nil},
		"the other run":               {[]charter.Frontier{at(nonce, ids[0]), at(entry.Run{1}, ids[0])}, nil},
		"an entry that isn't here":    {[]charter.Frontier{at(nonce, entry.ID{9}), at(nonce, ids[0])}, nil},
		"one of an entry that is not": {[]charter.Frontier{at(nonce, entry.ID{9})}, at(nonce, entry.ID{9})},
	} {
		got := ana.Under(tt.cuts)
		if len(got) != len(tt.want) || len(got) > 0 && got[0] != tt.want[0] {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
}
