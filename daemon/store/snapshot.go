package store

import (
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"kith/crdt/entry"
)

// Snapshot is the store as it was at one moment; what is written meanwhile doesn't show. It is
// not safe for concurrent use.
type Snapshot struct{ txn *badger.Txn }

// Snapshot calls fn with the store as it is now. Writes go on; what they leave behind stays on the
// disk until fn returns. An error of fn's is returned as it is.
func (s *Store) Snapshot(fn func(*Snapshot) error) error {
	var failed error
	err := s.view(func(txn *badger.Txn) error {
		failed = fn(&Snapshot{txn})
		return nil
	})
	return errors.Join(err, failed)
}

// Counts returns how much was stored.
func (v *Snapshot) Counts() (Counts, error) {
	b, err := valueOf(v.txn, keyCounts)
	if err != nil {
		return Counts{}, err
	}
	var st state
	if err := unmarshal(b, &st); err != nil {
		return Counts{}, fmt.Errorf("%w: the counts: %v", ErrCorrupt, err)
	}
	return st.Counts, nil
}

// Small returns a small record; ErrNotFound if there was none.
func (v *Snapshot) Small(name string) ([]byte, error) { return valueOf(v.txn, smallKey(name)) }

// Smalls calls fn with every small record whose name starts so, by name.
func (v *Snapshot) Smalls(prefix string, fn func(name string, value []byte) error) error {
	return v.each(smallKey(prefix), func(k, value []byte) error { return fn(string(k[1:]), value) })
}

// Quarantined calls fn with the entries that are kept away from the core.
func (v *Snapshot) Quarantined(fn func(entry.ID, entry.DocID) error) error {
	return v.each([]byte{prefixQuarantine}, func(k, value []byte) error {
		if len(value) != len(entry.DocID{}) {
			return fmt.Errorf("%w: where a quarantined entry belongs", ErrCorrupt)
		}
		return fn(entry.ID(k[1:]), entry.DocID(value))
	})
}

// Entries calls fn with every encoded entry, in the order in which they arrived.
func (v *Snapshot) Entries(fn func(encoded []byte) error) error {
	return v.Arrivals(0, func(_ entry.ID, r Record) error {
		b, err := v.EntryAt(r.Doc, r.Arrival)
		if err != nil {
			return err
		}
		return fn(b)
	})
}

// Arrivals calls fn with what is known of every entry that arrived after the given number, in that
// order.
func (v *Snapshot) Arrivals(after uint64, fn func(entry.ID, Record) error) error {
	return v.from([]byte{prefixArrival}, arrivalKey(after+1), func(k, id []byte) error {
		if len(id) != len(entry.ID{}) {
			return fmt.Errorf("%w: arrival %d", ErrCorrupt, arrivalOf(k))
		}
		b, err := valueOf(v.txn, recordKey(entry.ID(id)))
		var r Record
		if err == nil {
			err = unmarshal(b, &r)
		}
		if err != nil {
			return fmt.Errorf("%w: entry %x: %v", ErrCorrupt, id, err)
		}
		return fn(entry.ID(id), r)
	})
}

// EntryAt returns the encoded entry of a document (the zero ID: a statement) that arrived as the
// given number.
func (v *Snapshot) EntryAt(doc entry.DocID, arrival uint64) ([]byte, error) {
	b, err := bodyAt(v.txn, doc, arrival)
	if err != nil {
		return nil, fmt.Errorf("%w: the entry that arrived as number %d: %v", ErrCorrupt, arrival, err)
	}
	return b, nil
}

// each calls fn with copies of all keys and values under a prefix, in order, until it fails.
func (v *Snapshot) each(prefix []byte, fn func(k, value []byte) error) error {
	return v.from(prefix, prefix, fn)
}

// from is each from a key on.
func (v *Snapshot) from(prefix, start []byte, fn func(k, value []byte) error) error {
	it := v.txn.NewIterator(walk(prefix))
	defer it.Close()
	for it.Seek(start); it.Valid(); it.Next() {
		if it.Item().UserMeta() == metaGone {
			continue
		}
		value, err := it.Item().ValueCopy(nil)
		if err != nil {
			return fmt.Errorf("%w: %v", ErrCorrupt, err)
		}
		if err := fn(it.Item().KeyCopy(nil), value); err != nil {
			return err
		}
	}
	return nil
}
