package store

import (
	"fmt"
	"strings"

	"kith/crdt/entry"
)

// metaGone marks a record that is absent for every reader. It isn't deleted: Badger drops only what it finds under a key.
const metaGone = 1

// Erase takes the bytes of documents that were forgotten out of the files: what was written under their keys, of whole
// entries, views and words to search, in tables and logs alike. What is deleted otherwise stays in a file until that is
// written anew, which may take for ever. It does what PutErase noted and that isn't done; more: there may be more of
// that. It waits for what is being written, takes a moment for each table that holds something of them, and may be tried again after a crash.
//
// The disk itself may keep what a file held until it writes something else there.
func (s *Store) Erase() (more bool, err error) {
	t := &Ticket{batch: NewBatch(nil), done: make(chan struct{})}
	err = s.scan([]byte{prefixErase}, true, func(k, v []byte) bool {
		doc := entry.DocID(k[1:])
		t.erase = append(t.erase, eraseKeys(doc, strings.Split(string(v), "\x00"))...)
		t.batch.del(docKey(prefixErase, doc))
		more = len(t.erase) >= maxErased
		return !more
	})
	if err != nil || t.erase == nil {
		return false, err
	}
	return more, s.enqueue(t).Wait()
}

// maxErased bounds the keys of one go, each of which Badger looks up before.
const maxErased = 4_000

// drop has Badger write all tables anew that hold something under some keys, without that. Its logs are written into tables
// first. Nobody may write meanwhile, so the writer calls it.
func (s *Store) drop(prefixes [][]byte) error {
	if room, err := s.free(s.dir); err == nil && room < 2*minFree {
		return fmt.Errorf("%w: %d MiB left where the store is", ErrDiskFull, room>>20)
	}
	if err := guarded(func() error { return s.db.DropPrefix(prefixes...) }); err != nil {
		return fmt.Errorf("take what was forgotten out of the files: %w", err)
	}
	return nil
}
