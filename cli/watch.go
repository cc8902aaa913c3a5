package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

func (k *kith) watch() *cli.Command {
	return k.command(spec{
		name: "watch", args: "[KIND…]", usage: "what happens, as it happens, until Ctrl-C",
		more: "KIND picks: " + strings.Join(api.EventKinds(), ", ") + ". With --json, one object a line.",
		examples: []string{
			`kith watch`,
			`kith watch task decision`,
			`kith watch --jq '.by.name + ": " + .title'`,
		},
		run: runWatch,
	})
}

func runWatch(ctx context.Context, c *call) error {
	for _, kind := range c.args() {
		if !slices.Contains(api.EventKinds(), kind) {
			return api.Problemf(api.Usage, "one of: "+strings.Join(api.EventKinds(), ", "), "there are no events of kind “%s”", oneLine(kind, 40))
		}
	}
	client, err := c.api()
	if err != nil {
		return err
	}
	ready := func() {
		if terminal(c.env.Stderr) > 0 && !c.out.json {
			fmt.Fprintln(c.env.Stderr, "watching; stop with Ctrl-C")
		}
	}
	stood := map[string]string{} // how it stood with each peer, as far as it was shown
	for e, err := range client.Events(ctx, c.args(), ready) {
		if err != nil {
			if errors.Is(err, context.Canceled) && ctx.Err() != nil {
				return nil // Ctrl-C is how it ends
			}
			return err
		}
		if e.Fields == nil {
			e.Fields = []string{}
		}
		if !c.out.json && restless(stood, e) {
			continue
		}
		err := c.out.show(e, func() { c.out.println(c.eventLine(e) + c.inSpace(e.Space)) })
		if err != nil {
			return err
		}
	}
	return nil
}

// restless says whether an event says of a peer only that it is a change behind or has caught up, which goes
// with every change.
func restless(stood map[string]string, e api.Event) bool {
	if e.Type != "peer" && e.Type != "sync" {
		return false
	}
	peer := nameOr(e.By)
	if e.Space != nil {
		peer = e.Space.ID + " " + peer
	}
	was := stood[peer]
	if was == inStepNow && e.Title == "connected" {
		return true
	}
	stood[peer] = e.Title
	return was == inStepNow && e.Title == inStepNow
}

// inStepNow is the title of an event that says that a peer is in step.
const inStepNow = "in step"

// eventLine is one event as a sentence.
func (c *call) eventLine(e api.Event) string {
	by := "somebody"
	if e.By != nil {
		by = name(*e.By)
	}
	thing := strings.TrimSpace(e.Short + " " + oneLine(e.Title, 60))
	did := oneLine(strings.Join(e.Says, "; "), 120)
	if did == "" {
		did = oneLine(strings.Join(e.Fields, ", "), 60)
	}
	var says string
	switch e.Type {
	case "created":
		says = by + " made the " + e.Kind + " " + thing
		if e.Kind == kinds.Ask.Name {
			says = by + " asks: " + thing
		}
	case "changed":
		says = because(by+" changed "+thing, did)
	case "position":
		says = because(by+" on "+thing, did)
	case "void":
		says = because("void, by "+by+": "+thing, did)
	case "ally":
		says = oneLine(e.Title, 100)
	case "peer", "sync":
		says = because(nameOr(e.By), oneLine(e.Title, 60))
	case "charter":
		return c.clock(e.At) + because(by+" "+oneLine(strings.Join(e.Says, "; "), 120), oneLine(e.Why, 100))
	case "member":
		return c.clock(e.At) + because(by, standings[e.Why])
	default:
		says = because(strings.TrimSpace(e.Type+" "+nameOr(e.By)+" "+thing), did)
	}
	if e.Why != "" {
		says += " (" + oneLine(e.Why, 100) + ")"
	}
	return c.clock(e.At) + says
}

func (c *call) clock(t api.Time) string {
	return c.out.faint(t.In(c.env.Now().Location()).Format("15:04:05")) + "  "
}

func nameOr(n *api.Named) string {
	if n == nil {
		return ""
	}
	return name(*n)
}

func (k *kith) adopt() *cli.Command {
	return k.command(spec{
		name: "adopt", args: "ENTRY", usage: "take over what somebody wrote who wasn't honoured any more",
		more:     "ENTRY is the start of an entry's ID, as kith log --void names it. It counts for everybody then, with all that it builds on, under the name of who wrote it, and shows as brought in by you. It can't be taken back.",
		examples: []string{`kith adopt 3fa09c11d2e4`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.Document, error) { return d.Adopt(ctx, c.arg(0)) },
				func(adopted api.Document) { c.out.println(adopted.Short) })
		},
	})
}

