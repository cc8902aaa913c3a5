package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"kith/crdt/kind"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

// document is a document as the daemon tells of it: all of it as JSON, what every kind has, and the rest by name.
type document struct {
	api.Document
	fields kind.Answer
	raw    json.RawMessage
}

func readDocument(raw json.RawMessage) (document, error) {
	d := document{raw: raw}
	if err := json.Unmarshal(raw, &d.Document); err != nil {
		return d, fmt.Errorf("read the answer: %w", err)
	}
	if err := json.Unmarshal(raw, &d.fields); err != nil {
		return d, fmt.Errorf("read the answer: %w", err)
	}
	return d, nil
}

// documentOf asks for a document of a kind.
func documentOf(ctx context.Context, d *client.Client, of *kind.Kind, id string) (document, error) {
	raw, err := d.Document(ctx, of.Many, id)
	if err != nil {
		return document{}, err
	}
	return readDocument(raw)
}

// readList reads what a list answers.
func readList(raw json.RawMessage) ([]document, error) {
	var each []json.RawMessage
	if err := json.Unmarshal(raw, &each); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return readDocuments(each)
}

func readDocuments(each []json.RawMessage) ([]document, error) {
	all := make([]document, len(each))
	for i, one := range each {
		var err error
		if all[i], err = readDocument(one); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// layouts are how documents are shown of which a picture says more than a list of fields: those of other kinds are
// shown by showPlain.
var layouts = map[string]func(*call, document){
	"task":      (*call).showTask,
	"project":   (*call).showProject,
	"intake":    (*call).showIntake,
	"decision":  (*call).showDecision,
	"pulse":     (*call).showPulse,
	"agreement": (*call).showAgreement,
	"newcomer":  (*call).showNewcomer,
}

// showPlain shows a document by what its kind declares.
func (c *call) showPlain(of *kind.Kind, d document) {
	c.out.println(c.title(d.Document))
	var facts, lines []string
	for _, s := range of.Shows {
		if s.Name == kind.Seen.Key { // for scripts
			continue
		}
		says := ""
		switch v := d.fields[s.Name].(type) {
		case string:
			says = v
			switch s.Is {
			case kind.Day, kind.Moment:
				says = c.when(v)
			case kind.Ref:
				says = c.known(v)
			}
		case float64:
			switch {
			case v == 0:
			case s.Is == kind.Hours:
				says = kind.MinutesOf(v).Words()
			default:
				says = strconv.FormatFloat(v, 'g', -1, 64)
			}
		case bool:
			if v {
				says = "yes"
			}
		case []any:
			says = strings.Join(holders(d.fields, s.Name), ", ")
		}
		switch {
		case says == "":
		case s.Is == kind.Word:
			facts = append(facts, statusWord(oneLine(says, maxCell)))
		default:
			lines = append(lines, because(shownAs(of, s), says))
		}
	}
	if facts = append(facts, tagWords(d.Tags)...); len(facts) > 0 {
		c.out.println(strings.Join(facts, " · "))
	}
	for _, line := range lines {
		c.out.println(line)
	}
	c.shared(d.Document)
	c.out.text(d.fields.Str("text"))
	c.footer(d.Document)
}

// shownAs is what a field of an answer is called.
func shownAs(of *kind.Kind, s *kind.Shown) string {
	for _, f := range of.Fields {
		if f.Name() == s.Name {
			return f.Called()
		}
	}
	return cmp.Or(derivedWords[s.Name], strings.ReplaceAll(s.Name, "_", " "))
}

// derivedWords are what people call what is no field of a document, where its name is for programs.
var derivedWords = map[string]string{
	"filled_apart": "filled twice at once", "named_apart": "named twice at once", "order": "in the rotation, next first", "refused": "said no, or put it back",
	"projects_apart": "projects that two made of it at once", "said_apart": "said differently at once",
}

// known is how people know a document: its short ID and title. One of which a part was forgotten is what goes on of it, and one that isn't here stays the ID that it is.
func (c *call) known(id string) string {
	if id == "" {
		return ""
	}
	client, err := c.api()
	if err != nil {
		return id
	}
	found, err := client.Find(c.Context.Context, "", id, 1)
	if err != nil || len(found) == 0 {
		f, err := client.Forgetting(c.Context.Context, id, false)
		switch {
		case err == nil && f.GoesOn != nil: // a part of it was forgotten
			return refers(*f.GoesOn)
		case err == nil && f.State == api.Forgotten:
			return kind.StartOf(id) + "  (forgotten)"
		}
		return kind.StartOf(id)
	}
	return found[0].Short + "  " + oneLine(found[0].Title, maxCell)
}

// title is the first line of a document.
func (c *call) title(d api.Document) string {
	return d.Short + "  " + c.out.strong(c.out.isolate(oneLine(d.Title, 4*api.MaxTitle)))
}

func tagWords(tags []string) []string {
	var words []string
	for _, t := range tags {
		words = append(words, "#"+oneLine(t, 40))
	}
	return words
}

// refers is how another document is named in a line.
func refers(r api.Other) string { return r.Short + "  " + oneLine(r.Title, maxCell) }

// footer is the last line of a document.
func (c *call) footer(d api.Document) {
	c.apart(d)
	if d.Continues != nil {
		c.out.println("\ncontinues " + refers(*d.Continues))
	}
	for _, r := range d.ContinuedBy {
		c.out.println("\ngoes on in " + refers(r) + ", by " + name(r.By))
	}
	for _, says := range d.Told {
		c.out.println("\n" + says)
	}
	if a := d.Archived; a != nil {
		c.out.println("\nput away by " + name(a.By) + " " + c.ago(a.At) + "; to bring it back: kith archive " + d.Short + " --undo")
	}
	line := "made by " + name(d.CreatedBy) + " " + c.ago(d.CreatedAt)
	if !d.UpdatedAt.Equal(d.CreatedAt.Time) || d.UpdatedBy != d.CreatedBy {
		line += ", last changed by " + name(d.UpdatedBy) + " " + c.ago(d.UpdatedAt)
	}
	if d.Remarks > 0 {
		line += "; " + count(d.Remarks, "remark") + ": kith talk " + d.Short
	}
	c.out.println("\n" + c.out.faint(line))
}

// holders names those of a list, and says of whom it isn't known yet whether they hold what they are named for.
func holders(a kind.Answer, key string) []string {
	names := a.Names(key)
	if key == "asked" || key == "refused" {
		return names
	}
	for i, one := range a.List(key) {
		if accepted, holds := one["accepted"].(bool); holds && !accepted {
			names[i] += " (hasn't said yes yet)"
		}
	}
	return names
}

// called is the name of a member in an answer.
func called(a kind.Answer, key string) string { return oneLine(a.In(key).Str("name"), 40) }

// allCalled are the names of members in an answer.
func allCalled(a kind.Answer, key string) (out []string) {
	for _, n := range a.Names(key) {
		out = append(out, oneLine(n, 40))
	}
	return out
}
