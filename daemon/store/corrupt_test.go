package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

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
		var key []byte
		if encrypted, err := Encrypted(dir); err != nil {
			return err
		} else if encrypted {
			key = testKey
		}
		s, err := Open(dir, key)
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
func storeToDamage(t testing.TB, closed bool) string { return storeWithKeyToDamage(t, closed, nil) }

func storeWithKeyToDamage(t testing.TB, closed bool, key []byte) string {
	t.Helper()
	dir := t.TempDir()
	s := openWith(t, dir, key)
	fill := func(from, to int) {
		for n := from; n < to; n++ {
			b := put(s, nil, entryNo(t, entry.DocID{byte(n%7 + 1)}, n))
			view := make([]byte, 300)
			rand.New(rand.NewSource(int64(n))).Read(view)
			b.PutView(entry.DocID{byte(n%7 + 1)}, Doc{Kind: "task", Updated: int64(n)}, view, n < 7)
			must(t, s.Commit(b))
		}
	}
	fill(0, 200)
	closeWell(t, s)
	if closed {
		return dir
	}
	s = openWith(t, dir, key)
	fill(200, 260)
	return copyAll(t, dir) // as it would lie there after a SIGKILL
}

func copyAll(t testing.TB, dir string) string {
	t.Helper()
	to := t.TempDir()
	files, err := os.ReadDir(dir)
	must(t, err)
	for _, f := range files {
		must(t, copySparse(filepath.Join(dir, f.Name()), filepath.Join(to, f.Name())))
	}
	return to
}

// copyOf copies a folder and returns a file in it that matches, the newest.
func copyOf(t testing.TB, dir, pattern string) (copied, file string) {
	t.Helper()
	copied = copyAll(t, dir)
	files, err := filepath.Glob(filepath.Join(copied, pattern))
	must(t, err)
	if len(files) == 0 {
		t.Fatalf("no %s in the store", pattern)
	}
	return copied, files[len(files)-1]
}

// damage is what happened to one file of a store.
type damage struct {
	name, file string
	closed     bool // whether the store was closed well before
	do         func(b []byte) []byte
	says       string // in the error
}

func TestADamagedStoreIsSaidAndNeverOverwritten(t *testing.T) {
	flip := func(at float64) func(b []byte) []byte { // in what the file holds before its zeros
		return func(b []byte) []byte {
			b[int(at*float64(used(b)-1))] ^= 0x10
			return b
		}
	}
	cut := func(at float64) func(b []byte) []byte {
		return func(b []byte) []byte { return b[:int(at*float64(used(b)))] }
	}
	remove := func([]byte) []byte { return nil }
	tests := []damage{
		{"a byte of a block changed", "*.sst", true, flip(0.1), "a block can't be read"},
		{"a byte in the middle of a table changed", "*.sst", true, flip(0.5), "a block can't be read"},
		{"a byte of one of the last blocks changed", "*.sst", true, flip(0.9), "a block can't be read"},
		{"a byte of the index changed", "*.sst", true, flip(0.98), "000001.sst"},
		{"the end of a table changed", "*.sst", true, flip(1), "000001.sst"},
		{"a table cut in half", "*.sst", true, cut(0.5), "cut off"},
		{"an empty table", "*.sst", true, cut(0), "cut off"},
		{"a table gone", "*.sst", true, remove, "000001.sst"},
		{"the manifest gone", "MANIFEST", true, remove, "MANIFEST is missing"},
		{"the manifest empty", "MANIFEST", true, cut(0), "manifest has bad magic"},
		{"the manifest cut", "MANIFEST", true, cut(0.6), "writes are gone"},
		{"the manifest changed", "MANIFEST", true, flip(0.9), "checksum"},
		{"the value log changed", "*.vlog", true, flip(0.2), "vlog"},
		{"after a crash: the log changed near its start", "*.mem", false, flip(0.01), "writes are gone"},
		{"after a crash: the log changed near its end", "*.mem", false, flip(0.9), "writes are gone"},
		{"after a crash: the log cut", "*.mem", false, cut(0.5), "writes are gone"},
		{"after a crash: the log emptied", "*.mem", false, cut(0), "writes are gone"},
		{"after a crash: the log gone", "*.mem", false, remove, "writes are gone"},
	}
	for key, kind := range map[string]string{"": "plain", string(testKey): "encrypted"} {
		stores := map[bool]string{}
		for _, closed := range []bool{true, false} {
			stores[closed] = storeWithKeyToDamage(t, closed, []byte(key))
		}
		for _, test := range tests {
			t.Run(kind+"/"+test.name, func(t *testing.T) { damaged(t, stores[test.closed], test) })
		}
	}
}

