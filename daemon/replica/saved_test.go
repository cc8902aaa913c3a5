package replica

import (
	"maps"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/daemon/store"
)

// saved is what a backup has of a replica, and the changes beside.
func (p *peerReplica) saved(t testing.TB) (s Saved, changes []*entry.Entry) {
	t.Helper()
	s.Space, s.Quarantined = p.Space(), map[entry.ID]entry.DocID{}
	must(t, p.store.Snapshot(func(v *store.Snapshot) (err error) {
		if s.Stand, err = Stand(v); err != nil {
			return err
		}
		must(t, v.Quarantined(func(id entry.ID, doc entry.DocID) error { s.Quarantined[id] = doc; return nil }))
		return v.Entries(func(b []byte) error {
			e, err := entry.Decode(b)
			must(t, err)
			if e.Kind == entry.Statement {
				s.Statements = append(s.Statements, e)
			} else {
				changes = append(changes, e)
			}
			return nil
		})
	}))
	return s, changes
}

// comesBack restores a replica from what is saved of another.
func comesBack(t testing.TB, from *peerReplica) *peerReplica {
	t.Helper()
	s, changes := from.saved(t)
	cfg := Config{Dir: t.TempDir(), Key: from.cfg.Key}
	r, err := Restore(cfg, s)
	must(t, err)
	p := &peerReplica{Replica: r, name: from.name, cfg: cfg}
	t.Cleanup(func() { must(t, p.Close()) }) // reopened ones are other ones
	give(t, p, changes...)
	return p
}

func TestAReplicaThatIsRestoredIsAsItWas(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana := c.all[0]
	task := ana.addTask(t, "Order paper")
	c.settle()
	c.all[1].edit(t, task.ID, crdttest.AppendText("A3"))
	c.settle()
	again := comesBack(t, ana)
	if again.Counts() != ana.Counts() || !maps.Equal(again.picture(t), ana.picture(t)) {
		t.Errorf("it counts %+v, before %+v\n%v\n%v", again.Counts(), ana.Counts(), again.picture(t), ana.picture(t))
	}
	if again.Charter().Tip() != ana.Charter().Tip() {
		t.Error("it stands elsewhere in the charter")
	}
	if m, ok := again.Me(); !ok || m.Name != "Ana" {
		t.Errorf("it speaks for %v", m.Name)
	}
}

func TestARestoredDeviceBeginsARunOfItsOwnAndMakesNoTwins(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana, ben := c.all[0], c.all[1]
	task := ana.addTask(t, "Order paper")
	clone := comesBack(t, ana)
	runs := map[entry.Run]bool{ana.newest(t).Run: true}
	// Both go on from the same place, and each writes what would be the same number of the same run.
	ana.edit(t, task.ID, crdttest.AppendText("Ana writes on"))
	clone.edit(t, task.ID, crdttest.AppendText("so does what came back"))
	e := clone.newest(t)
	if runs[e.Run] || e.Number != 1 {
		t.Errorf("it writes number %d of run %x, which was there before: %v", e.Number, e.Run, runs[e.Run])
	}
	all := append(ana.entries(t), clone.entries(t)...)
	for _, p := range []*peerReplica{ana, clone, ben} {
		give(t, p, all...)
		if n := p.Counts(); n.Void+n.Pending > 0 {
			t.Errorf("%s counts %+v", p.name, n)
		}
	}
	if !maps.Equal(ana.picture(t), clone.picture(t)) || !maps.Equal(ana.picture(t), ben.picture(t)) {
		t.Error("they don't show the same")
	}
}

func TestWhatWasKeptFromTheCoreStaysAwayFromItAfterARestore(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana, ben := c.all[0], c.all[1]
	task := ana.addTask(t, "Order paper")
	c.settle()
	ana.edit(t, task.ID, crdttest.EditTask(crdttest.TaskEdit{Project: new("deadly words")}))
	killer := ana.newest(t)
	trials := 0
	ben.died(t, trial(&trials, "deadly words"), task.ID, killer.ID())
	give(t, ben, killer)
	again := comesBack(t, ben)
	if got := again.state(t, killer.ID()); got != charter.Pending {
		t.Errorf("it is %v, want pending", got)
	}
	if n := again.Counts(); n.Quarantined != 1 || n.Stored != ben.Counts().Stored {
		t.Errorf("it counts %+v, before %+v", n, ben.Counts())
	}
	again.reopen(t)
	if v, err := again.View(task.ID); err != nil || crdttest.Task(v).Project != "" {
		t.Errorf("the view is %+v, %v", v, err)
	}
}
