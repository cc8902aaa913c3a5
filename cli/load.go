package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

// load is what is promised against what can be given.
func (k *kith) load() *cli.Command {
	return k.groupWith(k.loadSpec("load", "kith load"), k.command(k.loadSpec("show", "kith load show")), k.loadSet(), k.loadAway())
}

func (k *kith) loadSpec(name, example string) spec {
	return spec{
		name: name, usage: "how full the next weeks are",
		more: "Accepted tasks by their hours and day, and roles by theirs, against what each says they can give. It says something about the co-op, and about you to you alone. " +
			"With fewer than four people the sum is shown to those who are in it.",
		examples: []string{example, example + ` --jq '.weeks[0].percent'`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.Load, error) { return d.Load(ctx) }, c.showLoad)
		},
	}
}

func (k *kith) loadSet() *cli.Command {
	return k.command(spec{
		name: "set", args: "HOURS", usage: "say how many hours a week I can give",
		more:     "They are part of the sum; with --shared all everybody is shown them as well. Every computer of the co-op holds them, since each adds up for itself.",
		examples: []string{`kith load set 24h/week`, `kith load set 16 --until "in 3 months" --shared all --off "fri sat sun"`},
		flags: []cli.Flag{
			k.offering(&cli.StringFlag{Name: "until", Usage: "`DATE` until when that holds"}, days),
			k.offering(&cli.StringFlag{Name: "shared", Usage: "`WORD` who sees them: sum, all"}, fixed(kinds.SharedInSum, kinds.SharedToAll)),
			&cli.StringFlag{Name: "off", Usage: "`DAYS` on which I don't work, as sat sun"},
		},
		run: func(ctx context.Context, c *call) error {
			typed := strings.ToLower(c.arg(0))
			for _, each := range []string{"/week", "/w", "/semana", " a la semana", " a week"} {
				typed = strings.TrimSpace(strings.TrimSuffix(typed, each))
			}
			hours, err := parseHours("HOURS", typed)
			if err != nil {
				return err
			}
			body := map[string]any{"hours": hours}
			if c.IsSet("until") {
				if body["until"], err = c.coming("until", c.String("until")); err != nil {
					return err
				}
			}
			if err := oneOf("--shared", c.String("shared"), []string{kinds.SharedInSum, kinds.SharedToAll}); err != nil {
				return err
			}
			for _, flag := range []string{"shared", "off"} {
				if c.IsSet(flag) {
					body[flag] = c.String(flag)
				}
			}
			err = c.answered(func(d *client.Client) (json.RawMessage, error) { return d.SetMine(ctx, kinds.Profile.Many, body) })
			if err == nil && hours == 0 {
				c.note([]string{"You don't say any more what you can give, and aren't in the sum. Days on which you don't work: kith load away FROM TO"})
			}
			return err
		},
	})
}

func (k *kith) loadAway() *cli.Command {
	return k.command(spec{
		name: "away", args: "FROM [TO]", usage: "say when I am away", examples: []string{`kith load away 2026-12-21 2027-01-03`, `kith load away 2026-12-21 --undo`},
		flags: []cli.Flag{&cli.BoolFlag{Name: "undo", Usage: "not after all"}},
		run: func(ctx context.Context, c *call) error {
			body := map[string]any{}
			for i, key := range []string{"from", "to"} {
				if c.arg(i) == "" {
					continue
				}
				day, err := c.env.calendar().parse(c.arg(i))
				if err != nil {
					return err
				}
				body[key] = day
			}
			if c.Bool("undo") {
				body["undo"] = true
			}
			return c.answered(func(d *client.Client) (json.RawMessage, error) {
				return d.Do(ctx, kinds.Profile.Many, "me", "away", body)
			})
		},
	})
}

// loadWidth is how many characters stand for a full week.
const loadWidth = 40

// showLoad draws the weeks, and says first if it is too much.
func (c *call) showLoad(l api.Load) {
	switch {
	case l.Withheld != "":
		c.out.println(capital(l.Withheld) + ".")
	case l.People == 0:
		c.out.println("Nobody has said yet what they can give: kith load set HOURS")
	default:
		if l.Over {
			c.out.println(c.out.strong("The co-op has promised more than it can give: " + fullest(l) + "."))
		}
		said := fmt.Sprintf("%d people said what they can give.", l.People)
		if l.People == 1 {
			said = "One of you said what they can give."
		}
		c.out.println(said)
		c.chart(l.Weeks)
	}
	if l.Unsaid > 0 {
		c.out.println(fmt.Sprintf("Beside that %g h are promised by people who haven't said what they can give.", l.Unsaid))
	}
	for _, s := range l.Suggests {
		c.out.println("  " + s.Short + "  " + c.out.isolate(oneLine(s.Title, maxCell)) + "  " + s.What)
	}
	for _, m := range l.Members {
		c.out.println(name(m.Member) + " gives " + fmt.Sprintf("%g h a week", m.Hours))
	}
	if l.Mine == nil {
		return
	}
	c.out.println("\n" + c.out.strong("You, shown to nobody else"))
	c.chart(l.Mine.Weeks)
	if n := len(l.Mine.Over); n > 0 {
		c.out.println(fmt.Sprintf("In %s you have promised more than the %g h a week that we agreed on. It is fine to put something back: kith task take ID --undo", count(n, "week"), l.Mine.Limit))
	}
}

// fullest says how full the co-op is, and until when: "118 % until 14 December".
func fullest(l api.Load) string {
	most, last := int64(0), ""
	for _, w := range l.Weeks {
		if w.Promised > w.Offered {
			last = w.From
			if w.Percent != nil {
				most = max(most, *w.Percent)
			}
		}
	}
	from, err := time.Parse(time.DateOnly, last)
	if err != nil {
		return ""
	}
	until := " until " + from.AddDate(0, 0, 6).Format("2 January")
	if most == 0 {
		return "work is promised, and nobody can give any" + until
	}
	return fmt.Sprintf("%d %%%s", most, until)
}

func (c *call) chart(weeks []api.LoadWeek) {
	for _, w := range weeks {
		percent, fill := "   –  ", 0
		if w.Percent != nil {
			percent, fill = fmt.Sprintf("%4d %%", *w.Percent), int(min(*w.Percent, 200))*loadWidth/100
		}
		bar := strings.Repeat("█", min(fill, loadWidth)) + strings.Repeat("·", max(0, loadWidth-fill))
		if fill > loadWidth {
			bar += "▌" + strings.Repeat("█", fill-loadWidth)
		}
		c.out.println(fmt.Sprintf("%s  %s  %s  %g of %g h", w.From, percent, bar, w.Promised, w.Offered))
	}
}
