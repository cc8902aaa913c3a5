package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

// writeHelp prints what a command is for, its flags and examples; for a noun, its verbs.
func writeHelp(w io.Writer, path []*cli.Command) error {
	_, err := io.WriteString(w, helpText(path))
	return err
}

func helpText(path []*cli.Command) string {
	c := path[len(path)-1]
	name := pathName(path)
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", name, c.Usage)
	if len(c.Subcommands) > 0 {
		b.WriteString("\n")
		writeCommands(&b, name, c)
		if len(path) == 1 {
			b.WriteString("\nMore about each: kith help COMMAND. Where data lives: $KITH_HOME.\n")
		}
		if c.Action == nil {
			return b.String()
		}
	}
	fmt.Fprintf(&b, "\n    %s\n", synopsis(name, c))
	if c.Description != "" {
		fmt.Fprintf(&b, "\n%s\n", wrap(c.Description, 78))
	}
	if own := visible(c.Flags); len(own) > 0 {
		b.WriteString("\nFlags\n")
		writeFlags(&b, own)
	}
	if c.UsageText != "" {
		b.WriteString("\nExamples\n")
		for _, example := range strings.Split(c.UsageText, "\n") {
			fmt.Fprintf(&b, "    %s\n", example)
		}
	}
	return b.String()
}

func synopsis(name string, c *cli.Command) string {
	s := name
	if c.ArgsUsage != "" {
		s += " " + c.ArgsUsage
	}
	for _, f := range c.Flags {
		left, _ := flagWords(f)
		switch categoryOf(f) {
		case isNeeded:
			s += " " + left
		case isNeededOrUndo:
			s += " " + left + "|--undo"
		}
	}
	return s + " [flags]"
}

// The categories of flags without which a command does nothing. They stand in its first line of help, beside its words.
const (
	isNeeded       = "needed"
	isNeededOrUndo = "needed, or --undo"
)

// need marks a flag as needed; undo: where the command isn't told to undo what it does.
func need(f cli.Flag, undo bool) cli.Flag {
	category := isNeeded
	if undo {
		category = isNeededOrUndo
	}
	switch f := f.(type) {
	case *cli.StringFlag:
		f.Category = category
	case *cli.StringSliceFlag:
		f.Category = category
	case *cli.Float64Flag:
		f.Category = category
	}
	return f
}

func categoryOf(f cli.Flag) string {
	if f, ok := f.(cli.CategorizableFlag); ok {
		return f.GetCategory()
	}
	return ""
}

func writeCommands(b *strings.Builder, name string, c *cli.Command) {
	type row struct{ left, right string }
	var rows []row
	widest := 0
	for _, sub := range c.Subcommands {
		if sub.Hidden {
			continue
		}
		left := sub.Name
		if len(sub.Subcommands) > 0 {
			left += " …"
		} else if sub.ArgsUsage != "" {
			left += " " + sub.ArgsUsage
		}
		left = name + " " + left
		widest = max(widest, columns(left))
		rows = append(rows, row{left, sub.Usage})
	}
	for _, r := range rows {
		fmt.Fprintf(b, "    %s%s  %s\n", r.left, strings.Repeat(" ", widest-columns(r.left)), r.right)
	}
}

func visible(flags []cli.Flag) []cli.Flag {
	var out []cli.Flag
	for _, f := range flags {
		if v, ok := f.(cli.VisibleFlag); !ok || v.IsVisible() {
			out = append(out, f)
		}
	}
	return out
}

func writeFlags(b *strings.Builder, flags []cli.Flag) {
	var left, right []string
	widest := 0
	for _, f := range flags {
		l, r := flagWords(f)
		left, right = append(left, l), append(right, r)
		widest = max(widest, columns(l))
	}
	for i := range left {
		fmt.Fprintf(b, "    %s%s  %s\n", left[i], strings.Repeat(" ", widest-columns(left[i])), right[i])
	}
}

// flagWords gives "--due DATE" and what it means: a usage begins with the name of the value,
// if there is one, in back quotes.
func flagWords(f cli.Flag) (left, right string) {
	left = "--" + f.Names()[0]
	doc, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return left, ""
	}
	right = doc.GetUsage()
	if value, rest, found := strings.Cut(strings.TrimPrefix(right, "`"), "` "); found {
		left, right = left+" "+value, rest
	}
	if value := doc.GetDefaultText(); doc.TakesValue() && value != "" && value != `""` && value != "0" && value != "0s" {
		right += " (" + strings.Trim(value, `"`) + ")"
	}
	return left, right
}

// wrap breaks text into lines of at most width columns.
func wrap(s string, width int) string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && columns(line)+1+columns(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return strings.Join(append(lines, line), "\n")
}
