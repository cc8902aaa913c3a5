package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

func (k *kith) open() *cli.Command {
	return k.command(spec{
		name: "open", usage: "open the page in a browser",
		more:     "The page shows what the commands do, to this user of this computer alone. The link opens it once, within five minutes; the browser is let in for 30 days from then on. The daemon goes on serving the page at the same address.",
		examples: []string{`kith open`, `kith open --print`},
		flags:    []cli.Flag{&cli.BoolFlag{Name: "print", Usage: "print the link, and open nothing"}},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.PageLink, error) { return d.Page(ctx) }, func(l api.PageLink) {
				if !c.Bool("print") && c.env.Hooks.Browse != nil && c.env.Hooks.Browse(ctx, l.URL) == nil {
					c.out.println("The page opens in your browser.")
					return
				}
				c.out.println(l.URL)
			})
		},
	})
}
