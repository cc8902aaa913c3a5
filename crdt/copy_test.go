package crdt_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/crdttest"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/share"
)

// copied begins a copy in a share, and gives it as everybody there sees it.
func (a *pact) copied(c crdt.Copied, kept bool) *crdt.View {
	a.t.Helper()
	edit := c.Begin()
	if kept {
		edit = crdt.Keep(edit)
	}
	a.desk("ana").do(edit)
	return a.settle()
}

const maxMinutes = 10_000 * 60 // that a person may type

func copyOf(t *testing.T, v *crdt.View, kept bool, plain func(string) string) crdt.Copied {
	t.Helper()
	c, err := crdt.CopyOf(v, kept, plain)
	must(t, err)
	return c
}

func shout(s string) string { return strings.ToUpper(s) }

func TestACopyOfATaskHasItsPresentStateAndNothingThatWasSaid(t *testing.T) {
	c := found(t, kinds.Task.Name, "ana", "ben")
	ana, ben := c.desk("ana"), c.desk("ben")
	ana.tell(crdttest.NewTask(now, crdttest.TaskFields{Title: "Bake", Text: "bread", Tags: []string{"kitchen"}, Project: "fair", Due: "2026-12-04", Minutes: 90, Ask: c.ask("ben")}))
	ben.tell(crdttest.Accept(ben.id))
	ana.tell(crdttest.Take(ana.id, now), crdttest.AskHelp(ana.id, "4 hands"), crdttest.EditText("bread", "rolls"))
	v := ana.tell(crdttest.Drop("no oven"))
	got := allies(t, kinds.Task.Name, share.EachCoop).copied(copyOf(t, v, false, shout), false)
	if got.Title != "BAKE" || got.Text != "ROLLS" || len(got.Tags) != 1 || got.Tags[0] != "KITCHEN" || got.Kept {
		t.Errorf("the copy: %+v", got)
	}
	task := crdttest.Task(got)
	if task.Project != "FAIR" || task.Due != "2026-12-04" || task.Minutes != 90 || task.Status != kinds.TaskDropped || task.StatusWhy != "NO OVEN" {
		t.Errorf("the copy: %+v", task)
	}
	if len(task.Asked)+len(task.TakenBy)+len(task.Help.Wants)+len(task.Help.Offers) != 0 {
		t.Errorf("what was said went along: %+v", task)
	}
}

func TestACopyOfADecisionIsOneToDecideOrANoteOfHowItStands(t *testing.T) {
	c := found(t, kinds.Decision.Name, "ana", "ben")
	ana, ben := c.desk("ana"), c.desk("ben")
	ana.do(crdttest.NewDecision(ana.id, crdttest.DecisionFields{Title: "Buy an oven", Text: "a small one", Process: kinds.ProcessMajority, By: "2026-12-01", Review: "2027-01-01"}))
	open := c.settle()
	ben.tell(crdttest.TakePosition(ben.id, kinds.Agree, "at last", ""))
	closed := ben.tell(crdttest.Close(ben.id, now.Add(90*24*time.Hour), "Ben buys it.", c.names))

	got := allies(t, kinds.Decision.Name, share.EachCoop).copied(copyOf(t, open, false, shout), false)
	d := crdttest.Decision(got)
	if got.Title != "BUY AN OVEN" || d == nil || d.Process != kinds.ProcessMajority || d.By != "2026-12-01" || d.ReviewOn != "2027-01-01" || d.Status != kinds.Open || len(d.Positions) != 0 {
		t.Errorf("the copy of an open one: %+v %+v", got, d)
	}
	for _, tt := range []struct {
		name  string
		v     *crdt.View
		kept  bool
		words []string
	}{
		{"closed", closed, false, []string{"A SMALL ONE\n\nAgreed by majority on 24 November 2026.", "BEN BUYS IT.", "looked at again on 2027-01-01"}},
		{"closed, to read", closed, true, []string{"Agreed by majority"}},
		{"open, to read", open, true, []string{"A SMALL ONE\n\nThis is being decided by majority."}},
	} {
		copied := copyOf(t, tt.v, tt.kept, shout)
		got := allies(t, kinds.Note.Name, share.EachCoop).copied(copied, true)
		if copied.Kind != kinds.Note || !got.Kept || got.Title != "BUY AN OVEN" {
			t.Errorf("%s: %+v", tt.name, got)
		}
		for _, w := range tt.words {
			if !strings.Contains(got.Text, w) {
				t.Errorf("%s: it says %q, without %q", tt.name, got.Text, w)
			}
		}
		if strings.Contains(strings.ToLower(got.Text), "at last") {
			t.Errorf("%s: it says what Ben said: %q", tt.name, got.Text)
		}
	}
	ally := &crdt.View{}
	ally.Kind = kinds.Ally.Name
	if _, err := crdt.CopyOf(ally, false, shout); err == nil {
		t.Error("what a co-op keeps of an ally was copied")
	}
}

