package replica

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"kith/crdt/change"
	"kith/daemon/store"
)

// shownPrefix begins the names of the small records of what was shown.
const shownPrefix = "shown/"

// Shown is what the member of this device was shown here of a document, or of a step: what they answer is to that. It
// lies on this device alone, and nobody is told.
type Shown struct {
	Revision string    // "": nothing was shown
	At       time.Time // in UTC, by this device's clock
	Heads    []change.Hash
	// Left is the text that they left in the place of the one at Heads, where they weren't shown what it became among
	// others' words; nil: there is none such.
	Left *string
}

type shownRecord struct {
	Revision string   `json:"revision"`
	At       int64    `json:"at"` // milliseconds since 1970
	Heads    []string `json:"heads,omitempty"`
	Left     *string  `json:"left,omitempty"`
}

// Shown returns what was shown last of a thing, by its whole ID; the zero Shown if that is nothing.
func (r *Replica) Shown(of string) (s Shown, err error) {
	b, err := r.store.Small(shownPrefix + of)
	if errors.Is(err, store.ErrNotFound) {
		return s, nil
	}
	var rec shownRecord
	if err == nil {
		err = json.Unmarshal(b, &rec)
	}
	if err != nil {
		return s, fmt.Errorf("read what was shown of %s: %w", of, err)
	}
	s = Shown{Revision: rec.Revision, At: time.UnixMilli(rec.At).UTC(), Left: rec.Left}
	for _, word := range rec.Heads {
		h, err := change.ParseHash(word)
		if err != nil {
			return Shown{}, fmt.Errorf("read what was shown of %s: %w", of, err)
		}
		s.Heads = append(s.Heads, h)
	}
	return s, nil
}

// NoteShown keeps what was shown of a thing in the place of what was shown before. On a full disk it keeps nothing,
// since reading goes on. A zero At is now.
func (r *Replica) NoteShown(of string, s Shown) error {
	if s.At.IsZero() {
		s.At = r.now()
	}
	rec := shownRecord{Revision: s.Revision, At: s.At.UnixMilli(), Left: s.Left}
	for _, h := range s.Heads {
		rec.Heads = append(rec.Heads, h.String())
	}
	b, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	batch := store.NewBatch(nil)
	batch.PutSmall(shownPrefix+of, b)
	if err := r.store.Commit(batch); err != nil && !errors.Is(err, store.ErrDiskFull) {
		return fmt.Errorf("note what was shown of %s: %w", of, err)
	}
	return nil
}
