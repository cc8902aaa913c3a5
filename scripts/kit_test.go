// Package scripts_test runs what README.md tells a newcomer to type, as it is printed, in a copy of
// the project, with a home folder in which nothing is.
package scripts_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"kith/daemon/waittest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// project is a copy of the project's files, for all tests: it is built in only once.
var project string

func TestMain(m *testing.M) { os.Exit(withProject(m)) }

func withProject(m *testing.M) int {
	dir, err := os.MkdirTemp("", "kith-")
	if err == nil {
		defer os.RemoveAll(dir)
		project = filepath.Join(dir, "kith")
		err = copyProject("..", project)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// newcomer is somebody with the project, at a computer on which there is no co-op.
type newcomer struct {
	t    *testing.T
	home string
}

// arrive gives somebody a home folder, and takes it away when the test ends.
func arrive(t *testing.T) *newcomer {
	t.Helper()
	// Not t.TempDir: its paths are long, and a home that a socket has no room in keeps it elsewhere.
	home, err := os.MkdirTemp("", "kith-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(home); err != nil {
			t.Error(err)
		}
	})
	return &newcomer{t, home}
}

// copyProject copies what is needed to build and run: no history, no tests, no built programs.
func copyProject(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if d.IsDir() {
			switch d.Name() {
			case ".git", "bin", "testdata":
				return filepath.SkipDir
			}
			return os.Mkdir(target, 0o755)
		}
		if !d.Type().IsRegular() || strings.HasSuffix(rel, "_test.go") {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, b, info.Mode().Perm())
	})
}

// types runs a shell command as the newcomer, with what stands in input typed, and gives what it
// says and its exit code.
func (n *newcomer) types(command, input string) (stdout, stderr string, code int) {
	n.t.Helper()
	cmd := exec.CommandContext(n.t.Context(), "bash", "-c", command)
	cmd.Dir, cmd.Env = project, n.env()
	cmd.Stdin = strings.NewReader(input)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = waittest.Limit // a daemon must not hold on to our pipes; say so if one does
	err := cmd.Run()
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		n.t.Fatalf("%s: %v\n%s%s", command, err, &out, &errs)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// does is types for what must succeed.
func (n *newcomer) does(command string) (stdout string) {
	n.t.Helper()
	out, errs, code := n.types(command, "")
	if code != 0 {
		n.t.Fatalf("exit code %d of\n%s\nstdout:\n%s\nstderr:\n%s", code, command, out, errs)
	}
	return out
}

// env is that of a fresh login, but for what has been downloaded and compiled already: fetching it
// again would show nothing about the scripts.
func (n *newcomer) env() []string {
	env := []string{"HOME=" + n.home, "PATH=" + os.Getenv("PATH"), "TERM=dumb"}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GOTOOLCHAIN"} {
		out, err := exec.Command("go", "env", name).Output()
		if err != nil {
			n.t.Fatal(err)
		}
		env = append(env, name+"="+strings.TrimSpace(string(out)))
	}
	return env
}

// stopsAtTheEnd ends the daemon of a home when the test does.
func (n *newcomer) stopsAtTheEnd(command string) {
	n.t.Cleanup(func() {
		cmd := exec.Command("bash", "-c", command)
		cmd.Dir, cmd.Env = project, n.env()
		if out, err := cmd.CombinedOutput(); err != nil {
			n.t.Errorf("%s: %v\n%s", command, err, out)
		}
	})
}

// contains fails the test if a text lacks one of the parts.
func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("this doesn't say %q:\n%s", part, text)
		}
	}
}
