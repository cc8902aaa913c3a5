package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// From how many bytes on Go's collector runs sooner than it would by itself: a soft limit, above what a home has in use at rest. What it keeps away
// is garbage, while much is stored. $GOMEMLIMIT sets another.
const (
	memoryLimit    = 84 << 20
	memoryForEntry = 80
)

// memory sets that limit. It is never below what Go needs just now, with a quarter as much again as is in use for what waits for the collector: with
// a lower one it would run on end, and free nothing. What is in use rises and falls by a half within a second while much is stored, so it is
// looked at after each collection.
type memory struct {
	atRest atomic.Int64 // bytes
}

func limitMemory() *memory {
	m := new(memory)
	m.holds(0)
	m.again()
	return m
}

// holds says how many entries are stored.
func (m *memory) holds(entries int64) {
	m.atRest.Store(memoryLimit + memoryForEntry*entries)
	m.set()
}

func (m *memory) set() { debug.SetMemoryLimit(max(m.atRest.Load(), needed())) }

// again sets the limit after the next collection, and after each that follows.
func (m *memory) again() {
	beat := new([64]byte) // nobody holds it, so the next collection finds it; larger than what shares its place with others
	runtime.AddCleanup(beat, func(m *memory) {
		m.set()
		m.again()
	}, m)
}

// needed is what Go takes, in bytes, if a quarter as much again as is in use waits for the collector.
func needed() int64 {
	use := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(use)
	bytes := func(i int) int64 { return int64(use[i].Value.Uint64()) }
	beside := bytes(1) - bytes(2) - bytes(3) - bytes(4) // stacks, what Go keeps of its heap, and what lies unused between objects
	const least = 8 << 20                               // the limit has a margin of some per cent
	return bytes(0)*5/4 + beside + least
}
