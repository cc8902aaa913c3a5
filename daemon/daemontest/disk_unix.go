//go:build unix

package daemontest

import (
	"errors"
	"os"
	"syscall"
	"testing"
)

// FillUp leaves so many bytes of a disk, by a file on it.
func FillUp(t testing.TB, disk, file string, left int64) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var st syscall.Statfs_t
	must(syscall.Statfs(disk, &st))
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	must(err)
	defer f.Close()
	b := make([]byte, 1<<20)
	for room := int64(st.Bavail)*int64(st.Bsize) - left; room > 0; {
		n, err := f.Write(b[:min(room, int64(len(b)))])
		if errors.Is(err, syscall.ENOSPC) {
			return
		}
		must(err)
		room -= int64(n)
	}
}
