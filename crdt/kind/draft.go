package kind

import (
	"encoding/json"
	"time"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
)

// Request is what a person asks of a document, clean: what goes into a share has nothing in it any more that stays
// at home.
type Request struct {
	Args
	// Figures are what agreements that hold say in numbers, by name: see kinds.Figures. Who answers the request sets it, for
	// what is begun.
	Figures map[string]string
	Title   *string // nil leaves it as it is
	Text    *Writing
	Tags    *[]string // all of them, in any order; nil: see the next
	Tag     []string  // to be added
	Untag   []string  // to be taken away
	Why     string
	Undo    bool
}

// Begin asks for a document with a title and a text.
func Begin(title, text string) Request {
	return Request{Title: &title, Text: &Writing{Text: text}}
}

// Writing is what somebody made of a text. They saw it as it was at the heads From, or else as Base, or else as it is.
type Writing struct {
	Text   string
	From   []change.Hash
	Base   *string
	Typing bool // it is told again and again while they type: see diff.Typing
}

// Draft gathers what a verb writes: nothing is written before all of it was found right. Title, text and tags are
// written as they are asked for, and so are the fields of Make and Edit; what else a verb does is for its Do.
type Draft struct {
	*View  // as it stands; nil while it is made
	Asks   Request
	Author charter.MemberID
	Now    time.Time
	Place  *time.Location                // where days end; nil: UTC
	Rules  uint64                        // the version of the shared rules that the co-op has agreed on
	Name   func(charter.MemberID) string // for a sentence
	Left   func(charter.MemberID) bool   // whether somebody was a member and isn't any more; nil: nobody
	Full   func(charter.MemberID) bool   // whether somebody is a full member; nil: nobody

	writes []Write
	then   []func(title, text string)
}

// Where is where days end.
func (d *Draft) Where() *time.Location {
	if d.Place == nil {
		return time.UTC
	}
	return d.Place
}

// Today is the day that it is there.
func (d *Draft) Today() string { return d.Now.In(d.Where()).Format(time.DateOnly) }

// Write is one thing to be written. One that is there already is left out.
type Write struct {
	Place  Place
	Field  *Field
	Key    string // in a map, or in a family
	Value  change.Value
	Anew   bool   // also where it is there already
	Append string // behind the text, as a paragraph of its own
}

// Place is where something is written.
type Place int

const (
	AtRoot Place = iota // a field of the document
	Own                 // what the author says
	InMap               // of a field that is a map
	AtEnd               // of the text
)

// Set writes a field.
func (d *Draft) Set(f *Field, v change.Value) {
	d.writes = append(d.writes, Write{Place: AtRoot, Field: f, Value: v})
}

// SetAnew writes a field, also where it has that value: it counts who wrote it.
func (d *Draft) SetAnew(f *Field, v change.Value) {
	d.writes = append(d.writes, Write{Place: AtRoot, Field: f, Value: v, Anew: true})
}

// Say writes what the author says of themselves.
func (d *Draft) Say(f *Field, v change.Value) {
	d.writes = append(d.writes, Write{Place: Own, Field: f, Value: v})
}

// SayJSON is Say with a value of several parts, which what names in the error if it is longer than a reason may be.
func (d *Draft) SayJSON(f *Field, what string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := CheckReason(what, string(b)); err != nil {
		return err
	}
	d.Say(f, change.StrValue(string(b)))
	return nil
}

// SayOf writes one of a family of what the author says of themselves, by its name.
func (d *Draft) SayOf(f *Field, name string, v change.Value) {
	d.writes = append(d.writes, Write{Place: Own, Field: f, Key: name, Value: v})
}

// Mark writes into a field that is a map.
func (d *Draft) Mark(f *Field, key string, v change.Value) {
	d.writes = append(d.writes, Write{Place: InMap, Field: f, Key: key, Value: v})
}

// Unmark takes back what stands in a field that is a map, also where somebody did that before: it counts who knew of what.
func (d *Draft) Unmark(f *Field, key string) {
	d.writes = append(d.writes, Write{Place: InMap, Field: f, Key: key, Value: change.IntValue(0), Anew: true})
}

// Append writes a paragraph behind the text.
func (d *Draft) Append(text string) {
	d.writes = append(d.writes, Write{Place: AtEnd, Append: text})
}

// Then does something once there is another title or text than before: a first one counts. It may Set and Say.
func (d *Draft) Then(do func(title, text string)) { d.then = append(d.then, do) }

// Offers says whether the co-op has agreed on the rules under which a field is there: its documents would freeze on
// computers with a Kith that doesn't know them.
func (d *Draft) Offers(f *Field) bool { return f.Rules <= max(d.Rules, entry.FirstRules) }

// Writes hands out what was gathered.
func (d *Draft) Writes() []Write {
	all := d.writes
	d.writes = nil
	return all
}

// HasMore says whether there is something to do once title and text are written.
func (d *Draft) HasMore() bool { return len(d.then) > 0 }

// More does that, and hands out what it gathers.
func (d *Draft) More(title, text string) []Write {
	for _, do := range d.then {
		do(title, text)
	}
	d.then = nil
	return d.Writes()
}
