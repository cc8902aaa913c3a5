package kind

import (
	"strings"

	"kith/crdt/change"
	"kith/crdt/schema"
)

// Type is the type of a field: what it holds in a document, how it is typed and read, and how it stands in JSON.
type Type int

const (
	Line    Type = iota + 1 // one line of words
	Reason                  // words of several lines
	Day                     // "2026-12-01", or a moment in RFC 3339, in UTC to the second; "": none
	Hours                   // an amount of work: whole minutes in a document, hours in JSON; 0: none
	Word                    // one of Field.Words; in JSON with underscores for dashes
	Flag                    // true, or nothing
	Moment                  // a time by its writer's clock: milliseconds since 1970 in a document, RFC 3339 or null in JSON; 0: none
	ID                      // of a space or a step: 64 hexadecimal digits
	Ref                     // a document of this space: its ID with the letters of its kind; "": none
	JSON                    // a string that the kind's own code reads; it isn't typed by people
	Text                    // a text that is an argument
	Version                 // a change of the document: the start of its hash, as kith … history gives it
	Members                 // in a document a map from member to Moment; as an argument a list of members
	Tags                    // a map from tag to true, which every kind has; as an argument a list
	Lines                   // an argument: a list of lines, in their order
)

// Field is one thing that a document holds, that a member says in it, or that a verb is told. It is also the handle by
// which code reads it: due.Str(v).
type Field struct {
	Key   string   // in the document, in requests, answers and the log; with dashes for underscores the flag
	Is    Type     //
	Words []string // of a Word. The first stands where none was written, and is written by the first change
	Of    string   // of a Ref: the name of the kind; of a Line that names such a document by its title, or is words of its own

	// What every replica takes, which never changes: bytes of words (0: schema.MaxString), or for Hours minutes.
	Max int64
	// What a person may type, which may change: characters of a Line, hours of Hours, and how many Members or Tags. 0:
	// the general limit.
	Typed  int
	First  bool                       // written by the first change alone, and at most once
	Each   int                        // of what members say: a family, KEY/NAME with one value each, and how many names a member has at most; 0: one value
	Rules  uint64                     // the shared rules from which on it is there; 0: from the first on
	Closes bool                       // what a member says in it closes the document: who has acknowledged it stands on it
	Must   func(*View) error          // what a Ref names must be so: whoever writes it looks; nil: any will do
	Tells  func(*View, string) string // what whoever writes a Ref is told of what it names, which is called so; nil: nothing
	// Reads gives words that were typed the form in which documents hold them: "4000 eur" as "4000.00 EUR". nil: as its
	// type does. Its error says in a member's words what is wrong.
	Reads  func(string) (string, error)
	Tongue bool // of a Line: it is the tag of a language, as "es" (BCP 47)
	Writes bool // a text comes with its value, so that no editor opens for one
	Needs  bool // nothing is begun or done without it; what undoes that has none

	Label string // "decide by"; "": the key, with spaces
	Hint  string // "when it is due"
	Var   string // what stands for its value in help: "DATE"; "": by its type
	As    string // in answers, where programs know it by another name; ""
	Form  string // what a value says, and who reads it, for docs/PROTOCOL.md: "JSON `…`"; ""
	Fact  string // where words that are in use already are found: see Facts; ""

	Stays bool // it never goes into a share
	// Log says what it means that this value was written: a verb of the log, and what stands behind it; "" for the verb
	// if nothing is told. first: by the change that made the document. nil: "set", "cleared", by its type.
	Log func(v change.Value, first bool) (verb, to string)
	// With is the field whose line in the log this one ends, when both are written by one change; nil: it has its own.
	With *Field
}

