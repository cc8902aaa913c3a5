package crdt_test

import (
	"slices"
	"testing"

	"kith/crdt/kind"
	"kith/crdt/kinds"
)

func TestAProjectIsFoundByTheTitlesThatItHad(t *testing.T) {
	c := found(t, kinds.Project.Name, "ana", "ben")
	c.maker.tell(c.maker.practice(kinds.Project, "make", "budget", "40h", "coordinator", "ben", "rate", "60eur", "coordination", "15 %"))
	ben := c.desk("ben")
	v := ben.tell(ben.practice(kinds.Project, "edit", "title", "Website"))
	facts := kinds.Project.FactsOf(v)
	for _, want := range []string{"called/Website", "called/A project", "coordinates/" + c.ids["ben"].String(), "asked/" + c.ids["ben"].String()} {
		if !slices.Contains(facts, want) {
			t.Errorf("it has no fact %s: %v", want, facts)
		}
	}
	if got := v.Fields["rate"].Str() + ", " + v.Fields["coordination"].Str(); got != "60.00 EUR, 15%" {
		t.Errorf("it costs %s", got)
	}
}

func TestTwoWhoSayAtOnceWhoCoordinatesBothShow(t *testing.T) {
	c := found(t, kinds.Project.Name, "ana", "ben", "cleo")
	c.maker.tell(c.maker.practice(kinds.Project, "make"))
	ana, ben := c.desk("ana"), c.desk("ben")
	ana.do(ana.practice(kinds.Project, "coordinate", "members", "cleo"))
	ben.do(ben.practice(kinds.Project, "take"))
	v := c.settle()
	if h := kind.Of[kinds.Coordinating](v); len(h.Holders) != 2 {
		t.Errorf("coordinated by %+v", h.Holders)
	}
}

func TestAProjectIsPricedInOneCurrency(t *testing.T) {
	c := found(t, kinds.Project.Name, "ana")
	for _, said := range [][]string{{"rate", "60 EUR", "coordination", "500 USD"}} {
		if err := c.maker.try(c.maker.practice(kinds.Project, "make", said...)); err == nil {
			t.Errorf("%q was taken", said)
		}
	}
	c.maker.tell(c.maker.practice(kinds.Project, "make", "rate", "60 EUR", "coordination", "15%"))
	if err := c.maker.try(c.maker.practice(kinds.Project, "edit", "coordination", "500 USD")); err == nil {
		t.Error("coordination in dollars beside a rate in euros was taken")
	}
}

// Two give a project other titles while apart, each twice: it is found by all of them, and every replica has them in one order.
func TestTheTitlesThatAProjectHadStandInOneOrderWhateverCameFirst(t *testing.T) {
	c := found(t, kinds.Project.Name, "ana", "ben")
	c.maker.tell(c.maker.practice(kinds.Project, "make"))
	for _, d := range c.desks {
		for _, title := range []string{"Mill of ", "House of ", "Home of "} {
			d.do(d.practice(kinds.Project, "edit", "title", title+d.name))
		}
	}
	if had := kinds.FormerTitles(c.settle()); len(had) != 6 { // the desks are compared
		t.Errorf("it had the titles %q", had)
	}
}
