package replica

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
)

// runsOf returns the runs of a device, each with the numbers of its entries.
func runsOf(t testing.TB, p *peerReplica) map[entry.Run][]uint64 {
	t.Helper()
	out := map[entry.Run][]uint64{}
	for _, e := range p.entries(t) {
		if e.Device == p.Device() {
			out[e.Run] = append(out[e.Run], e.Number)
		}
	}
	return out
}

// Attack 7.
func TestAfterARefusedChangeOfOnesOwnAFreshRunBegins(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana := c.all[0]
	task := ana.addTask(t, "Order paper")
	wrong := func(e Edit) error { return e.Doc.RootMap().Set("no such field", "x") }
	for range 3 {
		var refused *RefusedError
		if _, err := ana.Edit(t.Context(), task.ID, wrong); !errors.As(err, &refused) || refused.State != charter.Void {
			t.Fatalf("a change that the rules don't take: %v", err)
		}
		if _, err := ana.Create(t.Context(), kinds.Note.Name, func(e Edit) error { return e.Doc.RootMap().Set("x", "y") }); !errors.As(err, &refused) {
			t.Fatalf("a creation that the rules don't take: %v", err)
		}
		ana.edit(t, task.ID, crdttest.AppendText("and on"))
	}
	runs := runsOf(t, ana)
	if len(runs) != 5 { // the genesis has one of its own
		t.Errorf("%d runs, want 5: %v", len(runs), runs)
	}
	for _, numbers := range runs {
		for i, n := range numbers {
			if n != uint64(i+1) {
				t.Errorf("a run has the numbers %v", numbers)
			}
		}
	}
	c.settle()
	c.same()
	if n := c.all[1].Counts(); n.Void+n.Pending > 0 {
		t.Errorf("Ben counts %+v: twins of Ana's own making", n)
	}
}

func TestManyEditsAtOnceOfWhichSomeAreRefusedMakeNoTwins(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana := c.all[0]
	tasks := []crdt.View{ana.addTask(t, "1"), ana.addTask(t, "2"), ana.addTask(t, "3")}
	var writers sync.WaitGroup
	var mu sync.Mutex
	kept := map[entry.DocID][]string{}
	for w := range 6 {
		writers.Go(func() {
			for n := range 15 {
				doc, word := tasks[(w+n)%3].ID, fmt.Sprintf("%d-%d;", w, n)
				if n%5 == 4 {
					_, err := ana.Edit(t.Context(), doc, func(e Edit) error { return e.Doc.RootMap().Set("no such field", word) })
					if err == nil {
						t.Error("a change that the rules don't take was taken")
					}
					continue
				}
				_, err := ana.tryEdit(doc, crdttest.AppendText(word))
				if errors.Is(err, errRunOver) {
					continue // twice in a row somebody else's failure; nothing was promised
				}
				if err != nil {
					t.Errorf("an edit beside others that fail: %v", err)
					continue
				}
				mu.Lock()
				kept[doc] = append(kept[doc], word)
				mu.Unlock()
			}
		})
	}
	writers.Wait()
	c.settle()
	c.same()
	for doc, words := range kept {
		v, err := c.all[1].View(doc)
		must(t, err)
		for _, w := range words {
			if !strings.Contains(v.Text, w) {
				t.Errorf("%q was acknowledged and is gone", w)
			}
		}
	}
	for _, p := range c.all {
		if n := p.Counts(); n.Void+n.Pending > 0 {
			t.Errorf("%s counts %+v", p.name, n)
		}
	}
}

