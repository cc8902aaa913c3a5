package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// offered are words that somebody could have chosen for a tag, a project or a name, to be typed on others' lines.
var offered = []string{
	"plain", "two words", `back\slash`, `C:\new`, `a:b`, `a\:b`, `end\`, "$(touch ran)", "`touch ran`", "x; touch ran", "x & touch ran", "$HOME", "~root", "*", "[a-z]", "{a,b}",
	"'quote", `"double`, "#note", "!!", "a=b", "x|touch ran", "x>ran", "%F{red}", "%d", "(touch ran)", "<(touch ran)", "=ls", "^a^b", "ünï", "שלום",
}

// A shell that completes a word types that word, whatever is in it, and runs nothing. Where a shell isn't here, it isn't
// tried.
func TestAShellTypesWhatIsOfferedAndRunsNothingOfIt(t *testing.T) {
	t.Parallel()
	for shell, script := range map[string]string{"bash": bashTypes, "zsh": zshTypes, "fish": fishTypes} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skip(shell + " isn't here")
			}
			here, err := os.Getwd()
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			write := func(name, text string, mode os.FileMode) {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
					t.Fatal(err)
				}
			}
			for i, word := range offered {
				write(fmt.Sprintf("offer.%02d", i), word+"\tsome: words of \\somebody $(touch ran)\n", 0o600)
			}
			write("kith", "#!/bin/sh\ncat '"+dir+"/now'\n", 0o700)
			write("try", script, 0o600)
			cmd := exec.CommandContext(t.Context(), path, filepath.Join(dir, "try"))
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "SCRIPT="+filepath.Join(here, "completion", "kith."+shell), "HOME="+dir, "TERM=dumb")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			typed, err := os.ReadFile(filepath.Join(dir, "typed"))
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			got := strings.Split(strings.TrimSuffix(string(typed), "\n"), "\n")
			if len(got) != len(offered) {
				t.Fatalf("%d words were typed, of %d\n%s", len(got), len(offered), out)
			}
			for i, word := range offered {
				if got[i] != word {
					t.Errorf("%s types %q for %q", shell, got[i], word)
				}
			}
			if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
				t.Errorf("%s runs something of what is offered", shell)
			}
		})
	}
}

// Each writes what the line says after completion, read as the shell reads a line, to the file "typed": for one offer
// after the other.
const (
	bashTypes = `
. "$SCRIPT"
for one in offer.*; do
	cp "$one" now
	COMP_WORDS=(kith task show "") COMP_CWORD=3
	_kith
	eval "line=(${COMPREPLY[0]})" # as readline leaves it on the line
	printf '%s\n' "${line[0]}" >>typed
done
`
	zshTypes = `
zmodload zsh/zpty
zpty line zsh -f -i
zpty -w line 'PS1= RPS1= ; autoload -U compinit; compinit -u -D; source $SCRIPT'
zpty -w line 'tell() { print -r -- ${(Q)${(z)BUFFER}[4]} >>typed; BUFFER=; print -r TOLD; }; zle -N tell; bindkey "^X" tell; bindkey "^I" complete-word; print READ""Y'
zpty -r line got '*READY*'
for one in offer.*; do
	cp $one now
	zpty -w -n line $'kith task show \t\x18'
	zpty -r line got '*TOLD*'
done
zpty -d line
`
	fishTypes = `
source $SCRIPT
for one in offer.*
	cp $one now
	complete -C "kith task show " | string split -f1 \t >>typed
end
`
)
