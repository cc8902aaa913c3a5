package whole

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// synced has fn run, and returns of which folders the names were on the disk after it, with what was in each then.
func synced(t *testing.T, fn func() error) map[string][]string {
	t.Helper()
	was, got := syncDir, map[string][]string{}
	defer func() { syncDir = was }()
	syncDir = func(dir string) error {
		names, err := os.ReadDir(dir)
		got[dir] = nil
		for _, n := range names {
			got[dir] = append(got[dir], n.Name())
		}
		if err != nil {
			return err
		}
		return was(dir)
	}
	if err := fn(); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestANameIsOnTheDiskBeforeItIsSaidThatItIs(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "device.key")
	for _, content := range []string{"old", "new"} {
		got := synced(t, func() error { return Write(file, []byte(content)) })
		if !slices.Equal(got[dir], []string{"device.key"}) {
			t.Errorf("on the disk are %v", got)
		}
		if b, err := os.ReadFile(file); err != nil || string(b) != content {
			t.Errorf("the file says %q: %v", b, err)
		}
	}
	if s, err := os.Stat(file); err != nil || s.Mode().Perm() != 0o600 {
		t.Errorf("it isn't private: %v %v", s.Mode(), err)
	}
	deep := filepath.Join(dir, "homes", "riso")
	got := synced(t, func() error { return Folder(deep) })
	if !slices.Contains(got[dir], "homes") || !slices.Contains(got[filepath.Join(dir, "homes")], "riso") {
		t.Errorf("of the folders on the disk are %v", got)
	}
	to := filepath.Join(deep, "kept")
	got = synced(t, func() error { return Move(file, to) })
	if !slices.Equal(got[deep], []string{"kept"}) || slices.Contains(got[dir], "device.key") || got[dir] == nil {
		t.Errorf("after a move on the disk are %v", got)
	}
	if err := Folder(to); err == nil {
		t.Error("a file passes for a folder")
	}
}

func TestNothingGetsItsNameOtherwise(t *testing.T) {
	for _, top := range []string{"../../daemon", "../../cli"} {
		err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(filepath.Dir(path), "whole") {
				return err
			}
			b, err := os.ReadFile(path)
			for _, call := range []string{"os.Rename(", "os.MkdirAll("} {
				if strings.Contains(string(b), call) {
					t.Errorf("%s: %s…) outlives no power cut", path, call)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
