package replica

import (
	"runtime"
	"runtime/debug"
)

// maxRestingOps is how many operations stay loaded in a replica that nobody uses just now.
const maxRestingOps = 4_000

// Used counts the times that documents were asked for, or views of them; a caller sees by it whether there was
// anything to do since it looked last.
func (r *Replica) Used() uint64 { return r.docs.used.Load() }

// Rest gives memory back while there is nothing to do: documents are unloaded, and what the
// collector and the core's allocator hold and don't use goes to the system. It takes some
// milliseconds.
func (r *Replica) Rest() {
	r.docs.shrink(maxRestingOps)
	r.runs.forget()
	r.store.Rest()
	runtime.GC() // finds the documents that nobody holds; their finalizers free the core's memory
	runtime.GC()
	trimCore()
	debug.FreeOSMemory()
}
