package kind

import (
	"errors"
	"fmt"
	"strings"

	"kith/crdt/problem"
)

// ErrNothingChanged is returned by an edit that finds everything as it should be already. The
// document is untouched then, and no change must be made of it.
var ErrNothingChanged = errors.New("nothing to change: it is like that already")

// LimitError says that something is longer than Kith takes.
type LimitError struct {
	What       string // in a member's words: "the title"
	Got, Limit int
	Unit       string // "characters", "bytes", "tags"
	Advice     string // what to do about it, or ""
}

func (e *LimitError) Error() string {
	s := fmt.Sprintf("%s has %d %s, the limit is %d", e.What, e.Got, e.Unit, e.Limit)
	if e.Advice != "" {
		s += "; " + e.Advice
	}
	return s
}

// Problem implements problem.Teller.
func (e *LimitError) Problem() *problem.Problem {
	what := strings.TrimPrefix(e.What, "the ")
	return problem.New(problem.Limit, e.Advice, "%s has at most %d %s, this one has %d", article(what)+what, e.Limit, e.Unit, e.Got)
}

// NewRulesError says that a field is there under newer rules than the co-op has agreed on.
type NewRulesError struct{ Field *Field }

func (e *NewRulesError) Error() string { return e.Problem().Error() }

// Problem implements problem.Teller.
func (e *NewRulesError) Problem() *problem.Problem {
	return problem.New(problem.NotAllowed, "when everybody's computer has a Kith that knows it: kith charter rules",
		"“%s” needs version %d of the shared rules, which the co-op hasn't agreed on: who has an older Kith couldn't read this any more",
		e.Field.Called(), e.Field.Rules)
}

// WithArticle is a noun as one says it of any.
func WithArticle(noun string) string { return article(noun) + noun }

func article(word string) string {
	switch {
	case strings.HasPrefix(word, "a "), word == "":
		return ""
	case strings.ContainsRune("aeio", rune(word[0])):
		return "an "
	}
	return "a "
}

// InvalidError says that an input isn't one that the field can take. Hint is what to do instead, or "".
type InvalidError struct {
	Why, Hint string
	Missing   bool // nothing was said, which is wrong usage
}

func (e *InvalidError) Error() string { return e.Why }

// Problem implements problem.Teller.
func (e *InvalidError) Problem() *problem.Problem {
	if e.Missing {
		return problem.New(problem.Usage, e.Hint, "%s", e.Why)
	}
	return problem.New(problem.Invalid, e.Hint, "%s", e.Why)
}

// Invalid makes an InvalidError.
func Invalid(format string, a ...any) error { return &InvalidError{Why: fmt.Sprintf(format, a...)} }

// Missing makes an InvalidError of what has to be said and wasn't.
func Missing(hint, format string, a ...any) error {
	return &InvalidError{Why: fmt.Sprintf(format, a...), Hint: hint, Missing: true}
}

// ChangedError says that a document isn't any more what somebody answers to.
type ChangedError struct {
	Kind string // of the document
	ID   string
}

func (e *ChangedError) Error() string {
	return "this " + e.Kind + " isn't any more what you were shown"
}

// Problem implements problem.Teller.
func (e *ChangedError) Problem() *problem.Problem {
	return problem.New(problem.Changed, "read it again: kith "+e.Kind+" show "+e.ID, "%s", e.Error())
}

// NotAllowedError says that an edit isn't open to this member, or not in this state of the
// document. Why is a sentence for a person; Hint is what to do instead, or "".
type NotAllowedError struct {
	Why, Hint string
	Is        bool   // it makes no sense because it is like that already: no failure, unless words would be lost by leaving it so
	Said      string // the reason that was given then: who gives it once more loses no words
}

func (e *NotAllowedError) Error() string { return e.Why }

// Problem implements problem.Teller.
func (e *NotAllowedError) Problem() *problem.Problem {
	if e.Is {
		return problem.New(problem.Nothing, e.Hint, "%s", e.Why)
	}
	return problem.New(problem.NotAllowed, e.Hint, "%s", e.Why)
}

// Already says that a document is as it is to be.
func Already(format string, a ...any) error {
	return &NotAllowedError{Why: fmt.Sprintf(format, a...), Is: true}
}

// NotAllowed makes a NotAllowedError.
func NotAllowed(hint, format string, a ...any) error {
	return &NotAllowedError{Why: fmt.Sprintf(format, a...), Hint: hint}
}
