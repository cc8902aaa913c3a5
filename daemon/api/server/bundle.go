package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"kith/daemon/api"
)

// writeBundle answers with a bundle.
func (s *Server) writeBundle(w http.ResponseWriter, r *http.Request) {
	out := &bundleOut{steady{w: w, stream: http.NewResponseController(w)}, w.Header()}
	q, err := s.bundleRequest(r)
	if err == nil {
		err = s.at.Keeping.WriteBundle(r.Context(), q, func(b api.Bundle) (io.Writer, error) { return out.begin(b) })
	}
	s.bundled(w, r, out, err)
}

// letIn lets in who asks with a text, and answers with the bundle that their computer begins with.
func (s *Server) letIn(w http.ResponseWriter, r *http.Request) {
	out := &bundleOut{steady{w: w, stream: http.NewResponseController(w)}, w.Header()}
	var q api.LetInRequest
	err := decode(r, &q)
	if err == nil {
		err = s.at.Keeping.Answer(r.Context(), q.Ask, func(b api.Answered) (io.Writer, error) { return out.begin(b) })
	}
	s.bundled(w, r, out, err)
}

// bundleOut is an answer that is a bundle.
type bundleOut struct {
	steady
	head http.Header
}

// begin says what the bundle is.
func (o *bundleOut) begin(what any) (io.Writer, error) {
	line, err := json.Marshal(withLists(what))
	o.head.Set(api.BundleHeader, string(line))
	o.head.Set("Content-Type", bytesType)
	return o, err
}

// bundled ends an answer that is a bundle. It is broken off in the middle if something fails, which shows by its missing end.
func (s *Server) bundled(w http.ResponseWriter, r *http.Request, out *bundleOut, err error) {
	switch {
	case err != nil && !out.begun:
		s.refuse(w, r, err)
	case err != nil:
		s.log.Error("bundle broken off", "err", err)
		panic(http.ErrAbortHandler)
	}
}

func (s *Server) bundleRequest(r *http.Request) (q api.BundleRequest, err error) {
	q.Since, q.For = r.URL.Query().Get("since"), r.URL.Query().Get("for")
	if q.Since != "" {
		if _, err := time.Parse(time.RFC3339, q.Since); err != nil {
			return q, api.Problemf(api.Invalid, "2026-12-01T15:00:00Z", "“%s” is no moment", api.Brief(q.Since))
		}
	}
	if q.For != "" {
		q.Devices, err = s.resolveDevices(r.Context(), q.For)
	}
	return q, err
}

// resolveDevices finds the devices that a word means: those in use of a member, or one device, by its
// name, with or without its owner's before it, or by a start of its ID.
func (s *Server) resolveDevices(ctx context.Context, word string) (ids []string, err error) {
	member, err := s.resolveMember(ctx, word)
	var unknown *api.Problem
	switch {
	case err == nil:
		for _, d := range member.Devices {
			if !d.Retired {
				ids = append(ids, d.ID)
			}
		}
		if len(ids) == 0 {
			return nil, api.Problemf(api.NotAllowed, "kith member list", "%s has no device in use", member.Name)
		}
		return ids, nil
	case !errors.As(err, &unknown) || unknown.Code != api.NotFound:
		return nil, err
	}
	all, err := s.at.Entrance.Members(ctx)
	if err != nil {
		return nil, err
	}
	folded := api.FoldName(word)
	p := api.Problemf(api.Ambiguous, "say whose it is: “Ana's laptop”", "“%s” may be more than one device", api.Brief(word))
	for _, m := range all {
		for _, d := range m.Devices {
			whole := m.Name + "'s " + d.Name
			byID := len(word) >= minDeviceID && strings.HasPrefix(d.ID, strings.ToLower(word))
			if !d.Retired && (byID || slices.Contains([]string{api.FoldName(d.Name), api.FoldName(whole)}, folded)) {
				ids = append(ids, d.ID)
				p.Candidates = append(p.Candidates, api.Candidate{ID: d.ID, Short: d.ID[:min(len(d.ID), minDeviceID)], Title: whole})
			}
		}
	}
	switch len(ids) {
	case 0:
		return nil, api.Problemf(api.NotFound, "kith member list; kith peers", "no member or device here is called “%s”", api.Brief(word))
	case 1:
		return ids, nil
	}
	p.Candidates = p.Candidates[:min(len(ids), api.MaxCandidates)]
	return nil, p
}

// minDeviceID is how many letters a start of a device's ID needs, so that a mistyped name isn't taken
// for one.
const minDeviceID = 8

// readBundle takes a bundle, as it comes, and tells meanwhile how far it is.
func (s *Server) readBundle(w http.ResponseWriter, r *http.Request) {
	tell, begun := s.lineByLine(w)
	res, err := s.at.Keeping.ReadBundle(r.Context(), r.Body, func(p api.BundleProgress) { tell(api.BundleLine{Progress: &p}) })
	switch {
	case err != nil && !begun():
		s.refuse(w, r, err)
		_ = http.NewResponseController(w).Flush()
	case err != nil:
		tell(api.BundleLine{Error: s.problem(r, err)})
	default:
		tell(api.BundleLine{Result: &res})
	}
}

// slowly makes of a long body one that may take its time, while the answer to it is written already. Who sends
// it can't hear how it ended once it meets a closed door: so takeAll takes the rest, too.
func slowly(w http.ResponseWriter, r *http.Request) (takeAll func(), body io.ReadCloser) {
	stream := http.NewResponseController(w)
	_ = stream.EnableFullDuplex() // a recorder in a test doesn't know it, and doesn't need it
	in := io.NopCloser(&steadyBody{r: r.Body, stream: stream})
	return func() { _, _ = io.Copy(io.Discard, in) }, in
}

// steadyBody is a request that may take long as long as it keeps coming.
type steadyBody struct {
	r      io.Reader
	stream *http.ResponseController
}

func (s *steadyBody) Read(b []byte) (int, error) {
	_ = s.stream.SetReadDeadline(time.Now().Add(readTimeout)) // a recorder in a test may not know deadlines
	return s.r.Read(b)
}
