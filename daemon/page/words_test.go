package page

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// phrases are the functions that say arguments to people, and which of them: all literals if nil.
var phrases = map[string][]int{
	"T": {0}, "N": {0}, "add": {0}, "does": {0}, "place": {0}, "by": {1, 2}, "verbAt": {3}, "verbForm": {3}, "refuse": nil,
	"way": {1, 2}, "at": {0}, "answered": {2, 3}, "follows": {1},
}

// said are all phrases that the page says: in templates, in its code, and in the declarations of kinds.
func saidByThePage(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, k := range kinds.All.Nouns() {
		for _, p := range ofForms(k) {
			all[p] = true
		}
		for _, o := range k.Sorts() {
			if o.Says == "" {
				t.Errorf("the page has no words for the order %q of %s", o.Name, k.Many)
			}
			all[o.Says] = true
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
				if fn, ok := n.Fun.(*ast.SelectorExpr); ok && fn.Sel.Name != "add" {
					gather(all, n.Args, fn.Sel.Name)
				} else if fn, ok := n.Fun.(*ast.Ident); ok {
					gather(all, n.Args, fn.Name)
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && (key.Name == "words" || key.Name == "none") {
					gather(all, []ast.Expr{n.Value}, "refuse")
				}
			case *ast.CompositeLit:
				if holdsPhrases(n.Type) {
					for _, e := range n.Elts {
						if pair, ok := e.(*ast.KeyValueExpr); ok {
							e = pair.Value
						}
						if list, ok := e.(*ast.CompositeLit); ok {
							gather(all, list.Elts[:min(len(list.Elts), 2)], "refuse")
						}
						gather(all, []ast.Expr{e}, "refuse")
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
	if !slices.Contains(ownPage, k.Name) { // its page follows from its declaration
		for _, s := range k.Shows {
			all = append(append(all, inWords(s.Name)), namesIn(s.Type)...)
			if s.Name == "status" {
				all = append(all, strings.Split(inWords(s.Gist), ", ")...)
			}
		}
		for _, c := range k.Columns {
			all = append(all, strings.ToLower(c.Title))
		}
		for _, v := range k.Verbs {
			for _, w := range v.Ways {
				all = append(all, w.Name, w.Gist)
			}
		}
	}
	for _, w := range k.Today {
		all = append(all, w.Title)
	}
	for _, f := range k.Filters() {
		if all = append(all, filterSays(f)); f.Takes != nil {
			all = append(all, f.Takes.Words...)
		}
	}
	for _, f := range fields {
		all = append(append(all, f.Called(), f.Hint), f.Words...)
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// namesIn are the names of what isn't told by its place in the values of a list.
func namesIn(of reflect.Type) (all []string) {
	for of != nil && (of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer) {
		of = of.Elem()
	}
	if of == nil || of.Kind() != reflect.Struct || of == reflect.TypeFor[kind.Named]() {
		return nil
	}
	for i := range of.NumField() {
		f := of.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if told := f.Type.Kind() == reflect.Struct || f.Type.Kind() == reflect.Pointer; !f.IsExported() || f.Anonymous || told || name == "id" || name == "name" || slices.Contains(wordsOf, name) {
			continue
		}
		all = append(all, inWords(name))
	}
	return all
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

// gather takes the phrases among the arguments of a function.
func gather(all map[string]bool, args []ast.Expr, of string) {
	which, ok := phrases[of]
	for i, arg := range args {
		lit, isLiteral := arg.(*ast.BasicLit)
		if !ok || !isLiteral || lit.Kind != token.STRING || which != nil && !slices.Contains(which, i) {
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

func TestNoPhraseIsInAFileOfWordsTwice(t *testing.T) {
	files, err := wordFiles.ReadDir("words")
	must(t, err)
	for _, f := range files {
		b, err := wordFiles.ReadFile("words/" + f.Name())
		must(t, err)
		_, twice, err := readWords(string(b))
		must(t, err)
		for _, key := range twice {
			t.Errorf("words/%s: %q is there twice", f.Name(), key)
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

func TestOfNobodySpanishSaysAnotherSentence(t *testing.T) {
	es := allWords().called("es")
	for _, test := range []struct {
		key  string
		n    int
		want string
	}{
		{"{n} can come", 0, "no puede ir nadie"}, {"{n} can come", 1, "una persona puede ir"}, {"{n} can come", 2, "dos pueden ir"},
		{"{n} of {all} have consented", 0, "aún no ha consentido nadie, de tres"}, {"{n} of {all} have consented", 1, "una persona de tres ha consentido"},
		{"{#} points", 0, "0 puntos"},
	} {
		if got := es.N(test.key, test.n, "all", "tres"); got != test.want {
			t.Errorf("%q of %d: %q, and not %q", test.key, test.n, got, test.want)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
