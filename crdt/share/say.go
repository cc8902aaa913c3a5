package share

import (
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/problem"
)

// Why a side can't say something. Each is for a person.
var (
	ErrNoPact  = problem.New(problem.NotAllowed, "kith ally list", "the pact isn't made yet: both sides have to sign it; ask the other side's contact")
	ErrEnded   = problem.New(problem.NotAllowed, "kith share list", "the share has ended; what is in it can be read, and a new pact can be made")
	ErrNoSide  = problem.New(problem.NotAllowed, "kith share list", "this device speaks for nobody in the share")
	ErrInForce = problem.New(problem.Nothing, "kith share show SHARE", "these terms are in force already")
)

// Propose proposes that the side of a device says something to the other side; w.Share and, of
// Change, w.Number are set here. The payload is for the device to sign in an entry of the space of
// that side's charter, with the heads of that: consents, refusals and the enact follow there.
func (s *Share) Propose(by entry.Device, w Word, why string) (side int, payload []byte, id charter.StepID, err error) {
	if s.state != charter.Accepted {
		return 0, nil, id, ErrNoPact
	}
	side, ok := s.SideOf(by)
	if !ok {
		return 0, nil, id, ErrNoSide
	}
	if s.now.over() {
		return side, nil, id, ErrEnded
	}
	w.Share = s.space
	if w.What == Change {
		w.Number = uint64(len(s.now.changes[side])) + 1
		if w.Terms == s.now.terms && len(s.now.changes[1-side]) < int(w.Number) {
			return side, nil, id, ErrInForce // it would answer nothing
		}
	}
	word, err := w.Encode()
	if err != nil {
		return side, nil, id, err
	}
	payload, id, err = s.sides[side].Propose(by, charter.Terms{Type: charter.ProposalPact, Pact: word, Why: why})
	return side, payload, id, err
}
