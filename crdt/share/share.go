// Package share reads a share between two co-ops: the charters of its two sides beside each
// other, and the pact that names them.
//
// Each side's charter is an ordinary one (package charter), of a space of its own, judged by that
// package alone. What takes both sides is read off what each says by an agreed step: there are no
// further statements. Like a charter, a Share is a pure function of statements and of where a replica
// stands, in any order. The rules, in plain words: docs/ALLIES.md; how it is built: docs/ARCHITECTURE.md,
// "Pacts and shares"; why: docs/DECISIONS.md; the bytes: docs/PROTOCOL.md.
//
// Where to read: pact.go is what both sides signed, word.go what a side says, share.go the fold,
// entry.go what the entry of a document knows of the two sides, say.go makes statements.
package share

import (
	"maps"
	"slices"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// Share is what a set of statements says, from where a replica stands. It never changes and is safe
// for concurrent use.
type Share struct {
	space    entry.SpaceID
	stands   [2]charter.StepID
	doubted  [2]bool                   // see Doubt
	genesis  *entry.Entry              // of the share
	pact     *Pact                     // nil as long as the genesis isn't here, or can't be read
	sides    [2]*charter.Charter       // from when pact is known
	founding [2]*entry.Entry           // genesis of each side
	apart    map[entry.ID]*entry.Entry // statements of neither side

	state charter.State // of the pact
	why   string
	now   agreed
	heads []entry.ID
}

// Why a statement of a share is void or waits, in a member's words.
const (
	whyNotHere   = "it isn't here yet"
	whyNoPact    = "the pact isn't here yet"
	whyForeign   = "it belongs to neither side of the share"
	whyNewType   = "it is of a kind that this release doesn't know; update Kith"
	whyNewRules  = "it was made under rules that this release doesn't know; update Kith"
	whyOnlyPact  = "nothing but the pact is said in the share itself; each side speaks in its own charter"
	whyFounding  = "the founding of a side isn't here yet"
	whyVoidSide  = "the founding of a side doesn't hold"
	whyNotFirst  = "it isn't signed by the device that founded the first side"
	whyNotSecond = "the device that founded the second side hasn't agreed to it"
	whyRun       = "it isn't the one share that can be made of what was agreed"
	whySameName  = "both sides have the same name"
)

// Fold reads a share from statements of the share and of both sides, in any order; duplicates cost
// nothing. stands are, for each side, the newest step of its chain that this replica took part in:
// for the other side, that an entry of this replica knew.
func Fold(space entry.SpaceID, statements []*entry.Entry, stands [2]charter.StepID) *Share {
	none := &Share{space: space, stands: stands, why: whyNotHere}
	return none.With(statements...)
}

// With returns the share of the statements of s and more: what Fold makes of all of them with the
// same stands. s stays as it is. Entries that aren't statements are left out.
func (s *Share) With(more ...*entry.Entry) *Share {
	next := *s
	next.apart = maps.Clone(s.apart)
	if next.apart == nil {
		next.apart = map[entry.ID]*entry.Entry{}
	}
	if next.pact == nil {
		for _, e := range more {
			if e.ID() == entry.ID(s.space) && e.Kind == entry.Statement {
				next.open(e)
			}
		}
		if next.pact != nil {
			more = slices.AppendSeq(slices.Clone(more), maps.Values(next.apart))
			next.apart = map[entry.ID]*entry.Entry{}
		}
	}
	var theirs [2][]*entry.Entry
	for _, e := range more {
		if e.Kind != entry.Statement || e.ID() == entry.ID(s.space) {
			continue
		}
		i, ok := next.sideOf(e.SpaceOf())
		if !ok {
			next.apart[e.ID()] = e
			continue
		}
		theirs[i] = append(theirs[i], e)
		if e.ID() == entry.ID(e.SpaceOf()) {
			next.founding[i] = e
		}
	}
	for i, all := range theirs {
		if len(all) > 0 {
			next.sides[i] = next.sides[i].With(all...)
		}
	}
	next.settle()
	return &next
}

// StandOn returns the share of the same statements from another stand on one side's chain.
func (s *Share) StandOn(side int, step charter.StepID) *Share {
	next := *s
	next.stands[side] = step
	if next.pact != nil {
		next.sides[side] = next.sides[side].StandOn(step)
	}
	next.settle()
	return &next
}

// open reads the genesis.
func (s *Share) open(e *entry.Entry) {
	s.genesis = e
	if e.Rules > entry.RulesVersion {
		s.state, s.why = charter.Pending, whyNewRules
		return
	}
	p, err := readPact(e.Payload, len(Pact{}.Agreed))
	if err != nil {
		s.state, s.why = charter.Void, err.Error()
		return
	}
	s.pact = p
	for i := range s.sides {
		s.sides[i] = charter.Fold(p.Sides[i].Space, nil, s.stands[i])
	}
}

// settle sets what follows from the two sides.
func (s *Share) settle() {
	if s.pact == nil {
		return
	}
	if s.state == charter.Pending { // else it is what it is for good
		s.state, s.why = s.judge()
	}
	s.now = s.agreed([2][]charter.Pact{s.sides[0].Pacts(), s.sides[1].Pacts()})
	s.heads = nil
	if s.state == charter.Accepted {
		for _, c := range s.sides {
			s.heads = append(s.heads, c.HeadsUpTo(entry.MaxHeads/2)...)
		}
		slices.SortFunc(s.heads, entry.ID.Compare)
	}
}

// judge judges the pact.
func (s *Share) judge() (charter.State, string) {
	draft, err := s.pact.Draft()
	switch {
	case err != nil:
		return charter.Void, err.Error()
	case s.genesis.Run != runOf(draft), s.genesis.Number != 1:
		return charter.Void, whyRun
	}
	for i, e := range s.founding {
		if e == nil {
			continue
		}
		if state, _ := s.sides[i].State(e.ID()); state == charter.Void {
			return charter.Void, whyVoidSide
		}
	}
	switch first, second := s.founding[0], s.founding[1]; {
	case first != nil && s.genesis.Device != first.Device:
		return charter.Void, whyNotFirst
	case second != nil && !entry.VerifySignature(second.Device, entry.DomainPact, draft, s.pact.Agreed):
		return charter.Void, whyNotSecond
	case s.sides[0].Tip() == (charter.StepID{}), s.sides[1].Tip() == (charter.StepID{}):
		return charter.Pending, whyFounding
	case s.sides[0].Name() == s.sides[1].Name():
		return charter.Void, whySameName
	}
	return charter.Accepted, ""
}

// sideOf returns which side's charter a space is.
func (s *Share) sideOf(space entry.SpaceID) (side int, ok bool) {
	if s.pact == nil {
		return 0, false
	}
	for i := range s.pact.Sides {
		if s.pact.Sides[i].Space == space {
			return i, true
		}
	}
	return 0, false
}

// agreed is what the words of both sides say together.
type agreed struct {
	terms    Terms
	ended    [2]charter.StepID // the step by which a side has ended it
	contacts [2][]string
	changes  [2][]Offer // the n-th terms of each side
}

// agreed reads the words of both sides, each side's in the order of its chain. What is no word for
// this share, or a change that isn't the next of its side, says nothing.
func (s *Share) agreed(words [2][]charter.Pact) agreed {
	a := agreed{terms: s.pact.Terms}
	for i := range words {
		a.contacts[i] = s.pact.Sides[i].Contacts
		for _, said := range words[i] {
			w, err := ReadWord(said.Word)
			if err != nil || w.Share != s.space {
				continue
			}
			switch w.What {
			case Change:
				if w.Number == uint64(len(a.changes[i]))+1 {
					a.changes[i] = append(a.changes[i], Offer{Side: i, Number: w.Number, Terms: w.Terms, Step: said.Step})
				}
			case End:
				if a.ended[i] == (charter.StepID{}) {
					a.ended[i] = said.Step
				}
			case Contacts:
				a.contacts[i] = w.Contacts
			}
		}
	}
	for n := range min(len(a.changes[0]), len(a.changes[1])) {
		if t := a.changes[0][n].Terms; t == a.changes[1][n].Terms {
			a.terms = t
		}
	}
	return a
}

func (a *agreed) over() bool { return a.ended != [2]charter.StepID{} }

// Space returns the ID of the share.
func (s *Share) Space() entry.SpaceID { return s.space }

// Owns says whether entries of a space belong to the share: its own, or the charter of a side. As
// long as the pact isn't here only its own is known.
func (s *Share) Owns(space entry.SpaceID) bool {
	_, ok := s.sideOf(space)
	return ok || space == s.space
}

// Pact returns what both sides signed at the beginning, for reading only; nil as long as it isn't
// here. Whether it holds is State of the share's own ID.
func (s *Share) Pact() *Pact { return s.pact }

// Genesis returns the entry of the pact; nil as long as it isn't here.
func (s *Share) Genesis() *entry.Entry { return s.genesis }

// Side returns the charter of one side, 0 or 1 in the order of the pact; nil as long as the pact
// isn't here. Everything that is about one side alone is asked of, and said in, this.
func (s *Share) Side(i int) *charter.Charter { return s.sides[i] }

// Terms returns what binds both sides now; false as long as the pact doesn't hold.
func (s *Share) Terms() (Terms, bool) { return s.now.terms, s.state == charter.Accepted }

// Contacts returns the contact members that a side names. The caller must not modify it.
func (s *Share) Contacts(side int) []string { return s.now.contacts[side] }

// Offer is terms that one side has said.
type Offer struct {
	Side   int
	Number uint64
	Terms  Terms
	Step   charter.StepID // of that side's chain
}

// Offers returns what one side has said and the other hasn't answered yet, in order.
func (s *Share) Offers() []Offer {
	a, b := s.now.changes[0], s.now.changes[1]
	n := min(len(a), len(b))
	return slices.Concat(a[n:], b[n:])
}

// Ended returns, for each side that has ended the share, the step by which it did, else zero.
func (s *Share) Ended() (by [2]charter.StepID, ended bool) { return s.now.ended, s.now.over() }

// Suspended says whether a side has split, and this replica hasn't taken a stand on its chain: as
// long as that is so nothing new that it says counts here, and nobody of it in what is open. What the
// evidence is says Forks of its charter.
func (s *Share) Suspended(side int) bool { return s.pact != nil && s.sides[side].Undecided() }

// Lost says whether nobody is left on a side who could say anything for it.
func (s *Share) Lost(side int) bool {
	return s.state == charter.Accepted && len(s.sides[side].FullNow()) == 0
}

// Heads returns the statements that a new entry names: those of both sides, see charter.Heads.
func (s *Share) Heads() []entry.ID { return s.heads }

// State returns what became of a statement, and why in a member's words ("" if accepted).
func (s *Share) State(id entry.ID) (charter.State, string) {
	if id == entry.ID(s.space) {
		return s.state, s.why
	}
	if e := s.apart[id]; e != nil {
		return s.stateApart(e)
	}
	for _, c := range s.sides {
		if c != nil && c.Has(id) {
			return c.State(id)
		}
	}
	return charter.Pending, whyNotHere
}

// IsSound says whether a statement of either side is here and sound, for good, on whichever branch.
func (s *Share) IsSound(id entry.ID) bool {
	return slices.ContainsFunc(s.sides[:], func(c *charter.Charter) bool { return c != nil && c.IsSound(id) })
}

func (s *Share) stateApart(e *entry.Entry) (charter.State, string) {
	switch {
	case s.pact == nil:
		return charter.Pending, whyNoPact
	case e.SpaceOf() != s.space:
		return charter.Void, whyForeign
	case e.Rules > entry.RulesVersion:
		return charter.Pending, whyNewRules
	}
	said, err := charter.ReadStatement(e.Payload)
	if err == nil && !said.Known() && said.Type != charter.TypeShare && said.Step == nil {
		return charter.Pending, whyNewType
	}
	return charter.Void, whyOnlyPact
}

// Has says whether a statement is here, in whichever state.
func (s *Share) Has(id entry.ID) bool {
	if s.apart[id] != nil || s.genesis != nil && id == entry.ID(s.space) {
		return true
	}
	return slices.ContainsFunc(s.sides[:], func(c *charter.Charter) bool { return c != nil && c.Has(id) })
}
