package daemon

import (
	"errors"

	"kith/crdt/charter"
	"kith/crdt/share"
	"kith/daemon/api"
	"kith/daemon/replica"
)

// refusedWhy are the charter's reasons for not making a statement that need no more words, with
// what to do next.
var refusedWhy = []struct {
	err  error
	code api.Code
	hint string
}{
	{charter.ErrNoProposal, api.NotFound, "kith charter pending"},
	{charter.ErrNotProspective, api.NotAllowed, "who may be admitted: kith member list"},
	{charter.ErrNotIn, api.NotAllowed, "kith member list"},
	{charter.ErrNotFull, api.NotAllowed, "ask a full member: kith member list"},
	{charter.ErrNoChange, api.Invalid, "kith charter show"},
	{charter.ErrOtherDevice, api.NotAllowed, "kith device list says which; there: kith device consents DEVICE"},
	{charter.ErrNotYours, api.NotFound, "kith device list"},
	{charter.ErrNotMemberKey, api.NotAllowed, "is it the newest phrase, and of this co-op?"},
	{charter.ErrInvitesFull, api.NotAllowed, "wait until one is used, take one back (kith invite list), or agree on more: kith charter invites N"},
	{charter.ErrUndecided, api.NotAllowed, "kith charter show says between what; then kith charter follow"},
	{charter.ErrNotFounder, api.NotAllowed, "kith charter show"},
	{charter.ErrFoundingClosed, api.NotAllowed, "kith charter show"},
	{charter.ErrInForce, api.NotAllowed, "kith charter log"},
	{charter.ErrWithdrawn, api.NotAllowed, "kith charter pending"},
	{charter.ErrConsented, api.NotAllowed, "kith charter pending"},
	{charter.ErrNothingBack, api.NotAllowed, "kith charter pending"},
	{charter.ErrTooFew, api.NotAllowed, "kith charter pending"},
	{charter.ErrInviteUsed, api.NotAllowed, "kith invite list"},
	{charter.ErrRevoked, api.NotAllowed, "kith invite list"},
	{charter.ErrNoInvite, api.NotFound, "kith invite list"},
	{share.ErrNoPact, api.NotAllowed, "kith ally list"},
	{share.ErrEnded, api.NotAllowed, "kith share list"},
	{share.ErrNoSide, api.NotAllowed, "kith share list"},
	{share.ErrInForce, api.Invalid, "kith share show SHARE"},
}

// explainCharter is explain for what the charter refuses; nil for any other error.
func explainCharter(err error) *api.Problem {
	var limit *charter.LimitError
	var rule *charter.RuleError
	var gone *replica.NotMemberError
	switch {
	case errors.Is(err, replica.ErrRestored):
		return api.Problemf(api.NotAllowed, "wait until it is in step with another member's device: kith sync", "%v", replica.ErrRestored)
	case errors.As(err, &gone):
		return api.Problemf(api.NotAllowed, "what is here stays readable, and you keep it: kith status says more", "%v; what you write isn't taken by the others", gone)
	case errors.As(err, &limit):
		return api.Problemf(api.Limit, "shorten it", "%v", limit)
	case errors.As(err, &rule):
		return api.Problemf(api.NotAllowed, "kith charter show", "%v", rule)
	}
	if errors.Is(err, replica.ErrNotThere) {
		return api.Problemf(api.NotAllowed, "ask somebody there for an invite, and join with it in a home of its own: KITH_HOME=… kith join", "%v, so you can't go over", err)
	}
	if errors.Is(err, replica.ErrNotAdoptable) {
		return api.Problemf(api.NotAllowed, "kith log --void says why it doesn't count; write it anew", "%v", err)
	}
	for _, known := range refusedWhy {
		if errors.Is(err, known.err) {
			return api.Problemf(known.code, known.hint, "%s", known.err.Error())
		}
	}
	return nil
}
