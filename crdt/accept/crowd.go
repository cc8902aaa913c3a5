package accept

import (
	"bytes"
	"cmp"
	"container/heap"
	"slices"

	"kith/crdt/change"
	"kith/crdt/charter"
)

// Bounds of what is accepted of a document, over all its branches together. The core takes about 1.2 kB of
// memory for an operation, and for each write to a key it goes through all others.
const (
	MaxOps    = 250_000 // operations
	MaxWrites = 2_000   // writes to one key of a map, those included that are overwritten

	// MaxClosings bounds the writes to one key in which a member closes the document (schema.Field.Closing): each is
	// looked at for what it says of all that was there.
	MaxClosings = 64
)

// Of these, a part is kept for those who have had little: so much of each member's, for so many members, comes in
// whatever others have written. Else one member fills a document with three changes, and as soon as somebody builds on
// them nobody answers in it any more; or writes its title 2,000 times, and nobody else ever does.
const (
	OwnOps    = 1_000 // operations of each member
	OwnWrites = 20    // writes of each member to one key of a map
	OwnPlaces = 50    // members for whom that is kept
)

// bounds are these, smaller in tests.
type bounds struct{ ops, writes, ownOps, ownWrites, places int }

// share is how much each member has used of what is bounded.
type share map[charter.MemberID]int

// fit says whether that is within bounds: in all, and in what members have beyond their own. What fits does so without
// a part of it, too, so as long as all fits, that hangs on no order.
func (s share) fit(most, own, places int) bool {
	sum, shared := 0, 0
	for _, n := range s {
		sum, shared = sum+n, shared+max(0, n-own)
	}
	return sum <= most && shared <= most-own*places
}

// crowd is what a Document knows once more has come than there is room for. Then it matters who comes
// first, and the order of arrival is nobody's business. So those are let in first on which more people
// stand: full members who wrote a change, have it in the past of one of theirs, or acknowledged it, in
// entries that no frontier cuts. Of those on whom as many stand, one author's come in turn with another's, by
// operations: who writes much waits, and not who writes little. Of one author, the smaller change comes
// first.
//
// None of this asks what was accepted, but for what still fits. Who stands on a change stands on its past,
// so nobody can push out what more people have worked on than are pushing.
type crowd struct {
	full  bool    // something didn't fit
	order []*node // of all that might come in, when they were last judged in it
}

// fits says whether there is room for a change that Check has just accepted.
func (d *Document) fits(s *signed) bool {
	return d.opsFit(s) && d.writesFit(s) && d.closings(s.Change) <= MaxClosings && d.names.fit(d.history, d.kind, s.Change)
}

// opsFit says whether there is room for its operations.
func (d *Document) opsFit(s *signed) bool {
	b, n := &d.bounds, d.history.Ops()+len(s.Change.Ops)
	if n <= b.ops-b.ownOps*b.places {
		return true // whoever wrote it
	}
	d.used[s.Author] += len(s.Change.Ops)
	defer func() { d.used[s.Author] -= len(s.Change.Ops) }()
	return d.used.fit(b.ops, b.ownOps, b.places)
}

// writesFit says whether there is room for what it writes to each key.
func (d *Document) writesFit(s *signed) bool {
	b := &d.bounds
	if d.history.MostWrites(s.Change) <= b.writes-b.ownWrites*b.places {
		return true
	}
	type place struct {
		object change.OpID
		key    string
	}
	used := map[place]share{}
	for i := range s.Change.Ops {
		op := &s.Change.Ops[i]
		if !op.InMap {
			continue
		}
		at := place{op.Obj, op.Key}
		if used[at] == nil {
			used[at] = share{}
			for _, w := range d.history.Writes(at.object, at.key) {
				used[at][d.changes[w.Change].accepted.Author]++
			}
		}
		used[at][s.Author]++
	}
	for _, u := range used {
		if !u.fit(b.writes, b.ownWrites, b.places) {
			return false
		}
	}
	return true
}

// closings returns how many writes one of the keys has in which a change closes the document, with its own.
func (d *Document) closings(c *change.Change) (most int) {
	var more map[string]int
	for i := range c.Ops {
		op := &c.Ops[i]
		if !d.kind.Closing(op) {
			continue
		}
		if more == nil {
			more = map[string]int{}
		}
		more[op.Key]++
		most = max(most, len(d.history.Writes(change.OpID{}, op.Key))+more[op.Key])
	}
	return most
}

// settleInTurn is settle for a document in which there isn't room for all.
func (d *Document) settleInTurn(n *node) {
	order := d.inTurn()
	at := slices.Index(order, n)
	others := order
	if at >= 0 {
		others = slices.Delete(slices.Clone(order), at, at+1)
	}
	comesIn := func(n *node) bool { return n.accepted != nil }
	if !slices.Equal(others, d.crowd.order) || at >= 0 && slices.ContainsFunc(order[at+1:], comesIn) {
		d.judgeAll()
		return
	}
	d.settle(n) // it takes no room from anybody
	d.crowd.order = order
}

