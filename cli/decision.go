package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

func (k *kith) decision() *cli.Command {
	return group("decision", "what we decide, and how",
		k.decisionPropose(), k.decisionList(), k.decisionShow(), k.decisionEdit(),
		k.position("consent", "I can live with it", `kith decision consent d-9f2c`),
		k.position("object", "I see harm in it, and say which", `kith decision object d-9f2c --why "we can't pay for it"`),
		k.position("stand-aside", "not for me, go on", `kith decision stand-aside d-9f2c --why "I wasn't there"`),
		k.position("block", "it must not pass (by consensus)", `kith decision block d-9f2c --why "against our statutes"`),
		k.position("abstain", "I take no side", `kith decision abstain d-9f2c`),
		k.position("agree", "I am for it (by majority)", `kith decision agree d-9f2c`),
		k.position("disagree", "I am against it (by majority)", `kith decision disagree d-9f2c --why "too early"`),
		k.position("advise", "what I think of it (by advice)", `kith decision advise d-9f2c --why "ask the printer first"`),
		k.decisionClose(), k.decisionWithdraw(), k.decisionReviews(),
	)
}

func decisionDates(clear string) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "by", Usage: "`DATE` until when positions are hoped for" + clear},
		&cli.StringFlag{Name: "review", Usage: "`DATE` when to look at it again" + clear},
	}
}

func (k *kith) decisionPropose() *cli.Command {
	return k.command(spec{
		name: "propose", args: "TITLE", usage: "propose something",
		more: "Without --text, on a terminal with $EDITOR set, the text opens there.",
		examples: []string{
			`kith decision propose "Buy a second riso" --text "A used one, up to 2,000" --by friday`,
			`kith decision propose "Statutes" --process consensus --review "in 12 months" --text - <statutes.md`,
		},
		flags: append([]cli.Flag{
			textFlag(),
			&cli.StringFlag{Name: "process", Value: api.Processes[0], Usage: "`P` how to decide: " + strings.Join(api.Processes, ", ")},
			tagFlag(),
		}, decisionDates("")...),
		run: runPropose,
	})
}

func runPropose(ctx context.Context, c *call) error {
	if err := oneOf("--process", c.String("process"), api.Processes); err != nil {
		return err
	}
	by, err := parseComing("--by", c.String("by"), c.env.Now())
	if err != nil {
		return err
	}
	review, err := parseComing("--review", c.String("review"), c.env.Now())
	if err != nil {
		return err
	}
	text, err := c.newText(ctx)
	if err != nil {
		return err
	}
	return request(c, func(d *client.Client) (api.Decision, error) {
		return d.CreateDecision(ctx, api.NewDecision{
			Title: c.arg(0), Text: text, Process: c.String("process"), By: by, Review: review, Tags: c.StringSlice("tag"),
		})
	}, c.decisionID)
}

func (k *kith) decisionList() *cli.Command {
	return k.command(spec{
		name: "list", usage: "decisions, the newest change first",
		examples: []string{`kith decision list --open`, `kith decision list --waiting-for-me`},
		flags: []cli.Flag{
			&cli.BoolFlag{Name: "open", Usage: "not closed and not withdrawn"},
			&cli.BoolFlag{Name: "waiting-for-me", Usage: "without my position"},
			&cli.StringFlag{Name: "tag", Usage: "`T` with this tag"},
			limitFlag(0),
		},
		run: func(ctx context.Context, c *call) error {
			limit, err := c.limit()
			if err != nil {
				return err
			}
			return c.decisions(ctx, client.DecisionQuery{
				Open: c.Bool("open"), WaitingForMe: c.Bool("waiting-for-me"), Tag: c.String("tag"), Limit: limit,
			})
		},
	})
}

func (k *kith) decisionReviews() *cli.Command {
	return k.command(spec{
		name: "reviews", usage: "agreed decisions whose review is due",
		examples: []string{`kith decision reviews`},
		run: func(ctx context.Context, c *call) error {
			tomorrow := c.env.Now().AddDate(0, 0, 1).Format(time.DateOnly)
			return c.decisions(ctx, client.DecisionQuery{ReviewBefore: tomorrow})
		},
	})
}

