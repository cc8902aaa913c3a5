package replica

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
)

// whole is all that a replica shows and holds: what taking back has to bring back.
func (p *peerReplica) whole(t testing.TB) map[string]string {
	all := maps.Clone(p.picture(t))
	for _, e := range p.entries(t) {
		all[e.ID().String()] = "here"
	}
	all["counts"] = fmt.Sprint(p.Counts())
	return all
}

// What one did last is taken back whole, one thing after the other, also behind a restart or a crash right in the middle; and not at
// all once somebody else may have it. What the others come to is the same as if it had never been.
func TestWhatNobodyElseCanHaveIsTakenBackAsIfItHadNeverBeen(t *testing.T) {
	histories(t, 8)
	rapid.Check(t, func(rt *rapid.T) {
		c := found(t, "Ana", "Ben")
		defer c.close()
		ana, ben := c.all[0], c.all[1]
		type step struct {
			of     string
			before map[string]string
		}
		var done []step
		var docs []entry.DocID
		do := func(n int) {
			of := fmt.Sprint("request ", n)
			ctx := Doing(context.Background(), of, "add")
			done = append(done, step{of, ana.whole(t)})
			for range rapid.IntRange(1, 3).Draw(rt, "writes") {
				if len(docs) == 0 || rapid.Bool().Draw(rt, "new") {
					v, err := ana.Create(ctx, kinds.Task.Name, func(e Edit) error {
						return crdttest.NewTask(e.Now, crdttest.TaskFields{Title: of, Text: "words"})(e.Doc, nil)
					})
					must(t, err)
					docs = append(docs, v.ID)
					continue
				}
				title := fmt.Sprint(of, " changed ", rapid.Uint16().Draw(rt, "title"))
				_, err := ana.Edit(ctx, rapid.SampledFrom(docs).Draw(rt, "doc"), func(e Edit) error {
					return crdttest.EditTask(crdttest.TaskEdit{Common: crdttest.Common{Title: &title}})(e.Doc, e.View)
				})
				if err != nil && !errors.Is(err, ErrNotFound) { // it was taken back
					t.Fatal(err)
				}
			}
			if d, err := ana.LastDeed(); err != nil || d.Of != of { // all that it would have written to is gone
				done = done[:len(done)-1]
			}
		}
		for n := range rapid.IntRange(4, 12).Draw(rt, "acts") {
			switch rapid.SampledFrom([]string{"do", "do", "undo", "undo", "serve", "copy", "restart", "crash"}).Draw(rt, "act") {
			case "do":
				do(n)
			case "copy":
				ana.Copying()()
				done = nil
			case "serve": // somebody is in touch, and is given some of it, or nothing
				left := ana.InTouch()
				deeds, err := ana.readDeeds()
				must(t, err)
				if len(deeds) > 0 && rapid.Bool().Draw(rt, "given") {
					d := rapid.SampledFrom(deeds).Draw(rt, "of")
					_, err := ana.HandOut(rapid.SampledFrom(d.Entries).Draw(rt, "entry"))
					must(t, err)
					if i := slices.IndexFunc(done, func(s step) bool { return s.of == d.Of }); i >= 0 {
						done = done[i+1:]
					}
				}
				if rapid.Bool().Draw(rt, "they leave") {
					left()
				} else {
					defer left()
				}
			case "restart":
				if ana.handed.touch > 0 { // nobody has said that they left
					done = nil
				}
				ana.reopen(t)
			case "crash": // right behind the transaction
				if len(done) > 0 && ana.handed.touch == 0 {
					last := done[len(done)-1]
					_, err := ana.takeBack(last.of)
					must(t, err)
					ana.reopen(t)
					same(t, last.before, ana.whole(t))
					done = done[:len(done)-1]
				}
			case "undo":
				d, err := ana.LastDeed()
				if err == nil {
					err = ana.Undo(context.Background(), d.Of)
				}
				switch {
				case len(done) == 0 && !errors.Is(err, ErrNoDeed) && !errors.Is(err, ErrHanded):
					t.Fatalf("what others may have was taken back: %v", err)
				case len(done) > 0:
					must(t, err)
					last := done[len(done)-1]
					same(t, last.before, ana.whole(t))
					done = done[:len(done)-1]
				}
			}
			if len(done) > maxDeeds {
				done = done[len(done)-maxDeeds:]
			}
		}
		c.settle()
		same(t, ana.picture(t), ben.picture(t))
	})
}

