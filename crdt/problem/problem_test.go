package problem_test

import (
	"errors"
	"fmt"
	"testing"

	"kith/crdt/problem"
)

var errFull = problem.New(problem.Failed, "make room", "the disk is full")

type goneError struct{ who string }

func (e *goneError) Error() string { return e.who + " has left" }

func (e *goneError) Problem() *problem.Problem {
	return problem.New(problem.NotAllowed, "kith member list", "%v; nothing was sent", e)
}

func TestAProblemIsToldWithoutWhatIsForLogsAndWithWhatWasAdded(t *testing.T) {
	broken := errors.New("broken")
	for _, test := range []struct {
		name string
		err  error
		says string // "": nothing is known
	}{
		{"nothing", nil, ""},
		{"one that knows nothing", fmt.Errorf("read: %w", broken), ""},
		{"a sentinel", errFull, "the disk is full"},
		{"in a context", fmt.Errorf("open the store: %w", errFull), "the disk is full"},
		{"with more behind it", fmt.Errorf("%w: 3 MiB left", errFull), "the disk is full: 3 MiB left"},
		{"both", fmt.Errorf("open the store: %w", fmt.Errorf("%w: 3 MiB left", errFull)), "the disk is full: 3 MiB left"},
		{"with another beside it", errors.Join(errFull, broken), "the disk is full"},
		{"behind another", errors.Join(broken, errFull), "the disk is full"},
		{"a type that tells", fmt.Errorf("send: %w", &goneError{"Ana"}), "Ana has left; nothing was sent"},
		{"the first of two", fmt.Errorf("send: %w", errors.Join(&goneError{"Ana"}, errFull)), "Ana has left; nothing was sent"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, ok := problem.Of(test.err)
			if ok != (test.says != "") {
				t.Fatalf("known: %v", ok)
			}
			if ok && p.Message != test.says {
				t.Errorf("%q; want %q", p.Message, test.says)
			}
			if ok && p.Hint == "" {
				t.Error("the hint is lost")
			}
		})
	}
	if errFull.Message != "the disk is full" {
		t.Error("a sentinel was changed")
	}
}
