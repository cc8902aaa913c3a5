package store

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"kith/crdt/entry"
)

// view is Badger's View, for damaged blocks, too.
func (s *Store) view(fn func(*badger.Txn) error) error {
	return guarded(func() error { return s.db.View(fn) })
}

// get reads one value, as a copy; ErrNotFound if there is none.
func (s *Store) get(key []byte) ([]byte, error) {
	var out []byte
	err := s.view(func(txn *badger.Txn) (err error) {
		out, err = valueOf(txn, key)
		return err
	})
	return out, err
}

func valueOf(txn *badger.Txn, key []byte) (v []byte, err error) {
	err = useValue(txn, key, func(shared []byte) { v = append([]byte(nil), shared...) })
	return v, err
}

// useValue calls fn with a value, which is fn's only during the call; ErrNotFound if there is none.
func useValue(txn *badger.Txn, key []byte, fn func([]byte)) error {
	item, err := txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) || err == nil && item.UserMeta() == metaGone {
		return ErrNotFound
	}
	if err == nil {
		err = item.Value(func(v []byte) error { fn(v); return nil })
	}
	if err != nil {
		return fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	return nil
}

// Record returns what is known of an entry; ErrNotFound if it isn't stored.
func (s *Store) Record(id entry.ID) (Record, error) {
	var r Record
	v, err := s.get(recordKey(id))
	if err != nil {
		return r, err
	}
	if err := unmarshal(v, &r); err != nil {
		return r, fmt.Errorf("%w: the record of entry %s: %v", ErrCorrupt, id, err)
	}
	return r, nil
}

// Has says whether an entry is stored, in whatever state.
func (s *Store) Has(id entry.ID) bool {
	err := s.view(func(txn *badger.Txn) error {
		_, err := txn.Get(recordKey(id))
		return err
	})
	return err == nil
}

// Entry returns the encoded entry and its record; ErrNotFound if it isn't stored.
func (s *Store) Entry(id entry.ID) ([]byte, Record, error) {
	var (
		r Record
		b []byte
	)
	err := s.view(func(txn *badger.Txn) error {
		v, err := valueOf(txn, recordKey(id))
		if err != nil {
			return err
		}
		if err := unmarshal(v, &r); err != nil {
			return fmt.Errorf("%w: the record of entry %s: %v", ErrCorrupt, id, err)
		}
		b, err = bodyAt(txn, r.Doc, r.Arrival)
		if errors.Is(err, ErrNotFound) {
			return fmt.Errorf("%w: entry %s %w", ErrCorrupt, id, ErrLost)
		}
		return err
	})
	return b, r, err
}

// bodyAt reads an entry, whole or bare.
func bodyAt(txn *badger.Txn, doc entry.DocID, arrival uint64) ([]byte, error) {
	b, err := valueOf(txn, entryKey(doc, arrival))
	if errors.Is(err, ErrNotFound) {
		b, err = valueOf(txn, bareKey(doc, arrival))
	}
	return b, err
}

// Stored is an entry as it lies in the store.
type Stored struct {
	Arrival uint64
	Encoded []byte
}