func same(t testing.TB, want, got map[string]string) {
	t.Helper()
	for k := range want {
		if want[k] != got[k] {
			t.Fatalf("%s\nwas %s\nis  %s", k, want[k], got[k])
		}
	}
	for k := range got {
		if _, ok := want[k]; !ok {
			t.Fatalf("%s is there, which wasn't: %s", k, got[k])
		}
	}
}

// What somebody who is in touch was given is theirs, and only that; after a crash while somebody was in touch all may be with them.
func TestWhatMayHaveGoneOutBeforeACrashIsNotTakenBack(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana := c.all[0]
	add := func(of string) {
		t.Helper()
		_, err := ana.Create(Doing(context.Background(), of, "add"), kinds.Task.Name, func(e Edit) error {
			return crdttest.NewTask(e.Now, crdttest.TaskFields{Title: of})(e.Doc, nil)
		})
		must(t, err)
	}
	left := ana.InTouch()
	add("not sent yet")
	must(t, ana.Undo(context.Background(), "not sent yet"))
	add("alone")
	d, err := ana.LastDeed()
	must(t, err)
	_, err = ana.HandOut(d.Entries[0])
	must(t, err)
	if err := ana.Undo(context.Background(), "alone"); !errors.Is(err, ErrHanded) {
		t.Fatalf("somebody has it: %v", err)
	}
	add("behind it")
	must(t, ana.Undo(context.Background(), "behind it"))
	if _, err := ana.HandOut(d.Entries[0]); err != nil {
		t.Fatal(err)
	}
	ana.reopen(t) // nobody has said that they left
	if err := ana.Undo(context.Background(), "alone"); !errors.Is(err, ErrHanded) {
		t.Fatalf("somebody was in touch when it ended: %v", err)
	}
	_ = left
	add("after it")
	ana.reopen(t)
	must(t, ana.Undo(context.Background(), "after it"))
	if err := ana.Undo(context.Background(), "after it"); !errors.Is(err, ErrDeedPast) {
		t.Fatalf("twice: %v", err)
	}
}

// What is said about the charter is told apart: it isn't taken back.
func TestWhatWasSaidAboutTheCharterSinceIsKnown(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana := c.all[0]
	_, err := ana.Create(Doing(context.Background(), "1", "add"), kinds.Task.Name, func(e Edit) error {
		return crdttest.NewTask(e.Now, crdttest.TaskFields{Title: "Order paper"})(e.Doc, nil)
	})
	must(t, err)
	d, err := ana.LastDeed()
	must(t, err)
	if said, err := ana.SaidSince(d); said != nil || err != nil {
		t.Fatalf("nothing was said: %v", err)
	}
	_, err = ana.Say(context.Background(), func(c *charter.Charter) ([]byte, error) {
		payload, _, err := c.Propose(ana.Device(), charter.Terms{Type: charter.ProposalInvites, Invites: 2})
		return payload, err
	})
	must(t, err)
	if said, err := ana.SaidSince(d); said == nil || err != nil {
		t.Fatalf("she has proposed a step since: %v", err)
	}
}

// A run has no gaps, and no number, author or place in the order of arrival serves twice.
func TestWhatIsWrittenAfterTakingBackStandsOnNothingThatIsGone(t *testing.T) {
	c := found(t, "Ana")
	ana := c.all[0]
	add := func(ctx context.Context) (*entry.Entry, uint64) {
		t.Helper()
		_, err := ana.Create(ctx, kinds.Task.Name, func(e Edit) error {
			return crdttest.NewTask(e.Now, crdttest.TaskFields{Title: "Order paper"})(e.Doc, nil)
		})
		must(t, err)
		all := ana.entries(t)
		e := all[len(all)-1]
		rec, err := ana.store.Record(e.ID())
		must(t, err)
		return e, rec.Arrival
	}
	gone, first := add(Doing(context.Background(), "1", "add"))
	must(t, ana.Undo(context.Background(), "1"))
	next, _ := add(Doing(context.Background(), "2", "add"))
	if next.Run == gone.Run || next.Previous == gone.ID() {
		t.Error("the run goes on behind what is gone")
	}
	must(t, ana.Undo(context.Background(), "2"))
	ana.reopen(t)
	if _, again := add(Doing(context.Background(), "3", "add")); again <= first+1 {
		t.Errorf("arrived as number %d, which was given out before a restart", again)
	}
	add(context.Background()) // the daemon's own doing, in the same run
	if err := ana.Undo(context.Background(), "3"); !errors.Is(err, ErrDeedPast) {
		t.Errorf("something stands behind it in its run: %v", err)
	}
}
