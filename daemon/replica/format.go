package replica

import (
	"encoding/binary"
	"errors"
	"fmt"

	"kith/crdt/problem"
	"kith/daemon/store"
)

// Format is the form in which the records of a replica lie in its store. Whoever changes what a record says so that another build
// can't read it raises it.
const Format = 1

// formatRecord has the Format in which a store was written, as a varint. Stores of before it have none.
const formatRecord = "format"

// ErrOtherFormat says that a home is sound, and written by a Kith whose records this one doesn't read.
var ErrOtherFormat = errors.New("written by another version of Kith")

// formatError is an ErrOtherFormat as it is told.
type formatError struct {
	wrote uint64 // 0: it isn't said
	cause error  // what couldn't be read; nil: it wasn't tried
}

func (e *formatError) Error() string { return e.Problem().Message }

func (e *formatError) Unwrap() []error { return []error{ErrOtherFormat, e.cause} }

// Problem implements problem.Teller.
func (e *formatError) Problem() *problem.Problem {
	const wrote = "this home was written by another version of Kith"
	switch {
	case e.wrote > Format:
		return problem.New(problem.Failed, "use the newer Kith here (kith version says which this is); nothing was changed", "%s: its store has form %d, and this Kith reads form %d", wrote, e.wrote, Format)
	case e.wrote > 0:
		return problem.New(problem.Failed, "the Kith that wrote it opens it still, and makes a backup: kith backup FILE; nothing was changed", "%s: its store has form %d, and this Kith reads form %d", wrote, e.wrote, Format)
	}
	return problem.New(problem.Failed, "the Kith that wrote it opens it still, and makes a backup: kith backup FILE; if that says so too, it is damaged; nothing was changed",
		"%s, from before its form was noted: this Kith can't read it", wrote)
}

// formatOf looks at the form of a store, before anything else of it is read. noted is false of a store that doesn't say.
func formatOf(s *store.Store) (noted bool, err error) {
	b, err := s.Small(formatRecord)
	if errors.Is(err, store.ErrNotFound) || err == nil && len(b) == 0 {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	wrote, n := binary.Uvarint(b)
	switch {
	case n != len(b) || wrote == 0:
		return false, fmt.Errorf("%w: a form of %d bytes", store.ErrCorrupt, len(b))
	case wrote != Format:
		return true, &formatError{wrote: wrote}
	}
	return true, nil
}

func putFormat(b *store.Batch) { b.PutSmall(formatRecord, binary.AppendUvarint(nil, Format)) }
