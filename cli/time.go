package cli

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"kith/crdt/invoice"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

// time is hours: logged by oneself, summed up by project, kind and week, and charged.
func (k *kith) time() *cli.Command {
	return group("time", "hours that we worked", k.timeLog(), k.timeStart(), k.timeStop(), k.timeList(), k.timeShow(), k.timeEdit(), k.timeDrop(), k.timeReport(), k.timeInvoice())
}

// timeFlags are what can be said of an entry beside how long it took.
func (k *kith) timeFlags() []cli.Flag {
	var flags []cli.Flag
	for _, f := range []*kind.Field{kinds.TimeOn, kinds.TimeFrom, kinds.TimeTask, kinds.TimeFor, kinds.TimeCoord, kinds.TimeText} {
		flags = append(flags, k.flagFor(kinds.Time, f, true))
	}
	return flags
}

// entry reads what is said of an entry.
func (c *call) entry() (map[string]any, error) {
	body := map[string]any{}
	if c.IsSet("on") {
		day, err := c.env.calendar().lately().parse(c.String("on"))
		if err != nil {
			return nil, err
		}
		body["on"] = day
	}
	for _, flag := range []string{"from", "task", "project", "note"} {
		if c.IsSet(flag) {
			body[flag] = c.String(flag)
		}
	}
	if c.IsSet("coordination") {
		body["coordination"] = c.Bool("coordination")
	}
	return body, nil
}

func (k *kith) timeLog() *cli.Command {
	return k.command(spec{
		name: "log", args: "HOURS", usage: "say how long I worked", flags: k.timeFlags(),
		more: "Only you log your hours. --coordination marks what is work as well and is forgotten so easily: planning, writing mails, talking to the client. " +
			"An entry for a task is for the task's project, too.",
		examples: []string{`kith time log 2h --task t-4kq2`, `kith time log 1h30 --project Website --coordination --on yesterday --from 9:00 --note "call with Mia"`},
		run: func(ctx context.Context, c *call) error {
			body, err := c.entry()
			if err != nil {
				return err
			}
			if body["hours"], err = parseHours("HOURS", c.arg(0)); err != nil {
				return err
			}
			return request(c, func(d *client.Client) (api.TimeEntry, error) { return d.LogTime(ctx, body) }, c.logged)
		},
	})
}

// logged prints the ID of an entry, and what who logged it has to know.
func (c *call) logged(e api.TimeEntry) {
	c.out.println(e.ID)
	c.note(e.Told)
	if e.Changed != nil && !*e.Changed {
		c.note([]string{"Nothing changed: it is like that already."})
	}
}

func (k *kith) timeStart() *cli.Command {
	var flags []cli.Flag
	for _, f := range []*kind.Field{kinds.TimeTask, kinds.TimeFor, kinds.TimeCoord, kinds.TimeText} {
		flags = append(flags, k.flagFor(kinds.Time, f, true))
	}
	return k.command(spec{
		name: "start", usage: "begin to work", flags: flags,
		more:     "It goes on until kith time stop, which logs the hours, also on another computer of yours. Nobody else is shown it before.",
		examples: []string{`kith time start --task t-4kq2`, `kith time start --project Website --coordination`},
		run: func(ctx context.Context, c *call) error {
			body, err := c.entry()
			if err != nil {
				return err
			}
			return request(c, func(d *client.Client) (api.TimeEntry, error) { return d.StartTime(ctx, body) }, c.logged)
		},
	})
}

func (k *kith) timeStop() *cli.Command {
	return k.command(spec{
		name: "stop", usage: "leave off, and log the hours",
		more:     "What was begun less than a minute ago counts as a minute. After 12 hours you are asked how long it was.",
		flags:    []cli.Flag{&cli.StringFlag{Name: "hours", Usage: "`H` how long it was, if it wasn't all the time since"}},
		examples: []string{`kith time stop`, `kith time stop --hours 2.5`},
		run: func(ctx context.Context, c *call) error {
			body := map[string]any{}
			if c.IsSet("hours") {
				hours, err := parseHours("--hours", c.String("hours"))
				if err != nil {
					return err
				}
				body["hours"] = hours
			}
			return request(c, func(d *client.Client) (api.TimeEntry, error) { return d.StopTime(ctx, body) }, func(e api.TimeEntry) {
				c.logged(e)
				c.note([]string{"Logged " + lasted(e) + " on " + e.On + "."})
			})
		},
	})
}

