package cli

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
)

func TestFlagsMayStandAnywhere(t *testing.T) {
	tests := []struct{ typed, want string }{
		{"task ask t-4k Ana --json", "task ask --json -- t-4k Ana"},
		{"--json task ask t-4k Ana", "task ask --json -- t-4k Ana"},
		{"task --json ask t-4k Ana", "task ask --json -- t-4k Ana"},
		{"task add Paper --due friday --tag a --tag=b", "task add --due friday --tag a --tag=b -- Paper"},
		{"task add --text - Paper", "task add --text - -- Paper"},
		{"task drop t-4k --why --json", "task drop --why --json -- t-4k"},
		{"task add -- --due", "task add -- --due"},
		{"task add task", "task add -- task"},
		{"--space Riso task list", "task list --space Riso --"},
		{"search -5 degrees", "search -- -5 degrees"},
		{"task list --jq .[] --open", "task list --jq .[] --open --"},
	}
	for _, tt := range tests {
		k := &kith{}
		l := arrange(k.root(), strings.Fields(tt.typed))
		if got := strings.Join(l.args, " "); got != tt.want || l.err != nil {
			t.Errorf("%s\ngot  %s (%v)\nwant %s", tt.typed, got, l.err, tt.want)
		}
	}
}

func TestWrongUsageExitsWith2AndSaysWhatIsRight(t *testing.T) {
	d := newDesk(t)
	tests := []struct{ typed, says string }{
		{"tsk", "no command kith tsk"},
		{"tsk", "did you mean kith task?"},
		{"task ad", "did you mean kith task add?"},
		{"task lsit", "did you mean kith task list?"},
		{"task explode", "hint: kith task --help"},
		{"task delete t-4k", "did you mean kith task drop?"},
		{"note delete n-2m7d", "did you mean kith note archive?"},
		{"decision vote d-9f2c", "did you mean kith decision choose?"},
		{"member add Ben", "did you mean kith invite?"},
		{"member invite Ben", "did you mean kith invite?"},
		{"list task", "did you mean kith task list?"},
		{"add task x", "did you mean kith task add?"},
		{"show t-6s3h", "did you mean kith task show t-6s3h?"},
		{"task hand-over t-4k Ben --why x", "did you mean --note? Else: kith task hand-over --help"},
		{"task add x --proj y", "did you mean --project?"},
		{"task add", "kith task add needs TITLE"},
		{"task ask t-4k", "kith task ask needs MEMBER…"},
		{"task add Order paper", "put several words in quotes"},
		{"time log 2h Printed", "your own words go behind --note, in quotes; kith time log --help"},
		{"talk n-2m7d hola", "your own words go behind --text, in quotes"},
		{"task add Pan –due tomorrow", "“–due” begins with a long dash"},
		{"task add Pan —due=tomorrow", "hint: type --due"},
		{"task add Pan – tomorrow", "put several words in quotes"},
		{"status now", "takes no words"},
		{"device recover kithv1qpzry", "what it needs goes behind --via; kith device recover --help"},
		{"task add x --dew friday", "kith task add has no flag --dew"},
		{"task --dew", "has no flag --dew"},
		{"task add x --due", "--due needs a value"},
		{"task drop t-4k", "needs --why"},
		{"decision object d-9f2c", "needs --why"},
		{"init Riso", "needs --as"},
		{"join CODE", "needs --as"},
		{"note append n-2m7d", "needs --text"},
		{"agreement replace a-6hx3", "kith agreement replace needs --by"},
	}
	for _, tt := range tests {
		if says := d.fails(2, strings.Fields(tt.typed)...); !strings.Contains(says, tt.says) {
			t.Errorf("kith %s\nsays %swant …%s…", tt.typed, says, tt.says)
		}
	}
}

// What was said and can't be is told apart from what a command doesn't take.
func TestWhatCantBeExitsWith6AndSaysWhatCan(t *testing.T) {
	d := newDesk(t)
	for _, tt := range []struct{ typed, says string }{
		{"sync --wait -1s", "--wait -1s is less than no time"},
		{"sync --wait -1s", "hint: say it like --wait 30s"},
		{"status --wait=-5m", "less than no time"},
		{"join - --as Ana --wait -1ns", "less than no time"},
		{"ally invite --expires -48h", "less than no time"},
		{"invite --expires 0s", "a code that is good for 0s is none"},
		{"device add --expires 500ms", "a code that is good for 500ms is none"},
		{"decision propose x --rounds=no", "--rounds can't be “no”: it takes no value"},
		{"decision propose x --rounds=no", "hint: leave --rounds out"},
		{"task add x --hours many", "is no number of hours"},
		{"task add x --due someday", "no date that kith understands"},
		{"task list --sort colour", "one of: updated, created, title, due"},
		{"task list --limit 0", "a number from 1"},
		{"task list --limit many", "--limit can't be “many”"},
		{"task list --jq .[", "--jq"},
		{"decision propose x --process dice", "one of: consent, consensus, majority, advice"},
		{"watch weather", "no events of kind"},
		{"completion tcsh", "one of: bash, zsh, fish"},
		{"daemon --log-level loud", "one of: debug, info, warn, error"},
	} {
		if says := d.fails(6, strings.Fields(tt.typed)...); !strings.Contains(says, tt.says) {
			t.Errorf("kith %s\nsays %swant …%s…", tt.typed, says, tt.says)
		}
	}
}

