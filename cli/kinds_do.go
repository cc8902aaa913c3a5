package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/urfave/cli/v2"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/problem"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

// doOne is a verb of a kind, or each of its ways.
func (k *kith) doOne(of *kind.Kind, v *kind.Verb) (commands []*cli.Command) {
	if len(v.Ways) == 0 {
		return []*cli.Command{k.do(of, v, spec{name: v.Name, usage: v.Gist, more: v.More, examples: v.Examples}, v.Why, nil)}
	}
	for _, way := range v.Ways {
		s := spec{name: way.Name, usage: way.Gist, more: v.More, examples: way.Examples}
		commands = append(commands, k.do(of, v, s, way.Why, map[string]any{v.By.Key: kind.WordOut(way.Name)}))
	}
	return commands
}

// do is the command of a verb, or of one of its ways: why says whether that takes a reason, and always is what its request has in any case.
func (k *kith) do(of *kind.Kind, v *kind.Verb, s spec, why kind.Need, always map[string]any) *cli.Command {
	alone := of.Present != "" && !slices.ContainsFunc(v.Args, (*kind.Field).IsMany) // else nobody knows which word is the ID
	s.ids = k.documentOffers(of)
	s.args = "ID…"
	switch {
	case len(v.Args) > 0 && alone:
		s.args = "[ID] " + places(v.Args)
	case len(v.Args) > 0:
		s.args = "ID " + places(v.Args)
	case alone:
		s.args = "[ID…]"
	}
	s.flags = k.verbFlags(of, v, why)
	s.run = func(ctx context.Context, c *call) error {
		body := maps.Clone(always)
		if body == nil {
			body = map[string]any{}
		}
		if err := c.verbFlagsInto(body, v, why, s.examples[0]); err != nil {
			return err
		}
		words := c.args()
		if alone {
			var err error
			if words, err = c.aimed(ctx, of, cmp.Or(v.Present, of.Present), len(v.Args)); err != nil {
				return err
			}
		}
		ids := words
		if len(v.Args) > 0 {
			ids = ids[:1]
		}
		if v.Opens && c.opens() { // whoever writes for an hour must not hear then that there is no such document
			if err := c.haveAll(ctx, of, ids); err != nil {
				return err
			}
		}
		if err := c.textInto(ctx, body, v); err != nil {
			return err
		}
		if len(v.Args) == 0 {
			return c.doEach(ctx, of, v, ids, body)
		}
		c.wordsInto(body, v.Args, words[1:])
		if err := c.daysIn(body, v.Args); err != nil {
			return err
		}
		if err := c.prepared(ctx, of, v, body); err != nil {
			return err
		}
		return c.answered(func(d *client.Client) (json.RawMessage, error) { return d.Do(ctx, of.Many, words[0], v.Name, body) })
	}
	return k.command(s)
}

// verbFlags are the flags of a verb's command.
func (k *kith) verbFlags(of *kind.Kind, v *kind.Verb, why kind.Need) (flags []cli.Flag) {
	if v.Text != kind.No {
		flag := textFlag()
		if v.Text == kind.Must && !v.Opens {
			need(flag, v.Undo)
		}
		flags = append(flags, flag)
	}
	if why != kind.No {
		flag := whyFlag()
		if why == kind.Must {
			need(flag, v.Undo)
		}
		flags = append(flags, flag)
	}
	for _, f := range v.With {
		flag := k.flagFor(of, f, true)
		if f.Needs && f != kind.Seen { // else the one that was shown last is meant
			need(flag, v.Undo)
		}
		flags = append(flags, flag)
	}
	if v.Undo {
		flags = append(flags, &cli.BoolFlag{Name: "undo", Usage: "not any more"})
	}
	if passes(v) {
		flags = append(flags, &cli.BoolFlag{Name: "yes", Usage: "I know what will be shown, and to whom"})
	}
	return flags
}

// verbFlagsInto reads them into a request, and refuses one that lacks what the verb needs; example is one that doesn't.
func (c *call) verbFlagsInto(body map[string]any, v *kind.Verb, why kind.Need, example string) error {
	if err := c.arguments(body, v.With, true); err != nil {
		return err
	}
	undo := v.Undo && c.Bool("undo")
	if undo {
		body["undo"] = true
	}
	for _, f := range v.With {
		if f == kind.Seen { // what they were shown last, if they don't say
			continue
		}
		if err := needed(c, f, body, example); err != nil && !undo {
			return err
		}
	}
	if why != kind.No && c.String("why") != "" {
		body["why"] = c.String("why")
	} else if why == kind.Must && !undo {
		return api.Problemf(api.Usage, example, "%s needs --why and a reason", fullName(c.Context))
	}
	return nil
}