// Nobody else can take it for them at home, so it is said.
func TestWhoHadATaskInAShareIsSaidWhenItComesBack(t *testing.T) {
	link := crdt.SetLink(&crdt.Link{Share: anID, Doc: "t-1"})
	c := found(t, kinds.Task.Name, "ana")
	ana := c.desk("ana")
	v := ana.tell(crdttest.NewTask(now, crdttest.TaskFields{Title: "Bake", Text: "bread"}), link)
	a := allies(t, kinds.Task.Name, share.EachCoop)
	a.copied(copyOf(t, v, false, func(s string) string { return s }), false)
	dora := a.desk("dora")
	became := dora.tell(dora.practice(kinds.Task, "take"))
	if v = ana.tell(crdt.TakeBack(became, a.names)); v.Text != "bread\n\nTaken by "+a.names(dora.id)+" when it was shared." {
		t.Errorf("it is back as %q", v.Text)
	}
}

func TestWhatBecameOfADocumentInAShareComesBackWhole(t *testing.T) {
	link := crdt.SetLink(&crdt.Link{Share: anID, Doc: "t-1"})
	c := found(t, kinds.Task.Name, "ana")
	ana := c.desk("ana")
	v := ana.tell(crdttest.NewTask(now, crdttest.TaskFields{Title: "Bake", Text: "bread", Tags: []string{"kitchen"}, Due: "2026-12-04"}), link)
	a := allies(t, kinds.Task.Name, share.EachCoop)
	a.copied(copyOf(t, v, false, func(s string) string { return s }), false)
	dora := a.desk("dora")
	none := ""
	became := dora.tell(crdttest.EditTask(crdttest.TaskEdit{Due: &none, Common: crdttest.Common{Title: str("Bake it"), Text: str("rye bread"), RemoveTags: []string{"kitchen"}, AddTags: []string{"fair"}}}), crdttest.Drop("no oven"))
	v = ana.tell(crdt.TakeBack(became, c.names))
	if v.Link != nil || v.Title != "Bake it" || v.Text != "rye bread" || len(v.Tags) != 1 || v.Tags[0] != "fair" || crdttest.Task(v).Due != "" || crdttest.Task(v).Status != kinds.TaskDropped || crdttest.Task(v).StatusWhy != "no oven" {
		t.Errorf("it is back as %+v %+v", v, crdttest.Task(v))
	}
	if n := len(ana.judge.Order()); n != 3 {
		t.Errorf("it came back in %d changes", n-2)
	}

	c = found(t, kinds.Decision.Name, "ana")
	ana = c.desk("ana")
	v = ana.tell(crdttest.NewDecision(ana.id, crdttest.DecisionFields{Title: "Share a stall", Text: "At the fair."}), link)
	a = alliesOf(t, kinds.Decision.Name, share.EachCoop, risoFolk[:1], quiltFolk[:1])
	a.copied(copyOf(t, v, false, func(s string) string { return s }), false)
	for _, name := range []string{"ana", "dora"} {
		a.desk(name).says(kinds.Consent, "")
	}
	a.settle()
	became = a.desk("dora").tell(crdttest.Close(a.desk("dora").id, now, "", a.names))
	if v = ana.tell(crdt.TakeBack(became, c.names)); v.Link != nil || crdttest.Decision(v).Status != kinds.Open || v.Text != "At the fair.\n\nAgreed by consent on 24 November 2026." {
		t.Errorf("a decision is back as %q, %+v", v.Text, crdttest.Decision(v))
	}

	v = ana.tell(link)
	if v = ana.tell(crdt.TakeBack(nil, c.names)); v.Link != nil || v.Title != "Share a stall" {
		t.Errorf("of what nothing came it is back as %+v", v)
	}
}

func TestWhatAnAllyWroteBeyondTheLimitsComesBackAsFarAsItCan(t *testing.T) {
	tags := []string{"print", "two\nlines", ""}
	for i := range 2 * kind.MaxTags {
		tags = append(tags, fmt.Sprint("tag ", i))
	}
	long := strings.Repeat("é", 400)
	for _, tt := range []struct {
		name, title, wantTitle, text, wantText string
	}{
		{"no title", "", "Print", "A3", "A3"},
		{"a title of controls", "\x1b\n", "Print", "A3", "A3"},
		{"a long title", long, strings.Repeat("é", kind.MaxLine), "A3", "A3"},
		{"lines and escapes", "Print\n\x1b[2Jit", "Print  [2Jit", "A3\x1b[2J\nA4", "A3[2J\nA4"},
		{"a long text", "Print", "Print", strings.Repeat("é", kind.MaxText+1), strings.Repeat("é", kind.MaxText)},
	} {
		ana := found(t, kinds.Task.Name, "ana").desk("ana")
		ana.tell(crdttest.NewTask(now, crdttest.TaskFields{Title: "Print"}), crdt.SetLink(&crdt.Link{Share: "s", Doc: "t-1"}))
		was := crdt.View{Title: tt.title, Text: tt.text, Tags: tags, Fields: kind.Values{
			"project": change.StrValue(long), "hours": change.IntValue(maxMinutes + 1),
		}}
		was.Kind = kinds.Task.Name
		v := ana.tell(crdt.TakeBack(&was, ana.names))
		if v.Link != nil || v.Title != tt.wantTitle || v.Text != tt.wantText || len(v.Tags) != kind.MaxTags || crdttest.Task(v).Minutes != maxMinutes || len([]rune(crdttest.Task(v).Project)) != kind.MaxLine {
			t.Errorf("%s: it comes back as %.80q, %d tags, %+v, linked %+v", tt.name, v.Title, len(v.Tags), crdttest.Task(v), v.Link)
		}
	}
}
