package replica

import (
	"context"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/daemon/store"
)

// changes returns the changes that a device made, in the order in which they came to p.
func (p *peerReplica) changes(t testing.TB, by *peerReplica) []*entry.Entry {
	return slices.DeleteFunc(p.entries(t), func(e *entry.Entry) bool { return e.Device != by.device || e.Kind != entry.Change })
}

func TestWhoHasAChangeIsKnownByAcknowledgementsAndByWhatWasWrittenOnIt(t *testing.T) {
	c := found(t, "Ana", "Ben", "Cleo")
	ana, ben, cleo := c.all[0], c.all[1], c.all[2]
	task := ana.addTask(t, "Order paper")
	ana.edit(t, task.ID, crdttest.AppendText("A3"))
	c.settle()
	want := func(whose *peerReplica, changes int, never bool) {
		t.Helper()
		all, err := ana.Unconfirmed(t.Context(), whose.device)
		must(t, err)
		if u := all[0]; u.Changes != changes || u.Never != never || u.Since.IsZero() != (changes == 0) || u.Since.After(time.Now()) {
			t.Errorf("%s hasn't confirmed %+v, want %d changes", whose.name, u, changes)
		}
	}
	confirmed := func(e *entry.Entry, who ...charter.MemberID) {
		t.Helper()
		got, err := ana.ConfirmedBy(e)
		must(t, err)
		if !slices.Equal(got, who) {
			t.Errorf("confirmed by %v, want %v", got, who)
		}
	}
	want(ben, 2, true)
	must(t, ben.Acknowledge(context.Background(), time.Now().Add(time.Hour)))
	c.settle()
	want(ben, 0, false)
	want(cleo, 2, true)

	ana.edit(t, task.ID, crdttest.AppendText("recycled"))
	c.settle()
	mine := ana.changes(t, ana)
	want(ben, 1, false)
	want(cleo, 3, true)
	confirmed(mine[1], ben.me())
	confirmed(mine[2])

	cleo.edit(t, task.ID, crdttest.AppendText("by Friday"))
	c.settle()
	must(t, ana.Log(task.ID, func(l Line) bool {
		stood := l.StoodOn()
		if theirs := stood[l.Entry.ID()]; l.Author == ana.me() && !slices.Equal(theirs, []charter.MemberID{cleo.me()}) || l.Author == cleo.me() && theirs != nil {
			t.Errorf("%v wrote on it", theirs)
		}
		return true
	}))
	want(ben, 2, false)
	ana.reopen(t)
	want(ben, 2, false)
	confirmed(mine[0], ben.me())

	if heard := ana.Charter().Heard(entry.ID(c.space)); !slices.Equal(heard, []charter.MemberID{ben.me()}) {
		t.Errorf("the genesis was heard of by %v, want Ben, who acknowledged something", heard)
	}
}

// What is said of who has acknowledged least isn't read anew at each asking.
func TestWhoAcknowledgesMoreThanIsCountedIsSeenAtOnce(t *testing.T) {
	unwatched(t)
	c := found(t, "Ana", "Ben")
	ana, ben := c.all[0], c.all[1]
	want := func(changes int) {
		t.Helper()
		for range 2 {
			all, err := ana.Unconfirmed(t.Context(), ben.device, ben.device)
			must(t, err)
			if u := all[0]; u.Changes != changes || u != all[1] {
				t.Errorf("Ben hasn't confirmed %d and %d changes, want %d", u.Changes, all[1].Changes, changes)
			}
		}
	}
	note := ana.addTask(t, "Order paper")
	for range MaxUnconfirmed + 2 {
		ana.edit(t, note.ID, crdttest.AppendText("x"))
	}
	want(MaxUnconfirmed)
	c.settle()
	must(t, ben.Acknowledge(context.Background(), time.Now().Add(time.Hour)))
	want(MaxUnconfirmed) // Ana hasn't heard of it
	c.settle()
	want(0)
	ana.edit(t, note.ID, crdttest.AppendText("y"))
	want(1)
}

