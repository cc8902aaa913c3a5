package cli

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

func (k *kith) charter() *cli.Command {
	show := spec{
		name: "show", usage: "who is in, and who may decide what",
		examples: []string{`kith charter show`, `kith charter show --jq .threshold`},
		run:      runCharterShow,
	}
	own := show
	own.name, own.usage = "charter", "who is in, who may decide what, and what is being agreed on"
	own.examples = []string{`kith charter`}
	return k.groupWith(own,
		k.command(show), k.charterLog(), k.charterPending(),
		k.answer(answerSpec{api.ProposalConsent, "I agree to a proposal", "Your word counts for one proposal at a time, since only one step can come next."}),
		k.answer(answerSpec{api.ProposalRefuse, "I don't agree, and say why", "A refusal is for good; if you think otherwise later, it can be proposed anew."}),
		k.answer(answerSpec{api.ProposalWithdraw, "take back what I proposed or consented to", "It counts for everybody who hears of it before the step is in force. If your consent has completed it elsewhere already, the step holds."}),
		k.answer(answerSpec{api.ProposalRenew, "propose it again, with the same words", "For a proposal that another step has overtaken, or that was withdrawn. You consent to it with this, unless your word is with another proposal."}),
		k.charterThreshold(), k.charterInvites(), k.charterZone(), k.charterRules(), k.charterClose(), k.charterFollow(),
	)
}

func runCharterShow(ctx context.Context, c *call) error {
	client, err := c.api()
	if err != nil {
		return err
	}
	ch, err := client.Charter(ctx)
	if err != nil {
		return err
	}
	members, err := client.Members(ctx)
	if err != nil {
		return err
	}
	err = c.out.show(ch, func() {
		c.out.println(c.out.strong(name(ch.Space)))
		if len(ch.Full) > 0 {
			c.out.printf("Full members: %s\n", list(names(ch.Full)))
		}
		var guests []string
		for _, m := range members {
			if m.Standing == "prospective" {
				guests = append(guests, oneLine(m.Name, 80)+" (invited by "+nameOr(m.InvitedBy)+")")
			}
		}
		if len(guests) > 0 {
			c.out.printf("Prospective members: %s\n", list(guests))
		}
		for i, e := range ch.Former {
			if i == 0 {
				c.out.println("Former members:")
			}
			c.out.println("  " + c.ending(e))
		}
		c.out.sentences(ch.Says)
		for _, f := range ch.Forks {
			c.out.println()
			for _, s := range f.Says {
				c.out.println(paragraph(s, c.out.width))
			}
		}
		for i, p := range ch.Pending {
			c.out.println()
			if i == 0 {
				c.out.println(c.out.strong("Being agreed on"))
			}
			c.showProposal(p)
		}
	})
	if err != nil {
		return err
	}
	if err := c.noteProposals(ctx, ch.Pending); err != nil {
		return err
	}
	if err := c.toldEndings(ctx, ch.Former); err != nil {
		return err
	}
	return c.toldSteps(ctx)
}

// ending says how a membership ended.
func (c *call) ending(e api.Ending) string {
	says := name(e.Member) + " left"
	if len(e.By) > 0 {
		says = name(e.Member) + "'s membership ended"
	}
	if !e.At.IsZero() {
		if when := c.heard(e.At); when == c.ago(e.At) {
			says += " " + when
		} else {
			says += " on " + when
		}
	}
	if len(e.By) > 0 {
		says += ", agreed by " + list(names(e.By))
	}
	return because(says, e.Why)
}

func (k *kith) charterLog() *cli.Command {
	return k.command(spec{
		name: "log", usage: "what was agreed, by whom and why, newest first",
		more:     "Statements of the charter hold no time: shown is when this device heard of them. What another line says as well is left out: a consent that a step in force names, an invite that was used.",
		examples: []string{`kith charter log`, `kith charter log --limit 5`, `kith charter log --all`},
		flags:    []cli.Flag{limitFlag(100), &cli.BoolFlag{Name: "all", Usage: "every statement"}},
		run: func(ctx context.Context, c *call) error {
			limit, err := c.limit()
			if err != nil {
				return err
			}
			err = request(c, func(d *client.Client) ([]api.CharterLine, error) { return d.CharterLog(ctx, limit) }, func(lines []api.CharterLine) {
				for _, l := range lines {
					if !l.Detail || c.Bool("all") {
						c.out.println(c.charterLine(l))
					}
				}
			})
			if err != nil {
				return err
			}
			return c.toldSteps(ctx)
		},
	})
}

// charterLine is one line of the charter's log as a sentence.
func (c *call) charterLine(l api.CharterLine) string {
	says := sentence(l.Says)
	if l.By != nil {
		says = name(*l.By) + " " + says
	}
	when := c.heard(l.At)
	return c.out.faint(when+strings.Repeat(" ", max(16-columns(when), 1))) + because(says, l.Why)
}

