package change

import (
	"fmt"

	"kith/crdt/problem"
)

// Bounds on one change. They hold before anything is allocated for what they bound; what exceeds
// one is refused with a *LimitError. They leave room for a text of 100,000 characters that goes in the place of
// another one that long, each up to four bytes long, with the title and the rest of a note in the same change.
const (
	// MaxSize is the most bytes that a chunk may have as it arrives, deflated or not.
	MaxSize = 1 << 20
	// MaxInflated is the most bytes that a chunk may have once inflated.
	MaxInflated = 1 << 20
	// MaxOps is the most operations in one change: each character that comes is one, and each that goes.
	MaxOps = 205_000
	// MaxPreds is the most predecessors that all operations of a change name together.
	MaxPreds = 2 * MaxOps
	// MaxDeps is the most dependencies of one change. A change has one for each head its author
	// saw, so this is the number of devices that may have worked apart before one joins them.
	MaxDeps = 1024
	// MaxActors is the most actors, other than its own, that a change may refer to.
	MaxActors = 4096
	// MaxActorSize is the most bytes of an actor; Kith's own have 16. None has 0.
	MaxActorSize = 64
	// MaxMessage is the most bytes of a change's message.
	MaxMessage = 4096
	// MaxKey is the most bytes of a map key and of the name of a mark.
	MaxKey = 1024
	// MaxCounter is the highest operation counter: the core keeps 32 bits of it.
	MaxCounter = 1<<32 - 1
	// MaxTime is the last millisecond of the year 9999, for the time of a change, and for
	// timestamps in it; beyond it dates can't be written in RFC 3339.
	MaxTime = 253_402_300_799_999
	// MinTimestamp is the first millisecond of the year 1, for timestamps in a change. The time
	// of the change itself starts at 0.
	MinTimestamp = -62_135_596_800_000
	// MaxDepth is how deep objects may lie in one another, the root object not counted. Readers
	// of documents descend by recursion, in Go and in the core.
	MaxDepth = 64
)

// LimitError says that a change is larger than Kith takes.
type LimitError struct {
	What       string // in a reader's words: "operations in a change"
	Got, Limit int64  // Got is at least this much: counting ends at the limit
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s: %d, the limit is %d", e.What, e.Got, e.Limit)
}

// Problem implements problem.Teller.
func (e *LimitError) Problem() *problem.Problem {
	return problem.New(problem.Limit, "make it in smaller steps", "%v", e)
}

// limit returns a *LimitError if got is over max.
func limit(what string, got uint64, max int) error {
	if got <= uint64(max) {
		return nil
	}
	return &LimitError{What: what, Got: int64(min(got, 1<<62)), Limit: int64(max)}
}
