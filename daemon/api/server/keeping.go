package server

import (
	"context"
	"io"
	"net/http"
	"time"

	"kith/daemon/api"
)

// Keeping is what a space is kept by: checks, backups, and bundles for those whom the network doesn't reach.
type Keeping interface {
	// Doctor checks store, views, keys, clock and reachability; with rebuild it makes the
	// views anew first.
	Doctor(ctx context.Context, q api.DoctorRequest) ([]api.Check, error)
	// Backup writes to w what a backup holds, as of one moment, while others write on.
	Backup(ctx context.Context, w io.Writer) error
	// WriteBundle writes a bundle, sealed, to what begin gives when it is known what it will be.
	WriteBundle(ctx context.Context, q api.BundleRequest, begin func(api.Bundle) (io.Writer, error)) error
	// Answer lets in who asks with a text, and writes the answer to what begin gives when it is known what it will be.
	Answer(ctx context.Context, ask string, begin func(api.Answered) (io.Writer, error)) error
	// ReadBundle takes what is in a bundle, and tells how far it is. What was taken before an error
	// stays.
	ReadBundle(ctx context.Context, in io.Reader, progress func(api.BundleProgress)) (api.BundleRead, error)
}

// backup writes what a backup holds, unsealed. It is broken off in the middle if something fails,
// which its reader sees by the missing end.
func (s *Server) backup(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/octet-stream")
	out := &steady{w: w, stream: http.NewResponseController(w)}
	err := s.at.Keeping.Backup(r.Context(), out)
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

func (s *Server) doctor(r *http.Request, d api.DoctorRequest) ([]api.Check, error) {
	return across(s, func(one *Server) ([]api.Check, error) { return one.at.Keeping.Doctor(r.Context(), d) },
		func(c *api.Check, space *api.Named) { c.Space = space })
}
