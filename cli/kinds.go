package cli

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
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
