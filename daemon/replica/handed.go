package replica

import (
	"encoding/json"
	"errors"
	"sync"

	"kith/crdt/entry"
	"kith/daemon/store"
)

// handedRecord is the small record that says what others may have of this store.
const handedRecord = "handed"

// handed knows what others may have: all that arrived up to a number; of what this device did lately, what was given to somebody who is
// in touch; and as long as a copy of all is being made, all. That somebody is in touch is on the disk before anything goes out, so after
// a crash it says too much and never too little.
type handed struct {
	mu      sync.RWMutex
	touch   int               // how many are in touch now, those who get a copy of all included
	copying int               // how many get one
	upTo    uint64            // arrival
	lost    bool              // it couldn't be written that somebody is in touch: nothing is taken back any more
	lately  map[entry.ID]bool // what this device did lately, true if it was given to somebody; see maxLately

	given sync.Mutex // guards lately for those who hold mu for reading
}

// maxLately is how many entries lately holds before those go that no deed has any more.
const maxLately = 4 * maxDeeds * maxDeedEntries

type handedStored struct {
	Touch bool   `json:"touch"`
	UpTo  uint64 `json:"up_to"`
}

// readHanded reads what others may have. Of a store that doesn't say, and of one that ended while somebody was in touch,
// that is all. The deeds were read before.
func (r *Replica) readHanded() error {
	r.handed.lately = map[entry.ID]bool{}
	for _, d := range r.deeds.last {
		for _, id := range d.Entries {
			r.handed.lately[id] = false
		}
	}
	b, err := r.store.Small(handedRecord)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	was := handedStored{Touch: true}
	if err == nil && json.Unmarshal(b, &was) == nil && !was.Touch {
		r.handed.upTo = was.UpTo
		return nil
	}
	r.handed.upTo = r.store.LastArrival()
	return r.putHanded(false)
}

func (r *Replica) putHanded(touch bool) error {
	b, err := json.Marshal(handedStored{touch, r.handed.upTo})
	if err != nil {
		return err
	}
	batch := store.NewBatch(nil)
	batch.PutSmall(handedRecord, b)
	return r.store.Commit(batch)
}

// InTouch notes that somebody is in touch, before they are told anything; what they are given is told by HandOut. On a full disk, where that
// can't be kept, they are served all the same, and nothing is taken back before the next start.
func (r *Replica) InTouch() (done func()) { return r.inTouch(0) }

// Copying notes that a copy of all is being made, in whose hands ever: all that is here until done is called is in it.
func (r *Replica) Copying() (done func()) { return r.inTouch(1) }

func (r *Replica) inTouch(copies int) (done func()) {
	h := &r.handed
	h.mu.Lock()
	defer h.mu.Unlock()
	h.copying += copies
	if h.touch++; h.touch == 1 {
		h.lost = r.putHanded(true) != nil || h.lost
	}
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.copying -= copies; copies > 0 {
			h.upTo = r.store.LastArrival()
		}
		if h.touch--; h.touch == 0 {
			h.upTo = max(h.upTo, r.givenUpToLocked())
			h.lost = r.putHanded(false) != nil || h.lost
		}
	}
}

// HandOut is Entry for somebody who is in touch: what is returned counts as theirs, and what is being taken back isn't returned.
func (r *Replica) HandOut(id entry.ID) ([]byte, error) {
	h := &r.handed
	h.mu.RLock()
	defer h.mu.RUnlock()
	b, err := r.Entry(id)
	h.given.Lock()
	defer h.given.Unlock()
	if _, mine := h.lately[id]; mine && err == nil {
		h.lately[id] = true
	}
	return b, err
}

// givenUpToLocked is the newest arrival of what was given of lately. The caller holds handed.mu.
func (r *Replica) givenUpToLocked() (upTo uint64) {
	for id, given := range r.handed.lately {
		if rec, err := r.store.Record(id); given && err == nil {
			upTo = max(upTo, rec.Arrival)
		}
	}
	return upTo
}

// noteLocked notes an entry of what this device does now; all are its deeds. The caller holds handed.mu.
func (h *handed) noteLocked(id entry.ID, all []Deed) {
	if len(h.lately) >= maxLately {
		before := h.lately
		h.lately = map[entry.ID]bool{}
		for _, d := range all {
			for _, id := range d.Entries {
				h.lately[id] = before[id]
			}
		}
	}
	h.lately[id] = h.lately[id]
}

// mayHaveLocked says whether others may have an entry of a deed. The caller holds handed.mu.
func (h *handed) mayHaveLocked(id entry.ID, arrival uint64) bool {
	return h.copying > 0 || h.lost || h.lately[id] || arrival <= h.upTo
}
