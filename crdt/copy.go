package crdt

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/automerge/automerge-go"
	"golang.org/x/text/unicode/norm"

	"kith/crdt/schema"
)

// Copied is the present state of a document, as another document of its own begins: without its history, and
// without what anybody said, was asked or offered. plain makes of each of its texts what may be read there.
type Copied struct {
	Kind        string
	Title, Text string
	Tags        []string
	Task        TaskFields // of a task: what else it has
	Process     string     // of a decision, as the next two
	By, Review  string
}

// CopyOf reads the present state of a document for a copy. A decision that is closed, or that only one side
// is to write in, can't be decided there: the copy is a note that says how it stands.
func CopyOf(v *View, kept bool, plain func(string) string) Copied {
	c := Copied{Kind: v.Kind, Title: plain(v.Title), Text: plain(v.Text)}
	for _, t := range v.Tags {
		c.Tags = append(c.Tags, plain(t))
	}
	switch {
	case v.Task != nil:
		c.Task = TaskFields{
			Project: plain(v.Task.Project), Due: v.Task.Due, Minutes: v.Task.Minutes,
			Status: v.Task.Status, StatusWhy: plain(v.Task.StatusWhy),
		}
	case v.Decision != nil && (kept || v.Decision.Status != Open):
		c.Kind = KindNote
		c.Text = strings.TrimLeft(c.Text+"\n\n", "\n") + decided(v.Decision, plain)
	case v.Decision != nil:
		c.Process, c.By, c.Review = v.Decision.Process, v.Decision.By, v.Decision.ReviewOn
	}
	return c
}

// decided says how it stands with a decision, without who said what.
func decided(d *Decision, plain func(string) string) string {
	how := map[string]string{
		ProcessConsent: "by consent", ProcessConsensus: "by consensus", ProcessMajority: "by majority", ProcessAdvice: "by advice",
	}[d.Process]
	if d.Outcome == nil || d.Status == Open {
		return fmt.Sprintf("This is being decided %s.", how)
	}
	says := fmt.Sprintf("%s %s on %s.", strings.ToUpper(words(d.Status)[:1])+words(d.Status)[1:], how, d.Outcome.At.Time().UTC().Format("2 January 2006"))
	if d.Outcome.Text != "" {
		says += "\n\n" + plain(d.Outcome.Text)
	}
	if d.ReviewOn != "" {
		says += "\n\nIt is looked at again on " + d.ReviewOn + "."
	}
	return says
}

// Begin creates the copy.
func (c Copied) Begin() Edit {
	return func(am *automerge.Doc, v *View) error {
		switch c.Kind {
		case KindTask:
			f := c.Task
			f.Title, f.Text, f.Tags = c.Title, c.Text, c.Tags
			return NewTask(Time(0).Time(), f)(am, v) // it asks nobody
		case KindNote:
			return NewNote(NoteFields{Title: c.Title, Text: c.Text, Tags: c.Tags})(am, v)
		case KindDecision:
			d := newDraft(am)
			if err := d.create(c.Title, c.Text, c.Tags); err != nil {
				return err
			}
			d.do(func() error { return d.root.Set(schema.Process, c.Process) })
			if err := d.decisionDates(&c.By, &c.Review); err != nil {
				return err
			}
			return d.write()
		}
		return invalid("a document of kind %q can't be shared", c.Kind)
	}
}

// TakeBack brings what a document has become in a share, which is over, into the co-op's own, and ends the
// link to it. was is nil if what became of it isn't known. An ally may have written there what no command of Kith
// writes: of that comes back what fits, so that the document can be worked on whatever they wrote.
func TakeBack(was *View) Edit {
	return func(am *automerge.Doc, v *View) error {
		if was != nil && was.Kind == v.Kind {
			d := newDraft(am)
			text := was.Text
			if o := outcomeOf(was); o != nil {
				text = strings.TrimLeft(text+"\n\n", "\n") + decided(was.Decision, func(s string) string { return s })
			}
			c := Common{Title: fittingLine(was.Title, MaxTitle), Text: new(fittingText(text)), Tags: new(fittingTags(was.Tags))}
			if *c.Title == "" {
				c.Title = nil
			}
			if err := c.gather(d); err != nil {
				return err
			}
			switch {
			case was.Task != nil:
				minutes := min(was.Task.Minutes, MaxMinutes)
				if err := d.taskFields(fittingLine(was.Task.Project, MaxProject), fittingDate(was.Task.Due), &minutes); err != nil {
					return err
				}
				d.set(schema.Status, was.Task.Status)
				d.set(schema.StatusWhy, was.Task.StatusWhy)
			case was.Decision != nil:
				if err := d.decisionDates(fittingDate(was.Decision.By), fittingDate(was.Decision.ReviewOn)); err != nil {
					return err
				}
			}
			if err := d.write(); err != nil && !errors.Is(err, ErrNothingChanged) {
				return err
			}
		}
		return SetLink(nil)(am, v)
	}
}

// fittingLine makes of a text what is one line of so many characters.
func fittingLine(s string, chars int) *string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.TrimSpace(norm.NFC.String(s))
	for r := []rune(s); len(r) > chars || len(s) > MaxTitleBytes; {
		r = r[:min(len(r)-1, chars)]
		s = strings.TrimSpace(string(r))
	}
	return &s
}

// fittingText leaves out of a text what none may have in it.
func fittingText(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if r := []rune(s); len(r) > MaxText {
		s = string(r[:MaxText])
	}
	return s
}

func fittingTags(tags []string) (fit []string) {
	for _, t := range tags {
		if t, err := line("a tag", t, MaxTag, MaxTag); err == nil && t != "" && len(fit) < MaxTags {
			fit = append(fit, t)
		}
	}
	return fit
}

// fittingDate is nil, which leaves a date as it is, for one that no command writes.
func fittingDate(s string) *string {
	if _, err := checkDate("the date", s); err != nil {
		return nil
	}
	return &s
}

func outcomeOf(v *View) *Outcome {
	if v.Decision == nil || v.Decision.Status == Open {
		return nil
	}
	return v.Decision.Outcome
}
