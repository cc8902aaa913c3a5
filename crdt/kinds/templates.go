package kinds

import (
	"embed"
	"slices"
	"strings"

	"kith/crdt/kind"
)

// Templates are texts to start from, in the language of their names: what others found worth agreeing on, with places to
// fill in. They are in templates, one a file.
//
//go:embed templates/*.md
var templateFiles embed.FS

// firstMonths are the templates that are checklists for somebody new.
var firstMonths = []string{"first-months", "primeros-meses"}

// templateNames are those of agreements, or of checklists.
func templateNames(lists bool) (names []string) {
	files, err := templateFiles.ReadDir("templates")
	if err != nil {
		panic(err) // it is in the program
	}
	for _, f := range files {
		if name := strings.TrimSuffix(f.Name(), ".md"); slices.Contains(firstMonths, name) == lists {
			names = append(names, name)
		}
	}
	return names
}

func templateField(lists bool) *kind.Field {
	return &kind.Field{Key: "template", Is: kind.Line, Writes: !lists, Hint: "a text to start from: " + strings.Join(templateNames(lists), ", "), Var: "T"}
}

// templateText is the text of a template.
func templateText(name string, lists bool) (string, error) {
	names := templateNames(lists)
	if !slices.Contains(names, name) {
		return "", &kind.InvalidError{Why: "there is no template “" + name + "”", Hint: "these there are: " + strings.Join(names, ", ")}
	}
	b, err := templateFiles.ReadFile("templates/" + name + ".md")
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(b)), nil
}
