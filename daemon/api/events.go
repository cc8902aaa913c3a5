package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// events writes what happens as it happens, one JSON object a line, until the reader goes.
// The answer begins when nothing that happens from now on is missed.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	kinds := r.URL.Query()["kind"]
	if err := s.rightSpace(r); err != nil {
		s.refuse(w, r, err)
		return
	}
	for _, kind := range kinds {
		if err := checkWord("kind of event", kind, EventKinds()); err != nil {
			s.refuse(w, r, err)
			return
		}
	}
	events, err := s.backend.Events(r.Context())
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

// EventKinds are the words by which events can be picked: types, and kinds of documents.
func EventKinds() []string {
	return append([]string{KindTask, KindDecision, KindNote}, EventTypes...)
}