// Entries returns all entries of a document (or, for the zero ID, all statements) in the order
// of their arrival.
func (s *Store) Entries(doc entry.DocID) ([]Stored, error) {
	var out []Stored
	take := func(k, v []byte) bool {
		out = append(out, Stored{arrivalOf(k), v})
		return true
	}
	if s.marked {
		if _, err := s.get(docKey(prefixMark, doc)); errors.Is(err, ErrNotFound) {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
	}
	if err := s.scan(docKey(prefixEntry, doc), true, take); err != nil {
		return nil, err
	}
	if !s.bares.Load() {
		return out, nil
	}
	whole := len(out)
	err := s.scan(docKey(prefixBare, doc), true, take)
	if whole > 0 && len(out) > whole {
		slices.SortFunc(out, func(a, b Stored) int { return cmp.Compare(a.Arrival, b.Arrival) })
	}
	return out, err
}

// Bare returns the documents of which bare entries are stored.
func (s *Store) Bare() (docs []entry.DocID, err error) {
	var last entry.DocID
	err = s.scan([]byte{prefixBare}, false, func(k, _ []byte) bool {
		if doc := entry.DocID(k[1:]); doc != last {
			docs, last = append(docs, doc), doc
		}
		return true
	})
	return docs, err
}

// All calls fn with every stored entry, those of a document together and in the order of their
// arrival, bare ones last, until it returns false. fn must neither keep nor modify the bytes.
func (s *Store) All(fn func(arrival uint64, encoded []byte) bool) error {
	more := true
	each := func(k, v []byte) bool {
		more = fn(arrivalOf(k), v)
		return more
	}
	if err := s.scanShared([]byte{prefixEntry}, each); err != nil || !more {
		return err
	}
	return s.scanShared([]byte{prefixBare}, each)
}

// IDs yields the ID of every stored entry, by their bytes. What is stored after the call may
// be missing. It stops early on a damaged store, which Verify reports.
func (s *Store) IDs() iter.Seq[entry.ID] {
	return func(yield func(entry.ID) bool) {
		_ = s.scan([]byte{prefixRecord}, false, func(k, _ []byte) bool { return yield(entry.ID(k[1:])) })
	}
}

// Records calls fn with the record of every entry until it returns false.
func (s *Store) Records(fn func(entry.ID, Record) bool) error {
	return s.walkThrough(func(txn *badger.Txn) error { return s.recordsIn(txn, fn) })
}

// recordsIn is Records in a view of the store that is open.
func (s *Store) recordsIn(txn *badger.Txn, fn func(entry.ID, Record) bool) error {
	return s.iterateIn(txn, []byte{prefixRecord}, func(item *badger.Item) (more bool, err error) {
		err = item.Value(func(v []byte) error {
			var r Record
			if err := unmarshal(v, &r); err != nil {
				return fmt.Errorf("the record of entry %x: %v", item.Key()[1:], err)
			}
			more = fn(entry.ID(item.Key()[1:]), r)
			return nil
		})
		return more, err
	})
}

// manyRecords is from how many on RecordsOf walks through all records in the place of looking
// each up: a step costs about a tenth of a look-up.
const manyRecords = 256

// RecordsOf calls fn with the record of each of these entries, and whether it is stored: in their order, if that is ascending.
func (s *Store) RecordsOf(ids []entry.ID, fn func(id entry.ID, r Record, here bool)) error {
	if len(ids) < manyRecords {
		for _, id := range ids {
			r, err := s.Record(id)
			if err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
			fn(id, r, err == nil)
		}
		return nil
	}
	left := ids
	if !slices.IsSortedFunc(left, entry.ID.Compare) {
		left = slices.Clone(ids)
		slices.SortFunc(left, entry.ID.Compare)
	}
	err := s.Records(func(id entry.ID, r Record) bool {
		for len(left) > 0 && left[0].Compare(id) < 0 {
			fn(left[0], Record{}, false)
			left = left[1:]
		}
		if len(left) > 0 && left[0] == id {
			fn(id, r, true)
			left = left[1:]
		}
		return len(left) > 0
	})
	for _, id := range left {
		fn(id, Record{}, false)
	}
	return err
}

// Recent yields entries by their arrival, newest first, starting below the given number
// (0: with the newest).
func (s *Store) Recent(below uint64) iter.Seq2[uint64, entry.ID] {
	return func(yield func(uint64, entry.ID) bool) {
		from := below - 1 // 0 wraps to the highest number
		_ = s.view(func(txn *badger.Txn) error {
			it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{prefixArrival}, Reverse: true})
			defer it.Close()
			for it.Seek(arrivalKey(from)); it.Valid(); it.Next() {
				v, err := it.Item().ValueCopy(nil)
				if err != nil || len(v) != len(entry.ID{}) {
					return err
				}
				if !yield(arrivalOf(it.Item().Key()), entry.ID(v)) {
					return nil
				}
			}
			return nil
		})
	}
}

