package crdt_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "kith"

// mayImport says which packages of ours a package may import: imports point down. One that
// isn't listed goes by the longest prefix that is; "…/" at the end stands for all below.
var mayImport = map[string][]string{
	"crdt/problem": {},
	"crdt/entry":   {},
	"crdt/change":  {"crdt/change", "crdt/problem"},
	"crdt/batch":   {"crdt/entry", "crdt/change"},
	"crdt/charter": {"crdt/entry", "crdt/problem"},
	"crdt/share":   {"crdt/entry", "crdt/problem", "crdt/charter"},
	"crdt/schema":  {"crdt/entry", "crdt/change", "crdt/charter"},
	"crdt/accept":  {"crdt/entry", "crdt/change", "crdt/charter", "crdt/schema"},
	"crdt/kind":    {"crdt/problem", "crdt/entry", "crdt/change", "crdt/charter", "crdt/schema", "crdt/accept"}, // and no Automerge: a kind is data and pure functions
	"crdt/kinds":   {"crdt/entry", "crdt/change", "crdt/charter", "crdt/schema", "crdt/accept", "crdt/problem", "crdt/kind", "crdt/money"},
	"crdt/diff":    {}, // two texts, and nothing of documents
	"crdt/money":   {}, // a currency is no kind of document
	"crdt/about":   {}, // words alone: what is public is found elsewhere
	"crdt/load":    {"crdt/charter", "crdt/kinds"},
	"crdt/invoice": {"crdt/kinds", "crdt/money"},
	"crdt":         {"crdt/"},

	"daemon/whole":       {},
	"daemon/pages":       {},
	"daemon/store":       {"crdt/entry", "crdt/problem", "daemon/pages", "daemon/whole"},
	"daemon/exchange":    {"crdt/entry", "crdt/batch", "daemon/exchange", "daemon/exchange/rateless"}, // testable without a network, an order of acceptance, or a disk
	"daemon/peer":        {"crdt/entry", "crdt/problem", "crdt/charter", "daemon/exchange"},           // hands it streams; exchange knows nothing of peers
	"daemon/sought":      {"crdt/charter", "crdt/kind"},
	"daemon/replica":     {"crdt", "crdt/", "daemon/sought", "daemon/store"},
	"daemon/api":         {"crdt/problem", "crdt/charter", "crdt/kind", "crdt/kinds"},
	"daemon/api/client":  {"crdt/about", "crdt/invoice", "daemon/api", "crdt/kind", "crdt/kinds"},
	"daemon/api/server":  {"crdt/problem", "crdt/charter", "crdt/kind", "crdt/kinds", "crdt/money", "crdt/load", "crdt/about", "crdt/invoice", "daemon/api"}, // what it answers with comes through interfaces of its own
	"daemon/seal":        {"crdt/problem"},
	"daemon/letter":      {}, // words of somebody outside: what becomes of them is for others to say
	"daemon/words":       {"crdt", "crdt/", "daemon/api", "daemon/replica"},
	"daemon/home":        {"crdt/entry", "crdt/problem", "crdt/charter", "daemon/api", "daemon/replica", "daemon/peer", "daemon/seal", "daemon/store", "daemon/whole"},
	"daemon/knock":       {"crdt/", "daemon/home", "daemon/peer", "daemon/replica"},
	"daemon/duty":        {},                                                                                                                                        // so that a simulation of the exchange runs it
	"daemon/space":       {"crdt/", "daemon/api", "daemon/duty", "daemon/exchange", "daemon/home", "daemon/peer", "daemon/replica", "daemon/store", "daemon/words"}, // and no room above: doors are given to it
	"daemon/entrance":    {"crdt/", "daemon/api", "daemon/api/server", "daemon/home", "daemon/knock", "daemon/peer", "daemon/replica", "daemon/space", "daemon/store", "daemon/words"},
	"daemon/assembly":    {"crdt/", "daemon/api", "daemon/api/server", "daemon/entrance", "daemon/replica", "daemon/space", "daemon/words"},
	"daemon/desk":        {"crdt", "crdt/", "daemon/api", "daemon/api/server", "daemon/replica", "daemon/sought", "daemon/space", "daemon/words"},
	"daemon/forget":      {"crdt/", "daemon/api", "daemon/api/server", "daemon/assembly", "daemon/desk", "daemon/replica", "daemon/space", "daemon/words"},
	"daemon/sharing":     {"crdt", "crdt/", "daemon/api", "daemon/api/server", "daemon/assembly", "daemon/desk", "daemon/replica", "daemon/space", "daemon/store", "daemon/words"},
	"daemon/ally/side":   {"crdt", "crdt/", "daemon/api", "daemon/duty", "daemon/entrance", "daemon/home", "daemon/knock", "daemon/peer", "daemon/replica", "daemon/space", "daemon/store", "daemon/words"},
	"daemon/ally":        {"crdt", "crdt/", "daemon/ally/side", "daemon/api", "daemon/api/server", "daemon/assembly", "daemon/desk", "daemon/entrance", "daemon/exchange", "daemon/home", "daemon/knock", "daemon/peer", "daemon/replica", "daemon/space", "daemon/words"},
	"daemon/backup":      {"crdt/", "daemon/api", "daemon/api/client", "daemon/backup/form", "daemon/home", "daemon/replica", "daemon/seal", "daemon/space", "daemon/store", "daemon/whole", "daemon/words"},
	"daemon/backup/form": {"crdt/entry", "crdt/problem"}, // reads what anybody may have written, and judges nothing
	"daemon/bundle":      {"crdt/", "daemon/api", "daemon/bundle/form", "daemon/replica", "daemon/seal", "daemon/space", "daemon/store", "daemon/words"},
	"daemon/bundle/form": {"crdt/entry"}, // the same
	"daemon/drop":        {"crdt/", "daemon/api", "daemon/bundle", "daemon/home", "daemon/seal", "daemon/space", "daemon/store", "daemon/whole", "daemon/words"},
	"daemon/doctor":      {"crdt/", "daemon/api", "daemon/assembly", "daemon/home", "daemon/replica", "daemon/space", "daemon/store", "daemon/words"},
	"daemon":             {"crdt", "crdt/", "daemon/"},                                                                                                                              // puts the parts together
	"daemon/porch":       {"crdt/charter", "crdt/entry", "crdt/problem", "daemon/api", "daemon/home", "daemon/knock", "daemon/pages", "daemon/peer", "daemon/whole"},                // no store and no replica of its own
	"daemon/api/apitest": {"crdt/kinds", "daemon/api", "daemon/api/client"},                                                                                                         // for tests and measurements
	"daemon/page":        {"crdt/about", "crdt/diff", "crdt/invoice", "crdt/kind", "crdt/kinds", "crdt/problem", "daemon/api", "daemon/api/client", "daemon/letter", "daemon/seal"}, // one more client of the API: it can do nothing that a command can't

	"cli/service": {"crdt/problem", "daemon/whole"},
	"cli":         {"cli/service", "crdt/about", "crdt/invoice", "crdt/problem", "crdt/kind", "crdt/kinds", "daemon/api", "daemon/api/client", "daemon/letter", "daemon/whole"}, // what it can do, any other program can; the declarations of kinds are its commands
	"cli/kith":    {"cli", "daemon", "daemon/api", "daemon/backup", "daemon/entrance", "daemon/home", "daemon/porch", "daemon/replica", "daemon/whole"},                         // the trial in a child process is replica's
	"scripts":     {"cli", "crdt", "crdt/", "daemon", "daemon/"},                                                                                                                // measures and labs
}

