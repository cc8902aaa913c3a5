package peer

import (
	"fmt"
	"slices"
	"strings"

	"kith/crdt/entry"
	"kith/crdt/problem"
)

// JoinCode says why an invite wasn't redeemed.
type JoinCode string

// The codes, as they go over the wire.
const (
	JoinUsed          JoinCode = "used"
	JoinExpired       JoinCode = "expired"
	JoinRevoked       JoinCode = "revoked"
	JoinFoundingEnded JoinCode = "founding_closed"
	JoinNameTaken     JoinCode = "name_taken"
	JoinBadRequest    JoinCode = "bad_request"
	JoinFailed        JoinCode = "failed" // trouble of the answerer's own
	// Of a device that is to be added, or a member who comes back.
	JoinWaiting  JoinCode = "waiting"  // nobody has said yet whether the words are the same
	JoinDeclined JoinCode = "declined" // they aren't, or somebody thought better of it
	JoinRefused  JoinCode = "refused"  // the charter doesn't take it
)

// JoinError is the answerer's refusal.
type JoinError struct {
	Code   JoinCode
	Reason string // in a member's words, from the answerer; may be empty
}

func (e *JoinError) Error() string {
	said := map[JoinCode]string{
		JoinUsed:          "this code was used already",
		JoinExpired:       "this code has expired",
		JoinRevoked:       "this code was revoked",
		JoinFoundingEnded: "the founding is closed; no seat is left",
		JoinNameTaken:     "somebody there has this name already",
		JoinBadRequest:    "the other side could not read the request",
		JoinFailed:        "the other side could not do it",
		JoinWaiting:       "nobody has compared the words yet",
		JoinDeclined:      "the other device says that this isn't the device that was meant",
		JoinRefused:       "the charter doesn't take this",
	}[e.Code]
	if said == "" {
		said = "the other side refused"
	}
	if e.Reason != "" {
		return said + ": " + e.Reason
	}
	return said
}

// Problem implements problem.Teller.
func (e *JoinError) Problem() *problem.Problem {
	code, hint := problem.NotAllowed, "ask who sent it for a new one; who made it sees what became of it: kith invite list, kith device list"
	switch e.Code {
	case JoinBadRequest:
		code = problem.Invalid
	case JoinNameTaken:
		code, hint = problem.Invalid, "the code is still good: join with another --as NAME"
	case JoinFailed:
		code = problem.Failed
	case JoinDeclined:
		hint = "if it was, make another code there: kith device add"
	case JoinRefused:
		hint = "kith device list, on a device that is in use"
	}
	return problem.New(code, hint, "%v", e)
}

// Attempt is one address that was tried, and what came of it.
type Attempt struct {
	Address string
	Why     string // in words
}

// NobodyAnsweredError says that no address in the code led to anybody.
type NobodyAnsweredError struct{ Tried []Attempt }

func (e *NobodyAnsweredError) Error() string {
	if len(e.Tried) == 0 {
		return "nobody answered: the code names no address"
	}
	var b strings.Builder
	b.WriteString("nobody answered")
	if e.away() {
		b.WriteString(": the computer that this code leads to isn't on, or has no network")
	}
	for _, a := range e.Tried {
		fmt.Fprintf(&b, "; %s: %s", a.Address, a.Why)
	}
	return b.String()
}

// Problem implements problem.Teller.
func (e *NobodyAnsweredError) Problem() *problem.Problem {
	if e.away() {
		return problem.New(problem.TimedOut, "ask who sent you the code to switch it on, and try again: the code stays good until it expires", "%v", e)
	}
	return problem.New(problem.TimedOut, "the daemon of who made the code has to run and be reachable: try again when it is", "%v", e)
}

// away says whether a relay was there, and the device that keeps a place at it wasn't.
func (e *NobodyAnsweredError) away() bool {
	return slices.ContainsFunc(e.Tried, func(a Attempt) bool { return a.Why == notAtRelay })
}

// UnknownCodeError says that somebody answers at an address of the code, but doesn't know the
// code: it was altered, or is for another co-op, or its maker's device was set up anew.
type UnknownCodeError struct {
	Tried  []Attempt
	Others bool // the code leads to others as well, who aren't there now and may know it
}

func (e *UnknownCodeError) Error() string {
	if e.Others {
		return "whoever answers there doesn't know this code, and others to whom it leads aren't there now"
	}
	return "whoever answers there doesn't know this code"
}

// Problem implements problem.Teller.
func (e *UnknownCodeError) Problem() *problem.Problem {
	if e.Others {
		return problem.New(problem.TimedOut, "try again when the computer of who made the code is on; or ask for a new one", "%v", e)
	}
	return problem.New(problem.NotFound, "check that the code is the one you were sent, or ask for a new one", "%v", e)
}

// Joined is what a redeemed invite gave.
type Joined struct {
	Reply    []byte
	Answerer entry.Device // who gave it; whether it is in the charter is for the caller to check
	Address  string       // where it answered
	Record   []byte       // its signed addresses, for AddressBook.Save; nil if it sent none
}
