// Package problem is an error as people and programs are told it: what is wrong, in a member's
// words and with the subject named, and the next step. Whoever finds something wrong makes the
// problem, beside what found it; nobody further up translates it.
//
// An error that isn't told (a stream that broke, a record that can't be read) is an ordinary
// one.
package problem

import (
	"errors"
	"fmt"
	"strings"
)

// Code says what kind of problem it is, for programs. New ones may come; none is renamed.
type Code string

// The codes, with the exit code of a command that ends with one.
const (
	Failed     Code = "failed"      // 1
	Usage      Code = "usage"       // 2
	NotRunning Code = "not_running" // 3
	NotFound   Code = "not_found"   // 4
	Ambiguous  Code = "ambiguous"   // 4
	NotAllowed Code = "not_allowed" // 5
	Invalid    Code = "invalid"     // 6
	Limit      Code = "limit"       // 6
	TimedOut   Code = "timed_out"   // 7
	Changed    Code = "changed"     // 8

	// Nothing is no failure: all is as it was asked for already, and nothing that was said is lost by leaving it so.
	Nothing Code = "nothing_to_do" // 0
)

var exits = map[Code]int{
	Failed: 1, Usage: 2, NotRunning: 3, NotFound: 4, Ambiguous: 4, NotAllowed: 5, Invalid: 6, Limit: 6, TimedOut: 7, Changed: 8, Nothing: 0,
}

// Exit returns the exit code of a command that ends with a problem of this code.
func (c Code) Exit() int {
	if exit, ok := exits[c]; ok {
		return exit
	}
	return exits[Failed]
}

// Problem is an error that is told as it stands. As a package's variable it is a sentinel for
// errors.Is, and is never changed.
type Problem struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint"` // the next step, best as a command; "": there is none
	// Candidates is what an ambiguous name or ID may have meant.
	Candidates []Candidate `json:"candidates,omitempty"`
	// Changed is how what somebody answers to differs from what they were shown; of what they never were, all of it.
	Changed []Change `json:"changed,omitempty"`
}

// Change is one thing that isn't as it was.
type Change struct {
	Field string    `json:"field"`
	Was   string    `json:"was"`  // "": nothing, or it never was shown
	Is    string    `json:"is"`   // "": nothing
	Diff  []Passage `json:"diff"` // the same, passage by passage, where it was and is
}

// Passage is a piece of a text that was changed: one of the three is there.
type Passage struct {
	Same string `json:"same,omitempty"` // in both; of a long one its ends, around " … "
	Gone string `json:"gone,omitempty"`
	Came string `json:"came,omitempty"`
}

// Candidate is one thing that an ambiguous word may have meant.
type Candidate struct {
	ID    string `json:"id"`
	Short string `json:"short"`
	Title string `json:"title"` // or name
}

// New makes a problem. The hint may be "".
func New(code Code, hint, format string, args ...any) *Problem {
	return &Problem{Code: code, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// Error returns the message; the hint is shown apart from it.
func (p *Problem) Error() string { return p.Message }

// Problem implements Teller.
func (p *Problem) Problem() *Problem { return p }

// Teller is an error that knows how it is told, and what to do about it.
type Teller interface {
	error
	// Problem gives that. Its message begins as the error's own does.
	Problem() *Problem
}

// Of gives what is told of an error, and whether it is or wraps a Teller; of several, the
// outermost counts. What stands before the Teller's words ("open the store: …") is for logs and
// isn't told; what was added behind them ("the disk is full: 3 MiB left") is.
func Of(err error) (*Problem, bool) {
	var t Teller
	if !errors.As(err, &t) {
		return nil, false
	}
	p := t.Problem()
	for ; err != nil; err = errors.Unwrap(err) {
		said := err.Error()
		more, ok := strings.CutPrefix(said, t.Error())
		if ok && (strings.HasPrefix(more, ": ") || strings.HasPrefix(more, "; ")) {
			told := *p
			told.Message += more
			return &told, true
		}
	}
	return p, true
}
