package crdt

import (
	"fmt"
	"strings"

	"github.com/automerge/automerge-go"

	"kith/crdt/change"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/schema"
)

// Carrying is how a document of one co-op is carried into another one that somebody founded from it. All is as names: who
// wrote there is no member here, and has signed nothing of the copy.
type Carrying struct {
	By   string // who carries it, and alone answers for the copy
	From string // the co-op that it was in

	Begun string   // who began it there
	At    Time     // and when, by their clock
	Wrote []string // who wrote in it there
	Put   string   // who put it away; "": it is in the lists

	// Named gives what somebody is called who said something of it.
	Named func(*kind.Remark) string
	// Plain makes of each of its texts what it is to be here.
	Plain func(string) string
}

// Carried is how a document begins in the co-op that it is carried into.
type Carried struct {
	Copied
	Shortened bool // not all of its words found room
}

// CarryOf reads the present state of a document for a co-op that somebody founds from its own. Nobody's word is carried as
// theirs: what members said of it (who has it, positions, consents, what an agreement was) stands in the text as what the
// carrier says, or not at all. Notes, tasks, projects, requests and open decisions go on as what they are; all else, and
// whatever doesn't fit its kind any more, is a note. Whatever somebody wrote there, it fits here. ok is false for what
// belongs to that co-op alone: its pacts, shares and porches, and what its members say of themselves.
func CarryOf(v *View, c Carrying) (out Carried, ok bool) {
	k := kinds.All.Named(v.Kind)
	if k == nil || k == kinds.Ask || k == kinds.Ally || k == kinds.Porch || k == kinds.Profile || k == kinds.Pulse {
		return out, false
	}
	plain := *v
	plain.Talk = nil
	copied, err := CopyOf(&plain, false, c.Plain)
	// An agreement is what that co-op agreed on: this one hasn't.
	if err != nil || k == kinds.Agreement || k.Share.May != nil && k.Share.May(v) != nil {
		copied = Copied{Kind: kinds.Note, Title: c.Plain(v.Title), Text: c.Plain(v.Text)}
		for _, t := range v.Tags {
			copied.Tags = append(copied.Tags, c.Plain(t))
		}
	}
	if copied.Kind != k {
		copied.Text = below(copied.Text, c.was(k, v))
	}
	fields := kind.Args{}
	for _, f := range copied.Kind.Fields {
		if !copied.Has(f) {
			continue
		}
		fit, ok := f.Fit(copied.Value(f))
		if ok && fit.Kind == change.StrKind && f.Is != kind.JSON {
			_, err := f.Clean(fit.Str())
			ok = err == nil
		}
		if ok {
			fields.Put(f, fit)
		} else {
			copied.Text = below(copied.Text, "- "+f.Called()+": "+f.Said(copied.Value(f)))
		}
	}
	title := kind.FitLine(copied.Title, kind.MaxLine)
	if out.Shortened = title != copied.Title; title == "" {
		title = "Without a title"
	}
	out.Copied = Copied{Kind: copied.Kind, Title: title, Tags: kind.FitTags(copied.Tags), Args: fields}
	out.Shortened = out.Shortened || len(out.Tags) != len(copied.Tags)
	text, cut := c.withOrigin(copied.Text, v)
	out.Text, out.Shortened = text, out.Shortened || cut
	return out, true
}

// was says what a document was that is a note here: of what kind, how it stood, and what stood in its fields.
func (c *Carrying) was(k *kind.Kind, v *View) string {
	says := fmt.Sprintf("It was of the kind %s", k.Name)
	if k.State != nil {
		if state := k.State(v); state != "" {
			says += ", and stood as " + state
		}
	}
	says += "."
	for _, f := range k.Fields {
		if said := f.Said(v.Fields[f.Key]); said != "" && f.Is != kind.JSON {
			says += "\n- " + f.Called() + ": " + c.Plain(said)
		}
	}
	return says
}

// maxOrigin bounds what is said of where a document comes from, in characters, with what was said about it: a text has room for
// it in most cases, and what doesn't fit stays in the co-op that it comes from.
const maxOrigin = 20_000

// withOrigin puts below a text where it comes from. That is last, and never the part that is left out.
func (c *Carrying) withOrigin(text string, v *View) (out string, cut bool) {
	says := fmt.Sprintf("—\nCarried here by %s from “%s”, where %s began it on %s.", c.By, c.From, c.Begun, v.CreatedAt.Time().UTC().Format("2 January 2006"))
	if len(c.Wrote) > 0 {
		says += " Written there by " + strings.Join(c.Wrote, ", ") + "."
	}
	if c.Put != "" {
		says += " Put away there by " + c.Put + "."
	}
	says += fmt.Sprintf(" Here %s alone has signed it: who wrote what is as %[1]s says.", c.By)
	if runes(says) > maxOrigin/2 {
		says, cut = string([]rune(says)[:maxOrigin/2-1])+"…", true
	}
	for i := range v.Talk {
		r := &v.Talk[i]
		if r.Text == "" {
			continue
		}
		said := fmt.Sprintf("\n\n%s said there on %s:\n%s", c.Named(r), r.At.Time().UTC().Format("2 January 2006"), c.Plain(r.Text))
		if runes(says)+runes(said) > maxOrigin {
			cut = true
			break
		}
		says += said
	}
	says = kind.FitText(says)
	clean := kind.FitText(text)
	if room := kind.MaxText - runes(says) - len("\n\n"); runes(clean) > room {
		clean = string([]rune(clean)[:room])
	}
	return strings.TrimLeft(clean+"\n\n", "\n") + says, cut || clean != text
}

// Begin creates the copy; at is when it is put away, if it was: zero if not.
func (c Carried) Begin(at Time) Edit {
	begin := c.Copied.Begin()
	return func(am *automerge.Doc, v *View) error {
		if err := begin(am, v); err != nil || at == 0 {
			return err
		}
		d := newDraft(am)
		d.set(schema.Archived, change.IntValue(int64(at)))
		return d.write()
	}
}

// Reword puts into title and text of a document what plain makes of them, and beside that values of its fields, by key.
func Reword(plain func(string) string, also kind.Values) Edit {
	return func(am *automerge.Doc, v *View) error {
		title, text := plain(v.Title), plain(v.Text)
		asks := kind.Request{}
		if title != v.Title {
			asks.Title = &title
		}
		if text != v.Text {
			asks.Text = &kind.Writing{Text: text}
		}
		if err := asks.Clean(nil); err != nil {
			return err
		}
		d := newDraft(am)
		if err := d.edit(&asks); err != nil {
			return err
		}
		for key, value := range also {
			d.set(key, value)
		}
		return d.write()
	}
}
