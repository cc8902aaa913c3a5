package page_test

import (
	"bufio"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// connectAs connects as another user, whom Linux keeps for each thread alone: this one ends with the goroutine.
func connectAs(t *testing.T, address string, uid int) net.Conn {
	t.Helper()
	type made struct {
		net.Conn
		error
	}
	done := make(chan made)
	go func() {
		runtime.LockOSThread()
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)); errno != 0 {
			done <- made{nil, errno}
			return
		}
		c, err := net.Dial("tcp4", address)
		done <- made{c, err}
	}()
	got := <-done
	must(t, got.error)
	t.Cleanup(func() { got.Close() })
	return got.Conn
}

// The other user has the cookie, and a link besides.
func TestAnotherUserOfThisComputerIsTurnedAway(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can be two users")
	}
	ana := coop(t, "Ana")[0]
	at := mustParse(t, ana.base)
	cookie := ana.web.Jar.Cookies(at)[0]
	link := mustParse(t, ana.link())
	for _, path := range []string{at.Path, link.RequestURI(), "/static/style.css"} {
		conn := connectAs(t, at.Host, 65534)
		_, _ = conn.Write([]byte("GET " + path + " HTTP/1.1\r\nHost: " + at.Host + "\r\nCookie: " + cookie.Name + "=" + cookie.Value + "\r\n\r\n")) // it may be closed already
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			continue // closed, and nothing was said
		}
		defer resp.Body.Close()
		b := make([]byte, 1<<12)
		n, _ := resp.Body.Read(b)
		if resp.StatusCode != http.StatusForbidden || strings.Contains(string(b[:n]), "Riso") {
			t.Errorf("%s is answered with %d: %s", path, resp.StatusCode, b[:n])
		}
	}
	if a := ana.sees(""); !strings.Contains(a.body, "Riso") {
		t.Error("the test tests nothing: its owner doesn't see it either")
	}
}
