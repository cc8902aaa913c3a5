package crdt

import (
	"errors"

	"kith/crdt/kind"
)

// The errors of edits are those of package kind.
type (
	LimitError      = kind.LimitError
	InvalidError    = kind.InvalidError
	NotAllowedError = kind.NotAllowedError
)

// ErrNothingChanged is kind.ErrNothingChanged.
var ErrNothingChanged = kind.ErrNothingChanged

func invalid(format string, a ...any) error { return kind.Invalid(format, a...) }

func notAllowed(hint, format string, a ...any) error { return kind.NotAllowed(hint, format, a...) }

func asLimit(err error, into **LimitError) bool { return errors.As(err, into) }
