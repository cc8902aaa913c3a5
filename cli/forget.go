package cli

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

func (k *kith) forget() *cli.Command {
	return k.command(spec{
		name: "forget", args: "ID…", usage: "take something back: every computer of ours drops what it says", ids: k.documentOffers(nil),
		more: "Of what you alone wrote in, your word is enough. Otherwise it waits for the others who wrote in it, in their kith today, and is forgotten once all have said so, for which the first one's reason is enough; " +
			"or the co-op agrees on it (--agreed), whoever wrote in it. With --part or --earlier what stands in it now goes on in a fresh document, with what was said about it, and this one is forgotten whole: " +
			"who looks for it by its ID is told where it goes on. What was written in it by somebody who hadn't heard of that brings it back, until they say so as well. " +
			"The reason stays for good, and everybody reads it. Nobody can make others forget: who has read it, backups and bundles made before, and a computer with another program may keep it.",
		examples: []string{`kith forget n-2m7d --why "it had a bank number in it"`, `kith forget n-2m7d --part "DE89 3704 0044" --why "it had a bank number in it"`, `kith forget n-2m7d --why "nobody should have written this down" --agreed`},
		flags: []cli.Flag{
			whyFlag(),
			&cli.StringFlag{Name: "part", Usage: "only this `TEXT`, and all earlier versions: the rest goes on in a fresh document"},
			&cli.BoolFlag{Name: "earlier", Usage: "only what stood in it before: what stands in it now goes on in a fresh document"},
			&cli.BoolFlag{Name: "agreed", Usage: "propose it to the co-op: it holds for everybody's words in it"},
			&cli.BoolFlag{Name: "yes", Usage: "I know what it means, and that it can't be taken back"},
		},
		run: func(ctx context.Context, c *call) error {
			q := api.ForgetRequest{Why: c.String("why"), Agreed: c.Bool("agreed"), Part: c.String("part"), Earlier: c.Bool("earlier")}
			if c.IsSet("part") && strings.TrimSpace(q.Part) == "" {
				return api.Problemf(api.Usage, `--part "the words as they stand there"`, "--part is empty: it says which words are taken out")
			}
			return c.each(c.args(), func(d *client.Client, id string) (any, func(), error) {
				if err := c.mayForget(ctx, d, id, q); err != nil {
					return nil, nil, err
				}
				f, err := d.Forget(ctx, id, q)
				return f, func() {
					if q.GoesOn() && f.GoesOn != nil {
						c.out.println(f.GoesOn.Short)
					} else {
						c.out.println(f.Document.Short)
					}
					if f.Changed != nil {
						c.note([]string{"Nothing changed: you have said so already."})
					}
					c.note(f.Says)
				}, err
			})
		},
	})
}

// mayForget says what it means, and goes on when the person has said yes.
func (c *call) mayForget(ctx context.Context, d *client.Client, id string, q api.ForgetRequest) error {
	if c.Bool("yes") {
		return nil
	}
	f, err := d.Forgetting(ctx, id, q.GoesOn())
	if err != nil || f.State == api.Forgotten || q.Why == "" && f.State != api.ForgetAsked || !q.Agreed && !f.Mine {
		return nil // the daemon says why it is refused: also without a reason, and of what others wrote
	}
	c.note([]string{c.title(f.Document) + ", by " + list(names(f.Wrote))})
	c.note(f.Says)
	if c.canEdit() && !c.out.json {
		yes, err := c.askYes("Forget it?")
		if err == nil && !yes {
			err = api.Problemf(api.NotAllowed, "", "nothing was forgotten")
		}
		return err
	}
	return api.Problemf(api.NotAllowed, "the same with --yes", "what is forgotten doesn't come back, and this isn't said yes to")
}
