package replica

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"kith/daemon/store"
)

// arrivedPrefix begins the names of the small records that say what had arrived at some moments: the
// number of an arrival, as 16 hexadecimal digits, and in the record the moment, in milliseconds since
// 1970 by this device's clock. Changes have a time of their own, but that is when they were made, by
// the clock of whoever made them, and not when they came here.
const arrivedPrefix = "arrived/"

// notedEvery is how far such moments are apart.
const notedEvery = 15 * time.Minute

// arrivalClock is when it was last noted what had arrived.
type arrivalClock struct {
	mu      sync.Mutex
	noted   uint64    // up to which arrival
	at      time.Time // when that was; zero: not since the start
	arrived uint64    // when it was looked last
	before  uint64    // when it was looked the time before: all of that is on the disk
}

// startClock notes what is here at the start. Nothing is under way yet.
func (r *Replica) startClock() error {
	err := r.store.Smalls(arrivedPrefix, func(name string, _ []byte) {
		if n, err := strconv.ParseUint(strings.TrimPrefix(name, arrivedPrefix), 16, 64); err == nil {
			r.clock.noted = max(r.clock.noted, n)
		}
	})
	if err != nil {
		return err
	}
	r.clock.arrived = r.store.LastArrival()
	return r.NoteTime()
}

// NoteTime notes what has arrived by now, if something has since it was last noted and that is a
// while ago. It is to be called about every second: what had a number at the last call is on the disk.
func (r *Replica) NoteTime() error {
	c := &r.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	now, arrived := r.now(), c.arrived
	c.before, c.arrived = arrived, r.store.LastArrival()
	least := keptEvery
	if c.arrived != arrived {
		least = math.MaxInt // more is on its way
	}
	if err := r.keepRuns(arrived, least); err != nil && !errors.Is(err, store.ErrDiskFull) {
		return err
	}
	if arrived <= c.noted || !c.at.IsZero() && now.Sub(c.at).Abs() < notedEvery {
		return nil
	}
	b := store.NewBatch(nil)
	b.PutSmall(fmt.Sprintf("%s%016x", arrivedPrefix, arrived), binary.BigEndian.AppendUint64(nil, uint64(now.UnixMilli())))
	if err := r.store.Commit(b); errors.Is(err, store.ErrDiskFull) {
		return nil // reading goes on; it is tried again
	} else if err != nil {
		return err
	}
	c.noted, c.at = arrived, now
	return nil
}

// settled gives an arrival up to which everything is on the disk, and noted.
func (c *arrivalClock) settled() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.before
}

// ArrivedBefore returns the number of an arrival up to which everything was here before t. It may be
// lower than need be, and isn't higher.
func (r *Replica) ArrivedBefore(t time.Time) (uint64, error) {
	var before uint64
	late := false // a clock that was set back says nothing
	err := r.store.Smalls(arrivedPrefix, func(name string, at []byte) {
		n, err := strconv.ParseUint(strings.TrimPrefix(name, arrivedPrefix), 16, 64)
		if err != nil || len(at) != 8 {
			return
		}
		if late = late || time.UnixMilli(int64(binary.BigEndian.Uint64(at))).After(t); !late {
			before = n
		}
	})
	return before, err
}