func (k *kith) charterThreshold() *cli.Command {
	return k.command(spec{
		name: "threshold", args: "THRESHOLD", usage: "propose how many have to consent to such a step",
		more:     "THRESHOLD is one of: " + strings.Join(api.Thresholds, ", ") + ". Whatever it is, more than half are needed, and never everybody but with two.",
		examples: []string{`kith charter threshold two-thirds`},
		flags:    []cli.Flag{whyFlag()},
		run: func(ctx context.Context, c *call) error {
			if err := oneOf("the threshold", c.arg(0), api.Thresholds); err != nil {
				return err
			}
			return c.propose(ctx, api.ProposalRequest{Action: api.ActionThreshold, Threshold: c.arg(0), Why: c.String("why")})
		},
	})
}

func (k *kith) charterZone() *cli.Command {
	return k.command(spec{
		name: "time-zone", args: "ZONE", usage: "propose in which time zone the co-op's days end",
		more:     "A decision that is open until a day stays so until that day is over there. When a task is due is the day of who reads it. While nothing is agreed, days end in UTC.",
		examples: []string{`kith charter time-zone Europe/Berlin`, `kith charter time-zone America/Los_Angeles --why "all of us live here"`},
		flags:    []cli.Flag{whyFlag()},
		run: func(ctx context.Context, c *call) error {
			return c.propose(ctx, api.ProposalRequest{Action: api.ActionZone, Zone: c.arg(0), Why: c.String("why")})
		},
	})
}

func (k *kith) charterInvites() *cli.Command {
	return k.command(spec{
		name: "invites", args: "N", usage: "propose how many open invites each member may have",
		more:     "Prospective members who haven't been admitted count, too.",
		examples: []string{`kith charter invites 3`},
		flags:    []cli.Flag{whyFlag()},
		run: func(ctx context.Context, c *call) error {
			n, err := strconv.Atoi(c.arg(0))
			if err != nil || n < 0 {
				return api.Problemf(api.Invalid, "kith charter invites 3", "the number of invites is a number from 0")
			}
			return c.propose(ctx, api.ProposalRequest{Action: api.ActionInvites, Invites: n, Why: c.String("why")})
		},
	})
}

func (k *kith) charterRules() *cli.Command {
	return k.command(spec{
		name: "rules", args: "[VERSION]", usage: "propose to use what a newer Kith can write",
		more:     "VERSION is one of the shared rules; without it, the newest that this computer's Kith knows. Documents with what is new under it can't be read any more by who has an older Kith, and neither can what the co-op agrees on from then on: propose it when everybody has a Kith that knows it. New kinds of documents don't need it.",
		examples: []string{`kith charter rules`},
		flags:    []cli.Flag{whyFlag()},
		run: func(ctx context.Context, c *call) error {
			version := 0
			if typed := c.arg(0); typed != "" {
				var err error
				if version, err = strconv.Atoi(typed); err != nil || version < 1 {
					return api.Problemf(api.Invalid, "kith charter show --json says which is agreed on", "the version of the shared rules is a number from 1")
				}
			}
			return c.propose(ctx, api.ProposalRequest{Action: api.ActionRules, Rules: version, Why: c.String("why")})
		},
	})
}

func (k *kith) charterClose() *cli.Command {
	return k.command(spec{
		name: "close-founding", usage: "end the founding",
		more:     "While the founding is open one device orders it, the founder's; it can end that alone, and others can propose it. Seats that are free then stay free: who comes later is invited and admitted.",
		examples: []string{`kith charter close-founding`},
		flags:    []cli.Flag{whyFlag()},
		run: func(ctx context.Context, c *call) error {
			return c.propose(ctx, api.ProposalRequest{Action: api.ActionClose, Why: c.String("why")})
		},
	})
}

func (k *kith) charterFollow() *cli.Command {
	return k.command(spec{
		name: "follow", args: "STEP", usage: "take a side where the co-op has split",
		more:     "STEP is a side as kith charter show names it: the proposal with which it begins or, if there was none, the start of the step's ID. The others are told. All documents are looked at again from there: what was written on the side that you leave doesn't count on the other, is kept, and comes back if you do.",
		examples: []string{`kith charter follow p-4kq2`, `kith charter follow 3fa09c11d2e4`},
		run: func(ctx context.Context, c *call) error {
			client, err := c.api()
			if err != nil {
				return err
			}
			ch, err := client.Follow(ctx, c.arg(0))
			if err != nil {
				return err
			}
			side := ch.Step
			for _, f := range ch.Forks {
				for _, b := range f.Branches {
					if b.Followed && (strings.HasPrefix(b.Step, c.arg(0)) || strings.HasPrefix(b.Proposal, c.arg(0)) || b.Proposal != "" && strings.HasPrefix(c.arg(0), b.Proposal)) {
						side = cmp.Or(b.Proposal, b.Step[:12])
						c.note([]string{"You are on the side of " + side + " now: " + b.Title + "."})
					}
				}
			}
			return c.out.changed(side, ch)
		},
	})
}
