package kinds

import "kith/crdt/kind"

// Note is a text that members write together.
var Note = &kind.Kind{
	Name: "note", Many: "notes", Letters: "n", Gist: "texts that we write together", View: 1,
	Columns: []*kind.Column{
		{Title: "TAGS", Says: func(a kind.Answer) kind.Cell { return kind.OwnWords(a.Words("tags")...) }},
		{Title: "CHANGED BY", Says: func(a kind.Answer) kind.Cell { return kind.OwnWords(a.In("updated_by").Str("name")) }},
		{Title: "WHEN", Says: func(a kind.Answer) kind.Cell { return kind.Cell{Since: a.Str("updated_at")} }},
	},
	Examples: kind.Examples{
		List: []string{`kith note list`, `kith note list --tag workshop`},
		Show: []string{`kith note show n-2m7d`, `kith note show 2m7d --jq .text`},
	},
	Make: &kind.Verb{
		Name: "add", Gist: "begin a note", Text: kind.May, Opens: true,
		Examples: []string{
			`kith note add "Minutes of 24 November" --text "Present: all"`,
			`kith note add "How to clean the drum" --tag workshop --text - <drum.md`,
		},
	},
	Edit: &kind.Verb{
		Name: "edit", Gist: "change a note", Text: kind.May, Opens: true,
		More: "Without flags, on a terminal, the text opens in $EDITOR. What others write meanwhile is kept.",
		Examples: []string{
			`kith note edit n-2m7d`,
			`kith note edit n-2m7d --text - <minutes.md`,
			`kith note edit n-2m7d --title "Minutes of 25 November" --tag minutes`,
		},
	},
	Verbs: []*kind.Verb{{
		Name: "append", Gist: "write at the end of a note", Text: kind.Must, Opens: true, Do: appendText,
		More:     "Begins a new line, unless the note is empty or ends with one.",
		Examples: []string{`kith note append n-2m7d --text "Next meeting: 1 December"`, `date | kith note append n-2m7d --text -`},
	}},
	Share: &kind.Share{},
}

func appendText(d *kind.Draft) error {
	d.Append(d.Asks.Text.Text)
	return nil
}
