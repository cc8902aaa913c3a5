package cli

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kith/crdt/kinds"
)

// explains are the parts of declarations in which a command is spoken of, and not told to be typed.
var explains = []string{"More", "more", "usage", "Usage", "Gist", "gist", "Form", "name"}

// notTyped are strings that begin a file, or are compared with, and what isn't typed in a sentence.
var notTyped = []string{"kith backup ", "kith bundle 1\n", "kith bundle ", "kith porch", "kith X (X, X)\n", "kith charter refuse", "kith X ", "X isn't from kith service: it stays as it is"}

var verbOfFormat = regexp.MustCompile(`%(\[\d\])?[.\d]*[a-zA-Z]`)

// What a next step says is typed as it stands, with something in the place of the words in capitals.
func TestEveryCommandThatKithTellsCanBeTyped(t *testing.T) {
	n := 0
	for _, root := range []string{".", "../crdt", "../daemon"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.Name() == "testdata":
				return fs.SkipDir
			case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			files := token.NewFileSet()
			f, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				return err
			}
			told(f, func(at token.Pos, says string, exact bool) {
				if slices.Contains(notTyped, says) {
					return
				}
				for _, typed := range commandsIn(says) {
					n++
					if why := cannotBeTyped(typed, exact); why != "" {
						t.Errorf("%s: %s\n\t%s", files.Position(at), why, says)
					}
				}
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n < 500 {
		t.Fatalf("only %d commands were found: the test tests nothing", n)
	}
}

// What today and the undoing of something tell follows from the declarations.
// Whoever joins chooses what they are called: “x; rm -rf ~”. A command that is told is copied into a shell.
func TestNoCommandThatKithTellsHoldsANameAsItStands(t *testing.T) {
	chosen := []string{"Name", "Title", "Label", "Purpose", "Ally", "With", "Coop", "Text", "Why"}
	for _, root := range []string{".", "../crdt", "../daemon"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			files := token.NewFileSet()
			f, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if sum, ok := n.(*ast.BinaryExpr); ok && sum.Op == token.ADD {
					name, ok := sum.Y.(*ast.SelectorExpr)
					if ok && slices.Contains(chosen, name.Sel.Name) && strings.Contains(leftOf(sum.X), "kith ") && !strings.Contains(leftOf(sum.X), "systemctl") && !namesKind(name) {
						t.Errorf("%s: a command with somebody's %s in it, which a shell would run: quote it as words.ShellWord does", files.Position(n.Pos()), name.Sel.Name)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// leftOf is the literal that a sum begins with; "" if it begins with something else.
func leftOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		return leftOf(e.X)
	case *ast.BasicLit:
		return e.Value
	}
	return ""
}

// namesKind says whether a name is that of a kind, a verb or a field, which are ours.
func namesKind(s *ast.SelectorExpr) bool {
	switch of := s.X.(type) {
	case *ast.Ident:
		return slices.Contains([]string{"k", "v", "f", "of", "verb"}, of.Name)
	case *ast.SelectorExpr:
		return of.Sel.Name == "Edit"
	}
	return false
}

func TestEveryCommandOfAKindCanBeTyped(t *testing.T) {
	check := func(typed string) {
		t.Helper()
		if why := cannotBeTyped(strings.Fields(strings.TrimPrefix(typed, "kith ")), true); why != "" {
			t.Errorf("%s: %s", typed, why)
		}
	}
	for _, k := range kinds.All.Nouns() {
		id := k.Letters + "-4kq2"
		for _, w := range k.Today {
			check(k.Command(cmp.Or(w.Run, "show"), id))
		}
		for _, v := range k.Verbs {
			for _, name := range v.Called() {
				check(k.Command(name, id))
			}
			if v.Undo {
				check(k.Back(v, id))
			}
		}
		for _, name := range []string{"show", "log", "history", "archive", "unarchive"} {
			check(k.Command(name, id))
		}
	}
	for typed, want := range map[string]string{
		kinds.Pulse.Command("say", "pu-1"): "kith pulse say pu-1 --well TEXT", kinds.Task.Command("hand-over", "t-1"): "kith task hand-over t-1 MEMBER",
		kinds.Decision.Command("withdraw", "d-1"): "kith decision withdraw d-1 --why WHY", kinds.Decision.Command("object", "d-1"): "kith decision object d-1 --why WHY",
		kinds.Task.Command("accept", "t-1"): "kith task accept t-1", kinds.Agreement.Command("replace", "a-1"): "kith agreement replace a-1 --by ID",
		kinds.Task.Back(kinds.Task.Verb("ask"), "t-1"): "kith task ask t-1 MEMBER --undo",
	} {
		if typed != want {
			t.Errorf("%s, and not %s", typed, want)
		}
	}
}

// What was meant for somebody to say their own words in isn't said to the others.
func TestWordsThatStandForOthersAreNotSaid(t *testing.T) {
	d := newServedDesk(t, newCoop())
	for _, typed := range []string{"decision object d-9f2c --why WHY", "note append n-2m7d --text TEXT", "task add TITLE", "decision propose TITLE"} {
		if says := d.fails(6, strings.Fields(typed)...); !strings.Contains(says, "stands there for something that only you can say") {
			t.Errorf("kith %s: %s", typed, says)
		}
	}
}

// told gives the strings of a file that somebody may be told, with X for what is put into them. exact: it is a whole command.
func told(f *ast.File, give func(at token.Pos, says string, exact bool)) {
	var walk func(n ast.Node, exact bool)
	walk = func(n ast.Node, exact bool) {
		ast.Inspect(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				key, _ := n.Key.(*ast.Ident)
				if key != nil && slices.Contains(explains, key.Name) {
					return false
				}
				if key != nil && (key.Name == "Examples" || key.Name == "examples") {
					walk(n.Value, true)
					return false
				}
			case *ast.ImportSpec:
				return false
			case ast.Expr:
				if says, lit := flat(n); lit {
					give(n.Pos(), says, exact)
					return false
				}
			}
			return true
		})
	}
	walk(f, false)
}

// flat is what an expression says that has a literal in it; lit is false where there is none.
func flat(e ast.Expr) (says string, lit bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "X", false
		}
		says, _ = strconv.Unquote(e.Value)
		return verbOfFormat.ReplaceAllString(says, "X"), true
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			left, l := flat(e.X)
			right, r := flat(e.Y)
			return left + right, l || r
		}
	case *ast.ParenExpr:
		return flat(e.X)
	}
	return "X", false
}

