package cli

import (
	"context"
	"strings"

	"kith/crdt/kind"
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
	raw, err := d.Document(ctx, of.Many, id)
	if err != nil {
		return "", err
	}
	doc, err := readDocument(raw)
	if err != nil {
		return "", err
	}
	c.layout(of, doc)
	if last.Revision != "" {
		c.out.println("\n" + c.out.strong("Since you were shown it, "+c.ago(last.At)+":"))
		for _, change := range last.Changed {
			c.out.println("  " + sentence(change.Field+": "+passages(change.Diff)))
		}
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
