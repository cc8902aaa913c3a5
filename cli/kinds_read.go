package cli

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

// filterFlag is the flag by which a list is asked for something.
func (k *kith) filterFlag(of *kind.Kind, f *kind.Filter) cli.Flag {
	if f.Takes == nil {
		return &cli.BoolFlag{Name: f.Name, Usage: f.Gist}
	}
	usage := "`" + f.Takes.Placeholder() + "` " + f.Gist
	return k.offering(&cli.StringFlag{Name: f.Name, Usage: usage}, k.offersFor(of, f.Takes))
}

func inQuery(flag string) string { return strings.ReplaceAll(flag, "-", "_") }

func (k *kith) listThem(of *kind.Kind) *cli.Command {
	var flags []cli.Flag
	for _, f := range of.Filters() {
		flags = append(flags, k.filterFlag(of, f))
	}
	var orders []string
	for _, o := range of.Sorts() {
		orders = append(orders, o.Name)
	}
	flags = append(flags,
		&cli.StringFlag{Name: "since", Usage: "`WHEN` that were changed since then, by the clock of who did"},
		k.offering(&cli.StringFlag{Name: "sort", Usage: "`K` the order: " + strings.Join(orders, ", ")}, fixed(orders...)))
	return k.command(spec{
		name: "list", usage: of.Many + ", the newest change first", examples: of.Examples.List, flags: append(flags, limitFlag(0)),
		run: func(ctx context.Context, c *call) error {
			q := url.Values{}
			for _, f := range of.Filters() {
				switch {
				case f.Takes == nil && c.Bool(f.Name):
					q.Set(inQuery(f.Name), "true")
				case f.Takes == nil || c.String(f.Name) == "":
				case f.Takes.Is == kind.Day:
					day, err := c.env.calendar().parse(c.String(f.Name))
					if err != nil {
						return err
					}
					q.Set(inQuery(f.Name), day)
				default:
					q.Set(inQuery(f.Name), c.String(f.Name))
				}
			}
			since, err := c.env.calendar().parsePast("--since", c.String("since"))
			if err != nil {
				return err
			}
			if since != "" {
				q.Set("since", since)
			}
			limit, err := c.limit()
			if err != nil {
				return err
			}
			if limit > 0 {
				q.Set("limit", fmt.Sprint(limit))
			}
			if err := oneOf("--sort", c.String("sort"), orders); err != nil {
				return err
			}
			if order := c.String("sort"); order != "" {
				q.Set("sort", order)
			}
			return c.list(ctx, of, q)
		},
	})
}

// listBy is a list that is a command of its own.
func (k *kith) listBy(of *kind.Kind, l *kind.List) *cli.Command {
	return k.command(spec{
		name: l.Name, usage: l.Gist, examples: l.Examples,
		run: func(ctx context.Context, c *call) error {
			tomorrow := c.env.Now().AddDate(0, 0, 1).Format(time.DateOnly)
			return c.list(ctx, of, url.Values{inQuery(l.By.Name): {tomorrow}})
		},
	})
}

// list prints documents of a kind in its columns.
func (c *call) list(ctx context.Context, of *kind.Kind, q url.Values) error {
	if !c.out.json {
		q.Set("brief", "true")
	}
	client, err := c.api()
	if err != nil {
		return err
	}
	raw, err := client.Documents(ctx, of.Many, q)
	if err != nil {
		return err
	}
	all, err := readList(raw)
	if err != nil {
		return err
	}
	var inShares []string
	if len(all) == 0 && !c.out.json {
		inShares = c.inShares(ctx, client, of, q)
		for _, f := range of.Filters() {
			if f.Takes != nil && f.Takes.Is == kind.Line && f.Takes.Of != "" && c.String(f.Name) != "" {
				c.noteNothingCalled(ctx, client, kinds.All.Named(f.Takes.Of), c.String(f.Name))
			}
		}
	}
	return c.out.show(raw, func() {
		if len(all) == 0 {
			c.out.println("No " + of.Many + ".")
			for _, line := range inShares {
				c.out.println(line)
			}
			return
		}
		header, spare := []string{"ID", "TITLE"}, 0
		for _, col := range of.Columns {
			header = append(header, col.Title)
			if col.Spare {
				spare++
			}
		}
		var rows [][]string
		for _, d := range all {
			row := []string{d.Short, d.Title}
			for i, col := range of.Columns {
				cell := strings.TrimPrefix(c.cell(col.Says(d.fields)), strings.ToLower(col.Title)+" ") // which its head says
				if i == 0 {
					cell = also(cell, sharedWith(d.Document))
				}
				row = append(row, cell)
			}
			rows = append(rows, row)
		}
		c.out.grid(c.out.withoutSpare(header, rows, spare))
		c.sums(of, all)
	})
}

// noteNothingCalled says, beside an answer in which there is nothing, that the words by which it was asked for name nothing, if that is so. What
// can't be asked isn't said.
func (c *call) noteNothingCalled(ctx context.Context, d *client.Client, of *kind.Kind, words string) {
	if named, _, isID := api.SplitID(words); isID && named == of.Name { // the daemon has found it
		return
	}
	all, err := everyOne(ctx, d, of)
	if err != nil {
		return
	}
	var titles []string
	for _, one := range all {
		if slices.ContainsFunc(append(one.fields.Words("names"), one.Title), func(name string) bool { return strings.EqualFold(name, words) }) {
			return
		}
		titles = append(titles, one.Title)
	}
	c.note([]string{api.CalledNothing(of.Name, words, titles)})
}

