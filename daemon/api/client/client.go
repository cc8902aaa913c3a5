// Package client asks the daemon of one home, on its socket. The commands use it; it knows nothing that
// another program couldn't read in the API's description, and keeps nothing.
package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"kith/daemon/api"
)

// Client asks the daemon of one home. Its methods return a *Problem for all that the daemon
// refuses, with code NotRunning when there is none.
type Client struct {
	http   *http.Client
	socket string
	space  string

	patience time.Duration
}

// New makes a client of the daemon that serves home; the daemon need not run yet.
// space is the name or ID of the space that is meant; "" is the only one.
func New(home, space string) (*Client, error) {
	socket, err := api.SocketPath(home)
	if err != nil {
		return nil, err
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		if err := api.CheckSocket(socket); err != nil {
			return nil, err
		}
		var d net.Dialer
		conn, err := d.DialContext(ctx, "unix", socket)
		if err != nil {
			return nil, err
		}
		if err := api.CheckAnswerer(conn.(*net.UnixConn)); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return conn, nil
	}
	transport := &http.Transport{DialContext: dial, DisableCompression: true, IdleConnTimeout: idleTimeout}
	return &Client{http: &http.Client{Transport: transport}, socket: socket, space: space, patience: patience}, nil
}

// In is a client of the same daemon for another space.
func (c *Client) In(space string) *Client {
	other := *c
	other.space = space
	return &other
}

// Close ends the client's idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// NotRunningHint says how to start a daemon.
const NotRunningHint = "start it in another terminal: kith daemon"

// idleTimeout is when the client gives a connection up that it doesn't use: before the daemon does, so that
// one which closes under a request means a daemon that stops.
const idleTimeout = time.Minute

// maxAddress bounds the address of a request, in bytes: well below what the server reads as
// headers.
const maxAddress = 16 << 10

// send makes one request, with in as JSON, or as it is if it is a reader. The caller closes the body
// of the answer, which is that of a success.
func (c *Client) send(ctx context.Context, method, path string, q url.Values, in any) (*http.Response, error) {
	return c.sendWith(ctx, method, path, q, in, nil)
}

// sendWith is send with fields of the header; nil: none.
func (c *Client) sendWith(ctx context.Context, method, path string, q url.Values, in any, header http.Header) (*http.Response, error) {
	body, isRaw := in.(io.Reader)
	if in != nil && !isRaw {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("write the request: %w", err)
		}
		body = bytes.NewReader(b)
	}
	if c.space != "" {
		if q == nil {
			q = url.Values{}
		}
		q.Set("space", c.space)
	}
	address := "http://kith/v1/" + path + "?" + q.Encode()
	if len(address) > maxAddress {
		return nil, api.Problemf(api.Limit, "shorten it", "no ID, name or search is as long as this: %d bytes", len(address))
	}
	listening, over := c.listening(ctx)
	req, err := http.NewRequestWithContext(listening, method, address, body)
	if err != nil {
		over(nil)
		return nil, err
	}
	maps.Copy(req.Header, header)
	resp, err := c.http.Do(req)
	if err != nil {
		deaf := errors.Is(context.Cause(listening), errDeaf)
		over(nil)
		if deaf {
			return nil, errDeaf
		}
		return nil, c.explain(ctx, err)
	}
	resp.Body = &heard{ReadCloser: resp.Body, ctx: listening, over: over}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	var refusal struct{ Error *api.Problem }
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&refusal); err != nil || refusal.Error == nil {
		return nil, api.Problemf(api.Failed, "kith doctor", "the daemon answered with %s", resp.Status)
	}
	return nil, refusal.Error
}

// lastLine reads an answer line by line until one says how it ended: each gives what came of it, or what was wrong, and of any other line neither.
func lastLine[L, R any](ctx context.Context, c *Client, resp *http.Response, each func(L) (*R, *api.Problem)) (res R, err error) {
	defer resp.Body.Close()
	for lines := json.NewDecoder(resp.Body); ; {
		var line L
		if err := lines.Decode(&line); err != nil {
			return res, c.explain(ctx, err)
		}
		switch came, wrong := each(line); {
		case wrong != nil:
			return res, wrong
		case came != nil:
			return *came, nil
		}
	}
}

// explain says what a request that got no answer means.
func (c *Client) explain(ctx context.Context, err error) error {
	var known *api.Problem
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return api.Problemf(api.TimedOut, "kith status", "the daemon didn't answer in time")
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return api.Problemf(api.NotRunning, NotRunningHint, "the daemon isn't running")
	case errors.Is(err, fs.ErrPermission):
		return api.Problemf(api.Failed, "is KITH_HOME yours?", "the daemon's socket belongs to somebody else: %s", c.socket)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), closedIdle(err):
		return api.Problemf(api.NotRunning, "look whether it was done, then start the daemon again: kith daemon", "the daemon stopped before it answered")
	}
	return fmt.Errorf("ask the daemon: %w", err)
}

// closedIdle says whether the daemon closed the connection in the moment in which a request was to go out
// on it; net/http has no other name for it.
func closedIdle(err error) bool {
	return strings.Contains(err.Error(), "server closed idle connection")
}

// call makes one request and reads the answer into a value.
func call[T any](ctx context.Context, c *Client, method, path string, q url.Values, in any) (out T, err error) {
	resp, err := c.send(ctx, method, path, q, in)
	if err != nil {
		return out, err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return out, c.explain(ctx, err)
	}
	return out, nil
}

// Events yields what happens from the moment when ready is called, until ctx ends or the
// daemon stops; the last pair has the error. ready may be nil.
func (c *Client) Events(ctx context.Context, kinds []string, ready func()) iter.Seq2[api.Event, error] {
	return func(yield func(api.Event, error) bool) {
		resp, err := c.send(ctx, "GET", "events", url.Values{"kind": kinds}, nil)
		if err != nil {
			yield(api.Event{}, err)
			return
		}
		defer resp.Body.Close()
		if ready != nil {
			ready()
		}
		lines := json.NewDecoder(bufio.NewReader(resp.Body))
		for {
			var e api.Event
			if err := lines.Decode(&e); err != nil {
				yield(api.Event{}, c.explain(ctx, err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

func waiting(wait time.Duration) url.Values { return url.Values{"wait": {wait.String()}} }
