package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// BundleRequest says what is to be in a bundle.
type BundleRequest struct {
	Since string // RFC 3339: what came here since then; "": everything
	For   string // a member or a device of one, any word for it; "": leave nothing out
	// Devices are those that For names, by ID: the Backend gets these, and what all of them are known
	// to have is left out.
	Devices []string
}

// Bundle is a file of entries for devices that the network doesn't reach.
type Bundle struct {
	File       string  `json:"file"`
	Space      Named   `json:"space"`
	Member     Named   `json:"member"` // who made it
	Device     Named   `json:"device"`
	MadeAt     Time    `json:"made_at"`
	Version    string  `json:"version"`    // of the kith that made it
	Since      Time    `json:"since"`      // null: from the beginning
	For        []Named `json:"for"`        // devices, of which what all of them are known to have is left out
	SealedFor  int     `json:"sealed_for"` // how many devices can open it; 0: not known
	Entries    int     `json:"entries"`    // all of them
	Statements int     `json:"statements"` // of these, about the charter
	Bytes      int64   `json:"bytes"`      // of the file
}

// BundleRead is what came of reading a bundle.
type BundleRead struct {
	Bundle
	New int `json:"new"` // entries that weren't here
	Had int `json:"had"` // and that were
	// Of the new ones, those that don't count (yet): Pending wait for others that aren't here, Void are
	// refused by a rule, Elsewhere stand on another branch of the charter, and Left weren't kept, since
	// too much of their makers waits or is void already.
	Pending   int `json:"pending"`
	Void      int `json:"void"`
	Elsewhere int `json:"elsewhere"`
	Left      int `json:"left"`
}

// BundleProgress is how far a bundle is read.
type BundleProgress struct {
	Bytes int64 `json:"bytes"` // of the file
	Done  int64 `json:"done"`  // entries
	Of    int64 `json:"of"`
	New   int   `json:"new"`
}

// bundleHeader is the field of an answer that says, as JSON, what bundle its body is.
const bundleHeader = "Kith-Bundle"

// writeBundle answers with a bundle. It is broken off in the middle if something fails, which shows
// by its missing end.
func (s *Server) writeBundle(w http.ResponseWriter, r *http.Request) {
	out := &steady{w: w, stream: http.NewResponseController(w)}
	one, err := s.pick(r)
	var q BundleRequest
	if err == nil {
		q, err = one.bundleRequest(r)
	}
	if err == nil {
		err = one.backend.WriteBundle(r.Context(), q, func(b Bundle) (io.Writer, error) {
			line, err := json.Marshal(withLists(b))
			w.Header().Set(bundleHeader, string(line))
			w.Header().Set("Content-Type", "application/octet-stream")
			return out, err
		})
	}
	switch {
	case err != nil && !out.begun:
		s.refuse(w, r, err)
	case err != nil:
		s.log.Error("bundle broken off", "err", err)
		panic(http.ErrAbortHandler)
	}
}