func damaged(t *testing.T, whole string, test damage) {
	dir, file := copyOf(t, whole, test.file)
	damageFile(t, file, test.do)
	before := contents(t, dir)
	for range 2 { // the second time it is no better
		code, out := read(t, dir)
		if code != exitDamaged || !strings.Contains(out, test.says) {
			t.Fatalf("the daemon would end with %d, not %d and %q:\n%s", code, exitDamaged, test.says, out)
		}
	}
	// Whatever there was is there still, in its place or aside.
	after, kept := contents(t, dir), contents(t, filepath.Join(dir, keptDir))
	for name, was := range before {
		if name == "LOCK" || name == "DISCARD" || name == witnessName || bytes.Equal(after[name], was) || bytes.Equal(kept[name], was) {
			continue
		}
		t.Errorf("%s was overwritten", name)
	}
}

func TestNoByteOfAStoreChangesUnnoticedOrEndsTheProcess(t *testing.T) {
	seed := rand.Int63()
	t.Log("seed", seed)
	rng := rand.New(rand.NewSource(seed))
	var stores [2]map[bool]string
	for i, key := range [][]byte{nil, testKey} {
		stores[i] = map[bool]string{true: storeWithKeyToDamage(t, true, key), false: storeWithKeyToDamage(t, false, key)}
	}
	want := map[bool]string{true: "200 entries", false: "260 entries"}
	for range 20 {
		closed, encrypted := rng.Intn(2) == 0, rng.Intn(2)
		files := []string{"*.sst", "MANIFEST", "*.vlog", "KEYREGISTRY"}
		if !closed {
			files = append(files, "*.mem", "*.mem")
		}
		pattern, bit, at := files[rng.Intn(len(files))], rng.Intn(8), rng.Float64()
		dir, file := copyOf(t, stores[encrypted][closed], pattern)
		damageFile(t, file, func(b []byte) []byte {
			b[int(at*float64(used(b)))] ^= 1 << bit
			return b
		})
		code, out := read(t, dir)
		if code != exitDamaged && (code != 0 || !strings.Contains(out, want[closed])) {
			t.Errorf("bit %d at %.4f of %s (closed %v, encrypted %d): ended with %d:\n%s", bit, at, pattern, closed, encrypted, code, out)
		}
		must(t, os.RemoveAll(dir))
	}
}

func TestAStoreAsACrashLeavesItOpensWhole(t *testing.T) {
	dir := storeToDamage(t, false)
	if code, out := read(t, dir); code != 0 || !strings.Contains(out, "260 entries") {
		t.Errorf("ended with %d:\n%s", code, out)
	}
	if _, err := os.Stat(filepath.Join(dir, keptDir)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("files are still kept aside: %v", err)
	}
}

func TestALogThatACrashLeftEmptyIsNoDamage(t *testing.T) {
	dir := storeToDamage(t, false)
	for _, name := range []string{"00002.mem", "000003.vlog"} {
		must(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	if code, out := read(t, dir); code != 0 || !strings.Contains(out, "260 entries") {
		t.Errorf("ended with %d:\n%s", code, out)
	}
}

func TestATableThatACrashLeftHalfWrittenIsNoDamage(t *testing.T) {
	dir := storeToDamage(t, false)
	table, err := os.ReadFile(filepath.Join(dir, "000001.sst"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "000009.sst"), table[:len(table)/2], 0o600))
	if code, out := read(t, dir); code != 0 || !strings.Contains(out, "260 entries") {
		t.Errorf("ended with %d:\n%s", code, out)
	}
}

// start reads what these small stores have in a file; what follows in it are zeros.
func start(t testing.TB, file string) []byte {
	t.Helper()
	f, err := os.Open(file)
	must(t, err)
	defer f.Close()
	b := make([]byte, 256<<10)
	n, err := io.ReadFull(f, b)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		t.Fatal(err)
	}
	return b[:n]
}

// used is the length of b without the zeros at its end.
func used(b []byte) int { return min(len(b), max(1, len(bytes.TrimRight(b, "\x00")))) }

func damageFile(t testing.TB, file string, do func([]byte) []byte) {
	t.Helper()
	b := start(t, file)
	size := len(b)
	b = do(b)
	if b == nil {
		must(t, os.Remove(file))
		return
	}
	if len(b) == size {
		b = b[:used(b)] // the rest stays as it is
	} else {
		must(t, os.Truncate(file, int64(len(b))))
	}
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteAt(b, 0)
	must(t, errors.Join(err, f.Close()))
}

// contents reads all files of a folder, without the zeros at their ends.
func contents(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return out
	}
	must(t, err)
	for _, f := range files {
		if !f.IsDir() {
			b := start(t, filepath.Join(dir, f.Name()))
			out[f.Name()] = b[:used(b)]
		}
	}
	return out
}
