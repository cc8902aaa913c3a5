package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/itchyny/gojq"
	"github.com/urfave/cli/v2"

	"kith/crdt/problem"
	"kith/daemon/api"
)

// output is how one command tells what it has to tell.
type output struct {
	k      *kith
	json   bool
	filter func(any) gojq.Iter // nil: none
	width  int                 // of the terminal; 0: it is none
	colour bool
}

func newOutput(k *kith, c *cli.Context) (*output, error) {
	o := &output{k: k, json: c.Bool("json") || c.IsSet("jq"), width: terminal(k.env.Stdout)}
	o.colour = o.width > 0 && k.env.Getenv("NO_COLOR") == "" && k.env.Getenv("TERM") != "dumb"
	if !c.IsSet("jq") {
		return o, nil
	}
	query, err := gojq.Parse(c.String("jq"))
	var program *gojq.Code
	if err == nil {
		program, err = gojq.Compile(query)
	}
	if err != nil {
		return nil, api.Problemf(api.Invalid, "the language is jq's: --jq '.[].title'", "--jq: %v", err)
	}
	o.filter = func(v any) gojq.Iter { return program.RunWithContext(c.Context, v) } // a program may have no end
	return o, nil
}

// show prints v as JSON if that was asked for, and else what forPeople prints.
func (o *output) show(v any, forPeople func()) error {
	if !o.json {
		forPeople()
		return nil
	}
	if o.filter == nil {
		return writeJSON(o.k.env.Stdout, v)
	}
	return o.filtered(v)
}

// changed tells of something that was made or changed: its short ID, or all of it as JSON.
func (o *output) changed(short string, thing any) error {
	return o.show(thing, func() { o.println(short) })
}

// done tells of a document of which something was asked, as changed does, and whether it was like that already.
func (c *call) done(d document, undo bool) {
	c.out.println(d.Short)
	c.note(d.Told)
	switch {
	case d.Changed == nil || *d.Changed:
	case undo:
		c.note([]string{"Nothing changed: there is nothing of yours to take back."})
	default:
		c.note([]string{"Nothing changed: it is like that already."})
	}
}

// nothing ends a command that found all as it asks for: that is no failure, and is said.
func (c *call) nothing(err error) error {
	p, ok := problem.Of(err)
	if !ok || p.Code != api.Nothing {
		return err
	}
	return c.out.show(map[string]bool{"changed": false}, func() { c.note([]string{nothingChanged(p)}) })
}

func nothingChanged(p *api.Problem) string { return "Nothing changed: " + p.Message + "." }

// filtered prints what the filter makes of v, a value a line; strings come out bare, so that
// a script can use them, and without what could move a terminal: all of them is in the JSON.
func (o *output) filtered(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var plain any
	if err := json.Unmarshal(b, &plain); err != nil {
		return err
	}
	results := o.filter(plain)
	for {
		v, ok := results.Next()
		if !ok {
			return nil
		}
		if err, isErr := v.(error); isErr {
			var halt *gojq.HaltError
			if errors.As(err, &halt) && halt.Value() == nil {
				return nil
			}
			if errors.Is(err, context.Canceled) {
				return err
			}
			return api.Problemf(api.Invalid, "look at it without --jq first: --json", "--jq: %v", err)
		}
		if s, isString := v.(string); isString {
			fmt.Fprintln(o.k.env.Stdout, s)
			continue
		}
		line, err := gojq.Marshal(v)
		if err != nil {
			return err
		}
		fmt.Fprintf(o.k.env.Stdout, "%s\n", escaped(line))
	}
}

// sentences prints what a person has to know, each in a paragraph of its own.
func (o *output) sentences(says []string) {
	for _, s := range says {
		o.printf("\n%s\n", paragraph(s, o.width))
	}
}

// inside is how far what is said of a thing stands in from its ID, in columns.
const inside = 8

// within prints what is said of the thing above it; of several lines none stands further out than the first.
func (o *output) within(says string) { o.println(strings.Repeat(" ", inside) + further(says)) }

func further(says string) string {
	return strings.ReplaceAll(says, "\n", "\n"+strings.Repeat(" ", inside))
}

// paragraph wraps a sentence for a terminal; width 0 is for who reads by line, such as grep.
func paragraph(s string, width int) string {
	if width == 0 {
		return sentence(s)
	}
	return wrap(clean(s), min(width, 78))
}

// note tells a person, beside the result, what they have to know.
func (c *call) note(says []string) {
	if c.out.json {
		return
	}
	for _, s := range says {
		fmt.Fprintln(c.env.Stderr, paragraph(s, terminal(c.env.Stderr)))
	}
}

func (o *output) println(a ...any) { fmt.Fprintln(o.k.env.Stdout, a...) }

func (o *output) printf(format string, a ...any) { fmt.Fprintf(o.k.env.Stdout, format, a...) }

// writeJSON prints one value on one line.
func writeJSON(w io.Writer, v any) error {
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(escaped(line.Bytes()))
	return err
}
