package replica

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
)

// mark leaves in a closed replica's folder what a process leaves that dies while it applies
// changes; without changes, while it loads the document.
func mark(t testing.TB, dir string, doc entry.DocID, applying ...entry.ID) {
	t.Helper()
	b := binary.BigEndian.AppendUint32(nil, uint32(len(applying)+1))
	b = append(b, doc[:]...)
	for _, id := range applying {
		b = append(b, id[:]...)
	}
	must(t, os.WriteFile(filepath.Join(dir, "applying.0"), b, 0o600))
}

// newest is the entry that arrived last.
func (p *peerReplica) newest(t testing.TB) *entry.Entry {
	t.Helper()
	all := p.entries(t)
	return all[len(all)-1]
}

func (p *peerReplica) state(t testing.TB, id entry.ID) charter.State {
	t.Helper()
	r, err := p.store.Record(id)
	must(t, err)
	return charter.State(r.State)
}

// died closes a replica, leaves a mark, and opens it again with trials.
func (p *peerReplica) died(t testing.TB, trial Trial, doc entry.DocID, applying ...entry.ID) {
	t.Helper()
	must(t, p.Close())
	mark(t, p.cfg.Dir, doc, applying...)
	p.cfg.Trial = trial
	r, err := Open(p.cfg)
	must(t, err)
	p.Replica = r
}

// Attack 8.
func TestAProcessKilledWhileItAppliesAChangeQuarantinesNothing(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana, ben := c.all[0], c.all[1]
	task := ana.addTask(t, "Order paper")
	c.settle()
	ana.edit(t, task.ID, crdttest.Finish())
	e := ana.newest(t)
	trials := 0
	ben.died(t, trial(&trials, ""), task.ID, e.ID()) // killed before it was stored
	give(t, ben, e)
	if trials != 1 {
		t.Errorf("%d trials, want 1", trials)
	}
	c.same()
	ben.died(t, trial(&trials, ""), task.ID, e.ID()) // killed after it was stored, before the clearing
	must(t, ben.Read(task.ID, func(Edit) error { return nil }))
	ben.died(t, trial(&trials, ""), task.ID) // killed while it was loaded
	must(t, ben.Read(task.ID, func(Edit) error { return nil }))
	if trials != 3 {
		t.Errorf("%d trials, want 3", trials)
	}
	if n := ben.Counts().Quarantined; n != 0 {
		t.Errorf("%d entries are quarantined", n)
	}
	ben.edit(t, task.ID, crdttest.Reopen())
	if trials != 3 {
		t.Errorf("what was tried is tried again")
	}
	c.settle()
	c.same()
}

// A mark half written, of another release, or of a change that never comes again, is no hindrance.
func TestAMarkThatMakesNoSenseIsPassedOver(t *testing.T) {
	c := found(t, "Ana")
	ana := c.all[0]
	task := ana.addTask(t, "Order paper")
	must(t, ana.Close())
	for name, b := range map[string][]byte{
		"applying.0": {0, 0, 0}, "applying.1": {0xff, 0xff, 0xff, 0xff}, "applying.7": make([]byte, 36),
		"applying.8": append([]byte{0, 0, 0, 9}, make([]byte, 50)...),
	} {
		must(t, os.WriteFile(filepath.Join(ana.cfg.Dir, name), b, 0o600))
	}
	r, err := Open(ana.cfg)
	must(t, err)
	ana.Replica = r
	ana.edit(t, task.ID, crdttest.Finish())
}

func TestAChangeThatKillsTheCoreIsQuarantinedAloneAndStaysSo(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana, ben := c.all[0], c.all[1]
	task := ana.addTask(t, "Order paper")
	other := ana.addTask(t, "Sweep")
	c.settle()
	ana.edit(t, task.ID, crdttest.AppendText("harmless"))
	harmless := ana.newest(t)
	ana.edit(t, task.ID, crdttest.EditTask(crdttest.TaskEdit{Project: new("deadly words")}))
	killer := ana.newest(t)
	ana.edit(t, task.ID, crdttest.Finish())
	after := ana.newest(t)
	ana.edit(t, other.ID, crdttest.Finish())
	elsewhere := ana.newest(t)

	trials := 0
	ben.died(t, trial(&trials, "deadly words"), task.ID, killer.ID())
	before := ben.Counts()
	res := give(t, ben, harmless, killer, after, elsewhere)
	if res.Stored != 4 || len(res.Refused) > 0 {
		t.Errorf("stored %+v, want all four: peers need not send them again", res)
	}
	own := int64(0) // what Ben wrote since
	check := func(when string) {
		t.Helper()
		for id, want := range map[entry.ID]charter.State{
			harmless.ID(): charter.Accepted, killer.ID(): charter.Pending,
			after.ID(): charter.Pending, elsewhere.ID(): charter.Accepted,
		} {
			if got := ben.state(t, id); got != want {
				t.Errorf("%s: %s is %v, want %v", when, id, got, want)
			}
		}
		q, err := ben.Quarantined()
		must(t, err)
		if n := ben.Counts(); len(q) != 1 || q[killer.ID()] != task.ID || n.Quarantined != 1 || n.Stored != before.Stored+4+own {
			t.Errorf("%s: quarantined are %v, counted %+v", when, q, n)
		}
		v, err := ben.View(task.ID)
		must(t, err)
		if crdttest.Task(v).Project != "" || crdttest.Task(v).Status != kinds.TaskOpen {
			t.Errorf("%s: Ben sees %+v", when, crdttest.Task(v))
		}
		if w, err := ben.View(other.ID); err != nil || crdttest.Task(w).Status != kinds.TaskDone {
			t.Errorf("%s: the other task is %+v, %v", when, crdttest.Task(w), err)
		}
	}
	check("at once")
	ben.reopen(t)
	check("after a restart")
	ben.edit(t, task.ID, crdttest.AppendText("Ben goes on")) // on what he has
	own++
	give(t, ben, killer, after)
	check("when it is sent again")
	c.settle()
	if v, err := ana.View(task.ID); err != nil || crdttest.Task(v).Project != "deadly words" || crdttest.Task(v).Status != kinds.TaskDone {
		t.Errorf("Ana, whom it didn't kill, sees %+v, %v", crdttest.Task(v), err)
	}
}

func TestAStoredChangeThatKillsAtLoadingIsQuarantined(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana, ben := c.all[0], c.all[1]
	task := ana.addTask(t, "Order paper")
	ana.edit(t, task.ID, crdttest.EditTask(crdttest.TaskEdit{Project: new("deadly words")}))
	killer := ana.newest(t)
	c.settle()
	trials := 0
	ben.died(t, trial(&trials, "deadly words"), task.ID)
	must(t, ben.Read(task.ID, func(e Edit) error {
		if crdttest.Task(e.View).Project != "" {
			t.Errorf("it is applied: %+v", crdttest.Task(e.View))
		}
		return nil
	}))
	ben.reopen(t) // what was put on the list is judged at the latest now
	if got := ben.state(t, killer.ID()); got != charter.Pending {
		t.Errorf("it is %v, want pending", got)
	}
	if v, err := ben.View(task.ID); err != nil || crdttest.Task(v).Project != "" {
		t.Errorf("the view is %+v, %v", v, err)
	}
}
