package crdt_test

import (
	"strings"
	"testing"
	"time"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// says is what somebody says about a document, to or instead of a remark.
func says(d *desk, text string, args ...any) crdt.Edit {
	asks := kind.Request{Text: &kind.Writing{Text: text}}
	for i := 0; i < len(args); i += 2 {
		asks.Put(args[i].(*kind.Field), change.StrValue(args[i+1].(string)))
	}
	return crdt.Perform(kinds.All.Named(d.kind), kind.Talk, &kind.Draft{Asks: asks, Author: d.id, Now: now, Name: d.names})
}

func begun(t fataler, names ...string) *coop {
	c := found(t, "note", names...)
	c.maker.tell(crdt.Perform(kinds.Note, kinds.Note.Make, &kind.Draft{Asks: kind.Begin("Drum", ""), Author: c.maker.id, Now: now, Name: c.names}))
	return c
}

func thread(v *crdt.View, name func(charter.MemberID) string) string {
	var b strings.Builder
	for i := range v.Talk {
		b.WriteString(name(v.Talk[i].By) + ": " + v.Talk[i].Text + "\n")
	}
	return b.String()
}

func TestWhatIsSaidApartIsReadByEverybodyInOneOrder(t *testing.T) {
	c := begun(t, "ana", "ben")
	ana, ben := c.desk("ana"), c.desk("ben")
	ana.do(says(ana, "It squeaks"))
	ben.do(says(ben, "It leaks"))
	v := c.settle()
	ben.tell(says(ben, "Since when?", kind.TalkTo, v.Talk[0].Name))
	v = c.settle()
	if len(v.Talk) != 3 || v.Talk[2].Text != "Since when?" || v.Talk[2].To != v.Talk[0].ID() {
		t.Errorf("the thread is\n%s", thread(v, c.names))
	}
}

func TestARemarkIsSaidOtherwiseByItsMemberAlone(t *testing.T) {
	c := begun(t, "ana", "ben")
	ana, ben := c.desk("ana"), c.desk("ben")
	v := ana.tell(says(ana, "It squeaks"))
	name := v.Talk[0].Name
	if err := ben.try(says(ben, "It doesn't", kind.TalkAgain, name)); err == nil || !strings.Contains(err.Error(), "Ana's words") {
		t.Errorf("somebody else's words were changed: %v", err)
	}
	v = ana.tell(says(ana, "It squeaked", kind.TalkAgain, name))
	if len(v.Talk) != 1 || v.Talk[0].Text != "It squeaked" || v.Talk[0].Changed == 0 {
		t.Errorf("said otherwise it is %+v", v.Talk)
	}
	v = ana.tell(says(ana, "", kind.TalkAgain, name[:4]))
	if len(v.Talk) != 1 || v.Talk[0].Text != "" {
		t.Errorf("taken back it is %+v", v.Talk)
	}
}

// Two devices of one person say something at the same moment, and change one remark in two ways.
func TestTwoDevicesOfOneMemberDontHideEachOthersRemarks(t *testing.T) {
	c := begun(t, "ana", "ben")
	one, two := c.desk("ana"), c.sit("ana")
	two.from(one)
	one.do(says(one, "From the laptop"))
	two.do(says(two, "From the phone"))
	v := c.settle()
	if len(v.Talk) != 2 {
		t.Fatalf("the thread is\n%s", thread(v, c.names))
	}
	one.do(says(one, "Laptop", kind.TalkAgain, v.Talk[0].Name))
	two.do(says(two, "Phone", kind.TalkAgain, v.Talk[0].Name))
	if v = c.settle(); len(v.Talk) != 2 || v.Talk[0].Text != "Laptop" && v.Talk[0].Text != "Phone" {
		t.Errorf("the thread is\n%s", thread(v, c.names))
	}
}

func TestWhatSaysNothingOrGoesToNobodyIsRefused(t *testing.T) {
	c := begun(t, "ana")
	ana := c.desk("ana")
	for _, no := range []struct {
		name string
		edit crdt.Edit
		why  string
	}{
		{"no words", says(ana, "  \n"), "nothing to say"},
		{"an answer to nothing", says(ana, "Yes", kind.TalkTo, "zzzz"), "no remark"},
		{"in the place of nothing", says(ana, "Yes", kind.TalkAgain, "zzzz"), "no remark"},
		{"too long", says(ana, strings.Repeat("word ", 2000)), "limit"},
	} {
		if err := ana.try(no.edit); err == nil || !strings.Contains(err.Error(), no.why) {
			t.Errorf("%s: %v", no.name, err)
		}
	}
	ana.do(says(ana, "Ana"))
	if err := ana.try(says(ana, "Ana", kind.TalkAgain, ana.view().Talk[0].Name)); err != crdt.ErrNothingChanged {
		t.Errorf("the same said again: %v", err)
	}
}

func TestAMemberHasRoomForSoManyRemarksInADocument(t *testing.T) {
	c := begun(t, "ana")
	ana := c.desk("ana")
	v := ana.view()
	for range 300 {
		v.Talk = append(v.Talk, kind.Remark{By: ana.id, Text: "x"})
	}
	err := says(ana, "One more")(ana.am, v)
	if err == nil || !strings.Contains(err.Error(), "300") {
		t.Errorf("beyond the room there is: %v", err)
	}
}

func TestTheThreadFindsAndTheLogTellsWhatStoodThere(t *testing.T) {
	c := begun(t, "ana", "ben")
	ana := c.desk("ana")
	edit := says(ana, "Ask the foundry")
	v := ana.tell(edit)
	if words := kinds.Note.Words(v); len(words) != 1 || words[0] != "Ask the foundry" {
		t.Errorf("search reads %q", words)
	}
	items := ana.judge.Order()
	told := crdt.Describe("note", items[len(items)-1].Change, ana.judge.History())
	if len(told) != 1 || told[0].Verb != "said" || told[0].To != "Ask the foundry" {
		t.Errorf("the log tells %+v", told)
	}
}

func TestWhoIsNamedIsToldUntilItIsSaidToSomebodyElse(t *testing.T) {
	c := begun(t, "ana", "ben")
	ana, ben := c.desk("ana"), c.desk("ben")
	to := func(text, again string, members ...string) crdt.Edit {
		asks := kind.Request{Text: &kind.Writing{Text: text}}
		if again != "" {
			asks.Put(kind.TalkAgain, change.StrValue(again))
		}
		asks.PutAll(kind.TalkFor, members)
		return crdt.Perform(kinds.Note, kind.Talk, &kind.Draft{Asks: asks, Author: ana.id, Now: now.Add(time.Minute), Name: c.names})
	}
	v := ana.tell(to("@Ben?", "", ben.id.String()))
	first, all := kind.MentionsOf(v.Talk, ben.id)
	if first == "" || len(all) != 1 {
		t.Fatalf("Ben is named in %+v", v.Talk)
	}
	if mark, _ := kind.MentionsOf(v.Talk, ana.id); mark != "" {
		t.Error("who wrote it is told, too")
	}
	v = ana.tell(to("@Ben, is it so?", v.Talk[0].Name, ben.id.String()))
	if mark, _ := kind.MentionsOf(v.Talk, ben.id); mark == "" || mark == first {
		t.Error("other words are the same to who has read the first")
	}
	v = ana.tell(to("", v.Talk[0].Name))
	if mark, _ := kind.MentionsOf(v.Talk, ben.id); mark != "" {
		t.Error("what was taken back still waits")
	}
}
