package daemon

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kith/crdt/entry"
	"kith/daemon/api"
)

func protect(t testing.TB, h *home, old, new func() (string, error)) {
	t.Helper()
	_, err := Protect(ProtectOptions{Home: h.dir, Old: old, New: new})
	must(t, err)
}

// unlocked opens the key of a home with a passphrase.
func unlocked(t testing.TB, h *home, ask func() (string, error)) (entry.Device, error) {
	t.Helper()
	opened, err := OpenHome(h.dir)
	must(t, err)
	defer func() { must(t, opened.Close()) }()
	opened.Passphrase = ask
	key, err := opened.DeviceKey()
	if err != nil {
		return entry.Device{}, err
	}
	return key.Device(), nil
}

func TestAProtectedKeyOpensWithItsPassphraseOnly(t *testing.T) {
	lightly(t)
	ana := coop(t, "Ana")[0]
	want := keyOf(t, ana)
	plain, err := os.ReadFile(filepath.Join(ana.dir, keyFile))
	must(t, err)
	protect(t, ana, nil, typed(word))
	b, err := os.ReadFile(filepath.Join(ana.dir, keyFile))
	must(t, err)
	seed, err := hex.DecodeString(strings.TrimSpace(string(plain)))
	must(t, err)
	if bytes.Contains(b, bytes.TrimSpace(plain)) || bytes.Contains(b, seed) {
		t.Error("the key is still in its file")
	}
	info, err := os.Stat(filepath.Join(ana.dir, keyFile))
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v", info.Mode())
	}
	if got, err := unlocked(t, ana, typed(word)); err != nil || got != want {
		t.Errorf("with its passphrase: %v, %v", got, err)
	}
	var locked *LockedError
	if _, err := unlocked(t, ana, nil); !errors.As(err, &locked) || locked.Wrong {
		t.Errorf("without one: %v", err)
	}
	if _, err := unlocked(t, ana, typed("another one")); !errors.As(err, &locked) || !locked.Wrong {
		t.Errorf("with another one: %v", err)
	}
	// It is changed, and taken away, by who knows it.
	if _, err := Protect(ProtectOptions{Home: ana.dir, Old: typed("another one"), New: typed("mine from now")}); !errors.As(err, &locked) {
		t.Errorf("changed by who doesn't know it: %v", err)
	}
	protect(t, ana, typed(word), typed("a second one"))
	if got, err := unlocked(t, ana, typed("a second one")); err != nil || got != want {
		t.Errorf("with the second: %v, %v", got, err)
	}
	protect(t, ana, typed("a second one"), nil)
	if after, err := os.ReadFile(filepath.Join(ana.dir, keyFile)); err != nil || !bytes.Equal(plain, after) {
		t.Errorf("without one again it is another key: %v", err)
	}
}

func TestADaemonWithAProtectedKeyRunsWithThePassphraseAndSaysSoWithoutIt(t *testing.T) {
	lightly(t)
	ana := coop(t, "Ana")[0]
	protect(t, ana, nil, typed(word))
	serve := func(ask func() (string, error)) error {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		return Explain(Run(ctx, Options{Home: ana.dir, NoMDNS: true, Passphrase: ask, Ready: func([]string) {
			defer stop()
			_, err := ana.client.CreateTask(ctx, api.NewTask{Title: "Order paper"})
			if err != nil {
				t.Error(err)
			}
			checks, err := ana.client.Doctor(ctx, false)
			if err != nil || !strings.Contains(saysOf(checks, "key"), "protected by a passphrase") {
				t.Errorf("the doctor: %+v, %v", checks, err)
			}
			if _, err := Protect(ProtectOptions{Home: ana.dir}); !errors.As(err, new(*HeldError)) {
				t.Errorf("changed while the daemon runs: %v", err)
			}
		}}))
	}
	must(t, serve(typed(word)))
	for says, ask := range map[string]func() (string, error){"is protected by a passphrase": nil, "is not the passphrase": typed("another one")} {
		var p *api.Problem
		if err := serve(ask); !errors.As(err, &p) || p.Code != api.NotAllowed || !strings.Contains(p.Message, says) || p.Hint == "" {
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
	lightly(t)
	ana := coop(t, "Ana")[0]
	look := func(want string) {
		t.Helper()
		checks, err := Doctor(t.Context(), ana.dir, false)
		must(t, err)
		ana.healthy(checks)
		if !strings.Contains(saysOf(checks, "key"), want) || !strings.Contains(saysOf(checks, "disk"), "as it is") || saysOf(checks, "store") == "" {
			t.Errorf("want %q: %+v", want, checks)
		}
	}
	look("no passphrase protects it")
	protect(t, ana, nil, typed(word))
	look("protected by a passphrase")
}

func TestABackupOfAProtectedKeyKeepsItProtected(t *testing.T) {
	lightly(t)
	ana := coop(t, "Ana")[0]
	want := keyOf(t, ana)
	protect(t, ana, nil, typed(word))
	again := emptyPlace(t, "Ana")
	res, err := Restore(t.Context(), RestoreOptions{Home: again.dir, File: ana.backUp("")})
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
	if _, err := Protect(ProtectOptions{Home: dir, New: typed(word)}); !errors.As(err, &p) || p.Code != api.NotFound {
		t.Errorf("it says %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a home was made")
	}
}
