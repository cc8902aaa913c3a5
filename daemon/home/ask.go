package home

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/problem"
	"kith/daemon/whole"
)

// askFile is what a place keeps of a request to join that went out as a file, until the answer to it was read; maxAskFile bounds it,
// in bytes.
const (
	askFile    = "ask.json"
	maxAskFile = 64 << 10
)

// Ask is a request to join that went out as a file. It holds nothing of the code that is secret.
type Ask struct {
	Text   string        `json:"text"` // as it went out
	Space  entry.SpaceID `json:"space"`
	Step   [8]byte       `json:"step"` // what the code says of the chain
	Relays []string      `json:"relays,omitempty"`
}

// Asked gives what the text says.
func (a *Ask) Asked() (charter.Ask, error) { return charter.DecodeAsk(a.Text) }

// Ask gives the request that waits in this place for its answer; nil if none does.
func (h *Home) Ask() (*Ask, error) {
	info, err := os.Lstat(h.path(askFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && info.Size() > maxAskFile {
		err = fmt.Errorf("%s is larger than any request", h.path(askFile))
	}
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(h.path(askFile))
	if err != nil {
		return nil, err
	}
	a := new(Ask)
	if err := json.Unmarshal(b, a); err != nil {
		return nil, fmt.Errorf("%s: %w", h.path(askFile), err)
	}
	return a, nil
}

// SetAsk keeps a request until its answer was read.
func (h *Home) SetAsk(a Ask) error {
	b, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return err
	}
	return whole.Write(h.path(askFile), append(b, '\n'))
}

// Answered removes the request, whose answer was read.
func (h *Home) Answered() error { return gone(os.Remove(h.path(askFile))) }

// ForgetAsk removes a request that nobody is to answer any more, with its key first: another space must not get one that a co-op has
// seen.
func (h *Home) ForgetAsk() error {
	h.keyMu.Lock()
	defer h.keyMu.Unlock()
	h.keys = nil
	return errors.Join(gone(os.Remove(h.path(keyFile))), gone(os.Remove(h.path(askFile))), whole.Sync(h.dir))
}

func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// asks says whether a request waits here for its answer, and nothing of any was read.
func (h *Home) asks() bool { return h.asked() && !h.InUse() }

// asked says whether a request went out from here, and no answer was read to its end.
func (h *Home) asked() bool {
	_, err := os.Lstat(h.path(askFile))
	return err == nil
}

// Asking gives the places in which a request waits for its answer, the home itself first. One may have been read in part, before a crash
// or as far as it was good: then there is a space already.
func (h *Home) Asking() (all []*Home, err error) {
	if h.asked() {
		all = append(all, h)
	}
	numbers, err := h.below()
	for _, n := range numbers {
		if p := h.Place(n); p.asked() {
			all = append(all, p)
		}
	}
	return all, err
}

// PlaceToAsk gives an empty place for a request: where another one waits in the home itself, that is given up.
func (h *Home) PlaceToAsk() (*Home, error) {
	if h.asks() {
		return h, h.ForgetAsk()
	}
	return h.NewPlace()
}

// askingError says that a home waits for the answer to a request.
type askingError struct{ path string }

func (e *askingError) Error() string {
	return "a request to join lies here, whose answer wasn't read yet: " + e.path
}

// Problem implements problem.Teller.
func (e *askingError) Problem() *problem.Problem {
	return problem.New(problem.Failed, "kith join --read FILE with its answer; or, to give it up: rm '"+e.path+"'", "%v", e)
}
