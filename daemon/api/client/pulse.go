package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"kith/daemon/api"
)

// patience is how long a daemon may leave a request without an answer before it is asked whether it hears at all, and how
// long it may take for that: a process that was stopped takes connections and answers none of them.
const patience = 15 * time.Second

// alive is what is asked then: of the mux itself, past everything that may be busy.
const alive = "http://kith/v1/alive"

var errDeaf = api.Problemf(api.TimedOut,
	"if it was stopped (Ctrl-Z), let it go on: fg, or kill -CONT and its number (pgrep kith); else end it and start it anew: kith daemon; what was asked may still be done once it goes on, so look before you ask again",
	"the daemon is there and doesn't answer: it was stopped, or its computer has far too much to do")

// listening ends a request when its daemon doesn't hear any more: the cause of the context is errDeaf then. Work that takes
// long goes on. Its cancel is for when the request is over.
func (c *Client) listening(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		tick := time.NewTicker(c.patience)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if !c.hears(ctx) {
				cancel(errDeaf)
				return
			}
		}
	}()
	return ctx, cancel
}

// hears says whether the daemon answers a question that is no work, whatever the answer; if it is gone the request itself ends.
func (c *Client) hears(ctx context.Context) bool {
	asked, done := context.WithTimeout(ctx, c.patience)
	defer done()
	req, err := http.NewRequestWithContext(asked, http.MethodGet, alive, nil)
	if err != nil {
		return true
	}
	resp, err := c.http.Do(req)
	if err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		return true
	}
	return ctx.Err() != nil || !errors.Is(asked.Err(), context.DeadlineExceeded)
}

// heard is the body of an answer, in whose reading the daemon is listened to as well.
type heard struct {
	io.ReadCloser
	ctx  context.Context
	over context.CancelCauseFunc
}

func (h *heard) Read(p []byte) (int, error) {
	n, err := h.ReadCloser.Read(p)
	if err != nil && errors.Is(context.Cause(h.ctx), errDeaf) {
		err = errDeaf
	}
	return n, err
}

func (h *heard) Close() error {
	h.over(nil)
	return h.ReadCloser.Close()
}
