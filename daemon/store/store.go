// Package store keeps a replica on disk. It is the only package that knows Badger.
//
// What is kept: every entry with its state, in the order of its arrival here and by document;
// one view per document; and a few small records (peers' addresses, invites, lists of work that
// a start must go on with). What the records mean is the caller's business. Nothing is judged
// here.
//
// A Batch is written whole or not at all, and is on the disk when Commit returns: batches that
// wait for the disk at the same time share one transaction (group commit).
package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"kith/crdt/problem"
	"kith/daemon/whole"
)

// Sizes of Badger's parts, chosen so that an idle daemon stays small: its default caches are
// made for servers.
const (
	// A table is built in pieces of memory, each twice as large as the one before: 2, 4, 8, 16 and 32 MB for one of 16. So a memory table is only as large
	// as MaxBatch demands, and its builder does without the last.
	memTableSize  = 14 << 20
	baseTableSize = 1 << 20 // on all levels: while there is much to compact ten builders hold six times as much each
	// Keys are the hashes of entries and documents, so each table that is new overlaps with all of the level under it: with Badger's 10 MB and three
	// tables a catch-up of 428 MB wrote 5.0 GB, with these 3.2. Twice as large it is 2.8, and 80 MB more are mapped while a level is written anew.
	baseLevelSize   = 64 << 20
	levelZeroTables = 6
	blockCacheSize  = 8 << 20
	indexCacheSize  = 8 << 20
	// maxTxnBytes cuts a group of batches; a single batch may be larger, up to MaxBatch.
	maxTxnBytes = 1 << 20
	maxTxnKeys  = 10_000
)

// MaxBatch bounds what one batch may hold, in bytes: below Badger's own bound, which is 15 %
// of its memory table.
const MaxBatch = 2 << 20

// verifyAtOpen is up to which size all tables are read when a store opens, in bytes; it takes
// about a tenth of a second. Badger takes what lies in a damaged block for absent, in silence. What is
// larger is checked by kith doctor alone.
const verifyAtOpen = 32 << 20

// minFree is the room that must be left on the disk before anything is written. Badger writes
// through memory maps: if the disk fills up under one, the process dies instead of getting an error.
const minFree = 96 << 20

// leastFiles is how many files a process must be let open at once to serve a store and a few peers.
const leastFiles = 96

var (
	// ErrCorrupt says that what is on the disk isn't what was written.
	ErrCorrupt = problem.New(problem.Failed, "kith doctor; nothing was overwritten, and the other members have what you shared", "the store is damaged")
	// ErrDiskFull says that a batch was refused because the disk has no room left.
	ErrDiskFull = problem.New(problem.Failed, "make room, then try again: nothing was stored; reading goes on", "the disk is full")
	// ErrInUse says that another process has the store open.
	ErrInUse = problem.New(problem.Failed, "end the other one first: the number in the file “lock” of the home is its process ID", "another process uses the store")
	// ErrDenied says that the system lets this person not use a file of the store.
	ErrDenied = problem.New(problem.Failed, "give the home's files back to whose they are: sudo chown -R YOU FOLDER", "a file of the store belongs to somebody else, or can't be written")
	// ErrTooManyFiles says that the system lets this process open no more files.
	ErrTooManyFiles = problem.New(problem.Failed, "raise the limit: ulimit -n 4096, or LimitNOFILE= for systemd", "this process may open no more files")
	// ErrFileTooLong says that the system lets this process write no files as long as those of a store.
	ErrFileTooLong = problem.New(problem.Failed, "raise the limit: ulimit -f unlimited, or LimitFSIZE= for systemd", "this process may write no file as long as the store's")
	// ErrNoMemory says that the system gives this process no more memory.
	ErrNoMemory = problem.New(problem.Failed, "raise the limit: ulimit -v unlimited, or end other programs", "this process gets no more memory")
	// ErrReadOnly says that what the store lies on can only be read.
	ErrReadOnly = problem.New(problem.Failed, "have it written to again (mount says how it is), or copy the home to another disk", "the disk with the store can only be read")
	// ErrNotFound says that there is no such record.
	ErrNotFound = errors.New("not in the store")
	// ErrClosed says that the store is closed or closing.
	ErrClosed = errors.New("the store is closed")
)

