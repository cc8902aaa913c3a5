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

// ForgetDocs returns the documents of which either side said anything, in no particular order and perhaps twice.
func (s *Share) ForgetDocs() []entry.DocID {
	if s.pact == nil {
		return nil
	}
	return slices.Concat(s.sides[0].ForgetDocs(), s.sides[1].ForgetDocs())
}