func (s *Server) bundleRequest(r *http.Request) (q BundleRequest, err error) {
	q.Since, q.For = r.URL.Query().Get("since"), r.URL.Query().Get("for")
	if q.Since != "" {
		if _, err := time.Parse(time.RFC3339, q.Since); err != nil {
			return q, Problemf(Usage, "2026-12-01T15:00:00Z", "“%s” is no moment", brief(q.Since))
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
	var unknown *Problem
	switch {
	case err == nil:
		for _, d := range member.Devices {
			if !d.Retired {
				ids = append(ids, d.ID)
			}
		}
		if len(ids) == 0 {
			return nil, Problemf(NotAllowed, "kith member show "+member.Name, "%s has no device in use", member.Name)
		}
		return ids, nil
	case !errors.As(err, &unknown) || unknown.Code != NotFound:
		return nil, err
	}
	all, err := s.backend.Members(ctx)
	if err != nil {
		return nil, err
	}
	folded := FoldName(word)
	p := Problemf(Ambiguous, "say whose it is: “Ana's laptop”", "“%s” may be more than one device", brief(word))
	for _, m := range all {
		for _, d := range m.Devices {
			whole := m.Name + "'s " + d.Name
			byID := len(word) >= minDeviceID && strings.HasPrefix(d.ID, strings.ToLower(word))
			if !d.Retired && (byID || slices.Contains([]string{FoldName(d.Name), FoldName(whole)}, folded)) {
				ids = append(ids, d.ID)
				p.Candidates = append(p.Candidates, Candidate{d.ID, d.ID[:min(len(d.ID), minDeviceID)], whole})
			}
		}
	}
	switch len(ids) {
	case 0:
		return nil, Problemf(NotFound, "kith member list; kith peers", "no member or device here is called “%s”", brief(word))
	case 1:
		return ids, nil
	}
	p.Candidates = p.Candidates[:min(len(ids), maxCandidates)]
	return nil, p
}

// minDeviceID is how many letters a start of a device's ID needs, so that a mistyped name isn't taken
// for one.
const minDeviceID = 8

// bundleLine is a line of the answer to a bundle that is being read: any number with how far it is,
// and the last one with how it ended.
type bundleLine struct {
	Progress *BundleProgress `json:"progress,omitempty"`
	Result   *BundleRead     `json:"result,omitempty"`
	Error    *Problem        `json:"error,omitempty"`
}

// readBundle takes a bundle, as it comes, and tells meanwhile how far it is.
func (s *Server) readBundle(w http.ResponseWriter, r *http.Request) {
	stream := http.NewResponseController(w)
	_ = stream.EnableFullDuplex() // a recorder in a test doesn't know it, and doesn't need it
	in := &steadyBody{r: r.Body, stream: stream}
	// Who sends it can't hear how it ended once it meets a closed door: the rest is taken, too.
	defer func() { _, _ = io.Copy(io.Discard, in) }()
	one, err := s.pick(r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	out := &steady{w: w, stream: stream}
	tell := func(line bundleLine) {
		b, err := json.Marshal(withLists(line))
		if err != nil {
			s.log.Error("unexpected", "err", err)
			return
		}
		if !out.begun {
			w.Header().Set("Content-Type", "application/x-ndjson")
		}
		if _, err := out.Write(append(b, '\n')); err == nil {
			_ = stream.Flush() // the next line tells it as well
		}
	}
	res, err := one.backend.ReadBundle(r.Context(), in, func(p BundleProgress) { tell(bundleLine{Progress: &p}) })
	switch {
	case err != nil && !out.begun:
		s.refuse(w, r, err)
		_ = stream.Flush()
	case err != nil:
		tell(bundleLine{Error: s.problem(r, err)})
	default:
		tell(bundleLine{Result: &res})
	}
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

// WriteBundle gives a bundle, sealed for the devices of the co-op, and says what it is. The caller
// closes it.
func (c *Client) WriteBundle(ctx context.Context, b BundleRequest) (Bundle, io.ReadCloser, error) {
	q := url.Values{}
	setWords(q, map[string]string{"since": b.Since, "for": b.For})
	resp, err := c.send(ctx, "GET", "bundle", q, nil)
	if err != nil {
		return Bundle{}, nil, err
	}
	var what Bundle
	if err := json.Unmarshal([]byte(resp.Header.Get(bundleHeader)), &what); err != nil {
		return what, nil, errors.Join(Problemf(Failed, "kith doctor", "the daemon didn't say what bundle this is"), resp.Body.Close())
	}
	return what, resp.Body, nil
}

// ReadBundle has the daemon read a bundle. progress may be nil.
func (c *Client) ReadBundle(ctx context.Context, file io.Reader, progress func(BundleProgress)) (BundleRead, error) {
	body := &untilOver{r: file}
	defer body.over.Store(true)
	resp, err := c.send(ctx, "POST", "bundle/read", nil, body)
	if err != nil {
		return BundleRead{}, err
	}
	defer resp.Body.Close()
	for lines := json.NewDecoder(resp.Body); ; {
		var line bundleLine
		switch err := lines.Decode(&line); {
		case err != nil:
			return BundleRead{}, c.explain(ctx, err)
		case line.Error != nil:
			return BundleRead{}, line.Error
		case line.Result != nil:
			return *line.Result, nil
		case line.Progress != nil && progress != nil:
			progress(*line.Progress)
		}
	}
}

// untilOver ends when nobody needs more of it.
type untilOver struct {
	r    io.Reader
	over atomic.Bool
}

func (u *untilOver) Read(b []byte) (int, error) {
	if u.over.Load() {
		return 0, io.EOF
	}
	return u.r.Read(b)
}
