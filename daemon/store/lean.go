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
	// leanAfter is after how many bytes of writes its builders' memory is given back.
	leanAfter = 8 << 20
	// maxMapped is how much of mapped files, the program's own included, may be resident before tables are given back, in bytes.
	maxMapped = 56 << 20
	// A level that is written anew maps a hundred MB within a second, and is under work for a while after what caused it was written: so once
	// it is due, it is looked at that many times, with a pause after each.
	looks     = 30
	lookPause = 100 * time.Millisecond
	// builders is how many Badger keeps the memory of.
	builders = 8
	// manyItems is how many items are read in one go so that a look at what is mapped is worth it.
	manyItems = 5_000
)

// lean gives back what Badger holds and doesn't use.
//
// It keeps the memory of eight table builders, each as large as the largest table that it was ever for: a memory table of 16 MB, not yet compressed and
// compressed, takes 60 MB, so after much was written these are 400 MB. And its tables are mapped into memory: what was read of
// them once counts as this process's until the system runs short. There is no option for either.
//
// Pages are given back by a goroutine of its own: on a slow disk that takes a while, and neither the store's only writer nor who reads waits for it.
type lean struct {
	pool     *z.AllocatorPool // nil: another release of Badger, that has none where this looks
	dir      string
	resident func() int // pages.Resident but in tests
	out      func()     // pageOut but in tests

	due   chan struct{} // something in it: there may be many pages
	over  chan struct{} // closed to end
	ended chan struct{} // closed once that is so

	mu      sync.Mutex
	written int // since builders' memory was given back
	taken   int // read since it was asked to look at what is mapped
}

func leanOf(db *badger.DB, dir string) *lean {
	l := &lean{dir: dir, resident: pages.Resident, due: make(chan struct{}, 1), over: make(chan struct{}), ended: make(chan struct{})}
	l.out = l.pageOut
	if at := reflect.ValueOf(db).Elem().FieldByName("allocPool"); at.IsValid() && at.Type() == reflect.TypeFor[*z.AllocatorPool]() {
		l.pool = (*z.AllocatorPool)(at.UnsafePointer())
	}
	if abs, err := filepath.Abs(dir); err == nil {
		l.dir = abs
	}
	if real, err := filepath.EvalSymlinks(l.dir); err == nil {
		l.dir = real
	}
	return l
}

// run gives pages back when that is due, and for a while after, until end.
func (l *lean) run() {
	defer close(l.ended)
	for {
		select {
		case <-l.due:
		case <-l.over:
			return
		}
		for range looks {
			l.unmapMany()
			select {
			case <-time.After(lookPause):
			case <-l.over:
				return
			}
		}
	}
}

func (l *lean) end() {
	close(l.over)
	<-l.ended
}

// lookSoon has run look whether there are many pages.
func (l *lean) lookSoon() {
	select {
	case l.due <- struct{}{}:
	default:
	}
}

// wrote notes that so many bytes were written.
func (l *lean) wrote(n int) {
	l.mu.Lock()
	l.written += n
	due := l.written > leanAfter
	if due {
		l.written = 0
	}
	l.mu.Unlock()
	if due {
		l.freeBuilders()
	}
	l.read(4 * n) // what is compacted meanwhile is read, and written through a map
}

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
		l.lookSoon()
	}
}

// freeBuilders leaves the collector what builders held that are done.
func (l *lean) freeBuilders() {
	if l.pool == nil {
		return
	}
	for range builders {
		l.pool.Get(0, "").Release() // an empty one, once there are no others
	}
}

// unmapMany has the system take back pages of tables, if there are many. They are read again from the disk when they are needed.
func (l *lean) unmapMany() {
	if l.resident() > maxMapped {
		l.out()
	}
}

// pageOut has the system take back the pages of tables and logs.
func (l *lean) pageOut() {
	pages.Out(func(file string) bool {
		return strings.HasPrefix(file, l.dir+"/") && slices.Contains([]string{".sst", ".vlog", ".mem"}, filepath.Ext(file))
	})
}

// Rest gives back what isn't needed while there is nothing to do.
func (s *Store) Rest() {
	s.lean.freeBuilders()
	s.lean.unmapMany() // nobody will look again soon
}