// Since calls fn with every entry that arrived after the given number, oldest first, until it
// returns false.
func (s *Store) Since(arrival uint64, fn func(uint64, entry.ID) bool) error {
	return s.view(func(txn *badger.Txn) error {
		it := txn.NewIterator(walk([]byte{prefixArrival}))
		defer it.Close()
		for it.Seek(arrivalKey(arrival + 1)); it.Valid(); it.Next() {
			v, err := it.Item().ValueCopy(nil)
			if err != nil || len(v) != len(entry.ID{}) {
				return fmt.Errorf("%w: arrival %d: %v", ErrCorrupt, arrivalOf(it.Item().Key()), err)
			}
			if !fn(arrivalOf(it.Item().Key()), entry.ID(v)) {
				return nil
			}
		}
		return nil
	})
}

// At returns the entry that arrived under a number; ErrNotFound if none did.
func (s *Store) At(arrival uint64) (id entry.ID, err error) {
	err = s.view(func(txn *badger.Txn) error {
		v, err := valueOf(txn, arrivalKey(arrival))
		if err == nil && len(v) != len(id) {
			err = fmt.Errorf("%w: arrival %d", ErrCorrupt, arrival)
		}
		copy(id[:], v)
		return err
	})
	return id, err
}

// View returns a document's view and kind; ErrNotFound if it has none.
func (s *Store) View(doc entry.DocID) (kind string, view []byte, err error) {
	err = s.view(func(txn *badger.Txn) error {
		b, err := valueOf(txn, docKey(prefixDoc, doc))
		if err != nil {
			return err
		}
		var d Doc
		if err := unmarshal(b, &d); err != nil {
			return fmt.Errorf("%w: what is known of document %s: %v", ErrCorrupt, doc, err)
		}
		kind = d.Kind
		view, err = valueOf(txn, viewKey(kind, doc))
		return err
	})
	return kind, view, err
}

// Views calls fn with every view of a kind ("": of all kinds) until it returns false. The
// bytes are the callee's only during the call.
func (s *Store) Views(kind string, fn func(doc entry.DocID, view []byte) bool) error {
	prefix := []byte{prefixView}
	if kind != "" {
		prefix = viewPrefix(kind)
	}
	return s.scanShared(prefix, func(k, v []byte) bool {
		return fn(entry.DocID(k[len(k)-len(entry.DocID{}):]), v)
	})
}

// Documents calls fn with every document that has a view, by ID.
func (s *Store) Documents(fn func(entry.DocID, Doc) bool) error {
	var found error
	err := s.scanShared([]byte{prefixDoc}, func(k, v []byte) bool {
		var d Doc
		if err := unmarshal(v, &d); err != nil {
			found = fmt.Errorf("%w: what is known of document %x: %v", ErrCorrupt, k[1:], err)
			return false
		}
		return fn(entry.DocID(k[1:]), d)
	})
	return errors.Join(err, found)
}

// Sought calls fn with what a search looks through of every document, by ID, until it returns false. The bytes are the
// callee's only during the call.
func (s *Store) Sought(fn func(doc entry.DocID, sought []byte) bool) error {
	return s.scanShared([]byte{prefixSought}, func(k, v []byte) bool { return fn(entry.DocID(k[1:]), v) })
}

// Unsettled calls fn with every document of which another charter might settle entries.
func (s *Store) Unsettled(fn func(entry.DocID, Unsettled)) error {
	var broken error
	err := s.scanShared([]byte{prefixUnsettled}, func(k, v []byte) bool {
		var u Unsettled
		if err := unmarshal(v, &u); err != nil {
			broken = fmt.Errorf("%w: what document %x waits for: %v", ErrCorrupt, k[1:], err)
			return false
		}
		fn(entry.DocID(k[1:]), u)
		return true
	})
	return errors.Join(err, broken)
}

// Judge returns the documents that are to be judged again.
func (s *Store) Judge() ([]entry.DocID, error) {
	var out []entry.DocID
	err := s.scan([]byte{prefixJudge}, false, func(k, _ []byte) bool {
		out = append(out, entry.DocID(k[1:]))
		return true
	})
	return out, err
}

