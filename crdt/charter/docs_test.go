package charter_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestEveryTestThatTheDocumentationNamesIsThere(t *testing.T) {
	var code strings.Builder
	for _, dir := range []string{".", "../accept", "../share", ".."} {
		files, _ := filepath.Glob(filepath.Join(dir, "*_test.go"))
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			code.Write(b)
		}
	}
	for page, least := range map[string]int{"CHARTER.md": 20, "ALLIES.md": 20} {
		doc, err := os.ReadFile(filepath.Join("../../docs", page))
		if err != nil {
			t.Fatal(err)
		}
		named := regexp.MustCompile("`(Test[A-Za-z0-9]+)`").FindAllStringSubmatch(string(doc), -1)
		if len(named) < least {
			t.Fatalf("%s names only %d tests", page, len(named))
		}
		for _, m := range named {
			if !strings.Contains(code.String(), "func "+m[1]+"(") {
				t.Errorf("%s names %s, which isn't there", page, m[1])
			}
		}
	}
}
