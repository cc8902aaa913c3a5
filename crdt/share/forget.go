package share

import (
	"slices"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// Forgets returns what both sides said of forgetting a document of the share: agreed is what each has agreed on.
func (s *Share) Forgets(doc entry.DocID) charter.Forgets {
	if s.pact == nil {
		return charter.Forgets{}
	}
	a, b := s.sides[0].Forgets(doc), s.sides[1].Forgets(doc)
	return charter.Forgets{Agreed: a.Agreed && b.Agreed, By: slices.Concat(a.By, b.By)}
}