func (k *kith) log() *cli.Command {
	return k.command(spec{
		name: "log", args: "[ID]", usage: "who changed what, when, newest first",
		more: "Times are by the clock of whoever made the change. --void shows what a rule refused: it is kept, and counts for nothing. What somebody wrote before they knew that they had been removed can be taken over: kith adopt.\n\nWith an ID it says who has got each change: it is on a device of theirs, which said so in its daily acknowledgement, or they have written on it since. It doesn't say that they have read it; and of whom nothing is known yet may have it by now.",
		examples: []string{
			`kith log`,
			`kith log t-4kq2 --limit 10`,
			`kith log --void`,
			`kith log --since "last time"`,
			`kith log --from Ana --of decision --since monday`,
		},
		flags: []cli.Flag{
			&cli.BoolFlag{Name: "void", Usage: "only what was refused by a rule"},
			&cli.StringFlag{Name: "since", Usage: "`WHEN` what came here since then, to about a quarter of an hour; or \"last time\""},
			k.offering(&cli.StringFlag{Name: "from", Usage: "`MEMBER` what they did"}, among(k.memberOffers)),
			&cli.StringFlag{Name: "of", Usage: "`KIND` task, decision, note, agreement, or charter"},
			limitFlag(100),
		},
		run: runLog,
	})
}

func limitFlag(value int) cli.Flag {
	return &cli.IntFlag{Name: "limit", Value: value, Usage: "`N` at most so many"}
}

// limit reads --limit.
func (c *call) limit() (int, error) {
	n := c.Int("limit")
	if n < 0 || n == 0 && c.IsSet("limit") {
		return 0, api.Problemf(api.Usage, "", "--limit is a number from 1")
	}
	return n, nil
}

func runLog(ctx context.Context, c *call) error {
	limit, err := c.limit()
	if err != nil {
		return err
	}
	words := map[string]string{"from": c.String("from"), "of": c.String("of")}
	if since := strings.ToLower(strings.Join(strings.Fields(c.String("since")), " ")); since == "last time" || since == "last" {
		words["since"] = "last"
	} else if words["since"], err = c.env.calendar().parsePast("--since", since); err != nil {
		return err
	}
	if words["from"]+words["of"]+c.arg(0) == "" && !c.Bool("void") { // somebody reads all of it
		words["note"] = "true"
	}
	return request(c, func(d *client.Client) ([]api.LogLine, error) {
		return d.LogOf(ctx, c.arg(0), c.Bool("void"), limit, words)
	}, func(lines []api.LogLine) {
		if len(lines) == 0 {
			c.out.println("Nothing here.")
			return
		}
		var rows [][]string
		for _, l := range lines {
			did := strings.Join(l.Says, "; ")
			if l.State != "accepted" {
				did = because("["+l.State+"] "+did, l.Why)
			}
			if l.BroughtBy != nil {
				did += " (brought in by " + name(*l.BroughtBy) + ")"
			}
			when, seen := "", ""
			switch {
			case l.Adoptable:
				seen = " · kith adopt " + l.Entry[:min(len(l.Entry), shortEntry)]
			case c.arg(0) != "":
				seen = seenBy(l)
			}
			if !l.At.IsZero() { // statements of the charter have no time
				when = c.ago(l.At)
			}
			rows = append(rows, []string{when, l.By.Name, l.Short, l.Title, did, seen})
		}
		c.out.logGrid(rows, c.arg(0) == "")
		if words["since"] == "last" && len(lines) >= limit {
			c.out.println(c.out.faint("There may be more: what is older isn't shown, and stays new. kith log --limit " + strconv.Itoa(10*limit)))
		}
	})
}

// seenBy says who has got a change, as far as is known.
func seenBy(l api.LogLine) string {
	got, not := list(names(l.SeenBy)), list(names(l.NotYetBy))
	switch {
	case l.State != "accepted" || got == "" && not == "":
		return ""
	case not == "":
		return " · everybody has it"
	case got == "":
		return " · no word yet from " + not
	}
	return " · " + got + " " + hasOrHave(len(l.SeenBy)) + " it, no word yet from " + not
}

func hasOrHave(n int) string {
	if n == 1 {
		return "has"
	}
	return "have"
}

// logGrid prints log rows; what was done and who has got it come last and are never cut, so that
// nothing that somebody wrote is hidden.
func (o *output) logGrid(rows [][]string, titles bool) {
	widths := make([]int, 4)
	for _, r := range rows {
		for i := range widths {
			r[i] = oneLine(r[i], 24)
			widths[i] = max(widths[i], columns(r[i]))
		}
	}
	for _, r := range rows {
		var line strings.Builder
		for i, w := range widths {
			if !titles && i >= 2 {
				break
			}
			cell := r[i]
			line.WriteString(o.isolate(cell) + strings.Repeat(" ", w-columns(cell)+2))
		}
		line.WriteString(strings.ReplaceAll(clean(r[4]), "\n", " ") + o.faint(clean(r[5])))
		o.println(strings.TrimRight(line.String(), " "))
	}
}
