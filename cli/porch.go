package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/dustin/go-humanize"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
)

func (k *kith) porch() *cli.Command {
	return k.groupWith(spec{
		name: "porch", usage: "run a small relay for co-ops whose members are behind routers",
		more: "In the foreground, until Ctrl-C, on a computer that others can dial. It belongs to no co-op and holds nothing of any: what goes over it can be read at its two ends alone, and who they are is written down nowhere. Who has one of its codes (kith porch add) keeps a place there; to who has a place anybody may come, and is let in or not by them. 1,000 places in all, 64 and 50 GiB a month for each code. It needs the port that it listens on, TCP and UDP, to be open; --announce says where others find it, if that is another address.",
		examples: []string{
			`kith porch --announce /ip4/203.0.113.7/tcp/4001`,
			`kith porch --listen /ip4/0.0.0.0/tcp/4001 --listen /ip4/0.0.0.0/tcp/443`,
		},
		flags: append(listenFlags(), k.offering(&cli.StringFlag{Name: "log-level", Value: "info", Usage: "`L` what to tell about the work"}, fixed(logLevels...))),
		run:   runPorch,
	},
		k.command(spec{
			name: "add", args: "LABEL", usage: "make a code of the porch, for a co-op or a person",
			more:     "Prints the code, once. Who has it types it as a relay, one person of a co-op: kith init --relay CODE, or kith daemon --relay CODE. Who joins then gets it with the answer. LABEL is for you: whose it is.",
			examples: []string{`kith porch add "Riso Print Co-op"`},
			run: func(_ context.Context, c *call) error {
				made, err := c.env.Hooks.PorchAdd(c.porchDir(), c.arg(0), c.env.Now())
				if err != nil {
					return err
				}
				return c.out.show(made, func() {
					c.out.printf("%s is for %s. One of them types it as a relay, with kith init --relay or kith daemon --relay:\n\n    %s\n\nIt is shown only now.\n", oneLine(made.ID, 80), oneLine(made.Label, 80), oneLine(made.Code, 400))
				})
			},
		}),
		k.command(spec{
			name: "list", usage: "the codes of the porch, with the places kept by each and what went over it this month",
			examples: []string{`kith porch list`},
			run: func(_ context.Context, c *call) error {
				all, err := c.env.Hooks.PorchList(c.porchDir(), c.env.Now())
				if err != nil {
					return err
				}
				return c.out.show(append([]api.PorchCode{}, all...), func() { c.porchCodes(all) })
			},
		}),
		k.command(spec{
			name: "revoke", args: "ID|LABEL", usage: "end a code: who has a place by it loses it within seconds",
			examples: []string{`kith porch revoke "Riso Print Co-op"`},
			run: func(_ context.Context, c *call) error {
				gone, err := c.env.Hooks.PorchRevoke(c.porchDir(), c.arg(0), c.env.Now())
				if err != nil {
					return err
				}
				return c.out.show(gone, func() {
					c.out.printf("%s, for %s, is good for nothing any more.\n", oneLine(gone.ID, 80), oneLine(gone.Label, 80))
				})
			},
		}),
	)
}

// porchDir is where a porch has its key and its codes: beside a home, and no part of it.
func (c *call) porchDir() string { return filepath.Join(c.env.home(), "porch") }

func (c *call) porchCodes(all []api.PorchCode) {
	if len(all) == 0 {
		c.out.println("There are no codes: kith porch add LABEL")
		return
	}
	var rows [][]string
	for _, p := range all {
		state := fmt.Sprint(p.Places)
		if !p.RevokedAt.IsZero() {
			state = "revoked"
		}
		rows = append(rows, []string{p.ID, p.Label, state, humanize.IBytes(uint64(p.Bytes))})
	}
	c.out.grid([]string{"ID", "LABEL", "PLACES", "THIS MONTH"}, rows)
}

func runPorch(ctx context.Context, c *call) error {
	log, err := newLog(c.env.Stderr, c.String("log-level"))
	if err != nil {
		return err
	}
	return c.env.Hooks.Porch(ctx, PorchOptions{
		Dir: c.porchDir(), Listen: c.StringSlice("listen"), Announce: c.StringSlice("announce"), Log: log,
		Ready: func(addresses []string) {
			if c.out.json {
				_ = writeJSON(c.env.Stdout, map[string][]string{"addresses": append([]string{}, addresses...)}) // nobody reads: no reason to stop
				return
			}
			fmt.Fprintln(c.env.Stderr, "kith: the porch is open; stop with Ctrl-C. A code for somebody: kith porch add LABEL")
		},
	})
}
