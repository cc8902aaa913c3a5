package store

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/dgraph-io/badger/v4"

	"kith/crdt/entry"
)

// Ticket stands for a batch on its way to the disk.
type Ticket struct {
	batch *Batch
	erase bool // what was forgotten is dropped before the batch is written, see Erase
	more  bool // of that, some is left
	done  chan struct{}
	err   error
}

// Wait returns once the batch is on the disk, or has failed.
func (t *Ticket) Wait() error {
	<-t.done
	return t.err
}

func (t *Ticket) finish(err error) {
	t.err = err
	close(t.done)
}

// Enqueue hands a batch to the writer, which writes batches in the order of these calls. The
// batch belongs to the store from here on.
func (s *Store) Enqueue(b *Batch) *Ticket {
	return s.enqueue(&Ticket{batch: b, done: make(chan struct{})})
}

func (s *Store) enqueue(t *Ticket) *Ticket {
	s.life.RLock() // Close waits for whoever is in here, so the writer sees every ticket
	defer s.life.RUnlock()
	if s.closed {
		t.finish(ErrClosed)
		return t
	}
	if t.batch.bares {
		s.bares.Store(true)
	}
	s.queue <- t
	return t
}

// Commit writes a batch and returns once it is on the disk.
func (s *Store) Commit(b *Batch) error { return s.Enqueue(b).Wait() }

// write is the only goroutine that writes. It takes what is queued, up to a named size, into
// one transaction: while that one is on its way to the disk the next group gathers.
func (s *Store) write() {
	defer close(s.stopped)
	for t := range s.queue { // until Close
		s.writeGroup(s.gather(t))
	}
}

func (s *Store) gather(first *Ticket) []*Ticket {
	group, size, keys := []*Ticket{first}, first.batch.size, len(first.batch.writes)
	for size < maxTxnBytes && keys < maxTxnKeys {
		select {
		case t, open := <-s.queue:
			if !open {
				return group
			}
			group = append(group, t)
			size += t.batch.size
			keys += len(t.batch.writes)
		default:
			return group
		}
	}
	return group
}

func (s *Store) writeGroup(group []*Ticket) {
	live := group[:0:len(group)]
	for _, t := range group {
		if t.erase {
			s.writeGroup(live) // it sees what these bring back
			live = live[:0]
			if err := s.erase(t); err != nil {
				t.finish(err)
				continue
			}
			t.erase = false // done, if this is tried again
		}
		if t.batch.chain != nil && t.batch.chain.broken != nil {
			t.finish(t.batch.chain.broken)
			continue
		}
		live = append(live, t)
	}
	if len(live) == 0 {
		return
	}
	err := s.commit(live)
	if errors.Is(err, badger.ErrTxnTooBig) && len(live) > 1 {
		for _, t := range live { // each on its own is under the bound
			s.writeGroup([]*Ticket{t})
		}
		return
	}
	for _, t := range live {
		if err != nil && t.batch.chain != nil {
			t.batch.chain.broken = err
		}
		t.finish(err)
	}
}

func (s *Store) commit(group []*Ticket) error {
	size := 0
	for _, t := range group {
		size += t.batch.size
	}
	if room, err := s.free(s.dir); err == nil && room < minFree+uint64(size) {
		return fmt.Errorf("%w: %d MiB left where the store is", ErrDiskFull, room>>20)
	}
	s.mu.Lock()
	counts := s.counts
	s.mu.Unlock()

	txn := s.db.NewTransaction(true)
	defer txn.Discard()
	for _, t := range group {
		for _, w := range t.batch.writes {
			var err error
			if w.gone {
				err = txn.SetEntry(badger.NewEntry(w.key, nil).WithMeta(metaGone))
			} else if w.value == nil {
				err = txn.Delete(w.key)
			} else {
				err = txn.Set(w.key, w.value)
			}
			if err != nil {
				return fmt.Errorf("store a batch of %d bytes: %w", size, err)
			}
		}
		for doc := range t.batch.docs {
			if err := mark(txn, doc); err != nil {
				return fmt.Errorf("store a batch of %d bytes: %w", size, err)
			}
		}
		counts.add(t.batch.delta)
	}
	if err := txn.Set(keyCounts, marshal(state{counts, s.written + 1, s.marked})); err != nil {
		return fmt.Errorf("store a batch of %d bytes: %w", size, err)
	}
	if err := txn.Commit(); err != nil {
		if errors.Is(err, syscall.ENOSPC) {
			return fmt.Errorf("%w: %v", ErrDiskFull, err)
		}
		return fmt.Errorf("store a batch of %d bytes: %w", size, err)
	}
	s.written++
	s.lean.wrote(size)
	s.mu.Lock()
	s.counts = counts
	s.mu.Unlock()
	_ = s.witness.write(s.written) // where it fails, losing this would go unnoticed; it is stored
	return nil
}

// mark notes that something is stored of a document, unless that is noted. Who looks for entries of one that has no mark is told at once that
// there are none: a look-up of one key, which the tables' Bloom filters answer, and not a search through each level.
func mark(txn *badger.Txn, doc entry.DocID) error {
	key := docKey(prefixMark, doc)
	_, err := txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return txn.Set(key, []byte{})
	}
	return err
}
