package server

import (
	"io"
	"net/http"
	"time"
)

// backup writes what a backup holds, unsealed. It is broken off in the middle if something fails,
// which its reader sees by the missing end.
func (s *Server) backup(w http.ResponseWriter, r *http.Request) {
	one, err := s.pick(r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	out := &steady{w: w, stream: http.NewResponseController(w)}
	err = one.backend.Backup(r.Context(), out)
	switch {
	case err != nil && !out.begun:
		s.refuse(w, r, err)
	case err != nil:
		s.log.Error("backup broken off", "err", err)
		panic(http.ErrAbortHandler)
	}
}

// steady is an answer that may take long as long as it is being taken.
type steady struct {
	w      io.Writer
	stream *http.ResponseController
	begun  bool
}

func (s *steady) Write(b []byte) (int, error) {
	s.begun = true
	_ = s.stream.SetWriteDeadline(time.Now().Add(writeTimeout)) // a recorder in a test may not know deadlines
	return s.w.Write(b)
}