// commandsIn are the commands of a sentence, each in its words; the last is "~" where the sentence goes on.
func commandsIn(says string) (all [][]string) {
	for {
		i := strings.Index(says, "kith ")
		if i < 0 {
			return all
		}
		before, rest := says[:i], says[i+len("kith "):]
		says = rest
		if strings.HasSuffix(before, "-") || strings.HasSuffix(before, ".") || strings.HasSuffix(before, "/") || strings.HasSuffix(before, "which ") {
			continue
		}
		if words := commandAt(rest); len(words) > 0 {
			all = append(all, words)
		}
	}
}

// word is one of a command: quoted, or up to what ends it.
var word = regexp.MustCompile(`^ *("[^"]*"|'[^']*'|\.\[\][^ ]*|[^ \n,;:()]+(?::[^ \n,;:()]+)*)`)

func commandAt(rest string) (words []string) {
	for {
		m := word.FindStringSubmatch(rest)
		if m == nil {
			return words
		}
		w := m[1]
		bare := strings.TrimRight(w, ".")
		if bare == "" || strings.ContainsAny(w[:1], "<>|&") {
			return words
		}
		if cut := strings.TrimRight(bare, "X"); cut != "" && !isFlag(bare) && prose.MatchString(cut) {
			bare = cut // with flags behind it
		}
		words, rest = append(words, strings.Trim(bare, `"'`)), rest[len(m[0]):]
		if bare != w || !strings.HasPrefix(rest, " ") {
			return words
		}
	}
}

var (
	prose   = regexp.MustCompile(`^[a-z][a-z'’]*$`)
	anyWord = regexp.MustCompile(`^X+$`)
	// placeholder is what a person has to put in, such as NAME.
	placeholder = regexp.MustCompile(`^[A-Z]{2,}$`)
)

// cannotBeTyped says why the command line doesn't take these words; "" where it does. What a person has to put in stands
// there in capitals. exact: nothing but the command was said.
func cannotBeTyped(words []string, exact bool) string {
	c, path, i := (&kith{}).root(), "kith", 0
	for ; i < len(words); i++ {
		w := words[i]
		if i == 0 && w == "help" || w == "of" || w == "today" && len(words) > 1 && prose.MatchString(words[1]) {
			return ""
		}
		if anyWord.MatchString(w) && len(c.Subcommands) > 0 && i < 2 {
			if i == 1 {
				return "" // whatever a kind can be told
			}
			w = "task"
		}
		next := subcommand(c, w)
		if next == nil && i == 1 && anyWord.MatchString(words[0]) {
			return "" // what not every kind can be told
		}
		if next == nil {
			if i > 0 && len(c.Subcommands) > 0 && i+1 < len(words) && placeholder.MatchString(words[i+1]) { // no sentence
				return fmt.Sprintf("there is no command %s %s", path, w)
			}
			break
		}
		c, path = next, path+" "+next.Name
	}
	var said, flags []string
	goesOn := false
	for ; i < len(words); i++ {
		w := words[i]
		switch {
		case strings.Contains(w, "…"):
			return path + ": “…” can't be typed"
		case isFlag(w):
			name, _, has := strings.Cut(strings.TrimLeft(w, "-"), "=")
			if name == "help" {
				return ""
			}
			if path == "kith" && name == "version" {
				return ""
			}
			if anyWord.MatchString(name) {
				continue
			}
			if findFlag(c, name) == nil {
				return fmt.Sprintf("%s has no flag --%s", path, name)
			}
			flags = append(flags, name)
			if takesValue(c, name) && !has {
				if i++; i == len(words) {
					return fmt.Sprintf("%s: --%s needs a value", path, name)
				}
			}
		case !exact && prose.MatchString(w):
			goesOn = true
		default:
			said = append(said, w)
		}
		if goesOn {
			break
		}
	}
	switch least, most := arity(c.ArgsUsage); {
	case path == "kith" && goesOn:
		return "" // “kith” as a word of a sentence
	case path == "kith":
		return fmt.Sprintf("there is no command kith %s", strings.Join(words, " "))
	case goesOn && len(said) == 0 && len(flags) == 0: // its name is the subject of the sentence
		return ""
	case c.Action == nil && len(said) == 0:
		return path + " is no command"
	case len(said) < least:
		return fmt.Sprintf("%s needs %s", path, c.ArgsUsage)
	case most >= 0 && len(said) > most:
		return fmt.Sprintf("%s takes %s, and not %q", path, orNothing(c.ArgsUsage), said)
	}
	for _, f := range c.Flags {
		if is := categoryOf(f); is == isNeeded && !slices.Contains(flags, f.Names()[0]) || is == isNeededOrUndo && !slices.Contains(flags, f.Names()[0]) && !slices.Contains(flags, "undo") {
			return fmt.Sprintf("%s needs --%s", path, f.Names()[0])
		}
	}
	return ""
}
