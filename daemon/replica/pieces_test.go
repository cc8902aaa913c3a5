package replica

import (
	"fmt"
	"strings"
	"testing"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
	"kith/crdt/charter"
	"kith/crdt/entry"
)

func TestManySmallChangesOfALongDocumentAreNoTroubleTogether(t *testing.T) {
	unwatched(t)
	// What is stored beside each, and the view that they all change, is more than one transaction takes.
	c := found(t, "Ana", "Ben", "Mel")
	ana, mel := c.all[0], c.all[2]
	task := ana.addTask(t, "Order paper")
	first := ana.firstOf(t, task.ID)
	var tags change.OpID
	for _, op := range first.Ops {
		if op.Key == "tags" {
			tags = op.ID
		}
	}
	f := entry.Fields{Space: ana.Space(), Heads: ana.Charter().Heads(), Kind: entry.Change, Doc: task.ID, Run: newNonce(), Number: 1}
	a := entry.ActorOf(f.Space, mel.device, f.Run, f.Doc)
	long := change.Change{Deps: []change.Hash{first.Hash}, Actor: change.Actor(a[:]), Seq: 1, StartOp: first.MaxOp() + 1}
	after := change.OpID{}
	for i := range 13_500 {
		long.Ops = append(long.Ops, changetest.Insert(textOf(first), after, change.StrValue(strings.Repeat("x", 64))))
		after = change.OpID{Counter: long.StartOp + uint64(i), Actor: long.Actor}
	}
	f.Payload = long.Encode()
	give(t, ana, sign(t, mel.cfg.Key, f))
	many := ana.beside(t, mel.cfg.Key, task.ID, 4_000, []change.Hash{first.Hash}, first.MaxOp()+1, func(i int) change.Op {
		return changetest.Put(tags, fmt.Sprint("tag", i), change.BoolValue(true))
	})
	if v := mustView(t, ana, task.ID); len(v.Text) < 800_000 || len(v.Text) > 1_000_000 {
		t.Fatalf("the text has %d bytes: this shows nothing", len(v.Text))
	}
	give(t, ana, many...)
	for _, e := range []*entry.Entry{many[0], many[len(many)-1]} {
		if got := ana.state(t, e.ID()); got != charter.Accepted {
			t.Errorf("one of them is %v", got)
		}
	}
	ana.reopen(t)
	ana.stateIsWhatIsStored(t)
}
