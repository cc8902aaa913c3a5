package cli

import (
	"strings"

	"kith/crdt/kinds"
)

// showAgreement shows an agreement: whether it holds, its text, and who has read it as it is.
func (c *call) showAgreement(d document) {
	status := oneLine(d.fields.Str("status"), 40)
	c.out.println(c.title(d.Document) + "  " + statusWord(status))
	var facts []string
	if on := d.fields.Str("review_on"); on != "" {
		facts = append(facts, "review on "+c.when(on))
	}
	if facts = append(facts, tagWords(d.Tags)...); len(facts) > 0 {
		c.out.println(strings.Join(facts, " · "))
	}
	for _, line := range []struct{ word, id string }{{"decision", d.fields.Str("decision")}, {"replaced by", d.fields.Str("replaced_by")}} {
		if line.id != "" {
			c.out.println(line.word + ": " + c.known(line.id))
		}
	}
	for _, f := range kinds.Figures {
		if says := f.Told(d.fields); says != "" {
			c.out.println(f.Gist + ": " + oneLine(says, 40))
		}
	}
	c.shared(d.Document)
	c.out.text(d.fields.Str("text"))
	if read, unread := allCalled(d.fields, "read_by"), allCalled(d.fields, "unread_by"); status == kinds.Current && len(read)+len(unread) > 0 {
		c.out.println()
		switch {
		case len(read) == 0:
			c.out.println("Nobody has said yet that they read it as it is now: kith agreement read " + d.Short)
		case len(unread) == 0:
			c.out.println("Read as it is now by " + list(read) + ".")
		default:
			c.out.println("Read as it is now by " + list(read) + ".")
			c.out.println(list(unread) + " " + hasOrHave(len(unread)) + "n't said so yet.")
		}
	}
	c.footer(d.Document)
}
