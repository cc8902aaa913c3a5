package scripts_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
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
