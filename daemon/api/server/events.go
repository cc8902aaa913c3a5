package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"kith/daemon/api"
)

// events writes what happens as it happens, one JSON object a line, until the reader goes.
// The answer begins when nothing that happens from now on is missed.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	kinds := r.URL.Query()["kind"]
	for _, kind := range kinds {
		if err := checkWord("kind of event", kind, api.EventKinds()); err != nil {
			s.refuse(w, r, err)
			return
		}
	}
	events, err := s.allEvents(r.Context(), r.URL.Query().Get("space") != "")
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	stream := http.NewResponseController(w)
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.WriteHeader(http.StatusOK)
	if err := stream.Flush(); err != nil {
		return
	}
	for e := range events {
		if len(kinds) > 0 && !slices.Contains(kinds, e.Type) && !slices.Contains(kinds, e.Kind) {
			continue
		}
		line, err := json.Marshal(withLists(e))
		if err != nil {
			s.log.Error("unexpected", "err", err)
			return
		}
		_ = stream.SetWriteDeadline(time.Now().Add(writeTimeout)) // a recorder in a test may not know deadlines
		if _, err := w.Write(append(line, '\n')); err != nil {
			return
		}
		if err := stream.Flush(); err != nil {
			return
		}
	}
}

var errEnded = errors.New("the events of a space have ended")

// allEvents gives what happens in the spaces that are meant or, where none was named, in all, those included that begin meanwhile: of
// each of these an event says so first, since what happened in it before isn't told. The channel is closed when any of theirs
// is, which happens to a reader that falls too far behind.
func (s *Server) allEvents(ctx context.Context, named bool) (<-chan api.Event, error) {
	w := &watched{all: make(chan api.Event), known: map[string]bool{}}
	w.reading, w.ctx = errgroup.WithContext(ctx) // the end of one ends all
	defer func() {
		go func() {
			_ = w.reading.Wait()
			close(w.all)
		}()
	}()
	among, begun := s.among, s.spaces.Begun() // in this order: what begins in between is found at once
	for _, b := range among {
		if err := w.read(b); err != nil {
			return nil, err
		}
	}
	if !named {
		w.reading.Go(func() error {
			for {
				for _, b := range s.spaces.Spaces() {
					if w.known[b.Peers.Space().ID] {
						continue
					}
					if err := w.read(b); err != nil {
						return err
					}
					if err := w.tell(beganHere(b), b); err != nil {
						return err
					}
				}
				select {
				case <-begun:
					begun = s.spaces.Begun()
				case <-w.ctx.Done():
					return w.ctx.Err()
				}
			}
		})
	}
	return w.all, nil
}

// watched are the spaces whose events go to one reader.
type watched struct {
	all     chan api.Event
	reading *errgroup.Group
	ctx     context.Context // of reading
	known   map[string]bool // by ID; of the goroutine that adds spaces
	several atomic.Bool     // there are more than one
}

// read passes on what happens in a space from now on.
func (w *watched) read(b Space) error {
	events, err := b.Peers.Events(w.ctx)
	if err != nil {
		w.reading.Go(func() error { return err })
		return err
	}
	w.several.Store(len(w.known) > 0)
	w.known[b.Peers.Space().ID] = true
	w.reading.Go(func() error {
		for {
			select {
			case e, more := <-events:
				if !more {
					return errEnded
				}
				if err := w.tell(e, b); err != nil {
					return err
				}
			case <-w.ctx.Done():
				return w.ctx.Err()
			}
		}
	})
	return nil
}

func (w *watched) tell(e api.Event, of Space) error {
	if w.several.Load() {
		space := of.Peers.Space()
		e.Space = &space
	}
	select {
	case w.all <- e:
		return nil
	case <-w.ctx.Done():
		return w.ctx.Err()
	}
}

// beganHere says that a space is here now.
func beganHere(b Space) api.Event {
	e := api.Event{At: api.At(time.Now()), Type: "sync", Title: "another co-op is here now"}
	if share, ok := b.Peers.Share(); ok {
		e.Type, e.Title = "ally", "you are in the share with "+share.Ally
	}
	return e
}
