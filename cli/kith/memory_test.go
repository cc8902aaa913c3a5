package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// While much is stored what is in use rises within moments: a limit below it would have the collector run on end.
func TestTheLimitOfMemoryFollowsWhatIsInUse(t *testing.T) {
	t.Cleanup(func(before int64) func() { return func() { debug.SetMemoryLimit(before) } }(debug.SetMemoryLimit(-1)))
	m := limitMemory()
	m.holds(1_000)
	if at := debug.SetMemoryLimit(-1); at < memoryLimit {
		t.Errorf("a limit of %d bytes, want no less than %d", at, memoryLimit)
	}
	use := make([]byte, 4*memoryLimit)
	for debug.SetMemoryLimit(-1) < int64(len(use)) { // each collection sets it
		runtime.GC()
	}
	runtime.KeepAlive(use)
	for debug.SetMemoryLimit(-1) > 2*memoryLimit { // and lowers it again
		runtime.GC()
	}
}
