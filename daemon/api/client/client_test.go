package client

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kith/daemon/api"
	"kith/daemon/api/server"
)

// gone is a connection that tells when its own side has given it up.
type gone struct {
	net.Conn
	once sync.Once
	told chan struct{}
}

func (g *gone) Close() error {
	g.once.Do(func() { close(g.told) })
	return g.Conn.Close()
}

// A daemon that stops in the moment in which a request is about to go out has stopped, whatever net/http
// calls that.
func TestADaemonThatStopsUnderARequestIsSaidToHaveStopped(t *testing.T) {
	home, err := os.MkdirTemp("", "kith") // short: the path of a socket has 103 bytes at most
	must(t, err)
	defer os.RemoveAll(home)
	listener, err := server.Listen(home)
	must(t, err)
	defer listener.Close()
	stops := make(chan struct{})
	go answerOnce(listener, stops)
	c, err := New(home, "")
	must(t, err)
	defer c.Close()
	transport := c.http.Transport.(*http.Transport)
	dial, told := transport.DialContext, make(chan struct{})
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		return &gone{Conn: conn, told: told}, err
	}

	_, err = c.EditDocument(t.Context(), "notes", "n-1", nil)
	must(t, err)
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		close(stops)
		<-told
	}})
	_, err = c.EditDocument(ctx, "notes", "n-1", nil)
	if p := (*api.Problem)(nil); !errors.As(err, &p) || p.Code != api.NotRunning {
		t.Errorf("it is said that %v", err)
	}
}

// A daemon that was stopped (SIGSTOP) takes connections, and answers none. One that works long does answer.
func TestADaemonThatDoesntHearEndsACommandAndOneThatWorksLongDoesNot(t *testing.T) {
	home, err := os.MkdirTemp("", "kith")
	must(t, err)
	defer os.RemoveAll(home)
	listener, err := server.Listen(home)
	must(t, err)
	c, err := New(home, "")
	must(t, err)
	defer c.Close()
	c.patience = 20 * time.Millisecond
	_, err = c.EditDocument(t.Context(), "notes", "n-1", nil) // nobody takes it
	if p := (*api.Problem)(nil); !errors.As(err, &p) || p.Code != api.TimedOut || !strings.Contains(p.Message, "doesn't answer") {
		t.Errorf("it is said that %v", err)
	}

	c.patience = 500 * time.Millisecond
	var asked atomic.Int32
	often := make(chan struct{})
	works := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/alive" {
			if asked.Add(1) == 2 {
				close(often)
			}
			return
		}
		select {
		case <-often:
		case <-r.Context().Done():
		}
		_, _ = w.Write([]byte("{}"))
	})}
	defer works.Close()
	go works.Serve(listener)
	if _, err = c.EditDocument(t.Context(), "notes", "n-1", nil); err != nil {
		t.Errorf("one that works on it is given up: %v", err)
	}
}

// answerOnce answers one request, as a daemon that would take more on the same connection, and closes it
// when the daemon stops.
func answerOnce(listener net.Listener, stops <-chan struct{}) {
	conn, err := listener.Accept()
	if err != nil {
		return
	}
	defer conn.Close()
	if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
		return
	}
	_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"))
	<-stops
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
