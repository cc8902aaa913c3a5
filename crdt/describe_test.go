package crdt_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"kith/crdt"
	"kith/crdt/crdttest"
	"kith/crdt/kinds"
)

// lastSays renders what the newest change of a desk did.
func (d *desk) lastSays() string {
	order := d.judge.Order()
	var out []string
	for _, f := range crdt.Describe(d.kind, order[len(order)-1].Change, d.judge.History()) {
		s := f.Verb + " " + f.Field
		if f.Member != nil {
			s += " " + d.names(*f.Member)
		}
		if f.To != "" {
			s += fmt.Sprintf(" %q", f.To)
		}
		if f.N != 0 {
			s += fmt.Sprintf(" (%d)", f.N)
		}
		out = append(out, s)
	}
	return strings.Join(out, " · ")
}

func TestALogSaysWhatAChangeOfATaskDid(t *testing.T) {
	c := found(t, kinds.Task.Name, "ana", "ben", "cleo")
	ana, ben := c.desk("ana"), c.desk("ben")
	none, zero := "", crdt.Minutes(0)
	steps := []struct {
		by   *desk
		edit crdt.Edit
		says string
	}{
		{ana, crdttest.NewTask(now, crdttest.TaskFields{Title: "Bake", Text: "bread 🍞", Tags: []string{"kitchen"}, Due: "2026-12-04", Minutes: 90, Ask: c.ask("ben")}),
			`created task "Bake" · wrote text "bread 🍞" · added tags "kitchen" · asked asked Ben · set due "2026-12-04" · set hours "1.5"`},
		{ben, crdttest.Accept(ben.id), `accepted answer`},
		{ben, crdttest.Decline(ben.id, "ill"), `put back answer "ill"`},
		{ana, crdttest.Ask(now, c.ask("ben", "cleo")...), `asked asked Ben · asked asked Cleo`},
		{ana, crdttest.Start(ana.id, now), `started status · took taken`},
		{ana, crdttest.AskHelp(ana.id, "4 hands"), `wants help help "4 hands"`},
		{ben, crdttest.Offer(ben.id, ""), `offered help offer`},
		{ben, crdttest.EndOffer(ben.id), `took back offer`},
		{ana, crdttest.EndHelp(ana.id), `ended help help`},
		{ana, crdttest.PutBack(ana.id), `put back taken`},
		{ana, crdttest.Finish(), `finished status`},
		{ana, crdttest.Reopen(), `reopened status`},
		{ana, crdttest.Drop("no oven"), `dropped status "no oven"`},
		{ana, crdttest.Reopen(), `reopened status`},
		{ana, crdttest.EditTask(crdttest.TaskEdit{Due: &none, Minutes: &zero, Common: crdttest.Common{Title: str("Bake it"), RemoveTags: []string{"kitchen"}}}),
			`set title "Bake it" · removed tags "kitchen" · cleared due · cleared hours`},
		{ben, crdttest.EditText("bread 🍞", "two loaves of bread"), `removed text (7) · wrote text "two loaves of bread"`},
	}
	for _, s := range steps {
		s.by.do(s.edit)
		c.settle()
		if got := s.by.lastSays(); got != s.says {
			t.Errorf("got  %s\nwant %s", got, s.says)
		}
	}
}

func TestALogSaysWhatAChangeOfADecisionDid(t *testing.T) {
	c := found(t, kinds.Decision.Name, "ana", "ben")
	ana, ben := c.desk("ana"), c.desk("ben")
	steps := []struct {
		by   *desk
		edit crdt.Edit
		says string
	}{
		{ana, crdttest.NewDecision(ana.id, crdttest.DecisionFields{Title: "Buy an oven", By: "2026-12-01"}),
			`created decision "Buy an oven" · set process "consent" · set by "2026-12-01" · consented position`},
		{ben, crdttest.TakePosition(ben.id, kinds.Object, "too big", ""), `objected position "too big"`},
		{ana, crdttest.EditDecision(ana.id, crdttest.DecisionEdit{Common: crdttest.Common{Text: str("a small one")}}), `wrote text "a small one" · consented position`},
		{ben, crdttest.TakePosition(ben.id, kinds.StandAside, "", ""), `stood aside position`},
		{ben, crdttest.Close(ben.id, now, "", nil), `closed record "agreed"`},
	}
	for _, s := range steps {
		s.by.do(s.edit)
		c.settle()
		if got := s.by.lastSays(); got != s.says {
			t.Errorf("got  %s\nwant %s", got, s.says)
		}
	}
	c = meeting(t, "", "ana", "ben")
	c.maker.do(crdttest.Withdraw(c.maker.id, "too late"))
	if got := c.maker.lastSays(); got != `withdrew withdrawn "too late"` {
		t.Errorf("got %s", got)
	}
}

func TestALongPassageIsAbridgedInTheLog(t *testing.T) {
	c := note(t, "")
	c.maker.do(crdttest.AppendText(strings.Repeat("ä", 1000)))
	order := c.maker.judge.Order()
	says := crdt.Describe(c.kind, order[len(order)-1].Change, c.maker.judge.History())
	if len(says) != 1 || len([]rune(says[0].To)) != crdt.MaxDescribed || !strings.HasSuffix(says[0].To, "…") {
		t.Errorf("got %+v", says)
	}
	b, err := json.Marshal(says[0])
	must(t, err)
	if strings.Contains(string(b), `"n"`) || !strings.Contains(string(b), `"verb":"wrote"`) {
		t.Errorf("JSON: %s", b)
	}
}

func TestPassagesWrittenInSeveralPlacesAreToldApart(t *testing.T) {
	c := note(t, "We bake. We sell.")
	c.maker.do(crdttest.EditText("We bake. We sell.", "We bake bread. We sell it."))
	says := strings.Split(c.maker.lastSays(), " · ")
	slices.Sort(says)
	if !slices.Equal(says, []string{`wrote text " bread"`, `wrote text " it"`}) {
		t.Errorf("got %q", says)
	}
}
