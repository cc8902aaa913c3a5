package words

import (
	"os/exec"
	"strings"
	"testing"

	"kith/crdt/charter"
	"kith/daemon/api"
)

func TestWhyAStepCantComeIntoForceIsSaidOfThoseWhoRefusedAndNotOfWhoLeft(t *testing.T) {
	p := &charter.Proposal{State: charter.ProposalOpen, Hopeless: true, Needs: 2, Of: 3}
	for refused, want := range []string{"counts with who has left since", "and 1 has refused", "So many have refused"} {
		shown := &api.Proposal{Short: "p-4kq2", Refusals: make([]api.Refusal, refused)}
		if says := strings.Join((&Words{}).Stands(p, shown), " "); !strings.Contains(says, want) {
			t.Errorf("with %d refusals it says %q, want %q", refused, says, want)
		}
	}
}

// A person may copy a hint into a shell, and an ally chooses what it is called.
func TestANameInAHintIsOneWordToAShell(t *testing.T) {
	for _, name := range []string{"Quilted", "Riso Print Co-op", "Ana's", "$(echo so)", "`echo so`", `a\b "c" $HOME`, "'; echo so; '", "!!"} {
		got, err := exec.Command("sh", "-c", "printf %s "+ShellWord(name)).Output()
		if err != nil || string(got) != name {
			t.Errorf("%s is %q to a shell, want %q: %v", ShellWord(name), got, name, err)
		}
	}
}
