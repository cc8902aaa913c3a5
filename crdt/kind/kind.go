package kind

import (
	"slices"
	"strings"
	"time"

	"kith/crdt/charter"
	"kith/crdt/schema"
)

// Kind is one kind of document.
type Kind struct {
	Name    string // "task": in a creation header, the noun of its commands
	Many    string // "tasks": the path of the API; "" for one that has no commands, lists and paths of its own
	Letters string // one to three, before its IDs: "t"
	Gist    string // "things to do"
	View    int    // raised when the same document gives another view

	Fields []*Field    // what anybody may write, in the order of a form
	Own    []*Field    // what each member says, of themselves alone
	Derive *Derivation // what follows from who wrote what; nil: nothing does
	Counts bool        // that depends on who is a full member
	Mine   bool        // a document is of who made it: nobody else writes in it
	Single bool        // and each member has one; it has the fact OfFact with its member, and can be named by them
	// Present is the filter of those that go on: where one document alone does, a command needs no ID of it; "": it always does.
	Present string
	State   func(*View) string // how it stands, in one word: "open"; nil: it doesn't stand in any way

	Shows    []*Shown             // what programs read, in this order, behind the header and text
	Facts    func(*View, *Facts)  // by what lists, today and completion find it without its view; every document has its tags
	Finds    []*Filter            // what its list can be asked for, beside a tag
	Orders   []*Order             // of its list, beside updated (the default), created and title
	Lists    []*List              // that are commands of their own
	Columns  []*Column            // of its list, between ID and TITLE and the end of the line
	Searched func(*View) []string // what people wrote into it beside title, text, tags, and fields of type Line and Reason: see Words
	Today    []*Wait              // what in it waits for somebody
	Examples Examples

	// Answered are the fields that answers are to, beside title and text: who accepts a task accepts its hours and its day.
	Answered []*Field

	// Asked is what answers are to beside title and text where that isn't a field; nil: nothing.
	Asked *Asked

	Make, Edit *Verb // how it is begun, and what a change of its fields asks for
	Verbs      []*Verb
	Spoken     func(*Draft) // what else is written when somebody says something about it (see Talk); nil: nothing
	Share      *Share       // nil: it stays at home
}

// Table returns what every replica holds the changes of its documents against.
func (k *Kind) Table() *schema.Kind {
	root, own := map[string]schema.Field{}, map[string]schema.Field{}
	for _, f := range k.Fields {
		root[f.Key] = f.rule()
	}
	for _, f := range k.Own {
		own[f.Key] = f.rule()
	}
	table := schema.New(k.Name, root, own)
	if k.Mine {
		table = table.OfOne()
	}
	return table
}

// Field returns the field with a key; nil if there is none. What members say of themselves isn't among them.
func (k *Kind) Field(key string) *Field {
	switch key {
	case archivedField.Key:
		return archivedField
	case settledField.Key:
		return settledField
	}
	return find(k.Fields, key)
}

// FieldCalled returns what a field with a key is called where something is said about it, the title and the text among them.
func (k *Kind) FieldCalled(key string) string {
	if key == Title.Key || key == Body.Key {
		return "the " + key
	}
	if f := k.Field(key); f != nil {
		return f.Called()
	}
	return strings.ReplaceAll(key, "_", " ")
}

// Said returns what members say of themselves under a key; nil if there is no such thing.
func (k *Kind) Said(key string) *Field {
	if key == TalkField.Key {
		return TalkField
	}
	return find(k.Own, key)
}

// Words returns what people wrote into a document beside its title, text and tags, and what they say about it.
func (k *Kind) Words(v *View) (words []string) {
	for _, f := range k.Fields {
		if s := f.Str(v); s != "" && (f.Is == Line || f.Is == Reason) {
			words = append(words, s)
		}
	}
	if k.Searched != nil {
		words = append(words, k.Searched(v)...)
	}
	for i := range v.Talk {
		words = append(words, v.Talk[i].Text)
	}
	return words
}

// Verb returns the verb of that name; nil if there is none.
func (k *Kind) Verb(name string) *Verb {
	for _, v := range k.Verbs {
		if v.Name == name {
			return v
		}
	}
	return nil
}

// Sorts returns the orders that its list can be asked for, the default first.
func (k *Kind) Sorts() []*Order { return append(append([]*Order{}, everyOrder...), k.Orders...) }

// Filters returns what its list can be asked for.
func (k *Kind) Filters() []*Filter {
	return append(append([]*Filter{}, k.Finds...), withTag, begunBy, Away)
}

func find(fields []*Field, key string) *Field {
	for _, f := range fields {
		if f.Key == key {
			return f
		}
	}
	return nil
}

// Need says whether something has to be given.
type Need int

const (
	No Need = iota // and can't be
	May
	Must
)

// Asked is a part of what answers are to, by name, and what it says.
type Asked struct {
	Part string
	Says func(*View) string
}

// Examples are those of the commands that every kind has.
type Examples struct{ List, Show []string }

