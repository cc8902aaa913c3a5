package words

import (
	"os/exec"
	"testing"
)

// A person may copy a hint into a shell, and an ally chooses what it is called.
func TestANameInAHintIsOneWordToAShell(t *testing.T) {
	for _, name := range []string{"Quilted", "Riso Print Co-op", "Ana's", "$(echo so)", "`echo so`", `a\b "c" $HOME`, "'; echo so; '", "!!"} {
		got, err := exec.Command("sh", "-c", "printf %s "+ShellWord(name)).Output()
		if err != nil || string(got) != name {
			t.Errorf("%s is %q to a shell, want %q: %v", ShellWord(name), got, name, err)
		}
	}
}
