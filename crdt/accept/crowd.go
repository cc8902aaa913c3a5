package accept

import (
	"bytes"
	"cmp"
	"container/heap"
	"slices"

	"kith/crdt/change"
	"kith/crdt/charter"
)

// crowd is what a Document knows once it may hold more that is valid than there is room for. Then it matters what is
// taken first, and the order of arrival is nobody's business. Of the changes whose dependencies are taken, that one comes
// next on which more people stand: full members who wrote it or a valid change that has it in its past, or acknowledged
// such a one, in entries that no frontier cuts. Of those on whom as many stand, the one of whose author less has been
// taken, itself included: who writes much waits, and not who writes little.
//
// What isn't valid counts for nothing here, and what isn't taken for no more than for who stands on what. So replicas
// agree of which one holds back what another keeps, as long as each keeps what makes somebody stand on a change who
// didn't (Document.MayCount). Who stands on a change stands on its past, so nobody can push out what more people have
// worked on than are pushing.
type crowd struct {
	full   bool                     // there isn't certainly room for all
	over   bool                     // that has just been found, and all must be judged anew
	valid  *change.History          // of all that is valid, taken or not
	places map[charter.MemberID]int // in node.people
	stale  bool                     // others may stand on what is here
	room   *room                    // that of what is taken
	turns  []*node                  // what is taken, in its turn
}

// putOff is what a Document has put off until Weigh.
type putOff uint8

const (
	dueNothing putOff = iota
	dueTurns          // what is valid is to be taken in turn again
	dueAll            // all is to be judged anew
)

// valid is the history of all that is valid.
func (d *Document) valid() *change.History {
	if d.crowd.full {
		return d.crowd.valid
	}
	return d.history
}

// enter notes a change that is valid now, in a crowded document.
func (d *Document) enter(n *node) {
	d.crowd.valid.Add(n.change)
	n.needs = d.needsOf(n.valid)
	d.people(n)
	d.due = max(d.due, dueTurns)
}

// standers returns the full members who wrote a change or acknowledged it, of those whose entries no frontier cuts.
func (d *Document) standers(n *node) (who []charter.MemberID) {
	for _, s := range n.carriers() {
		who = append(who, d.standersOf(s)...)
	}
	return who
}

func (d *Document) standersOf(s *signed) []charter.MemberID {
	who := d.seenBy(s)
	if s.full && s.at == within {
		who = append(who, s.Author)
	}
	return who
}

// people notes who stands on a valid change, and thereby on its past.
func (d *Document) people(n *node) {
	for _, who := range d.standers(n) {
		if _, ok := d.crowd.places[who]; !ok {
			d.crowd.places[who] = len(d.crowd.places)
		}
		place := d.crowd.places[who]
		for stack := []*node{n}; len(stack) > 0; {
			n := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if n.people.has(place) {
				continue // and on its past
			}
			n.people = n.people.withOne(place)
			for _, dep := range n.change.Deps {
				stack = append(stack, d.changes[dep])
			}
		}
	}
}

// peopleAnew notes who stands on what by the charter as it is now.
func (d *Document) peopleAnew() (changed bool) {
	before := make(map[*node]bits, len(d.changes))
	for _, n := range d.changes {
		if n.valid != nil {
			before[n], n.people = n.people, nil
		}
	}
	for n := range before {
		d.people(n)
	}
	for n, was := range before {
		changed = changed || !slices.Equal(n.people, was)
	}
	return changed
}

// standsFirst says whether somebody stands on something by a valid change that isn't here, who didn't.
func (d *Document) standsFirst(n *node) bool {
	for _, who := range d.standersOf(&n.first) {
		place, known := d.crowd.places[who]
		for _, dep := range n.change.Deps { // who stands on these does on all before them
			if !known || !d.changes[dep].people.has(place) {
				return true
			}
		}
	}
	return false
}

// turn is the order in which valid changes are taken, whose dependencies are: by people, by what is taken of the
// author, by hash.
func (r *room) turn(a, b *node) int {
	return cmp.Or(cmp.Compare(b.people.len(), a.people.len()),
		cmp.Compare(r.ops.of[a.needs.author]+a.needs.ops, r.ops.of[b.needs.author]+b.needs.ops),
		bytes.Compare(a.change.Hash[:], b.change.Hash[:]))
}

