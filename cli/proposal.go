package cli

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"kith/crdt/kind"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

func (k *kith) charterPending() *cli.Command {
	return k.command(spec{
		name: "pending", usage: "proposals that ask for something, and what they still need",
		examples: []string{`kith charter pending`, `kith charter pending --jq '.[].short'`},
		run: func(ctx context.Context, c *call) error {
			var all []api.Proposal
			if err := request(c, func(d *client.Client) (_ []api.Proposal, err error) {
				all, err = d.Proposals(ctx, true)
				return all, err
			}, c.showPending); err != nil {
				return err
			}
			if err := c.noteProposals(ctx, all); err != nil {
				return err
			}
			return c.toldSteps(ctx)
		},
	})
}

func (c *call) showPending(all []api.Proposal) {
	if len(all) == 0 {
		c.out.println("Nothing is being agreed on.")
	}
	for i, p := range all {
		if i > 0 {
			c.out.println()
		}
		c.showProposal(p)
	}
}

// noteProposals keeps that somebody was shown these, so that they can consent to them; a filter shows a part alone.
func (c *call) noteProposals(ctx context.Context, all []api.Proposal) error {
	if c.IsSet("jq") {
		return nil
	}
	d, err := c.api()
	for _, p := range all {
		if err == nil && !p.Shown {
			err = d.NoteProposal(ctx, p.ID)
		}
	}
	return err
}

// consentsTo gives the revision of a proposal that somebody consents to: "" for one that they weren't shown, which the
// daemon refuses. On a terminal they are shown it and asked.
func (c *call) consentsTo(ctx context.Context, d *client.Client, id string) (string, error) {
	if c.IsSet(kind.Seen.Flag()) {
		return c.String(kind.Seen.Flag()), nil
	}
	p, err := d.Proposal(ctx, id)
	switch {
	case err != nil:
		return "", err
	case p.Shown:
		return p.Revision, nil
	case !c.canEdit() || c.out.json:
		return "", nil
	}
	c.showProposal(p)
	if err := c.noteProposals(ctx, []api.Proposal{p}); err != nil {
		return "", err
	}
	yes, err := c.askYes("Do you consent to that?")
	if err == nil && !yes {
		err = api.Problemf(api.Changed, "", "nothing was said to %s", p.Short)
	}
	return p.Revision, err
}

// showProposal shows a proposal and how it stands.
func (c *call) showProposal(p api.Proposal) {
	title := further(paragraph(strings.Join(strings.Fields(p.Title), " "), max(c.out.width-inside, 0))) // all of it is agreed on
	c.out.printf("%s  %s\n", p.Short, c.out.strong(c.out.isolate(title)))
	c.out.within(because("proposed by "+name(p.By), p.Why))
	if p.Side != nil {
		c.out.within(because(name(p.Side.Member)+" says to that", p.Side.Why))
	}
	for _, a := range p.Consents {
		c.out.within(name(a.Member) + " consents")
	}
	for _, a := range p.Refusals {
		c.out.within(because(name(a.Member)+" refuses", a.Why))
	}
	if len(p.WaitingFor) > 0 {
		c.out.within("not answered yet: " + list(names(p.WaitingFor)))
	}
	for _, s := range p.Says {
		c.out.within(paragraph(s, max(c.out.width-inside, 0)))
	}
}

// propose proposes a step and says how it stands.
func (c *call) propose(ctx context.Context, r api.ProposalRequest) error {
	return request(c, func(d *client.Client) (api.Proposal, error) { return d.Propose(ctx, r) }, c.proposed)
}

// proposed tells a person of a proposal that was made or answered: its short ID, and how it stands.
func (c *call) proposed(p api.Proposal) {
	c.note(p.Says)
	c.out.println(p.Short)
}

type answerSpec struct{ verb, usage, more string }

func (k *kith) answer(a answerSpec) *cli.Command {
	s := spec{name: a.verb, args: "ID…", ids: among(k.proposalOffers), usage: a.usage, more: a.more, examples: []string{"kith charter " + a.verb + " p-4kq2"}}
	switch a.verb {
	case api.ProposalRefuse:
		s.flags = []cli.Flag{need(whyFlag(), false)}
		s.examples = []string{`kith charter refuse p-4kq2 --why "too early, let us talk first"`}
	case api.ProposalConsent:
		s.flags = []cli.Flag{
			&cli.StringFlag{Name: kind.Seen.Flag(), Usage: "`R` the revision that I read; without it, what I was shown"},
			&cli.BoolFlag{Name: "leave-out", Usage: "without what came from who is to leave since it was proposed"},
			&cli.BoolFlag{Name: "anyway", Usage: "though it could split the co-op, as was said"},
		}
	}
	s.run = func(ctx context.Context, c *call) error {
		if a.verb == api.ProposalRefuse && c.String("why") == "" {
			return api.Problemf(api.Usage, s.examples[0], "kith charter refuse needs --why and a reason")
		}
		return c.each(c.args(), func(d *client.Client, id string) (any, func(), error) {
			revision := ""
			if a.verb == api.ProposalConsent {
				var err error
				if revision, err = c.consentsTo(ctx, d, id); err != nil {
					return nil, nil, err
				}
			}
			p, err := d.AnswerProposal(ctx, id, api.ProposalAnswer{
				Verb: a.verb, Revision: revision, Why: c.String("why"), Anyway: c.Bool("anyway"), LeaveOut: c.Bool("leave-out"),
			})
			return p, func() { c.proposed(p) }, err
		})
	}
	return k.command(s)
}
