package crdt_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// Eli isn't a full member: his ID is one that the charter of these tests doesn't know.
var eli = charter.MemberID{9, 0xee}

func (d *desk) welcomes(said ...string) *kinds.Growing {
	d.ids["eli"] = eli
	return kind.Of[kinds.Growing](d.tell(d.practice(kinds.Newcomer, "make", append([]string{"members", "eli", "companion", "ben"}, said...)...)))
}

func TestWhoAccompaniesSomebodyNewIsAskedAndSaysYes(t *testing.T) {
	c := found(t, kinds.Newcomer.Name, "ana", "ben", "cleo")
	ana, ben, cleo := c.desk("ana"), c.desk("ben"), c.desk("cleo")
	g := ana.welcomes()
	if g.Member != eli || g.Full || len(g.Steps) < 5 {
		t.Fatalf("begun: %+v", g)
	}
	facts := func() string { return strings.Join(kinds.Newcomer.FactsOf(c.maker.view()), " ") }
	if !strings.Contains(facts(), "asked/"+ben.id.String()) {
		t.Errorf("Ben isn't asked: %s", facts())
	}
	if err := cleo.try(cleo.practice(kinds.Newcomer, "take")); err == nil {
		t.Error("Cleo took what Ben was asked for")
	}
	ben.tell(ben.practice(kinds.Newcomer, "take"))
	if strings.Contains(facts(), "asked/"+ben.id.String()) || !strings.Contains(facts(), "accompanies/"+ben.id.String()) {
		t.Errorf("Ben said yes: %s", facts())
	}
	ben.tell(ben.practice(kinds.Newcomer, "decline", "why", "I am away"))
	if !strings.Contains(facts(), "alone") {
		t.Errorf("Ben put it back: %s", facts())
	}
}

func TestAFullMemberIsNotWelcomedAndNobodyAccompaniesThemselves(t *testing.T) {
	c := found(t, kinds.Newcomer.Name, "ana", "ben")
	ana := c.desk("ana")
	c.ids["eli"] = eli
	for _, said := range [][]string{{"members", "ben", "companion", "ana"}, {"members", "eli", "companion", "eli"}, {"members", "eli", "companion", "ben", "template", "none"}} {
		if err := ana.try(ana.practice(kinds.Newcomer, "make", said...)); err == nil {
			t.Errorf("welcomed with %q", said)
		}
	}
}

func TestAChecklistFromATemplateIsInItsOrderAndInItsLanguage(t *testing.T) {
	for template, first := range map[string]string{"first-months": "Say hello to everybody", "primeros-meses": "Saludar a cada persona"} {
		c := found(t, kinds.Newcomer.Name, "ana", "ben")
		steps := c.desk("ana").welcomes("template", template).Steps
		if !strings.HasPrefix(steps[0].Text, first) || !strings.Contains(steps[len(steps)-1].Text, "halfway") && !strings.Contains(steps[len(steps)-1].Text, "mitad") {
			t.Errorf("%s: %+v", template, steps)
		}
	}
}

func TestAStepIsDoneOnceSomebodySaysSoAndTheyAloneTakeThatBack(t *testing.T) {
	c := found(t, kinds.Newcomer.Name, "ana", "ben")
	ana, ben := c.desk("ana"), c.desk("ben")
	ana.welcomes()
	g := kind.Of[kinds.Growing](ben.tell(ben.practice(kinds.Newcomer, "done", "number", "2")))
	if len(g.Steps[1].Done) != 1 || g.Steps[1].Done[0].Member != ben.id || len(g.Steps[0].Done) != 0 {
		t.Fatalf("done: %+v", g.Steps[:2])
	}
	var denied *kind.NotAllowedError
	if err := ana.try(ana.practice(kinds.Newcomer, "done", "number", "2", "undo", "")); !errors.As(err, &denied) {
		t.Errorf("Ana took back what Ben said: %v", err)
	}
	for _, number := range []string{"0", "-1", "99", "Say nothing"} {
		if err := ana.try(ana.practice(kinds.Newcomer, "done", "number", number)); err == nil {
			t.Errorf("step %s is done", number)
		}
	}
	if g = kind.Of[kinds.Growing](ben.tell(ben.practice(kinds.Newcomer, "done", "number", "2", "undo", ""))); len(g.Steps[1].Done) != 0 {
		t.Errorf("taken back: %+v", g.Steps[1])
	}
	if err := ben.try(ben.practice(kinds.Newcomer, "step", "words", "2", "undo", "")); !errors.As(err, &denied) {
		t.Errorf("Ben took away a step of Ana's: %v", err)
	}
}

// What two people put on the list, and said, while they were apart is all there, in one order for both; nobody else's word is lost.
func TestWhatPeopleDoToAChecklistApartIsAllThereOnEverySide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := found(t, kinds.Newcomer.Name, "ana", "ben", "cleo")
		c.desk("ana").welcomes()
		before := len(kind.Of[kinds.Growing](c.maker.view()).Steps)
		put, done := 0, map[string]bool{}
		for _, d := range c.desks {
			for i := range rapid.IntRange(0, 3).Draw(t, "steps of "+d.name) {
				d.do(d.practice(kinds.Newcomer, "step", "words", d.name+" "+strconv.Itoa(i)))
				put++
			}
			if n := rapid.IntRange(0, before).Draw(t, "done by "+d.name); n > 0 {
				d.do(d.practice(kinds.Newcomer, "done", "number", strconv.Itoa(n)))
				done[kind.Of[kinds.Growing](d.view()).Steps[n-1].Text] = true
			}
		}
		g := kind.Of[kinds.Growing](c.settle()) // which compares all desks
		if len(g.Steps) != before+put {
			t.Fatalf("%d steps, and %d were put there", len(g.Steps), before+put)
		}
		for _, s := range g.Steps {
			if (len(s.Done) > 0) != done[s.Text] {
				t.Fatalf("%q done by %v", s.Text, s.Done)
			}
		}
	})
}

func TestEndingItNeedsAReasonAndItCanGoOn(t *testing.T) {
	c := found(t, kinds.Newcomer.Name, "ana", "ben")
	ana := c.desk("ana")
	ana.welcomes("meet", "2027-03-01")
	if err := ana.try(ana.practice(kinds.Newcomer, "end")); err == nil {
		t.Error("ended without a reason")
	}
	v := ana.tell(ana.practice(kinds.Newcomer, "end", "why", "she found work near her mother"))
	if kinds.Newcomer.State(v) != kinds.NewcomerOver || len(kinds.Newcomer.FactsOf(v)) != 2 { // who began it, and who accompanied them and is told
		t.Errorf("over: %s, and waits: %v", kinds.Newcomer.State(v), kinds.Newcomer.FactsOf(v))
	}
	if err := ana.try(ana.practice(kinds.Newcomer, "meet", "date", "2027-04-01")); err == nil {
		t.Error("a day was set for what is over")
	}
	if v = ana.tell(ana.practice(kinds.Newcomer, "reopen")); kinds.Newcomer.State(v) != kinds.Open {
		t.Errorf("reopened: %s", kinds.Newcomer.State(v))
	}
}
