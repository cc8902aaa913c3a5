package kind

import (
	"slices"
	"strings"

	"kith/crdt/charter"
)

// TagFact is the fact that a document has a tag, which every kind has: "tag/paper".
const TagFact = "tag"

// Facts are the words by which lists, today and completion find a document without reading its view: "open",
// "mine/m-…", "due/2026-12-01". What stands before the slash is the name of the fact.
type Facts struct{ words []string }

// FactsOf gives those of a view, ascending.
func (k *Kind) FactsOf(v *View) []string {
	f := &Facts{}
	for _, t := range v.Tags {
		f.Has(TagFact, t)
	}
	if k.Facts != nil {
		k.Facts(v, f)
	}
	slices.Sort(f.words)
	return slices.Compact(f.words)
}

// Is notes a fact that is so, or isn't.
func (f *Facts) Is(name string, so bool) {
	if so {
		f.words = append(f.words, name)
	}
}

// Has notes a fact with a value; not if that is "".
func (f *Facts) Has(name, value string) {
	if value != "" {
		f.words = append(f.words, Fact(name, value))
	}
}

// Who notes of whom a fact is so.
func (f *Facts) Who(name string, members ...charter.MemberID) {
	for _, m := range members {
		f.Has(name, m.String())
	}
}

// Fact returns the word for a fact with a value.
func Fact(name, value string) string { return name + "/" + value }

// SplitFact takes the word for a fact apart; value is "" for one that is so or isn't.
func SplitFact(word string) (name, value string) {
	name, value, _ = strings.Cut(word, "/")
	return name, value
}
