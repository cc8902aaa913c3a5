package cli

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

func (k *kith) note() *cli.Command {
	return group("note", "texts that we write together",
		k.noteAdd(), k.noteList(), k.noteShow(), k.noteEdit(), k.noteAppend(), k.noteHistory(), k.noteRestore())
}

func (k *kith) noteAdd() *cli.Command {
	return k.command(spec{
		name: "add", args: "TITLE", usage: "begin a note",
		more: "Without --text, on a terminal with $EDITOR set, the text opens there.",
		examples: []string{
			`kith note add "Minutes of 24 November" --text "Present: all"`,
			`kith note add "How to clean the drum" --tag workshop --text - <drum.md`,
		},
		flags: []cli.Flag{textFlag(), tagFlag()},
		run: func(ctx context.Context, c *call) error {
			text, err := c.newText(ctx)
			if err != nil {
				return err
			}
			return request(c, func(d *client.Client) (api.Note, error) {
				return d.CreateNote(ctx, api.NewNote{Title: c.arg(0), Text: text, Tags: c.StringSlice("tag")})
			}, c.noteID)
		},
	})
}

func (k *kith) noteList() *cli.Command {
	return k.command(spec{
		name: "list", usage: "notes, the newest change first",
		examples: []string{`kith note list`, `kith note list --tag workshop`},
		flags:    []cli.Flag{&cli.StringFlag{Name: "tag", Usage: "`T` with this tag"}, limitFlag(0)},
		run: func(ctx context.Context, c *call) error {
			limit, err := c.limit()
			if err != nil {
				return err
			}
			return request(c, func(d *client.Client) ([]api.Note, error) {
				return d.Notes(ctx, client.NoteQuery{Tag: c.String("tag"), Limit: limit, Brief: !c.out.json})
			}, func(list []api.Note) {
				if len(list) == 0 {
					c.out.println("No notes.")
					return
				}
				var rows [][]string
				for _, n := range list {
					rows = append(rows, []string{n.Short, n.Title, also(strings.Join(n.Tags, ", "), sharedWith(n.Document)), n.UpdatedBy.Name, c.ago(n.UpdatedAt)})
				}
				c.out.grid([]string{"ID", "TITLE", "TAGS", "CHANGED BY", "WHEN"}, rows)
			})
		},
	})
}

func (k *kith) noteShow() *cli.Command {
	return k.command(spec{
		name: "show", args: "ID", usage: "all of one note",
		examples: []string{`kith note show n-2m7d`, `kith note show 2m7d --jq .text`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.Note, error) { return d.Note(ctx, c.arg(0)) }, func(n api.Note) {
				c.out.println(c.title(n.Document))
				if tags := tagWords(n.Tags); len(tags) > 0 {
					c.out.println(strings.Join(tags, " · "))
				}
				c.shared(n.Document)
				c.out.text(n.Text)
				c.footer(n.Document)
			})
		},
	})
}

func (k *kith) noteEdit() *cli.Command {
	return k.command(spec{
		name: "edit", args: "ID", usage: "change a note",
		more: "Without flags, on a terminal, the text opens in $EDITOR. What others write meanwhile is kept.",
		examples: []string{
			`kith note edit n-2m7d`,
			`kith note edit n-2m7d --text - <minutes.md`,
			`kith note edit n-2m7d --title "Minutes of 25 November" --tag minutes`,
		},
		flags: []cli.Flag{&cli.StringFlag{Name: "title", Usage: "`T` the title"}, textFlag(), tagFlag(), untagFlag()},
		run: func(ctx context.Context, c *call) error {
			client, err := c.api()
			if err != nil {
				return err
			}
			n, err := client.Note(ctx, c.arg(0))
			if err != nil {
				return err
			}
			e := api.NoteEdit{Title: c.given("title"), Tag: c.StringSlice("tag"), Untag: c.StringSlice("untag")}
			other := c.anySet("title", "tag", "untag")
			if e.Text, err = c.changedText(ctx, n.Text, n.Heads, other); err != nil {
				return err
			}
			if e.Text == nil && !other {
				return c.unchanged(n.Short, n)
			}
			if n, err = client.EditNote(ctx, n.ID, e); err != nil {
				return err
			}
			return c.out.changed(n.Short, n)
		},
	})
}

func (k *kith) noteAppend() *cli.Command {
	return k.command(spec{
		name: "append", args: "ID", usage: "write at the end of a note",
		more:     "Begins a new line, unless the note is empty or ends with one.",
		examples: []string{`kith note append n-2m7d --text "Next meeting: 1 December"`, `date | kith note append n-2m7d --text -`},
		flags:    []cli.Flag{textFlag()},
		run: func(ctx context.Context, c *call) error {
			text, err := c.newText(ctx)
			if err != nil {
				return err
			}
			if text == "" {
				return api.Problemf(api.Usage, `kith note append ID --text "…"`, "kith note append needs --text and what to write")
			}
			return request(c, func(d *client.Client) (api.Note, error) { return d.AppendNote(ctx, c.arg(0), text) }, c.noteID)
		},
	})
}

func (k *kith) noteHistory() *cli.Command {
	return k.command(spec{
		name: "history", args: "ID", usage: "the versions of a note, newest first",
		examples: []string{`kith note history n-2m7d`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) ([]api.Version, error) { return d.NoteHistory(ctx, c.arg(0)) }, func(versions []api.Version) {
				var rows [][]string
				for _, v := range versions {
					rows = append(rows, []string{v.Head[:min(len(v.Head), 12)], v.By.Name, c.ago(v.At), strings.ReplaceAll(strings.Join(v.Says, "; "), "\n", " ")})
				}
				c.out.grid([]string{"HEAD", "BY", "WHEN", "TEXT"}, rows)
			})
		},
	})
}

func (k *kith) noteRestore() *cli.Command {
	return k.command(spec{
		name: "restore", args: "ID HEAD", usage: "bring back an earlier text",
		more:     "It is written anew, as a change of yours: what came after stays in the history.",
		examples: []string{`kith note restore n-2m7d 3fa09c11d2e4`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.Note, error) { return d.RestoreNote(ctx, c.arg(0), c.arg(1)) }, c.noteID)
		},
	})
}