// Quarantined returns the entries that are kept away from the core.
func (s *Store) Quarantined() (map[entry.ID]entry.DocID, error) {
	out := map[entry.ID]entry.DocID{}
	err := s.scan([]byte{prefixQuarantine}, true, func(k, v []byte) bool {
		out[entry.ID(k[1:])] = entry.DocID(v)
		return true
	})
	return out, err
}

// Small returns a small record; ErrNotFound if there is none.
func (s *Store) Small(name string) ([]byte, error) { return s.get(smallKey(name)) }

// Smalls calls fn with every small record whose name starts so, by name.
func (s *Store) Smalls(prefix string, fn func(name string, value []byte)) error {
	return s.scan(smallKey(prefix), true, func(k, v []byte) bool {
		fn(string(k[1:]), v)
		return true
	})
}

// walk are the options for going through a prefix. Values lie beside their keys; fetching them
// ahead would start a goroutine for each, which takes three times as long as all the rest.
func walk(prefix []byte) badger.IteratorOptions { return badger.IteratorOptions{Prefix: prefix} }

// Next returns the encoded entries of a document from the given arrival on, in the order of their
// arrival: at most n, and none after those that have size bytes together.
func (s *Store) Next(doc entry.DocID, from uint64, n, size int) ([]Stored, error) {
	var out []Stored
	left := size
	next := func(txn *badger.Txn, prefix byte) error {
		it := txn.NewIterator(walk(docKey(prefix, doc)))
		defer it.Close()
		start := entryKey(doc, from)
		start[0] = prefix
		for it.Seek(start); it.Valid() && len(out) < n && left > 0; it.Next() {
			if it.Item().UserMeta() == metaGone {
				continue
			}
			v, err := it.Item().ValueCopy(nil)
			if err != nil {
				return fmt.Errorf("%w: %v", ErrCorrupt, err)
			}
			out = append(out, Stored{arrivalOf(it.Item().Key()), v})
			left -= len(v)
			s.lean.read(len(v))
		}
		return nil
	}
	err := s.view(func(txn *badger.Txn) error {
		if err := next(txn, prefixEntry); err != nil || len(out) > 0 {
			return err // of a document of which only a part is bare, that is looked up one by one
		}
		return next(txn, prefixBare)
	})
	return out, err
}

// scan calls fn with copies of all keys and values under a prefix, in order.
func (s *Store) scan(prefix []byte, values bool, fn func(k, v []byte) bool) error {
	return s.iterate(prefix, func(item *badger.Item) (bool, error) {
		var v []byte
		if values {
			var err error
			if v, err = item.ValueCopy(nil); err != nil {
				return false, err
			}
		}
		return fn(item.KeyCopy(nil), v), nil
	})
}

// scanShared is scan without the copies.
func (s *Store) scanShared(prefix []byte, fn func(k, v []byte) bool) error {
	return s.iterate(prefix, func(item *badger.Item) (more bool, err error) {
		err = item.Value(func(v []byte) error {
			more = fn(item.Key(), v)
			return nil
		})
		return more, err
	})
}

func (s *Store) iterate(prefix []byte, fn func(*badger.Item) (bool, error)) error {
	return s.walkThrough(func(txn *badger.Txn) error { return s.iterateIn(txn, prefix, fn) })
}

// walkThrough is view for what reads much: what fails there is ErrCorrupt.
func (s *Store) walkThrough(fn func(*badger.Txn) error) error {
	if err := s.view(fn); err != nil {
		return fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	return nil
}

// iterateIn is iterate in a view of the store that is open.
func (s *Store) iterateIn(txn *badger.Txn, prefix []byte, fn func(*badger.Item) (bool, error)) error {
	it := txn.NewIterator(walk(prefix))
	defer it.Close()
	it.Rewind()
	for n := 1; it.Valid(); n++ {
		if n%manyItems == 0 {
			s.lean.lookSoon()
		}
		if it.Item().UserMeta() == metaGone {
			it.Next()
			continue
		}
		more, err := fn(it.Item())
		if err != nil || !more {
			return err
		}
		it.Next()
	}
	return nil
}
