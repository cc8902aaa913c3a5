//go:build linux && cgo

package replica

/*
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
// Go calls the core from many threads. With an arena for each, as glibc has it by default, what
// documents leave behind is spread over all of them and never given back. It is said before there is any thread, since one that is there has its arena.
__attribute__((constructor)) static void few_arenas(void) {
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_MMAP_THRESHOLD, 128 << 10); // what is large goes back at once, also after larger things came and went
}
static void give_back(void) { malloc_trim(0); }
#else
static void give_back(void) {}
#endif
*/
import "C"

// trimCore gives back to the system what the core's allocator holds and doesn't use.
func trimCore() { C.give_back() }
