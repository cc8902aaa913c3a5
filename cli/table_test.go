package cli

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"kith/daemon/api"
)

func TestNamesThatAreHardToShow(t *testing.T) {
	c := newCoop()
	c.people = []api.Member{
		{ID: ana.ID, Name: "Ana", Standing: "full"},
		{ID: "m-2", Name: "👩‍👩‍👧‍👦 Łucja", Standing: "full"},
		{ID: "m-3", Name: "שלומית", Standing: "full"},
		{ID: "m-4", Name: "王小明", Standing: "full"},
		{ID: "m-5", Name: strings.Repeat("e\u0301🖨", 5_000), Standing: "full"},
		{ID: "m-6", Name: "red\x1b[31m\u202etxt", Standing: "full"},
	}
	d := newServedDesk(t, c)
	out := d.ok("member", "list")
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != 7 {
		t.Fatalf("%d lines:\n%s", len(lines), out)
	}
	column := -1
	for _, line := range lines[1:] {
		before, _, found := strings.Cut(line, "full")
		if !found {
			t.Fatalf("no standing in %q", line)
		}
		if column < 0 {
			column = columns(before)
		}
		if columns(before) != column {
			t.Errorf("column at %d, not %d: %q", columns(before), column, line)
		}
		if len(line) > 500 {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
	if strings.ContainsAny(out, "\x1b\u202e") {
		t.Errorf("another person's name plays tricks on the terminal: %q", out)
	}
	if !strings.Contains(d.ok("member", "list", "--json"), strings.Repeat("é🖨", 5)) && !strings.Contains(d.ok("member", "list", "--json"), "e\u0301🖨e\u0301") {
		t.Error("the JSON doesn't have the name as it is")
	}
}

// Titles come first: what is spare goes from the end until they have room. Who reads by column gets all.
func TestWhatIsSpareGivesWayToTitles(t *testing.T) {
	long := strings.Repeat("Order paper ", 6)
	rows := [][]string{{"t-1", long, "open", "3 h", "Folder", "riso"}, {"t-2", "Ink", "done", "", "", ""}}
	print := func(width int, last ...string) string {
		var b bytes.Buffer
		o := &output{k: &kith{env: Env{Stdout: &b}}, width: width}
		o.grid(o.withoutSpare(append([]string{"ID", "TITLE", "STATUS"}, last...), slices.Clone(rows), len(last)))
		head, _, _ := strings.Cut(b.String(), "\n")
		return strings.Join(strings.Fields(head), " ")
	}
	for width, want := range map[int]string{
		0:   "ID TITLE STATUS HOURS PROJECT TAGS",
		100: "ID TITLE STATUS HOURS PROJECT TAGS",
		70:  "ID TITLE STATUS HOURS",
		60:  "ID TITLE STATUS",
		30:  "ID TITLE STATUS",
	} {
		if got := print(width, "HOURS", "PROJECT", "TAGS"); got != want {
			t.Errorf("%d wide: %s, want %s", width, got, want)
		}
	}
}

func TestColourAndDirectionMarksOnlyOnATerminal(t *testing.T) {
	rows := [][]string{{"t-1", "שלום", "open"}, {"t-2", "Order paper", "open"}}
	print := func(width int, colour bool) string {
		var b bytes.Buffer
		o := &output{k: &kith{env: Env{Stdout: &b}}, width: width, colour: colour}
		o.grid([]string{"ID", "TITLE", "STATUS"}, rows)
		return b.String()
	}
	if out := print(0, false); strings.ContainsAny(out, "\x1b\u2068") {
		t.Errorf("into a file: %q", out)
	}
	if out := print(80, false); strings.Contains(out, "\x1b") || !strings.Contains(out, "\u2068שלום\u2069") {
		t.Errorf("on a terminal with NO_COLOR: %q", out)
	}
	if out := print(80, true); !strings.Contains(out, "\x1b[") {
		t.Errorf("on a terminal: %q", out)
	}
}

func TestATitleGivesWayOnANarrowTerminal(t *testing.T) {
	var b bytes.Buffer
	o := &output{k: &kith{env: Env{Stdout: &b}}, width: 40}
	o.grid([]string{"ID", "TITLE", "STATUS"}, [][]string{{"t-4kq2", strings.Repeat("very ", 50), "open"}, {"t-4kq7", "日本語の長い題名がここにあります、本当に長い", "doing"}})
	for _, line := range strings.Split(b.String(), "\n") {
		if columns(line) > 40 {
			t.Errorf("%d columns: %q", columns(line), line)
		}
	}
}

func TestOneLine(t *testing.T) {
	for in, want := range map[string]string{
		"short":            "short",
		"two\nlines":       "two…",
		"exactly ten":      "exactly t…",
		"  spaces\t in ":   "spaces  in",
		"日本語の題名です":         "日本語の…",
		"a\x1b[2Jb":        "a[2Jb",
		"\u202eevil\u2066": "evil",
	} {
		if got := oneLine(in, 10); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestANameInAHintIsOneWordToAShell(t *testing.T) {
	for _, name := range []string{"Quilted", "Riso Print Co-op", "Ana's", "$(echo so)", "'; echo so; '", `a\b "c"`} {
		got, err := exec.Command("sh", "-c", "printf %s "+shellName(name)).Output()
		if err != nil || string(got) != name {
			t.Errorf("%s is %q to a shell, want %q: %v", shellName(name), got, name, err)
		}
	}
}

func TestATitleTakesThePlaceOfColumnsInWhichNothingStands(t *testing.T) {
	head, rows := withoutEmpty([]string{"ID", "TITLE", "DUE", "WHO"}, [][]string{{"t-1", "Order paper", "", "Ana"}, {"t-2", "", " ", ""}})
	if got := strings.Join(head, " ") + " " + strings.Join(rows[0], " ") + " " + strings.Join(rows[1], " "); got != "ID TITLE WHO t-1 Order paper Ana t-2  " {
		t.Errorf("%q", got)
	}
}
