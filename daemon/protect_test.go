package daemon

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/api/apitest"
	"kith/daemon/backup"
	"kith/daemon/home"
	"kith/daemon/replica"
	"kith/daemon/store/storetest"
)

func protect(t testing.TB, h *computer, old, new func() (string, error)) {
	t.Helper()
	_, err := home.Protect(t.Context(), home.ProtectOptions{Home: h.dir, Old: old, New: new})
	must(t, err)
}

// unlocked opens the key of a home with a passphrase.
func unlocked(t testing.TB, h *computer, ask func() (string, error)) (entry.Device, error) {
	t.Helper()
	opened, err := home.Open(h.dir)
	must(t, err)
	defer func() { must(t, opened.Close()) }()
	opened.Passphrase = ask
	key, err := opened.DeviceKey()
	if err != nil {
		return entry.Device{}, err
	}
	return key.Device(), nil
}

// A crash came while a key was written, before its home was protected: in the home, and in a place below it.
func TestNoKeyLiesOpenInAProtectedHomeWhereACrashLeftIt(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	key, err := os.ReadFile(filepath.Join(ana.dir, "device.key"))
	must(t, err)
	below := filepath.Join(ana.dir, "spaces", "1")
	must(t, os.MkdirAll(below, 0o700))
	left := []string{filepath.Join(ana.dir, ".new-1234"), filepath.Join(below, ".new-5678")}
	for _, path := range left {
		must(t, os.WriteFile(path, key, 0o600))
	}
	protect(t, ana, nil, typed(word))
	must(t, filepath.WalkDir(ana.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, bytes.TrimSpace(key)) {
			t.Errorf("the key lies open in %s", path)
		}
		return err
	}))
}

// Attack 67. A crash ended a restore, what was restored came to nothing, and another co-op was founded there or below.
func TestNothingOfARestoreLiesOpenInAProtectedHomeWhereACrashLeftIt(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	below := filepath.Join(ana.dir, "spaces", "1")
	for _, dir := range []string{ana.dir, below} {
		left := filepath.Join(dir, "restoring")
		must(t, os.MkdirAll(left, 0o700))
		must(t, os.WriteFile(filepath.Join(left, "000001.vlog"), []byte("what a co-op wrote"), 0o600))
	}
	protect(t, ana, nil, typed(word))
	for _, dir := range []string{ana.dir, below} {
		if _, err := os.Stat(filepath.Join(dir, "restoring")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("in %s it is still there (%v)", dir, err)
		}
	}
}

func TestAProtectedKeyOpensWithItsPassphraseOnly(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	want := keyOf(t, ana)
	plain, err := os.ReadFile(filepath.Join(ana.dir, "device.key"))
	must(t, err)
	protect(t, ana, nil, typed(word))
	b, err := os.ReadFile(filepath.Join(ana.dir, "device.key"))
	must(t, err)
	seed, err := hex.DecodeString(strings.TrimSpace(string(plain)))
	must(t, err)
	if bytes.Contains(b, bytes.TrimSpace(plain)) || bytes.Contains(b, seed) {
		t.Error("the key is still in its file")
	}
	info, err := os.Stat(filepath.Join(ana.dir, "device.key"))
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v", info.Mode())
	}
	if got, err := unlocked(t, ana, typed(word)); err != nil || got != want {
		t.Errorf("with its passphrase: %v, %v", got, err)
	}
	var locked *home.LockedError
	if _, err := unlocked(t, ana, nil); !errors.As(err, &locked) || locked.Wrong {
		t.Errorf("without one: %v", err)
	}
	if _, err := unlocked(t, ana, typed("another one")); !errors.As(err, &locked) || !locked.Wrong {
		t.Errorf("with another one: %v", err)
	}
	// It is changed, and taken away, by who knows it.
	if _, err := home.Protect(t.Context(), home.ProtectOptions{Home: ana.dir, Old: typed("another one"), New: typed("mine from now")}); !errors.As(err, &locked) {
		t.Errorf("changed by who doesn't know it: %v", err)
	}
	protect(t, ana, typed(word), typed("a second one"))
	if got, err := unlocked(t, ana, typed("a second one")); err != nil || got != want {
		t.Errorf("with the second: %v, %v", got, err)
	}
	protect(t, ana, typed("a second one"), nil)
	if after, err := os.ReadFile(filepath.Join(ana.dir, "device.key")); err != nil || !bytes.Equal(plain, after) {
		t.Errorf("without one again it is another key: %v", err)
	}
}

