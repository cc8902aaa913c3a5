package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/problem"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

// kinds are the nouns of all kinds of documents: what can be done with each follows from its declaration in
// crdt/kinds. Only how one is shown may be code of its own: layouts.
func (k *kith) kinds() (nouns []*cli.Command) {
	for _, of := range kinds.All.Nouns() {
		verbs := []*cli.Command{k.makeOne(of), k.listThem(of), k.showOne(of), k.editOne(of)}
		if of.Single {
			verbs = append(verbs, k.setMine(of))
		}
		for _, v := range of.Verbs {
			verbs = append(verbs, k.doOne(of, v)...)
		}
		verbs = append(verbs, k.logOf(of), k.historyOf(of), k.restoreOne(of), k.archiveOne(of), k.unarchiveOne(of))
		if !of.Single {
			verbs = append(verbs, k.continueOne(of))
		}
		verbs = append(verbs, k.besides(of)...)
		for _, l := range of.Lists {
			verbs = append(verbs, k.listBy(of, l))
		}
		if of == kinds.Agreement {
			verbs = append(verbs, k.figures())
		}
		nouns = append(nouns, group(of.Name, of.Gist, verbs...))
	}
	return nouns
}

const clearHint = `; "none" takes it away`

func textFlag() cli.Flag {
	return &cli.StringFlag{Name: "text", Usage: "`T` the text; - reads stdin"}
}

func titleFlag() cli.Flag { return &cli.StringFlag{Name: "title", Usage: "`T` the title"} }

func whyFlag() cli.Flag { return &cli.StringFlag{Name: "why", Usage: "`T` the reason"} }

// flagFor is the flag that gives a field a value, with what may stand there offered by its type. begins: of what is
// made, where a word has its default and nothing can be taken away yet.
func (k *kith) flagFor(of *kind.Kind, f *kind.Field, begins bool) cli.Flag {
	usage := "`" + f.Placeholder() + "` " + f.Hint
	if f.Is == kind.Word {
		usage += ": " + strings.Join(f.Words, ", ")
	}
	if f.Is == kind.Hours {
		usage += ": 3, 2.5, 2,5, 3h, 2h30"
	}
	if !begins && (f.Is == kind.Day || f.Is == kind.Line || f.Is == kind.Reason || f.Is == kind.Ref || f.Is == kind.Hours) {
		usage += clearHint
	}
	var flag cli.Flag
	switch {
	case f == kind.Untag:
		flag = &cli.StringSliceFlag{Name: f.Flag(), Usage: usage}
	case f.IsMany():
		flag = &cli.StringSliceFlag{Name: f.Flag(), Usage: usage + "; may be given several times"}
	case f.Is == kind.Flag:
		flag = &cli.BoolFlag{Name: f.Flag(), Usage: f.Hint}
	case f.Is == kind.Word && begins:
		flag = &cli.StringFlag{Name: f.Flag(), Usage: usage, Value: f.Words[0]}
	default:
		flag = &cli.StringFlag{Name: f.Flag(), Usage: usage}
	}
	return k.offering(flag, k.offersFor(of, f))
}

// argument reads what was typed for a field, in the form in which a request has it; ok is false if nothing was.
func (c *call) argument(f *kind.Field, begins bool) (v any, ok bool, err error) {
	flag := f.Flag()
	switch {
	case f.IsMany():
		words := c.StringSlice(flag)
		return words, len(words) > 0, nil
	case f.Is == kind.Word:
		word := c.String(flag)
		return kind.WordOut(word), word != "", oneOf("--"+flag, word, f.Words)
	case !c.IsSet(flag):
		return nil, false, nil
	case f.Is == kind.Hours:
		hours, err := parseHours(flag, c.String(flag))
		return hours, true, err
	case f.Is == kind.Flag:
		return c.Bool(flag), true, nil
	case f.Is == kind.Day:
		day, err := c.coming(f.Called(), c.String(flag))
		return day, true, err
	}
	word := c.String(flag)
	if !begins && strings.EqualFold(word, "none") && (f.Is == kind.Line || f.Is == kind.Ref || f.Is == kind.Reason) {
		word = ""
	}
	return word, word != "" || !begins, nil
}

// arguments reads all fields of a verb into a request.
func (c *call) arguments(into map[string]any, fields []*kind.Field, begins bool) error {
	for _, f := range fields {
		v, ok, err := c.argument(f, begins)
		if err != nil {
			return err
		}
		if ok {
			into[f.Key] = v
		}
	}
	return nil
}

// oneOf checks a flag whose value is one of a few words; "" is no value.
func oneOf(flag, word string, words []string) error {
	if word == "" || slices.Contains(words, word) {
		return nil
	}
	return api.Problemf(api.Invalid, "one of: "+strings.Join(words, ", "), "%s can't be “%s”", flag, oneLine(word, 40))
}

// needed refuses to do something without what it can't be done without.
func needed(c *call, f *kind.Field, body map[string]any, example string) error {
	if _, ok := body[f.Key]; f.Needs && !ok {
		return api.Problemf(api.Usage, example, "%s needs --%s", fullName(c.Context), f.Flag())
	}
	return nil
}

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
		return []string{c.outcome(outcome)}
	case of == kinds.Role && v.Name == "rotate" && len(holders) > 0:
		return []string{"It is " + list(holders) + "'s now."}
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
	if of != kinds.Decision || v.Name != "option" || body["undo"] != nil {
		return nil
	}
	d, err := documentOf(ctx, client, of, c.arg(0))
	if err != nil {
		return err
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
			if hours, _ := d.fields[f.Name()].(float64); f.Is == kind.Hours && hours > 0 {
				sum, n = sum+hours, n+1
			}
		}
		if n > 1 {
			c.out.println(c.out.faint(fmt.Sprintf("%s: %s h in %d of them", f.Called(), strconv.FormatFloat(sum, 'f', -1, 64), n)))
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
