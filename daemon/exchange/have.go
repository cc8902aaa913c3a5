package exchange

import "kith/crdt/entry"

// have remembers the entries that a peer was last known to have, so that they aren't sent back.
// Forgetting one costs an echo, nothing else.
type have struct {
	known map[entry.ID]struct{}
	ring  []entry.ID // the same, in order of arrival
	next  int
	most  int
}

func (h *have) add(id entry.ID) {
	if _, ok := h.known[id]; ok {
		return
	}
	if h.known == nil {
		h.known = map[entry.ID]struct{}{}
	}
	h.known[id] = struct{}{}
	if len(h.ring) < h.most {
		h.ring = append(h.ring, id)
		return
	}
	delete(h.known, h.ring[h.next])
	h.ring[h.next] = id
	h.next = (h.next + 1) % h.most
}

// forget takes an ID out. Its place in the ring stays, so it may be forgotten a little early if it comes again.
func (h *have) forget(id entry.ID) { delete(h.known, id) }

func (h *have) has(id entry.ID) bool {
	_, ok := h.known[id]
	return ok
}
