package kind

import (
	"slices"
	"strings"
)

// What stands in a command that is told for what only who types it knows. All such words are in capitals; Kith refuses
// these where somebody left them standing.
const (
	WhyPlace  = "WHY"
	TextPlace = "TEXT"
)

// Command is what is typed for a verb of a document, or a way of one: "kith task hand-over t-4kq2 MEMBER". What has to be said with it
// stands there in capitals, and what may be isn't there. name may be one of the commands that every kind has, too; then
// nothing is known of what it takes besides.
func (k *Kind) Command(name, id string) string {
	typed := []string{"kith", k.Name, name, id}
	for _, v := range k.Verbs {
		if !slices.Contains(v.Called(), name) {
			continue
		}
		typed = append(typed, v.words()...)
		for i, f := range v.With {
			if f.Needs && f != Seen || v.Some && i == 0 {
				typed = append(typed, "--"+f.Flag(), f.place())
			}
		}
		if v.Text == Must && !v.Opens {
			typed = append(typed, "--text", TextPlace)
		}
		if way := v.Way(name); v.Why == Must || way != nil && way.Why == Must {
			typed = append(typed, "--why", WhyPlace)
		}
	}
	return strings.Join(typed, " ")
}

// Back is what is typed to undo what a verb does.
func (k *Kind) Back(v *Verb, id string) string {
	return strings.Join(append(append([]string{"kith", k.Name, v.Name, id}, v.words()...), "--undo"), " ")
}

// words stand for the arguments of a verb.
func (v *Verb) words() (all []string) {
	for _, f := range v.Args {
		all = append(all, f.Placeholder())
	}
	return all
}

// Called are the commands of a verb: its name, or its ways.
func (v *Verb) Called() (names []string) {
	for _, way := range v.Ways {
		names = append(names, way.Name)
	}
	if len(names) == 0 {
		names = append(names, v.Name)
	}
	return names
}

// place stands for the value of a flag in a command that is told.
func (f *Field) place() string {
	if f.Is == Reason || f.Is == Text {
		return TextPlace
	}
	return f.Placeholder()
}