// haveAll asks for documents, so that what isn't there is told now.
func (c *call) haveAll(ctx context.Context, of *kind.Kind, ids []string) error {
	client, err := c.api()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := client.Document(ctx, of.Many, id); err != nil {
			return err
		}
	}
	return nil
}

// doEach does what a verb does to each of some documents.
func (c *call) doEach(ctx context.Context, of *kind.Kind, v *kind.Verb, ids []string, body map[string]any) error {
	return c.each(ids, func(d *client.Client, id string) (any, func(), error) {
		said := body
		if _, given := body[kind.Seen.Key]; v.Answers() && !given && body["undo"] == nil {
			seen, err := c.answersTo(ctx, d, of, id)
			if err != nil {
				return nil, nil, err
			}
			said = maps.Clone(body)
			said[kind.Seen.Key] = seen
		}
		raw, err := d.Do(ctx, of.Many, id, v.Name, said)
		if err != nil {
			return nil, nil, err
		}
		done, err := readDocument(raw)
		return done.raw, func() {
			c.done(done, body["undo"] != nil)
			c.note(c.came(of, v, done))
		}, err
	})
}

// came says what a verb brought about, where its name doesn't.
func (c *call) came(of *kind.Kind, v *kind.Verb, done document) []string {
	outcome, holders := done.fields.In("outcome"), done.fields.Names("held_by")
	switch {
	case of == kinds.Decision && v.Name == "close" && outcome != nil:
		says := []string{c.outcome(outcome)}
		for _, p := range done.fields.List("positions") { // who closes it once more says that they have seen these
			if p.Is("late") && p.Is("counted") {
				says = append(says, c.positionLine(done, p))
			}
		}
		return says
	case of == kinds.Role && v.Name == "rotate" && len(holders) > 0:
		return []string{"It is " + list(holders) + "'s turn."} // who may not have said yes yet
	}
	return nil
}

// prepared completes what a verb with words behind the ID is asked with: the revision that was shown last, and days in words.
func (c *call) prepared(ctx context.Context, of *kind.Kind, v *kind.Verb, body map[string]any) error {
	client, err := c.api()
	if err != nil {
		return err
	}
	if _, given := body[kind.Seen.Key]; v.Answers() && !given && body["undo"] == nil {
		if body[kind.Seen.Key], err = c.answersTo(ctx, client, of, c.arg(0)); err != nil {
			return err
		}
	}
	if passes(v) {
		return c.beforePassing(ctx, client, of)
	}
	if of != kinds.Decision || v.Name != "option" && v.Name != "choose" {
		return nil
	}
	d, err := documentOf(ctx, client, of, c.arg(0))
	switch {
	case err != nil:
		return err
	case v.Name == "choose":
		body["choices"] = c.optionsMeant(d, c.args()[1:])
		return nil
	case body["undo"] != nil:
		body["words"] = c.optionsMeant(d, c.args()[1:])[0]
		return nil
	}
	asked := map[string]any{"process": d.fields.Str("process"), "words": []string{c.arg(1)}}
	if err := c.optionDays(asked, "process", "words"); err != nil {
		return err
	}
	body["words"] = asked["words"].([]string)[0]
	return nil
}

func (k *kith) restoreOne(of *kind.Kind) *cli.Command {
	return k.command(spec{
		name: "restore", args: "ID HEAD", usage: "bring back an earlier text", ids: k.documentOffers(of),
		more:     "It is written anew, as a change of yours: what came after stays in the history. The title stays; if it was another one then, that is said.",
		examples: []string{"kith " + of.Name + " restore " + of.Letters + "-2m7d 3fa09c11d2e4"},
		run: func(ctx context.Context, c *call) error {
			client, err := c.api()
			if err != nil {
				return err
			}
			raw, err := client.Restore(ctx, of.Many, c.arg(0), c.arg(1))
			if p, ok := problem.Of(err); ok && p.Code == api.Nothing {
				if told := c.titleThen(ctx, client, of); told != nil { // it may be the title that they are after
					return told
				}
			}
			if err != nil {
				return err
			}
			d, err := readDocument(raw)
			if err != nil {
				return err
			}
			if err := c.wrote(ctx, client, of, d); err != nil {
				return err
			}
			return c.titleThen(ctx, client, of)
		},
	})
}

// titleThen says what a document was called at the version whose text was brought back, and how that comes back, too.
func (c *call) titleThen(ctx context.Context, d *client.Client, of *kind.Kind) error {
	was, err := d.Edition(ctx, of.Many, c.arg(0), c.arg(1))
	if err != nil {
		return err
	}
	now, err := documentOf(ctx, d, of, c.arg(0))
	if err != nil || now.Title == was.Title {
		return err
	}
	c.note([]string{"It was called " + quoted(was.Title) + " then, and stays " + quoted(now.Title) + ". To bring that back, too: kith " + of.Name + " edit " + now.Short + " --title " + inShell(was.Title)})
	return nil
}
