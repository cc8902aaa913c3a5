package crdt_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/crdttest"
	"kith/crdt/kind"
	"kith/crdt/kinds"
)

func TestWhoAnswersToAnotherRevisionThanTheTextHasIsRefused(t *testing.T) {
	c := meeting(t, kinds.ProcessConsent, "ana", "ben")
	ana, ben := c.desk("ana"), c.desk("ben")
	read := crdttest.Decision(c.settle()).Revision
	ana.tell(crdttest.EditDecision(ana.id, crdttest.DecisionEdit{Common: crdttest.Common{Text: str("For 80,000 euros.")}}))
	c.settle()
	var changed *kind.ChangedError
	if err := ben.try(crdttest.TakePosition(ben.id, kinds.Consent, "", read)); !errors.As(err, &changed) {
		t.Errorf("consent to 800 euros, taken for 80,000: %v", err)
	}
}

func TestWhoAcceptsATaskAcceptsItsHoursItsDayAndItsText(t *testing.T) {
	due, hours := "2026-12-01", kind.Minutes(600)
	for name, edit := range map[string]crdttest.TaskEdit{
		"hours": {Minutes: &hours}, "due": {Due: &due}, "text": {Common: crdttest.Common{Text: str("And the whole roof.")}},
	} {
		c := found(t, kinds.Task.Name, "ana", "ben")
		ana, ben := c.desk("ana"), c.desk("ben")
		c.maker.do(crdttest.NewTask(now, crdttest.TaskFields{Title: "Mend the gutter", Minutes: 60, Ask: c.ask("ben")}))
		v := c.settle()
		read := kinds.Task.Revision(v)
		ana.tell(crdttest.EditTask(edit))
		c.settle()
		accept := kind.Draft{Author: ben.id}
		accept.Asks.Put(kind.Seen, change.StrValue(read))
		var changed *kind.ChangedError
		if err := ben.try(crdttest.Perform(kinds.Task, "accept", accept)); !errors.As(err, &changed) {
			t.Errorf("accepted as it was, with another %s: %v", name, err)
		}
		ana.tell(crdttest.EditTask(crdttest.TaskEdit{Project: str("Roof")}))
		c.settle()
		ben.do(crdttest.Accept(ben.id))
	}
}

func TestADifferenceIsToldInWholeWords(t *testing.T) {
	var says strings.Builder
	for _, p := range crdt.Passages("Up to 200 euros a year.", "Up to 20,000 euros a year, and a car.") {
		says.WriteString(p.Same)
		if p.Gone != "" {
			says.WriteString("[-" + p.Gone + "-]")
		}
		if p.Came != "" {
			says.WriteString("{+" + p.Came + "+}")
		}
	}
	if got, want := says.String(), "Up to [-200-]{+20,000+} euros a [-year.-]{+year, and a car.+}"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestADifferenceHoldsBothTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab \n\U0010ffff語")), 0, 60, -1) // short: nothing is left out of what is alike
		was, is := text.Draw(t, "was"), text.Draw(t, "is")
		var a, b strings.Builder
		for _, p := range crdt.Passages(was, is) {
			a.WriteString(p.Same + p.Gone)
			b.WriteString(p.Same + p.Came)
		}
		if a.String() != was || b.String() != is {
			t.Errorf("%q and %q, told as %q and %q", was, is, a.String(), b.String())
		}
	})
}
