package kind

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/schema"
)

// Remark is what a member says about a document, beside what stands in it: the thread of a document is all of them, in an
// order in which each comes behind those that its writer had read.
type Remark struct {
	By      charter.MemberID
	Name    string             // of one of theirs: see NewName
	Text    string             // "": they took it back
	To      string             // the remark that it answers: see Remark.ID; "" if none
	For     []charter.MemberID // who is named in it, by member
	At      Time               // when it was first said, by the clock of who did
	Changed Time               // when it was said otherwise, the last time; 0: never
}

// ID names a remark among all of a document.
func (r *Remark) ID() string { return r.By.String() + "/" + r.Name }

// remark is the value of by:<member>/talk/NAME.
type remark struct {
	Text string   `json:"text"`
	To   string   `json:"to,omitempty"`
	For  []string `json:"for,omitempty"`
}

// maxFor bounds how many are named in one remark.
const maxFor = 50

var (
	// TalkTo is the remark that one answers, and TalkAgain the one of one's own that is said otherwise: the end of its ID, or the start of that.
	TalkTo    = &Field{Key: "answer", Is: Line, Hint: "the remark that it answers", Var: "R"}
	TalkAgain = &Field{Key: "instead", Is: Line, Hint: "my remark in whose place it stands; with no text it is taken back", Var: "R"}
	// TalkFor are those who are named in the text. Whoever knows names fills it in: it isn't typed.
	TalkFor = &Field{Key: "for", Is: Members}

	// TalkField is what a member says in it.
	TalkField = &Field{
		Key: schema.Talk, Is: JSON, Each: schema.MaxTalk, Hint: "what they say about it", Log: talked,
		Form: `JSON {"text","to":"m-…/NAME","for":["m-…"]}: the remark that it answers, and who is named in it; "" is taken back`, // see remark
	}
)

// Talk is the verb that documents of every kind have: to say something about it.
var Talk = &Verb{
	Name: "talk", Gist: "say something about it", Text: May, With: []*Field{TalkTo, TalkAgain}, Do: talk,
	Examples: []string{`kith talk n-2m7d --text "@Ben, is this still so?"`},
}

// ReadRemark reads what a member has written under a name of their talk; ok is false if it says nothing.
func ReadRemark(v change.Value) (r Remark, ok bool) {
	var said remark
	if json.Unmarshal([]byte(v.Str()), &said) != nil {
		return r, false
	}
	r.Text, r.To, r.For = said.Text, said.To, []charter.MemberID{}
	for _, word := range said.For[:min(len(said.For), maxFor)] {
		if m, err := charter.ParseMemberID(word); err == nil && !slices.Contains(r.For, m) {
			r.For = append(r.For, m)
		}
	}
	return r, true
}

// NewName gives what the author writes now, in a family, a name that nothing else of theirs has: it follows from what is
// written, when, and after what.
func (d *Draft) NewName(words string) string {
	h := sha256.New()
	h.Write([]byte("kith/name/1\x00" + d.Now.UTC().Format("20060102150405.000000") + "\x00" + words + "\x00"))
	if d.View != nil {
		for _, head := range d.Heads {
			h.Write(head[:])
		}
	}
	return strings.ToLower(nameLetters.EncodeToString(h.Sum(nil)[:10]))
}

var nameLetters = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// talk says something about a document, or something else in its place.
func talk(d *Draft) error {
	said := remark{For: d.Asks.All(TalkFor)}
	if d.Asks.Text != nil {
		said.Text = strings.TrimSpace(d.Asks.Text.Text)
	}
	again, to := d.Asks.Str(TalkAgain), d.Asks.Str(TalkTo)
	name := ""
	switch {
	case again != "":
		r, err := d.remarkAt(again)
		switch {
		case err != nil:
			return err
		case r.By != d.Author:
			return NotAllowed("answer it: kith talk ID --answer "+again+" --text TEXT", "these are %s's words: nobody else can change them", d.Name(r.By))
		case to != "":
			return Invalid("what it answers stays as it was")
		}
		name, said.To = r.Name, r.To
	case said.Text == "":
		return Missing(`kith talk ID --text TEXT`, "there is nothing to say")
	case to != "":
		r, err := d.remarkAt(to)
		if err != nil {
			return err
		}
		said.To = r.ID()
	}
	if len(said.For) > maxFor {
		return &LimitError{What: "the text", Got: len(said.For), Limit: maxFor, Unit: "people named"}
	}
	b, err := json.Marshal(said)
	if err != nil {
		return err
	}
	if err := CheckReason("what you say", string(b)); err != nil {
		return err
	}
	if name == "" {
		name = d.NewName(string(b))
		if n := d.countOwn(); n >= schema.MaxTalk {
			return &LimitError{What: "this thread", Got: n + 1, Limit: schema.MaxTalk, Unit: "remarks of one member", Advice: "go on in a note"}
		}
	}
	d.SayOf(TalkField, name, change.StrValue(string(b)))
	return nil
}

func (d *Draft) countOwn() (n int) {
	for i := range d.Talk {
		if d.Talk[i].By == d.Author {
			n++
		}
	}
	return n
}

// remarkAt finds a remark by the start of its name.
func (d *Draft) remarkAt(start string) (*Remark, error) {
	start = strings.ToLower(strings.TrimSpace(start))
	var found []*Remark
	for i := range d.Talk {
		if strings.HasPrefix(d.Talk[i].Name, start) {
			found = append(found, &d.Talk[i])
		}
	}
	switch len(found) {
	case 0:
		return nil, &InvalidError{Why: "no remark here is called “" + brief(start) + "”", Hint: "all of them: kith talk ID"}
	case 1:
		return found[0], nil
	}
	return nil, &InvalidError{Why: "more than one remark here begins with “" + brief(start) + "”", Hint: "type more of it"}
}

// MentionsOf names what in a thread is for a member and wasn't taken back: all of it, as one mark that changes with it. "" if
// there is nothing.
func MentionsOf(talk []Remark, m charter.MemberID) (mark string, all []*Remark) {
	var parts []string
	for i := range talk {
		r := &talk[i]
		if r.Text == "" || r.By == m || !slices.Contains(r.For, m) {
			continue
		}
		all = append(all, r)
		parts = append(parts, r.ID(), r.Text)
	}
	if len(all) == 0 {
		return "", nil
	}
	return revision("kith/mentions/1", parts...), all
}

// NamedIn finds whom a text names with an @. names gives how many words of what stands behind one are a name, and which; 0: none
// are. Whom nobody knows is in unknown. An @ inside a word, as in an address of mail, names nobody.
func NamedIn(text string, names func(words []string) int) (unknown []string) {
	before := ' '
	for i, r := range text {
		if r == '@' && !unicode.IsLetter(before) && !unicode.IsDigit(before) && before != '.' {
			words := strings.Fields(firstLine(text[i+1:]))
			starts, _ := utf8.DecodeRuneInString(text[i+1:])
			if len(words) > 0 && !unicode.IsSpace(starts) && names(words[:min(len(words), maxNameWords)]) == 0 {
				unknown = append(unknown, words[0])
			}
		}
		before = r
	}
	return unknown
}

// maxNameWords bounds the words of a name that is looked for behind an @.
const maxNameWords = 6

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

func talked(v change.Value, _ bool) (verb, to string) {
	r, ok := ReadRemark(v)
	switch {
	case !ok:
		return "", ""
	case r.Text == "":
		return "took back what they had said", ""
	}
	return "said", r.Text
}
