package cli

import (
	"context"
	"encoding/json"
	"strings"

	"kith/crdt/kind"
	"kith/crdt/problem"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

// answersTo gives the revision of a document that somebody answers to: the one that they were shown last; "" for none,
// which the daemon refuses. On a terminal, if it isn't that any more, they are shown it and asked.
func (c *call) answersTo(ctx context.Context, d *client.Client, of *kind.Kind, id string) (string, error) {
	last, err := d.LastShown(ctx, of.Many, id)
	if err != nil || last.Revision == last.Now || !c.canEdit() || c.out.json {
		return last.Revision, err
	}
	doc, err := documentOf(ctx, d, of, id)
	if err != nil {
		return "", err
	}
	c.layout(of, doc)
	if last.Revision != "" {
		c.out.println("\n" + c.out.strong("Since you were shown it, "+c.ago(last.At)+":"))
		c.showChanges(last.Changed)
	}
	c.out.println()
	if err := d.NoteShown(ctx, of.Many, doc.ID, doc.Heads); err != nil {
		return "", err
	}
	yes, err := c.askYes("Is your answer to that?")
	if err == nil && !yes {
		err = api.Problemf(api.Changed, "", "nothing was said to %s", doc.Short)
	}
	return doc.fields.Str(kind.Seen.Key), err
}

// wrote ends a command that wrote a text: it shows what others wrote there meanwhile, beside which it stands now.
func (c *call) wrote(ctx context.Context, d *client.Client, of *kind.Kind, doc document) error {
	err := c.out.show(doc.raw, func() {
		c.done(doc, false)
		if len(doc.Merged) == 0 {
			return
		}
		c.note([]string{"Others changed it since you were shown it; what they did stays. Beside what you wrote:"})
		for _, change := range doc.Merged {
			c.note([]string{"  " + change.Field + ": " + passages(change.Diff)})
		}
	})
	if err != nil || len(doc.Merged) == 0 || c.IsSet("jq") {
		return err
	}
	return d.NoteShown(ctx, of.Many, doc.ID, doc.Heads)
}

// isUnread says whether an error is that a text was to be written over which its writer was never shown.
func isUnread(err error) bool {
	p, ok := problem.Of(err)
	return ok && p.Code == api.Changed && len(p.Changed) > 0 && len(p.Changed[0].Diff) == 0
}

// isOverlap says whether an error is that others changed what somebody writes anew, since they were shown it.
func isOverlap(err error) bool {
	p, ok := problem.Of(err)
	return ok && p.Code == api.Changed && len(p.Changed) > 0 && len(p.Changed[0].Diff) > 0
}

// writeOver writes a text over one that others changed since, if a person is here who says so once they were shown what they did.
func (c *call) writeOver(ctx context.Context, d *client.Client, of *kind.Kind, was document, body map[string]any, edit *api.TextEdit, why error) (json.RawMessage, error) {
	p, ok := problem.Of(why)
	if !ok || !c.canEdit() || c.out.json {
		return nil, why
	}
	c.out.println(c.out.strong("Others changed the same place since you were shown it:"))
	c.showChanges(p.Changed)
	c.out.println()
	yes, err := c.askYes("Does your text go in the place of all of it?")
	if err == nil && !yes {
		err = why
	}
	if err != nil {
		return nil, err
	}
	edit.Replace, edit.BaseHeads = true, nil
	return d.EditDocument(ctx, of.Many, was.ID, body)
}

// showChanges prints what differs.
func (c *call) showChanges(all []api.Change) {
	for _, change := range all {
		c.out.println("  " + sentence(change.Field+": "+passages(change.Diff)))
	}
}

// writeUnread writes a text over one that its writer was never shown. On a terminal they are shown it and asked; a
// script means what it says, and is told what it put away and how that comes back.
func (c *call) writeUnread(ctx context.Context, d *client.Client, of *kind.Kind, was document, body map[string]any, edit *api.TextEdit) (json.RawMessage, error) {
	if c.canEdit() && !c.out.json {
		c.layout(of, was)
		c.out.println()
		if err := d.NoteShown(ctx, of.Many, was.ID, was.Heads); err != nil {
			return nil, err
		}
		yes, err := c.askYes("You hadn't been shown this yet. Does your text go in its place?")
		if err == nil && !yes {
			err = api.Problemf(api.Changed, "", "nothing was written into %s", was.Short)
		}
		if err != nil {
			return nil, err
		}
	}
	edit.Replace = true
	raw, err := d.EditDocument(ctx, of.Many, was.ID, body)
	if err != nil {
		return nil, err
	}
	back := "kith " + of.Name + " history " + was.Short
	if len(was.Heads) == 1 {
		back = "kith " + of.Name + " restore " + was.Short + " " + was.Heads[0][:min(len(was.Heads[0]), shortEntry)]
	}
	c.note([]string{
		"It stands in the place of a text that you hadn't been shown. To bring that back: " + back,
	})
	return raw, nil
}

// passages is a difference in one text, as wdiff writes it: [-gone-] and {+come+}.
func passages(diff []api.Passage) string {
	var b strings.Builder
	for _, p := range diff {
		switch {
		case p.Gone != "":
			b.WriteString("[-" + p.Gone + "-]")
		case p.Came != "":
			b.WriteString("{+" + p.Came + "+}")
		default:
			b.WriteString(p.Same)
		}
	}
	return b.String()
}