// Counts says how much is stored. They are written with every batch, so that no start has to
// count.
type Counts struct {
	Stored      int64 // entries in all, whatever their state
	Pending     int64
	Void        int64
	Elsewhere   int64
	Quarantined int64
	Documents   int64 // that have a view
}

// state is what every transaction writes beside its batches.
type state struct {
	Counts  Counts
	Written uint64 // transactions so far, this one included
	Marked  bool   // every document has its mark: not so where an earlier program began
}

// Store is one open store. It is safe for concurrent use.
type Store struct {
	db   *badger.DB
	dir  string
	free func(dir string) (uint64, error) // bytes of room on the disk

	seq    atomic.Uint64 // the newest arrival number given out
	erased atomic.Uint64 // see Erased
	bares  atomic.Bool   // a bare entry may be stored; while there is none, nobody looks for those of a document
	marked bool          // see state

	// The writer's alone: how many transactions there were, here and as a crash will find it.
	written uint64
	witness *witness

	queue   chan *Ticket
	stopped chan struct{} // closed when the writer has ended

	life   sync.RWMutex // guards closed, and queue against being closed under a sender
	closed bool

	mu     sync.Mutex // guards counts
	counts Counts

	lean *lean
}

// Open opens the store in dir, making it if dir is empty or absent. key is the one that it is
// encrypted with, of KeySize bytes; nil: it isn't. The error wraps ErrCorrupt if what is there can't
// be read, as with another key; nothing is overwritten then.
func Open(dir string, key []byte) (*Store, error) {
	if err := whole.Folder(dir); err != nil {
		return nil, err
	}
	if err := refuseHalfEmpty(dir); err != nil {
		return nil, err
	}
	if room, err := freeBytes(dir); err == nil && room < minFree {
		return nil, fmt.Errorf("%w: %d MiB left where the store is, it needs %d", ErrDiskFull, room>>20, minFree>>20)
	}
	if most, err := mostFiles(); err == nil && most < leastFiles { // else whatever opens the one that is too many says nothing, or waits
		return nil, fmt.Errorf("%w: %d in all, it needs %d", ErrTooManyFiles, most, leastFiles)
	}
	opts := badgerOptions(dir, key)
	if err := checkRegistry(dir, key); err != nil {
		return nil, err
	}
	if err := refuseCutTables(dir, opts); err != nil {
		return nil, err
	}
	if err := keepAside(dir); err != nil {
		return nil, err
	}
	if err := dropEmptyLogs(dir); err != nil {
		return nil, err
	}
	db, err := openBadger(opts)
	if err != nil {
		return nil, err
	}
	if err := refuseNoKey(dir, key); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s := &Store{
		db: db, dir: dir, free: freeBytes,
		queue:   make(chan *Ticket, 256),
		stopped: make(chan struct{}),
		lean:    leanOf(db, dir),
	}
	if tablesSize(dir) <= verifyAtOpen {
		if err := s.Verify(); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	if err := guarded(s.readState); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := s.checkWitness(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	go s.write()
	go s.lean.run()
	return s, nil
}

func badgerOptions(dir string, key []byte) badger.Options {
	opts := badger.DefaultOptions(dir).
		WithSyncWrites(true).
		WithLogger(nil).
		WithMetricsEnabled(false).
		WithDetectConflicts(false). // there is one writer
		WithMemTableSize(memTableSize).
		WithBaseTableSize(baseTableSize).
		WithNumMemtables(2).
		WithBaseLevelSize(baseLevelSize).
		WithNumLevelZeroTables(levelZeroTables).
		WithNumCompactors(2).
		WithBlockCacheSize(blockCacheSize).
		WithIndexCacheSize(indexCacheSize).
		WithCompression(options.Snappy).
		WithChecksumVerificationMode(options.OnBlockRead).
		WithValueLogFileSize(64 << 20).
		WithValueThreshold(1 << 20).
		WithEncryptionKey(key).
		WithEncryptionKeyRotationDuration(keyLife)
	opts.TableSizeMultiplier = 1
	return opts
}

// checkWitness makes sure that everything is there that was ever acknowledged.
func (s *Store) checkWitness() error {
	w, acknowledged, err := openWitness(s.dir)
	if err != nil {
		return err
	}
	if acknowledged > s.written {
		return errors.Join(w.file.Close(), fmt.Errorf(
			"%w: the last %d of %d writes are gone; the files as they were found are in %s",
			ErrCorrupt, acknowledged-s.written, acknowledged, filepath.Join(s.dir, keptDir)))
	}
	s.witness = w
	return os.RemoveAll(filepath.Join(s.dir, keptDir))
}

// refuseHalfEmpty stops Badger from starting afresh in a folder that has lost its manifest: it
// would take the folder for an empty one and delete the tables that it doesn't know.
func refuseHalfEmpty(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, badger.ManifestFilename)); err == nil {
		return nil
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".sst") || strings.HasSuffix(f.Name(), ".vlog") || strings.HasSuffix(f.Name(), ".mem") {
			return fmt.Errorf("%w: %s is there but %s is missing", ErrCorrupt, f.Name(), badger.ManifestFilename)
		}
	}
	return nil
}

