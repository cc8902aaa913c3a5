// Package server answers the local API of a daemon on a unix socket.
//
// It turns words into exact things (a name into a member, the start of an ID into a document), bounds what
// comes in, and turns errors into what people and programs are told. What it answers with comes from a
// Backend, which it declares and package daemon provides. It holds no state of its own, decides nothing
// about the co-op, and is no way in for other computers: the socket belongs to one user of this one.
package server

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"kith/daemon/api"
)

// Server answers the local API of one daemon.
type Server struct {
	spaces Spaces
	log    *slog.Logger
	now    func() time.Time

	// For one request, which pick chooses:
	backend Backend   // of the space that it is about
	among   []Backend // of all that it is about
}

// New makes a server that answers from all spaces of a daemon. It logs what it can't explain
// to a person.
func New(spaces Spaces, log *slog.Logger) *Server {
	return &Server{spaces: spaces, log: log, now: time.Now}
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
	get := func(path string, answer answerer) { mux.Handle("GET /v1/"+path, s.handle(answer)) }
	post := func(path string, answer answerer) { mux.Handle("POST /v1/"+path, s.handle(answer)) }
	patch := func(path string, answer answerer) { mux.Handle("PATCH /v1/"+path, s.handle(answer)) }

	get("spaces", (*Server).overview)
	post("spaces", (*Server).found)
	post("spaces/sync", (*Server).syncAll)
	get("status", (*Server).status)
	get("peers", (*Server).peers)
	post("sync", (*Server).sync)
	post("join", (*Server).join)
	get("members", (*Server).members)
	get("members/{id}", (*Server).member)
	get("invites", (*Server).invites)
	post("invites/{id}/revoke", (*Server).revokeInvite)
	post("invites", (*Server).invite)
	post("members/{id}/admit", proposeAbout(api.ActionAdmit))
	post("members/{id}/remove", proposeAbout(api.ActionRemove))
	post("members/{id}/new-key", proposeAbout(api.ActionNewKey))
	post("members/{id}/way", (*Server).wayBack)
	post("resign", (*Server).resign)
	get("devices", (*Server).devices)
	post("devices", (*Server).addDevice)
	get("devices/pairing", (*Server).pairing)
	post("devices/pairing/confirm", (*Server).confirmDevice)
	post("devices/pairing/decline", (*Server).declineDevice)
	post("devices/{id}/retire", (*Server).retireDevice)
	post("devices/{id}/consents", (*Server).moveConsents)
	get("find", (*Server).find)
	post("adopt/{entry}", (*Server).adopt)

	get("allies", (*Server).allies)
	post("allies", (*Server).allyInvite)
	post("allies/join", (*Server).allyJoin)
	post("allies/confirm", (*Server).allyConfirm)
	get("allies/{id}", (*Server).ally)
	post("allies/{id}/cancel", (*Server).allyCancel)
	post("further", (*Server).newShare)
	post("further/join", (*Server).joinShare)

	get("charter", (*Server).charter)
	get("charter/log", (*Server).charterLog)
	post("charter/follow/{step}", (*Server).follow)
	post("charter/{action}", (*Server).propose)
	get("proposals", (*Server).proposals)
	get("proposals/{id}", (*Server).proposal)
	post("proposals/{id}/{verb}", (*Server).answerProposal)

	post("allies/{ally}/end", (*Server).endAlly)
	get("shares", (*Server).shares)
	get("shares/{share}", (*Server).share)
	post("shares/{share}/preview", (*Server).previewSharing)
	post("shares/{share}/documents", (*Server).shareDocument)
	get("asks", (*Server).asks)
	post("asks", (*Server).createAsk)
	get("asks/{id}", (*Server).ask)
	post("asks/{id}/answer", (*Server).answerAsk)
	post("asks/{id}/withdraw", (*Server).withdrawAsk)

	get("tasks", (*Server).tasks)
	post("tasks", (*Server).createTask)
	get("tasks/{id}", (*Server).task)
	patch("tasks/{id}", (*Server).editTask)
	post("tasks/{id}/{verb}", (*Server).actOnTask)

	get("decisions", (*Server).decisions)
	post("decisions", (*Server).createDecision)
	get("decisions/{id}", (*Server).decision)
	patch("decisions/{id}", (*Server).editDecision)
	post("decisions/{id}/position", (*Server).takePosition)
	post("decisions/{id}/close", (*Server).closeDecision)
	post("decisions/{id}/withdraw", (*Server).withdrawDecision)

	get("notes", (*Server).notes)
	post("notes", (*Server).createNote)
	get("notes/{id}", (*Server).note)
	patch("notes/{id}", (*Server).editNote)
	post("notes/{id}/append", (*Server).appendNote)
	get("notes/{id}/history", (*Server).noteHistory)
	post("notes/{id}/restore", (*Server).restoreNote)

	get("log", (*Server).logLines)
	get("search", (*Server).search)
	get("today", (*Server).today)
	post("doctor", (*Server).doctor)
	mux.HandleFunc("GET /v1/events", s.events)
	mux.HandleFunc("POST /v1/backup", s.backup)
	mux.HandleFunc("GET /v1/bundle", s.writeBundle)
	mux.HandleFunc("POST /v1/bundle/read", s.readBundle)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, api.Problemf(api.NotFound, "is the daemon of the same version as the command? kith status", "the daemon knows no %s %s", r.Method, r.URL.Path))
	})
	return mux
}

// answerer does what a request asks and returns what is to be written as JSON.
type answerer func(s *Server, r *http.Request) (any, error)

func (s *Server) handle(answer answerer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), workTimeout+waitOf(r))
		defer cancel()
		r = r.WithContext(ctx)
		one, err := s.pick(r)
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		v, err := answer(one, r)
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		s.write(w, http.StatusOK, v)
	})
}

func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := s.problem(r, err)
	s.write(w, statusOf(p.Code), map[string]*api.Problem{"error": p})
}

func (s *Server) write(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(withLists(v))
	if err != nil {
		s.log.Error("unexpected", "err", err)
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout)) // a listener of a test may not know deadlines
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if _, err := w.Write(append(body, '\n')); err != nil {
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
