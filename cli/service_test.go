//go:build unix

package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kith/daemon/api"
)

// A service runs at each login, whatever lies there by then.
func TestAProgramThatOthersCanReplaceIsNoService(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bin")
	program := filepath.Join(dir, "kith")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(program, nil, 0o755)); err != nil {
		t.Fatal(err)
	}
	for at, modes := range map[string][2]os.FileMode{dir: {0o777, 0o700}, program: {0o777, 0o755}} {
		if err := os.Chmod(at, modes[0]); err != nil { // whatever the umask is
			t.Fatal(err)
		}
		var p *api.Problem
		if err := onlyOwn(program); !errors.As(err, &p) || p.Code != api.NotAllowed || !strings.HasPrefix(p.Message, at) || p.Hint == "" {
			t.Errorf("where everybody can write %s: %v", at, err)
		}
		if err := os.Chmod(at, modes[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := onlyOwn("/bin/sh"); err != nil {
		t.Errorf("a program of the system: %v", err)
	}
}