// tablesSize is how much is in tables, in bytes.
func tablesSize(dir string) (size int64) {
	tables, _ := filepath.Glob(filepath.Join(dir, "*.sst")) // the pattern is a good one
	for _, name := range tables {
		if info, err := os.Stat(name); err == nil {
			size += info.Size()
		}
	}
	return size
}

func (s *Store) readState() error {
	return s.db.View(func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{prefixArrival}, Reverse: true})
		defer it.Close()
		it.Seek(append([]byte{prefixArrival}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))
		if it.Valid() {
			s.seq.Store(arrivalOf(it.Item().Key()))
		}
		bare := txn.NewIterator(walk([]byte{prefixBare}))
		defer bare.Close()
		bare.Rewind()
		s.bares.Store(bare.Valid())
		if b, err := valueOf(txn, keyArrival); err == nil && len(b) == 8 {
			s.seq.Store(max(s.seq.Load(), binary.BigEndian.Uint64(b)))
		}
		item, err := txn.Get(keyCounts)
		if errors.Is(err, badger.ErrKeyNotFound) {
			s.marked = true
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %v", ErrCorrupt, err)
		}
		return item.Value(func(v []byte) error {
			var st state
			if err := unmarshal(v, &st); err != nil {
				return fmt.Errorf("%w: the counts: %v", ErrCorrupt, err)
			}
			s.counts, s.written, s.marked = st.Counts, st.Written, st.Marked
			return nil
		})
	})
}

// Close writes what is queued and closes the store. On a full disk the process that called it
// should end: it can't open the store again.
func (s *Store) Close() error {
	s.life.Lock()
	if s.closed {
		s.life.Unlock()
		return nil
	}
	s.closed = true
	close(s.queue)
	s.life.Unlock()
	<-s.stopped
	s.lean.end()
	if room, err := s.free(s.dir); err == nil && room < minFree {
		// Badger would write what is in memory into tables, through a memory map, and the process
		// would die of it. It is all in the logs: the next start finds it there, as after a crash.
		// Until this process ends the store stays locked.
		return s.witness.file.Close()
	}
	return errors.Join(guarded(s.db.Close), s.witness.file.Close())
}

// Counts returns how much is stored now.
func (s *Store) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// LastArrival returns the newest number given out. What has it may not be on the disk yet.
func (s *Store) LastArrival() uint64 { return s.seq.Load() }

// NextArrival gives out the number under which the next entry is stored: rising, never twice.
func (s *Store) NextArrival() uint64 { return s.seq.Add(1) }

// Verify reads every block of every table and compares checksums; it may take seconds.
func (s *Store) Verify() error {
	err := guarded(func() error { return s.db.VerifyChecksum() })
	if err != nil && !errors.Is(err, ErrCorrupt) {
		err = fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	return err
}
