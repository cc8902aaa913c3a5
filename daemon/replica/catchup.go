package replica

import (
	"cmp"
	"math"
	"slices"

	"kith/crdt/entry"
	"kith/daemon/store"
)

// placed is where an entry lies.
type placed struct {
	doc     entry.DocID
	arrival uint64
}

// CatchUpOrder sorts the IDs of entries for a peer that lacks them, in place: the charter
// first, then documents with the newest work first, each in the order in which it arrived here. What isn't stored here comes last.
// The caller doesn't modify the slice afterwards: the entries are expected to be asked for in that order.
func (r *Replica) CatchUpOrder(ids []entry.ID) {
	slices.SortFunc(ids, entry.ID.Compare)
	// There may be a million, so little is noted of each.
	type one struct {
		arrival uint64
		doc, id uint32 // places in docs, and in ids as they are sorted
	}
	var (
		all    []one
		lost   []entry.ID
		docs   []entry.DocID
		newest []uint64 // arrival in each
		at     = map[entry.DocID]uint32{}
		n      uint32
	)
	err := r.store.RecordsOf(ids, func(id entry.ID, rec store.Record, here bool) {
		n++
		if !here {
			lost = append(lost, id)
			return
		}
		doc, known := at[rec.Doc]
		if !known {
			doc = uint32(len(docs))
			at[rec.Doc] = doc
			docs, newest = append(docs, rec.Doc), append(newest, 0)
		}
		newest[doc] = max(newest[doc], rec.Arrival)
		all = append(all, one{rec.Arrival, doc, n - 1})
	})
	if err != nil {
		r.log.Error("order entries for a peer", "err", err)
		return // any order will do
	}
	if charter, ok := at[entry.DocID{}]; ok {
		newest[charter] = math.MaxUint64
	}
	slices.SortFunc(all, func(a, b one) int {
		if a.doc != b.doc {
			return cmp.Compare(newest[b.doc], newest[a.doc]) // no two are equal: an arrival is of one entry
		}
		return cmp.Compare(a.arrival, b.arrival)
	})
	by := slices.Clone(ids)
	way := &route{ids: ids, at: make([]uint64, len(all))}
	for i, o := range all {
		ids[i], way.at[i] = by[o.id], o.arrival
		if i > 0 && o.doc == all[i-1].doc {
			way.docs[len(way.docs)-1].upTo++
			continue
		}
		way.docs = append(way.docs, stretch{docs[o.doc], i + 1})
	}
	copy(ids[len(all):], lost)
	r.places.note(way)
}

// Bounds of what CatchUpFirst picks: what a peer shows after a moment, and what is picked without reading much.
const (
	firstDocs    = 200
	firstEntries = 4_000
	firstBytes   = 4 << 20
)

// CatchUpFirst moves the charter and the documents with the newest work to the front of IDs of entries that a peer lacks, which are ascending, in about the order
// of CatchUpOrder, and says how many these are; the others stay ascending. It reads no more than a few thousand entries, however many there are.
func (r *Replica) CatchUpFirst(ids []entry.ID) int {
	var first []entry.ID
	size := 0
	take := func(doc entry.DocID) (all bool) {
		lying, err := r.store.Next(doc, 0, firstEntries, firstBytes)
		if err != nil {
			return false
		}
		n := len(first)
		for _, l := range lying {
			e, err := entry.Decode(l.Encoded)
			if err != nil {
				return false
			}
			size += len(l.Encoded)
			if _, lacks := slices.BinarySearchFunc(ids, e.ID(), entry.ID.Compare); lacks {
				first = append(first, e.ID())
			}
		}
		if len(first) > firstEntries || size > firstBytes { // perhaps not all of it
			first = first[:n]
			return false
		}
		return true
	}
	if !take(entry.DocID{}) {
		return 0
	}
	seen, looked := map[entry.DocID]bool{{}: true}, 0
	for _, id := range r.store.Recent(0) {
		if looked++; looked > firstEntries || len(seen) > firstDocs {
			break
		}
		rec, err := r.store.Record(id)
		if err != nil {
			break
		}
		if seen[rec.Doc] {
			continue
		}
		seen[rec.Doc] = true
		if !take(rec.Doc) {
			break
		}
	}
	front := slices.SortedFunc(slices.Values(first), entry.ID.Compare)
	to := len(ids)
	for i := len(ids) - 1; i >= 0; i-- {
		if n := len(front); n > 0 && front[n-1] == ids[i] {
			front = front[:n-1]
			continue
		}
		to--
		ids[to] = ids[i]
	}
	return copy(ids, first)
}
