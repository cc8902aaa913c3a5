package daemon

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// rooms are those that still lie in this package, from the bottom: a file of one names nothing that another one further
// up declares, so that each can become a package of its own. words, home, knock, space, entrance, assembly, desk, sharing, side and ally are further down, and are.
var rooms = []struct {
	name  string
	files []string
}{
	{"backup", []string{"backup", "restore"}},
	{"bundle", []string{"bundle", "unbundle"}},
	{"doctor", []string{"doctor"}},
	{"daemon", []string{"doc", "run", "peering", "keeping"}},
}

func TestNoRoomReachesUp(t *testing.T) {
	floor := map[string]int{} // of a file
	for i, r := range rooms {
		for _, f := range r.files {
			floor[f] = i
		}
	}
	paths, err := filepath.Glob("*.go")
	must(t, err)
	files := map[string]*ast.File{}
	declared := map[string]string{} // a name of the package, and the file
	fset := token.NewFileSet()
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		name := strings.TrimSuffix(path, ".go")
		if _, ok := floor[name]; !ok {
			t.Errorf("%s is in no room; give it one here, or better a package", path)
			continue
		}
		f, err := parser.ParseFile(fset, path, nil, 0)
		must(t, err)
		files[name] = f
		for what := range f.Scope.Objects {
			declared[what] = name
		}
	}
	for name, f := range files {
		for _, id := range f.Unresolved { // of another file, or of Go
			if at, ok := declared[id.Name]; ok && floor[at] > floor[name] {
				t.Errorf("%s: %s is of %s, further up", fset.Position(id.Pos()), id.Name, rooms[floor[at]].name)
			}
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil {
				continue
			}
			of := fn.Recv.List[0].Type
			if star, ok := of.(*ast.StarExpr); ok {
				of = star.X
			}
			if id, ok := of.(*ast.Ident); ok && floor[declared[id.Name]] != floor[name] {
				t.Errorf("%s: a method of %s, which is of another room", fset.Position(fn.Pos()), id.Name)
			}
		}
	}
	if len(files) == 0 {
		t.Fatal("the test tests nothing")
	}
}
