package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Server answers the local API of one daemon.
type Server struct {
	backend Backend
	log     *slog.Logger
	now     func() time.Time
}

// NewServer makes a server that answers from b. It logs what it can't explain to a person.
func NewServer(b Backend, log *slog.Logger) *Server {
	return &Server{backend: b, log: log, now: time.Now}
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

	get("status", s.status)
	get("peers", s.peers)
	post("sync", s.sync)
	post("join", s.join)
	get("members", s.members)
	get("members/{id}", s.member)
	get("invites", s.invites)
	post("invites/{id}/revoke", s.revokeInvite)
	post("invites", s.invite)
	post("members/{id}/admit", s.proposeAbout(ActionAdmit))
	post("members/{id}/remove", s.proposeAbout(ActionRemove))
	post("resign", s.resign)
	get("find", s.find)
	post("adopt/{entry}", s.adopt)

	get("charter", s.charter)
	get("charter/log", s.charterLog)
	post("charter/follow/{step}", s.follow)
	post("charter/{action}", s.propose)
	get("proposals", s.proposals)
	get("proposals/{id}", s.proposal)
	post("proposals/{id}/{verb}", s.answerProposal)

	get("tasks", s.tasks)
	post("tasks", s.createTask)
	get("tasks/{id}", s.task)
	patch("tasks/{id}", s.editTask)
	post("tasks/{id}/{verb}", s.actOnTask)

	get("decisions", s.decisions)
	post("decisions", s.createDecision)
	get("decisions/{id}", s.decision)
	patch("decisions/{id}", s.editDecision)
	post("decisions/{id}/position", s.takePosition)
	post("decisions/{id}/close", s.closeDecision)
	post("decisions/{id}/withdraw", s.withdrawDecision)

	get("notes", s.notes)
	post("notes", s.createNote)
	get("notes/{id}", s.note)
	patch("notes/{id}", s.editNote)
	post("notes/{id}/append", s.appendNote)
	get("notes/{id}/history", s.noteHistory)
	post("notes/{id}/restore", s.restoreNote)

	get("log", s.logLines)
	get("search", s.search)
	get("today", s.today)
	post("doctor", s.doctor)
	mux.HandleFunc("GET /v1/events", s.events)
	mux.HandleFunc("POST /v1/backup", s.backup)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, Problemf(NotFound, "is the daemon of the same version as the command? kith status", "the daemon knows no %s %s", r.Method, r.URL.Path))
	})
	return mux
}

// answerer does what a request asks and returns what is to be written as JSON.
type answerer func(r *http.Request) (any, error)

func (s *Server) handle(answer answerer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), workTimeout+waitOf(r))
		defer cancel()
		r = r.WithContext(ctx)
		if err := s.rightSpace(r); err != nil {
			s.refuse(w, r, err)
			return
		}
		v, err := answer(r)
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		s.write(w, http.StatusOK, v)
	})
}

// rightSpace checks the space that the caller named, by name or ID, against the one that is
// served.
func (s *Server) rightSpace(r *http.Request) error {
	want := r.URL.Query().Get("space")
	if want == "" {
		return nil
	}
	status, err := s.backend.Status(r.Context())
	if err != nil {
		return err
	}
	if FoldName(status.Space.Name) != FoldName(want) && status.Space.ID != want {
		return Problemf(NotFound, "leave --space out, there is only one", "this daemon serves “%s” and no space called “%s”", status.Space.Name, want)
	}
	return nil
}

func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := s.problem(r, err)
	s.write(w, p.Code.status(), map[string]*Problem{"error": p})
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
