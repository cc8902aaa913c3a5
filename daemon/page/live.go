package page

import (
	"context"
	"io"
	"maps"
	"net/http"
	"sync"
	"time"
)

// maxStreams bounds how many pages hear of changes at a time. A browser takes one for all its windows.
const maxStreams = 16

// retryAfter is how soon a browser asks again whose stream ended, in milliseconds.
const retryAfter = "1000"

// hub hears what happens, tells it to open pages, and keeps until then what stands around every page.
type hub struct {
	mu    sync.Mutex
	hears bool // while it doesn't, nothing is kept
	turn  uint64
	kept  map[string]any
	ears  map[chan struct{}]bool
}

// listen gives a channel on which it is told that something has changed; once, however much does while nobody looks.
func (h *hub) listen() (ear chan struct{}, end func()) {
	ear = make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ears == nil {
		h.ears = map[chan struct{}]bool{}
	}
	h.ears[ear] = true
	return ear, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.ears, ear)
	}
}

// stir forgets what was kept, and then tells everybody: who asks because of it is shown what is.
func (h *hub) stir(hears bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hears = hears
	h.tellLocked()
}

// tell is stir where what has changed is the page's own.
func (h *hub) tell() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tellLocked()
}

func (h *hub) tellLocked() {
	h.kept = nil
	h.turn++
	for ear := range maps.Keys(h.ears) {
		select {
		case ear <- struct{}{}:
		default: // it is told already
		}
	}
}

// forget forgets what was kept.
func (h *hub) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept = nil
	h.turn++
}

// keep gives what is kept under a key, or makes it. What changed while it was made isn't kept.
func keep[T any](h *hub, key string, make func() (T, error)) (T, error) {
	h.mu.Lock()
	v, ok := h.kept[key].(T)
	turn := h.turn
	h.mu.Unlock()
	if ok {
		return v, nil
	}
	v, err := make()
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil && h.hears && h.turn == turn {
		if h.kept == nil {
			h.kept = map[string]any{}
		}
		h.kept[key] = v
	}
	return v, err
}

// hear follows what happens until ctx ends. A stream that broke off, as of who falls behind, begins anew.
func (p *Page) hear(ctx context.Context) {
	for ctx.Err() == nil {
		for _, err := range p.daemon.Events(ctx, nil, func() { p.hub.stir(true) }) {
			if err != nil {
				p.log.Debug("the page doesn't hear what happens", "err", err)
				break
			}
			p.hub.stir(true)
		}
		p.hub.stir(false)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

// streams tells a page that something has changed, as it happens, by server-sent events. What, it asks for itself: it is shown what
// it shows anew.
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
	ear, end := p.hub.listen()
	defer end()
	w.Header().Set("Content-Type", "text/event-stream")
	told := "event: change\ndata:\n\n"
	if !say("retry: " + retryAfter + "\n\n" + told) { // it may have missed something before it began
		return
	}
	for {
		select {
		case <-ear:
			if !say(told) {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}
