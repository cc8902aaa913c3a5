package exchange

import (
	"iter"
	"slices"
	"sync"

	"kith/crdt/entry"
	"kith/daemon/exchange/rateless"
)

// idSet keeps the IDs of all entries that are had, and the symbols of their set, for all
// connections together. Nothing is read before the first connection needs it.
type idSet struct {
	load func() iter.Seq[entry.ID]
	kept func() []byte // what was kept before the start; nil: nothing

	making sync.Mutex    // held while what it guards is brought up to date; taken before mu
	set    *rateless.Set // guarded by making, as the next two; nil before the first reading
	sorted []entry.ID    // what is in set: ascending, unique, but for
	late   map[entry.ID]struct{}
	since  int // how many were added after the set was kept; guarded by making

	mu      sync.Mutex // never held for long: the replica waits for it when it has stored something
	reading bool       // the first reading has begun, so what is stored from here on must be noted
	fresh   []reported // not in set yet, unless it was reported twice
}

// reported is an ID that has come, or one that isn't had any more.
type reported struct {
	id   entry.ID
	gone bool
}

// add takes in newly stored entries, at about two microseconds each.
func (s *idSet) add(ids []entry.ID) { s.report(ids, false) }

// remove takes out entries that aren't had any more.
func (s *idSet) remove(ids []entry.ID) { s.report(ids, true) }

func (s *idSet) report(ids []entry.ID, gone bool) {
	s.mu.Lock()
	if s.reading {
		for _, id := range ids {
			s.fresh = append(s.fresh, reported{id, gone})
		}
	}
	s.mu.Unlock()
	if s.making.TryLock() { // else who holds it, or comes next, does the work
		defer s.making.Unlock()
		s.updateLocked()
	}
}

// snapshot returns the set with all that was added before the call.
func (s *idSet) snapshot() *rateless.Snapshot {
	s.making.Lock()
	defer s.making.Unlock()
	s.readLocked()
	return s.set.Snapshot()
}

// list returns the set and what is in it, ascending. The caller leaves the slice alone.
func (s *idSet) list() (*rateless.Snapshot, []entry.ID) {
	s.making.Lock()
	defer s.making.Unlock()
	s.readLocked()
	s.mergeLocked()
	return s.set.Snapshot(), s.sorted
}

// readLocked makes the set from what is stored, the first time, and brings it up to date.
func (s *idSet) readLocked() {
	if s.set == nil {
		s.mu.Lock()
		s.reading = true
		s.mu.Unlock()
		// What is stored while we read is reported as well, so nothing can be missed.
		s.sorted = slices.Collect(s.load())
		if !slices.IsSortedFunc(s.sorted, entry.ID.Compare) {
			slices.SortFunc(s.sorted, entry.ID.Compare)
		}
		s.late = map[entry.ID]struct{}{}
		if s.kept != nil {
			s.set, s.since = fromKept(s.kept(), s.sorted)
		}
		if s.set == nil {
			s.set, s.since = rateless.NewSet(), len(s.sorted)
			for _, id := range s.sorted {
				s.set.Add(id)
			}
		}
	}
	s.updateLocked()
}

// updateLocked puts in, or takes out, what was reported. It may have been there: the first reading
// yields some that are reported later.
func (s *idSet) updateLocked() {
	if s.set == nil {
		return
	}
	s.mu.Lock()
	fresh := s.fresh
	s.fresh = nil
	s.mu.Unlock()
	gone := map[entry.ID]bool{}
	for _, r := range fresh {
		_, had := s.late[r.id]
		if !had {
			_, had = slices.BinarySearchFunc(s.sorted, r.id, entry.ID.Compare)
			had = had && !gone[r.id]
		}
		switch {
		case r.gone && had:
			s.set.Remove(r.id)
			s.since++
			if _, late := s.late[r.id]; late {
				delete(s.late, r.id)
			} else {
				gone[r.id] = true
			}
		case !r.gone && !had:
			s.set.Add(r.id)
			s.since++
			if gone[r.id] {
				delete(gone, r.id)
			} else {
				s.late[r.id] = struct{}{}
			}
		}
	}
	if len(gone) > 0 { // a new slice: others hold the old one
		left := make([]entry.ID, 0, len(s.sorted))
		for _, id := range s.sorted {
			if !gone[id] {
				left = append(left, id)
			}
		}
		s.sorted = left
	}
	if len(s.late) > 1024+len(s.sorted)/16 { // so that each is moved a few times only
		s.mergeLocked()
	}
}

func (s *idSet) mergeLocked() {
	if len(s.late) == 0 {
		return
	}
	late := make([]entry.ID, 0, len(s.late))
	for id := range s.late {
		late = append(late, id)
	}
	slices.SortFunc(late, entry.ID.Compare)
	s.sorted, s.late = merge(s.sorted, late), map[entry.ID]struct{}{}
}

// merge returns two sorted slices as one, and leaves them alone.
func merge(a, b []entry.ID) []entry.ID {
	all := make([]entry.ID, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if a[0].Compare(b[0]) < 0 {
			all, a = append(all, a[0]), a[1:]
		} else {
			all, b = append(all, b[0]), b[1:]
		}
	}
	return append(append(all, a...), b...)
}

// listing walks through a peer's list as it arrives, and keeps only in what it differs.
type listing struct {
	mine    []entry.ID // not yet passed by the list
	last    entry.ID   // the list's newest
	listed  int
	missing []entry.ID // had here, not in the list
	lack    []entry.ID // in the list, not had here: maxLack at most
	more    bool       // there were more of these
}

// chunk takes the next IDs of the list, 32 bytes each.
func (c *listing) chunk(b []byte) error {
	for ; len(b) > 0; b = b[32:] {
		if len(b) < 32 {
			return broken("a list of IDs that ends inside one")
		}
		id := entry.ID(b[:32])
		if c.listed > 0 && id.Compare(c.last) <= 0 {
			return broken("a list of IDs that isn't in order")
		}
		if c.listed++; c.listed > MaxListed {
			return broken("a list of more than %d IDs", MaxListed)
		}
		c.last = id
		for len(c.mine) > 0 && c.mine[0].Compare(id) < 0 {
			c.missing, c.mine = append(c.missing, c.mine[0]), c.mine[1:]
		}
		switch {
		case len(c.mine) > 0 && c.mine[0] == id:
			c.mine = c.mine[1:]
		case len(c.lack) < maxLack:
			c.lack = append(c.lack, id)
		default:
			c.more = true
		}
	}
	return nil
}

// end returns what the peer lacks.
func (c *listing) end() []entry.ID {
	return append(c.missing, c.mine...)
}