// onlyIn says who may import what of others', and why nobody else.
var onlyIn = map[string]struct {
	in  []string
	why string
}{
	"github.com/dgraph-io/badger":       {[]string{"daemon/store", "daemon/store/storetest"}, "one package knows the database, so that another can take its place"},
	"github.com/libp2p/go-libp2p":       {[]string{"daemon/peer", "daemon/porch", "scripts/netlab", "scripts/benchmark"}, "one package knows the network, and a porch is nothing else; reconciliation is tested over plain pipes (and a lab has a relay, a measurement a hostile device, that is nobody's)"},
	"github.com/automerge/automerge-go": {[]string{"crdt", "crdt/crdttest", "daemon/replica", "scripts/benchmark"}, "what isn't fully checked must not come near the core, which can abort the process (a measurement makes its own documents)"},
	"filippo.io/age":                    {[]string{"daemon/seal"}, "one package knows how secrets are closed"},
	module + "/daemon/api/apitest":      {[]string{"scripts/benchmark", "scripts/netlab"}, "the product reads and writes what the kinds declare; Go types of theirs are for tests and measurements"},
	"C":                                 {[]string{"daemon/replica"}, "the Automerge binding is the only cgo, but for three lines that have its allocator give memory back"},
}

// neverInCore says what replicas can't agree on, and so has no place below crdt.
var neverInCore = map[string]string{
	"net":           "replicas agree on what is computed here; a network can't take part",
	"net/":          "replicas agree on what is computed here; a network can't take part",
	"os":            "nor can a disk",
	"os/":           "nor can a disk",
	"io/fs":         "nor can a disk",
	"path/filepath": "nor can a disk",
	"syscall":       "nor can a disk",
	"log":           "it returns what it has to say",
	"log/":          "it returns what it has to say",
	"math/rand":     "nor can chance; keys are drawn with crypto/rand",
	"math/rand/":    "nor can chance; keys are drawn with crypto/rand",
	"runtime":       "nor can the machine",
}

