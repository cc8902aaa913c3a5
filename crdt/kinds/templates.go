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

// TemplateNames are those of agreements, or of checklists for somebody new.
func TemplateNames(lists bool) (names []string) {
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

// TemplateKey is the key of the field that takes the name of one.
const TemplateKey = "template"

func templateField(lists bool) *kind.Field {
	return &kind.Field{Key: TemplateKey, Is: kind.Line, Writes: !lists, Hint: "a text to start from: " + strings.Join(TemplateNames(lists), ", "), Var: "T"}
}

// TemplateTitle is what a template is called for people: its heading, or its name.
func TemplateTitle(name string) string {
	b, _ := templateFiles.ReadFile("templates/" + name + ".md")
	if first, _, _ := strings.Cut(string(b), "\n"); strings.HasPrefix(first, "# ") {
		return first[2:]
	}
	return strings.ReplaceAll(name, "-", " ")
}

// templateText is the text of a template.
func templateText(name string, lists bool) (string, error) {
	names := TemplateNames(lists)
	if !slices.Contains(names, name) {
		return "", &kind.InvalidError{Why: "there is no template “" + name + "”", Hint: "these there are: " + strings.Join(names, ", ")}
	}
	b, err := templateFiles.ReadFile("templates/" + name + ".md")
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(b)), nil
}
