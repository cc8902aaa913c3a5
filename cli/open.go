package cli

import (
	"context"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

func (k *kith) open() *cli.Command {
	return k.command(spec{
		name: "open", usage: "open the page in a browser",
		more:     "The page shows what the commands do, to this user of this computer alone. The link opens it once, within five minutes; the browser is let in for 30 days from then on. The daemon goes on serving the page at the same address.",
		examples: []string{`kith open`, `kith open --start`, `kith open --print`},
		flags: []cli.Flag{
			&cli.BoolFlag{Name: "print", Usage: "print the link, and open nothing"},
			&cli.BoolFlag{Name: "start", Usage: "start the daemon if it doesn't run: what the entry in the applications menu does"},
		},
		run: func(ctx context.Context, c *call) error {
			if c.Bool("start") {
				if err := c.begin(ctx); err != nil {
					return err
				}
			}
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

// begin starts the daemon of this home if none answers, and waits until it does.
func (c *call) begin(ctx context.Context) error {
	if err := c.daemonAnswers(ctx); !notRunning(err) {
		return err
	}
	home := c.env.home()
	log := filepath.Join(home, "daemon.log")
	if err := c.env.Hooks.Begin(home, log); err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, startsWithin)
	defer stop()
	for c.daemonAnswers(ctx) != nil {
		select {
		case <-ctx.Done():
			return api.Problemf(api.NotRunning, "look into that file; if the home has a passphrase: kith daemon, in a terminal", "the daemon was started, and doesn't answer after %s: %s", startsWithin, log)
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil
}