// Verb is one thing that a person does with a document: a command, a request, a button.
type Verb struct {
	Name string
	Gist string   // "take it on"
	More string   // what else its help says; ""
	Args []*Field // words behind the ID, in this order: kith task ask ID MEMBER…; the last may be many
	With []*Field // flags
	Some bool     // one of the flags at least
	// Promises says that who does it takes on what stands there: if it was changed since they were shown it, they are told, and say it
	// again. Unlike an answer it can be given to what was never shown: who takes something on without looking takes what there is.
	Promises bool

	// Ways, if there are any, are the words of the field By, each a command of its own: kith decision object. The
	// request is one for all, POST …/position with the word in it.
	By   *Field
	Ways []*Way

	Text  Need   // --text: for Make and Edit the document's own, which Edit always may
	Opens bool   // without --text, on a terminal, the text opens in an editor
	Why   Need   // --why
	Act   string // "dropping a task", what needs a reason if Why is Must
	Undo  bool   // --undo: not any more; no reason is needed for it
	// Contrary is the verb by which something else is said in the place of what it said, to who can't take it back any more; "": that is
	// what Undo does, or nothing does it.
	Contrary string
	Home     bool               // what it writes names other documents of the co-op: it is said at home, also of one that goes on in a share
	Live     func(*View) error  // why it makes no sense now; nil: it always does. It is offered only where it does
	Do       func(*Draft) error // what it writes
	// Calls is, of Make, the title where none is said; nil: one is needed, or it is the name of whom the first of Args names.
	Calls func(time.Time) string
	// Alone is, of Make, what a document has beside which no other of the kind is begun here, by what it is begun with; nil: there may be
	// as many as one likes.
	Alone func(*Args) Want
	// Present is Kind.Present of this verb, if what it is done to isn't what goes on; "": that of the kind.
	Present string
	Tells   func(*View) string // what who did it has to know then, of the document as it is; nil, or "": nothing

	Examples []string
}

// Titled says whether what it makes needs a title that somebody gives it.
func (v *Verb) Titled() bool { return v.Calls == nil && len(v.Args) == 0 }

// Answers says whether it answers to what somebody has read: they say to which revision, and it counts for no other.
func (v *Verb) Answers() bool { return slices.Contains(v.With, Seen) }

// Way is one word of a verb.
type Way struct {
	Name     string // as in the words of the field
	Gist     string
	Why      Need
	Act      string // "an objection": see Verb.Act
	Examples []string
}

// Filter is one thing that a list can be asked for: a fact that its documents have.
type Filter struct {
	Name   string // of the flag: "due-before"; in a request "due_before"
	Gist   string // "due before then"
	Fact   string // see Facts
	Takes  *Field // its value; nil: it is asked for or not
	Me     bool   // the fact is said of whoever asks
	Before bool   // what is found is said of an earlier day than the value
	Order  *Order // of what it finds, unless another is asked for; nil: the list's
}

// Order is an order of lists: by a fact, ascending, documents without it last. It has Fact "" where the order is by
// what every document has: updated and created, newest first, and title.
type Order struct {
	Name string
	Says string // what comes first, as the page offers it
	Fact string
}

var (
	// ByUpdate has what was changed last first. It is the order of a list that isn't asked for another.
	ByUpdate   = &Order{Name: "updated", Says: "what was changed last comes first"}
	ByCreation = &Order{Name: "created", Says: "the newest comes first"}
	ByTitle    = &Order{Name: "title", Says: "by title"}

	everyOrder = []*Order{ByUpdate, ByCreation, ByTitle}

	// Away finds what was put away, which no list has that isn't asked for it.
	Away = &Filter{Name: "archived", Gist: "that were put away", Fact: ArchivedFact}

	withTag = &Filter{Name: "tag", Gist: "with this tag", Fact: TagFact, Takes: Tag}
	begunBy = &Filter{Name: "from", Gist: "that they began", Fact: FromFact, Takes: &Field{Key: "from", Is: Members, Typed: 1, Hint: "who began it"}}
)

// List is a list that is a command of its own: what a filter with Before gives of today and all days before.
type List struct {
	Name, Gist string
	By         *Filter
	Examples   []string
}

// Wait is what waits for somebody, for kith today: the documents with all these facts.
type Wait struct {
	Key     string            // in the JSON
	Title   string            // "You are asked to take"
	Gist    string            // "tasks that I am asked to take", in the command's help
	Facts   []string          // behind the slash "me" stands for whoever asks, "gone" for whoever isn't a member any more, "here" for whoever is
	But     string            // and without this one; ""
	Before  string            // with this fact of today or a day before; ""
	Ahead   int               // Before takes so many days after today, too; -1: none but days before today
	Besides string            // what waits under this key is told there, and not here as well; ""
	Only    func(Answer) bool // and of which this is so; nil: all
	News    bool              // it doesn't come again to who was shown the document as it is
	Run     string            // the verb that it asks for, or "show"; "": what the title says
	Order   *Order            // nil: newest change first
	Says    func(Answer) Cell // what stands behind the title of each
	Who     func(Answer) any  // the member, as the answer has them, who did what it tells; nil: who made the document
	Anybody bool              // it waits for nobody in particular, and is told behind what does

	// SaysTo takes the place of Says where that hangs on who reads it, whose IDs are me, in all spaces.
	SaysTo func(a Answer, me map[string]bool) Cell
}

// Share says how documents of a kind go into a share with an ally: with all their fields but those that
// stay, and without what anybody says of themselves.
type Share struct {
	// May says why a document isn't shared; nil: all of them can be.
	May func(*View) error
	// Note says how it stands with a document that can't go on there: a note is made of it that ends with that. nil:
	// all of them go on. kept: only people of the side that shares it will write in it. plain makes of what people wrote what
	// may be read there.
	Note func(v *View, kept bool, plain func(string) string) (says string, ok bool)
	// Back is what is said behind the text of what comes back when the share is over; nil: nothing. name is what people were called there.
	Back func(v *View, name func(charter.MemberID) string) string
}