func (k *kith) timeEdit() *cli.Command {
	return k.command(spec{
		name: "edit", args: "ENTRY", usage: "say my hours otherwise", more: "What it said before stays to be seen.",
		flags:    append(k.timeFlags(), &cli.StringFlag{Name: "hours", Usage: "`H` how long"}),
		examples: []string{`kith time edit 7k2mq9xz --hours 1.5`},
		run: func(ctx context.Context, c *call) error {
			body, err := c.entry()
			if err != nil {
				return err
			}
			if c.IsSet("hours") {
				if body["hours"], err = parseHours("--hours", c.String("hours")); err != nil {
					return err
				}
			}
			if len(body) == 0 {
				return api.Problemf(api.Usage, fullName(c.Context)+" --help", "nothing is said about what to change")
			}
			return request(c, func(d *client.Client) (api.TimeEntry, error) { return d.ChangeTime(ctx, c.arg(0), body) }, c.logged)
		},
	})
}

func (k *kith) timeDrop() *cli.Command {
	return k.command(spec{
		name: "drop", args: "ENTRY", usage: "take my hours back", examples: []string{`kith time drop 7k2mq9xz`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.TimeEntry, error) { return d.DropTime(ctx, c.arg(0)) }, c.logged)
		},
	})
}

// periodFlags say which days, and for which project.
func (k *kith) periodFlags() []cli.Flag {
	return []cli.Flag{
		k.offering(&cli.StringFlag{Name: "from", Usage: "`DATE` from this day on"}, days), k.offering(&cli.StringFlag{Name: "to", Usage: "`DATE` to this day"}, days),
		k.offering(&cli.StringFlag{Name: "project", Usage: "`P` for this project"}, k.titleOffers(kinds.Project)),
	}
}

// period reads them.
func (c *call) period() (url.Values, error) {
	q := url.Values{}
	for _, flag := range []string{"from", "to"} {
		if !c.IsSet(flag) {
			continue
		}
		day, err := c.env.calendar().parse(c.String(flag))
		if err != nil {
			return nil, err
		}
		q.Set(flag, day)
	}
	if c.IsSet("project") {
		q.Set("project", c.String("project"))
	}
	return q, nil
}

// noteNoProject says, where there are no hours, that none could be: the project that is asked for isn't there.
func (c *call) noteNoProject(ctx context.Context, d *client.Client) {
	if project := c.String("project"); project != "" {
		c.noteNothingCalled(ctx, d, kinds.Project, project)
	}
}

func (k *kith) timeList() *cli.Command {
	return k.command(spec{
		name: "list", usage: "my hours, or those of a project", more: "An entry that was changed says what it was before.",
		flags:    append(k.periodFlags(), &cli.BoolFlag{Name: "all", Usage: "everybody's"}, &cli.BoolFlag{Name: "running", Usage: "only what I have begun and not ended"}, k.offering(&cli.StringFlag{Name: "on", Usage: "`DATE` of this day"}, days)),
		examples: []string{`kith time list --from "last monday"`, `kith time list --project Website`},
		run: func(ctx context.Context, c *call) error {
			q, err := c.period()
			if err != nil {
				return err
			}
			if c.IsSet("on") {
				day, err := c.env.calendar().lately().parse(c.String("on"))
				if err != nil {
					return err
				}
				q.Set("from", day)
				q.Set("to", day)
			}
			for _, flag := range []string{"all", "running"} {
				if c.Bool(flag) {
					q.Set(flag, "true")
				}
			}
			return request(c, func(d *client.Client) ([]api.TimeEntry, error) {
				all, err := d.Times(ctx, q)
				if err == nil && len(all) == 0 {
					c.noteNoProject(ctx, d)
				}
				return all, err
			}, func(all []api.TimeEntry) {
				if len(all) == 0 {
					c.out.println("No hours.")
					return
				}
				c.entries(all)
			})
		},
	})
}

// entries prints hours, each on a line.
func (c *call) entries(all []api.TimeEntry) {
	var rows [][]string
	for _, e := range all {
		rows = append(rows, []string{e.ID, strings.TrimSpace(e.On + " " + e.From), lasted(e), name(e.By), oneLine(e.About, maxCell), oneLine(e.Text, maxCell)})
	}
	c.out.grid([]string{"ID", "ON", "HOURS", "WHO", "ABOUT", "NOTE"}, rows)
}

func (k *kith) timeShow() *cli.Command {
	return k.command(spec{
		name: "show", args: "ENTRY", usage: "some hours of mine", examples: []string{`kith time show 7k2mq9xz`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.TimeEntry, error) { return d.Time(ctx, c.arg(0)) }, func(e api.TimeEntry) {
				c.entries([]api.TimeEntry{e})
			})
		},
	})
}

