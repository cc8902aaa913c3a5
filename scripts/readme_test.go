package scripts_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// blocks gives the fenced blocks of README.md that are in a language, in their order.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	b, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```").FindAllStringSubmatch(string(b), -1) {
		found = append(found, m[1])
	}
	return found
}

func TestTheTourInTheReadmeWorksAsPrinted(t *testing.T) {
	shell, says := blocks(t, "sh"), blocks(t, "text")
	if len(shell) != 3 || len(says) != 1 {
		t.Fatalf("README.md has %d blocks to type and %d of output; this test knows 3 (the two commands, the tour, its end) and 1", len(shell), len(says))
	}
	tour, end := shell[1], shell[2]
	n := arrive(t)
	n.stopsAtTheEnd(end)

	out := n.does("set -e\n" + tour)
	contains(t, out, "Founded “Riso Print Co-op”", "You are in “Riso Print Co-op”, as Ben", "You are in “Riso Print Co-op”, as Cleo")

	// The decision's ID is drawn, and the machine may be slow.
	id, when := regexp.MustCompile(`\bd-[0-9a-z]+`), regexp.MustCompile(`\b\d+ (second|minute)s? ago\b`)
	plain := func(s string) string { return when.ReplaceAllString(id.ReplaceAllString(s, "d-…"), "now") }
	for line := range strings.Lines(says[0]) {
		if line := plain(line); !slices.Contains(strings.SplitAfter(plain(out), "\n"), line) {
			t.Errorf("README.md says that the tour ends with a line that it doesn't print: %s\nIt printed:\n%s", line, out)
		}
	}
}

func TestTheReadmeBeginsWithTheTwoCommands(t *testing.T) {
	var commands []string
	for line := range strings.Lines(blocks(t, "sh")[0]) {
		command, _, _ := strings.Cut(line, "#")
		commands = append(commands, strings.TrimSpace(command))
	}
	if want := []string{"scripts/run", "scripts/test"}; !slices.Equal(commands, want) {
		t.Errorf("the first block has %q, and %q are the two", commands, want)
	}
}

func TestEveryLinkInTheTextsLeadsSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for _, dir := range []string{"..", "../docs", "../docs/es"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !strings.HasSuffix(e.Name(), ".md") {
				continue
			}
			b, err := os.ReadFile(dir + "/" + e.Name())
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range link.FindAllStringSubmatch(string(b), -1) {
				if _, err := os.Stat(dir + "/" + m[1]); err != nil {
					t.Errorf("%s links to %s, which isn't there", e.Name(), m[1])
				}
			}
		}
	}
}
