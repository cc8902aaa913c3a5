package api

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestASocketFolderThatOthersCanWriteIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kith")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := private(dir); err != nil {
		t.Errorf("a private folder: %v", err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := private(dir); err == nil {
		t.Error("a folder open to all is taken")
	}
}

func TestTimesAreInUTCOrNull(t *testing.T) {
	zone := time.FixedZone("east", 2*3600)
	b, err := At(time.Date(2026, 11, 24, 8, 0, 0, 123456789, zone)).MarshalJSON()
	if err != nil || string(b) != `"2026-11-24T06:00:00.123Z"` {
		t.Errorf("got %s %v", b, err)
	}
	if b, _ := (Time{}).MarshalJSON(); string(b) != "null" {
		t.Errorf("the zero time: %s", b)
	}
}

// Times stand beside others in lists: one that couldn't be read back would take the list with it.
func TestATimeThatNoDateSaysIsReadAllTheSame(t *testing.T) {
	for _, ms := range []int64{1 << 50, 1 << 62, -1 << 62} {
		b, err := At(time.UnixMilli(ms)).MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var read Time
		if err := read.UnmarshalJSON(b); err != nil || read.IsZero() {
			t.Errorf("of %d ms %s is written, and %v read: %v", ms, b, read, err)
		}
	}
}

func TestEveryCodeHasItsExitCode(t *testing.T) {
	for code, exit := range map[Code]int{Failed: 1, Usage: 2, NotRunning: 3, NotFound: 4, Ambiguous: 4, NotAllowed: 5, Invalid: 6, Limit: 6, TimedOut: 7, "new one": 1} {
		if code.Exit() != exit {
			t.Errorf("%s: %d, not %d", code, code.Exit(), exit)
		}
	}
}
