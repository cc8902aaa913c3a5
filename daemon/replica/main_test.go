package replica

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"go.uber.org/goleak"

	"kith/daemon/store/storetest"
)

// Trials of changes run in a child process: this test binary, started again.
const (
	trialEnv  = "KITH_REPLICA_TRIAL"
	killerEnv = "KITH_REPLICA_KILLER" // words in a change on which the child dies, as the core would
)

func TestMain(m *testing.M) {
	if os.Getenv(trialEnv) != "" {
		var in io.Reader = os.Stdin
		if words := os.Getenv(killerEnv); words != "" {
			in = &deadly{words: []byte(words)}
		}
		if err := TryChanges(in, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m, storetest.Lasting()...)
}

// deadly reads standard input and ends the process when the words come.
type deadly struct{ words, before []byte }

func (d *deadly) Read(b []byte) (int, error) {
	n, err := os.Stdin.Read(b[:1])
	d.before = append(d.before, b[:n]...)
	if bytes.HasSuffix(d.before, d.words) {
		os.Exit(134)
	}
	return n, err
}

// trial makes the child, which dies on a change with these words in it, and counts its starts.
func trial(started *int, killer string) Trial {
	return func() *exec.Cmd {
		*started++
		cmd := exec.Command(os.Args[0])
		cmd.Env = []string{trialEnv + "=1", killerEnv + "=" + killer, "GORACE=" + os.Getenv("GORACE")}
		return cmd
	}
}
