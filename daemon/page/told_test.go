package page

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sayers are the functions whose sentences the page shows, by file: notices, why something waits, how things stand. "*" stands for all
// functions of a file.
var sayers = map[string][]string{
	"daemon/api/status.go":          {"RelaysKept"},
	"crdt/kinds/closing.go":         {"stands", "heard"},
	"crdt/kinds/decision.go":        {"whatIsMissing", "whatALateWordDoes", "thatItIsntAgreed"},
	"crdt/kinds/outcome.go":         {"judge", "unborne", "flaw", "contested"},
	"crdt/kinds/rounds.go":          {"whichRoundIsNow"},
	"daemon/assembly/answer.go":     {"AnswerProposal"},
	"daemon/assembly/charter.go":    {"*"},
	"daemon/assembly/propose.go":    {"Propose"},
	"daemon/desk/continue.go":       {"Continue"},
	"daemon/doctor/doctor.go":       {"*"},
	"daemon/drop/drop.go":           {"says"},
	"daemon/drop/folder.go":         {"look", "take", "takeOne", "takeFrom", "drop", "whyNot"},
	"daemon/entrance/members.go":    {"Invite"},
	"daemon/home/home.go":           {"CheckKey"},
	"daemon/letter/letter.go":       {"*"},
	"daemon/peer/named.go":          {"RelayState", "hangs"},
	"daemon/peer/porch.go":          {"Error", "refusals"},
	"daemon/peer/reach.go":          {"Reach"},
	"daemon/peer/router.go":         {"saysRouterLocked"},
	"daemon/porches/porches.go":     {"unfit", "void", "added"},
	"daemon/sharing/carry.go":       {"*"},
	"daemon/sharing/sharing.go":     {"says"},
	"daemon/words/split.go":         {"*"},
	"daemon/words/ahead.go":         {"*"},
	"daemon/words/held.go":          {"HeldBack", "entriesOf"},
	"daemon/words/shares.go":        {"DoubtOf", "AllyCalled"},
	"daemon/words/steps.go":         {"*"},
	"daemon/words/words.go":         {"Does", "Done", "Statement"},
	"daemon/words/sentence.go":      {"*"},
	"daemon/words/pacts.go":         {"*"},
	"daemon/space/twofold.go":       {"Twofold"},
	"daemon/space/upgrade.go":       {"holdsUp"},
	"daemon/ally/allysay.go":        {"stands", "saysThey", "overSays", "offersSay", "Notice"},
	"daemon/ally/side/shut.go":      {"Notice"},
	"daemon/forget/forget.go":       {"means", "outcome", "stays", "waits"},
	"daemon/api/server/called.go":   {"calledNothing"},
	"daemon/api/server/sections.go": {"proposalSection", "askSection", "shareSection"},
}

// unsaid are parts of what these make that the page doesn't show, by file: names, and hints, which say what to type.
var unsaid = map[string][]string{"closing.go": {"Hint"}, "doctor.go": {"Name"}}

// refuses says whether a call makes a problem, which is looked for elsewhere, or what is no sentence.
func refuses(call *ast.CallExpr) bool {
	fn, is := call.Fun.(*ast.SelectorExpr)
	if !is {
		return false
	}
	if of, is := fn.X.(*ast.Ident); is && slices.Contains([]string{"problem", "api", "kind"}, of.Name) {
		_, worded := wordedAt[fn.Sel.Name]
		return worded
	}
	return fn.Sel.Name == "Format" || fn.Sel.Name == "Error" // a date, or for the log
}

// called is the name of what is called, without where it is from.
func called(call *ast.CallExpr) string {
	switch fn := call.Fun.(type) {
	case *ast.Ident:
		return fn.Name
	case *ast.SelectorExpr:
		return fn.Sel.Name
	}
	return ""
}

// composed are sentences that are put together of more than one text.
var composed = []string{
	// daemon/words, Statement
	"consented to {1}, to {2}", "refused {1}, to {2}", "took back their word on {1}, to {2}", "brought into force {1}, to {2}", "took the side of {1}, to {2}",
	// daemon/words, sentence
	"asked {1}", "unasked {1}", "put it back: {1}",
	// daemon/api/server, what is called nothing
	"There is no project called “{1}” yet.", "There is no project called “{1}” yet. Did you mean {2}?", "“{1}” or “{2}”", "“{1}” or “{2}” or “{3}”",
	// daemon/api/server, why something waits
	"refused, by {1}", "refused, by {1}: {2}", "{1} ended it: {2}", "it ended, as agreed: {1}", "{1} of {2} shared", "{1} of {2} shared: {3}", "{1} of {2} said no", "{1} of {2} said no: {3}",
	"{1} of {2} answered: {3}",
	// crdt/kinds, why something waits
	"{1} hands it over", "{1} hands it over to you", "{1} hands it over to you: {2}", "taken by {1}", "talking, says {1}", "estimating, says {1}", "new, says {1}", "{1} declined", "{1} declined: {2}", "{1} put it back", "{1} put it back: {2}",
	"{1} answered", "{1}, contested", "{1}, doesn't hold", "{1} to read", "invited by {1}", "{1}, in: {2}", "{1}, until", "until {1}",
}

