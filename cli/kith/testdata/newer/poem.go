package kinds

import "kith/crdt/kind"

// mood is new in a kind that there was before.
var mood = &kind.Field{Key: "mood", Is: kind.Line, Rules: 2, Hint: "how it feels"}

// Poem is a kind that older releases don't know.
var Poem = &kind.Kind{
	Name: "poem", Many: "poems", Letters: "pm", Gist: "what we sing", View: 1,
	Examples: kind.Examples{List: []string{`kith poem list`}, Show: []string{`kith poem show pm-2m7d`}},
	Make:     &kind.Verb{Name: "add", Gist: "begin a poem", Text: kind.May, Examples: []string{`kith poem add "The drum" --text "It turns."`}},
	Edit:     &kind.Verb{Name: "edit", Gist: "change a poem", Text: kind.May, Examples: []string{`kith poem edit pm-2m7d --title "The press"`}},
}
