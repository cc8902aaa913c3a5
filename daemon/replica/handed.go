package replica

import (
	"encoding/json"
	"errors"
	"math"
	"sync"

	"kith/daemon/store"
)

// handedRecord is the small record that says what others may have of this store.
const handedRecord = "handed"

// handed knows what others may have: all that arrived up to a number, and as long as somebody is in touch, all. It is on the disk
// before anything goes out, so after a crash it says too much and never too little.
type handed struct {
	mu    sync.Mutex
	touch int    // how many are in touch now
	upTo  uint64 // arrival
	lost  bool   // it couldn't be written that somebody is in touch: nothing is taken back any more
}

type handedStored struct {
	Touch bool   `json:"touch"`
	UpTo  uint64 `json:"up_to"`
}

// readHanded reads what others may have. Of a store that doesn't say, and of one that ended while somebody was in touch,
// that is all.
func (r *Replica) readHanded() error {
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

// InTouch notes that somebody is in touch, before they are told anything: what is here from now on, until done is called, they
// may have got. On a full disk, where that can't be kept, they are served all the same, and nothing is taken back before the next start.
func (r *Replica) InTouch() (done func()) {
	h := &r.handed
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.touch++; h.touch == 1 {
		h.lost = r.putHanded(true) != nil || h.lost
	}
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.touch--; h.touch == 0 {
			h.upTo = r.store.LastArrival()
			h.lost = r.putHanded(false) != nil || h.lost
		}
	}
}

// mayBeElsewhereLocked says up to which arrival others may have what is here. The caller holds handed.mu.
func (h *handed) mayBeElsewhereLocked() uint64 {
	if h.touch > 0 || h.lost {
		return math.MaxUint64
	}
	return h.upTo
}
