package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"kith/crdt/kind"
	"kith/crdt/problem"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

func (k *kith) makeOne(of *kind.Kind) *cli.Command {
	v := of.Make
	var flags []cli.Flag
	if v.Text != kind.No {
		flags = append(flags, textFlag())
	}
	for _, f := range v.With {
		flag := k.flagFor(of, f, true)
		if f.Needs {
			need(flag, false)
		}
		flags = append(flags, flag)
	}
	more := v.More
	if v.Opens {
		more = strings.TrimSpace(more + " Without --text, on a terminal with $EDITOR set, the text opens there.")
	}
	var offers completer
	if len(v.Args) > 0 {
		offers = k.offersFor(of, v.Args[0])
	}
	made := k.command(spec{
		name: v.Name, args: placesOf(v), usage: v.Gist, more: more, ids: offers, examples: v.Examples, flags: append(flags, k.flagFor(of, kind.Tag, true)),
		run: func(ctx context.Context, c *call) error {
			body := map[string]any{}
			switch {
			case len(v.Args) > 0:
				c.wordsInto(body, v.Args, c.args())
			case c.arg(0) != "":
				body["title"] = c.arg(0)
			}
			if err := c.arguments(body, v.With, true); err != nil {
				return err
			}
			for _, f := range v.With {
				if err := needed(c, f, body, v.Examples[0]); err != nil {
					return err
				}
			}
			if tags := c.StringSlice(kind.Tag.Flag()); len(tags) > 0 {
				body["tags"] = tags
			}
			if err := c.optionDays(body, "process", "option"); err != nil {
				return err
			}
			writes := slices.ContainsFunc(v.With, func(f *kind.Field) bool { return f.Writes && body[f.Key] != nil })
			if v.Opens && c.opens() && !writes { // whoever writes for an hour must not hear then that the title is too long
				if err := c.wouldTake(ctx, of, body, append(slices.Clip(v.With), kind.Tag)); err != nil {
					return err
				}
			}
			if !writes || c.IsSet("text") {
				if err := c.textInto(ctx, body, v); err != nil {
					return err
				}
			}
			return c.answered(func(d *client.Client) (json.RawMessage, error) { return d.MakeDocument(ctx, of.Many, body) })
		},
	})
	if v.Name != "add" { // as it is called of all others
		made.Aliases = []string{"add"}
	}
	return made
}

// placesOf are the words behind a command that makes something: its title, or whom it is about.
func placesOf(v *kind.Verb) string {
	switch {
	case len(v.Args) > 0:
		return strings.TrimSuffix(places(v.Args), "…") // one is begun at a time
	case v.Calls != nil:
		return "[TITLE]"
	}
	return "TITLE"
}

