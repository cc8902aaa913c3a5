package exchange

import (
	"errors"
	"fmt"

	"kith/crdt/entry"
)

// ProtocolError says that what the peer sent breaks the protocol.
type ProtocolError struct{ What string }

func (e *ProtocolError) Error() string { return "broke the protocol: " + e.What }

func broken(format string, a ...any) error { return &ProtocolError{fmt.Sprintf(format, a...)} }

// VersionError says that the two releases have no version of the protocol in common.
type VersionError struct{ Oldest, Newest uint16 } // what the peer speaks

func (e *VersionError) Error() string {
	older := "a newer"
	if e.Newest < oldestVersion {
		older = "an older"
	}
	return fmt.Sprintf("speaks %s version of the sync protocol (%d to %d; here %d to %d)",
		older, e.Oldest, e.Newest, oldestVersion, Version)
}

// BadEntryError says that the peer passed on something that no honest replica stores. Whoever
// passed it on is to blame, not the device that it names.
type BadEntryError struct {
	ID     entry.ID     // zero if the bytes are no entry at all
	Device entry.Device // whom it names as its author
	Why    error        // an *entry.FormError, entry.ErrSignature or ErrForeign
}

func (e *BadEntryError) Error() string {
	if e.ID.IsZero() {
		return fmt.Sprintf("passed on a bad entry: %v", e.Why)
	}
	return fmt.Sprintf("passed on a bad entry (%.8s…): %v", e.ID, e.Why)
}

func (e *BadEntryError) Unwrap() error { return e.Why }

var (
	// ErrForeign says that an entry belongs to another space.
	ErrForeign = errors.New("it belongs to another space")
	// ErrOtherSpace says that the peer greets for another space.
	ErrOtherSpace = errors.New("serves another space")
	// ErrSilent says that the peer said nothing for too long.
	ErrSilent = fmt.Errorf("said nothing for %v", silenceLimit)
	// ErrSlow says that one frame took too long, in either direction.
	ErrSlow = errors.New("too slow: one message took more than its time")
	// ErrClosed says that the peer ended the connection without a word.
	ErrClosed = errors.New("closed the connection")
)

// GoodbyeError is the reason that the peer gave for ending the connection. It is the peer's own
// text, made safe to show.
type GoodbyeError struct{ Reason string }

func (e *GoodbyeError) Error() string { return fmt.Sprintf("ended the connection: %q", e.Reason) }

// LocalError is this replica's own trouble, such as a full disk. The peer has no part in it.
type LocalError struct{ Err error }

func (e *LocalError) Error() string { return "could not store what came: " + e.Err.Error() }
func (e *LocalError) Unwrap() error { return e.Err }

// Blame says whether err, from Run, means that the peer broke the protocol or wouldn't be slowed
// down, so that it is better left alone for a while.
func Blame(err error) bool {
	var protocol *ProtocolError
	var bad *BadEntryError
	var waste *WasteError
	return errors.As(err, &protocol) || errors.As(err, &bad) || errors.As(err, &waste)
}

// wantsGoodbye says whether the peer should hear the reason.
func wantsGoodbye(err error) bool {
	var version *VersionError
	var local *LocalError
	return Blame(err) || errors.As(err, &version) || errors.As(err, &local) || errors.Is(err, ErrOtherSpace)
}

// goodbyeReason is what the peer is told. Of our own trouble it learns no more than that.
func goodbyeReason(err error) string {
	var local *LocalError
	if errors.As(err, &local) {
		return "trouble of its own"
	}
	return err.Error()
}