type goPackage struct {
	ImportPath string
	Dir        string
	GoFiles    []string // without tests
	Imports    []string
	CgoFiles   []string
}

func ourPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,GoFiles,Imports,CgoFiles", module+"/...")
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var all []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// matches says whether path is pattern, or below it if that ends in a slash.
func matches(pattern, path string) bool {
	return path == pattern || strings.HasSuffix(pattern, "/") && strings.HasPrefix(path, pattern)
}

func below(prefix, path string) bool { return path == prefix || strings.HasPrefix(path, prefix+"/") }

func TestImportsPointDown(t *testing.T) {
	packages := ourPackages(t)
	if len(packages) < len(mayImport)-2 {
		t.Fatalf("go list finds %d packages only: the test tests nothing", len(packages))
	}
	for _, p := range packages {
		path := strings.TrimPrefix(p.ImportPath, module+"/")
		rule := ""
		for prefix := range mayImport {
			if below(prefix, path) && len(prefix) > len(rule) {
				rule = prefix
			}
		}
		if rule == "" {
			t.Errorf("%s has no place in the layout (docs/ARCHITECTURE.md) yet; give it one in mayImport", path)
			continue
		}
		for _, imported := range p.Imports {
			ours, isOurs := strings.CutPrefix(imported, module+"/")
			if isOurs && !slices.ContainsFunc(mayImport[rule], func(pattern string) bool { return matches(pattern, ours) }) && !strings.HasSuffix(path, "test") {
				t.Errorf("%s imports %s; it may import %v of ours", path, ours, mayImport[rule])
			}
			for theirs, only := range onlyIn {
				if below(theirs, imported) && !slices.Contains(only.in, path) {
					t.Errorf("%s imports %s: %s", path, imported, only.why)
				}
			}
			for pattern, why := range neverInCore {
				if below("crdt", path) && !strings.HasSuffix(path, "test") && matches(pattern, imported) {
					t.Errorf("%s imports %s: %s", path, imported, why)
				}
			}
			if imported == "time" && below("crdt", path) && !slices.Contains([]string{"crdt", "crdt/diff", "crdt/kind", "crdt/kinds", "crdt/load", "crdt/crdttest"}, path) {
				t.Errorf("%s imports time: no rule may ask a clock; documents alone, and sums of hours, show times to people, and a difference is looked for in bounded time", path)
			}
		}
		if len(p.CgoFiles) > 0 && !slices.Contains(onlyIn["C"].in, path) {
			t.Errorf("%s uses cgo: %s", path, onlyIn["C"].why)
		}
	}
}

func TestNoPackageIsNamedForNothing(t *testing.T) {
	for _, p := range ourPackages(t) {
		for _, part := range strings.Split(p.ImportPath, "/") {
			if slices.Contains([]string{"util", "utils", "common", "types", "helpers", "models", "misc", "base"}, part) {
				t.Errorf("%s: a name says what is in it", p.ImportPath)
			}
		}
	}
}

// What a package and an interface may be large at most: who looks for something reads it as a whole.
const (
	mostLines   = 3000 // of a package, without tests
	mostFiles   = 25   // the same
	mostMethods = 12   // of an interface
	mostWiring  = 1000 // lines of package daemon, which opens, wires and closes: what more it did would be a room
)

// TestAPackageIsSmallOrSaysWhyItIsnt looks at packages and interfaces. The reason stands in the package's comment, in a
// paragraph that begins with "It is large:".
func TestAPackageIsSmallOrSaysWhyItIsnt(t *testing.T) {
	for _, p := range ourPackages(t) {
		lines, says := 0, false
		for _, name := range slices.Concat(p.GoFiles, p.CgoFiles) {
			path := filepath.Join(p.Dir, name)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			lines += bytes.Count(b, []byte("\n"))
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, path, b, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			says = says || strings.Contains("\n"+f.Doc.Text(), "\nIt is large:")
			ast.Inspect(f, func(n ast.Node) bool {
				if i, ok := n.(*ast.InterfaceType); ok && i.Methods.NumFields() > mostMethods {
					t.Errorf("%s: an interface of %d methods; the most is %d", fset.Position(i.Pos()), i.Methods.NumFields(), mostMethods)
				}
				return true
			})
		}
		if p.ImportPath == module+"/daemon" && lines > mostWiring {
			t.Errorf("%s has %d lines; it only wires, and has %d at most", p.ImportPath, lines, mostWiring)
		}
		large := lines > mostLines || len(p.GoFiles) > mostFiles
		switch {
		case large && !says:
			t.Errorf("%s has %d lines in %d files, and its comment doesn't say why; at most %d lines or %d files need no reason", p.ImportPath, lines, len(p.GoFiles), mostLines, mostFiles)
		case !large && says:
			t.Errorf("%s says why it is large, and isn't any more: %d lines in %d files", p.ImportPath, lines, len(p.GoFiles))
		}
	}
}
