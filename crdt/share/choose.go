package share

import (
	"kith/crdt/charter"
	"kith/crdt/entry"
)

// RuleOf reads from the words of a home's charter who may share a document of it: the last word counts.
func RuleOf(words []charter.Pact) Rule {
	rule := Anyone
	for _, said := range words {
		if w, err := ReadWord(said.Word); err == nil && w.What == Sharing {
			rule = w.Rule
		}
	}
	return rule
}

// Chosen returns the last step of a home's charter by which a document of it is to be in a share.
func Chosen(words []charter.Pact, share entry.SpaceID, doc entry.DocID, kept bool) (step charter.StepID, ok bool) {
	for _, said := range words {
		w, err := ReadWord(said.Word)
		if err == nil && w.What == Choose && w.Share == share && w.Doc == doc && w.Kept == kept {
			step, ok = said.Step, true
		}
	}
	return step, ok
}