// What a device has acknowledged is remembered. Whatever comes, in whichever order, it is said as if it were looked up anew.
func TestWhatIsRememberedOfAcknowledgementsIsWhatTheySay(t *testing.T) {
	unwatched(t)
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 1))
		c := found(t, "Ana", "Ben", "Cleo")
		ana := c.all[0]
		var devices []entry.Device
		for _, p := range c.all {
			devices = append(devices, p.device)
		}
		task := ana.addTask(t, "Order paper").ID
		c.settle()
		var sent []*entry.Entry // to Ana, not there yet
		known := map[entry.ID]bool{}
		said := map[Unconfirmed]bool{}
		for range 100 {
			p := c.all[rng.IntN(3)]
			switch rng.IntN(6) {
			case 0, 1:
				p.edit(t, task, crdttest.AppendText("x"))
			case 2:
				must(t, p.Acknowledge(t.Context(), time.Now().Add(time.Hour)))
			case 3:
				p.reopen(t) // and goes on in another run
			case 4:
				give(t, c.all[1], c.all[2].entries(t)...)
				give(t, c.all[2], c.all[1].entries(t)...)
			case 5:
				for _, of := range c.all[1:] {
					for _, e := range of.entries(t) {
						if !known[e.ID()] {
							known[e.ID()] = true
							sent = append(sent, e)
						}
					}
				}
				rng.Shuffle(len(sent), func(i, j int) { sent[i], sent[j] = sent[j], sent[i] })
				half := len(sent) / 2
				give(t, ana, sent[:half]...)
				sent = sent[half:]
				give(t, c.all[1+rng.IntN(2)], ana.entries(t)...)
			}
			remembered, err := ana.Unconfirmed(t.Context(), devices...)
			must(t, err)
			ana.reach.mu.Lock()
			clear(ana.reach.reached)
			clear(ana.reach.many)
			ana.reach.mu.Unlock()
			anew, err := ana.Unconfirmed(t.Context(), devices...)
			must(t, err)
			if !slices.Equal(remembered, anew) {
				t.Fatalf("seed %d: remembered %+v, anew %+v", seed, remembered, anew)
			}
			said[anew[1]] = true
		}
		if len(said) < 4 {
			t.Errorf("seed %d: of Ben there was little to remember: %v", seed, said)
		}
	}
}

// A modified device may sign two entries under one number of a run.
func TestAnAcknowledgementSaysNothingOfARunThatForked(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana, ben := c.all[0], c.all[1]
	task := ana.addTask(t, "Order paper")
	ana.edit(t, task.ID, crdttest.AppendText("A3"))
	c.settle()
	must(t, ben.Acknowledge(context.Background(), time.Now().Add(time.Hour)))
	c.settle()
	last := ana.changes(t, ana)[1]
	who, err := ana.ConfirmedBy(last)
	must(t, err)
	if len(who) != 1 {
		t.Fatalf("confirmed by %v, want Ben", who)
	}
	again, err := entry.New(entry.Fields{
		Space: c.space, Heads: append(ana.Charter().Heads(), entry.ID(c.space)), Kind: entry.Change, Doc: last.Doc,
		Run: last.Run, Number: last.Number, Previous: last.Previous, Payload: last.Payload,
	}, ana.key)
	must(t, err)
	give(t, ana, again)
	if who, err = ana.ConfirmedBy(last); err != nil || len(who) != 0 {
		t.Errorf("confirmed by %v (%v), though nobody knows which of the two", who, err)
	}
	ana.reopen(t)
	if who, err = ana.ConfirmedBy(last); err != nil || len(who) != 0 {
		t.Errorf("after another start confirmed by %v (%v)", who, err)
	}
}

