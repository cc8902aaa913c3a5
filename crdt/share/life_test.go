package share_test

import (
	"slices"

	"pgregory.net/rapid"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
)

// life is what happened in a share, on three replicas that meet now and then. Everybody acts on any of
// them, so that both sides sign twice at one place.
type life struct {
	*rapid.T
	replicas []*ally
	said     [2][]*entry.Entry // by the people of each side, wherever they said it
	history  []*entry.Entry    // all statements and entries
}

func (l *life) person(side int) string {
	return rapid.SampledFrom([][]string{risoFolk, quiltFolk}[side]).Draw(l.T, "person")
}

func (l *life) side() int { return rapid.IntRange(0, 1).Draw(l.T, "side") }

func (l *life) replica() *ally {
	return l.replicas[rapid.IntRange(0, len(l.replicas)-1).Draw(l.T, "replica")]
}

func (l *life) keep(side int, e *entry.Entry) {
	l.said[side] = append(l.said[side], e)
	l.history = append(l.history, e)
}

// says signs a payload in a side's charter, unless nobody honest would make it.
func (l *life) says(r *ally, side int, name string, payload []byte, err error) {
	if err != nil {
		return
	}
	e := sign(l.T, r.spaces[side], laptop(name), payload, r.s.Side(side).Heads()...)
	l.keep(side, e)
	r.hear(e)
}

// agree has some people of a side try to bring a step into force.
func (l *life) agree(r *ally, side int, terms charter.Terms) {
	c := func() *charter.Charter { return r.s.Side(side) }
	names := rapid.Permutation([][]string{risoFolk, quiltFolk}[side]).Draw(l.T, "people")
	names = names[:rapid.SampledFrom([]int{1, 2, 2, 3}).Draw(l.T, "how many")]
	payload, id, err := c().Propose(laptop(names[0]).Device(), terms)
	l.says(r, side, names[0], payload, err)
	for _, name := range names {
		payload, err := c().Consent(laptop(name).Device(), id, true)
		l.says(r, side, name, payload, err)
	}
	payload, err = c().Enact(laptop(names[0]).Device(), id)
	l.says(r, side, names[0], payload, err)
}

func (l *life) word(r *ally, side int) share.Word {
	w := share.Word{Share: r.space}
	switch rapid.IntRange(0, 9).Draw(l.T, "word") {
	case 0:
		w.What = share.End
	case 1:
		w.What, w.Contacts = share.Contacts, []string{l.person(side)}
	case 2:
		w.What, w.Share = share.End, entry.SpaceID{1}
	case 3:
		w.What, w.Ally, w.Terms = share.Make, "Quilted", later
	default:
		w.What, w.Terms = share.Change, rapid.SampledFrom([]share.Terms{print, later, people}).Draw(l.T, "terms")
		w.Number = uint64(rapid.IntRange(0, 3).Draw(l.T, "number"))
	}
	return w
}

// next is the number of the next terms of a side.
func (l *life) next(r *ally, side int) (n uint64) {
	said, _ := words(r.s.Side(side))
	for n = 1; slices.ContainsFunc(said, func(w share.Word) bool {
		return w.What == share.Change && w.Number == n && w.Share == r.space
	}); n++ {
	}
	return n
}

func (l *life) act() {
	r, side := l.replica(), l.side()
	name := l.person(side)
	c := r.s.Side(side)
	switch rapid.IntRange(0, 14).Draw(l.T, "what") {
	case 0:
		r.meet(l.replica())
	case 12, 13: // both say the same
		w := change(rapid.SampledFrom([]share.Terms{later, people}).Draw(l.T, "terms"))
		for i := range 2 {
			w.Share, w.Number = r.space, l.next(r, i)
			if word, err := w.Encode(); err == nil {
				l.agree(r, i, charter.Terms{Type: charter.ProposalPact, Pact: word})
			}
		}
	case 1:
		l.agree(r, side, rapid.SampledFrom([]charter.Terms{twoThirds, allButOne}).Draw(l.T, "threshold"))
	case 2:
		l.agree(r, side, charter.Terms{Type: charter.ProposalRemove, Member: r.id(side, l.person(side))})
	case 3:
		if rapid.IntRange(0, 3).Draw(l.T, "leaves") == 0 {
			payload, err := c.Resign(laptop(name).Device(), nil, "")
			l.says(r, side, name, payload, err)
		}
	case 4: // what somebody said, by the other side, in either place
		payload := rapid.SampledFrom(l.history).Draw(l.T, "again").Payload
		space := rapid.SampledFrom([]entry.SpaceID{r.space, r.spaces[0], r.spaces[1], {7}}).Draw(l.T, "space")
		heads := rapid.SampledFrom([][]entry.ID{c.Heads(), r.s.Side(1 - side).Heads(), {entry.ID(r.space)}}).Draw(l.T, "heads")
		e := sign(l.T, space, laptop(l.person(1-side)), payload, heads...)
		l.keep(1-side, e)
		r.hear(e)
	case 5, 6, 7, 14:
		r.t = l.T
		heads := r.s.Heads()
		if rapid.IntRange(0, 2).Draw(l.T, "odd heads") == 0 {
			heads = nil
			for range rapid.IntRange(1, 3).Draw(l.T, "heads") {
				heads = append(heads, rapid.SampledFrom(l.history).Draw(l.T, "head").ID())
			}
			slices.SortFunc(heads, entry.ID.Compare)
			heads = slices.Compact(heads)
		}
		l.keep(side, r.writesAt(laptop(name), heads...))
	default:
		w := l.word(r, side)
		if _, _, _, err := r.s.Propose(laptop(name).Device(), w, ""); err == nil && rapid.IntRange(0, 3).Draw(l.T, "honest") > 0 {
			if w.What == share.Change {
				w.Number = l.next(r, side)
			}
			w.Share = r.space
		}
		if word, err := w.Encode(); err == nil {
			l.agree(r, side, charter.Terms{Type: charter.ProposalPact, Pact: word})
		}
	}
}

// drawLife makes a share and what is said in it.
func drawLife(t *rapid.T) *life {
	first := allies(t, risoFolk, quiltFolk)
	l := &life{T: t, replicas: []*ally{first.apart(), first.apart(), first.apart()}, history: slices.Clone(first.all)}
	for _, e := range first.all {
		switch {
		case e.SpaceOf() == first.spaces[riso], e.SpaceOf() == first.space:
			l.said[riso] = append(l.said[riso], e)
		default:
			l.said[quilted] = append(l.said[quilted], e)
		}
	}
	for range rapid.IntRange(1, 20).Draw(t, "acts") {
		l.act()
	}
	return l
}

// stands draws where a replica stands.
func (l *life) stands() (stands [2]charter.StepID) {
	r := l.replica()
	for i := range stands {
		if rapid.Bool().Draw(l.T, "stands") {
			stands[i] = r.s.Side(i).Tip()
		}
	}
	return stands
}

// arrival is the history in any order, with some of it again, in batches.
func (l *life) arrival() (batches [][]*entry.Entry) {
	var places []int
	for i := range l.history {
		places = append(places, i)
	}
	again := rapid.SliceOfN(rapid.IntRange(0, len(l.history)-1), 0, 6).Draw(l.T, "again")
	var all []*entry.Entry
	for _, i := range rapid.Permutation(slices.Concat(again, places)).Draw(l.T, "arrival") {
		all = append(all, l.history[i])
	}
	for len(all) > 0 {
		n := rapid.IntRange(1, len(all)).Draw(l.T, "batch")
		batches = append(batches, all[:n])
		all = all[n:]
	}
	return batches
}
