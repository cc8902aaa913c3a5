package replica

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A document as large as there can be one takes some 600 MB while it is loaded, most of it in the core, and somebody can make
// many. So those of which the cache keeps one at a time are put together one after the other, and each begins
// once what was loaded of the one before has been given back, unless somebody is working with it.

// aloneFrom is from how many operations on.
const aloneFrom = maxWeight

// alone is held by who puts a large document together.
type alone struct {
	mu      sync.Mutex
	waiting atomic.Int32 // who asks for it
}

// largeTurn is the turn of a load, which it takes once it has seen that its document is large.
type largeTurn struct {
	r     *Replica
	took  bool
	began time.Time // of the load, without the wait
}

// take waits for the turn, unless the load has it. Whoever waits holds the stripe of their document and, for reading, judging; whoever has the
// turn asks for neither.
func (t *largeTurn) take() {
	if t.took {
		return
	}
	t.r.alone.waiting.Add(1)
	t.r.alone.mu.Lock()
	t.r.alone.waiting.Add(-1)
	t.took, t.began = true, time.Now()
	if t.r.docs.dropLarge() {
		collect()
	}
}

func (t *largeTurn) end() {
	if t.took {
		t.r.alone.mu.Unlock()
	}
}

// collect has the collector run, and waits until what it found is freed in the core, too: finalizers run one after the other, so those of one
// run are over when that of the next is called.
func collect() {
	for range 2 {
		done := make(chan struct{})
		runtime.SetFinalizer(new(largeTurn), func(*largeTurn) { close(done) })
		runtime.GC()
		<-done
	}
	trimCore()
}
