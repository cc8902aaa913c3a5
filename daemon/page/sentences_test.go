package page

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/feature/plural"
)

// refusing are the packages whose problems a person meets on the page. What is met on a terminal alone (homes, the socket)
// isn't among them.
var refusing = []string{"crdt/charter", "crdt/kind", "crdt/kinds", "daemon", "daemon/ally", "daemon/ally/side", "daemon/api/server", "daemon/assembly", "daemon/backup", "daemon/backup/form",
	"daemon/bundle", "daemon/desk", "daemon/drop", "daemon/entrance", "daemon/forget", "daemon/knock", "daemon/page", "daemon/peer", "daemon/porches", "daemon/seal", "daemon/sharing"}

// wording are the packages that word what is wrong as plain errors, which are told as they are.
var wording = []string{"crdt/invoice", "crdt/kinds", "crdt/money", "daemon/letter"}

// unmet are files of those of which the page meets nothing: how a program asks.
var unmet = []string{"bundle.go", "decode.go", "events.go", "news.go", "openapi.go", "peers.go", "query.go", "routes.go", "server.go", "spaces.go"}

// wordedAt is where the words are among the arguments of what makes a problem.
var wordedAt = map[string]int{"New": 2, "Problemf": 2, "NotAllowed": 1, "Invalid": 0, "invalid": 0, "Missing": 1, "notAllowed": 1, "Errorf": 0}

var formatted = regexp.MustCompile(`%(\[\d\])?[.\d]*[a-zA-Z]`)

// mouldOf is a format as it stands in a file of words.
func mouldOf(format string) string {
	n := 0
	return strings.ReplaceAll(formatted.ReplaceAllStringFunc(format, func(string) string { n++; return fmt.Sprintf("{%d}", n) }), "%%", "%")
}

// refusals are the moulds of all problems that a person meets on the page.
func refusals(t *testing.T) (all []string) {
	t.Helper()
	for _, dir := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(refusing, wording)))) {
		files, err := filepath.Glob("../../" + dir + "/*.go")
		must(t, err)
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") || dir == "daemon/api/server" && slices.Contains(unmet, filepath.Base(path)) {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			must(t, err)
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				name := ""
				switch fn := call.Fun.(type) {
				case *ast.SelectorExpr:
					if of, ok := fn.X.(*ast.Ident); ok && (slices.Contains([]string{"problem", "api", "kind"}, of.Name) || of.Name == "fmt" && slices.Contains(wording, dir)) {
						name = fn.Sel.Name
					}
				case *ast.Ident:
					name = fn.Name
				}
				at, ok := wordedAt[name]
				if !ok || at >= len(call.Args) {
					return true
				}
				if lit, ok := call.Args[at].(*ast.BasicLit); ok && lit.Kind == token.STRING {
					says, err := strconv.Unquote(lit.Value)
					must(t, err)
					if strings.Contains(says, "%w") {
						return true // the words are those of what it holds
					}
					if m := mouldOf(says); len(placed.ReplaceAllString(m, "")) > 2 {
						all = append(all, m)
					}
				}
				return true
			})
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestWhatTheDaemonRefusesIsSaidInEveryLanguage(t *testing.T) {
	saidInEveryLanguage(t, refusals(t), 100)
}

// saidInEveryLanguage holds that there are as many sentences as there must be at least, and words for each.
func saidInEveryLanguage(t *testing.T, all []string, least int) {
	t.Helper()
	if len(all) < least {
		t.Fatalf("only %d are found: the test tests nothing", len(all))
	}
	for _, tongue := range allWords().all[1:] {
		for _, m := range all {
			if !tongue.moulds.says(m) {
				t.Errorf("words/%s-daemon.words: it isn't said how to say\n%s", tongue.Tag, m)
			}
		}
	}
}

// says says whether there are words for a sentence, or for each of several in a row.
func (m *moulds) says(sentence string) bool {
	if m.phrases[sentence] != nil {
		return true
	}
	end := sentenceEnd.FindStringIndex(sentence)
	return end != nil && m.phrases[numbered(sentence[:end[0]+1])] != nil && m.says(numbered(sentence[end[0]+2:]))
}

func TestTheDaemonSaysWhateverIsPutIntoALanguage(t *testing.T) {
	var source strings.Builder
	for _, root := range []string{"../../crdt", "../../daemon"} {
		must(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				var b []byte
				b, err = os.ReadFile(path)
				source.Write(b)
			}
			return err
		}))
	}
	told := sentencesOf(t)
	for _, tongue := range allWords().all[1:] {
		for _, key := range slices.Sorted(maps.Keys(tongue.moulds.phrases)) {
			if _, is := slices.BinarySearch(told, key); is {
				continue
			}
			longest := ""
			for _, part := range placed.Split(key, -1) {
				if len(part) > len(longest) {
					longest = part
				}
			}
			longest = strings.ReplaceAll(longest, "%", "%%") // as a format has it
			if quoted := strconv.Quote(longest); !strings.Contains(source.String(), longest) && !strings.Contains(source.String(), quoted[1:len(quoted)-1]) {
				t.Errorf("words/%s-daemon.words: nobody says %q", tongue.Tag, key)
			}
			for _, place := range placed.FindAllString(tongue.moulds.phrases[key][plural.Other], -1) {
				if !strings.Contains(key, place) {
					t.Errorf("words/%s-daemon.words: %q has no %s", tongue.Tag, key, place)
				}
			}
		}
	}
}

func TestASentenceIsFoundByWhatItWasMadeOf(t *testing.T) {
	m := &moulds{phrases: map[string]phrase{}}
	for key, says := range map[string]string{
		"nobody here is called “{1}”": "aquí nadie se llama «{1}»", "it can't be closed yet: {1}": "aún no se puede cerrar: {1}",
		"{1} and {2}": "{1} y {2}", "too few have answered": "ha respondido muy poca gente",
	} {
		m.phrases[key] = phrase{plural.Other: says}
	}
	for says, want := range map[string]string{
		"nobody here is called “A (.*) {2}\n”":                "aquí nadie se llama «A (.*) {2}\n»",
		"it can't be closed yet: too few have answered":       "aún no se puede cerrar: ha respondido muy poca gente",
		"it can't be closed yet: Ana and Ben":                 "aún no se puede cerrar: Ana y Ben",
		"what nobody has heard of":                            "",
		"it can't be closed yet: " + strings.Repeat("x", 1e5): "",
	} {
		if got, ok := m.put(says, nil, deepest); got != want || ok != (want != "") {
			t.Errorf("%.60q becomes %q", says, got)
		}
	}
}

func TestSentencesOfTheDaemonStandInOrder(t *testing.T) {
	for _, tongue := range allWords().all[1:] {
		b, err := wordFiles.ReadFile("words/" + tongue.Tag + "-daemon.words")
		must(t, err)
		before := ""
		for line := range strings.Lines(string(b)) {
			if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "\t") || line == "\n" {
				continue
			}
			if line < before {
				t.Errorf("words/%s-daemon.words: a new sentence goes where it sorts, so that two who add one at once don't meet: %q stands behind %q", tongue.Tag, line, before)
			}
			before = line
		}
	}
}