// sentencesOf are the moulds of what these functions say.
func sentencesOf(t *testing.T) (all []string) {
	t.Helper()
	for path, names := range sayers {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join("../..", path), nil, 0)
		must(t, err)
		texts := constants(t, filepath.Dir(filepath.Join("../..", path)))
		flat := func(e ast.Expr) (string, bool) { return texts.flat(e, func(ast.Expr) {}) }
		found := map[string]bool{}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil || names[0] != "*" && !slices.Contains(names, fn.Name.Name) {
				continue
			}
			found[fn.Name.Name] = true
			var look func(ast.Node) bool
			look = func(n ast.Node) bool {
				if pair, is := n.(*ast.KeyValueExpr); is {
					if key, is := pair.Key.(*ast.Ident); is && (key.Name == "Title" || slices.Contains(unsaid[filepath.Base(path)], key.Name)) { // the page has its own
						return false
					}
				}
				e, ok := n.(ast.Expr)
				if !ok {
					return true
				}
				if call, is := n.(*ast.CallExpr); is && refuses(call) {
					return false
				}
				if call, is := n.(*ast.CallExpr); is && len(call.Args) == 3 {
					if called(call) == "Counted" {
						one, _ := flat(call.Args[1])
						many, _ := flat(call.Args[2])
						all = append(all, "1 "+one, "{1} "+many)
						return false
					}
				}
				m, ok := texts.flat(e, func(hole ast.Expr) { ast.Inspect(hole, look) })
				if at := sentenceEnd.FindStringIndex("." + m); at != nil && at[0] == 0 { // one more, behind others
					m = m[1:]
				}
				if ok && isSentence(m) {
					all = append(all, numbered(m))
				}
				return !ok
			}
			ast.Inspect(fn.Body, look)
		}
		for _, name := range names {
			if name != "*" && !found[name] {
				t.Errorf("%s has no %s any more", path, name)
			}
		}
	}
	all = append(all, composed...)
	slices.Sort(all)
	return slices.Compact(all)
}

// texts are constants by name.
type texts map[string]ast.Expr

func constants(t *testing.T, dir string) texts {
	t.Helper()
	all := texts{}
	files, err := filepath.Glob(dir + "/*.go")
	must(t, err)
	for _, path := range files {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		must(t, err)
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
				for _, s := range g.Specs {
					if v := s.(*ast.ValueSpec); len(v.Values) == 1 {
						all[v.Names[0].Name] = v.Values[0]
					}
				}
			}
		}
	}
	return all
}

// flat is a text with a place for each thing that is put into it; ok is false for what isn't made of any text that stands there. hole is told
// what is put in.
func (all texts) flat(e ast.Expr, hole func(ast.Expr)) (text string, ok bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return strings.ReplaceAll(mouldOf(s), "{who}", "{1}"), err == nil && e.Kind == token.STRING
	case *ast.Ident:
		if of := all[e.Name]; of != nil {
			return all.flat(of, hole)
		}
	case *ast.ParenExpr:
		return all.flat(e.X, hole)
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "", false
		}
		x, isX := all.flat(e.X, hole)
		y, isY := all.flat(e.Y, hole)
		if !isX && isY {
			x = "{1}"
			hole(e.X)
		}
		if !isY && isX {
			y = "{1}"
			hole(e.Y)
		}
		return x + y, isX || isY
	case *ast.CallExpr:
		fn, is := e.Fun.(*ast.SelectorExpr)
		if !is || fn.Sel.Name != "Sprintf" || len(e.Args) == 0 {
			return "", false
		}
		format, ok := all.flat(e.Args[0], hole)
		for _, arg := range e.Args[1:] {
			hole(arg)
		}
		return format, ok
	}
	return "", false
}

var wordsIn = regexp.MustCompile(`\p{L}+[^\p{L}]* .*\p{L}+`)

// isSentence says whether a text is more than a word, a command, or what stands between two.
func isSentence(m string) bool {
	own := placed.ReplaceAllString(m, "")
	return wordsIn.MatchString(m) && !strings.HasPrefix(m, " ") && !strings.HasPrefix(m, "; ") && !strings.HasPrefix(m, ", ") && strings.ContainsAny(own, "abcdefghijklmnopqrstuvwxyz") && !strings.HasPrefix(m, "kith ")
}

func numbered(m string) string {
	n := 0
	return placed.ReplaceAllStringFunc(m, func(string) string { n++; return fmt.Sprintf("{%d}", n) })
}

func TestWhatTheDaemonTellsIsSaidInEveryLanguage(t *testing.T) {
	saidInEveryLanguage(t, sentencesOf(t), 50)
}
