package cli

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

// shareSays are what one's own co-op says to an ally about a share. Each is an agreed step of its side.
func (k *kith) shareSays() []*cli.Command {
	return []*cli.Command{k.shareNew(), k.shareJoin(), k.shareTerms(), k.shareContacts(), k.shareEnd()}
}

const shareStep = "It is a step that your people in the share agree on: it is in force when enough of them consent (kith charter pending --space SHARE)."

func (k *kith) shareNew() *cli.Command {
	return k.command(spec{
		name: "new", args: "ALLY TITLE", usage: "open a further share with an ally",
		more: "Beside the share that the pact began with, for what others work on or for a time of its own; the title says what it is for. " +
			"It has the end date and the way to count of the first. The ally finds it in kith today, and any of their full members joins it: kith share join ID. " +
			"Nobody has to compare words or agree again: who they are is known from the share that there is.",
		examples: []string{`kith share new Quilted "The winter fair"`},
		flags:    []cli.Flag{asFlag()},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.Ally, error) {
				return d.NewShare(ctx, api.NewShareRequest{Ally: c.arg(0), Title: c.arg(1), As: c.String("as")})
			}, func(a api.Ally) {
				c.note(a.Says)
				c.out.println(a.Ask)
			})
		},
	})
}

func (k *kith) shareJoin() *cli.Command {
	return k.command(spec{
		name: "join", args: "ID", ids: among(k.openedOffers), usage: "join a further share that an ally has opened",
		examples: []string{`kith share join q-4kq2`},
		flags:    []cli.Flag{asFlag(), &cli.DurationFlag{Name: "wait", Value: 30 * time.Second, Usage: "`TIME` how long to wait for them"}},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.Ally, error) {
				defer c.slowly("asking them")()
				return d.JoinShare(ctx, api.JoinShareRequest{Ask: c.arg(0), As: c.String("as")}, c.Duration("wait"))
			}, func(a api.Ally) {
				c.note(a.Says)
				c.out.println(a.ID)
			})
		},
	})
}

func asFlag() cli.Flag {
	return &cli.StringFlag{Name: "as", Usage: "`NAME` what you are called there; else as you are called now"}
}

func (k *kith) shareTerms() *cli.Command {
	return k.command(spec{
		name: "terms", args: "SHARE", usage: "propose another purpose, end date, or way to count",
		more:     shareStep + " It binds both co-ops once the ally says the same words; to say no is to say what holds now.",
		examples: []string{`kith share terms Quilted --ends "in 2 years"`, `kith share terms Quilted --voices people --why "we are one team by now"`},
		flags: []cli.Flag{
			&cli.StringFlag{Name: "purpose", Usage: "`TEXT` what it is for"},
			&cli.StringFlag{Name: "ends", Usage: "`DATE` when the pact ends"},
			k.offering(&cli.StringFlag{Name: "voices", Usage: "`WHO` count in joint decisions: co-ops, each once, or people"}, fixed(api.VoicesCoops, api.VoicesPeople)),
			whyFlag(),
		},
		run: func(ctx context.Context, c *call) error {
			q := api.ProposalRequest{Action: api.ActionTerms, Purpose: c.String("purpose"), Voices: c.String("voices"), Why: c.String("why")}
			ends, err := c.date("ends")
			if err != nil {
				return err
			}
			if ends != nil {
				if *ends == "" {
					return api.Problemf(api.Usage, `kith share terms SHARE --ends "in a year"`, "a pact has an end date")
				}
				q.Ends = *ends
			}
			return c.sayToAlly(ctx, q)
		},
	})
}

func (k *kith) shareContacts() *cli.Command {
	return k.command(spec{
		name: "contacts", args: "SHARE NAME…", usage: "name whom the ally can ask",
		more:     shareStep + " Who is named has no more say than others.",
		examples: []string{`kith share contacts Quilted Ana Ben`},
		run: func(ctx context.Context, c *call) error {
			return c.sayToAlly(ctx, api.ProposalRequest{Action: api.ActionContacts, Contacts: c.args()[1:]})
		},
	})
}

func (k *kith) shareEnd() *cli.Command {
	return k.command(spec{
		name: "end", args: "SHARE", usage: "end a share, whatever the ally says, and say why",
		more: shareStep + " From then on nobody writes in it, and neither side sends the other anything more. What each has stays " +
			"readable: nothing takes back what was read. Your own documents that go on in it come back with what they say then.",
		examples: []string{`kith share end Quilted --why "the fair is over; thank you"`},
		flags:    []cli.Flag{need(whyFlag(), false)},
		run: func(ctx context.Context, c *call) error {
			if c.String("why") == "" {
				return api.Problemf(api.Usage, `kith share end Quilted --why "the fair is over"`, "kith share end needs --why and a reason, which the ally reads")
			}
			return c.sayToAlly(ctx, api.ProposalRequest{Action: api.ActionEndShare, Why: c.String("why")})
		},
	})
}

// sayToAlly proposes that one's own side says something in the share that is named first.
func (c *call) sayToAlly(ctx context.Context, q api.ProposalRequest) error {
	return request(c, func(d *client.Client) (api.Proposal, error) {
		s, err := d.ShowShare(ctx, c.arg(0))
		if err != nil {
			return api.Proposal{}, err
		}
		return d.In(s.Space.ID).Propose(ctx, q)
	}, c.proposed)
}

func (k *kith) allyEnd() *cli.Command {
	return k.command(spec{
		name: "end", args: "ALLY", usage: "end the pact: all that you share with an ally",
		more:     "Ends every share with it, see kith share end. Your people in each agree on that.",
		examples: []string{`kith ally end Quilted --why "we part as friends"`},
		flags:    []cli.Flag{need(whyFlag(), false)},
		run: func(ctx context.Context, c *call) error {
			if c.String("why") == "" {
				return api.Problemf(api.Usage, `kith ally end Quilted --why "we part as friends"`, "kith ally end needs --why and a reason, which the ally reads")
			}
			return request(c, func(d *client.Client) ([]api.Proposal, error) { return d.EndAlly(ctx, c.arg(0), c.String("why")) }, func(all []api.Proposal) {
				for _, p := range all {
					c.proposed(p)
				}
			})
		},
	})
}
