package cli

import (
	"fmt"
	"strings"

	"kith/crdt/kind"
)

// step is a step of the charter by its ID, as a person reads it; "" for none.
func (c *call) step(id string) string {
	if id == "" {
		return ""
	}
	client, err := c.api()
	if err != nil {
		return id
	}
	p, err := client.Proposal(c.Context.Context, id)
	if err != nil {
		return id
	}
	return p.Short + "  " + oneLine(p.Title, maxCell)
}

// showNewcomer shows how somebody grows into the co-op: who accompanies them, what is done, what to read, when to talk.
func (c *call) showNewcomer(d document) {
	c.out.println(c.title(d.Document) + "  " + oneLine(d.fields.Str("status"), 40))
	lines := []struct{ word, says string }{
		{"accompanied by", companions(d.fields)},
		{"asked to take over", strings.Join(d.fields.Names("asked"), ", ")},
		{"we talk on", c.when(d.fields.Str("meet"))},
		{"decision", c.known(d.fields.Str("decision"))},
		{"step", c.step(d.fields.Str("step"))},
		{"over", d.fields.Str("over")},
	}
	for _, l := range lines {
		if l.says != "" {
			c.out.println(because(l.word, l.says))
		}
	}
	expect := d.fields.Str("expect")
	if expect == "" {
		expect = "nobody has said yet: kith newcomer edit " + d.Short + " --expect TEXT"
	}
	c.out.println(because("what they can expect of us", expect))
	if steps := d.fields.List("steps"); len(steps) > 0 {
		c.out.println("\n" + c.out.strong("Checklist"))
		for _, s := range steps {
			n, _ := s["number"].(float64)
			mark, by := "[ ]", ""
			if s.Is("done") {
				mark, by = "[x]", c.out.faint("  "+strings.Join(s.Names("by"), ", "))
			}
			c.out.println(fmt.Sprintf("  %2d %s %s%s", int(n), mark, c.out.isolate(oneLine(s.Str("text"), 2*maxCell)), by))
		}
	}
	if agreements := d.fields.List("agreements"); len(agreements) > 0 {
		c.out.println("\n" + c.out.strong("Agreements to read"))
		for _, a := range agreements {
			mark := "[ ]"
			if a.Is("read") {
				mark = "[x]"
			}
			c.out.println("     " + mark + " " + c.known(a.Str("id")))
		}
	}
	c.footer(d.Document)
}

// companions are who accompanies somebody; of who hasn't said yes yet that is said.
func companions(a kind.Answer) string {
	var names []string
	for _, h := range a.List("companions") {
		name := oneLine(h.Str("name"), maxCell)
		if !h.Is("accepted") {
			name += " (hasn't said yes yet)"
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return "nobody yet"
	}
	return list(names)
}
