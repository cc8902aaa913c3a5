package scripts_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// goPackage is one as go list tells of it.
type goPackage struct {
	ImportPath, Dir   string
	GoFiles, CgoFiles []string
	ImportMap         map[string]string
	Error             *struct{ Err string }
}

// imports gives a package what it imports, of those that were checked before it.
type imports struct {
	checked map[string]*types.Package
	as      map[string]string // what stands in the source, and what is meant
}

func (i imports) Import(path string) (*types.Package, error) {
	if as, ok := i.as[path]; ok {
		path = as
	}
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if p := i.checked[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("%s isn't there", path)
}

// What is built for other systems is compiled by nobody here: go vet would need a C compiler and headers of each, since the core
// is a C library. So every file that belongs to such a system is read and its types are checked, with all that it imports; on macOS
// the tests, too. On Windows the core itself is missing, and what is around it isn't in the way.
func TestTheCodeIsRightForSystemsThatNobodyBuildsForHere(t *testing.T) {
	for _, c := range []struct {
		system, processor string
		flags             []string
	}{
		{"darwin", "arm64", []string{"-test"}},
		{"darwin", "amd64", nil},
		{"windows", "amd64", nil},
	} {
		t.Run(c.system+" "+c.processor, func(t *testing.T) {
			t.Parallel()
			typeChecked(t, c.system, c.processor, c.flags...)
		})
	}
}

// typeChecked reports what is wrong in the project's code on a system.
func typeChecked(t *testing.T, system, processor string, flags ...string) {
	args := append([]string{"list", "-e", "-deps", "-json=ImportPath,Dir,GoFiles,CgoFiles,ImportMap,Error"}, flags...)
	cmd := exec.CommandContext(t.Context(), "go", append(args, "./cli/...", "./crdt/...", "./daemon/...")...)
	cmd.Dir, cmd.Stderr = "..", os.Stderr
	cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH="+processor, "CGO_ENABLED=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	files, checked, ours := token.NewFileSet(), map[string]*types.Package{}, 0
	for list := json.NewDecoder(out); ; { // what is imported comes before what imports it
		var p goPackage
		if err := list.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Error != nil {
			t.Errorf("%s: %s", p.ImportPath, p.Error.Err)
		}
		if p.ImportPath == "unsafe" || strings.HasSuffix(p.ImportPath, ".test") { // which go writes itself
			continue
		}
		var parsed []*ast.File
		for _, name := range append(p.GoFiles, p.CgoFiles...) {
			f, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, f)
		}
		own := strings.HasPrefix(p.ImportPath, "kith/")
		if own {
			ours++
		}
		config := types.Config{
			Importer: imports{checked, p.ImportMap}, Sizes: types.SizesFor("gc", processor),
			FakeImportC: true, IgnoreFuncBodies: !own,
			Error: func(err error) {
				if own {
					t.Error(err)
				}
			},
		}
		checked[p.ImportPath], _ = config.Check(p.ImportPath, files, parsed, nil) // what is wrong was reported
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if ours < 50 {
		t.Errorf("only %d packages of the project were looked at", ours)
	}
}
