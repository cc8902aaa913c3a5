package cli

import (
	"context"
	"time"

	"github.com/mdp/qrterminal/v3"
	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

const defaultInviteLife = 72 * time.Hour

func (k *kith) invite() *cli.Command {
	return k.groupWith(spec{
		name: "invite", usage: "let somebody in: a code for a prospective member",
		more:     "Prints a code, for one person; on a terminal also as a picture to scan. Your daemon answers whoever has it, so it has to run and be reachable then. A prospective member reads everything and works on tasks and notes; their position on a decision shows, and isn't counted. How they become a full member: kith member admit --help",
		examples: []string{`kith invite`, `kith invite --expires 24h`, `kith invite --jq .code`},
		flags:    []cli.Flag{&cli.DurationFlag{Name: "expires", Value: defaultInviteLife, Usage: "`TIME` how long the code is good"}},
		run:      runInvite,
	},
		k.inviteList(), k.inviteAnswer(), k.inviteRevoke(),
	)
}

func runInvite(ctx context.Context, c *call) error {
	return request(c, func(d *client.Client) (api.Invite, error) { return d.Invite(ctx, c.Duration("expires")) }, func(i api.Invite) {
		c.out.printf("They type:\n\n    kith join - --as NAME\n\nand then the code, which it asks for:\n\n    %s\n\n", i.Code)
		if c.out.width > 0 {
			qrterminal.GenerateHalfBlock(i.Code, qrterminal.L, c.env.Stdout)
		}
		c.out.printf("The code lets one person in, until %s. Send it to nobody else.\n", i.ExpiresAt.In(c.env.Now().Location()).Format("2 Jan 15:04"))
		c.out.sentences(i.Says)
	})
}

func (k *kith) inviteList() *cli.Command {
	return k.command(spec{
		name: "list", usage: "the codes that this device made",
		more:     "Those that are open are shown as they lead to you today: the same codes, with the addresses that your devices, and the others', have now.",
		examples: []string{`kith invite list`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) ([]api.Invite, error) { return d.Invites(ctx) }, func(invites []api.Invite) {
				if len(invites) == 0 {
					c.out.println("There are no invites.")
					return
				}
				var rows [][]string
				for _, i := range invites {
					rows = append(rows, []string{i.ID, i.State, i.Standing, c.ago(i.ExpiresAt)})
				}
				c.out.grid([]string{"ID", "STATE", "STANDING", "EXPIRES"}, rows)
				for _, i := range invites {
					if i.State == "open" {
						c.out.printf("\n%s is open. With today's addresses it is:\n\n    %s\n", i.ID, i.Code)
					}
				}
			})
		},
	})
}

func (k *kith) inviteRevoke() *cli.Command {
	return k.command(spec{
		name: "revoke", args: "ID…", ids: among(k.inviteOffers), usage: "make a code useless",
		more:     "ID is the start of the invite's ID, or the code itself.",
		examples: []string{`kith invite revoke 7f3a`},
		run: func(ctx context.Context, c *call) error {
			return c.each(c.args(), func(d *client.Client, id string) (any, func(), error) {
				i, err := d.RevokeInvite(ctx, id)
				return i, func() { c.out.println(i.ID) }, err
			})
		},
	})
}
