package cli

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatIsOfferedNext(t *testing.T) {
	c := newCoop()
	c.people[2].Name = "Cléo Müller"
	d := newServedDesk(t, c)
	tests := []struct{ typed, want string }{ // words separated by |, the last being typed
		{"ta", "talk task"},
		{"task|a", "add ask accept archive"},
		{"task|show|", "t-4kq2 t-4kq7"},
		{"task|show|t-4kq2", "t-4kq2"},
		{"task|show|4k", "4kq2zzzzzzzzzzzzzzzzzzzzzzzzzzzz 4kq7zzzzzzzzzzzzzzzzzzzzzzzzzzzz"},
		{"task|show|t-", "t-4kq2 t-4kq7"},
		{"task|show|d-", ""},
		{"log|d-", "d-9f2c d-7t0p"},
		{"log|", "t-4kq2 t-4kq7 d-9f2c d-7t0p n-2m7d"},
		{"decision|consent|", "d-9f2c d-7t0p"},
		{"task|ask|t-4kq2|", "Ana Ben Cléo Müller"},
		{"task|ask|t-4kq2|Ana|cle", "Cléo Müller"},
		{"task|add|Paper|--ask|b", "Ben"},
		{"task|add|--ask|b", "Ben"},
		{"task|list|--sort|", "updated created title due"},
		{"task|list|--project|w", "Workshop"},
		{"task|list|--du", "--due-before"},
		{"decision|propose|x|--process|con", "consent consensus"},
		{"task|add|x|--due|fr", "friday"},
		{"watch|ta", "task"},
		{"watch|task|no", "note"},
		{"help|no", "note"},
		{"help|note|re", "restore"},
		{"completion|", "bash zsh fish"},
		{"invite|revoke|", "7f3a00"},
		{"invite|", "list answer revoke"},
		{"charter|consent|", "p-4kq2 p-9c0m"},
		{"charter|threshold|two", "two-thirds"},
		{"member|admit|", "Ana Ben Cléo Müller"},
		{"member|show|a", "Ana"},
		{"bundle|write|f|--for|b", "Ben"},
		{"today|--space|", "Riso Print Co-op"},
		{"adopt|", "e1"},
		{"status|", ""},
		{"task|add|", ""},
		{"nonsense|", ""},
	}
	for _, tt := range tests {
		out := d.ok(append([]string{"__complete", "--"}, strings.Split(tt.typed, "|")...)...)
		var words []string
		for _, line := range strings.Split(strings.TrimSuffix(out, "\n"), "\n") {
			word, _, _ := strings.Cut(line, "\t")
			words = append(words, word)
		}
		if got := strings.Join(words, " "); got != tt.want {
			t.Errorf("%s\ngot  %s\nwant %s", tt.typed, got, tt.want)
		}
	}
}

func TestCompletionIsSilentWithoutADaemon(t *testing.T) {
	d := newDesk(t)
	if out := d.ok("__complete", "--", "task", "show", ""); out != "" {
		t.Errorf("%q", out)
	}
	if out := d.ok("__complete", "--", "task", "sh"); out != "show\tall of one task\n" {
		t.Errorf("%q", out)
	}
}

func TestTheScriptsAreGoodShell(t *testing.T) {
	d := newDesk(t)
	for shell, check := range map[string][]string{"bash": {"-n"}, "zsh": {"-n"}, "fish": {"--no-execute"}} {
		script := d.ok("completion", shell)
		if script == "" {
			t.Errorf("%s: no script", shell)
		}
		path, err := exec.LookPath(shell)
		if err != nil {
			t.Logf("%s isn't here; its script is not checked", shell)
			continue
		}
		file := filepath.Join("completion", "kith."+shell)
		if out, err := exec.Command(path, append(check, file)...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
	}
}
