package cli

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

// root is the tree of all commands.
func (k *kith) root() *cli.Command {
	k.values, k.ids = map[cli.Flag]completer{}, map[*cli.Command]completer{}
	return &cli.Command{
		Name:  "kith",
		Usage: "decide, do and note together, with no server and nobody in charge",
		Subcommands: slices.Concat([]*cli.Command{
			k.initCommand(), k.join(), k.daemon(), k.open(),
			k.status(), k.space(), k.peers(), k.sync(), k.watch(), k.log(), k.adopt(), k.search(), k.today(), k.talk(), k.archive(), k.settle(), k.forget(), k.undo(),
			k.invite(), k.member(), k.device(), k.charter(),
		}, k.kinds(), []*cli.Command{
			k.time(), k.load(), k.about(),
			k.ally(), k.share(),
			k.bundle(), k.drop(), k.backup(), k.restore(), k.protect(),
			k.doctor(), k.service(), k.porch(), k.completion(), k.version(), k.complete(), k.trial(),
		}),
	}
}

// group is a noun with its verbs.
func group(name, usage string, verbs ...*cli.Command) *cli.Command {
	return &cli.Command{Name: name, Usage: usage, Subcommands: verbs}
}

// groupWith is a noun that does something by itself, and has verbs besides.
func (k *kith) groupWith(s spec, verbs ...*cli.Command) *cli.Command {
	c := k.command(s)
	c.Subcommands = verbs
	return c
}

// spec describes one command. Args is written as in the help: "ID MEMBER…" or "[ID]", and
// how many words are taken follows from it.
type spec struct {
	name, args, usage string
	more              string   // a paragraph, or ""
	examples          []string // whole lines to type
	flags             []cli.Flag
	hidden            bool
	anywhere          bool      // it needs no home
	ids               completer // what an ID in args may be; nil: of any document
	run               func(ctx context.Context, c *call) error
}

// command makes a command of a description. All have --json, --jq and --space.
func (k *kith) command(s spec) *cli.Command {
	c := &cli.Command{
		Name: s.name, ArgsUsage: s.args, Usage: s.usage, Description: s.more, Hidden: s.hidden,
		UsageText: strings.Join(s.examples, "\n"), HideHelp: true,
		Flags: append(slices.Clip(s.flags), common()...),
		OnUsageError: func(c *cli.Context, err error, _ bool) error {
			return usageSays(fullName(c), c.Command.Flags, err)
		},
		Action: func(c *cli.Context) error {
			if err := checkArgs(fullName(c), s.args, c.Args().Len(), s.flags); err != nil {
				if meant := longDash(c); meant != nil {
					return meant
				}
				return err
			}
			if err := k.env.homeless(); err != nil && !s.anywhere && !s.hidden {
				return err
			}
			if err := checkWords(c, s.args); err != nil {
				return err
			}
			if err := checkTimes(c, s.flags); err != nil {
				return err
			}
			out, err := newOutput(k, c)
			if err != nil {
				return err
			}
			one := &call{kith: k, Context: c, out: out}
			if err := one.unread(); err != nil {
				return err
			}
			err = s.run(c.Context, one)
			if err == nil {
				one.note(one.understood)
			}
			return one.nothing(one.settle(err))
		},
	}
	if s.ids != nil {
		k.ids[c] = s.ids
	}
	return c
}

// What urfave/cli v2 and the package flag under it say of a flag that isn't there, and of a value that isn't of its kind.
var (
	flagUnknown = regexp.MustCompile(`^flag provided but not defined: -+(.*)$`)
	flagValue   = regexp.MustCompile(`(?s)^invalid value "(.*)" for flag -([a-z-]+): `)
	flagYesNo   = regexp.MustCompile(`(?s)^invalid boolean value "(.*)" for -([a-z-]+): `)
)

// usageSays says to a person what is wrong with a flag of a command: there is none, or it can't be what was said.
func usageSays(command string, flags []cli.Flag, err error) error {
	hint, says := command+" --help", err.Error()
	if m := flagUnknown.FindStringSubmatch(says); m != nil {
		if near := meantFlag(flags, m[1]); near != "" {
			hint = "did you mean --" + near + "? Else: " + hint
		}
		return api.Problemf(api.Usage, hint, "%s has no flag --%s", command, oneLine(m[1], 40))
	}
	if m := flagValue.FindStringSubmatch(says); m != nil {
		return api.Problemf(api.Invalid, hint, "--%s can't be “%s”", m[2], oneLine(m[1], 40))
	}
	if m := flagYesNo.FindStringSubmatch(says); m != nil {
		return api.Problemf(api.Invalid, "leave --"+m[2]+" out for no", "--%s can't be “%s”: it takes no value", m[2], oneLine(m[1], 40))
	}
	return api.Problemf(api.Usage, hint, "%s", says)
}

