package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kith/daemon/api"
)

func fileWith(t *testing.T, content string, mode os.FileMode) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "word")
	if err := os.WriteFile(file, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestABackupIsSealedUnlessSomebodySaysPlain(t *testing.T) {
	d := newDesk(t)
	var told []BackupOptions
	d.hooks.Backup = func(_ context.Context, o BackupOptions) (api.Backup, error) {
		told = append(told, o)
		return api.Backup{File: o.File, Sealed: o.Passphrase != "", Entries: 3, Bytes: 2048, Space: api.Named{Name: "Co-op"}}, nil
	}
	if says := d.fails(2, "backup", "b"); !strings.Contains(says, "needs a passphrase") || !strings.Contains(says, "--plain") {
		t.Errorf("without a terminal it says %s", says)
	}
	word := fileWith(t, "five words picked by chance\n", 0o600)
	d.fails(2, "backup", "b", "--plain", "--passphrase-file", word)
	if len(told) > 0 {
		t.Fatalf("a backup was made: %+v", told)
	}
	if out := d.ok("backup", "b", "--plain"); !strings.Contains(out, "3 entries, 2.0 KiB, of “Co-op”") || !strings.Contains(out, "not sealed") {
		t.Errorf("a plain one says %s", out)
	}
	if out := d.ok("backup", "b", "--passphrase-file", word, "--replace"); strings.Contains(out, "not sealed") {
		t.Errorf("a sealed one says %s", out)
	}
	if told[0].Passphrase != "" || told[1].Passphrase != "five words picked by chance" || !told[1].Replace || !filepath.IsAbs(told[1].File) {
		t.Errorf("the daemon's side was told %+v", told)
	}
}

func TestAFileWithAPassphraseIsOneLineThatNobodyElseCanRead(t *testing.T) {
	d := newDesk(t)
	d.hooks.Backup = func(context.Context, BackupOptions) (api.Backup, error) {
		t.Error("a backup was made")
		return api.Backup{}, nil
	}
	tests := []struct {
		name, content string
		mode          os.FileMode
		exit          int
		says          string
	}{
		{"readable by others", "five words", 0o640, 5, "others can read"},
		{"empty", "\n", 0o600, 6, "doesn't hold a passphrase"},
		{"two lines", "one\ntwo\n", 0o600, 6, "one line"},
		{"a book", strings.Repeat("word ", 1000), 0o600, 6, "at most"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := fileWith(t, test.content, test.mode)
			if says := d.fails(test.exit, "backup", "b", "--passphrase-file", file); !strings.Contains(says, test.says) {
				t.Errorf("says %s", says)
			}
		})
	}
	d.fails(4, "backup", "b", "--passphrase-file", filepath.Join(d.home, "nothing"))
}

func TestThePassphraseOfTheKeyComesFromAFlagOrTheEnvironmentAndTheFlagGoesFirst(t *testing.T) {
	d := newDesk(t)
	var got string
	d.hooks.Daemon = func(_ context.Context, o DaemonOptions) (err error) {
		got, err = o.Passphrase()
		return err
	}
	if says := d.fails(5, "daemon"); !strings.Contains(says, "protected by a passphrase") || !strings.Contains(says, "KITH_PASSPHRASE_FILE") {
		t.Errorf("without a terminal it says %s", says)
	}
	d.env["KITH_PASSPHRASE_FILE"] = fileWith(t, "of the environment", 0o600)
	if d.ok("daemon"); got != "of the environment" {
		t.Errorf("it got %q", got)
	}
	if d.ok("daemon", "--passphrase-file", fileWith(t, "of the flag", 0o600)); got != "of the flag" {
		t.Errorf("it got %q", got)
	}
}

func TestARestoreSaysWhatCameBack(t *testing.T) {
	d := newDesk(t)
	back := api.Restored{
		Backup: api.Backup{Space: api.Named{Name: "Co-op"}, MadeAt: api.At(now.AddDate(0, -1, 0)), Entries: 12},
		Home:   d.home, Left: 2, Protected: true,
	}
	d.hooks.Restore = func(_ context.Context, o RestoreOptions) (api.Restored, error) {
		o.Progress("checking the backup", 1, 12)
		return back, nil
	}
	out := d.ok("restore", "b")
	for _, want := range []string{"Back in “Co-op”", "10 entries", "Left out", "2 entries", "has a passphrase", "kith daemon"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %s", want, out)
		}
	}
	if out := d.ok("restore", "b", "--jq", ".left"); out != "2\n" {
		t.Errorf("as JSON: %s", out)
	}
}

func TestProtectAsksForANewPassphraseOrTakesItAway(t *testing.T) {
	d := newDesk(t)
	var said string
	d.hooks.Protect = func(_ context.Context, o ProtectOptions) (api.Protection, error) {
		if o.New == nil {
			return api.Protection{}, nil
		}
		word, err := o.New()
		said = word
		o.Progress(1, 2)
		return api.Protection{Protected: true}, err
	}
	if says := d.fails(2, "protect"); !strings.Contains(says, "needs a new passphrase") {
		t.Errorf("without a terminal it says %s", says)
	}
	word := fileWith(t, "five words picked by chance", 0o600)
	if out := d.ok("protect", "--new-passphrase-file", word); !strings.Contains(out, "protected") || said != "five words picked by chance" {
		t.Errorf("with %q: %s", said, out)
	}
	if out := d.ok("protect", "--off"); !strings.Contains(out, "no passphrase now, and the store isn't encrypted") {
		t.Errorf("off: %s", out)
	}
	d.fails(2, "protect", "--off", "--new-passphrase-file", word)
}
