package store

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

func TestWhatTheSystemRefusesIsNotCalledDamage(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		refused error
		told    error
	}{
		{syscall.EACCES, ErrDenied}, {syscall.EPERM, ErrDenied},
		{syscall.EMFILE, ErrTooManyFiles}, {syscall.ENFILE, ErrTooManyFiles},
		{syscall.ENOSPC, ErrDiskFull}, {syscall.EDQUOT, ErrDiskFull},
		{syscall.EFBIG, ErrFileTooLong}, {syscall.ENOMEM, ErrNoMemory}, {syscall.EROFS, ErrReadOnly},
		{syscall.EIO, ErrCorrupt},
	} {
		if got := whyShut(&os.PathError{Op: "open", Path: "000001.vlog", Err: test.refused}); !errors.Is(got, test.told) {
			t.Errorf("%v is told as: %v", test.refused, got)
		}
	}
}

// A program that is started holds the lock of a store for a moment, with all else that its parent has open.
func TestAStoreThatIsClosedThisMomentOpens(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	locked, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(locked.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	// The child has the lock until it ends; here nobody holds it any more.
	child := exec.Command("cat")
	child.ExtraFiles = []*os.File{locked}
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if err := locked.Close(); err != nil {
		t.Fatal(err)
	}
	opened := make(chan error, 1)
	go func() {
		s, err := Open(dir, nil)
		if err == nil {
			err = s.Close()
		}
		opened <- err
	}()
	if err := errors.Join(in.Close(), child.Wait()); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, keptDir+".part")); err == nil {
		t.Error("what was kept aside lies about")
	}
}