// longDash says of a word that is a flag of this command, but for the dash that programs for writing make of two short ones, how the flag
// is typed; nil: there is none.
func longDash(c *cli.Context) error {
	for _, word := range c.Args().Slice() {
		name, _, _ := strings.Cut(strings.TrimLeft(word, "–—"), "=")
		if len(name) < len(word) && slices.ContainsFunc(c.Command.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) }) {
			return api.Problemf(api.Usage, "type --"+name, "“%s” begins with a long dash, and a flag with two short ones", oneLine(word, 40))
		}
	}
	return nil
}

// checkTimes refuses times that nothing can take: to wait less than not at all, and a code that is over as soon as
// it is made.
func checkTimes(c *cli.Context, flags []cli.Flag) error {
	for _, f := range flags {
		f, ok := f.(*cli.DurationFlag)
		if !ok || !c.IsSet(f.Name) {
			continue
		}
		switch d := c.Duration(f.Name); {
		case d < 0:
			return api.Problemf(api.Invalid, "say it like --"+f.Name+" 30s, 5m or 48h", "--%s %s is less than no time", f.Name, d)
		case f.Name == "expires" && d < time.Second:
			return api.Problemf(api.Invalid, "say it like --expires 15m or 48h", "a code that is good for %s is none", d)
		}
	}
	return nil
}

// common are the flags that every command takes, in any place.
func common() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "json", Usage: "print one JSON value and nothing else"},
		&cli.StringFlag{Name: "jq", Usage: "`EXPR` filter the JSON, as jq does; strings come out bare"},
		&cli.StringFlag{Name: "space", Usage: "`NAME` the space that is meant, when there are several"},
	}
}

// call is one command being run.
type call struct {
	*kith
	*cli.Context
	out       *output
	draft     string // the file in which somebody wrote a text; "": none
	draftOpen bool   // it may still be open in an editor
	given     string // what stood in it before

	understood []string // how words that could be taken otherwise were taken: dates
}

// api gives the client of the daemon.
func (c *call) api() (*client.Client, error) { return c.kith.api(c.String("space")) }

// request asks the daemon, and shows what it answers: a person by show, a program as JSON.
func request[T any](c *call, question func(*client.Client) (T, error), show func(T)) error {
	client, err := c.api()
	if err != nil {
		return err
	}
	answer, err := question(client)
	if err != nil {
		return err
	}
	return c.out.show(answer, func() { show(answer) })
}

// args gives the words after the command.
func (c *call) args() []string { return c.Args().Slice() }

// arg gives one of them, or "".
func (c *call) arg(i int) string { return c.Args().Get(i) }

func fullName(c *cli.Context) string {
	var names []string
	for _, up := range c.Lineage() {
		if up.Command != nil && up.Command.Name != "" && (len(names) == 0 || names[0] != up.Command.Name) {
			names = slices.Insert(names, 0, up.Command.Name)
		}
	}
	if len(names) == 0 || names[0] != "kith" {
		names = slices.Insert(names, 0, "kith")
	}
	return strings.Join(names, " ")
}

// arity reads how many words a description of arguments takes; most is -1 for any number.
func arity(args string) (least, most int) {
	for _, word := range strings.Fields(args) {
		optional := strings.HasPrefix(word, "[")
		if !optional {
			least++
		}
		if strings.Contains(word, "…") {
			most = -1
		} else if most >= 0 {
			most++
		}
	}
	return least, most
}

func checkArgs(name, args string, n int, flags []cli.Flag) error {
	least, most := arity(args)
	switch {
	case n < least:
		missing := strings.Fields(args)[n:least]
		return api.Problemf(api.Usage, name+" --help", "%s needs %s", name, strings.Join(missing, " "))
	case most >= 0 && n > most:
		hint := name + " --help"
		if where := whereWordsGo(args, flags); where != "" {
			hint = where + "; " + hint
		}
		return api.Problemf(api.Usage, hint, "%s takes %s; there %s %s", name, orNothing(args), isOrAre(n), count(n, "word"))
	}
	return nil
}

// whereWordsGo says how words are said for which a command has no place among its arguments; "" if it has none for any.
func whereWordsGo(args string, flags []cli.Flag) string {
	all := strings.Fields(args)
	if len(all) == 0 {
		if i := slices.IndexFunc(flags, func(f cli.Flag) bool { return categoryOf(f) == isNeeded }); i >= 0 {
			return "what it needs goes behind --" + flags[i].Names()[0]
		}
		return ""
	}
	if last := strings.Trim(all[len(all)-1], "[]…"); slices.Contains([]string{"ID", "ENTRY", "HOURS", "MEMBER"}, last) {
		for _, name := range []string{"text", "note", "why"} {
			if slices.ContainsFunc(flags, func(f cli.Flag) bool { return f.Names()[0] == name }) {
				return "your own words go behind --" + name + ", in quotes"
			}
		}
	}
	return "put several words in quotes"
}

func orNothing(args string) string {
	if args == "" {
		return "no words"
	}
	return args
}