func TestADaemonWithAProtectedKeyRunsWithThePassphraseAndSaysSoWithoutIt(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	protect(t, ana, nil, typed(word))
	serve := func(ask func() (string, error)) error {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		return (Run(ctx, Options{Home: ana.dir, NoMDNS: true, Passphrase: ask, Ready: func([]string) {
			defer stop()
			_, err := ana.client.CreateTask(ctx, apitest.NewTask{Title: "Order paper"})
			if err != nil {
				t.Error(err)
			}
			checks, err := ana.client.Doctor(ctx, api.DoctorRequest{})
			if err != nil || !strings.Contains(saysOf(checks, "key"), "protected by a passphrase") {
				t.Errorf("the doctor: %+v, %v", checks, err)
			}
			if _, err := home.Protect(t.Context(), home.ProtectOptions{Home: ana.dir}); !errors.As(err, new(*home.HeldError)) {
				t.Errorf("changed while the daemon runs: %v", err)
			}
		}}))
	}
	must(t, serve(typed(word)))
	for says, ask := range map[string]func() (string, error){"is protected by a passphrase": nil, "is not the passphrase": typed("another one")} {
		var p *api.Problem
		if err := serve(ask); !asTold(err, &p) || p.Code != api.NotAllowed || !strings.Contains(p.Message, says) || p.Hint == "" {
			t.Errorf("it says %v, want %q", err, says)
		}
	}
	ana.client.Close()
}

func saysOf(checks []api.Check, name string) string {
	for _, c := range checks {
		if c.Name == name {
			return c.Says
		}
	}
	return ""
}

func TestTheDoctorSaysWhatIsProtectedWithoutAskingForThePassphrase(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	look := func(want, disk string) {
		t.Helper()
		checks, err := Doctor(t.Context(), ana.dir, false, nil)
		must(t, err)
		ana.healthy(checks)
		if !strings.Contains(saysOf(checks, "key"), want) || !strings.Contains(saysOf(checks, "disk"), disk) || saysOf(checks, "store") == "" {
			t.Errorf("want %q: %+v", want, checks)
		}
	}
	look("no passphrase protects it", "as it is")
	protect(t, ana, nil, typed(word))
	look("protected by a passphrase", "is encrypted in the store")
}

func TestABackupOfAProtectedKeyKeepsItProtected(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	want := keyOf(t, ana)
	protect(t, ana, nil, typed(word))
	ana.passphrase = word
	again := emptyPlace(t, "Ana")
	res, err := backup.Restore(t.Context(), backup.RestoreOptions{Home: again.dir, File: ana.backUp("")})
	must(t, err)
	if !res.Protected {
		t.Errorf("it says %+v", res)
	}
	if _, err := unlocked(t, again, nil); err == nil {
		t.Error("the key opens without its passphrase")
	}
	if got, err := unlocked(t, again, typed(word)); err != nil || got != want {
		t.Errorf("with its passphrase: %v, %v", got, err)
	}
}

func TestOnlyAHomeWithACoopHasAKeyToProtect(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "home")
	var p *api.Problem
	if _, err := home.Protect(t.Context(), home.ProtectOptions{Home: dir, New: typed(word)}); !asTold(err, &p) || p.Code != api.NotFound {
		t.Errorf("it says %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a home was made")
	}
}

// A co-op of one whose words can be looked for on the disk.
func withWords(t testing.TB) (ana *computer, words string) {
	t.Helper()
	ana = coop(t, "Ana")[0]
	words = "nobody but us is to read of the Heidelberg press"
	ana.start()
	for i := range 20 {
		_, err := ana.client.CreateNote(t.Context(), apitest.NewNote{Title: fmt.Sprint("Note ", i), Text: words})
		must(t, err)
	}
	ana.stop()
	return ana, words
}

