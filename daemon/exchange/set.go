package exchange

import (
	"iter"
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
	ids    idList        // what is in set
	since  int           // how many were added after the set was kept

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

// lacks returns those of a batch that aren't had, each once. One that is being stored at this moment may be among them.
func (s *idSet) lacks(batch []*entry.Entry) (fresh []*entry.Entry) {
	s.making.Lock()
	defer s.making.Unlock()
	s.readLocked()
	seen := make(map[entry.ID]bool, len(batch))
	for _, e := range batch {
		if id := e.ID(); !seen[id] && !s.ids.has(id) {
			seen[id] = true
			fresh = append(fresh, e)
		}
	}
	return fresh
}

// list returns the set and what is in it, ascending, in a slice of the caller's.
func (s *idSet) list() (*rateless.Snapshot, []entry.ID) {
	s.making.Lock()
	defer s.making.Unlock()
	s.readLocked()
	return s.set.Snapshot(), s.ids.all()
}

// readLocked makes the set from what is stored, the first time, and brings it up to date.
func (s *idSet) readLocked() {
	if s.set == nil {
		s.mu.Lock()
		s.reading = true
		s.mu.Unlock()
		// What is stored while we read is reported as well, so nothing can be missed.
		for id := range s.load() {
			s.ids.add(id)
		}
		if s.kept != nil {
			s.set, s.since = fromKept(s.kept(), s.ids.each())
		}
		if s.set == nil {
			s.set, s.since = rateless.NewSet(), s.ids.n
			for id := range s.ids.each() {
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
	for _, r := range fresh {
		switch {
		case r.gone && s.ids.remove(r.id):
			s.set.Remove(r.id)
			s.since++
		case !r.gone && s.ids.add(r.id):
			s.set.Add(r.id)
			s.since++
		}
	}
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