// places are the words that stand for these in help.
func places(args []*kind.Field) string {
	var words []string
	for _, f := range args {
		word := f.Placeholder()
		if f.IsMany() {
			word += "…"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// wordsInto puts words that stand behind a command into a request: of the last field, if it is many, all that are left.
func (c *call) wordsInto(body map[string]any, args []*kind.Field, words []string) {
	for i, f := range args {
		if f.IsMany() {
			body[f.Key] = words[i:]
			continue
		}
		body[f.Key] = words[i]
	}
}

// daysIn reads the days among words that stand behind a command.
func (c *call) daysIn(body map[string]any, args []*kind.Field) error {
	for _, f := range args {
		if f.Is != kind.Day {
			continue
		}
		day, err := c.coming(f.Called(), body[f.Key].(string))
		if err != nil {
			return err
		}
		body[f.Key] = day
	}
	return nil
}

// aimed are the words behind a command that takes an ID and so many more, with the ID if they leave it out: of the one
// document of its kind of which a filter is true, such as that goes on; "": an ID is always needed.
func (c *call) aimed(ctx context.Context, of *kind.Kind, present string, more int) ([]string, error) {
	words := c.args()
	if present == "" || len(words) > more {
		return words, nil
	}
	client, err := c.api()
	if err != nil {
		return nil, err
	}
	raw, err := client.Documents(ctx, of.Many, url.Values{inQuery(present): {"true"}, "brief": {"true"}, "limit": {"2"}})
	if err != nil {
		return nil, err
	}
	all, err := readList(raw)
	says := present
	for _, f := range of.Finds {
		if f.Name == present && present != of.Present {
			says = f.Gist
		}
	}
	switch {
	case err != nil:
		return nil, err
	case len(all) == 0:
		return nil, api.Problemf(api.NotFound, "kith "+of.Name+" list", "no %s is %s: say which one is meant", of.Name, says)
	case len(all) > 1:
		return nil, api.Problemf(api.Ambiguous, "kith "+of.Name+" list --"+present, "several %s are %s: say which one is meant", of.Many, says)
	}
	return append([]string{all[0].ID}, words...), nil
}

// newest is the ID of what is meant where none is said: the only one that goes on, or else what was changed last.
func (c *call) newest(ctx context.Context, of *kind.Kind) (string, error) {
	words, err := c.aimed(ctx, of, of.Present, 0)
	if p, ok := problem.Of(err); !ok || p.Code != api.NotFound {
		return append(words, "")[0], err
	}
	client, apiErr := c.api()
	if apiErr != nil {
		return "", apiErr
	}
	raw, listErr := client.Documents(ctx, of.Many, url.Values{"brief": {"true"}, "limit": {"1"}})
	if listErr != nil {
		return "", listErr
	}
	if all, readErr := readList(raw); readErr != nil || len(all) > 0 {
		return append(all, document{})[0].ID, readErr
	}
	return "", err
}

// wouldTake checks what can be checked before somebody writes a text: the title and fields, and that the daemon is there.
func (c *call) wouldTake(ctx context.Context, of *kind.Kind, body map[string]any, fields []*kind.Field) error {
	title, err := kind.Title.Clean(c.arg(0))
	if err == nil && title == "" {
		err = api.Problemf(api.Invalid, "", "a title is needed")
	}
	if err != nil {
		return err
	}
	for _, f := range fields {
		var err error
		if f.IsMany() {
			_, err = f.CleanAll(c.StringSlice(f.Flag()))
		} else if word, ok := body[f.Key].(string); ok {
			_, err = f.Clean(word)
		}
		if err != nil {
			return err
		}
	}
	client, err := c.api()
	if err != nil {
		return err
	}
	_, err = client.Documents(ctx, of.Many, url.Values{"limit": {"1"}, "brief": {"true"}})
	return err
}

// textInto adds the text of a verb, from --text or from an editor.
func (c *call) textInto(ctx context.Context, body map[string]any, v *kind.Verb) error {
	if v.Text == kind.No {
		return nil
	}
	from := c.newText
	if !v.Opens {
		from = func(context.Context) (string, error) { text, _, err := c.longText(); return text, err }
	}
	text, err := from(ctx)
	switch {
	case err != nil:
		return err
	case text != "":
		body["text"] = text
	case v.Text == kind.Must:
		return api.Problemf(api.Usage, fullName(c.Context)+" "+shellName(cmp.Or(c.arg(0), "ID"))+" --text TEXT", "%s needs --text and what to write", fullName(c.Context))
	}
	return nil
}

// answered asks for something that makes or changes a document, and prints its short ID, or all of it as JSON.
func (c *call) answered(question func(*client.Client) (json.RawMessage, error)) error {
	client, err := c.api()
	if err != nil {
		return err
	}
	raw, err := question(client)
	if err != nil {
		return err
	}
	d, err := readDocument(raw)
	if err != nil {
		return err
	}
	return c.out.show(d.raw, func() { c.done(d, false) })
}

func (k *kith) editOne(of *kind.Kind) *cli.Command {
	v := of.Edit
	flags := []cli.Flag{titleFlag()}
	if v.Text != kind.No {
		flags = append(flags, textFlag(),
			&cli.StringSliceFlag{Name: "at", Usage: "`HEAD` the version that --text was made of, for scripts: each of its heads; without it, what was shown here last"},
			&cli.BoolFlag{Name: "replace", Usage: "--text goes in the place of all that stands there, read or not"})
	}
	fields := append(slices.Clip(v.With), kind.Tag, kind.Untag)
	for _, f := range fields {
		flags = append(flags, k.flagFor(of, f, false))
	}
	return k.command(spec{
		name: v.Name, args: "ID", usage: v.Gist, more: v.More, examples: v.Examples, flags: flags, ids: k.documentOffers(of),
		run: func(ctx context.Context, c *call) error {
			body := map[string]any{}
			if c.IsSet("title") {
				body["title"] = c.String("title")
			}
			if err := c.arguments(body, fields, false); err != nil {
				return err
			}
			client, err := c.api()
			if err != nil {
				return err
			}
			d, err := documentOf(ctx, client, of, c.arg(0))
			if err != nil {
				return err
			}
			if v.Text != kind.No {
				edit, err := c.changedText(ctx, d.fields.Str("text"), d.Heads, len(body) > 0)
				if err != nil {
					return err
				}
				if edit != nil {
					body["text"] = edit
				}
			}
			if len(body) == 0 {
				return c.unchanged(d)
			}
			raw, err := client.EditDocument(ctx, of.Many, d.ID, body)
			switch edit, is := body["text"].(*api.TextEdit); {
			case is && len(edit.BaseHeads) == 0 && isUnread(err):
				raw, err = c.writeUnread(ctx, client, of, d, body, edit)
			case is && isOverlap(err):
				raw, err = c.writeOver(ctx, client, of, d, body, edit, err)
			}
			if err != nil {
				return err
			}
			if d, err = readDocument(raw); err != nil {
				return err
			}
			return c.wrote(ctx, client, of, d)
		},
	})
}

// setMine changes one's own document of a kind of which each member has one.
func (k *kith) setMine(of *kind.Kind) *cli.Command {
	v := of.Edit
	var flags []cli.Flag
	for _, f := range v.With {
		flags = append(flags, k.flagFor(of, f, false))
	}
	return k.command(spec{
		name: "set", usage: v.Gist + ", or begin it", examples: []string{"kith " + of.Name + " set --" + v.With[0].Flag() + " " + v.With[0].Placeholder()}, flags: flags,
		run: func(ctx context.Context, c *call) error {
			body := map[string]any{}
			if err := c.arguments(body, v.With, false); err != nil {
				return err
			}
			if len(body) == 0 {
				return api.Problemf(api.Usage, fullName(c.Context)+" --help", "nothing is said about what to change")
			}
			return c.answered(func(d *client.Client) (json.RawMessage, error) { return d.SetMine(ctx, of.Many, body) })
		},
	})
}

// unchanged ends an edit that changes nothing: fine if the text is as it should be, and a
// mistake if nothing was said at all.
func (c *call) unchanged(d document) error {
	if !c.IsSet("text") && !c.canEdit() {
		return api.Problemf(api.Usage, fullName(c.Context)+" --help", "nothing is said about what to change")
	}
	d.Changed = new(false)
	var all map[string]json.RawMessage
	err := json.Unmarshal(d.raw, &all)
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	all["changed"] = json.RawMessage("false")
	return c.out.show(all, func() { c.done(d, false) })
}
