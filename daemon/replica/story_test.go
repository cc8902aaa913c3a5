package replica

import (
	"strings"
	"testing"

	"kith/crdt/crdttest"
	"kith/crdt/kinds"
)

func TestWhatOneWritesAllSee(t *testing.T) {
	c := found(t, "Ana", "Ben", "Cleo")
	ana, ben, cleo := c.all[0], c.all[1], c.all[2]
	task := ben.addTask(t, "Order paper")
	c.settle()
	c.same()
	v, err := cleo.View(task.ID)
	must(t, err)
	if v.Title != "Order paper" || v.CreatedBy != ben.me() {
		t.Fatalf("Cleo sees %+v", v)
	}
	ana.edit(t, task.ID, crdttest.Take(ana.me(), ana.now()))
	c.settle()
	c.same()
	if v, _ := cleo.View(task.ID); len(crdttest.Task(v).TakenBy) != 1 || crdttest.Task(v).TakenBy[0] != ana.me() {
		t.Fatalf("Cleo sees %+v", crdttest.Task(v))
	}
	for _, p := range c.all {
		before := p.picture(t)
		p.reopen(t)
		after := p.picture(t)
		for k, w := range before {
			if after[k] != w {
				t.Fatalf("%s: a restart changed %s", p.name, k)
			}
		}
	}
	ana.edit(t, task.ID, crdttest.Finish())
	c.settle()
	c.same()
}

func TestNobodysWordsAreLostWhenTwoEditOneParagraphApart(t *testing.T) {
	c := found(t, "Ana", "Ben", "Cleo")
	ana, ben := c.all[0], c.all[1]
	note, err := ana.Create(t.Context(), kinds.Note.Name, func(e Edit) error {
		return crdttest.NewNote(crdttest.NoteFields{Title: "Opening", Text: "We open at nine."})(e.Doc, nil)
	})
	must(t, err)
	c.settle()
	ana.edit(t, note.ID, crdttest.EditText("We open at nine.", "We open at nine, with coffee."))
	ben.edit(t, note.ID, crdttest.EditText("We open at nine.", "On Mondays we open at nine."))
	c.settle()
	c.same()
	v, err := c.all[2].View(note.ID)
	must(t, err)
	for _, words := range []string{"with coffee", "On Mondays"} {
		if !strings.Contains(v.Text, words) {
			t.Errorf("%q is gone: %q", words, v.Text)
		}
	}
}
