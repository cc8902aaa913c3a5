package api

import (
	"context"
	"io"
	"net/http"
	"time"
)

// Backup is one file that a device can come back from.
type Backup struct {
	File    string `json:"file"`
	Space   Named  `json:"space"`
	Member  Named  `json:"member"`
	Device  Named  `json:"device"`
	MadeAt  Time   `json:"made_at"`
	Version string `json:"version"` // of the kith that made it
	Entries int    `json:"entries"`
	Bytes   int64  `json:"bytes"`
	Sealed  bool   `json:"sealed"` // closed with a passphrase
}

// Restored is a home that came back.
type Restored struct {
	Backup
	Home string `json:"home"`
	// Left is how many entries of the backup were left out: no member's device would take them.
	Left      int  `json:"left"`
	Protected bool `json:"protected"` // the device's key has a passphrase
}

// Protection is how the device's key and what the co-op wrote lie on the disk.
type Protection struct {
	File      string `json:"file"`      // of the key
	Protected bool   `json:"protected"` // by a passphrase: the key is sealed, and the store encrypted
}

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

// Backup gives what a backup of the daemon's home holds, unsealed: with the device's key, as it lies
// on the disk. The caller closes it.
func (c *Client) Backup(ctx context.Context) (io.ReadCloser, error) {
	resp, err := c.send(ctx, "POST", "backup", nil, nil)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}
