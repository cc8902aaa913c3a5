package exchange

import (
	"crypto/sha256"
	"iter"
	"slices"
	"sync"

	"kith/crdt/entry"
)

// idSet keeps the IDs of all entries that are had, sorted, for all connections together.
type idSet struct {
	load func() iter.Seq[entry.ID]

	making sync.Mutex // held while a snapshot is made; taken before mu
	now    *snapshot  // guarded by making; nil before the first

	mu    sync.Mutex // never held for long: the replica waits for it when it has stored something
	fresh []entry.ID // stored since now was made
}

// snapshot is the set at one moment. It never changes.
type snapshot struct {
	ids    []entry.ID // ascending, unique
	digest [32]byte   // SHA-256 of them, one after the other
}

func newSnapshot(ids []entry.ID) *snapshot {
	h := sha256.New()
	for i := range ids {
		h.Write(ids[i][:])
	}
	return &snapshot{ids: ids, digest: [32]byte(h.Sum(nil))}
}

// add takes in newly stored entries.
func (s *idSet) add(ids []entry.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fresh = append(s.fresh, ids...)
}

// snapshot returns the set with all that was added before the call.
func (s *idSet) snapshot() *snapshot {
	s.making.Lock()
	defer s.making.Unlock()
	s.mu.Lock()
	fresh := s.fresh
	s.fresh = nil
	s.mu.Unlock()
	switch {
	case s.now == nil:
		// What is stored while we read is added as well, so nothing can be missed.
		for id := range s.load() {
			fresh = append(fresh, id)
		}
		s.now = newSnapshot(merge(nil, fresh))
	case len(fresh) > 0:
		s.now = newSnapshot(merge(s.now.ids, fresh))
	}
	return s.now
}

// merge returns the union of sorted, which it leaves alone, and fresh, which it sorts.
func merge(sorted, fresh []entry.ID) []entry.ID {
	if !slices.IsSortedFunc(fresh, entry.ID.Compare) {
		slices.SortFunc(fresh, entry.ID.Compare)
	}
	fresh = slices.Compact(fresh)
	if len(sorted) == 0 {
		return slices.Clip(fresh)
	}
	all := make([]entry.ID, 0, len(sorted)+len(fresh))
	for len(sorted) > 0 && len(fresh) > 0 {
		switch c := sorted[0].Compare(fresh[0]); {
		case c < 0:
			all, sorted = append(all, sorted[0]), sorted[1:]
		case c > 0:
			all, fresh = append(all, fresh[0]), fresh[1:]
		default:
			all, sorted, fresh = append(all, sorted[0]), sorted[1:], fresh[1:]
		}
	}
	return append(append(all, sorted...), fresh...)
}

// comparison walks through a peer's list as it arrives and keeps only what the peer lacks.
type comparison struct {
	mine    []entry.ID // not yet passed by the list
	last    entry.ID   // the list's newest
	listed  int
	missing []entry.ID // had here, not in the list
}

// chunk takes the next IDs of the list, 32 bytes each.
func (c *comparison) chunk(b []byte) error {
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
		for len(c.mine) > 0 {
			order := c.mine[0].Compare(id)
			if order > 0 {
				break
			}
			if order < 0 {
				c.missing = append(c.missing, c.mine[0])
			}
			c.mine = c.mine[1:]
		}
	}
	return nil
}

// end returns what the peer lacks.
func (c *comparison) end() []entry.ID {
	return append(c.missing, c.mine...)
}
