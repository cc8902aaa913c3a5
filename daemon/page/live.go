package page

import (
	"context"
	"io"
	"net/http"
	"time"
)

// maxStreams bounds how many pages hear of changes at a time. A browser takes one for all its windows.
const maxStreams = 16

// retryAfter is how soon a browser asks again whose stream ended, in milliseconds.
const retryAfter = "1000"

// streams tells a page that something has changed, as it happens, by server-sent events. What, it asks for itself: it is shown what
// it shows anew. What happens while an event is written is told by one more.
func (p *Page) streams(w http.ResponseWriter, r *http.Request) {
	select {
	case p.live <- struct{}{}:
		defer func() { <-p.live }()
	default:
		http.Error(w, "", http.StatusServiceUnavailable)
		return
	}
	out := http.NewResponseController(w)
	say := func(what string) bool {
		_ = out.SetWriteDeadline(time.Now().Add(writeTimeout)) // a recorder in a test knows none
		_, err := io.WriteString(w, what)
		return err == nil && out.Flush() == nil
	}
	_ = out.SetReadDeadline(time.Time{}) // nothing more is to be read
	changed := make(chan struct{}, 1)
	tell := func() {
		select {
		case changed <- struct{}{}:
		default: // it is told already
		}
	}
	ctx, cancel := context.WithCancel(r.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for _, err := range p.daemon.Events(ctx, nil, tell) {
			if err != nil {
				return
			}
			tell()
		}
	}()
	defer func() { cancel(); <-ended }()
	w.Header().Set("Content-Type", "text/event-stream")
	if !say("retry: " + retryAfter + "\n\n") {
		return
	}
	for {
		select {
		case <-changed:
			if !say("event: change\ndata:\n\n") {
				return
			}
		case <-ended:
			return
		case <-ctx.Done():
			return
		}
	}
}
