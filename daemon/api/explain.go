package api

import (
	"context"
	"errors"
	"net/http"
	"syscall"
)

// problem turns an error into what people and programs are told: the only place that does.
// What it doesn't know goes to the log whole, and out in general terms.
func (s *Server) problem(r *http.Request, err error) *Problem {
	var known *Problem
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &tooLarge):
		return Problemf(Limit, "shorten the text, or split it in two", "this is more than the daemon takes at once: %d bytes", tooLarge.Limit)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return Problemf(Failed, "make room, then try again: nothing was stored", "the disk is full")
	case errors.Is(err, syscall.EROFS):
		return Problemf(Failed, "kith doctor", "the disk can't be written to: nothing was stored")
	case errors.Is(err, context.DeadlineExceeded):
		return Problemf(TimedOut, "kith status", "this took too long")
	case errors.Is(err, context.Canceled):
		return Problemf(Failed, "start it again: kith daemon", "the daemon is stopping")
	default:
		s.log.Error("unexpected", "path", r.Pattern, "err", err)
		return Problemf(Failed, "kith doctor", "the daemon could not do this; its log says why")
	}
}
