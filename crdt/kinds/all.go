package kinds

import "kith/crdt/kind"

// All is the kinds that there are, in the order in which people are told of them.
var All = must(kind.NewSet(Task, Decision, Note, Agreement, Role, Project, Intake, Newcomer, Profile, Time, Pulse, Ally, Ask, Porch))

func must(s *kind.Set, err error) *kind.Set {
	if err != nil {
		panic(err) // a mistake in a declaration
	}
	return s
}
