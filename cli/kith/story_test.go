package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// charterDoc has the stories, each between two marks. The scripts write them with -update, and else
// hold that what stands there is what people read.
const charterDoc = "../../docs/CHARTER.md"

// story is what a script tells for the documentation.
type story struct {
	name  string
	text  strings.Builder
	typed bool // the text is in a block of what was typed
}

func (l *lab) story(_ *testscript.TestScript, args []string) error {
	l.tale.name = args[0]
	return nil
}

// tell adds a paragraph.
func (l *lab) tell(_ *testscript.TestScript, args []string) error {
	l.tale.endBlock()
	fmt.Fprintf(&l.tale.text, "%s\n\n", wrapped(strings.Join(args, " "), 112))
	return nil
}

func (s *story) endBlock() {
	if s.typed {
		s.text.WriteString("```\n\n")
		s.typed = false
	}
}

// types runs kith for somebody, and adds what they typed and read.
func (l *lab) types(ts *testscript.TestScript, neg bool, args []string) {
	h, err := l.home(args[0])
	ts.Check(err)
	out, err := l.command(h, args[1:]...).CombinedOutput()
	var exit *exec.ExitError
	if failed := errors.As(err, &exit); failed != neg || err != nil && !failed {
		ts.Fatalf("%v\n%s", err, out)
	}
	ts.Logf("%s", out)
	s := &l.tale
	if s.typed {
		s.text.WriteString("\n")
	} else {
		s.text.WriteString("```\n")
		s.typed = true
	}
	fmt.Fprintf(&s.text, "%s$ kith", h.name)
	for _, a := range args[1:] {
		if strings.ContainsAny(a, " ") {
			a = "'" + a + "'"
		}
		s.text.WriteString(" " + a)
	}
	s.text.WriteString("\n")
	for line := range strings.Lines(justNow.ReplaceAllString(string(out), "now  ")) {
		s.text.WriteString(wrapped(strings.TrimRight(line, "\n"), 112) + "\n")
	}
}

// columnBefore is what stands before the text of a line: white space, or a short first column.
var columnBefore = regexp.MustCompile(`^( +|\S.{0,14}?  +)?`)

// Times are others in every run: of the log, and in the last line of a document.
var (
	justNow = regexp.MustCompile(`(?m)^(now|\d+ (second|minute)s? ago) +`) // before lines are wrapped: how long the words are mustn't count
	made    = regexp.MustCompile(`(?m)^made by .*$`)
	aMoment = regexp.MustCompile(`\d+ (second|minute)s? ago`)
)

// wrapped breaks a line between words; what follows stands below its beginning.
func wrapped(line string, width int) string {
	indent := strings.Repeat(" ", len(columnBefore.FindString(line)))
	var out strings.Builder
	column := 0
	for i, word := range strings.SplitAfter(line, " ") {
		if i > 0 && column+len([]rune(strings.TrimRight(word, " "))) > width && strings.TrimSpace(word) != "" {
			out.WriteString("\n" + indent)
			column = len(indent)
		}
		out.WriteString(word)
		column += len([]rune(word))
	}
	lines := strings.Split(out.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// compareStory holds that the documentation tells what the script did.
func (l *lab) compareStory() error {
	if l.tale.name == "" {
		return nil
	}
	l.tale.endBlock()
	got := numbered(made.ReplaceAllStringFunc(l.tale.text.String(), func(line string) string { return aMoment.ReplaceAllString(line, "now") }))
	doc, err := os.ReadFile(charterDoc)
	if err != nil {
		return err
	}
	from := fmt.Appendf(nil, "<!-- written by cli/kith/testdata/%s.txtar -->\n\n", l.tale.name)
	before, rest, ok := bytes.Cut(doc, from)
	_, after, ended := bytes.Cut(rest, []byte("<!-- until here -->"))
	if !ok || !ended {
		return fmt.Errorf("%s has no place for the story %s", charterDoc, l.tale.name)
	}
	want := rest[:len(rest)-len(after)-len("<!-- until here -->")]
	if string(want) == got {
		return nil
	}
	if *update {
		return os.WriteFile(charterDoc, bytes.Join([][]byte{before, from, []byte(got), []byte("<!-- until here -->"), after}, nil), 0o644)
	}
	return fmt.Errorf("%s doesn't tell what the script %s does; it is\n%s\nto take it over: go test ./cli/kith -run 'TestScripts/%[2]s$' -update", charterDoc, l.tale.name, got)
}
