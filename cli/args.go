package cli

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"kith/crdt/kind"
	"kith/daemon/api"
)

// line is a command line put in order: which command, then its flags, then its words.
type line struct {
	path                []*cli.Command // from the root to the command that was named
	args                []string       // for urfave's parser, which takes flags only before words
	help, version, json bool
	err                 error
}

func (l line) last() *cli.Command { return l.path[len(l.path)-1] }

// arrange lets flags stand anywhere: before the command, between its words, after them. After
// "--" everything is a word. `kith help X` is `kith X --help`.
func arrange(root *cli.Command, args []string) line {
	l := line{path: []*cli.Command{root}}
	if len(args) > 0 && args[0] == "help" {
		l.help, args = true, args[1:]
	}
	var names, flags, words []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			words = append(words, args[i+1:]...)
			break
		}
		if !isFlag(arg) {
			if sub := subcommand(l.last(), arg); sub != nil && len(words) == 0 {
				l.path = append(l.path, sub)
				names = append(names, sub.Name)
			} else {
				words = append(words, arg)
			}
			continue
		}
		name, value, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		switch name {
		case "help", "h":
			l.help = true
			continue
		case "version":
			if len(names) == 0 {
				l.version = true
				continue
			}
		case "json", "jq":
			l.json = l.json || value != "false"
		}
		flags = append(flags, arg)
		if hasValue || !takesValue(l.last(), name) {
			continue
		}
		if i++; i == len(args) {
			l.err = api.Problemf(api.Usage, pathName(l.path)+" --help", "%s needs a value", arg)
			break
		}
		flags = append(flags, args[i])
	}
	l.args = slices.Concat(names, flags, []string{"--"}, words)
	noun := l.last().Action == nil || len(l.last().Subcommands) > 0 && len(words) > 0
	if l.err == nil && noun && !l.version {
		l.err = unknownCommand(l.path, words, flags, l.help)
	}
	return l
}

// blanks are flags whose value may be empty: there is a text of no words.
var blanks = []string{"text"}

// checkWords refuses what can't have been meant as it was typed: a word or a flag whose value is empty or blank, as that of a
// variable that isn't set, which would pass for no flag at all; and what is no UTF-8, of which others would get another word. The names of
// files may be any bytes.
func checkWords(c *cli.Context, places string) error {
	if c.Command.Hidden { // for programs
		return nil
	}
	words := strings.Fields(places)
	for i, arg := range c.Args().Slice() {
		place := words[min(i, len(words)-1)]
		switch {
		case strings.TrimSpace(arg) == "":
			return api.Problemf(api.Usage, fullName(c)+" --help", "%s is empty: it needs a value", strings.Trim(place, "[]…"))
		case !utf8.ValidString(arg) && !namesFile(place):
			return notUTF8(place)
		case arg == strings.Trim(place, "[]…") && slices.Contains(leftStanding, arg):
			return stillStands(arg)
		}
	}
	for _, f := range c.Command.Flags {
		var values []string
		switch f.(type) {
		case *cli.StringFlag:
			values = []string{c.String(f.Names()[0])}
		case *cli.StringSliceFlag:
			values = c.StringSlice(f.Names()[0])
		}
		flag, _ := flagWords(f)
		name, value, _ := strings.Cut(flag, " ")
		for _, said := range values {
			switch {
			case !c.IsSet(f.Names()[0]):
			case strings.TrimSpace(said) == "" && !slices.Contains(blanks, f.Names()[0]):
				return api.Problemf(api.Usage, fullName(c)+" --help", "%s is empty: it needs a value", name)
			case !utf8.ValidString(said) && !namesFile(value):
				return notUTF8(name)
			case slices.Contains(leftStanding, said):
				return stillStands(said)
			}
		}
	}
	return nil
}

// leftStanding are words of commands that Kith tells, in whose place somebody says something that the others read. What else stands there
// in capitals names nothing, and is refused for that.
var leftStanding = []string{kind.WhyPlace, kind.TextPlace, "TITLE", "NAME"}

func stillStands(word string) error {
	return api.Problemf(api.Invalid, "put what you mean in its place, in quotes if it is several words", "%s stands there for something that only you can say", word)
}

func namesFile(place string) bool {
	return strings.Contains(place, "FILE") || strings.Contains(place, "DIR")
}

func notUTF8(place string) error {
	return api.Problemf(api.Invalid, "type it in a terminal that is set to UTF-8: locale charmap", "%s is not UTF-8 text", strings.Trim(place, "[]…"))
}

// isFlag says whether a word is a flag; "-" is stdin and "-3" a number.
func isFlag(arg string) bool {
	return len(arg) > 1 && arg[0] == '-' && (arg[1] < '0' || arg[1] > '9')
}

func subcommand(c *cli.Command, name string) *cli.Command {
	for _, sub := range c.Subcommands {
		if sub.HasName(name) {
			return sub
		}
	}
	return nil
}

func takesValue(c *cli.Command, name string) bool {
	f := findFlag(c, name)
	if f == nil {
		return false
	}
	_, isBool := f.(*cli.BoolFlag)
	return !isBool
}

// findFlag looks a flag up among those of a command and the common ones.
func findFlag(c *cli.Command, name string) cli.Flag {
	for _, f := range append(slices.Clip(c.Flags), common()...) {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

// unknownCommand says what is wrong with a line that ends at a noun; nil if nothing is.
func unknownCommand(path []*cli.Command, words, flags []string, help bool) error {
	name := pathName(path)
	if len(words) > 0 {
		hint := name + " --help"
		if near := nearest(path[len(path)-1], words[0]); near != "" {
			hint = "did you mean " + name + " " + near + "?"
		}
		return api.Problemf(api.Usage, hint, "there is no command %s %s", name, oneLine(words[0], 40))
	}
	for _, f := range flags {
		if isFlag(f) && findFlag(path[len(path)-1], strings.TrimLeft(strings.Split(f, "=")[0], "-")) == nil {
			return api.Problemf(api.Usage, name+" --help", "%s has no flag %s", name, oneLine(f, 40))
		}
	}
	return nil
}

// nearest is the command that may have been meant by word: one that begins alike, or has one
// letter more, less, or wrong; "" if none.
func nearest(c *cli.Command, word string) string {
	for _, sub := range c.Subcommands {
		if !sub.Hidden && (len(word) > 1 && strings.HasPrefix(sub.Name, word) || api.LetterApart(sub.Name, word)) {
			return sub.Name
		}
	}
	return ""
}

func pathName(path []*cli.Command) string {
	var names []string
	for _, c := range path {
		names = append(names, c.Name)
	}
	return strings.Join(names, " ")
}