// Attack 11. The second device is a clone of the first, down to the key: the worst case.
func TestTwoDevicesOfAnaAnswerAtOnceAndOneAnswerWinsEverywhere(t *testing.T) {
	c := found(t, "Ana", "Ben", "Cleo")
	ana, ben := c.all[0], c.all[1]
	task := ben.addTask(t, "Order paper")
	ben.edit(t, task.ID, crdttest.Ask(ben.now(), ana.me()))
	c.settle()
	must(t, ana.Close())
	dir := filepath.Join(t.TempDir(), "clone")
	must(t, os.CopyFS(dir, os.DirFS(ana.cfg.Dir)))
	cfg := ana.cfg
	cfg.Dir = dir
	for _, p := range []*peerReplica{ana, {name: "Ana's clone", cfg: cfg}} {
		r, err := Open(p.cfg)
		must(t, err)
		p.Replica = r
		if p != ana {
			c.all = append(c.all, p)
		}
	}
	clone := c.all[3]
	ana.edit(t, task.ID, crdttest.Accept(ana.me()))
	clone.edit(t, task.ID, crdttest.Decline(ana.me(), "away"))
	c.settle()
	c.same()
	v, err := ben.View(task.ID)
	must(t, err)
	if len(crdttest.Task(v).Asked) != 1 || crdttest.Task(v).Asked[0].Answer == "" {
		t.Errorf("Ben sees %+v", crdttest.Task(v).Asked)
	}
	answers := 0
	must(t, ben.Log(task.ID, func(l Line) bool {
		for _, s := range l.Says() {
			if s.Member != nil && *s.Member == ana.me() || s.Verb == "accepted" || s.Verb == "declined" {
				answers++
				break
			}
		}
		if l.State != charter.Accepted {
			t.Errorf("%v is %v: %s", l.Says(), l.State, l.Why)
		}
		return true
	}))
	if answers < 2 {
		t.Errorf("the log shows %d of the two answers", answers)
	}
}

func TestAClockFarOffIsSaidAndReadingGoesOn(t *testing.T) {
	c := found(t, "Ana")
	ana := c.all[0]
	task := ana.addTask(t, "Order paper")
	for _, now := range []time.Time{time.Unix(0, 0), time.Date(2024, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(2200, 1, 2, 0, 0, 0, 0, time.UTC), {}} {
		ana.cfg.Now = func() time.Time { return now }
		ana.reopen(t)
		_, err := ana.tryEdit(task.ID, crdttest.Finish())
		if !errors.Is(err, ErrClock) || !strings.Contains(err.Error(), now.UTC().Format("2006")) {
			t.Errorf("at %v: %v", now, err)
		}
		if _, err := ana.Create(context.Background(), kinds.Note.Name, func(Edit) error { return nil }); !errors.Is(err, ErrClock) {
			t.Errorf("a creation at %v: %v", now, err)
		}
		if v, err := ana.View(task.ID); err != nil || v.Title != "Order paper" {
			t.Errorf("reading at %v: %v", now, err)
		}
	}
	ana.cfg.Now = nil
	ana.reopen(t)
	ana.edit(t, task.ID, crdttest.Finish())
}

// So one signature is enough for many, see package batch.
func TestAChangeNamesTheOneBelowItInItsRunAndDocument(t *testing.T) {
	c := found(t, "Ana")
	ana := c.all[0]
	one, two := ana.addTask(t, "Order paper"), ana.addTask(t, "Order ink")
	last := map[entry.DocID]entry.ID{}
	write := func(doc entry.DocID) *entry.Entry {
		t.Helper()
		ana.edit(t, doc, crdttest.AppendText("and on"))
		return ana.newest(t)
	}
	for _, e := range ana.entries(t) {
		if !e.Below.IsZero() {
			t.Error("a statement, or what creates a document, names one below it")
		}
		last[e.Doc] = e.ID()
	}
	for i := range 6 {
		doc := []entry.DocID{one.ID, two.ID}[i%2]
		e := write(doc)
		if e.Below != last[doc] || len(e.Over) != 0 || e.Verify() != nil {
			t.Errorf("change %d is above %.8s, want %.8s", i, e.Below, last[doc])
		}
		last[doc] = e.ID()
	}
	ana.reopen(t)
	first := write(one.ID)
	if !first.Below.IsZero() {
		t.Error("the first of a run names one below it")
	}
	if e := write(one.ID); e.Below != first.ID() {
		t.Error("the second of a run doesn't name the first")
	}
}