// lying says in which files of a home the words stand.
func lying(t testing.TB, dir, words string) []string {
	t.Helper()
	files, err := storetest.Holding(dir, words)
	must(t, err)
	return files
}

func TestWhoHasTheDiskOfAProtectedHomeCanReadNothingOfTheCoop(t *testing.T) {
	t.Parallel()
	ana, words := withWords(t)
	words = words[:20] // as long as compression leaves it in one piece
	if len(lying(t, ana.dir, words)) == 0 {
		t.Fatal("the words are nowhere to be found to begin with")
	}
	protect(t, ana, nil, typed(word))
	for _, w := range []string{words, "Riso Print", "Order paper"} {
		if files := lying(t, ana.dir, w); len(files) > 0 {
			t.Errorf("“%s” still stands in %v", w, files)
		}
	}
	// Nor does it after a day's work, of which the end is in the logs.
	ana.passphrase = word
	ana.start()
	_, err := ana.client.CreateNote(t.Context(), apitest.NewNote{Title: "Another", Text: words})
	must(t, err)
	notes, err := ana.client.Notes(t.Context(), apitest.NoteQuery{})
	must(t, err)
	if len(notes) != 21 {
		t.Errorf("she sees %d notes", len(notes))
	}
	checks, err := ana.client.Doctor(t.Context(), api.DoctorRequest{Rebuild: true})
	must(t, err)
	ana.healthy(checks)
	if !strings.Contains(saysOf(checks, "disk"), "is encrypted") {
		t.Errorf("the doctor says of the disk: %s", saysOf(checks, "disk"))
	}
	ana.kill()
	if files := lying(t, ana.dir, words); len(files) > 0 {
		t.Errorf("after a crash it stands in %v", files)
	}
	protect(t, ana, typed(word), nil)
	ana.passphrase = ""
	ana.start()
	notes, err = ana.client.Notes(t.Context(), apitest.NoteQuery{})
	must(t, err)
	if len(notes) != 21 || len(lying(t, ana.dir, words)) == 0 {
		t.Errorf("open again: %d notes", len(notes))
	}
}

func TestTheDoctorAndABackupOfAnEncryptedHomeNeedItsPassphraseOrItsDaemon(t *testing.T) {
	t.Parallel()
	ana, _ := withWords(t)
	protect(t, ana, nil, typed(word))
	checks, err := Doctor(t.Context(), ana.dir, false, nil)
	must(t, err)
	ana.healthy(checks)
	if !strings.Contains(saysOf(checks, "store"), "wasn't looked into") {
		t.Errorf("without it: %+v", checks)
	}
	checks, err = Doctor(t.Context(), ana.dir, false, typed(word))
	must(t, err)
	ana.healthy(checks)
	if !strings.Contains(saysOf(checks, "store"), "checksums are right") || saysOf(checks, "member") != "" {
		t.Errorf("with it: %+v", checks)
	}
	if checks, _ := Doctor(t.Context(), ana.dir, false, typed("another one")); !strings.Contains(saysOf(checks, "store"), "is not the passphrase") {
		t.Errorf("with another: %+v", checks)
	}
	o := backup.Options{Home: ana.dir, File: filepath.Join(t.TempDir(), "b"), Passphrase: word}
	var locked *home.LockedError
	if _, err := backup.Make(t.Context(), o); !errors.As(err, &locked) {
		t.Errorf("a backup without it: %v", err)
	}
	o.Unlock = typed(word)
	_, err = backup.Make(t.Context(), o)
	must(t, err)
	// What comes back isn't encrypted before somebody says so, and says it.
	again := emptyPlace(t, "Ana")
	_, err = backup.Restore(t.Context(), backup.RestoreOptions{Home: again.dir, File: o.File, Passphrase: typed(word)})
	must(t, err)
	checks, err = Doctor(t.Context(), again.dir, false, nil)
	must(t, err)
	if !strings.Contains(saysOf(checks, "disk"), "kith protect encrypts it") || !strings.Contains(saysOf(checks, "key"), "protected by a passphrase") {
		t.Errorf("after a restore: %+v", checks)
	}
	protect(t, again, typed(word), typed("and a third one"))
	again.passphrase = "and a third one"
	again.start()
	again.wellBeing()
}