func (c *call) decisions(ctx context.Context, q client.DecisionQuery) error {
	q.Brief = !c.out.json
	return request(c, func(d *client.Client) ([]api.Decision, error) { return d.Decisions(ctx, q) }, func(list []api.Decision) {
		if len(list) == 0 {
			c.out.println("No decisions.")
			return
		}
		var rows [][]string
		for _, d := range list {
			rows = append(rows, []string{d.Short, d.Title, also(outcomeWord(d), sharedWith(d.Document)), d.Process, c.when(d.By), strings.Join(names(d.WaitingFor), ", ")})
		}
		c.out.grid([]string{"ID", "TITLE", "STATUS", "PROCESS", "BY", "WAITING FOR"}, rows)
	})
}

// outcomeWord is the status of a decision, with what is wrong about its outcome.
func outcomeWord(d api.Decision) string {
	if d.Outcome != nil && d.Outcome.State != "holds" {
		return statusWord(d.Status) + ", " + statusWord(d.Outcome.State)
	}
	return statusWord(d.Status)
}

func (k *kith) decisionShow() *cli.Command {
	return k.command(spec{
		name: "show", args: "ID", usage: "all of one decision",
		examples: []string{`kith decision show d-9f2c`, `kith decision show 9f2c --jq .revision`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.Decision, error) { return d.Decision(ctx, c.arg(0)) }, c.showDecision)
		},
	})
}

func (c *call) showDecision(d api.Decision) {
	c.out.println(c.title(d.Document) + "  " + outcomeWord(d))
	facts := []string{"by " + d.Process}
	if d.By != "" {
		facts = append(facts, "until "+c.when(d.By))
	}
	if d.ReviewOn != "" {
		facts = append(facts, "review on "+c.when(d.ReviewOn))
	}
	c.out.println(strings.Join(append(facts, tagWords(d.Tags)...), " · "))
	c.shared(d.Document)
	if d.Status == "withdrawn" {
		c.out.println(because("withdrawn", d.WithdrawnWhy))
	}
	c.out.text(d.Text)
	if len(d.Positions)+len(d.WaitingFor) > 0 {
		c.out.println()
	}
	for _, p := range d.Positions {
		c.out.println(c.positionLine(d, p))
	}
	for _, w := range d.WaitingFor {
		if !hasPosition(d, w) && len(d.Voices) == 0 { // else the voices say it
			c.out.println(name(w) + " hasn't answered yet")
		}
	}
	if len(d.Voices) > 0 {
		c.out.println()
	}
	for _, v := range d.Voices {
		c.out.println(sentence(v.Says))
	}
	if o := d.Outcome; o != nil {
		c.out.println("\n" + c.outcome(o))
		c.out.text(o.Text)
	}
	c.footer(d.Document)
}

func hasPosition(d api.Decision, who api.Named) bool {
	for _, p := range d.Positions {
		if p.Member.ID == who.ID {
			return true
		}
	}
	return false
}

func (c *call) positionLine(d api.Decision, p api.Position) string {
	line := because(name(p.Member)+" "+stance(p.Stance), p.Why)
	switch {
	case p.Revision != d.Revision:
		return line + c.out.faint(" (on an earlier text; waits to be renewed)")
	case !p.Counted:
		return line + c.out.faint(" (shown, not counted)")
	}
	return line
}

func (c *call) outcome(o *api.Outcome) string {
	said := fmt.Sprintf("%s, recorded by %s %s", statusWord(o.Result), name(o.RecordedBy), c.ago(o.At))
	var tally []string
	for _, word := range api.Stances {
		if n := o.Tally[word]; n > 0 {
			tally = append(tally, fmt.Sprintf("%d %s", n, strings.ReplaceAll(word, "_", " ")))
		}
	}
	if len(tally) > 0 {
		said += " (" + strings.Join(tally, ", ") + ")"
	}
	if o.State == "holds" {
		return strings.ToUpper(said[:1]) + said[1:]
	}
	return because(strings.ToUpper(said[:1])+said[1:]+"; this "+map[string]string{
		"contested": "is contested", "doesnt_hold": "doesn't hold",
	}[o.State], o.Why)
}

