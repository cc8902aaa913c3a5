package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

func (k *kith) today() *cli.Command {
	waits, whoever := gists()
	return k.command(spec{
		name: "today", usage: "what waits for me",
		more:     capital(strings.Join(append(waits, "where I am named", "proposals about the co-op without my answer", "what allies ask for"), ", ")) + ", and " + list(whoever) + ".",
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
			return c.out.show(raw, func() { c.today(t, documents, most) })
		},
	})
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

// today shows what waits, at most so many lines of each kind: in documents, under the keys that their kinds name, and
// what every co-op has.
func (c *call) today(t api.Today, documents map[string][]document, most int) {
	for _, s := range t.Notice {
		c.out.printf("%s\n\n", paragraph(s, c.out.width))
	}
	nothing := true
	section := func(title string, lines []string) {
		if len(lines) == 0 {
			return
		}
		if !nothing {
			c.out.println()
		}
		nothing = false
		c.out.println(c.out.strong(title))
		for _, l := range lines[:min(len(lines), most)] {
			c.out.println("  " + l)
		}
		if more := len(lines) - most; more > 0 {
			c.out.println("  " + c.out.faint(fmt.Sprintf("and %d more: kith today --all", more)))
		}
	}
	inDocuments := func(anybody bool) {
		for _, of := range kinds.All.Nouns() {
			for _, w := range of.Today {
				if w.Anybody == anybody {
					section(w.Title, c.waits(w, inTurn(documents[w.Key], most, func(d document) string {
						if d.Space == nil {
							return ""
						}
						return d.Space.ID
					})))
				}
			}
		}
	}
	var aboutMe []string
	for _, p := range t.AboutMe {
		line := p.Short + "  " + c.out.isolate(oneLine(p.Title, maxCell)) + "  " + because("by "+name(p.By), oneLine(p.Why, 2*maxCell)) + c.inSpace(p.Space)
		if p.Action == api.ActionRemove && p.Side == nil {
			line += "\n    say your side, which the others read before they consent, and which isn't counted: kith charter refuse " + p.Short + " --why …"
		}
		aboutMe = append(aboutMe, line)
	}
	section("About you", aboutMe)
	section("You are named", c.mentions(inTurn(t.Mentions, most, func(m api.Mention) string { return m.By.ID })))
	for _, s := range t.Sections {
		if s.Name == "merged" {
			var lines []string
			for _, i := range s.Items {
				lines = append(lines, i.Short+"  "+c.out.isolate(oneLine(i.Title, maxCell))+"  "+oneLine(i.Why, maxCell)+"  "+i.Command)
			}
			section(s.Title, lines)
		}
	}
	inDocuments(false)
	var proposals []string
	for _, p := range t.Proposals {
		line := p.Short + "  " + c.out.isolate(oneLine(p.Title, maxCell)) + "  by " + name(p.By)
		if p.State == "overtaken" {
			line += ", to be renewed"
		}
		proposals = append(proposals, line+c.inSpace(p.Space))
	}
	section("About the co-op, for you to consent or refuse", proposals)
	var asks []string
	for _, a := range inTurn(t.Asks, most, func(a api.Ask) string { return a.Share.ID }) {
		asks = append(asks, a.Short+"  "+c.out.isolate(oneLine(a.Title, maxCell))+"  by "+name(a.By)+c.out.faint("  "+toAnswer(a)))
	}
	section("Allies ask", asks)
	inDocuments(true)
	switch {
	case nothing && len(t.Notice) > 0:
		c.out.println("Nothing else waits for you.")
	case nothing:
		c.out.println("Nothing waits for you.")
	}
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

// waits is a line for each document in which something waits.
func (c *call) waits(w *kind.Wait, all []document) (lines []string) {
	for _, d := range all {
		line := d.Short + "  " + c.out.isolate(oneLine(d.Title, maxCell))
		if w.Says != nil {
			line = strings.TrimRight(line+"  "+oneLine(c.cell(w.Says(d.fields)), 2*maxCell), " ")
		}
		line += c.where(d.Space, d.Document)
		if w.Run != "" {
			line += c.out.faint("  kith " + d.Kind + " " + w.Run + " " + d.Short)
		}
		lines = append(lines, line)
	}
	return lines
}
