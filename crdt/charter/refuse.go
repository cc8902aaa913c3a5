package charter

import (
	"fmt"

	"kith/crdt/entry"
	"kith/crdt/problem"
)

// Why a statement can't be made. Each is in a member's words.
var (
	ErrNoGenesis      = problem.New(problem.Failed, "wait until it has come: kith sync", "the co-op's founding isn't here yet")
	ErrUndecided      = problem.New(problem.NotAllowed, "kith charter show says between what; then kith charter follow STEP", "the co-op has split, and this replica hasn't taken a side yet")
	ErrNotMember      = problem.New(problem.NotAllowed, "kith member list", "this device speaks for no member of the co-op")
	ErrNotFull        = problem.New(problem.NotAllowed, "ask a full member: kith member list", "only a full member can do this")
	ErrOtherDevice    = problem.New(problem.NotAllowed, "kith device list says which; there: kith device consents DEVICE", "you consent from another device of yours; move your consents to this one there")
	ErrNoProposal     = problem.New(problem.NotFound, "kith charter pending", "there is no such proposal")
	ErrOvertaken      = problem.New(problem.NotAllowed, "kith charter pending", "the co-op has taken another step since this was proposed; renew it")
	ErrInForce        = problem.New(problem.NotAllowed, "kith charter log", "this is in force already")
	ErrWithdrawn      = problem.New(problem.NotAllowed, "kith charter pending", "this proposal was withdrawn")
	ErrSubject        = problem.New(problem.NotAllowed, "kith charter pending", "who is to be removed doesn't decide on it")
	ErrTooFew         = problem.New(problem.NotAllowed, "kith charter pending", "not enough members have consented yet")
	ErrRefused        = problem.New(problem.NotAllowed, "kith charter pending", "you have refused this proposal, and a refusal is for good")
	ErrConsented      = problem.New(problem.Nothing, "kith charter pending", "you have consented to this already")
	ErrNothingBack    = problem.New(problem.Nothing, "kith charter pending", "you have neither proposed this nor consented to it")
	ErrNotProspective = problem.New(problem.NotAllowed, "who may be admitted: kith member list", "only a prospective member can be admitted, and this is none")
	ErrNotIn          = problem.New(problem.NotAllowed, "kith member list", "this is no member of the co-op, or none any more")
	ErrNoChange       = problem.New(problem.Nothing, "kith charter show", "that is so already")
	ErrNotYours       = problem.New(problem.NotFound, "kith device list", "this is no device of yours")
	ErrNotAccepted    = problem.New(problem.NotAllowed, "kith device list", "the device hasn't agreed to belong to you")
	ErrNoInvite       = problem.New(problem.NotFound, "kith invite list", "there is no such invite, or who made it can't invite any more")
	ErrRevoked        = problem.New(problem.NotAllowed, "kith invite list", "this invite was taken back")
	ErrInvitesFull    = problem.New(problem.NotAllowed, "wait until one is used, take one back (kith invite list), or agree on more: kith charter invites N", "as many prospective members are open as the co-op allows one member to invite")
	ErrNotFounder     = problem.New(problem.NotAllowed, "kith charter show", "only the founder's first device can do this, and only while the founding is open")
	ErrNotMemberKey   = problem.New(problem.NotAllowed, "is it the newest phrase, and of this co-op?", "this isn't the recovery phrase of a member")
)

// RuleError says that a rule of the charter refuses a statement, where none of the above does.
type RuleError struct{ Why string }

func (e *RuleError) Error() string { return "the charter doesn't take this: " + e.Why }

// Problem implements problem.Teller.
func (e *RuleError) Problem() *problem.Problem {
	return problem.New(problem.NotAllowed, "kith charter show", "%v", e)
}

// HeldError says that a member gave their word to another step at the same place: two that are
// open count for neither, and to give it twice could split the co-op.
type HeldError struct {
	Step      StepID
	TakenBack bool // who took it back may go on all the same, at the risk of a split
}

func (e *HeldError) Error() string {
	if e.TakenBack {
		return "you took your consent to another proposal back, but it may have completed it elsewhere; if so, this would split the co-op"
	}
	return "you have consented to another proposal at this place; take that back first, or wait until one is in force"
}

// Problem implements problem.Teller.
func (e *HeldError) Problem() *problem.Problem {
	return problem.New(problem.NotAllowed, "kith charter pending", "%v", e)
}

// LimitError says that something is larger than the charter takes.
type LimitError struct {
	What       string
	Got, Limit int
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("the %s is too long: %d, the limit is %d", e.What, e.Got, e.Limit)
}

// Problem implements problem.Teller.
func (e *LimitError) Problem() *problem.Problem {
	return problem.New(problem.Limit, "shorten it", "%v", e)
}

var saidAs = map[string]error{
	whyNobody: ErrNotMember, whyNotFull: ErrNotFull, whyNotConsenter: ErrOtherDevice, whyNotMover: ErrOtherDevice,
	whyNoProposal: ErrNoProposal, whyParent: ErrOvertaken, whyWithdrawn: ErrWithdrawn, whySubject: ErrSubject,
	whyTooFew: ErrTooFew, whyNothingBack: ErrNothingBack, whyNoRedemption: ErrNotProspective, whyNotMember: ErrNotIn,
	whyNoChange: ErrNoChange, whyNotOwn: ErrNotYours, whyNotAccepted: ErrNotAccepted, whyNoInvite: ErrNoInvite,
	whyRevoked: ErrRevoked, whyInvitesFull: ErrInvitesFull, whySpent: ErrInviteUsed, whyKeyTaken: ErrKeyKnown,
	whyInviteKey: ErrKeyKnown, whyNotFounder: ErrNotFounder, whyNoSeat: ErrFoundingClosed, whyClosed: ErrFoundingClosed,
	whyNotMemberKey: ErrNotMemberKey, whyRenamed: ErrRenamed,
	ErrInvite.Error(): ErrInvite, ErrCertificate.Error(): ErrCertificate, ErrDevice.Error(): ErrDevice, ErrClaim.Error(): ErrClaim,
}

// try judges a statement that a device might make now, and returns its payload.
func (c *Charter) try(by entry.Device, payload []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	if c.tip() == nil {
		return nil, ErrNoGenesis
	}
	if len(payload) > MaxStatement {
		return nil, &LimitError{"statement", len(payload), MaxStatement}
	}
	e := &entry.Entry{
		Rules: entry.FirstRules, Space: c.space, Heads: c.heads, Kind: entry.Statement, Device: by, Payload: payload,
	}
	n, _, why := c.pool.judge(e, c.nodes.get)
	switch {
	case n == nil:
		return nil, &RuleError{why}
	case n.sound() && c.split && (n.carries != nil || n.about != nil):
		return nil, ErrUndecided // another step here would be a third side
	case n.sound():
		return payload, nil
	}
	if err := saidAs[n.void]; err != nil {
		return nil, err
	}
	return nil, &RuleError{n.void}
}