func (k *kith) decisionEdit() *cli.Command {
	return k.command(spec{
		name: "edit", args: "ID", usage: "change a proposal",
		more: "A changed title or text is a new revision: positions given before show as given on the earlier text. Without flags, on a terminal, the text opens in $EDITOR.",
		examples: []string{
			`kith decision edit d-9f2c --text "A used one, up to 1,500"`,
			`kith decision edit d-9f2c --by monday`,
		},
		flags: append([]cli.Flag{&cli.StringFlag{Name: "title", Usage: "`T` the title"}, textFlag(), tagFlag(), untagFlag()}, decisionDates(clearHint)...),
		run:   runDecisionEdit,
	})
}

func runDecisionEdit(ctx context.Context, c *call) error {
	e := api.DecisionEdit{Title: c.given("title"), Tag: c.StringSlice("tag"), Untag: c.StringSlice("untag")}
	var err error
	if e.By, err = c.date("by"); err != nil {
		return err
	}
	if e.Review, err = c.date("review"); err != nil {
		return err
	}
	client, err := c.api()
	if err != nil {
		return err
	}
	d, err := client.Decision(ctx, c.arg(0))
	if err != nil {
		return err
	}
	other := c.anySet("title", "by", "review", "tag", "untag")
	if e.Text, err = c.changedText(ctx, d.Text, d.Heads, other); err != nil {
		return err
	}
	if e.Text == nil && !other {
		return c.unchanged(d.Short, d)
	}
	if d, err = client.EditDecision(ctx, d.ID, e); err != nil {
		return err
	}
	return c.out.changed(d.Short, d)
}

func (k *kith) position(verb, usage string, example string) *cli.Command {
	return k.command(spec{
		name: verb, args: "ID", usage: usage, examples: []string{example, example + " --revision 0f3c…"},
		flags: []cli.Flag{
			whyFlag(),
			&cli.StringFlag{Name: "revision", Usage: "`R` only if this revision is still the text"},
		},
		run: func(ctx context.Context, c *call) error {
			if verb == "object" || verb == "block" || verb == "advise" {
				if c.String("why") == "" {
					return api.Problemf(api.Usage, example, "%s needs --why and a reason", fullName(c.Context))
				}
			}
			return request(c, func(d *client.Client) (api.Decision, error) {
				return d.TakePosition(ctx, c.arg(0), api.PositionRequest{
					Stance: strings.ReplaceAll(verb, "-", "_"), Why: c.String("why"), Revision: c.String("revision"),
				})
			}, c.decisionID)
		},
	})
}

func (k *kith) decisionClose() *cli.Command {
	return k.command(spec{
		name: "close", args: "ID", usage: "record the outcome that the positions give",
		more:     "The outcome can't be chosen. Anybody may record it; what the positions don't bear shows as “doesn't hold” everywhere.",
		examples: []string{`kith decision close d-9f2c`, `kith decision close d-9f2c --text "Ben looks for one"`},
		flags:    []cli.Flag{textFlag()},
		run: func(ctx context.Context, c *call) error {
			text, _, err := c.longText()
			if err != nil {
				return err
			}
			return request(c, func(d *client.Client) (api.Decision, error) {
				return d.CloseDecision(ctx, c.arg(0), api.CloseRequest{Text: text})
			}, c.decisionID)
		},
	})
}

func (k *kith) decisionWithdraw() *cli.Command {
	return k.command(spec{
		name: "withdraw", args: "ID", usage: "take a proposal back",
		examples: []string{`kith decision withdraw d-9f2c --why "the seller backed out"`},
		flags:    []cli.Flag{whyFlag()},
		run: func(ctx context.Context, c *call) error {
			if c.String("why") == "" {
				return api.Problemf(api.Usage, "kith decision withdraw --help", "kith decision withdraw needs --why and a reason")
			}
			return request(c, func(d *client.Client) (api.Decision, error) {
				return d.WithdrawDecision(ctx, c.arg(0), c.String("why"))
			}, c.decisionID)
		},
	})
}