// everyOne gives all documents of a kind, those first that were put away.
func everyOne(ctx context.Context, d *client.Client, of *kind.Kind) (all []document, err error) {
	for _, q := range []url.Values{{"archived": {"true"}}, {}} {
		raw, err := d.Documents(ctx, of.Many, q)
		if err != nil {
			return nil, err
		}
		some, err := readList(raw)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// inShares says how many documents are in shares of what a list of the co-op's has none of, and how they are listed: a share is a space of
// its own. It is said beside the list, so what can't be asked isn't said.
func (c *call) inShares(ctx context.Context, d *client.Client, of *kind.Kind, q url.Values) (lines []string) {
	if c.kith.meant(c.String("space")) != "" {
		return nil
	}
	shares, err := d.Shares(ctx)
	if err != nil {
		return nil
	}
	for _, s := range shares {
		if s.Over {
			continue
		}
		raw, err := d.In(s.Space.ID).Documents(ctx, of.Many, q)
		if err != nil {
			continue
		}
		all, err := readList(raw)
		if err != nil || len(all) == 0 {
			continue
		}
		lines = append(lines, fmt.Sprintf("In what you share with %s: %d. To see them: %s --space %s", oneLine(s.With, 80), len(all), fullName(c.Context), shellName(shareCalled(s, shares))))
	}
	return lines
}

// sums says how much work is in a list, if several of it say.
func (c *call) sums(of *kind.Kind, all []document) {
	for _, f := range of.Fields {
		sum, n := 0.0, 0
		for _, d := range all {
			if some, _ := d.fields[f.Name()].(float64); f.Is == kind.Hours && some > 0 {
				sum, n = sum+some, n+1
			}
		}
		if n > 1 {
			c.out.println(c.out.faint(fmt.Sprintf("%s: %s in %d of them", f.Called(), hours(sum), n)))
		}
	}
}

// cell is what stands in one place of a list, for who reads it here and now.
func (c *call) cell(is kind.Cell) string {
	parts := []string{is.Words}
	switch {
	case is.Day != "" && is.Due:
		parts = append(parts, c.dueWords(is.Day))
	case is.Day != "":
		parts = append(parts, c.when(is.Day))
	}
	if t, err := time.Parse(time.RFC3339, is.Since); err == nil {
		parts = append(parts, c.ago(api.At(t)))
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}

func (k *kith) showOne(of *kind.Kind) *cli.Command {
	args := "ID…"
	if of.Present != "" {
		args = "[ID…]"
	}
	return k.command(spec{
		name: "show", args: args, usage: "all of one " + of.Name, examples: of.Examples.Show, ids: k.documentOffers(of),
		flags: []cli.Flag{&cli.StringFlag{Name: "at", Usage: "`V` as it was: the head of a version, as history gives it, or a revision"}},
		run: func(ctx context.Context, c *call) error {
			version := c.String("at")
			if len(c.args()) > 1 {
				if version != "" {
					return api.Problemf(api.Usage, fullName(c.Context)+" --help", "--at is of one document; there are %d words", len(c.args()))
				}
				return c.showSeveral(ctx, of)
			}
			id := c.arg(0)
			if id == "" {
				var err error
				if id, err = c.newest(ctx, of); err != nil {
					return err
				}
			}
			if version != "" {
				return request(c, func(d *client.Client) (api.Edition, error) { return d.Edition(ctx, of.Many, id, version) }, c.edition)
			}
			client, err := c.api()
			if err != nil {
				return err
			}
			d, err := documentOf(ctx, client, of, id)
			if err != nil {
				return err
			}
			if err := c.out.show(d.raw, func() { c.layout(of, d) }); err != nil || c.IsSet("jq") { // of which a filter shows a part
				return err
			}
			return client.NoteShown(ctx, of.Many, d.ID, d.Heads)
		},
	})
}

// showSeveral shows what is named, one after the other, and notes that it was shown.
func (c *call) showSeveral(ctx context.Context, of *kind.Kind) error {
	var shown []document
	err := c.each(c.args(), func(d *client.Client, id string) (any, func(), error) {
		doc, err := documentOf(ctx, d, of, id)
		if err != nil {
			return nil, nil, err
		}
		between := len(shown) > 0
		shown = append(shown, doc)
		return doc.raw, func() {
			if between {
				c.out.println("")
			}
			c.layout(of, doc)
		}, nil
	})
	if len(shown) == 0 || c.IsSet("jq") { // of which a filter shows a part
		return err
	}
	client, failed := c.api()
	for i := 0; i < len(shown) && failed == nil; i++ {
		failed = client.NoteShown(ctx, of.Many, shown[i].ID, shown[i].Heads)
	}
	return cmp.Or(err, failed)
}

// layout shows a document to a person.
func (c *call) layout(of *kind.Kind, d document) {
	if show := layouts[of.Name]; show != nil {
		show(c, d)
		return
	}
	c.showPlain(of, d)
}
