package cli

import (
	_ "embed"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"kith/cli/service"
	"kith/crdt/about"
	"kith/crdt/invoice"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

//go:generate go test -run TestTheCommandsAreDocumented -update .

var update = flag.Bool("update", false, "write the files that are generated, and the expected output")

// docs is where docs/CLI.md lies, from here.
var docs = filepath.Join("..", "docs", "CLI.md")

//go:embed testdata/CLI.head.md
var docsHead string

//go:embed testdata/CLI.tail.md
var docsTail string

func TestTheCommandsAreDocumentedAsTheyAre(t *testing.T) {
	want := docsHead + "\n" + commandDocs() + "\n" + answerDocs()
	if *update {
		if err := os.WriteFile(docs, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("docs/CLI.md is not what the commands say. Write it anew: go generate ./cli")
	}
}

// What a program can read of an answer is in the page, so that it needn't be looked for in the code.
func TestEveryJSONFieldOfAnAnswerIsDocumented(t *testing.T) {
	said := map[string]bool{}
	for _, word := range regexp.MustCompile(`[a-z_]+`).FindAllString(answerDocs(), -1) {
		said[word] = true
	}
	for _, answer := range []any{
		api.Overview{}, api.InitResult{}, api.JoinResult{}, api.Member{}, api.Device{}, api.DeviceCode{}, api.Pairing{},
		api.DeviceJoined{}, api.Recovered{}, api.WayBack{}, api.NewPhrase{}, api.Ally{}, api.Charter{}, api.CharterLine{}, api.Document{}, api.Version{}, api.LogLine{}, api.Hit{}, api.Today{}, api.Event{}, api.Check{},
		api.TimeEntry{}, api.TimeReport{}, invoice.Invoice{}, api.Load{}, about.Page{}, api.PageLink{}, service.State{}, api.Porch{}, api.Forgetting{},
		api.Figure{}, api.Thread{}, api.Remark{}, api.Mention{}, api.Share{}, api.ShareResult{}, api.SharePreview{}, api.Ask{}, api.Backup{}, api.Restored{}, api.Protection{}, api.Bundle{}, api.BundleRead{},
	} {
		undocumented(t, reflect.TypeOf(answer), said)
	}
	for _, k := range kinds.All.Nouns() {
		for _, show := range k.Shows {
			if !said[show.Name] {
				t.Errorf("a %s shows %q, which cli/testdata/CLI.tail.md doesn't name", k.Name, show.Name)
			}
			undocumented(t, show.Type, said)
		}
	}
}

// answerDocs is the end of the page, with what follows from the kinds of documents in its table.
func answerDocs() string {
	var rows []string
	waits := []string{"notice[]", "sections[{name,title,items[{id,short,kind,title,why,who,at,due,overdue_days,command,then}],more}]", "about_me[proposal]"}
	for _, of := range kinds.All.Nouns() {
		fields := []string{"text"}
		for _, s := range of.Shows {
			fields = append(fields, s.Name+inJSON(s.Type, of.Field(s.Name)))
		}
		rows = append(rows, tableRow(of.Name+strings.Repeat(" ", max(1, 10-len(of.Name)))+"+ {", fields))
		for _, w := range of.Today {
			waits = append(waits, w.Key+"["+of.Name+"]")
		}
	}
	waits = append(waits, "proposals[proposal]", "asks[ask]", "mentions[{id,short,kind,title,by,at,text}]")
	var others []string
	for _, s := range shapes {
		others = append(others, tableRow(s.name+strings.Repeat(" ", max(1, 10-len(s.name)))+"{", apartIn(inJSON(reflect.TypeOf(s.answer), nil))))
	}
	return strings.NewReplacer("{{kinds}}", strings.Join(rows, "\n"), "{{others}}", strings.Join(others, "\n"), "{{commands}}", answeredBy(), "{{today}}", tableRow("today     {", waits)).Replace(docsTail)
}

// shapes are the answers of the table that are written as their types say.
var shapes = []struct {
	name   string
	answer any
}{
	{"hours", api.TimeEntry{}}, {"sums", api.TimeReport{}}, {"invoice", invoice.Invoice{}}, {"load", api.Load{}}, {"about", about.Page{}}, {"link", api.PageLink{}},
	{"co-op porch", api.Porch{}}, {"service", service.State{}},
}

// answersWith says which answer of the table a command gives that isn't one of a kind's own; "" is for what prints no JSON.
var answersWith = map[string]string{
	"init": "init", "join": "join", "daemon": "", "open": "link", "status": "status", "space list": "spaces", "peers": "[peer]", "sync": "status", "watch": "event", "log": "[log line]",
	"adopt": "document", "search": "[hit]", "today": "today", "talk": "thread", "archive": "document", "settle": "document", "forget": "forgetting", "undo": "undo",
	"invite list": "[invite]", "invite answer": "answered", "invite revoke": "invite",
	"member list": "[member]", "member show": "member", "member rename": "member", "member admit": "proposal", "member remove": "proposal", "member new-key": "proposal", "member resign": "member",
	"device list": "[device]", "device add": "device code", "device pairing": "pairing", "device confirm": "device", "device join": "device joined", "device rename": "device", "device retire": "device",
	"device consents": "device", "device via": "way back", "device recover": "recovered", "device new-phrase": "new phrase",
	"charter show": "charter", "charter log": "[charter line]", "charter pending": "[proposal]", "charter consent": "proposal", "charter refuse": "proposal", "charter withdraw": "proposal", "charter renew": "proposal",
	"charter threshold": "proposal", "charter invites": "proposal", "charter time-zone": "proposal", "charter rules": "proposal", "charter close-founding": "proposal", "charter follow": "charter",
	"time log": "hours", "time start": "hours", "time stop": "hours", "time list": "[hours]", "time show": "hours", "time edit": "hours", "time drop": "hours", "time report": "sums", "time invoice": "invoice",
	"load show": "load", "load set": "profile", "load away": "profile", "about show": "about", "about write": "{file,page: about}",
	"ally invite": "ally", "ally join": "ally", "ally confirm": "ally", "ally list": "[ally]", "ally show": "ally", "ally cancel": "ally", "ally end": "[proposal]", "ally lend-porch": "co-op porch",
	"ally ask": "ask", "ally asks": "[ask]", "ally answer": "ask", "ally withdraw": "ask",
	"share add": "sharing", "share list": "[share]", "share show": "share", "share rule": "proposal", "share new": "ally", "share join": "ally", "share terms": "proposal", "share contacts": "proposal", "share end": "proposal",
	"bundle write": "bundle", "bundle read": "bundle read", "drop add": "drop", "drop list": "[drop]", "drop remove": "drop", "backup": "backup", "restore": "restore", "protect": "protect", "doctor": "[check]",
	"service install": "service", "service status": "service", "service remove": "service",
	"porch add": "co-op porch", "porch remove": "co-op porch", "porch follow": "co-op porch", "porch leave": "co-op porch", "porch run": "", "porch code": "porch", "porch list": "[co-op porch]", "porch revoke": "porch",
	"completion": "", "version": "kith",
}

// TestEveryCommandsJSONIsTold holds that a command isn't forgotten in answersWith, and that what it names stands in the table.
func TestEveryCommandsJSONIsTold(t *testing.T) {
	k := &kith{}
	rows := answerDocs()
	named := map[string]bool{}
	eachCommand(k.root(), nil, func(path []string, _ string) {
		of, ok := answersWith[strings.Join(path, " ")]
		named[strings.Join(path, " ")] = true
		if !ok {
			if of, ok = ofKind(path); !ok {
				t.Errorf("kith %s: which answer of the table does it give?", strings.Join(path, " "))
			}
		}
		row := regexp.MustCompile(`(?m)^    ` + regexp.QuoteMeta(strings.Trim(of, "[]")) + `\s`)
		if of != "" && of != "document" && !strings.HasPrefix(of, "{") && !row.MatchString(rows) {
			t.Errorf("kith %s answers with %s, which isn't in the table", strings.Join(path, " "), of)
		}
	})
	for command := range answersWith {
		if !named[command] {
			t.Errorf("there is no kith %s", command)
		}
	}
}

// ofKind says with what the commands of a kind answer.
func ofKind(path []string) (string, bool) {
	k := kinds.All.Named(path[0])
	if k == nil || len(path) != 2 {
		return "", false
	}
	switch path[1] {
	case "list", "reviews":
		return "[" + k.Name + "]", true
	case "log":
		return "[log line]", true
	case "history":
		return "[version]", true
	case "figures":
		return "[figure]", true
	}
	return k.Name, true
}

// answeredBy says which commands give an answer of the table that isn't called like them, answer by answer in their order.
func answeredBy() string {
	var order []string
	by := map[string][]string{}
	eachCommand((&kith{}).root(), nil, func(path []string, _ string) {
		of, ok := answersWith[strings.Join(path, " ")]
		if !ok || of == "" || of == strings.Join(path, " ") {
			return
		}
		if by[of] == nil {
			order = append(order, of)
		}
		by[of] = append(by[of], strings.Join(path, " "))
	})
	var b strings.Builder
	for i, of := range order {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "- `%s`: %s", of, strings.Join(by[of], ", "))
	}
	return b.String()
}

// apartIn takes the fields of an object apart, as they stand in its braces.
func apartIn(object string) (fields []string) {
	depth, from := 0, 1
	for i, r := range object {
		switch r {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if depth == 1 && r == ',' || depth == 0 {
			fields = append(fields, object[from:i])
			from = i + 1
		}
	}
	return fields
}

// tableRow writes one answer of the table, over as many lines as it takes.
func tableRow(before string, fields []string) string {
	const width = 118
	indent := strings.Repeat(" ", 15)
	row, line := "", "    "+before
	for i, f := range fields {
		if i < len(fields)-1 {
			f += ","
		} else {
			f += "}"
		}
		if len(line)+len(f) > width {
			row += line + "\n"
			line = indent
		}
		line += f
	}
	return row + line
}

// inJSON writes what stands in a field of an answer: nothing for a word, its words if they are few, "[]" for a list,
// and the fields of what has fields. What is a member, a device or a space is said above the table.
func inJSON(of reflect.Type, f *kind.Field) string {
	switch {
	case f != nil && f.Is == kind.Word:
		var words []string
		for _, w := range f.Words {
			words = append(words, kind.WordOut(w))
		}
		return ": " + strings.Join(words, "|")
	case of.Kind() == reflect.Pointer:
		return inJSON(of.Elem(), nil)
	case of.Kind() == reflect.Slice:
		return "[" + inJSON(of.Elem(), nil) + "]"
	case of.Kind() == reflect.Map:
		return "{word: number}"
	case of.Kind() != reflect.Struct, of == reflect.TypeFor[kind.Time](), of == reflect.TypeFor[kind.Named](), of == reflect.TypeFor[api.Time]():
		return ""
	}
	var fields []string
	for i := range of.NumField() {
		if name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ","); name != "" && name != "-" {
			fields = append(fields, name+inJSON(of.Field(i).Type, nil))
		}
	}
	return "{" + strings.Join(fields, ",") + "}"
}

func undocumented(t *testing.T, of reflect.Type, said map[string]bool) {
	for of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || of == reflect.TypeFor[api.Time]() {
		return
	}
	for i := range of.NumField() {
		f := of.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" && !said[name] {
			t.Errorf("%s.%s is %q in JSON, which cli/testdata/CLI.tail.md doesn't name", of, f.Name, name)
		}
		undocumented(t, f.Type, said)
	}
}

