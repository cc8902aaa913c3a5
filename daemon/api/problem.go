package api

import "kith/crdt/problem"

// What is told of an error goes over the API as crdt/problem has it.
type (
	Problem   = problem.Problem
	Candidate = problem.Candidate
	Code      = problem.Code
	Change    = problem.Change
	Passage   = problem.Passage
)

// The codes.
const (
	Failed     = problem.Failed
	Usage      = problem.Usage
	NotRunning = problem.NotRunning
	NotFound   = problem.NotFound
	Ambiguous  = problem.Ambiguous
	NotAllowed = problem.NotAllowed
	Invalid    = problem.Invalid
	Limit      = problem.Limit
	TimedOut   = problem.TimedOut
	Changed    = problem.Changed
	Nothing    = problem.Nothing
)

// Problemf is problem.New.
func Problemf(code Code, hint, format string, args ...any) *Problem {
	return problem.New(code, hint, format, args...)
}
