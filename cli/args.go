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
		if near := meantCommand(path, words); near != "" {
			hint = "did you mean " + near + "?"
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

// meantCommand is the whole command that may have been meant by words behind a path, of which the first is none; "" if none comes near.
func meantCommand(path []*cli.Command, words []string) string {
	root, noun, word := path[0], path[len(path)-1], strings.ToLower(words[0])
	if near := nearest(noun, word); near != "" {
		return pathName(path) + " " + near
	}
	if len(words) > 1 && noun == root { // the verb before the noun, or before what it is done to
		of, behind := words[1], ""
		if named, _, isID := api.SplitID(of); isID && named != "" {
			of, behind = named, " "+words[1]
		}
		if of := subcommand(root, of); of != nil {
			if verb := meant(of, word); verb != "" {
				return root.Name + " " + of.Name + " " + verb + behind
			}
		}
	}
	if verb := meant(noun, word); verb != "" {
		return pathName(path) + " " + verb
	}
	if noun.Name == "member" && slices.Contains([]string{"add", "new", "create"}, word) { // who is new comes by a code
		word = "invite"
	}
	if sub := subcommand(root, word); sub != nil && !sub.Hidden {
		return root.Name + " " + sub.Name
	}
	return ""
}

// meant is the command of a noun that is called by a word, or by what Kith says in its place; "" for none.
func meant(noun *cli.Command, word string) string {
	for _, name := range append([]string{word}, otherWords[word]...) {
		if sub := subcommand(noun, name); sub != nil && !sub.Hidden {
			return sub.Name
		}
	}
	return ""
}

// otherWords are what people type, as other programs have it, and what Kith may say in its place.
var otherWords = map[string][]string{
	"delete": {"drop", "withdraw", "remove", "revoke", "archive"}, "remove": {"drop", "withdraw", "archive"}, "rm": {"drop", "withdraw", "remove", "archive"},
	"cancel": {"drop", "withdraw", "revoke"}, "create": {"add", "propose", "open"}, "new": {"add", "propose", "open"}, "make": {"add", "propose", "open"},
	"add": {"propose", "log", "open", "set"}, "ls": {"list"}, "all": {"list"}, "view": {"show"}, "get": {"show"}, "read": {"show"}, "cat": {"show"},
	"change": {"edit", "set"}, "update": {"edit", "set"}, "rename": {"edit"}, "assign": {"ask", "fill", "coordinate"}, "complete": {"done", "close"}, "finish": {"done", "close"},
	"vote": {"choose"}, "rank": {"choose"}, "score": {"choose"}, "comment": {"talk"}, "leave": {"resign"}, "quit": {"resign"},
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

// meantFlag is the flag of a command that may have been meant by a name that none has; "" if none comes near.
func meantFlag(flags []cli.Flag, name string) string {
	for _, f := range flags {
		if n := f.Names()[0]; len(name) > 2 && (strings.HasPrefix(n, name) || api.LetterApart(n, name)) {
			return n
		}
	}
	for _, other := range otherFlags[name] {
		for _, f := range flags {
			if slices.Contains(f.Names(), other) {
				return other
			}
		}
	}
	return ""
}

// otherFlags are the names by which people know a flag from other commands, or programs.
var otherFlags = map[string][]string{
	"why": {"note", "text"}, "note": {"why", "text"}, "reason": {"why", "note"}, "comment": {"why", "note", "text"}, "message": {"text", "why", "note"},
	"description": {"text"}, "body": {"text"}, "deadline": {"due", "by", "until"}, "until": {"by", "due", "to"}, "by": {"until", "due"}, "due": {"by", "until"}, "date": {"on", "due", "by"},
	"assign": {"ask"}, "who": {"ask", "companion"}, "lang": {"language"}, "hours": {"budget"}, "force": {"yes", "replace"},
}

func pathName(path []*cli.Command) string {
	var names []string
	for _, c := range path {
		names = append(names, c.Name)
	}
	return strings.Join(names, " ")
}
