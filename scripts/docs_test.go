package scripts_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// leastNamed is how many tests a page names at least, whose claims are worth what shows them.
var leastNamed = map[string]int{"ALLIES.md": 20, "CHARTER.md": 20, "SECURITY.md": 60}

// A claim of the documentation that names a test names one that is there.
func TestEveryTestThatTheDocumentationNamesIsThere(t *testing.T) {
	there := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		for _, m := range function.FindAllSubmatch(b, -1) {
			there[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil || len(pages) < len(leastNamed) {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	for _, page := range pages {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		named := regexp.MustCompile("`(Test[A-Za-z0-9]+)`").FindAllSubmatch(b, -1)
		if least := leastNamed[filepath.Base(page)]; len(named) < least {
			t.Errorf("%s names %d tests; it used to name %d and more", page, len(named), least)
		}
		for _, m := range named {
			if !there[string(m[1])] {
				t.Errorf("%s: %s isn't there", page, m[1])
			}
		}
	}
}

// What it names of the code is there, too: files by the end of their path, and names as `exchange.Peer`, in the package's folder.
func TestEveryFileAndNameOfTheCodeThatTheDocumentationNamesIsThere(t *testing.T) {
	var files []string
	said := map[string]map[string]bool{} // by the last part of a folder's path, the words of its code
	word := regexp.MustCompile(`\b[A-Z]\w*`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files = append(files, filepath.ToSlash(path))
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		b, err := os.ReadFile(path)
		name := filepath.Base(filepath.Dir(path))
		if said[name] == nil {
			said[name] = map[string]bool{}
		}
		for _, w := range word.FindAll(b, -1) {
			said[name][string(w)] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, page := range append(pages, "../CONTRIBUTING.md", "../README.md") {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("`([a-z][a-z0-9_/]*\\.(?:go|txtar))`").FindAllStringSubmatch(string(b), -1) {
			n++
			if !slices.ContainsFunc(files, func(path string) bool { return strings.HasSuffix(path, "/"+m[1]) }) {
				t.Errorf("%s: there is no file %s", page, m[1])
			}
		}
		for _, m := range regexp.MustCompile("`([a-z]+)\\.([A-Z]\\w*)(?:\\.([A-Z]\\w*))?`").FindAllStringSubmatch(string(b), -1) {
			words := said[m[1]]
			if words == nil {
				continue // of a library, or a value
			}
			n++
			for _, name := range m[2:] {
				if name != "" && !words[name] {
					t.Errorf("%s: %s says nothing of %s", page, m[1], name)
				}
			}
		}
	}
	if n < 100 {
		t.Fatalf("only %d are named: the test tests nothing", n)
	}
}

// Each cell of the table of who learns what says how it stands, and by which tests: it names no number that isn't below it.
func TestEachCellOfWhoLearnsWhatNamesItsTestsOrSaysThatNothingHolds(t *testing.T) {
	b, err := os.ReadFile("../docs/SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(b), "## Who learns what\n")
	section, _, more := strings.Cut(section, "\n## ")
	if !ok || !more {
		t.Fatal("there is no table of who learns what")
	}
	shown := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^(\\d+)\\. `Test").FindAllStringSubmatch(section, -1) {
		shown[m[1]] = true
	}
	numbers := regexp.MustCompile(`\((\d+(?:, \d+)*)\)`)
	rows := 0
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| who |") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 8 {
			t.Errorf("%d cells: %s", len(cells), line)
		}
		rows++
		for _, cell := range cells[1:] {
			cell = strings.TrimSpace(cell)
			named := numbers.FindAllStringSubmatch(cell, -1)
			for _, m := range named {
				for _, n := range strings.Split(m[1], ", ") {
					if !shown[n] {
						t.Errorf("%s: “%s” names %s, which isn't below the table", cells[0], cell, n)
					}
				}
			}
			switch {
			case strings.HasPrefix(cell, "no (") && len(named) > 0, strings.HasPrefix(cell, "told"), strings.HasPrefix(cell, "not held"), cell == "not built yet":
			default:
				t.Errorf("%s: “%s” says neither how it stands nor by which test", cells[0], cell)
			}
		}
	}
	if rows < 14 {
		t.Errorf("%d rows", rows)
	}
}
