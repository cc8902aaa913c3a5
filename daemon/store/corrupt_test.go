package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"kith/crdt/entry"
)

// What is damaged is opened in a child process: this test binary, started again. A panic in one
// of Badger's goroutines would end the tests, as it would end a daemon.
const readerEnv = "KITH_STORE_READ"

const exitDamaged = 3

// readAll opens a store, reads all of it in every way, and checks it. It returns the exit code of
// the child: 0 if all is well, exitDamaged if the damage was said.
func readAll(dir string) int {
	err := func() error {
		s, err := Open(dir)
		if err != nil {
			return err
		}
		var errs []error
		errs = append(errs, s.Verify())
		errs = append(errs, s.Records(func(id entry.ID, _ Record) bool {
			b, _, err := s.Entry(id)
			if err == nil {
				_, err = entry.Decode(b)
			}
			errs = append(errs, err)
			return true
		}))
		errs = append(errs, s.Since(0, func(uint64, entry.ID) bool { return true }))
		errs = append(errs, s.Views("", func(entry.DocID, []byte) bool { return true }))
		_, err = s.Entries(entry.DocID{1})
		errs = append(errs, err)
		fmt.Printf("%d entries\n", s.Counts().Stored)
		errs = append(errs, s.Close())
		return errors.Join(errs...)
	}()
	if err == nil {
		return 0
	}
	fmt.Println(err)
	if errors.Is(err, ErrCorrupt) {
		return exitDamaged
	}
	return 1
}

// read runs readAll in a child, and returns its exit code and what it printed.
func read(t testing.TB, dir string) (int, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), readerEnv+"="+dir)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// storeToDamage makes a store with tables, a value log and, if it wasn't closed, a log of what
// isn't in tables yet.
func storeToDamage(t testing.TB, closed bool) string {
	t.Helper()
	dir := t.TempDir()
	s := open(t, dir)
	fill := func(from, to int) {
		for n := from; n < to; n++ {
			b := put(s, nil, entryNo(t, entry.DocID{byte(n%7 + 1)}, n))
			view := make([]byte, 300)
			rand.New(rand.NewSource(int64(n))).Read(view)
			b.PutView("task", entry.DocID{byte(n%7 + 1)}, view, n < 7)
			must(t, s.Commit(b))
		}
	}
	fill(0, 200)
	closeWell(t, s)
	if closed {
		return dir
	}
	s = open(t, dir)
	fill(200, 260)
	crashed := t.TempDir() // as it would lie there after a SIGKILL
	must(t, os.CopyFS(crashed, os.DirFS(dir)))
	return crashed
}

// copyOf copies a folder and returns the only file in it that matches.
func copyOf(t testing.TB, dir, pattern string) (copied, file string) {
	t.Helper()
	copied = filepath.Join(t.TempDir(), "store")
	must(t, os.CopyFS(copied, os.DirFS(dir)))
	files, err := filepath.Glob(filepath.Join(copied, pattern))
	must(t, err)
	if len(files) == 0 {
		t.Fatalf("no %s in the store", pattern)
	}
	return copied, files[0]
}

func TestExplore(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for _, closed := range []bool{true, false} {
		dir := storeToDamage(t, closed)
		filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
			if i, e := d.Info(); e == nil && !d.IsDir() {
				t.Log(closed, d.Name(), i.Size())
			}
			return nil
		})
		pats := []string{"*.sst", "MANIFEST", "*.vlog", "KEYREGISTRY", "DISCARD"}
		if !closed {
			pats = append(pats, "*.mem")
		}
		code, out := read(t, dir)
		t.Log("undamaged", code, out)
		for _, pat := range pats {
			seen := map[string]int{}
			for range 60 {
				c, f := copyOf(t, dir, pat)
				b, _ := os.ReadFile(f)
				used := len(bytes.TrimRight(b, "\x00"))
				if used == 0 {
					used = 1
				}
				what := "flip"
				switch rng.Intn(3) {
				case 0:
					what = "cut"
					must(t, os.Truncate(f, int64(rng.Intn(used))))
				default:
					b[rng.Intn(used)] ^= 1 << rng.Intn(8)
					must(t, os.WriteFile(f, b, 0o600))
				}
				code, out := read(t, c)
				lines := strings.Split(strings.TrimSpace(out), "\n")
				line := lines[0]
				if code != 0 && code != exitDamaged {
					for _, l := range lines {
						if strings.Contains(l, "badger/v4") {
							line += " @ " + l
							break
						}
					}
				}
				if i := strings.Index(line, "MANIFEST"); i > 80 { line = line[:80] }
				if len(line) > 200 {
					line = line[:200]
				}
				seen[fmt.Sprintf("%s %d %s", what, code, line)]++
				os.RemoveAll(c)
			}
			for k, n := range seen {
				t.Log(closed, pat, n, k)
			}
		}
	}
	_ = badger.ManifestFilename
}