// What is noted as it is stored, what is kept beside it and what the entries say is one.
func TestWhatRunsHoldIsTheSameNotedKeptAndReadAnew(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana, ben := c.all[0], c.all[1]
	task := ana.addTask(t, "Order paper")
	holds := func(p *peerReplica) map[deviceRun][]numbered {
		t.Helper()
		must(t, p.lockRuns())
		defer p.reach.mu.Unlock()
		all := map[deviceRun][]numbered{}
		for of, w := range p.reach.runs {
			if len(w.changes) > 0 {
				all[of] = slices.Clone(w.changes)
			}
		}
		return all
	}
	same := func(when string, p *peerReplica) {
		t.Helper()
		was := holds(p)
		anew := &Replica{store: p.store}
		b := store.NewBatch(nil)
		b.PutSmall(keptRecord, nil)
		must(t, p.store.Commit(b))
		if got := holds(&peerReplica{Replica: anew}); !reflect.DeepEqual(was, got) {
			t.Errorf("%s: %s noted %v, and its entries say %v", when, p.name, was, got)
		}
		p.reopen(t)
		if got := holds(p); !reflect.DeepEqual(was, got) {
			t.Errorf("%s: %s kept %v of %v", when, p.name, got, was)
		}
	}
	for n := range 3 {
		ana.edit(t, task.ID, crdttest.AppendText("A3"))
		if n == 1 {
			c.settle()
		}
		ben.addTask(t, "Clean the press")
	}
	c.settle()
	same("after a day", ana)
	same("after a day", ben)
	for _, e := range ana.changes(t, ana)[:2] { // in another order than they were made
		give(t, ben, e)
	}
	ana.edit(t, task.ID, crdttest.AppendText("recycled"))
	c.settle()
	same("after another start", ana)
	same("after another start", ben)
}

func TestRunsThatTakeSeveralPiecesAreKeptWhole(t *testing.T) {
	p := found(t, "Ana").all[0]
	must(t, p.lockRuns())
	p.reach.mu.Unlock()
	of := deviceRun{p.device, entry.Run{1}}
	for n := range uint64(3 * runPiece) {
		number := 2*runPiece + n*7%(3*runPiece) // across each other, and none in the first pieces
		p.reach.addLocked(runChange{of, numberedAs(number, 1_000_000-n)})
	}
	must(t, p.keepRuns(5, 1))
	read := reach{runs: map[deviceRun]*runChanges{}}
	settled, err := p.readKept(&read)
	must(t, err)
	w := p.reach.runs[of]
	if w.tidy(); settled != 5 || !slices.Equal(read.runs[of].changes, w.changes) {
		t.Errorf("of %d changes %d came back, up to %d", len(w.changes), len(read.runs[of].changes), settled)
	}
}

func TestOfWhatIsMissingTheFirstAreFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var runs []unreached
		var want []uint64
		after := rapid.Uint64Range(0, 3_000).Draw(t, "after")
		all := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)).Perm(rapid.IntRange(1, 12_000).Draw(t, "changes"))
		for range rapid.IntRange(1, 3).Draw(t, "runs") {
			w := &runChanges{forked: rapid.Bool().Draw(t, "forked")}
			reached := rapid.Uint64Range(0, 5_000).Draw(t, "reached")
			n := rapid.IntRange(0, len(all)).Draw(t, "of this run")
			for i, arrival := range all[:n] {
				w.changes = append(w.changes, numberedAs(uint64(i+1), uint64(arrival+1)))
				if missing := uint64(i+1) > reached || w.forked; missing && uint64(arrival+1) > after {
					want = append(want, uint64(arrival+1))
				}
			}
			runs, all = append(runs, unreached{w, reached}), all[n:]
		}
		slices.Sort(want)
		if got := firstMissing(runs, after); !slices.Equal(got, want[:min(len(want), 2*MaxUnconfirmed)]) {
			t.Errorf("%d of %d found", len(got), len(want))
		}
	})
}