// One rule for all commands: a word or flag that isn't there, is missing or is empty is 2; what was said and can't be is 6.
func TestEveryCommandTellsWrongUsageFromWhatCantBe(t *testing.T) {
	d := newDesk(t)
	eachLeaf(func(c *cli.Command, path []string) {
		if c.Hidden {
			return
		}
		least, most := arity(c.ArgsUsage)
		typed := append([]string{}, path...)
		for range least {
			typed = append(typed, "x")
		}
		with := func(more ...string) []string { return append(append([]string{}, typed...), more...) }
		d.fails(2, with("--no-such-flag")...)
		if least > 0 {
			d.fails(2, path...)
			d.fails(2, append(append([]string{}, path...), strings.Split(strings.Repeat(" ", least-1), " ")...)...)
		}
		if most >= 0 && len(c.Subcommands) == 0 {
			d.fails(2, append(with(), make([]string, most+1-least)...)...)
		}
		for _, f := range c.Flags {
			name := "--" + f.Names()[0]
			switch f.(type) {
			case *cli.StringFlag, *cli.StringSliceFlag:
				if !slices.Contains(blanks, f.Names()[0]) {
					d.fails(2, with(name, "")...)
				}
			case *cli.IntFlag, *cli.DurationFlag, *cli.Float64Flag:
				d.fails(6, with(name, "many")...)
			}
		}
	})
}

// eachLeaf goes over all commands that do something.
func eachLeaf(f func(c *cli.Command, path []string)) {
	var walk func(c *cli.Command, path []string)
	walk = func(c *cli.Command, path []string) {
		if c.Action != nil {
			f(c, path)
		}
		for _, sub := range c.Subcommands {
			walk(sub, append(append([]string{}, path...), sub.Name))
		}
	}
	walk((&kith{}).root(), nil)
}

// Who forgets what a command needs hears of it, and reads it before in the first line of its help.
func TestWhatACommandNeedsStandsInItsHelp(t *testing.T) {
	d := newDesk(t)
	for typed, first := range map[string]string{
		"decision object d-9f2c":   "kith decision object ID… --why T [flags]",
		"decision disagree d-9f2c": "kith decision disagree ID… --why T [flags]",
		"task drop t-4kq2":         "kith task drop ID… --why T [flags]",
		"task help t-4kq2":         "kith task help ID… --why T|--undo [flags]",
		"agreement replace a-6hx3": "kith agreement replace ID… --by ID|--undo [flags]",
		"init Riso":                "kith init NAME --as MEMBER [flags]",
		"join -":                   "kith join [CODE|-] [flags]",
		"member remove Ben":        "kith member remove MEMBER --why T [flags]",
		"member new-key Ben CODE":  "kith member new-key MEMBER CODE --why T [flags]",
		"charter refuse p-4kq2":    "kith charter refuse ID… --why T [flags]",
		"ally invite":              "kith ally invite --purpose TEXT --ends DATE [flags]",
		"ally withdraw q-7m2c":     "kith ally withdraw ID… --why T [flags]",
		"ally end Quilted":         "kith ally end ALLY --why T [flags]",
		"share end Quilted":        "kith share end SHARE --why T [flags]",
		"device recover":           "kith device recover --via CODE [flags]",
		"device new-phrase":        "kith device new-phrase --via CODE [flags]",
		"decision withdraw d-9f2c": "kith decision withdraw ID… --why T [flags]",
	} {
		words := strings.Fields(typed)
		if says := d.fails(2, words...); !strings.Contains(says, " needs --") {
			t.Errorf("kith %s says %s", typed, says)
		}
		if help := d.ok(append(words, "--help")...); !strings.Contains(help, "\n    "+first+"\n") {
			t.Errorf("not …%s…\n%s", first, help)
		}
	}
}

func TestWithoutAHomeNothingIsBegunElsewhere(t *testing.T) {
	var out, errs bytes.Buffer
	env := Env{Stdout: &out, Stderr: &errs, Now: time.Now, Getenv: func(string) string { return "" }}
	for typed, want := range map[string]int{"init Press --as Ana": 1, "daemon": 1, "status": 1, "version": 0, "completion bash": 0, "task add --help": 0} {
		errs.Reset()
		if exit := Run(t.Context(), strings.Fields(typed), env); exit != want || want == 1 && !strings.Contains(errs.String(), "neither HOME nor KITH_HOME is set") {
			t.Errorf("kith %s: exit %d, %s", typed, exit, errs.String())
		}
	}
}

