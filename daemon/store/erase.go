package store

import (
	"fmt"
	"strings"

	"github.com/dgraph-io/badger/v4"

	"kith/crdt/entry"
)

// metaGone marks a record that is absent for every reader. It isn't deleted: Badger drops only what it finds under a key.
const metaGone = 1

// Erase takes the bytes of documents that were forgotten out of the files: what was written under their keys, of whole
// entries, views and words to search, in tables and logs alike. What is deleted otherwise stays in a file until that is
// written anew, which may take for ever. It does what PutErase noted and that isn't done; more: there may be more of
// that. What of such a document is there again, since somebody wrote in it meanwhile, stays. All sheaves go, as its words may be in any
// (Erased tells). It waits for what is being
// written, takes a moment for each table that holds something of them, and may be tried again after a crash.
//
// The disk itself may keep what a file held until it writes something else there.
func (s *Store) Erase() (more bool, err error) {
	if noted, _, err := s.toErase(); err != nil || len(noted) == 0 {
		return false, err
	}
	t := s.enqueue(&Ticket{batch: NewBatch(nil), erase: true, done: make(chan struct{})})
	err = t.Wait()
	return t.more, err
}

// Erased is how often something was taken out of the files.
func (s *Store) Erased() uint64 { return s.erased.Load() }

// maxErased bounds the keys of one go, each of which Badger looks up before.
const maxErased = 4_000

// erasable is a document that was forgotten, with the prefixes of the keys under which there may be words of it.
type erasable struct {
	doc      entry.DocID
	prefixes [][]byte
}

// toErase gives what is noted, at most so much that maxErased prefixes are reached; more: there may be more of it.
func (s *Store) toErase() (noted []erasable, more bool, err error) {
	keys := 0
	err = s.scan([]byte{prefixErase}, true, func(k, v []byte) bool {
		e := erasable{doc: entry.DocID(k[1:])}
		e.prefixes = eraseKeys(e.doc, strings.Split(string(v), "\x00"))
		noted = append(noted, e)
		keys += len(e.prefixes)
		more = keys >= maxErased
		return !more
	})
	return noted, more, err
}

// erase drops what a ticket of Erase is for, and adds to its batch that this is done. The writer calls it when all before it is
// written: what comes back is looked at as it is then.
func (s *Store) erase(t *Ticket) error {
	noted, more, err := s.toErase()
	if err != nil {
		return err
	}
	t.more = more
	var keys [][]byte
	for _, e := range noted {
		if len(keys) >= maxErased {
			t.more = true
			break
		}
		for _, prefix := range e.prefixes {
			gone, all, err := s.goneUnder(prefix)
			switch {
			case err != nil:
				return err
			case all:
				keys = append(keys, prefix)
			default:
				keys = append(keys, gone...)
			}
		}
		t.batch.del(docKey(prefixErase, e.doc))
	}
	if len(noted) > 0 {
		keys = append(keys, []byte{prefixSheaf}) // what is in them lies in other records, too, from which they are made anew
	}
	if len(keys) == 0 {
		return nil
	}
	s.erased.Add(1)
	return s.drop(keys)
}

// goneUnder returns the keys under a prefix whose records are marked as gone; all: no other record is there.
func (s *Store) goneUnder(prefix []byte) (gone [][]byte, all bool, err error) {
	all = true
	err = s.view(func(txn *badger.Txn) error {
		it := txn.NewIterator(walk(prefix))
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			if it.Item().UserMeta() == metaGone {
				gone = append(gone, it.Item().KeyCopy(nil))
				continue
			}
			all = false
		}
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	return gone, all, nil
}

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
