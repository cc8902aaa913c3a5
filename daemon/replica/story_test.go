package replica

import (
	"strings"
	"testing"

	"kith/crdt"
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
	ana.edit(t, task.ID, crdt.Take(ana.me(), ana.now()))
	c.settle()
	c.same()
	if v, _ := cleo.View(task.ID); len(v.Task.TakenBy) != 1 || v.Task.TakenBy[0] != ana.me() {
		t.Fatalf("Cleo sees %+v", v.Task)
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
	ana.edit(t, task.ID, crdt.Finish())
	c.settle()
	c.same()
}

func TestNobodysWordsAreLostWhenTwoEditOneParagraphApart(t *testing.T) {
	c := found(t, "Ana", "Ben", "Cleo")
	ana, ben := c.all[0], c.all[1]
	note, err := ana.Create(t.Context(), crdt.KindNote, func(e Edit) error {
		return crdt.NewNote(crdt.NoteFields{Title: "Opening", Text: "We open at nine."})(e.Doc, nil)
	})
	must(t, err)
	c.settle()
	ana.edit(t, note.ID, crdt.EditText("We open at nine.", "We open at nine, with coffee."))
	ben.edit(t, note.ID, crdt.EditText("We open at nine.", "On Mondays we open at nine."))
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
