package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

// The porches that a co-op uses; those that are run here are in porch.go.

func (k *kith) porchesOfCoop() []*cli.Command {
	return []*cli.Command{
		k.command(spec{
			name: "add", args: "CODE", usage: "use a porch in the co-op: every member's computer takes it up by itself",
			more:     "CODE is what who runs the porch was shown (kith porch code); - asks for it. It is kept in the co-op, for its members alone. Who is behind a router keeps a place there then, beside one at a member's computer that others can reach; a computer uses four porches at most, of everybody's in turn. Two at different hosts are better than one. One that an ally lends is added by its ID: kith porch list.",
			examples: []string{`kith porch add - --label "Rosa's porch"`, `kith porch add kithp1qpzry`},
			flags:    []cli.Flag{&cli.StringFlag{Name: "label", Usage: "`NAME` what you call it; else where it is"}},
			run: func(ctx context.Context, c *call) error {
				code, err := c.code(c.arg(0))
				if err != nil {
					return err
				}
				return request(c, func(d *client.Client) (api.PorchAdded, error) {
					return d.AddPorch(ctx, api.PorchRequest{Code: code, Label: c.String("label")})
				}, func(p api.PorchAdded) {
					c.out.printf("%s is a porch of yours now, and each of your computers takes it up by itself.\n", sentence(quoted(p.Label)))
					c.out.sentences(p.Advice)
				})
			},
		}),
		k.command(spec{
			name: "remove", args: "PORCH", usage: "give a porch up, for the whole co-op",
			more:     "PORCH is its label or its ID. Any of you does. Every computer leaves it by itself; who has the code can go on using it until it is revoked where the porch is run.",
			examples: []string{`kith porch remove "Rosa's porch"`},
			run: porchVerb((*client.Client).RemovePorch, func(c *call, p api.Porch) {
				c.out.printf("%s is no porch of yours any more.\n", sentence(quoted(p.Label)))
			}),
		}),
		k.command(spec{
			name: "follow", args: "PORCH", usage: "use a porch of the co-op on this computer, before others",
			examples: []string{`kith porch follow "Rosa's porch"`},
			run:      porchVerb((*client.Client).FollowPorch, func(c *call, p api.Porch) { c.porch(p) }),
		}),
		k.command(spec{
			name: "leave", args: "PORCH", usage: "don't use a porch of the co-op on this computer",
			more:     "The others go on. Whoever is behind a router and has no porch in common with you reaches you only while a member's computer that both reach is on.",
			examples: []string{`kith porch leave "Rosa's porch"`},
			run: porchVerb((*client.Client).LeavePorch, func(c *call, p api.Porch) {
				c.out.printf("This computer doesn't use %s any more. To have it do so again: kith porch follow PORCH\n", sentence(quoted(p.Label)))
			}),
		}),
	}
}

// porchVerb does something about a porch of the co-op.
func porchVerb(do func(*client.Client, context.Context, string) (api.Porch, error), say func(*call, api.Porch)) func(context.Context, *call) error {
	return func(ctx context.Context, c *call) error {
		return request(c, func(d *client.Client) (api.Porch, error) { return do(d, ctx, c.arg(0)) }, func(p api.Porch) { say(c, p) })
	}
}

// runPorchList lists the codes of a porch that is run from here, or the porches of the co-op.
func runPorchList(ctx context.Context, c *call) error {
	dir, err := c.porchDir()
	if !c.Bool("coop") && err == nil {
		all, err := c.env.Hooks.PorchList(dir, c.env.Now())
		if err != nil {
			return err
		}
		return c.out.show(append([]api.PorchCode{}, all...), func() { c.porchCodes(all) })
	}
	if _, there := os.Stat(filepath.Join(c.env.home(), "config.json")); there != nil && !c.Bool("coop") {
		return err // nothing is here: neither a porch nor a co-op
	}
	return request(c, func(d *client.Client) ([]api.Porch, error) { return d.Porches(ctx) }, func(all []api.Porch) {
		if len(all) == 0 {
			c.out.println("The co-op has no porches: kith porch add CODE, where you all are behind routers.")
		}
		for _, p := range all {
			c.porch(p)
		}
	})
}

// porch says how it stands with a porch on this computer.
func (c *call) porch(p api.Porch) {
	says := ""
	if p.Says != "" {
		says = ": " + p.Says
	}
	c.out.printf("%s  %s, at %s, added by %s\n    %s\n", p.Short, c.out.strong(oneLine(p.Label, 80)), oneLine(porchAt(p.At), 80), name(p.By), sentence(p.State+says))
}

// porchAt is an address without the identity.
func porchAt(at string) string {
	before, _, _ := strings.Cut(at, "/p2p/")
	return before
}

func quoted(label string) string { return "“" + oneLine(label, 80) + "”" }

func (k *kith) allyLendPorch() *cli.Command {
	return k.command(spec{
		name: "lend-porch", args: "ALLY CODE", usage: "lend an ally a porch: a small relay for their computers that are behind routers",
		more:     "CODE is one that was made for them on the porch (kith porch code --for ALLY); - asks for it. It is put into the share with them, and one of them adds it: kith porch add ID. What you two learn by it is said first, and it is done with --yes. To end it, revoke the code on the porch: kith porch revoke LABEL",
		examples: []string{`kith ally lend-porch Quilted - --label "Rosa's porch" --yes`},
		flags: []cli.Flag{
			&cli.StringFlag{Name: "label", Usage: "`NAME` what it is called for them; else where it is"},
			&cli.BoolFlag{Name: "yes", Usage: "lend it"},
		},
		run: func(ctx context.Context, c *call) error {
			code, err := c.code(c.arg(1))
			if err != nil {
				return err
			}
			if !c.Bool("yes") {
				return api.Problemf(api.Usage, "once more with --yes", "What %s learns: where the porch is, what it is called, that you lend it, and nothing of your co-op that isn't in the share; anybody who is or was in the share can use the code until it is revoked. "+
					"What whoever runs the porch learns: which of their computers keep a place there, at which addresses, when they are on, with whom they speak and how much; not what they say. Nothing is lent yet", quoted(c.arg(0)))
			}
			return request(c, func(d *client.Client) (api.Porch, error) {
				return d.LendPorch(ctx, c.arg(0), api.PorchRequest{Code: code, Label: c.String("label")})
			}, func(p api.Porch) {
				c.out.printf("%s is lent. One of them types, in their co-op: kith porch add %s\n", sentence(quoted(p.Label)), p.Short)
			})
		},
	})
}
