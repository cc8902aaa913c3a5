package cli

import (
	"strings"
	"testing"
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
		{"task add", "kith task add needs TITLE"},
		{"task ask t-4k", "kith task ask needs MEMBER…"},
		{"task add Order paper", "put several words in quotes"},
		{"status now", "takes no words"},
		{"task add x --dew friday", "not defined: -dew"},
		{"task --dew", "has no flag --dew"},
		{"task add x --hours many", "invalid value"},
		{"task add x --due", "--due needs a value"},
		{"task add x --due someday", "no date that kith understands"},
		{"task list --sort colour", "one of: updated, created, title, due"},
		{"task list --limit 0", "a number from 1"},
		{"task list --jq .[", "--jq"},
		{"task drop t-4k", "needs --why"},
		{"decision object d-9f2c", "needs --why"},
		{"decision propose x --process dice", "one of: consent, consensus, majority, advice"},
		{"watch weather", "no events of kind"},
		{"completion tcsh", "one of: bash, zsh, fish"},
		{"init Riso", "needs --as"},
		{"join CODE", "needs --as"},
		{"daemon --log-level loud", "one of: debug, info, warn, error"},
		{"note append n-2m7d", "needs --text"},
		{"agreement replace a-6hx3", "kith agreement replace needs --by"},
	}
	for _, tt := range tests {
		if says := d.fails(2, strings.Fields(tt.typed)...); !strings.Contains(says, tt.says) {
			t.Errorf("kith %s\nsays %swant …%s…", tt.typed, says, tt.says)
		}
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
