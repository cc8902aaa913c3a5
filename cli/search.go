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
