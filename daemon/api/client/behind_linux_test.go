package client

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"kith/daemon/api"
)

// listenAs opens a socket as another user, whom Linux keeps for each thread alone: this one ends with the
// goroutine.
func listenAs(t *testing.T, path string, uid int) net.Listener {
	t.Helper()
	type opened struct {
		net.Listener
		error
	}
	done := make(chan opened)
	go func() {
		runtime.LockOSThread()
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)); errno != 0 {
			done <- opened{nil, errno}
			return
		}
		l, err := net.Listen("unix", path)
		done <- opened{l, err}
	}()
	got := <-done
	must(t, got.error)
	t.Cleanup(func() { got.Close() })
	return got.Listener
}

// Somebody had the time to put a socket into a home that was open to all, and the home was closed since.
func TestASocketOfAnotherUserIsToldNothing(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can be two users")
	}
	home, err := os.MkdirTemp("", "kith")
	must(t, err)
	defer os.RemoveAll(home)
	must(t, os.Chmod(home, 0o777))
	listener := listenAs(t, filepath.Join(home, "kith.sock"), 65534)
	must(t, os.Chmod(home, 0o700))
	heard := make(chan []byte, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			heard <- []byte(err.Error())
			return
		}
		defer conn.Close()
		b := make([]byte, 1<<10)
		n, _ := conn.Read(b)
		heard <- b[:n]
	}()
	c, err := New(home, "")
	must(t, err)
	defer c.Close()
	_, err = c.EditDocument(t.Context(), "notes", "n-1", nil)
	if p := (*api.Problem)(nil); !errors.As(err, &p) || !strings.Contains(p.Message, "another user") || p.Hint == "" {
		t.Errorf("it is said that %v", err)
	}
	if b := <-heard; len(b) > 0 {
		t.Errorf("the other user heard %q", b)
	}
}
