package crdt

import (
	"strings"

	"github.com/automerge/automerge-go"

	"kith/crdt/change"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/schema"
)

// Continued reads the present state of a document for a fresh one of the same space that continues it, without its history. What
// members said in it of themselves stays there: nobody says it for them. What can't go on as what it is, such as a decision
// that is closed, or an agreement, goes on as a note that says how it stood. cut says that not all of its text found room.
func Continued(v *View) (c Copied, cut bool, err error) { return continued(v, false) }

// continued is Continued, in which an agreement goes on as one if the old one isn't to be there any more.
func continued(v *View, inPlace bool) (c Copied, cut bool, err error) {
	k := kinds.All.Named(v.Kind)
	if k == nil || k.Single || k == kinds.Ask || k == kinds.Ally {
		return c, false, invalid("what is of the kind %q can't be continued", v.Kind)
	}
	if k.Share != nil && (inPlace || k != kinds.Agreement) {
		if c, err = CopyOf(v, false, asItIs); err != nil {
			return c, false, err
		}
	} else {
		c = Copied{Kind: kinds.Note, Title: v.Title, Text: v.Text, Tags: v.Tags}
	}
	switch {
	case c.Kind == k:
		for _, f := range k.Fields {
			if value, ok := v.Fields[f.Key]; ok && (f.Stays || f.Is == kind.Ref) {
				c.Put(f, value)
			}
		}
	default:
		c.Text = below(v.Text, (&Carrying{Plain: asItIs}).was(k, v))
	}
	// What others wrote needn't be what a command would take.
	fields := kind.Args{}
	for _, f := range c.Kind.Fields {
		if c.Has(f) {
			if fit, ok := f.Fit(c.Value(f)); ok {
				fields.Put(f, fit)
			}
		}
	}
	text := kind.FitText(c.Text)
	cut = text != c.Text
	c.Text, c.Args, c.Tags = text, fields, kind.FitTags(c.Tags)
	if c.Title = kind.FitLine(c.Title, kind.MaxLine); c.Title == "" {
		c.Title = "Without a title"
	}
	return c, cut, nil
}

func asItIs(s string) string { return s }

// TakenOut stands where words were taken out.
const TakenOut = "[…]"

// ContinuedWithout is Continued for one that is then forgotten: without some words, which are taken out wherever people wrote them; "": with all
// that stands in it now. found says that they stood there. There is an error where other words would say something else, or nothing, as in an amount or
// a day, and where more would be lost than these.
func ContinuedWithout(v *View, part string) (c Copied, found bool, err error) {
	k := kinds.All.Named(v.Kind)
	if k != nil && k.Mine {
		return c, false, invalid("in what somebody says of themselves no part is forgotten alone: keep what is needed of it, forget it whole, and say that once more")
	}
	c, cut, err := continued(v, true)
	if err != nil {
		return c, false, err
	}
	if cut || c.Kind != k && k.Share == nil {
		return c, false, invalid("not all that it says finds room in a fresh one: begin another by hand, and forget this one whole")
	}
	if part == "" {
		return c, true, nil
	}
	out := func(s string) string {
		found = found || strings.Contains(s, part)
		return strings.ReplaceAll(s, part, TakenOut)
	}
	fields, tags := kind.Args{}, []string{}
	for _, f := range c.Kind.Fields {
		value := c.Value(f)
		switch is := value.Kind == change.StrKind && strings.Contains(value.Str(), part); {
		case !c.Has(f):
		case !is:
			fields.Put(f, value)
		case f.Is != kind.Line && f.Is != kind.Reason || f.Reads != nil:
			return c, false, invalid("these words stand in it as %s: change that first", f.Called())
		default:
			if fit, ok := f.Fit(change.StrValue(out(value.Str()))); ok {
				fields.Put(f, fit)
			}
		}
	}
	for _, t := range c.Tags {
		if is := strings.Contains(t, part); !is {
			tags = append(tags, t)
		} else {
			found = true
		}
	}
	c.Title, c.Text, c.Tags, c.Args = kind.FitLine(out(c.Title), kind.MaxLine), kind.FitText(out(c.Text)), tags, fields
	return c, found, nil
}

// Continue creates a document as e does, as the one that continues another, which is named by its ID with its letters. before are those that the other
// continues, if it is to be forgotten: who looks for one of them is led on all the same.
func Continue(e Edit, id, before string) Edit {
	for _, one := range strings.Fields(before) {
		if len(id)+1+len(one) <= schema.MaxContinues {
			id += " " + one
		}
	}
	return func(am *automerge.Doc, v *View) error {
		if err := e(am, v); err != nil {
			return err
		}
		return am.RootMap().Set(schema.Continues, id)
	}
}
