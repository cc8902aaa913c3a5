package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

func (k *kith) today() *cli.Command {
	waits, whoever := gists()
	return k.command(spec{
		name: "today", usage: "what waits for me",
		more:     capital(strings.Join(append(waits, "where I am named", "what others want forgotten that I wrote in", "proposals about the co-op without my answer", "what allies ask for"), ", ")) + ", and " + list(whoever) + ".",
		examples: []string{`kith today`, `kith today --all`, `kith today --jq '.decisions[].short'`},
		flags:    []cli.Flag{&cli.BoolFlag{Name: "all", Usage: "all that waits, however much it is, and what I was shown already"}},
		run: func(ctx context.Context, c *call) error {
			client, err := c.api()
			if err != nil {
				return err
			}
			raw, err := client.Waits(ctx, c.Bool("all"))
			if err != nil {
				return err
			}
			var t api.Today
			if err := json.Unmarshal(raw, &t); err != nil {
				return fmt.Errorf("read the answer: %w", err)
			}
			documents := map[string][]document{}
			for key, each := range t.Documents {
				if documents[key], err = readDocuments(each); err != nil {
					return err
				}
			}
			most := mostWaiting
			if c.Bool("all") {
				most = len(raw)
			}
			me, err := mine(ctx, client, t.Sections)
			if err != nil {
				return err
			}
			return c.out.show(raw, func() { c.today(t, documents, me, most) })
		},
	})
}

// mine are the IDs that this person has, in all spaces; nil if nothing that waits is told by whose they are.
func mine(ctx context.Context, client *client.Client, sections []api.Section) (me map[string]bool, err error) {
	hangs := func(s api.Section) bool {
		w := kinds.All.Wait(s.Name)
		return w != nil && w.SaysTo != nil && len(s.Items) > 0
	}
	if !slices.ContainsFunc(sections, hangs) {
		return nil, nil
	}
	o, err := client.Spaces(ctx)
	me = map[string]bool{}
	for _, s := range o.Spaces {
		me[s.Me.ID] = s.Me.ID != ""
	}
	return me, err
}

// gists says what waits in documents, for me and for whoever it may be.
func gists() (mine, whoever []string) {
	for _, of := range kinds.All.Nouns() {
		for _, w := range of.Today {
			if w.Anybody {
				whoever = append(whoever, w.Gist)
			} else {
				mine = append(mine, w.Gist)
			}
		}
	}
	return mine, whoever
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// mostWaiting is how many lines of one kind are shown unless all are asked for: what others can write, an
// ally too, doesn't push out of sight what else waits.
const mostWaiting = 20

// today shows what waits, at most so many lines of each kind.
func (c *call) today(t api.Today, documents map[string][]document, me map[string]bool, most int) {
	for _, s := range t.Notice {
		c.out.printf("%s\n\n", paragraph(s, c.out.width))
	}
	nothing := true
	for _, s := range t.Sections {
		lines := c.section(s, documents, me, most)
		if len(lines) == 0 {
			continue
		}
		if !nothing {
			c.out.println()
		}
		nothing = false
		c.out.println(c.out.strong(oneLine(s.Title, 2*maxCell)))
		for _, l := range lines[:min(len(lines), most)] {
			c.out.println("  " + l)
		}
		switch more := len(lines) - most; {
		case s.More:
			c.out.println("  " + c.out.faint("and more: kith today --all"))
		case more > 0:
			c.out.println("  " + c.out.faint(fmt.Sprintf("and %d more: kith today --all", more)))
		}
	}
	switch {
	case nothing && len(t.Notice) > 0:
		c.out.println("Nothing waits for you here.")
	case nothing:
		c.out.println("Nothing waits for you.")
	}
}

// section is a line for each thing that waits for one reason; of documents, as their kind has it.
func (c *call) section(s api.Section, documents map[string][]document, me map[string]bool, most int) (lines []string) {
	w := kinds.All.Wait(s.Name)
	told := make(map[string]document, len(documents[s.Name]))
	for _, d := range documents[s.Name] {
		told[d.ID] = d
	}
	for _, item := range inTurn(s.Items, most, whoseItem) {
		line := item.Short + "  " + c.out.isolate(oneLine(item.Title, maxCell))
		d, in := told[item.ID]
		switch {
		case w == nil || !in:
			why := oneLine(item.Why, 2*maxCell)
			if item.Who != nil && !strings.Contains(item.Why, item.Who.Name) {
				why = because("by "+name(*item.Who), why)
			}
			line = strings.TrimRight(line+"  "+why, " ")
			line += c.inSpace(item.Space)
		default:
			if w.Who == nil && item.Who != nil {
				line += "  by " + name(*item.Who)
			}
			line = strings.TrimRight(line+"  "+oneLine(c.cell(w.Cell(d.fields, me)), 2*maxCell), " ")
			line += c.where(d.Space, d.Document)
		}
		if s.Name == "about_me" && strings.HasPrefix(item.Command, "kith charter refuse") {
			line += "\n    say your side, which the others read before they consent, and which isn't counted:"
		}
		command := item.Command
		if item.Then != "" {
			command += ", then " + item.Then
		}
		lines = append(lines, line+c.out.faint("  "+sentence(command)))
	}
	return lines
}

// whoseItem is by whom, or in which space, things are taken in turn where there are more than fit.
func whoseItem(item api.SectionItem) string {
	of := item.Kind
	if item.Space != nil {
		of += item.Space.ID
	}
	if item.Who != nil && item.Kind == kinds.Ask.Name {
		of += item.Who.ID
	}
	return of
}

// inTurn orders what is more than fits so that each of those whom it is of comes once before anybody comes
// twice, and so on: who writes very much doesn't push the others out. What is of one keeps its order.
func inTurn[T any](all []T, fit int, of func(T) string) []T {
	if len(all) <= fit {
		return all
	}
	turn, had := make(map[int][]T), map[string]int{}
	for _, x := range all {
		n := had[of(x)]
		had[of(x)]++
		turn[n] = append(turn[n], x)
	}
	out := make([]T, 0, len(all))
	for n := 0; len(turn[n]) > 0; n++ {
		out = append(out, turn[n]...)
	}
	return out
}