// rule is what replicas hold it against.
func (f *Field) rule() schema.Field {
	limit := f.Max
	if limit == 0 {
		limit = schema.MaxString
	}
	var rule schema.Field
	switch f.Is {
	case Line, Reason, JSON, Ref:
		rule = schema.Str(int(limit))
	case Day:
		rule = schema.Date()
	case Hours:
		rule = schema.Int(f.Max)
	case Word:
		rule = schema.OneOf(f.Words...)
	case Flag:
		rule = schema.True()
	case Moment:
		rule = schema.Int(change.MaxTime)
	case ID:
		rule = schema.Hash()
	case Members:
		return schema.MemberMap(change.MaxTime)
	}
	if f.First {
		rule = rule.Frozen()
	}
	if f.Each > 0 {
		rule = rule.Each(f.Each)
	}
	if f.Rules > 0 {
		rule = rule.Since(f.Rules)
	}
	if f.Closes {
		rule = rule.Closing()
	}
	return rule
}

// Name returns the name by which answers have it.
func (f *Field) Name() string {
	if f.As != "" {
		return f.As
	}
	return f.Key
}

// Flag returns the name of its flag.
func (f *Field) Flag() string { return strings.ReplaceAll(f.Key, "_", "-") }

// Called returns what it is called in a form, and in messages.
func (f *Field) Called() string {
	if f.Label != "" {
		return f.Label
	}
	return strings.ReplaceAll(f.Key, "_", " ")
}

// About returns in half a sentence what it says: "when it is due". Behind it the hint has only how it is typed.
func (f *Field) About() string {
	if f.Hint == "" {
		return f.Called()
	}
	if end := strings.IndexAny(f.Hint, ",:;"); end > 0 {
		return f.Hint[:end]
	}
	return f.Hint
}

// Placeholder returns what stands for its value in help; "" for a Flag.
func (f *Field) Placeholder() string {
	if f.Var != "" {
		return f.Var
	}
	switch f.Is {
	case Flag:
		return ""
	case Day, Moment:
		return "DATE"
	case Hours:
		return "H"
	case Ref:
		return "ID"
	case Version:
		return "HEAD"
	case Members:
		return "MEMBER"
	}
	return "T"
}

// IsMany says whether an argument of it is a list.
func (f *Field) IsMany() bool { return f.Is == Members || f.Is == Tags || f.Is == Lines }

// Str returns what a view holds in it: a string, or what stands where none was written. It is "" for numbers.
func (f *Field) Str(v *View) string {
	s := v.Fields[f.Key].Str()
	if s == "" && len(f.Words) > 0 {
		return f.Words[0]
	}
	return s
}

// Int returns the number that a view holds in it: minutes, or milliseconds; 0 if there is none.
func (f *Field) Int(v *View) int64 { return v.Fields[f.Key].Int() }

// Has says whether a view holds it.
func (f *Field) Has(v *View) bool {
	is := v.Fields[f.Key]
	return is.Str() != "" || is.Int() != 0 || is.Bool()
}

// All returns what a member says in a family, by name.
func (f *Field) All(said Values) Values {
	out := Values{}
	for key, v := range said {
		if name, ok := strings.CutPrefix(key, f.Key+"/"); ok {
			out[name] = v
		}
	}
	return out
}

// The arguments that verbs of several kinds take, and what every document has.
var (
	Title = &Field{Key: schema.Title, Is: Line, Max: schema.MaxTitle, Hint: "the title", Var: "TITLE", Needs: true}
	Body  = &Field{Key: schema.Text, Is: Text, Hint: "the text; - reads stdin"}
	Tag   = &Field{Key: "tag", Is: Tags, Hint: "a tag", Fact: TagFact}
	Untag = &Field{Key: "untag", Is: Tags, Hint: "take away a tag", Fact: TagFact}
	Why   = &Field{Key: "why", Is: Reason, Hint: "the reason"}
	Whom  = &Field{Key: "members", Is: Members, Hint: "who is asked"}
	Head  = &Field{Key: "head", Is: Version, Hint: "the version"}
	// Seen is the revision that somebody answers to: see Verb.Answers.
	Seen = &Field{Key: "revision", Is: Line, Hint: "the revision that I read; without it, the one that I was shown last", Var: "R", Needs: true}
)
