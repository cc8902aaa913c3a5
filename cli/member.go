package cli

import (
	"context"
	"strconv"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

func (k *kith) member() *cli.Command {
	return group("member", "who is in",
		k.command(spec{
			name: "list", usage: "everybody, in the charter's order",
			examples: []string{`kith member list`, `kith member list --jq '.[].name'`},
			run: func(ctx context.Context, c *call) error {
				d, err := c.api()
				if err != nil {
					return err
				}
				members, err := d.Members(ctx)
				if err != nil {
					return err
				}
				if err := c.out.show(members, func() { c.listMembers(members) }); err != nil {
					return err
				}
				return c.toldNames(ctx, d, members...)
			},
		}),
		k.command(spec{
			name: "show", args: "MEMBER", usage: "one member, with their devices and what they were called before",
			more:     `MEMBER is a name (case and accents don't count), an ID, or "me".`,
			examples: []string{`kith member show Ana`, `kith member show me --json`},
			run: func(ctx context.Context, c *call) error {
				d, err := c.api()
				if err != nil {
					return err
				}
				m, err := d.Member(ctx, c.arg(0))
				if err != nil {
					return err
				}
				if err := c.out.show(m, func() { c.showMember(m) }); err != nil {
					return err
				}
				return c.toldNames(ctx, d, m)
			},
		}),
		k.memberRename(), k.memberAdmit(), k.memberRemove(), k.memberNewKey(), k.memberResign(),
	)
}

func (c *call) listMembers(members []api.Member) {
	var rows [][]string
	for _, m := range members {
		live := 0
		for _, d := range m.Devices {
			if !d.Retired {
				live++
			}
		}
		rows = append(rows, []string{m.Called(), m.Standing, strconv.Itoa(live), m.ID})
	}
	c.out.grid([]string{"NAME", "STANDING", "DEVICES", "ID"}, rows)
}

func (k *kith) memberRename() *cli.Command {
	return k.command(spec{
		name: "rename", args: "NAME", usage: "say what you are called from now on",
		more:     "Nobody consents to it. The others are told in their kith today, and what you were called before stays on record: kith member show. What you wrote shows your new name. A name that looks like one that somebody else has or had isn't taken. A share with an ally has a name of you of its own: --space SHARE changes it there.",
		examples: []string{`kith member rename Anna`, `kith member rename "Anna Sol" --json`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.Member, error) { return d.Rename(ctx, c.arg(0)) }, func(m api.Member) {
				c.out.printf("You are called %s now.\n", oneLine(m.Name, 120))
			})
		},
	})
}

func (k *kith) memberAdmit() *cli.Command {
	return k.command(spec{
		name: "admit", args: "MEMBER", usage: "propose to make a prospective member a full one",
		more:     "You consent to it with this, unless your word is with another proposal. It comes into force when enough full members have consented: kith charter pending shows how far it is. With the second full member it changes how you decide, so that has to be said with --yes.",
		examples: []string{`kith member admit Dora`, `kith member admit Dora --why "half a year with us"`},
		flags:    []cli.Flag{whyFlag(), &cli.BoolFlag{Name: "yes", Usage: "I know what follows from it"}},
		run: func(ctx context.Context, c *call) error {
			return c.propose(ctx, api.ProposalRequest{Action: api.ActionAdmit, Member: c.arg(0), Why: c.String("why"), Yes: c.Bool("yes")})
		},
	})
}

func (k *kith) memberRemove() *cli.Command {
	return k.command(spec{
		name: "remove", args: "MEMBER", usage: "propose to end somebody's membership",
		more:     "You consent to it with this, unless your word is with another proposal. Who is to leave is told first, with your reason, and can say their side, which the others read before they consent; they aren't asked, and if they are a full member they are counted. What they did until then stays; what they would write later isn't taken.",
		examples: []string{`kith member remove Eli --why "moved away in spring, can't be reached"`},
		flags:    []cli.Flag{need(whyFlag(), false)},
		run: func(ctx context.Context, c *call) error {
			if c.String("why") == "" {
				return api.Problemf(api.Usage, "kith member remove --help", "kith member remove needs --why and a reason: the others read it, and so does who is to leave")
			}
			return c.propose(ctx, api.ProposalRequest{Action: api.ActionRemove, Member: c.arg(0), Why: c.String("why")})
		},
	})
}

func (k *kith) memberNewKey() *cli.Command {
	return k.command(spec{
		name: "new-key", args: "MEMBER CODE", usage: "propose to give somebody a new recovery phrase",
		more:     "For who lost theirs, or had it stolen. CODE is what their new phrase gives (kith device new-phrase); it comes with six words, which you compare with them before you consent. You consent to it with this, unless your word is with another proposal. Once in force, the old phrase and all their devices of before speak for them no more.",
		examples: []string{`kith member new-key Ana CODE --why "her bag with the laptop and the phrase was stolen"`},
		flags: []cli.Flag{need(whyFlag(), false),
			&cli.StringSliceFlag{Name: "not-theirs", Usage: "`DEVICE` that never was theirs: nothing of it counts (name, or start of its key: kith member show)"},
		},
		run: func(ctx context.Context, c *call) error {
			if c.String("why") == "" {
				return api.Problemf(api.Usage, "kith member new-key --help", "kith member new-key needs --why and a reason: the others read it")
			}
			return c.propose(ctx, api.ProposalRequest{Action: api.ActionNewKey, Member: c.arg(0), Code: c.arg(1), NotTheirs: c.StringSlice("not-theirs"), Why: c.String("why")})
		},
	})
}

func (k *kith) memberResign() *cli.Command {
	return k.command(spec{
		name: "resign", usage: "leave the co-op",
		more:     "Nobody is asked. From then on this device can't write and nothing new arrives; you keep what is here. It can't be taken back.",
		examples: []string{`kith member resign --yes`, `kith member resign --yes --why "we move to the sea"`},
		flags:    []cli.Flag{whyFlag(), &cli.BoolFlag{Name: "yes", Usage: "I know that it can't be taken back"}},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.Member, error) {
				return d.Resign(ctx, api.ResignRequest{Why: c.String("why"), Yes: c.Bool("yes")})
			}, func(m api.Member) { c.out.println(m.ID) })
		},
	})
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
	invited := ""
	if m.InvitedBy != nil {
		invited = ", invited by " + name(*m.InvitedBy)
	}
	c.out.printf("%s%s\n%s%s%s\n", c.out.strong(oneLine(m.Called(), 120)), you, standings[m.Standing], since, invited)
	for _, f := range m.Former {
		c.out.printf("was called %s (until %s)\n", oneLine(f.Name, 120), c.heard(f.Until))
	}
	c.out.printf("%s\n\n", m.ID)
	var rows [][]string
	for _, d := range m.Devices {
		state := "in use"
		switch {
		case d.Retired:
			state = "retired"
		case d.Consents:
			state = "in use, consents"
		}
		rows = append(rows, []string{d.Name, state, d.ID})
	}
	c.out.grid([]string{"DEVICE", "STATE", "KEY"}, rows)
}

// standings are a member's standing as said of a person.
var standings = map[string]string{
	"full": "full member", "prospective": "prospective member", "resigned": "has resigned", "removed": "was removed",
}
