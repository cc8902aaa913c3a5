package cli

import (
	"fmt"
	"slices"
	"strings"

	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// showPulse shows how we are: what each said, once the round is closed, and the picture of the co-op.
func (c *call) showPulse(d document) {
	head := c.title(d.Document) + "  " + oneLine(d.fields.Str("status"), 40)
	if until := d.fields.Str("until"); until != "" {
		head += " · until " + c.when(until)
	}
	c.out.println(head)
	c.out.text(d.fields.Str("text"))
	if waiting := d.fields.Names("waiting_for"); d.fields.Str("status") == kinds.Open {
		answered, _ := d.fields["answered"].(float64)
		c.out.println(fmt.Sprintf("\n%d said something; it is shown together when the round is closed.", int(answered)))
		if len(waiting) > 0 {
			c.out.println("Not yet: " + oneLine(strings.Join(waiting, ", "), maxCell))
		}
	}
	if note := d.fields.Str("note"); note != "" {
		c.out.println("retrospective: " + c.known(note))
	}
	parts := []struct{ key, title string }{
		{"well", "works"}, {"not_well", "doesn't work"}, {"collaboration", "works in how we work together"}, {"collaboration_not", "doesn't work in how we work together"},
	}
	for _, said := range d.fields.List("words") {
		if !slices.ContainsFunc(parts, func(part struct{ key, title string }) bool { return said.Str(part.key) != "" }) {
			continue // they said a stage alone, which is a number below
		}
		head := c.out.strong(called(said, "member"))
		if said.Is("late") {
			head += c.out.faint("  (said while somebody closed it)")
		}
		c.out.println("\n" + head)
		for _, part := range parts {
			if words := said.Str(part.key); words != "" {
				c.out.println("  " + because(part.title, words))
			}
		}
	}
	stages := kind.Answer(d.fields.In("stages"))
	var lines []string
	for _, stage := range kinds.Stages {
		if n, _ := stages[stage].(float64); n > 0 {
			lines = append(lines, fmt.Sprintf("  %-10s  %s %d", stage, strings.Repeat("#", min(int(n), 50)), int(n)))
		}
	}
	if len(lines) > 0 {
		c.out.println("\nWhere we think the co-op is\n" + strings.Join(lines, "\n"))
	}
	c.footer(d.Document)
}
