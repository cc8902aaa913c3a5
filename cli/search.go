package cli

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

func (k *kith) search() *cli.Command {
	return k.command(spec{
		name: "search", args: "WORDS…", usage: "look through everything",
		examples: []string{`kith search recycled paper`, `kith search printer --json`},
		flags:    []cli.Flag{limitFlag(20)},
		run: func(ctx context.Context, c *call) error {
			limit, err := c.limit()
			if err != nil {
				return err
			}
			return request(c, func(d *client.Client) ([]api.Hit, error) { return d.Search(ctx, strings.Join(c.args(), " "), limit) }, func(hits []api.Hit) {
				if len(hits) == 0 {
					c.out.println("Nothing found.")
				}
				for _, h := range hits {
					c.out.printf("%s  %s%s\n", h.Short, c.out.strong(c.out.isolate(oneLine(h.Title, 100))), c.where(h.Space, api.Document{ID: h.ID, Shared: h.Shared}))
					if line := oneLine(h.Line, 100); line != "" && line != oneLine(h.Title, 100) {
						c.out.printf("        %s\n", c.out.isolate(line))
					}
				}
			})
		},
	})
}

func (k *kith) today() *cli.Command {
	return k.command(spec{
		name: "today", usage: "what waits for me",
		more:     "Tasks that I am asked to take, tasks of mine that are due, decisions without my position, proposals about the co-op without my answer, what allies ask for, and where help is wanted.",
		examples: []string{`kith today`, `kith today --jq '.decisions[].short'`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.Today, error) { return d.Today(ctx) }, c.today)
		},
	})
}

func (c *call) today(t api.Today) {
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
		for _, l := range lines {
			c.out.println("  " + l)
		}
	}
	tasks := func(list []api.Task, more func(api.Task) string) (lines []string) {
		for _, t := range list {
			lines = append(lines, strings.TrimRight(t.Short+"  "+c.out.isolate(oneLine(t.Title, maxCell))+"  "+more(t), " ")+c.where(t.Space, t.Document))
		}
		return lines
	}
	due := func(t api.Task) string {
		if t.Due == "" {
			return ""
		}
		return "due " + c.when(t.Due)
	}
	section("You are asked to take", tasks(t.Asked, due))
	section("Due", tasks(t.Due, due))
	var decisions []string
	for _, d := range t.Decisions {
		line := d.Short + "  " + c.out.isolate(oneLine(d.Title, maxCell))
		if d.By != "" {
			line += "  by " + c.when(d.By)
		}
		decisions = append(decisions, line+c.where(d.Space, d.Document))
	}
	section("Decisions that wait for you", decisions)
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
	for _, a := range t.Asks {
		asks = append(asks, a.Short+"  "+c.out.isolate(oneLine(a.Title, maxCell))+"  by "+name(a.By)+c.out.faint("  "+toAnswer(a)))
	}
	section("Allies ask", asks)
	section("Help wanted", tasks(t.HelpWanted, func(t api.Task) string { return because(nameOr(t.Help.By), oneLine(t.Help.Why, maxCell)) }))
	switch {
	case nothing && len(t.Notice) > 0:
		c.out.println("Nothing else waits for you.")
	case nothing:
		c.out.println("Nothing waits for you.")
	}
}
