package cli

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

// mostPartly is of how many very long documents a search tells.
const mostPartly = 5

// partly says of what a search looked through the beginning alone.
func (c *call) partly(docs []api.Document) {
	if len(docs) == 0 {
		return
	}
	c.out.println("\nOf these, which are very long, only the beginning was looked through:")
	for i, d := range docs {
		if i == mostPartly {
			c.out.println("and of more")
			break
		}
		c.out.printf("%s  %s%s\n", d.Short, c.out.isolate(oneLine(d.Title, 100)), c.where(d.Space, d))
	}
}

func (k *kith) search() *cli.Command {
	return k.command(spec{
		name: "search", args: "WORDS…", usage: "look through everything",
		more:     "Finds what has all of the words, or parts of words, in its title, tags, text, reasons and comments, with or without capitals and accents; #word is looked for among tags. Where nothing is spelled so, it finds what is a letter apart. Of what is very long it looks through the beginning, and says so.",
		examples: []string{`kith search recycled paper`, `kith search "#minutes"`, `kith search printer --json`},
		flags:    []cli.Flag{limitFlag(20)},
		run: func(ctx context.Context, c *call) error {
			limit, err := c.limit()
			if err != nil {
				return err
			}
			var partly []api.Document
			return request(c, func(d *client.Client) ([]api.Hit, error) {
				if partly, err = d.Partly(ctx, mostPartly+1); err != nil {
					return nil, err
				}
				return d.Search(ctx, strings.Join(c.args(), " "), limit)
			}, func(hits []api.Hit) {
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
				c.partly(partly)
			})
		},
	})
}
