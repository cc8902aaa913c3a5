package kinds

import (
	"slices"

	"kith/crdt/charter"
)

// Electorate is who counts in a decision: the full members of a co-op, or of each side of a share.
type Electorate struct {
	Sides    [][]charter.MemberID `json:"sides"`     // sorted by ID
	ByPeople bool                 `json:"by_people"` // of a share: people count, and not each co-op as one voice
}

func electorate(sides [][]charter.MemberID, byPeople bool) Electorate {
	w := Electorate{ByPeople: byPeople}
	for _, side := range sides {
		w.Sides = append(w.Sides, append([]charter.MemberID{}, side...))
	}
	return w
}

// full returns everybody who counts, sorted by ID.
func (w Electorate) full() []charter.MemberID {
	all := slices.Concat(w.Sides...)
	slices.SortFunc(all, compareMembers)
	return all
}

func (w Electorate) tally(process string, proposer charter.MemberID, positions []Stand) Result {
	return TallySides(process, proposer, w.Sides, w.ByPeople, positions)
}

// TallySides says what positions give in a share, where sides are the full members of each co-op. For
// one side it is Tally.
//
//   - Each co-op is one voice: what Tally gives of its people alone, by the process of the decision. It
//     is agreed when both voices agree, and not agreed when one says so.
//   - By people everybody counts, as Tally has it of all together. But it isn't agreed as long as
//     nobody of some side is for it; and by majority a side of which half or more are against it isn't
//     outvoted. For each side names its people alone, and could name a hundred.
//   - By advice the proposer decides in either case, after somebody on each side has answered.
//
// A side of which nobody counts keeps a decision open: end the share, or wait.
func TallySides(process string, proposer charter.MemberID, sides [][]charter.MemberID, byPeople bool, positions []Stand) Result {
	r := Tally(process, proposer, slices.Concat(sides...), positions)
	if len(sides) < 2 {
		return r
	}
	voices := make([]Result, len(sides))
	for i, side := range sides {
		voices[i] = Tally(process, proposer, side, positions)
	}
	switch {
	case process == ProcessAdvice:
		for i, v := range voices {
			if !slices.Contains(sides[i], proposer) && v.Counts.Full == v.Counts.Silent {
				r.keepOpen()
			}
		}
	case byPeople:
		for _, v := range voices {
			if v.Counts.inFavour() == 0 && r.Outcome == Agreed {
				r.keepOpen()
			}
		}
		for _, v := range voices {
			if process == ProcessMajority && v.Counts.Full > 0 && 2*v.Counts.against() >= v.Counts.Full {
				r.Outcome, r.Missing = NotAgreed, 0
			}
		}
	default:
		r.Outcome, r.Missing = Agreed, 0
		for _, v := range voices {
			r.Missing += v.Missing
			if v.Outcome == Open && r.Outcome == Agreed {
				r.Outcome = Open
			}
		}
		if slices.ContainsFunc(voices, func(v Result) bool { return v.Outcome == NotAgreed }) {
			r.Outcome, r.Missing = NotAgreed, 0
		}
	}
	return r
}

func (r *Result) keepOpen() { r.Outcome, r.Missing = Open, max(r.Missing, 1) }

func (c *Counts) inFavour() int { return c.Consent + c.Agree }

func (c *Counts) against() int { return c.Object + c.Block + c.Disagree }