// inTurn returns what is taken of all that is valid, in its turn, and the room that it takes.
func (d *Document) inTurn() ([]*node, *room) {
	r := newRoom(d.bounds)
	ready := map[charter.MemberID]*queue{} // of each author the next first: what is taken of others doesn't move these
	put := func(n *node) {
		q := ready[n.needs.author]
		if q == nil {
			q = &queue{room: r}
			ready[n.needs.author] = q
		}
		heap.Push(q, n)
	}
	left := make(map[*node]int, len(d.changes)) // dependencies that aren't taken
	after := map[change.Hash][]*node{}
	for _, n := range d.changes {
		if n.valid == nil {
			continue
		}
		left[n] = len(n.change.Deps)
		for _, dep := range n.change.Deps {
			after[dep] = append(after[dep], n)
		}
		if left[n] == 0 {
			put(n)
		}
	}
	var order []*node
	for {
		var next *queue
		for _, q := range ready {
			if q.Len() > 0 && (next == nil || r.turn(q.all[0], next.all[0]) < 0) {
				next = q
			}
		}
		if next == nil {
			return order, r
		}
		n := heap.Pop(next).(*node)
		if !r.fits(n.needs) {
			continue
		}
		r.take(n.needs, nil)
		order = append(order, n)
		for _, m := range after[n.change.Hash] {
			if left[m]--; left[m] == 0 {
				put(m)
			}
		}
	}
}

// comesIn says whether a valid change that isn't here would be taken, perhaps in the place of others.
func (d *Document) comesIn(n *node) bool {
	left := map[change.Hash]bool{}
	for _, dep := range n.change.Deps {
		if d.changes[dep].accepted == nil {
			return false
		}
		left[dep] = true
	}
	r := newRoom(d.bounds)
	for _, m := range d.crowd.turns {
		if len(left) == 0 && r.turn(n, m) < 0 {
			break
		}
		delete(left, m.change.Hash)
		r.take(m.needs, n.needs)
	}
	return r.fits(n.needs)
}

// takeTurns takes all that is valid in its turn, as far as there is room; gently: unless that takes something out.
func (d *Document) takeTurns(gently bool) {
	if d.crowd.stale {
		d.crowd.stale = false
		d.peopleAnew()
	}
	order, r := d.inTurn()
	taken := make(map[*node]bool, len(order))
	for _, n := range order {
		taken[n] = true
	}
	before := d.order
	pushedOut := slices.ContainsFunc(before, func(it *Item) bool {
		n := d.changes[it.Change.Hash]
		return !taken[n] || n.accepted != n.valid
	})
	if pushedOut && gently {
		return
	}
	d.due, d.crowd.turns, d.crowd.room = dueNothing, order, r
	if pushedOut {
		d.history, d.order, d.ops = change.NewHistory(), nil, opsTaken{}
		for _, n := range d.changes {
			n.accepted = nil
		}
	}
	for _, n := range order {
		if n.accepted == nil {
			d.take(n)
		}
	}
	if pushedOut {
		d.keepPlaces(before)
	}
	for _, n := range d.changes {
		if n.valid == nil || taken[n] {
			continue
		}
		if slices.ContainsFunc(n.change.Deps, func(dep change.Hash) bool { return d.changes[dep].accepted == nil }) {
			d.setSound(n, charter.Pending, "")
			continue
		}
		d.setSound(n, charter.Void, whySignedTwice)
		d.set(n.valid, charter.Void, whyLong)
	}
}

// queue is a heap of one author's changes that may be taken next.
type queue struct {
	room *room
	all  []*node
}

func (q *queue) Len() int           { return len(q.all) }
func (q *queue) Less(i, j int) bool { return q.room.turn(q.all[i], q.all[j]) < 0 }
func (q *queue) Swap(i, j int)      { q.all[i], q.all[j] = q.all[j], q.all[i] }
func (q *queue) Push(n any)         { q.all = append(q.all, n.(*node)) }
func (q *queue) Pop() any {
	n := q.all[len(q.all)-1]
	q.all = q.all[:len(q.all)-1]
	return n
}
