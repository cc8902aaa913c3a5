package replica

import (
	"errors"
	"strings"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
)

func TestAFullMemberTakesOverWhatARemovedOneWroteAfterwards(t *testing.T) {
	c := found(t, "Ana", "Ben", "Cleo", "Eli")
	ana, ben, cleo, eli := c.all[0], c.all[1], c.all[2], c.all[3]
	drum, me := eli.addTask(t, "Clean the drum"), eli.me()
	c.settle()
	eli.edit(t, drum.ID, crdttest.AppendText("with turpentine"))
	eli.edit(t, drum.ID, crdttest.AppendText("and a brush"))
	paper := eli.addTask(t, "Order paper")
	ana.edit(t, drum.ID, crdttest.AppendText("on Friday")) // beside it
	c.agree(ana.removes(t, eli), ana, ben, cleo)
	c.settle()

	void := map[string]entry.ID{}
	must(t, ben.Log(entry.DocID{}, func(l Line) bool {
		if l.CanBeAdopted() {
			if l.Entry.Doc == paper.ID {
				void["paper"] = l.Entry.ID()
			} else if void["brush"] == (entry.ID{}) { // the newest comes first
				void["brush"] = l.Entry.ID()
			}
		}
		return true
	}))
	if len(void) != 2 {
		t.Fatalf("%d can be taken over", len(void))
	}
	if _, err := eli.Adopt(t.Context(), void["brush"]); !errors.Is(err, ErrNotMember) {
		t.Errorf("Eli takes it over himself: %v", err)
	}
	if _, err := ben.Adopt(t.Context(), entry.ID(c.space)); !errors.Is(err, ErrNotAdoptable) {
		t.Errorf("Ben takes over the founding: %v", err)
	}
	for _, id := range void {
		if _, err := ben.Adopt(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ben.Adopt(t.Context(), void["brush"]); !errors.Is(err, ErrNotAdoptable) {
		t.Errorf("a second time: %v", err)
	}
	if at := ben.Elsewhere(); !at.IsZero() {
		t.Errorf("Ben is told that another computer has written as his device, at %s", at)
	}
	ben.edit(t, drum.ID, crdttest.AppendText("says Ben"))
	c.settle()
	c.same()
	for _, p := range c.all {
		v, err := p.View(drum.ID)
		must(t, err)
		for _, words := range []string{"with turpentine", "and a brush", "on Friday", "says Ben"} {
			if !strings.Contains(v.Text, words) {
				t.Errorf("at %s's it says %q", p.name, v.Text)
			}
		}
		if v, err = p.View(paper.ID); err != nil || v.Title != "Order paper" || v.CreatedBy != me {
			t.Errorf("at %s's the other is %+v, %v", p.name, v, err)
		}
		if state := p.stateOf(t, void["brush"]); state != charter.Accepted {
			t.Errorf("at %s's it is %v", p.name, state)
		}
		if at := p.Elsewhere(); !at.IsZero() {
			t.Errorf("%s's device is taken to be in two places, since %v", p.name, at)
		}
		p.reopen(t)
	}
	c.same()
}

func (p *peerReplica) stateOf(t *testing.T, id entry.ID) charter.State {
	t.Helper()
	_, rec, err := p.store.Entry(id)
	must(t, err)
	return charter.State(rec.State)
}
