package cli

import (
	"context"
	"strconv"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
)

func (k *kith) invite() *cli.Command {
	return group("invite", "codes that let somebody in",
		k.command(spec{
			name: "list", usage: "the codes that this device made",
			examples: []string{`kith invite list`},
			run: func(ctx context.Context, c *call) error {
				client, err := c.api()
				if err != nil {
					return err
				}
				invites, err := client.Invites(ctx)
				if err != nil {
					return err
				}
				return c.out.show(invites, func() {
					if len(invites) == 0 {
						c.out.println("There are no invites.")
						return
					}
					var rows [][]string
					for _, i := range invites {
						rows = append(rows, []string{i.ID, i.State, i.Standing, c.ago(i.ExpiresAt)})
					}
					c.out.grid([]string{"ID", "STATE", "STANDING", "EXPIRES"}, rows)
				})
			},
		}),
		k.command(spec{
			name: "revoke", args: "ID", usage: "make a code useless",
			more:     "ID is the start of the invite's ID, or the code itself.",
			examples: []string{`kith invite revoke 7f3a`},
			run: func(ctx context.Context, c *call) error {
				client, err := c.api()
				if err != nil {
					return err
				}
				i, err := client.RevokeInvite(ctx, c.arg(0))
				if err != nil {
					return err
				}
				return c.out.changed(i.ID, i)
			},
		}),
	)
}

func (k *kith) member() *cli.Command {
	return group("member", "who is in",
		k.command(spec{
			name: "list", usage: "everybody, in the charter's order",
			examples: []string{`kith member list`, `kith member list --jq '.[].name'`},
			run: func(ctx context.Context, c *call) error {
				client, err := c.api()
				if err != nil {
					return err
				}
				members, err := client.Members(ctx)
				if err != nil {
					return err
				}
				return c.out.show(members, func() {
					var rows [][]string
					for _, m := range members {
						live := 0
						for _, d := range m.Devices {
							if !d.Retired {
								live++
							}
						}
						rows = append(rows, []string{m.Name, m.Standing, strconv.Itoa(live), m.ID})
					}
					c.out.grid([]string{"NAME", "STANDING", "DEVICES", "ID"}, rows)
				})
			},
		}),
		k.command(spec{
			name: "show", args: "MEMBER", usage: "one member, with their devices",
			more:     `MEMBER is a name (case and accents don't count), an ID, or "me".`,
			examples: []string{`kith member show Ana`, `kith member show me --json`},
			run: func(ctx context.Context, c *call) error {
				client, err := c.api()
				if err != nil {
					return err
				}
				m, err := client.Member(ctx, c.arg(0))
				if err != nil {
					return err
				}
				return c.out.show(m, func() { c.showMember(m) })
			},
		}),
	)
}

func (c *call) showMember(m api.Member) {
	you := ""
	if m.Me {
		you = ", that's you"
	}
	since := ""
	if !m.Since.IsZero() {
		since = ", since " + c.ago(m.Since)
	}
	c.out.printf("%s%s\n%s%s\n%s\n\n", c.out.strong(oneLine(m.Name, 80)), you, standings[m.Standing], since, m.ID)
	var rows [][]string
	for _, d := range m.Devices {
		state := "in use"
		if d.Retired {
			state = "retired"
		}
		rows = append(rows, []string{d.Name, state, d.ID})
	}
	c.out.grid([]string{"DEVICE", "STATE", "KEY"}, rows)
}

// standings are a member's standing as said of a person.
var standings = map[string]string{
	"full": "full member", "prospective": "prospective member", "resigned": "has resigned", "removed": "was removed",
}
