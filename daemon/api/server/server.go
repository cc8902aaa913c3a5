// Package server answers the local API of a daemon on a unix socket.
//
// It turns words into exact things (a name into a member, the start of an ID into a document), bounds what
// comes in, and turns errors into what people and programs are told. What it answers with comes through the
// interfaces of a Space, which its handlers declare and package daemon fills in. All that it answers is in one
// table, routes; the description at /v1/openapi.json is made of that.
//
// It holds no state of its own, decides nothing
// about the co-op, and is no way in for other computers: the socket belongs to one user of this one.
//
// It is large: each noun of the API is a file, and hardly any knows another.
package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"kith/crdt/kinds"
	"kith/daemon/api"
)

// Server answers the local API of one daemon.
type Server struct {
	spaces Spaces
	log    *slog.Logger
	now    func() time.Time
	begin  func(context.Context) context.Context // see Each

	// For one request, which pick chooses:
	at    Space   // that it is about
	among []Space // all that it is about
}

// New makes a server that answers from all spaces of a daemon. It logs what it can't explain
// to a person.
func New(spaces Spaces, log *slog.Logger) *Server {
	return &Server{spaces: spaces, log: log, now: time.Now}
}

// By has the server look at another clock than that of the computer.
func (s *Server) By(now func() time.Time) *Server {
	s.now = now
	return s
}

// Each has a request done under the context that begin makes of its own: all that one writes is one deed.
func (s *Server) Each(begin func(context.Context) context.Context) *Server {
	s.begin = begin
	return s
}

// Run answers on l until ctx ends, then lets requests under way finish within a moment,
// closes l and returns. A stop that was asked for is not an error.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	base, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	h := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: readTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return base },
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		end() // streams and waits end; short requests get an answer
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		err := h.Shutdown(grace)
		if err != nil {
			err = h.Close()
		}
		stopped <- err
	})
	err := h.Serve(l)
	if stop() { // ctx hasn't ended: the listener failed by itself
		return errors.Join(err, h.Close())
	}
	return <-stopped
}

// Handler returns the API as an http.Handler.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, route := range routes() {
		mux.Handle(route.pattern(), s.serve(&route))
	}
	for _, k := range kinds.All.Nouns() {
		mux.Handle("POST /v1/"+k.Many+"/{id}/{verb}", s.noVerb(k))
	}
	mux.HandleFunc("GET /v1/alive", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }) // whatever is busy
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, api.Problemf(api.NotFound, "is the daemon of the same version as the command? kith status", "the daemon knows no %s %s", r.Method, r.URL.Path))
	})
	return mux
}

// serve answers the requests of one route.
func (s *Server) serve(route *route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer s.survive(w, r)
		if route.work.sends != "" {
			takeAll, in := slowly(w, r)
			defer takeAll()
			r.Body = in
		}
		if route.work.stream == nil {
			ctx, cancel := context.WithTimeout(r.Context(), workTimeout+waitOf(r))
			defer cancel()
			r = r.WithContext(ctx)
		}
		if s.begin != nil {
			r = r.WithContext(s.begin(r.Context()))
		}
		err := route.checkQuery(r)
		one := s
		if err == nil {
			one, err = s.pick(r, route)
		}
		if err == nil && route.work.stream != nil {
			route.work.stream(one, w, r)
			return
		}
		var v any
		if err == nil {
			v, err = route.work.do(one, r)
		}
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		s.write(w, http.StatusOK, v)
	})
}

// survive answers a request that has panicked as one that failed for no reason that a person can be told, which is logged. So a mistake
// of ours that others have found costs what it stands in, and is seen.
func (s *Server) survive(w http.ResponseWriter, r *http.Request) {
	switch v := recover(); v {
	case nil:
	case http.ErrAbortHandler:
		panic(v)
	default:
		s.refuse(w, r, fmt.Errorf("%s %s panicked: %v\n%s", r.Method, r.URL.Path, v, debug.Stack()))
	}
}

func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := s.problem(r, err)
	s.write(w, statusOf(p.Code), refusal{p})
}

func (s *Server) write(w http.ResponseWriter, status int, v any) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // it stands in no page
	if err := encoder.Encode(withLists(v)); err != nil {
		s.log.Error("unexpected", "err", err)
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout)) // a listener of a test may not know deadlines
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if _, err := w.Write(body.Bytes()); err != nil {
		s.log.Debug("answer not taken", "err", err)
	}
}

// waitOf is how long the caller asks to wait, within bounds.
func waitOf(r *http.Request) time.Duration {
	wait, err := time.ParseDuration(r.URL.Query().Get("wait"))
	if err != nil || wait < 0 {
		return 0
	}
	return min(wait, maxWait)
}

// asLongAsAsked is the request's context for as long as the caller asks to wait, if they say.
func asLongAsAsked(r *http.Request) (context.Context, context.CancelFunc) {
	if wait := waitOf(r); wait > 0 {
		return context.WithTimeout(r.Context(), wait)
	}
	return context.WithCancel(r.Context())
}