// commandDocs is the help of all commands as a page.
func commandDocs() string {
	var b strings.Builder
	k := &kith{}
	root := k.root()
	b.WriteString("## Commands\n\nAll take these, in any place:\n\n```\n")
	writeFlags(&b, common())
	b.WriteString("```\n")
	for _, noun := range root.Subcommands {
		if noun.Hidden {
			continue
		}
		fmt.Fprintf(&b, "\n### kith %s\n\n%s.\n\n", noun.Name, strings.ToUpper(noun.Usage[:1])+noun.Usage[1:])
		if len(noun.Subcommands) == 0 {
			writeDoc(&b, []*cli.Command{root, noun})
			continue
		}
		b.WriteString("```\n")
		writeCommands(&b, "kith "+noun.Name, noun)
		b.WriteString("```\n")
		if noun.Action != nil {
			b.WriteString("\n")
			writeDoc(&b, []*cli.Command{root, noun})
		}
		for _, verb := range noun.Subcommands {
			fmt.Fprintf(&b, "\n#### kith %s %s\n\n%s.\n\n", noun.Name, verb.Name, strings.ToUpper(verb.Usage[:1])+verb.Usage[1:])
			writeDoc(&b, []*cli.Command{root, noun, verb})
		}
	}
	return b.String()
}

// writeDoc writes what a command takes, without the flags that all have.
func writeDoc(b *strings.Builder, path []*cli.Command) {
	c := path[len(path)-1]
	if c.Description != "" {
		fmt.Fprintf(b, "%s\n\n", c.Description)
	}
	fmt.Fprintf(b, "```\n%s\n", synopsis(pathName(path), c))
	if own := visible(c.Flags[:len(c.Flags)-len(common())]); len(own) > 0 {
		b.WriteString("\n")
		writeFlags(b, own)
	}
	fmt.Fprintf(b, "\n%s\n```\n", c.UsageText)
}

func eachCommand(c *cli.Command, path []string, f func(path []string, usage string)) {
	for _, sub := range c.Subcommands {
		at := append(append([]string{}, path...), sub.Name)
		if len(sub.Subcommands) > 0 {
			eachCommand(sub, at, f)
		} else if !sub.Hidden {
			f(at, sub.UsageText)
		}
	}
}
