package replica

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
)

// said returns the acknowledgements that a device made in one run, the first one first.
func (p *peerReplica) said(t testing.TB, by entry.Device) (all []*entry.Entry) {
	t.Helper()
	for _, e := range p.Charter().Statements() {
		if s, err := charter.ReadStatement(e.Payload); err == nil && s.Type == charter.TypeSeen && e.Device == by {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b *entry.Entry) int { return cmp.Compare(a.Number, b.Number) })
	return all
}

// listed is how many runs an acknowledgement lists itself.
func listed(t testing.TB, e *entry.Entry) (n int) {
	t.Helper()
	s, err := charter.ReadStatement(e.Payload)
	must(t, err)
	for _, d := range s.Lists {
		n += len(d.Frontier)
	}
	return n
}

func TestWhatOthersHaveSaidIsTakenOver(t *testing.T) {
	c := found(t, "Ana", "Ben", "Cleo", "Dora")
	ana, dora := c.all[0], c.all[3]
	task := ana.addTask(t, "Order paper")
	c.settle()
	for _, p := range c.all {
		p.edit(t, task.ID, crdttest.AppendText(p.name))
	}
	c.settle()
	for i, p := range c.all {
		must(t, p.Acknowledge(t.Context(), time.Now().Add(time.Hour)))
		c.settle()
		said := p.said(t, p.device)
		if len(said) != 1 {
			t.Fatalf("%s has said %d times what was seen", p.name, len(said))
		}
		switch n := listed(t, said[0]); {
		case i == 0 && n != 3:
			t.Errorf("who is first lists %d runs of 3", n)
		case i == 1 && n != 1: // Ana's, which Ana doesn't list
			t.Errorf("who is second lists %d runs, and one is missing", n)
		case i > 1 && n != 0:
			t.Errorf("%s lists %d runs, and all was said before", p.name, n)
		}
	}
	for _, p := range c.all {
		all, err := ana.Unconfirmed(t.Context(), p.device)
		must(t, err)
		if u := all[0]; u.Changes > 0 || u.Never {
			t.Errorf("%s hasn't confirmed %+v", p.name, u)
		}
	}
	for _, e := range ana.entries(t) {
		who, err := ana.ConfirmedBy(e)
		must(t, err)
		others := 0
		for _, m := range who {
			if o, _ := ana.Charter().OwnerOf(e.Device); o.ID != m {
				others++
			}
		}
		if e.Kind == entry.Change && others != 3 {
			t.Errorf("a change was confirmed by %d others of 3", others)
		}
	}
	dora.reopen(t)
	must(t, dora.Acknowledge(t.Context(), time.Now().Add(time.Hour)))
	if n := len(dora.said(t, dora.device)); n != 1 {
		t.Errorf("after a restart with nothing new it was said %d times", n)
	}
}

// melsTask is Mel's task, on which others have seen changes of hers.
type melsTask struct {
	ana, ben, mel *peerReplica
	task          entry.DocID
	first         *change.Change
}

// melWrites makes the next change of a run of Mel's; one that counts, unless its key is nonsense.
func (w *melsTask) melWrites(t *testing.T, f *entry.Fields, key string) *entry.Entry {
	t.Helper()
	return w.mel.writes(t, f, w.task, w.first, f.Number+1, key)
}

// Ana says of Dora's run what Ben has seen as well, and of another something that he may not say.
func TestNothingIsTakenOverThatOneMayNotSay(t *testing.T) {
	for name, c := range map[string]struct {
		run  func(w melsTask, f *entry.Fields) *entry.Entry // what Ana has seen the last of
		over bool
		list int
	}{
		"all of it counts": {func(w melsTask, f *entry.Fields) *entry.Entry {
			e := w.melWrites(t, f, "project")
			give(t, w.ben, e)
			return e
		}, true, 0},
		"less of it": {func(w melsTask, f *entry.Fields) *entry.Entry {
			e := w.melWrites(t, f, "project")
			give(t, w.ben, e)
			w.first, _ = change.Parse(e.Payload)
			later := w.melWrites(t, f, "project")
			give(t, w.ben, later)
			if state := w.ben.state(t, later.ID()); state != charter.Accepted {
				t.Fatal("the later one is ", state)
			}
			return e
		}, true, 1},
		"it isn't here": {func(w melsTask, f *entry.Fields) *entry.Entry { return w.melWrites(t, f, "project") }, false, 1},
		"more than is here": {func(w melsTask, f *entry.Fields) *entry.Entry {
			e := w.melWrites(t, f, "project")
			give(t, w.ben, e)
			w.first, _ = change.Parse(e.Payload)
			return w.melWrites(t, f, "project")
		}, false, 2},
		"it is void": {func(w melsTask, f *entry.Fields) *entry.Entry {
			e := w.melWrites(t, f, "nonsense")
			give(t, w.ben, e)
			return e
		}, false, 1},
		"more than counts": {func(w melsTask, f *entry.Fields) *entry.Entry {
			e := w.melWrites(t, f, "project")
			give(t, w.ben, e)
			void := w.melWrites(t, f, "nonsense")
			give(t, w.ben, void)
			return void
		}, false, 2},
		"the run forked": {func(w melsTask, f *entry.Fields) *entry.Entry {
			fork := *f
			e, other := w.melWrites(t, f, "project"), w.melWrites(t, &fork, "nonsense")
			give(t, w.ben, e, other)
			return e
		}, false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			co := found(t, "Ana", "Ben", "Mel", "Dora")
			w := melsTask{ana: co.all[0], ben: co.all[1], mel: co.all[2]}
			w.task = w.mel.addTask(t, "Order paper").ID
			co.settle()
			w.first = w.ben.firstOf(t, w.task)
			must(t, w.ben.Acknowledge(t.Context(), time.Now().Add(time.Hour)))
			dora := co.all[3]
			dora.edit(t, w.task, crdttest.AppendText("A3"))
			doras := dora.newest(t)
			give(t, w.ben, doras)

			f := entry.Fields{Space: w.ana.Space(), Heads: w.ana.Charter().Heads(), Kind: entry.Change, Run: newNonce()}
			last := c.run(w, &f)
			said, err := w.ana.Say(t.Context(), func(ch *charter.Charter) ([]byte, error) {
				return ch.Acknowledge(w.ana.device, []charter.DeviceFrontier{
					{Device: dora.device, Frontier: charter.Frontier{{Run: doras.Run, Entry: doras.ID()}}},
					{Device: w.mel.device, Frontier: charter.Frontier{{Run: last.Run, Entry: last.ID()}}},
				})
			})
			must(t, err)
			give(t, w.ben, said)
			must(t, w.ben.Acknowledge(t.Context(), time.Now().Add(time.Hour)))
			bens := w.ben.said(t, w.ben.device)
			newest := bens[len(bens)-1]
			if slices.Contains(newest.Heads, said.ID()) != c.over {
				t.Errorf("what Ana has said is taken over: %v", !c.over)
			}
			if n := listed(t, newest); n != c.list {
				t.Errorf("Ben lists %d runs, want %d", n, c.list)
			}
		})
	}
}

