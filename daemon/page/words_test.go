package page

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// phrases are the functions whose literal arguments are said to people.
var phrases = []string{"T", "N", "refuse", "verbAt", "verbForm", "add", "place", "by"}

// said are all phrases that the page says: in templates, in its code, and in the declarations of kinds.
func saidByThePage(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, k := range kinds.All.Nouns() {
		for _, p := range ofForms(k) {
			all[p] = true
		}
		all[capital(k.Many)], all[capital(k.Make.Gist)] = true, true
	}
	quoted := regexp.MustCompile(`\.T ("(?:[^"\\]|\\.)*")`)
	templates, err := filepath.Glob("templates/*.html")
	must(t, err)
	for _, path := range templates {
		b, err := templateFiles.ReadFile(path)
		must(t, err)
		for _, m := range quoted.FindAllSubmatch(b, -1) {
			s, err := strconv.Unquote(string(m[1]))
			must(t, err)
			all[s] = true
		}
	}
	files, err := filepath.Glob("*.go")
	must(t, err)
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		must(t, err)
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if fn, ok := n.Fun.(*ast.SelectorExpr); ok && slices.Contains(phrases, fn.Sel.Name) && fn.Sel.Name != "add" {
					gather(all, n.Args, fn.Sel.Name)
				} else if fn, ok := n.Fun.(*ast.Ident); ok && slices.Contains(phrases, fn.Name) {
					gather(all, n.Args, fn.Name)
				}
			case *ast.CompositeLit:
				if holdsPhrases(n.Type) {
					for _, e := range n.Elts {
						if pair, ok := e.(*ast.KeyValueExpr); ok {
							e = pair.Value
						}
						if list, ok := e.(*ast.CompositeLit); ok {
							gather(all, list.Elts[:min(len(list.Elts), 2)], "")
						}
						gather(all, []ast.Expr{e}, "")
					}
				}
			}
			return true
		})
	}
	return all
}

// ofForms are the phrases of a kind that its forms show. Those of lists and helps on a terminal aren't said here.
func ofForms(k *kind.Kind) (all []string) {
	all = append(all, k.Name)
	fields := slices.Clone(k.Fields)
	for _, v := range append([]*kind.Verb{k.Make, k.Edit}, k.Verbs...) {
		all, fields = append(all, v.Gist), slices.Concat(fields, v.Args, v.With)
	}
	for _, w := range k.Today {
		all = append(all, w.Title)
	}
	for _, f := range fields {
		all = append(append(all, f.Called(), f.Hint), f.Words...)
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// holdsPhrases says whether literals of a type are phrases: maps of strings, and arrays of strings.
func holdsPhrases(of ast.Expr) bool {
	isString := func(e ast.Expr) bool { id, ok := e.(*ast.Ident); return ok && id.Name == "string" }
	switch of := of.(type) {
	case *ast.MapType:
		list, isList := of.Value.(*ast.ArrayType)
		return isString(of.Value) || isList && isString(list.Elt) && list.Len != nil
	case *ast.ArrayType:
		id, isTab := of.Elt.(*ast.Ident)
		return isString(of.Elt) && of.Len != nil || isTab && id.Name == "tab"
	}
	return false
}

// gather takes the phrases among arguments: of T and N the first, of the others all that read as words.
func gather(all map[string]bool, args []ast.Expr, of string) {
	for i, arg := range args {
		if of == "by" && i != 1 && i != 2 {
			continue
		}
		lit, ok := arg.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING || (of == "T" || of == "N" || of == "add" || of == "place") && i > 0 || of == "verbAt" || of == "verbForm" {
			if ok && (of == "verbAt" || of == "verbForm") && i == 3 {
				if s, err := strconv.Unquote(lit.Value); err == nil {
					all[s] = true
				}
			}
			continue
		}
		if s, err := strconv.Unquote(lit.Value); err == nil && s != "" {
			all[s] = true
		}
	}
}

func TestEveryLanguageSaysAllThatThePageSaysAndNothingElse(t *testing.T) {
	said := saidByThePage(t)
	if len(said) < 200 {
		t.Fatalf("only %d phrases are found: the test tests nothing", len(said))
	}
	for _, tongue := range allWords().all {
		for _, key := range slices.Sorted(maps.Keys(tongue.phrases)) {
			if !said[key] {
				t.Errorf("words/%s.words: nobody says %q", tongue.Tag, key)
			}
		}
		if tongue.Tag == "en" {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(said)) {
			if tongue.phrases[key] == nil {
				t.Errorf("words/%s.words: it isn't said how to say\n%s", tongue.Tag, key)
			}
		}
	}
}

var inBraces = regexp.MustCompile(`\{[^{}]*\}`)

func TestATranslationPutsInWhatThePhraseDoes(t *testing.T) {
	for _, tongue := range allWords().all {
		for key, p := range tongue.phrases {
			for form, says := range p {
				for _, put := range inBraces.FindAllString(says, -1) {
					if !strings.Contains(key, put) && put != "{n}" && put != "{N}" && put != "{#}" {
						t.Errorf("words/%s.words: %q has no %s, which %q (%v) puts in", tongue.Tag, key, put, says, form)
					}
				}
			}
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
