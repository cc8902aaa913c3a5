package home

import (
	"errors"
	"os"

	"kith/crdt/problem"
	"kith/daemon/replica"
	"kith/daemon/store"
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
	if err := home.tryStore(); err != nil {
		return nil, nil, errors.Join(err, home.Close())
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

// tryStore keeps a store in the home for a moment, and says why that can't be. It is tried before anything is promised to others or shown to
// the person that needs one: a code lets in once, and a home with half a store belongs to no co-op and to none that may come.
func (h *Home) tryStore() error {
	dir := h.path("trying")
	if err := os.RemoveAll(dir); err != nil { // of a crash
		return err
	}
	s, err := store.Open(dir, nil)
	if err == nil {
		err = s.Close()
	}
	return errors.Join(err, os.RemoveAll(dir))
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
