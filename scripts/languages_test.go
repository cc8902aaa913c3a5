package scripts_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// part is what stands under one heading of a page, as far as it is the same in all languages.
type part struct {
	level    int      // of its heading
	heading  string   //
	commands []string // what is typed, ascending
	rows     int      // of tables
	bullets  int
}

// typed is what somebody types, or a file or a figure that they look up: it stands in code, and isn't translated.
var typed = regexp.MustCompile("`([^`]+)`")

func partsOf(t *testing.T, page string) (all []part) {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	all = []part{{}}
	for _, line := range strings.Split(string(b), "\n") {
		at := &all[len(all)-1]
		switch {
		case strings.HasPrefix(line, "#"):
			words := strings.TrimLeft(line, "#")
			all = append(all, part{level: len(line) - len(words), heading: strings.TrimSpace(words)})
			continue
		case strings.HasPrefix(line, "|"):
			at.rows++
		case strings.HasPrefix(line, "- "):
			at.bullets++
		}
		for _, m := range typed.FindAllStringSubmatch(line, -1) {
			at.commands = append(at.commands, m[1])
		}
	}
	for i := range all {
		slices.Sort(all[i].commands)
		all[i].commands = slices.Compact(all[i].commands)
	}
	return all
}

// The concepts say the same in each language: the same parts in the same order, with the same commands, tables and lists.
func TestTheConceptsHaveTheSamePartsAndCommandsInEachLanguage(t *testing.T) {
	english, spanish := partsOf(t, "../docs/CONCEPTS.md"), partsOf(t, "../docs/es/CONCEPTS.md")
	if len(english) < 20 || len(english) != len(spanish) {
		t.Fatalf("%d parts in English, and %d in Spanish", len(english), len(spanish))
	}
	for i, en := range english {
		es := spanish[i]
		if en.level != es.level || en.rows != es.rows || en.bullets != es.bullets {
			t.Errorf("%q: a heading of level %d with %d rows and %d points; %q: level %d with %d rows and %d points", en.heading, en.level, en.rows, en.bullets, es.heading, es.level, es.rows, es.bullets)
		}
		for _, c := range en.commands {
			if !slices.Contains(es.commands, c) {
				t.Errorf("%q has `%s`, and %q hasn't", en.heading, c, es.heading)
			}
		}
		for _, c := range es.commands {
			if !slices.Contains(en.commands, c) {
				t.Errorf("%q has `%s`, and %q hasn't", es.heading, c, en.heading)
			}
		}
	}
}
