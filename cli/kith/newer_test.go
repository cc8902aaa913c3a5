package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// newerEdits are what a release does that comes after this one: it knows a newer version of the shared rules, one more
// kind, and a field more of one that there is (testdata/newer). Its clock is that of the script, like everybody's.
var newerEdits = []struct{ file, from, to string }{
	{"crdt/entry/entry.go", "const RulesVersion = 1\n", "const RulesVersion = 2\n"},
	{"crdt/kinds/all.go", "kind.NewSet(", "kind.NewSet(Poem, "},
	{"crdt/kinds/note.go", `View: 1,`, `View: 2, Fields: []*kind.Field{mood}, Shows: []*kind.Shown{mood.Shown()},`},
	{"crdt/kinds/note.go", `Name: "edit", Gist: "change a note",`, `Name: "edit", Gist: "change a note", With: []*kind.Field{mood},`},
	{"cli/kith/main.go", "var clock = time.Now\n", "var clock = func() time.Time { ahead, _ := time.ParseDuration(os.Getenv(\"" + aheadEnv + "\")); return time.Now().Add(ahead) }\n"},
}

// newerKith builds the program of such a release, as dir/kith.
func newerKith(dir string) error {
	root, err := filepath.Abs("../..")
	if err != nil {
		return err
	}
	edited := map[string]string{}
	for _, e := range newerEdits {
		if edited[e.file] == "" {
			b, err := os.ReadFile(filepath.Join(root, e.file))
			if err != nil {
				return err
			}
			edited[e.file] = string(b)
		}
		if n := strings.Count(edited[e.file], e.from); n != 1 {
			return fmt.Errorf("%s has %q %d times", e.file, e.from, n)
		}
		edited[e.file] = strings.Replace(edited[e.file], e.from, e.to, 1)
	}
	replace := map[string]string{filepath.Join(root, "crdt/kinds/poem.go"): filepath.Join(root, "cli/kith/testdata/newer/poem.go")}
	for file, text := range edited {
		to := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			return err
		}
		replace[filepath.Join(root, file)] = to
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	in := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(in, overlay, 0o600); err != nil {
		return err
	}
	// Nobody asks how fast it is: without optimizations it is built in less time.
	build := exec.Command("go", "build", "-gcflags=kith/...=-N -l", "-overlay", in, "-o", filepath.Join(dir, "kith"), "./cli/kith")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build a newer Kith: %w\n%s", err, out)
	}
	return nil
}

// newer gives members a newer Kith in the place of theirs, as an update does. Who has no home yet begins with it.
func (l *lab) newer(_ *testscript.TestScript, names []string) error {
	in, err := l.newest()
	if err != nil {
		return err
	}
	l.newerIn = in
	for _, name := range names {
		h := l.homes[name]
		ran := h != nil && h.daemon != nil
		if ran {
			if err := l.stop(h); err != nil {
				return err
			}
		}
		l.updated[name] = true
		if ran {
			if err := l.start(h); err != nil {
				return err
			}
		}
	}
	return nil
}
