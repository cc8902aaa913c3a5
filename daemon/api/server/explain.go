package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"

	"kith/crdt/problem"
	"kith/daemon/api"
)

// problem turns an error into what people and programs are told. Nearly all tell it themselves;
// here is what can't, since it comes from the system. Anything else goes to the log whole, and out in
// general terms.
func (s *Server) problem(r *http.Request, err error) *api.Problem {
	var tooLarge *http.MaxBytesError
	if known, ok := problem.Of(err); ok {
		return known
	}
	switch {
	case errors.As(err, &tooLarge):
		return api.Problemf(api.Limit, "shorten the text, or split it in two", "this is more than the daemon takes at once: %d bytes", tooLarge.Limit)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return api.Problemf(api.Failed, "make room, then try again: nothing was stored", "the disk is full")
	case errors.Is(err, syscall.EROFS):
		return api.Problemf(api.Failed, "kith doctor", "the disk can't be written to: nothing was stored")
	case errors.Is(err, context.DeadlineExceeded):
		return api.Problemf(api.TimedOut, "kith status", "this took too long")
	case errors.Is(err, context.Canceled):
		return api.Problemf(api.Failed, "start it again: kith daemon", "the daemon is stopping")
	default:
		s.log.Error("unexpected", "path", r.Pattern, "err", err)
		return api.Problemf(api.Failed, "kith doctor", "the daemon could not do this; its log says why")
	}
}

// statuses are what the codes are over HTTP.
var statuses = map[api.Code]int{
	api.Failed:     http.StatusInternalServerError,
	api.Usage:      http.StatusBadRequest,
	api.NotRunning: http.StatusServiceUnavailable,
	api.NotFound:   http.StatusNotFound,
	api.Ambiguous:  http.StatusConflict,
	api.NotAllowed: http.StatusForbidden,
	api.Invalid:    http.StatusUnprocessableEntity,
	api.Limit:      http.StatusRequestEntityTooLarge,
	api.TimedOut:   http.StatusGatewayTimeout,
	api.Nothing:    http.StatusConflict,
}

// statusesSay lists them for the description.
func statusesSay() string {
	var all []string
	for code, status := range statuses {
		all = append(all, fmt.Sprintf("%s: %d", code, status))
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}

func statusOf(c api.Code) int {
	if status, ok := statuses[c]; ok {
		return status
	}
	return statuses[api.Failed]
}
