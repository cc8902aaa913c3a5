package crdt

import "kith/crdt/kind"

// The errors of edits are those of package kind.
type (
	LimitError      = kind.LimitError
	InvalidError    = kind.InvalidError
	NotAllowedError = kind.NotAllowedError
)

// ErrNothingChanged is kind.ErrNothingChanged.
var ErrNothingChanged = kind.ErrNothingChanged

func invalid(format string, a ...any) error { return kind.Invalid(format, a...) }
