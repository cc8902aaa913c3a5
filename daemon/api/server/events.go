package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
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
	events, err := s.allEvents(r.Context())
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

// allEvents gives what happens in the spaces that are meant. The channel is closed when any of theirs
// is, which happens to a reader that falls too far behind.
func (s *Server) allEvents(ctx context.Context) (<-chan api.Event, error) {
	if len(s.among) == 1 {
		return s.at.Peers.Events(ctx)
	}
	all := make(chan api.Event)
	reading, ctx := errgroup.WithContext(ctx) // the end of one ends all
	defer func() {
		go func() {
			_ = reading.Wait()
			close(all)
		}()
	}()
	for _, b := range s.among {
		events, err := b.Peers.Events(ctx)
		if err != nil {
			reading.Go(func() error { return err })
			return nil, err
		}
		space := b.Peers.Space()
		reading.Go(func() error {
			for {
				select {
				case e, more := <-events:
					if !more {
						return errEnded
					}
					e.Space = &space
					select {
					case all <- e:
						continue
					case <-ctx.Done():
					}
				case <-ctx.Done():
				}
				return ctx.Err()
			}
		})
	}
	return all, nil
}
