package home

import (
	"errors"

	"kith/crdt/problem"
	"kith/daemon/replica"
)

// OpenNew opens a home and gives a place in it for a new space: the home itself, which must belong to
// no co-op yet unless another one is to come beside those that are in it.
func OpenNew(dir string, another bool) (home, place *Home, err error) {
	if err := Free(dir, another); err != nil {
		return nil, nil, err
	}
	if home, err = Open(dir); err != nil {
		return nil, nil, err
	}
	if place, err = home.NewPlace(); err != nil {
		return nil, nil, errors.Join(err, home.Close())
	}
	return home, place, nil
}

// Free says why nothing new can come to be in a home unless it is to be another one: it belongs to a co-op, whether
// a daemon runs there or not.
func Free(dir string, another bool) error {
	if !another && At(dir).InUse() {
		return &inUseError{dir}
	}
	return nil
}

// Taken says that a home belongs to a co-op already.
func (h *Home) Taken() error { return &inUseError{h.dir} }

// inUseError says that a home belongs to a co-op already.
type inUseError struct{ dir string }

func (e *inUseError) Error() string { return e.dir + " already belongs to a co-op" }

// Problem implements problem.Teller.
func (e *inUseError) Problem() *problem.Problem {
	return problem.New(problem.Failed, replica.ErrHasSpace.Hint, "%v", e)
}
