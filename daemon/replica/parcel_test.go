package replica

import (
	"context"
	"slices"
	"testing"
	"time"

	"kith/crdt/crdttest"
	"kith/crdt/entry"
)

// packed gives what a replica packs, decoded; it checks the order.
func (p *peerReplica) packed(t testing.TB, since time.Time, having ...entry.Device) []*entry.Entry {
	t.Helper()
	var out []*entry.Entry
	must(t, p.Pack(context.Background(), since, having, func(parcel *Parcel) error {
		must(t, parcel.Each(func(encoded []byte) error {
			e, err := entry.Decode(slices.Clone(encoded))
			out = append(out, e)
			return err
		}))
		if len(out) != parcel.Entries {
			t.Errorf("%d entries, and it says %d", len(out), parcel.Entries)
		}
		for i, e := range out {
			if (e.Kind == entry.Statement) != (i < parcel.Statements) {
				t.Errorf("entry %d is a %s, and the first %d are statements", i, e.Kind, parcel.Statements)
			}
		}
		return nil
	}))
	return out
}

func changesIn(list []*entry.Entry) (n int) {
	for _, e := range list {
		if e.Kind == entry.Change {
			n++
		}
	}
	return n
}

func TestAParcelIsAllThatIsHereAndBringsAnotherReplicaToTheSame(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana, ben := c.all[0], c.all[1]
	task := ana.addTask(t, "Order paper")
	ana.edit(t, task.ID, crdttest.AppendText("A3"))
	all := ana.packed(t, time.Time{})
	if len(all) != len(ana.entries(t)) || changesIn(all) != 2 {
		t.Fatalf("%d entries, %d changes", len(all), changesIn(all))
	}
	give(t, ben, all...)
	v, err := ben.View(task.ID)
	must(t, err)
	if v.Text != "by Ana\nA3" {
		t.Errorf("Ben reads %q", v.Text)
	}
}

func TestAParcelLeavesOutWhatADeviceIsKnownToHave(t *testing.T) {
	c := found(t, "Ana", "Ben", "Cleo")
	ana, ben, cleo := c.all[0], c.all[1], c.all[2]
	task := ana.addTask(t, "Order paper")
	c.settle()
	if got := changesIn(ana.packed(t, time.Time{}, ben.device)); got != 1 {
		t.Errorf("Ben has said nothing yet: %d changes", got)
	}
	must(t, ben.Acknowledge(context.Background(), time.Now().Add(time.Hour)))
	c.settle()
	ana.edit(t, task.ID, crdttest.AppendText("A3"))
	ben.edit(t, task.ID, crdttest.AppendText("recycled"))
	give(t, ana, ben.entries(t)...)

	forBen := ana.packed(t, time.Time{}, ben.device)
	if changesIn(forBen) != 1 || forBen[len(forBen)-1].Device != ana.device {
		t.Errorf("for Ben: %d changes, want the one of Ana's that he hasn't seen", changesIn(forBen))
	}
	for _, e := range forBen {
		if e.Kind == entry.Statement && ben.Charter().Has(e.ID()) {
			t.Errorf("for Ben: a statement that he built on")
		}
	}
	if got := changesIn(ana.packed(t, time.Time{}, cleo.device)); got != 3 {
		t.Errorf("for Cleo, who has said nothing: %d changes, want 3", got)
	}
	if got := changesIn(ana.packed(t, time.Time{}, ben.device, cleo.device)); got != 3 {
		t.Errorf("for both: %d changes, want all that one of them may lack", got)
	}
	give(t, ben, forBen...)
	v, err := ben.View(task.ID)
	must(t, err)
	w, err := ana.View(task.ID)
	must(t, err)
	if v.Text != w.Text {
		t.Errorf("Ben reads %q, Ana %q", v.Text, w.Text)
	}
}

// A modified device may sign two entries under one number of a run.
func TestAnAcknowledgementOfARunThatForkedLeavesNothingOut(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana, ben := c.all[0], c.all[1]
	task := ana.addTask(t, "Order paper")
	ana.edit(t, task.ID, crdttest.AppendText("A3"))
	c.settle()
	must(t, ben.Acknowledge(context.Background(), time.Now().Add(time.Hour)))
	c.settle()
	if got := changesIn(ana.packed(t, time.Time{}, ben.device)); got != 0 {
		t.Fatalf("%d changes that Ben has acknowledged", got)
	}
	all := ana.entries(t)
	last := all[slices.IndexFunc(all, func(e *entry.Entry) bool { return e.Kind == entry.Change })]
	again, err := entry.New(entry.Fields{
		Space: c.space, Heads: append(ana.Charter().Heads(), entry.ID(c.space)), Kind: entry.Change, Doc: last.Doc, Create: last.Create,
		Run: last.Run, Number: last.Number, Previous: last.Previous, Payload: last.Payload,
	}, ana.key)
	must(t, err)
	give(t, ana, again)
	if got := changesIn(ana.packed(t, time.Time{}, ben.device)); got != 3 {
		t.Errorf("%d changes, want all of the run", got)
	}
}

func TestAParcelSinceAMomentHoldsAllThatCameSince(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana, ben := c.all[0], c.all[1]
	now := time.Now().Add(time.Hour) // later than what the co-op was founded at
	ana.cfg.Now = func() time.Time { return now }
	task := ben.addTask(t, "Order paper")
	c.settle()
	ana.reopen(t)    // notes what is here: Monday
	note := func() { // as the daemon does every second; what it saw the last time counts
		must(t, ana.NoteTime())
		must(t, ana.NoteTime())
	}
	monday := now

	now = now.AddDate(0, 0, 2)
	ben.edit(t, task.ID, crdttest.AppendText("A3"))
	c.settle()
	note()
	wednesday := now
	now = now.Add(time.Minute) // too soon to be noted
	ben.edit(t, task.ID, crdttest.AppendText(", recycled"))
	c.settle()
	note()

	for _, test := range []struct {
		what string
		at   time.Time
		want int
	}{
		{"ever", time.Time{}, 3},
		{"before the first note", monday.Add(-time.Hour), 3},
		{"since Monday", monday.Add(time.Hour), 2},
		{"since Wednesday", wednesday.Add(time.Second), 1},
		{"since a minute after that, which isn't known apart", now, 1},
	} {
		if got := changesIn(ana.packed(t, test.at)); got != test.want {
			t.Errorf("%s: %d changes, want %d", test.what, got, test.want)
		}
	}

	// The clock is set back, and forth again: what came meanwhile is in, rather than left out.
	now = wednesday.AddDate(-1, 0, 0)
	ben.edit(t, task.ID, crdttest.AppendText(", white"))
	c.settle()
	note()
	now = wednesday.AddDate(0, 0, 1)
	ben.edit(t, task.ID, crdttest.AppendText(", 90 g"))
	c.settle()
	if got := changesIn(ana.packed(t, now)); got < 1 || got > 3 {
		t.Errorf("%d changes", got)
	}
	ana.reopen(t)
	if got := changesIn(ana.packed(t, now.Add(time.Hour))); got != 0 {
		t.Errorf("%d changes since the future", got)
	}
}