// settleAllInTurn judges all afresh, those first that come in first. The caller has forgotten what was
// accepted, but for what it found by the order of arrival: that is forgotten here.
func (d *Document) settleAllInTurn() {
	d.history, d.names, d.used, d.order, d.waiting = change.NewHistory(), nil, share{}, nil, nil
	for _, s := range d.arrived {
		s.node.accepted, s.node.next = nil, nil
	}
	d.crowd = crowd{order: d.inTurn()}
	settled := make(map[*node]bool, len(d.changes))
	for _, n := range d.crowd.order {
		settled[n] = true
		d.admit(n)
	}
	for _, s := range d.arrived {
		if n := s.node; s == &n.first && !settled[n] {
			d.admit(n)
		}
	}
}

// inTurn returns all changes that may come in as far as nothing but room is missing, in the order in which
// they do: each after those that it stands on.
func (d *Document) inTurn() []*node {
	all := d.byDepth()
	on := d.standing(all)
	people := make(map[*node]int, len(all))
	for n, who := range on {
		people[n] = who.len()
	}
	byAuthor := map[charter.MemberID][]*node{}
	for _, n := range all {
		if best := n.bestSound(); best != nil && !n.lost {
			byAuthor[best.Author] = append(byAuthor[best.Author], n)
		}
	}
	upTo := make(map[*node]int, len(all)) // operations of the same author, up to this change
	for _, theirs := range byAuthor {
		slices.SortStableFunc(theirs, func(a, b *node) int { // by depth, where they are alike
			return cmp.Or(cmp.Compare(people[b], people[a]), cmp.Compare(len(a.change.Ops), len(b.change.Ops)))
		})
		sum := 0
		for _, n := range theirs {
			sum += len(n.change.Ops)
			upTo[n] = sum
		}
	}
	turn := &turns{less: func(a, b *node) int {
		return cmp.Or(cmp.Compare(people[b], people[a]), cmp.Compare(upTo[a], upTo[b]), bytes.Compare(a.change.Hash[:], b.change.Hash[:]))
	}}
	left := make(map[*node]int, len(all)) // dependencies that haven't come in
	after := map[change.Hash][]*node{}
	for _, n := range all {
		if _, ok := upTo[n]; !ok {
			continue
		}
		left[n] = len(n.change.Deps)
		for _, dep := range n.change.Deps {
			after[dep] = append(after[dep], n)
		}
		if left[n] == 0 {
			heap.Push(turn, n)
		}
	}
	order := make([]*node, 0, len(left))
	for turn.Len() > 0 {
		n := heap.Pop(turn).(*node)
		order = append(order, n)
		for _, m := range after[n.change.Hash] {
			if left[m]--; left[m] == 0 {
				heap.Push(turn, m)
			}
		}
	}
	return order
}

// byDepth returns all changes, each after those it stands on, in an order that doesn't hang on how they came.
func (d *Document) byDepth() []*node {
	depth := make(map[*node]int, len(d.changes))
	var all, path []*node
	for _, n := range d.changes {
		path = append(path[:0], n)
		for len(path) > 0 {
			n := path[len(path)-1]
			deepest, deeper := 0, false
			for _, dep := range n.change.Deps {
				m := d.changes[dep]
				if m == nil {
					continue
				}
				if depth[m] == 0 {
					path, deeper = append(path, m), true
				}
				deepest = max(deepest, depth[m])
			}
			if deeper {
				continue
			}
			path = path[:len(path)-1]
			if depth[n] == 0 {
				depth[n] = deepest + 1
				all = append(all, n)
			}
		}
	}
	slices.SortFunc(all, func(a, b *node) int {
		return cmp.Or(cmp.Compare(depth[a], depth[b]), bytes.Compare(a.change.Hash[:], b.change.Hash[:]))
	})
	return all
}

// standing returns who stands on each change, as places in a list of people.
func (d *Document) standing(byDepth []*node) map[*node]bits {
	places := map[charter.MemberID]int{}
	place := func(m charter.MemberID) int {
		if _, ok := places[m]; !ok {
			places[m] = len(places)
		}
		return places[m]
	}
	on := make(map[*node]bits, len(byDepth))
	for _, n := range slices.Backward(byDepth) {
		who := on[n]
		for _, s := range n.carriers() {
			if s.full && s.at == within {
				who = who.withOne(place(s.Author))
			}
		}
		for m := range d.acknowledged([]*node{n}) {
			who = who.withOne(place(m))
		}
		on[n] = who
		for _, dep := range n.change.Deps {
			if m := d.changes[dep]; m != nil {
				on[m] = on[m].with(who)
			}
		}
	}
	return on
}

// turns is a heap of changes that may come in next.
type turns struct {
	less func(a, b *node) int
	all  []*node
}

func (t *turns) Len() int           { return len(t.all) }
func (t *turns) Less(i, j int) bool { return t.less(t.all[i], t.all[j]) < 0 }
func (t *turns) Swap(i, j int)      { t.all[i], t.all[j] = t.all[j], t.all[i] }
func (t *turns) Push(n any)         { t.all = append(t.all, n.(*node)) }
func (t *turns) Pop() any {
	n := t.all[len(t.all)-1]
	t.all = t.all[:len(t.all)-1]
	return n
}
