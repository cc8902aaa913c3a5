package crdt_test

import (
	"slices"
	"strings"
	"testing"

	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// Who had something, or was asked to take it, is told when somebody else ends that; who ends it themselves isn't.
func TestWhoHasSomethingIsToldWhenSomebodyElseEndsIt(t *testing.T) {
	for _, test := range []struct {
		name string
		of   *kind.Kind
		acts string // who does what, with words behind a colon
		told string
	}{
		{"a task that two have is done by one", kinds.Task, "ana make|ben take|cleo take|cleo done", "ben"},
		{"it is dropped by somebody else", kinds.Task, "ana make|ben take|ana drop why: no need", "ben"},
		{"who was asked to take it hasn't answered", kinds.Task, "ana make|ana ask members: ben|cleo done", "ben"},
		{"who declined it isn't told", kinds.Task, "ana make|ana ask members: ben|ben decline|cleo done", ""},
		{"it goes on again", kinds.Task, "ana make|ben take|ana done|ben reopen", ""},
		{"a role goes to somebody else", kinds.Role, "ana make|ana fill members: ben|ana fill members: cleo", "ben"},
		{"who held it says so", kinds.Role, "ana make|ana fill members: ben|ben fill members: cleo", ""},
		{"who put it back isn't told", kinds.Role, "ana make|ana fill members: ben|ben decline|ana fill members: cleo", ""},
		{"who handed it over isn't told", kinds.Role, "ana make|ana fill members: ben|ben hand-over members: cleo|cleo take|ana fill members: ana", "cleo"},
		{"it comes back to them", kinds.Role, "ana make|ana fill members: ben|ana fill members: cleo|ana fill members: ben", "cleo"},
		{"a project is closed", kinds.Project, "ana make|ana coordinate members: ben|ben take|cleo close", "ben"},
		{"a project has somebody else", kinds.Project, "ana make|ana coordinate members: ben|cleo coordinate members: cleo", "ben"},
		{"a request that I talked about is declined", kinds.Intake, "ana make|ben talk|cleo decline why: no time", "ben"},
		{"somebody else estimates it", kinds.Intake, "ana make|ben talk|cleo estimate hours: 3h", "ben"},
		{"I declined it myself", kinds.Intake, "ana make|ben talk|ben decline why: no time", ""},
		{"an agreement has another in its place", kinds.Agreement, "ana make|ben replace by: a-0000000000000000000000000000000000000000000000000000", "ana"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := found(t, test.of.Name, "ana", "ben", "cleo")
			var v *kind.View
			for act := range strings.SplitSeq(test.acts, "|") {
				act, words, _ := strings.Cut(act, ": ")
				parts := strings.Fields(act)
				d := c.desk(parts[0])
				said := parts[2:]
				if words != "" {
					said = append(said, words)
				}
				v = d.tell(d.practice(test.of, parts[1], said...))
			}
			var told []string
			for _, word := range test.of.FactsOf(v) {
				if name, m := kind.SplitFact(word); name == "ended" {
					for _, who := range []string{"ana", "ben", "cleo"} {
						if m == c.desk(who).id.String() {
							told = append(told, who)
						}
					}
				}
			}
			slices.Sort(told)
			if got := strings.Join(told, " "); got != test.told {
				t.Errorf("%q are told, and not %q", got, test.told)
			}
		})
	}
}
