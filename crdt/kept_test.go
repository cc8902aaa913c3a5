package crdt_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/automerge/automerge-go"
	"pgregory.net/rapid"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/crdt/schema"
	"kith/crdt/share"
)

// A daemon that writes in what the other side has shared for reading, whether it is honest or not, writes
// what nobody takes; in whichever order it comes.
func TestWhatAnAllyWritesInADocumentThatWasSharedForReadingIsVoid(t *testing.T) {
	a := allies(t, kinds.Task.Name, share.EachCoop)
	ana, ben, dora := a.desk("ana"), a.desk("ben"), a.desk("dora")
	ana.do(crdt.Keep(crdttest.NewTask(now, crdttest.TaskFields{Title: "What we pay"})))
	if v := a.settle(); !v.Kept {
		t.Fatal("it doesn't show that it is for one side alone")
	}
	hostile, parsed := dora.draft("title", "What they pay")
	own, parsedOwn := dora.draft(schema.OwnKey(dora.id, "offer"), "yes") // even for herself
	v := ben.do(crdttest.EditTask(crdttest.TaskEdit{Common: crdttest.Common{Title: str("What we pay now")}}))
	if v.Title != "What we pay now" {
		t.Fatalf("a colleague of who shared it has written %q", v.Title)
	}
	for _, d := range a.desks {
		if d == dora {
			continue
		}
		for _, e := range ben.sent {
			d.hear(e)
		}
		d.judge.Add(own, parsedOwn) // before what it stands on
		d.judge.Add(hostile, parsed)
		if state, why := d.judge.State(hostile.ID()); state != charter.Void || !strings.Contains(why, "only people of the co-op that shared") {
			t.Errorf("at %s's, what Dora wrote is %v: %s", d.name, state, why)
		}
		if state, _ := d.judge.State(own.ID()); state == charter.Accepted {
			t.Errorf("at %s's, what Dora says for herself counts", d.name)
		}
		if got := d.view(); got.Title != "What we pay now" || len(crdttest.Task(got).Help.Offers) != 0 {
			t.Errorf("at %s's it says %q", d.name, got.Title)
		}
	}
}

func TestThatADocumentIsForOneSideAloneIsSaidByItsFirstChangeOnly(t *testing.T) {
	a := allies(t, kinds.Note.Name, share.EachCoop)
	ana, dora := a.desk("ana"), a.desk("dora")
	ana.do(crdttest.NewNote(crdttest.NoteFields{Title: "The stall"}))
	a.settle()
	must(t, ana.am.RootMap().Set(schema.Kept, true))
	e, parsed := ana.draft("title", "Mine alone")
	dora.judge.Add(e, parsed)
	if state, why := dora.judge.State(e.ID()); state != charter.Void || !strings.Contains(why, "can't be changed any more") {
		t.Errorf("said later, it is %v: %s", state, why)
	}
	if v := dora.do(crdttest.EditNote(crdttest.Common{Title: str("Our stall")})); v.Kept || v.Title != "Our stall" {
		t.Errorf("Dora sees %+v", v)
	}
}

func TestInACoopADocumentForOneSideIsOneLikeAnyOther(t *testing.T) {
	c := found(t, kinds.Note.Name, "ana", "ben")
	c.maker.do(crdt.Keep(crdttest.NewNote(crdttest.NoteFields{Title: "Minutes"})))
	c.settle()
	if v := c.desk("ben").tell(crdttest.EditNote(crdttest.Common{Title: str("Minutes of Monday")})); v.Title != "Minutes of Monday" {
		t.Errorf("it is called %q", v.Title)
	}
}

// Two twins of the first change, of which one is for one side alone: which of them stays decides who may write.
func TestOfTwoFirstChangesTheOneThatStaysSaysWhoMayWrite(t *testing.T) {
	a := allies(t, kinds.Note.Name, share.EachCoop)
	ana, dora := a.desk("ana"), a.desk("dora")
	ana.do(crdttest.NewNote(crdttest.NoteFields{Title: "For all"}))
	open := ana.sent[0]
	twin := a.sit("ana")
	twin.run = ana.run
	twin.open()
	kept := twin.hack(func(am *automerge.Doc) error {
		return crdt.Keep(crdttest.NewNote(crdttest.NoteFields{Title: "For us"}))(am, nil)
	})
	dora.hear(open)
	e, _ := dora.draft("title", "Dora was here") // on the open one
	for _, order := range [][]*entry.Entry{{open, kept, e}, {kept, open, e}, {e, kept, open}, {e, open, kept}} {
		d := accept.New(a.space, a.doc, a.share, kinds.All.Table, nil)
		for _, x := range order {
			add(t, d, x)
		}
		stays, _ := d.State(open.ID())
		if other, _ := d.State(kept.ID()); (stays == charter.Accepted) == (other == charter.Accepted) {
			t.Errorf("of two first changes one is %v and one %v", stays, other)
		}
		if state, why := d.State(e.ID()); (state == charter.Accepted) != (stays == charter.Accepted) {
			t.Errorf("what Dora wrote is %v (%s), and what it stands on %v", state, why, stays)
		}
	}
}

// Whatever people of both sides write in a document for one of them, honest or not, it is the same for every
// order of arrival, and by no rule but the one: nothing of the other side's counts, all of the own side's does.
func TestADocumentForOneSideIsTheSameForEveryOrderOfArrival(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := allies(t, kinds.Note.Name, share.EachCoop)
		maker := a.desk("ana")
		maker.do(crdt.Keep(crdttest.NewNote(crdttest.NoteFields{Title: "What we pay"})))
		first := maker.sent[0]
		for _, d := range a.desks {
			d.hear(first)
		}
		written, good := []*entry.Entry{first}, []*entry.Entry{first}
		ours := map[entry.ID]bool{first.ID(): true}
		for n := range rapid.IntRange(1, 10).Draw(t, "acts") {
			d := rapid.SampledFrom(a.desks).Draw(t, "desk")
			own := slices.Contains(risoFolk, d.name)
			heard := good // an honest daemon builds on what counts
			if !own && rapid.Bool().Draw(t, "builds on what doesn't") {
				heard = written
			}
			for _, e := range heard {
				if rapid.IntRange(0, 3).Draw(t, "heard") == 0 {
					break
				}
				must(t, d.am.LoadIncremental(e.Payload))
			}
			e, _ := d.draft("title", fmt.Sprint(d.name, n))
			written = append(written, e)
			if ours[e.ID()] = own; own {
				good = append(good, e)
			}
		}
		for range 2 {
			d := accept.New(a.space, a.doc, a.share, kinds.All.Table, nil)
			for _, e := range rapid.Permutation(written).Draw(t, "arrived") {
				add(t, d, e)
			}
			for _, e := range written {
				if state, why := d.State(e.ID()); (state == charter.Accepted) != ours[e.ID()] {
					t.Fatalf("an entry of %v is %v: %s", a.share.Members(), state, why)
				}
			}
		}
	})
}
