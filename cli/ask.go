package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

// allyAsks are what is asked of an ally, and answered.
func (k *kith) allyAsks() []*cli.Command {
	return []*cli.Command{k.allyAsk(), k.allyAskList(), k.allyAnswer(), k.allyWithdraw()}
}

func (k *kith) allyAsk() *cli.Command {
	return k.command(spec{
		name: "ask", args: "ALLY TEXT", usage: "ask an ally for something",
		more:     "Everybody in the share with it reads it; it waits in kith today for the people of the ally until one of them answers. Where it stands: kith ally asks.",
		examples: []string{`kith ally ask Quilted "Could we see your pay agreement?"`},
		flags:    []cli.Flag{textFlag()},
		run: func(ctx context.Context, c *call) error {
			text, _, err := c.longText()
			if err != nil {
				return err
			}
			return request(c, func(d *client.Client) (api.Ask, error) {
				return d.AskAlly(ctx, api.AskRequest{Ally: c.arg(0), Title: c.arg(1), Text: text})
			}, func(a api.Ask) { c.out.println(a.Short) })
		},
	})
}

func (k *kith) allyAskList() *cli.Command {
	return k.command(spec{
		name: "asks", usage: "what was asked, by us and by allies, and where it stands",
		examples: []string{`kith ally asks`, `kith ally asks --jq '.[] | select(.state == "open") | .title'`},
		run: func(ctx context.Context, c *call) error {
			client, err := c.api()
			if err != nil {
				return err
			}
			all, err := client.Asks(ctx)
			if err != nil {
				return err
			}
			err = c.out.show(all, func() {
				if len(all) == 0 {
					c.out.println("Nobody has asked for anything.")
					return
				}
				c.askTable(all)
			})
			var things []api.Told
			for _, a := range all {
				if a.Ours && len(a.Answers) > 0 {
					things = append(things, a.News())
				}
			}
			if err != nil {
				return err
			}
			return c.told(ctx, client, things)
		},
	})
}

func (c *call) askTable(all []api.Ask) {
	for _, a := range all {
		to := "asks you"
		switch {
		case a.Code != "" && a.Ours:
			to = "opens this share for " + oneLine(a.With, 40)
		case a.Code != "":
			to = "opens this share for you"
		case a.Ours:
			to = "asks " + oneLine(a.With, 40)
		}
		c.out.printf("%s  %s\n        %s %s, %s\n", a.Short, c.out.strong(c.out.isolate(oneLine(a.Title, 100))), name(a.By), to, c.ago(a.At))
		if a.Text != "" {
			c.indented(strings.Split(strings.TrimSpace(a.Text), "\n"))
		}
		if a.State == api.AskWithdrawn {
			c.out.within(because("withdrawn", oneLine(a.Why, 200)))
		}
		for _, answer := range a.Answers {
			result := askResults[answer.Result]
			if a.Code != "" && answer.Result == api.AskShared {
				result = "joined it"
			}
			c.out.within(because(name(answer.Member)+" "+result, oneLine(answer.Why, 200)))
			for _, d := range answer.Shared {
				c.out.printf("            %s  %s\n", d.Short, c.out.isolate(oneLine(d.Title, 100)))
			}
		}
		switch {
		case a.State == api.AskOver:
			c.out.printf("        the share ended without an answer\n")
		case a.State == api.AskOpen && a.Ours:
			c.out.printf("        not answered yet\n")
		case a.State == api.AskOpen:
			c.out.within(c.out.faint(toAnswer(a)))
		}
	}
}

// askResults are answers as said of somebody.
var askResults = map[string]string{api.AskShared: "shared", api.AskRefused: "refused", api.AskSaid: "answered"}

func toAnswer(a api.Ask) string {
	if a.Code != "" {
		return "to join it: kith share join " + a.Short
	}
	return "to answer: kith ally answer " + a.Short + ` --say TEXT, or with --share ID, or --no WHY`
}

