package home

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"kith/crdt/entry"
	"kith/daemon/whole"
)

const (
	// pactFile is what a place keeps of the pact that its share is made by; it is written and read by who makes
	// pacts (package ally). As long as it names no share the pact is half made.
	pactFile = "pact.json"
	// maxPactFile bounds that file, in bytes.
	maxPactFile = 128 << 10
)

// PactError says that what a place keeps of a pact can't be read.
type PactError struct {
	Path string
	Err  error
}

func (e *PactError) Error() string { return e.Path + " can't be read: " + e.Err.Error() }
func (e *PactError) Unwrap() error { return e.Err }

// Pact gives what the place keeps of a pact, as it was written; nil if it is about none. The error is a
// *PactError.
func (h *Home) Pact() ([]byte, error) {
	f, err := os.Open(h.path(pactFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, h.BadPact(err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	b, err := io.ReadAll(io.LimitReader(f, maxPactFile+1))
	if err == nil && len(b) > maxPactFile {
		err = fmt.Errorf("it has %d bytes, the limit is %d", len(b), maxPactFile)
	}
	if err != nil {
		return nil, h.BadPact(err)
	}
	return b, nil
}

// BadPact says of what the place keeps of a pact that it can't be read.
func (h *Home) BadPact(err error) error { return &PactError{h.path(pactFile), err} }

// SetPact writes what the place is to keep of a pact: a JSON object, with the co-op's space as "home" and,
// once it is here, the share's as "share".
func (h *Home) SetPact(b []byte) error {
	if len(b) > maxPactFile {
		return fmt.Errorf("what is kept of a pact has %d bytes, the limit is %d", len(b), maxPactFile)
	}
	return whole.Write(h.path(pactFile), b)
}

// ofPact are the two fields of a pact that say whose a place is.
type ofPact struct {
	Home  string `json:"home"`
	Share string `json:"share"`
}

// ofPact reads them; nil if the place is about no pact.
func (h *Home) ofPact() (*ofPact, error) {
	b, err := h.Pact()
	if err != nil || b == nil {
		return nil, err
	}
	p := &ofPact{}
	if err := json.Unmarshal(b, p); err != nil {
		return nil, h.BadPact(err)
	}
	return p, nil
}

// Owner gives the home whose share lies here, or will: as the place was told when that was known for good, or
// else by its pact. ok is false for the place of a co-op, and for a share of which nobody has said that yet.
func (h *Home) Owner() (home entry.SpaceID, ok bool, err error) {
	place, err := h.SharePlace()
	if err != nil {
		return home, false, err
	}
	if place != nil {
		return place.Home, true, nil
	}
	p, err := h.ofPact()
	if err != nil || p == nil {
		return home, false, err
	}
	if err := ReadID((*[32]byte)(&home), p.Home); err != nil {
		return home, false, h.BadPact(err)
	}
	return home, true, nil
}
