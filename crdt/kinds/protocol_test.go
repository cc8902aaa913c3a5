package kinds_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/schema"
)

//go:generate go test . -run TestTheProtocolHasTheTableOfTheDeclarations -write

var write = flag.Bool("write", false, "write the table into docs/PROTOCOL.md")

const protocol = "../../docs/PROTOCOL.md"

// rows are what replicas share of all kinds, as docs/PROTOCOL.md has it.
func rows() string {
	var b strings.Builder
	for _, k := range kinds.All.All() {
		first := "`" + k.Name + "`"
		if k.Mine {
			first += ", of one"
		}
		row := func(own string, f *kind.Field) {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", first, own, holds(f))
			first = ""
		}
		for _, f := range k.Fields {
			row("`"+f.Key+"`", f)
		}
		for _, f := range k.Own {
			key := "own `" + f.Key + "`"
			if f.Each > 0 {
				key = fmt.Sprintf("own `%s/`NAME, at most %d names a member", f.Key, f.Each)
			}
			row(key, f)
		}
		if first != "" {
			fmt.Fprintf(&b, "| %s | | nothing more |\n", first)
		}
	}
	return b.String()
}

func holds(f *kind.Field) string {
	str := fmt.Sprintf("str ≤ %s", thousands(int(cmp.Or(f.Max, schema.MaxString))))
	says := map[kind.Type]string{
		kind.Line: str, kind.Reason: str, kind.JSON: str, kind.Ref: str, kind.Day: "date", kind.Flag: "true",
		kind.Hours: "int, minutes, 0 to " + thousands(int(f.Max)), kind.Moment: "int, ms since 1970, 0 to the end of 9999; 0: none",
		kind.Word: "`" + strings.Join(f.Words, "`, `") + "`", kind.ID: "64 hexadecimal digits in lower case",
		kind.Members: "map: member ID → int, ms since 1970, 0 to the end of 9999",
	}[f.Is]
	if f.First {
		says += "; set by the first change only, at most once"
	}
	if f.Closes {
		says += "; closes the document"
	}
	if f.Rules > 0 {
		says += fmt.Sprintf("; from rules %d on", f.Rules)
	}
	says += ": " + f.Hint
	if f.Form != "" {
		says += ". " + strings.ToUpper(f.Form[:1]) + f.Form[1:]
	}
	return says
}

func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func TestTheProtocolHasTheTableOfTheDeclarations(t *testing.T) {
	b, err := os.ReadFile(protocol)
	if err != nil {
		t.Fatal(err)
	}
	const begins, ends = "writes this table from the declarations):\n\n| kind | key | holds |\n|---|---|---|\n", "\nA *date* is"
	before, rest, ok := strings.Cut(string(b), begins)
	_, after, ended := strings.Cut(rest, ends)
	if !ok || !ended {
		t.Fatal("PROTOCOL.md has no place for the table")
	}
	want := before + begins + rows() + ends + after
	if string(b) == want {
		return
	}
	if !*write {
		t.Fatal("PROTOCOL.md has another table than the declarations give: go generate ./crdt/kinds")
	}
	if err := os.WriteFile(protocol, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