// At whatever moment a protection is broken off, the home opens with the passphrase of before or the
// new one, and nothing is lost.
func TestAProtectionThatIsBrokenOffLeavesAllThatWasThere(t *testing.T) {
	t.Parallel()
	ana, _ := withWords(t)
	open := func(what string, asks ...func() (string, error)) {
		t.Helper()
		for _, ask := range asks {
			h, err := home.Open(ana.dir)
			must(t, err)
			h.Passphrase = ask
			storeKey, err := h.StoreKey()
			var locked *home.LockedError
			if errors.As(err, &locked) {
				must(t, h.Close())
				continue
			}
			must(t, err)
			key, err := h.DeviceKey()
			if errors.As(err, &locked) {
				must(t, h.Close())
				continue
			}
			must(t, err)
			r, err := replica.Open(replica.Config{Dir: h.StoreDir(), Key: key, StoreKey: storeKey})
			must(t, err)
			if n := len(r.Documents("")); n != 20 {
				t.Errorf("%s: %d documents", what, n)
			}
			must(t, errors.Join(r.Close(), h.Close()))
			for _, dir := range []string{"rewriting", "rewritten"} {
				if _, err := os.Stat(filepath.Join(ana.dir, dir)); err == nil {
					t.Errorf("%s: %s is left", what, dir)
				}
			}
			return
		}
		t.Errorf("%s: no passphrase opens it", what)
	}
	brokenOff := func(old, new func() (string, error)) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		_, err := home.Protect(ctx, home.ProtectOptions{Home: ana.dir, Old: old, New: new, Progress: func(done, _ int64) {
			if done == 10 {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	}
	brokenOff(nil, typed(word))
	open("broken off on the way in", typed(word))
	// As a crash would leave it: half of a new store; then a whole one that isn't in its place.
	must(t, os.MkdirAll(filepath.Join(ana.dir, "rewriting", "half"), 0o700))
	open("a crash while it was copied", typed(word))
	protect(t, ana, typed(word), typed(word))
	must(t, os.Rename(filepath.Join(ana.dir, "store"), filepath.Join(ana.dir, "rewritten")))
	must(t, os.MkdirAll(filepath.Join(ana.dir, "store", "half removed"), 0o700))
	open("a crash while the old one was removed", typed(word))
	must(t, os.Rename(filepath.Join(ana.dir, "store"), filepath.Join(ana.dir, "rewritten")))
	if h := home.At(ana.dir); !h.InUse() {
		t.Error("between the two names the home belongs to nobody")
	}
	open("a crash before the new one had its name", typed(word))
	brokenOff(typed(word), nil)
	open("broken off on the way out", typed(word))
	protect(t, ana, typed(word), nil)
	open("out", nil)
}

func TestKeysThatOthersCanReadAreRefused(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	file := filepath.Join(ana.dir, "device.key")
	for _, when := range []string{"without a passphrase", "with one"} {
		for _, mode := range []os.FileMode{0o640, 0o604, 0o666} {
			must(t, os.Chmod(file, mode))
			var refused *home.KeyError
			if _, err := unlocked(t, ana, typed(word)); !errors.As(err, &refused) || !strings.Contains(err.Error(), "chmod 600") {
				t.Errorf("%s, mode %v: %v", when, mode, err)
			}
			if err := ana.begin(); err == nil || !strings.Contains(err.Error(), "chmod 600") {
				t.Errorf("%s, mode %v: the daemon says %v", when, mode, err)
			}
		}
		must(t, os.Chmod(file, 0o600))
		protect(t, ana, typed(word), typed(word))
		for _, name := range []string{"device.key", "store", "store/KEYREGISTRY", "lock", "config.json"} {
			info, err := os.Stat(filepath.Join(ana.dir, name))
			must(t, err)
			if info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has mode %v", name, info.Mode())
			}
		}
	}
}