// lasted says how long, of which kind, and what it was before.
func lasted(e api.TimeEntry) string {
	s := kind.Minutes(e.Minutes).Words()
	if e.Coordination {
		s += " coordination"
	}
	if e.Running {
		return s + ", going on"
	}
	if e.Gone {
		s += ", taken back"
	}
	if n := len(e.Was); n > 0 {
		if was := kind.Minutes(e.Was[n-1].Minutes); int64(was) != e.Minutes {
			s += ", was " + was.Words()
		} else {
			s += ", changed"
		}
	}
	return s
}

func (k *kith) timeReport() *cli.Command {
	return k.command(spec{
		name: "report", usage: "sums of hours, with coordination's part", more: "By project, by kind of work, or by week: never by person.",
		flags:    append(k.periodFlags(), k.offering(&cli.StringFlag{Name: "by", Usage: "`K` what is summed up: project, kind, week", Value: "project"}, fixed("project", "kind", "week"))),
		examples: []string{`kith time report`, `kith time report --by week --from 2026-11-01 --project Website`},
		run: func(ctx context.Context, c *call) error {
			if err := oneOf("--by", c.String("by"), []string{"project", "kind", "week"}); err != nil {
				return err
			}
			q, err := c.period()
			if err != nil {
				return err
			}
			q.Set("by", c.String("by"))
			return request(c, func(d *client.Client) (api.TimeReport, error) {
				t, err := d.TimeReport(ctx, q)
				if err == nil && len(t.Rows) == 0 {
					c.noteNoProject(ctx, d)
				}
				return t, err
			}, func(t api.TimeReport) {
				if t.Total.Minutes == 0 {
					c.out.println("No hours.")
					return
				}
				row := func(key string, r api.TimeRow) []string {
					return []string{key, kind.Minutes(r.Minutes).Words(), kind.Minutes(r.CoordinationMinutes).Words(), fmt.Sprintf("%.0f %%", 100*r.Share)}
				}
				var rows [][]string
				for _, r := range t.Rows {
					key := oneLine(r.Key, maxCell)
					if key == "" {
						key = "no project"
					}
					rows = append(rows, row(key, r))
				}
				c.out.grid([]string{strings.ToUpper(t.By), "HOURS", "COORDINATION", "SHARE"}, append(rows, row("all", t.Total)))
			})
		},
	})
}

func (k *kith) timeInvoice() *cli.Command {
	formats := append(slices.Sorted(maps.Keys(invoice.Formats)), "json")
	return k.command(spec{
		name: "invoice", usage: "the draft of an invoice for a project",
		more: "A line for each task, and coordination in a line of its own: as the project says, or else the agreement, or else by the hour. " +
			"Hours are to a hundredth, amounts to the smallest coin of the currency, half of one up; the total is the sum of the amounts as they stand.",
		flags: append(k.periodFlags(),
			k.offering(&cli.StringFlag{Name: "format", Usage: "`F` md, csv, html or json", Value: "md"}, fixed(formats...)),
			&cli.StringFlag{Name: "rate", Usage: "`AMOUNT` what an hour costs, if the project doesn't say"},
			&cli.StringFlag{Name: "coordination", Usage: "`HOW` what coordination costs: 15%, hours, or an amount"},
			&cli.StringFlag{Name: "tax", Usage: "`PERCENT` a line of tax"}, k.languageFlag(),
		),
		examples: []string{`kith time invoice --project Website --from 2026-11-01 --to 2026-11-30`, `kith time invoice --project Website --format html --tax 21 --language es >draft.html`},
		run: func(ctx context.Context, c *call) error {
			if c.String("project") == "" {
				return api.Problemf(api.Usage, fullName(c.Context)+" --project P", "%s needs --project", fullName(c.Context))
			}
			form := c.String("format")
			if err := oneOf("--format", form, formats); err != nil {
				return err
			}
			q, err := c.period()
			if err != nil {
				return err
			}
			language, err := c.language(ctx)
			if err != nil {
				return err
			}
			q.Set("language", language)
			for _, flag := range []string{"rate", "coordination", "tax"} {
				if c.IsSet(flag) {
					q.Set(flag, c.String(flag))
				}
			}
			d, err := c.api()
			if err != nil {
				return err
			}
			draft, err := d.Invoice(ctx, q)
			if err != nil {
				return err
			}
			if form == "json" {
				return writeJSON(c.env.Stdout, draft)
			}
			var written error
			if err := c.out.show(draft, func() { written = invoice.Formats[form](&draft, c.env.Stdout) }); err != nil {
				return err
			}
			return written
		},
	})
}