// What is taken over has its bound, and what one lists oneself counts towards that: nothing falls between the two.
func TestWhatIsNotTakenOverIsListed(t *testing.T) {
	for _, anas := range []int{400, 460} {
		co := found(t, "Ana", "Ben", "Mel")
		w := melsTask{ana: co.all[0], ben: co.all[1], mel: co.all[2]}
		w.task = w.mel.addTask(t, "Order paper").ID
		co.settle()
		w.first = w.ben.firstOf(t, w.task)
		must(t, w.ben.Acknowledge(t.Context(), time.Now().Add(time.Hour)))
		before := len(w.ben.said(t, w.ben.device))

		var all []*entry.Entry
		var frontier charter.Frontier
		for i := range anas + 60 {
			f := entry.Fields{Space: w.ana.Space(), Heads: w.ana.Charter().Heads(), Kind: entry.Change, Run: newNonce()}
			e := w.melWrites(t, &f, "project")
			w.first, _ = change.Parse(e.Payload)
			if all = append(all, e); i < anas {
				frontier = append(frontier, charter.Last{Run: e.Run, Entry: e.ID()})
			}
		}
		said, err := w.ana.Say(t.Context(), func(ch *charter.Charter) ([]byte, error) {
			return ch.Acknowledge(w.ana.device, []charter.DeviceFrontier{{Device: w.mel.device, Frontier: frontier}})
		})
		must(t, err)
		give(t, w.ben, append(all, said)...)
		must(t, w.ben.Acknowledge(t.Context(), time.Now().Add(time.Hour)))
		for _, e := range all {
			if !slices.ContainsFunc(w.ben.Charter().SeenOf(e.Device, e.Run), func(s charter.Seen) bool { return s.Device == w.ben.device && s.Last == e.ID() }) {
				t.Fatalf("of %d runs, of which Ana has listed %d, one isn't acknowledged", len(all), anas)
			}
		}
		bens := w.ben.said(t, w.ben.device)[before:]
		if over := slices.Contains(bens[0].Heads, said.ID()); over != (anas == 400) {
			t.Errorf("of %d runs, of which Ana has listed %d, hers are taken over: %v", len(all), anas, over)
		}
	}
}

func TestWhatIsMadeAfterATimeIsLeftForTheNext(t *testing.T) {
	c := found(t, "Ana", "Ben", "Cleo")
	ana, ben, cleo := c.all[0], c.all[1], c.all[2]
	task := ana.addTask(t, "Order paper")
	c.settle()
	cleo.edit(t, task.ID, crdttest.AppendText("Cleo's"))
	earlier := cleo.newest(t)
	midnight := time.Now().Add(time.Hour)
	clock := midnight.Add(time.Hour)
	ana.now = func() time.Time { return clock }
	ana.edit(t, task.ID, crdttest.AppendText("A3"))
	later := ana.newest(t)
	give(t, ben, later)
	give(t, ben, earlier)

	last := func(of *entry.Entry) []entry.ID {
		var last []entry.ID
		for _, s := range ben.Charter().SeenOf(of.Device, of.Run) {
			last = append(last, s.Last)
		}
		return last
	}
	for range 2 { // the second time says nothing more
		must(t, ben.Acknowledge(t.Context(), midnight))
		if got := last(earlier); !slices.Equal(got, []entry.ID{earlier.ID()}) {
			t.Fatalf("Ben has acknowledged %v of Cleo", got)
		}
		if slices.Contains(last(later), later.ID()) {
			t.Fatal("Ben has acknowledged what was made after midnight")
		}
	}
	must(t, ben.Acknowledge(t.Context(), clock.Add(time.Hour)))
	if !slices.Contains(last(later), later.ID()) {
		t.Error("what was left out wasn't acknowledged the next time")
	}
}
