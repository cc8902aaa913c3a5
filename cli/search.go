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
		more:     "Finds what has all of the words, or parts of words, in its title, tags, text, reasons and comments, with or without capitals and accents; #word is looked for among tags. Where nothing is spelled so, it finds what is a letter apart.",
		examples: []string{`kith search recycled paper`, `kith search "#minutes"`, `kith search printer --json`},
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
				if len(hits) > 0 && hits[0].Near {
					c.out.println("Nothing is spelled like that. By a letter:")
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
