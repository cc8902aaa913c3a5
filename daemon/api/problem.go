package api

import "fmt"

// Code says what kind of problem it is. Exit codes and HTTP statuses follow from it.
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
)

var exits = map[Code]int{
	Failed: 1, Usage: 2, NotRunning: 3, NotFound: 4, Ambiguous: 4, NotAllowed: 5, Invalid: 6, Limit: 6, TimedOut: 7,
}

// Exit returns the exit code of a command that ends with a problem of this code.
func (c Code) Exit() int {
	if exit, ok := exits[c]; ok {
		return exit
	}
	return exits[Failed]
}

// Problem is an error as people and programs are told it: what is wrong, in a member's
// words and with the subject named, and the next step.
type Problem struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
	// Candidates is what an ambiguous name or ID may have meant.
	Candidates []Candidate `json:"candidates,omitempty"`
}

// Candidate is one thing that an ambiguous word may have meant.
type Candidate struct {
	ID    string `json:"id"`
	Short string `json:"short"`
	Title string `json:"title"` // or name
}

// Error returns the message; the hint is shown apart from it.
func (p *Problem) Error() string { return p.Message }

// Problemf makes a problem. The hint may be "".
func Problemf(code Code, hint, format string, args ...any) *Problem {
	return &Problem{Code: code, Message: fmt.Sprintf(format, args...), Hint: hint}
}
