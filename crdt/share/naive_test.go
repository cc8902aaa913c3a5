package share_test

import (
	"fmt"
	"slices"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
)

// naive is the rules of a share written down once more, from docs/ALLIES.md, without a thought for cost: for
// each entry it folds the charter of each side afresh from nothing but what that entry names.
type naive struct {
	space  entry.SpaceID
	spaces [2]entry.SpaceID
	pact   share.Terms
	all    map[entry.ID]*entry.Entry // statements
	sides  [2]*charter.Charter
}

func naiveFold(space entry.SpaceID, spaces [2]entry.SpaceID, pact share.Terms, all []*entry.Entry, stands [2]charter.StepID) *naive {
	n := &naive{space: space, spaces: spaces, pact: pact, all: map[entry.ID]*entry.Entry{}}
	for _, e := range all {
		if e.Kind == entry.Statement {
			n.all[e.ID()] = e
		}
	}
	for i := range n.sides {
		n.sides[i] = charter.Fold(spaces[i], n.of(i), stands[i])
	}
	return n
}

func (n *naive) of(side int) (all []*entry.Entry) {
	for _, e := range n.all {
		if e.SpaceOf() == n.spaces[side] {
			all = append(all, e)
		}
	}
	return all
}

// words are what the agreed steps of a chain say, from its tip backwards.
func words(c *charter.Charter) (words []share.Word, read []bool) {
	if c == nil {
		return nil, nil
	}
	for at := c.Tip(); ; {
		p, ok := c.Proposal(at)
		if !ok {
			return words, read
		}
		if p.Type == charter.ProposalPact {
			w, err := share.ReadWord(p.Pact)
			words, read = slices.Insert(words, 0, w), slices.Insert(read, 0, err == nil)
		}
		at = p.Parent
	}
}

// together reads the words of both sides.
func (n *naive) together(sides [2]*charter.Charter) (terms share.Terms, ended bool, offers int) {
	var changes [2][]share.Terms
	for i, c := range sides {
		all, read := words(c)
		for j, w := range all {
			switch {
			case !read[j] || w.Share != n.space:
			case w.What == share.End:
				ended = true
			case w.What == share.Change && int(w.Number) == len(changes[i])+1:
				changes[i] = append(changes[i], w.Terms)
			}
		}
	}
	terms = n.pact
	for i := 0; i < len(changes[0]) && i < len(changes[1]); i++ {
		if changes[0][i] == changes[1][i] {
			terms = changes[0][i]
		}
	}
	return terms, ended, max(len(changes[0]), len(changes[1])) - min(len(changes[0]), len(changes[1]))
}

// past returns a side's charter of exactly what some heads know; nil if they are on both sides of a fork.
func (n *naive) past(side int, heads []entry.ID) *charter.Charter {
	known := map[entry.ID]bool{}
	var all []*entry.Entry
	for todo := slices.Clone(heads); len(todo) > 0; {
		id := todo[0]
		todo = todo[1:]
		if e := n.all[id]; e != nil && !known[id] {
			known[id] = true
			all = append(all, e)
			todo = append(todo, e.Heads...)
		}
	}
	c := charter.Fold(n.spaces[side], all, charter.StepID{})
	if c.Undecided() {
		return nil
	}
	return c
}

func full(c *charter.Charter) []charter.MemberID {
	var all []charter.MemberID
	if c != nil {
		for _, m := range c.Members() {
			if m.Standing == charter.Full {
				all = append(all, m.ID)
			}
		}
	}
	slices.SortFunc(all, func(a, b charter.MemberID) int { return slices.Compare(a[:], b[:]) })
	return all
}

// seenBy is what an entry knows, in the words of the test of that name.
func (n *naive) seenBy(e *entry.Entry) string {
	var named [2][]entry.ID
	var placed [2]charter.State
	waits := false
	for i := range placed {
		placed[i] = charter.Accepted
	}
	for _, id := range e.Heads {
		h := n.all[id]
		side := 0
		switch {
		case h == nil:
			waits = true
			continue
		case h.SpaceOf() == n.spaces[0]:
		case h.SpaceOf() == n.spaces[1]:
			side = 1
		default:
			s, err := charter.ReadStatement(h.Payload)
			if h.SpaceOf() != n.space || h.ID() == entry.ID(n.space) || err != nil || s.Known() || s.Type <= charter.TypeRename {
				return "knows: void"
			}
			waits = true
			continue
		}
		named[side] = append(named[side], id)
		if len(n.sides[side].Waiting(id)) > 0 {
			waits = true
			continue
		}
		switch state, _ := n.sides[side].State(id); state {
		case charter.Void:
			return "knows: void"
		case charter.Accepted:
		default:
			placed[side] = state
		}
	}
	var pasts [2]*charter.Charter
	for i := range pasts {
		if len(named[i]) == 0 {
			continue
		}
		if pasts[i] = n.past(i, named[i]); pasts[i] == nil && !waits {
			return "knows: void"
		}
	}
	if waits {
		return "knows: pending"
	}
	own, speakers := -1, 0
	for i, c := range pasts {
		if c == nil {
			continue
		}
		if _, ok := c.MemberOf(e.Device); ok {
			own = i
			speakers++
		}
	}
	if speakers != 1 {
		return "speaks for nobody"
	}
	if placed[own] != charter.Accepted {
		return "knows: " + placed[own].String()
	}
	m, _ := pasts[own].MemberOf(e.Device)
	counted := pasts
	if placed[1-own] != charter.Accepted {
		counted[1-own] = nil
	}
	terms, ended, _ := n.together(counted)
	return fmt.Sprint("knows: ", charter.Accepted, m.ID, true, m.Standing, [][]charter.MemberID{full(counted[0]), full(counted[1])},
		counted[1-own] != nil, terms.Voices == share.People, ended)
}