func (k *kith) allyAnswer() *cli.Command {
	return k.command(spec{
		name: "answer", args: "ID", ids: among(k.askOffers), usage: "answer what an ally asked: with documents, in words, or with a no and why",
		more:     "Shares what isn't shared yet, as kith share add does, and answers with it. What was answered can be answered again, until it is withdrawn: both sides see the last.",
		examples: []string{`kith ally answer q-7m2c --share n-2m7d --read`, `kith ally answer q-7m2c --say "Eli has a van"`, `kith ally answer q-7m2c --no "we haven't written one yet"`},
		flags: append([]cli.Flag{
			k.offering(&cli.StringSliceFlag{Name: "share", Usage: "`ID` of a document to share; may be given several times"}, k.documentOffers(nil)),
			&cli.StringFlag{Name: "say", Usage: "`TEXT` the answer in words, where there is nothing to share"},
			&cli.StringFlag{Name: "no", Usage: "`WHY` it can't be given"},
			&cli.StringFlag{Name: "why", Usage: "`T` a word with what is shared"},
		}, sharingFlags()...),
		run: runAnswer,
	})
}

func runAnswer(ctx context.Context, c *call) error {
	q := api.AnswerRequest{IDs: c.StringSlice("share"), Why: c.String("why")}
	if c.IsSet("no") {
		if q.Why != "" || len(q.IDs) > 0 || c.Bool("read") || c.Bool("together") {
			return api.Problemf(api.Usage, `kith ally answer ID --no "why"`, "an answer shares something, or refuses")
		}
		q.No, q.Why = true, c.String("no")
	} else if c.IsSet("say") {
		if q.Why != "" || len(q.IDs) > 0 || c.Bool("read") || c.Bool("together") {
			return api.Problemf(api.Usage, `kith ally answer ID --share ID --why "a word with it"`, "an answer in words shares nothing")
		}
		q.Why = c.String("say")
	} else if len(q.IDs) == 0 {
		return api.Problemf(api.Usage, `kith ally answer ID --say TEXT, or with --share ID, or --no WHY`, "say what to share, answer in words, or refuse")
	}
	client, err := c.api()
	if err != nil {
		return err
	}
	a, err := client.AskByID(ctx, c.arg(0))
	if err != nil {
		return err
	}
	if len(q.IDs) > 0 {
		if err := c.toGive(ctx, client, a, &q); err != nil {
			return err
		}
	}
	if a, err = client.AnswerAsk(ctx, a.ID, q); err != nil {
		return err
	}
	return c.out.show(a, func() { c.out.println(a.Short) })
}

// toGive finds the whole IDs of what is to be given, once the person knows what of it will be shown.
func (c *call) toGive(ctx context.Context, client *client.Client, a api.Ask, q *api.AnswerRequest) (err error) {
	var fresh, ids []string
	for _, word := range q.IDs {
		found, err := client.Find(ctx, "", word, 2)
		if err != nil {
			return err
		}
		if len(found) == 1 && found[0].Shared != nil && found[0].Shared.Share.ID == a.Share.ID {
			ids = append(ids, found[0].ID)
			continue
		}
		fresh = append(fresh, word)
	}
	q.IDs = ids
	if len(fresh) == 0 {
		return nil
	}
	if q.ReadOnly, err = c.forReading(); err != nil {
		return err
	}
	said := map[string]bool{}
	for _, word := range fresh {
		p, err := client.PreviewSharing(ctx, a.Share.ID, api.ShareAdd{ID: word, ReadOnly: q.ReadOnly})
		if err != nil {
			return err
		}
		p.Says = slices.DeleteFunc(p.Says, func(s string) bool { return said[s] }) // what holds for all is said once
		for _, s := range p.Says {
			said[s] = true
		}
		c.preview(p)
		q.IDs, q.Heads = append(q.IDs, p.ID), append(q.Heads, p.Heads...)
	}
	return c.agreesToShow("Nothing is shared or answered yet: the above is what would be shown")
}

func (k *kith) allyWithdraw() *cli.Command {
	return k.command(spec{
		name: "withdraw", args: "ID…", ids: among(k.askOffers), usage: "take back what you asked an ally for, and say why",
		examples: []string{`kith ally withdraw q-7m2c --why "we found one"`},
		flags:    []cli.Flag{need(whyFlag(), false)},
		run: func(ctx context.Context, c *call) error {
			if c.String("why") == "" {
				return api.Problemf(api.Usage, `kith ally withdraw q-7m2c --why "we found one"`, "kith ally withdraw needs --why and a reason, which the ally reads")
			}
			return c.each(c.args(), func(d *client.Client, id string) (any, func(), error) {
				a, err := d.WithdrawAsk(ctx, id, c.String("why"))
				return a, func() { c.out.println(a.Short) }, err
			})
		},
	})
}
