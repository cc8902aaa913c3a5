package exchange

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"iter"

	"kith/crdt/entry"
	"kith/daemon/exchange/rateless"
)

// What is kept of the set of IDs over a restart, so that a start need not put 100,000 IDs into
// symbols again: the symbols and the digest, and the beginning of each ID, by which a start finds
// out what came after. The set is always compared with what the replica has, so what is kept may
// be old, or gone, and the worst that comes of it is the work that it was to save.
//
//	version (1) ‖ set (rateless.Saved) ‖ 8 bytes of each ID, ascending ‖ SHA-256 of all that
const (
	keptVersion = 1
	keptPrefix  = 8
)

// keepAfter is how many IDs must be new before the set is kept again, and the part of all that
// they must be: it is written whole.
const (
	keepAfter = 512
	keepPart  = 64
)

// Keep reads the set of IDs if no connection has needed it yet, and has the replica keep it if much
// of it is new. It is called from time to time when there is nothing else to do.
func (x *Exchange) Keep() error {
	b := x.set.toKeep(x.bounds.keep)
	if b == nil {
		return nil
	}
	return x.local.Keep(b)
}

// toKeep returns what is to be kept, or nil if it isn't worth it.
func (s *idSet) toKeep(after int) []byte {
	s.making.Lock()
	defer s.making.Unlock()
	s.readLocked()
	if s.since < max(after, s.ids.n/keepPart) {
		return nil
	}
	s.since = 0
	b := make([]byte, 0, 1+rateless.Saved+keptPrefix*s.ids.n+sha256.Size)
	b = s.set.AppendSaved(append(b, keptVersion))
	for id := range s.ids.each() {
		b = append(b, id[:keptPrefix]...)
	}
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// fromKept returns the set of these IDs, ascending, and how many of them weren't kept; nil if it
// has to be made from the start.
func fromKept(kept []byte, ids iter.Seq[entry.ID]) (set *rateless.Set, added int) {
	const head = 1 + rateless.Saved
	n := len(kept) - head - sha256.Size
	if n < 0 || n%keptPrefix != 0 || kept[0] != keptVersion {
		return nil, 0
	}
	body := kept[:head+n]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], kept[len(body):]) {
		return nil, 0
	}
	set, err := rateless.ReadSaved(body[1:head])
	if err != nil || set.Len() != n/keptPrefix {
		return nil, 0
	}
	had := body[head:]
	var last uint64
	first := true
	for id := range ids {
		prefix := binary.BigEndian.Uint64(id[:])
		if !first && prefix == last {
			return nil, 0 // somebody took the trouble to make two that begin alike: which of them is it?
		}
		last, first = prefix, false
		if len(had) == 0 || prefix < binary.BigEndian.Uint64(had) {
			set.Add(id)
			added++
			continue
		}
		if prefix > binary.BigEndian.Uint64(had) {
			return nil, 0 // one is gone, such as one over a quota, which a start forgets
		}
		had = had[keptPrefix:]
	}
	if len(had) > 0 {
		return nil, 0
	}
	return set, added
}
