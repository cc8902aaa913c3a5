package store

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/ristretto/v2/z"

	"kith/daemon/pages"
)

// Bounds of what Badger may hold beside its memory tables and caches.
const (
	// maxMapped is how much of mapped files, the program's own included, may be resident before tables are given back, in bytes.
	maxMapped = 56 << 20
	// leanAfter is after how many bytes of tables that were read or written it is looked at that, and leanPause the least time between two looks.
	leanAfter = 4 << 20
	leanPause = 250 * time.Millisecond
	// manyItems is how many items are read in one go so that a look at what is mapped is worth it.
	manyItems = 5_000
)

// lean has Badger hold little that it doesn't use. There is no option for what follows; in a release of Badger that looks otherwise it is left out, and all works as
// well, in more memory.
//
// Its memory tables are smaller than its largest transaction demands, see leanTables. The memory in which it builds tables, six times a table's size, goes to the
// collector: it would keep that of eight builders for the next ones, each as large as the largest table that it was ever for. And its tables are mapped into memory: what was
// read of them once counts as this process's until the system runs short.
type lean struct {
	pool *z.AllocatorPool // Badger's, unused; nil: another release of it
	dir  string

	mu     sync.Mutex
	taken  int // read and written since it was looked at what is mapped
	looked time.Time
}

func leanOf(db *badger.DB, dir string) *lean {
	l := &lean{dir: dir, pool: leanTables(db)}
	if abs, err := filepath.Abs(dir); err == nil {
		l.dir = abs
	}
	if real, err := filepath.EvalSymlinks(l.dir); err == nil {
		l.dir = real
	}
	return l
}

// leanTables has memory tables from now on be made for smallTableSize, and builders of tables get memory of their own. It returns Badger's pool of that.
//
// Badger lets a transaction have 15 % of what memory tables have at its start, so a small one couldn't be written there. But each has room for the
// largest transaction beyond its size, and its log for as much as the size beyond that, whatever both are.
//
// Badger's own goroutines read both, and what they find is as good to them before as after: so nothing is locked.
//
//go:norace
func leanTables(db *badger.DB) *z.AllocatorPool {
	opt, pool := reflect.ValueOf(db).Elem().FieldByName("opt"), reflect.ValueOf(db).Elem().FieldByName("allocPool")
	switch {
	case !opt.IsValid() || opt.Type() != reflect.TypeFor[badger.Options]():
		return nil
	case !pool.IsValid() || pool.Type() != reflect.TypeFor[*z.AllocatorPool]():
		return nil
	case db.MaxBatchSize() > smallTableSize*2/3:
		return nil
	}
	(*badger.Options)(opt.Addr().UnsafePointer()).MemTableSize = smallTableSize
	at := (**z.AllocatorPool)(pool.Addr().UnsafePointer())
	was := *at
	*at = nil
	return was
}

// close ends what Badger's pool has going, once Badger is closed.
func (l *lean) close() { l.pool.Release() }

// wrote notes that so many bytes were written: what is compacted meanwhile is read, and written through a map.
func (l *lean) wrote(n int) { l.read(4 * n) }

// read notes that so many bytes of tables were read here and there.
func (l *lean) read(n int) {
	l.mu.Lock()
	l.taken += n
	due := l.taken > leanAfter
	if due {
		l.taken = 0
	}
	l.mu.Unlock()
	if due {
		l.unmap()
	}
}

// unmap has the system take back pages of tables, if there are many. They are read again from the disk when they are needed.
func (l *lean) unmap() {
	l.mu.Lock()
	due := time.Since(l.looked) > leanPause
	if due {
		l.looked = time.Now()
	}
	l.mu.Unlock()
	if due && pages.Resident() > maxMapped {
		l.pageOut()
	}
}

// pageOut has the system take back the pages of tables and logs.
func (l *lean) pageOut() {
	pages.Out(func(file string) bool {
		return strings.HasPrefix(file, l.dir+"/") && slices.Contains([]string{".sst", ".vlog", ".mem"}, filepath.Ext(file))
	})
}

// Rest gives back what isn't needed while there is nothing to do.
func (s *Store) Rest() { s.lean.unmap() }