// A script whose variable is empty mustn't do what the command does without the flag.
func TestAFlagWhoseValueIsEmptyIsRefused(t *testing.T) {
	d := newServedDesk(t, newCoop())
	for _, typed := range []string{
		"decision|consent|d-9f2c|--revision|", "decision|consent|d-9f2c|--revision=", "agreement|read|a-6hx3|--revision|", "task|edit|t-4kq2|--due|", "task|add|Paper|--ask|",
		"task|list|--tag=x|--project|", "task|list|--space|", "today|--jq|", "backup|file|--passphrase-file|", "decision|object|d-9f2c|--why|", "ally|invite|--purpose|x|--ends|", "bundle|write|f|--since|",
		"daemon|--listen|",
	} {
		if says := d.fails(2, strings.Split(typed, "|")...); !strings.Contains(says, "is empty: it needs a value") && !strings.Contains(says, "needs --") {
			t.Errorf("kith %s says %s", typed, says)
		}
	}
	if d.coop.told != nil {
		t.Errorf("the daemon was asked: %v", d.coop.told)
	}
	d.ok("decision", "propose", "Paint the wall", "--text", "") // a text of no words is one
}

// What is no UTF-8 would reach the others as something else.
func TestWordsThatAreNotUTF8AreRefused(t *testing.T) {
	d := newServedDesk(t, newCoop())
	for _, typed := range []string{
		"task|add|Caf\xe9", "task|add|Paper|--project|Caf\xe9", "task|add|Paper|--text|\xff", "task|add|Paper|--tag|x|--tag|\xc3", "note|add|x|--text=\xed\xa0\x80", "member|show|Andr\xe9",
		"task|drop|t-4kq2|--why|\xe9", "search|\xe9", "task|list|--space|\xe9", "task|ask|t-4kq2|Ana|Andr\xe9",
	} {
		says := d.fails(6, strings.Split(typed, "|")...)
		if !strings.Contains(says, "is not UTF-8 text") || !strings.Contains(says, "hint: ") {
			t.Errorf("kith %q says %s", typed, says)
		}
		if d.fails(6, append(strings.Split(typed, "|"), "--json")...) == "" {
			t.Error("nothing is said as JSON")
		}
	}
	if d.coop.told != nil {
		t.Errorf("the daemon was asked: %v", d.coop.told)
	}
	file := ""
	d.hooks.Restore = func(_ context.Context, o RestoreOptions) (api.Restored, error) {
		file = o.File
		return api.Restored{}, nil
	}
	if d.run("restore", "Caf\xe9.kith"); !strings.HasSuffix(file, "Caf\xe9.kith") {
		t.Errorf("a file's name came as %q", file)
	}
}

func TestEveryCommandHasHelpWithExamples(t *testing.T) {
	d := newDesk(t)
	each(func(path []string, leaf bool) {
		for _, args := range [][]string{append(append([]string{}, path...), "--help"), append([]string{"help"}, path...)} {
			out := d.ok(args...)
			if !strings.HasPrefix(out, "kith") || leaf && !strings.Contains(out, "Examples\n    ") && !strings.Contains(out, "Examples\n") {
				t.Errorf("kith %s:\n%s", strings.Join(args, " "), out)
			}
			if leaf && !strings.Contains(out, "--json") {
				t.Errorf("kith %s has no --json", strings.Join(path, " "))
			}
		}
	})
}

func TestExamplesAreCommandsThatExist(t *testing.T) {
	k := &kith{}
	eachCommand(k.root(), nil, func(path []string, usage string) {
		for _, example := range strings.Split(usage, "\n") {
			_, typed, found := strings.Cut(example, "kith ")
			if !found {
				t.Errorf("%s: %q", path, example)
				continue
			}
			l := arrange(k.root(), strings.Fields(typed))
			if l.err != nil || pathName(l.path) != "kith "+strings.Join(path, " ") {
				t.Errorf("%s: the example %q is of %s (%v)", path, example, pathName(l.path), l.err)
			}
			for _, w := range strings.Fields(typed) {
				if name := strings.TrimLeft(w, "-"); isFlag(w) && findFlag(l.last(), name) == nil {
					t.Errorf("%s: the example %q has a flag that doesn't exist", path, example)
				}
			}
		}
	})
}

// each calls f with every command that people see.
func each(f func(path []string, leaf bool)) {
	k := &kith{}
	f(nil, false)
	for _, noun := range k.root().Subcommands {
		if noun.Hidden {
			continue
		}
		f([]string{noun.Name}, len(noun.Subcommands) == 0)
		for _, verb := range noun.Subcommands {
			f([]string{noun.Name, verb.Name}, true)
		}
	}
}
