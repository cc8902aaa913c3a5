package crdt_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/crdttest"
	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// becomes has somebody accept a request with a project, as the daemon does that made the project.
func (d *desk) becomes(project string) {
	d.t.Helper()
	var r kind.Request
	r.Put(kinds.IntakeInto(), change.StrValue(project))
	d.do(crdttest.Perform(kinds.Intake, "accept", kind.Draft{Asks: r, Author: d.id, Now: now, Name: d.names}))
}

// What two say of a request while they are apart stands beside each other on every side until somebody who knows of both says it
// once more: also two yeses, each with a project of its own.
func TestOfWhatIsSaidOfARequestApartNothingIsLostAndWhoKnowsOfAllSettlesIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := found(t, kinds.Intake.Name, "ana", "ben", "cleo")
		c.maker.tell(c.maker.practice(kinds.Intake, "make"))
		states, projects := []string{}, []string{}
		for _, d := range c.desks {
			switch verb := rapid.SampledFrom([]string{"", "accept", "decline", "talk"}).Draw(t, d.name); verb {
			case "":
				continue
			case "accept":
				project := "pr-" + strings.Repeat("0", 31) + rapid.SampledFrom([]string{"1", "2"}).Draw(t, "project of "+d.name)
				d.becomes(project)
				states, projects = append(states, kinds.IntakeAccepted), append(projects, project)
			case "decline":
				d.do(d.practice(kinds.Intake, verb, "why", "no time"))
				states = append(states, kinds.IntakeDeclined)
			case "talk":
				d.do(d.practice(kinds.Intake, verb))
				states = append(states, kinds.IntakeTalking)
			}
		}
		v := c.settle() // which compares all desks
		m := kind.Of[kinds.Moved](v)
		check := func(what string, got, said []string) {
			slices.Sort(said)
			said = slices.Compact(said)
			if len(said) < 2 {
				said = nil
			}
			if !slices.Equal(got, said) {
				t.Fatalf("%s: %q stand beside each other, and %q were said", what, got, said)
			}
		}
		check("how it stands", m.Apart, slices.Clone(states))
		check("what it became", m.Projects, slices.Clone(projects))
		if len(m.Projects) == 0 {
			return
		}
		one, all := kinds.IntakeBecame(v)
		if !slices.Contains(all, one) {
			t.Fatalf("it became %s, which isn't one of %q", one, all)
		}
		c.desk("cleo").becomes(all[1])
		v = c.settle()
		if one, all = kinds.IntakeBecame(v); len(all) > 0 || one != m.Projects[1] || kinds.Intake.State(v) != kinds.IntakeAccepted {
			t.Fatalf("settled: it became %s of %q, and is %s", one, all, kinds.Intake.State(v))
		}
	})
}

// How a request stands already is said once more by whoever: nothing is written, and it stays with who said it first.
func TestSayingOfARequestWhatStandsAlreadyChangesNothing(t *testing.T) {
	c := found(t, kinds.Intake.Name, "ana", "ben")
	c.maker.tell(c.maker.practice(kinds.Intake, "make"))
	ana, ben := c.desk("ana"), c.desk("ben")
	for _, words := range [][]string{{"talk"}, {"decline", "why", "no time"}, {"reopen"}} {
		ana.do(ana.practice(kinds.Intake, words[0], words[1:]...))
		by := kind.Of[kinds.Moved](c.settle()).By
		for _, d := range []*desk{ana, ben} {
			if err := d.try(d.practice(kinds.Intake, words[0], words[1:]...)); err != crdt.ErrNothingChanged {
				t.Errorf("%s, once more by %s: %v", words[0], d.name, err)
			}
		}
		if m := kind.Of[kinds.Moved](c.settle()); by != ana.id || m.By != by {
			t.Errorf("%s was said by Ana, not by %s", words[0], m.By)
		}
	}
}
