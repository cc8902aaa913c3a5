package accept

import (
	"iter"
	"slices"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
)

// A device whose member was removed or resigned, or that was retired, is cut: the charter names,
// run by run, the last entry of it that is honoured. An entry beyond that doesn't count, unless
// somebody else's work stands on it: another person's, a full member's at that entry, which isn't
// beyond a frontier itself. So the honest who were cut off lose nothing. On a change that closes the document
// (schema.Field.Closing) stands also who has acknowledged it: what others have seen closed stays closed.
//
// None of this asks what was accepted, only the hash graph, the runs and the charter.

// Runs tells in which order a device wrote, over all its documents and statements.
type Runs interface {
	// Previous returns what an entry names as the one before it in its run: zero if it is the
	// first. ok is false as long as the entry isn't here.
	Previous(id entry.ID) (before entry.ID, ok bool)
}

// RunMap is a Runs in memory: each entry and the one before it.
type RunMap map[entry.ID]entry.ID

// Add notes an entry.
func (m RunMap) Add(e *entry.Entry) { m[e.ID()] = e.Previous }

// Previous is that of Runs.
func (m RunMap) Previous(id entry.ID) (entry.ID, bool) {
	before, ok := m[id]
	return before, ok
}

// place says where an entry is as to the frontiers of its device.
type place uint8

const (
	within  place = iota // nothing cuts it
	beyond               // a frontier does
	unknown              // not to be said before more of its run is here
)

// cutting is what a Document knows of cut devices. All of it is empty as long as nothing cuts.
type cutting struct {
	beyond []*signed                // entries that aren't within
	marked bool                     // brought is set in all nodes, and lacks
	lacks  map[change.Hash]*brought // who stands on changes that aren't here
	called []change.Hash            // of these, on which somebody does since the last outcome
	spots  map[entry.ID]spot        // of entries along whose runs was gone back
	wanted map[entry.ID]bool        // entries of runs that are needed and not here

	closings []*signed // those that close the document, of the first looked in arrived; see closing
	looked   int
}

// chain is a stretch of a run along which was gone back by Previous. Ways that meet go on in one chain, so that each entry is gone over once,
// from however many it is asked.
type chain struct {
	len  int      // entries of it
	next entry.ID // the one before the oldest of them, to be looked up; zero at the end
	on   *spot    // where that is in another chain
}

// spot is an entry's place in a chain, counted from the newest.
type spot struct {
	chain *chain
	at    int
}

// brought holds up to two of those who stand on a change: with two, one is not its author.
type brought struct {
	who  [2]charter.MemberID
	many bool
}

func (b *brought) by(m charter.MemberID) bool {
	return b != nil && (b.who[0] == m || b.many && b.who[1] == m)
}

// with is b and one more who stands on it.
func (b *brought) with(m charter.MemberID) *brought {
	if b == nil {
		return &brought{who: [2]charter.MemberID{m}}
	}
	return &brought{who: [2]charter.MemberID{m, b.who[0]}, many: true}
}

// all returns those of whom it holds.
func (b *brought) all() []charter.MemberID {
	switch {
	case b == nil:
		return nil
	case b.many:
		return b.who[:]
	}
	return b.who[:1]
}

// other returns somebody who stands on it and isn't the author.
func (b *brought) other(author charter.MemberID) (charter.MemberID, bool) {
	switch {
	case b == nil:
	case b.who[0] != author:
		return b.who[0], true
	case b.many:
		return b.who[1], true
	}
	return charter.MemberID{}, false
}

// placeOf holds an entry against the frontiers of its device.
func (d *Document) placeOf(device entry.Device, run entry.Run, id entry.ID) place {
	cuts, _ := d.charter.Cut(device)
	at := within
	for _, f := range cuts {
		last, named := f.Of(run)
		if !named {
			return beyond
		}
		switch d.under(last, id) {
		case beyond:
			return beyond
		case unknown:
			at = unknown
		}
	}
	return at
}

// under says whether an entry is reached by Previous from another: within if it is, beyond if
// not, unknown while part of the way isn't here.
func (d *Document) under(last, id entry.ID) place {
	from, ok := d.cut.spots[last]
	if !ok {
		from.chain = &chain{next: last}
	}
	for {
		c := from.chain
		to, ok := d.cut.spots[id]
		switch {
		case ok && to.chain == c && to.at >= from.at, !ok && c.next == id: // whatever is before it
			return within
		case ok && to.chain == c:
			return beyond
		case c.on != nil:
			from = *c.on
			continue
		case c.next.IsZero():
			return beyond
		}
		if s, ok := d.cut.spots[c.next]; ok {
			c.on = &s
			continue
		}
		before, ok := d.previous(c.next)
		if !ok {
			if d.cut.wanted == nil {
				d.cut.wanted = map[entry.ID]bool{}
			}
			d.cut.wanted[c.next] = true
			return unknown
		}
		delete(d.cut.wanted, c.next)
		if d.cut.spots == nil {
			d.cut.spots = map[entry.ID]spot{}
		}
		d.cut.spots[c.next] = spot{c, c.len}
		c.next, c.len = before, c.len+1
	}
}

func (d *Document) previous(id entry.ID) (entry.ID, bool) {
	if s := d.entries[id]; s != nil {
		return s.Entry.Previous, true
	}
	if d.runs == nil {
		return entry.ID{}, false
	}
	return d.runs.Previous(id)
}

// Wanted returns entries of other documents, or statements, that aren't here and without which it
// can't be said whether something is under a frontier. When one has come, call Rejudge. Sorted.
func (d *Document) Wanted() []entry.ID {
	ids := make([]entry.ID, 0, len(d.cut.wanted))
	for id := range d.cut.wanted {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, entry.ID.Compare)
	return ids
}

// WouldBring says whether an entry that isn't here is by a full member, within all frontiers: then it brings in what is in its past and beyond one.
func (d *Document) WouldBring(e *entry.Entry) bool {
	past, state := d.charter.Of(e)
	if state != charter.Accepted {
		return false
	}
	who, _ := past.Speaks(e.Device)
	standing, _ := past.Standing(who)
	return standing == charter.Full && !d.WouldBeBeyond(e)
}

// WouldBeBeyond says whether an entry that isn't here isn't within all frontiers, or can't be said to be.
func (d *Document) WouldBeBeyond(e *entry.Entry) bool {
	return d.placeOf(e.Device, e.Run, e.ID()) != within
}

// BroughtBy returns, of an accepted entry beyond a frontier, a member whose work stands on it.
func (d *Document) BroughtBy(id entry.ID) (charter.MemberID, bool) {
	s := d.entries[id]
	if s == nil || s.at == within || !s.sound {
		return charter.MemberID{}, false
	}
	return s.node.brought.other(s.Author)
}

// IsBeyond says whether an entry is void only because it was written beyond a frontier: a full member
// who builds on it brings it in.
func (d *Document) IsBeyond(id entry.ID) bool {
	s := d.entries[id]
	return s != nil && s.state == charter.Void && s.right && s.at == beyond
}

// honour sets whether an entry, right by all rules so far, counts with regard to frontiers.
func (d *Document) honour(s *signed) (charter.State, string) {
	if s.at == within {
		return charter.Accepted, ""
	}
	if _, ok := s.node.brought.other(s.Author); ok {
		return charter.Accepted, ""
	}
	if s.at == unknown {
		return charter.Pending, whyRun
	}
	return charter.Void, whyCut
}

// honourAbsent is honour for an entry that isn't here.
func (d *Document) honourAbsent(s *signed) (charter.State, string) {
	if s.at == within {
		return charter.Accepted, ""
	}
	on := d.onIt(s)
	before := s.node.brought
	defer func() { s.node.brought = before }()
	s.node.brought = on
	return d.honour(s)
}

// onIt returns who stands on an entry that isn't here, though perhaps its change.
func (d *Document) onIt(s *signed) *brought {
	if !d.cut.marked {
		d.bringAll()
	}
	b := d.cut.lacks[s.Change.Hash]
	if n := d.changes[s.Change.Hash]; n != nil {
		b = n.brought
	}
	for _, who := range d.closers(s) {
		if !b.by(who) && (b == nil || !b.many) {
			b = b.with(who)
		}
	}
	return b
}

// closers returns who stands on an entry, and on all in its past, because it closes the document and they have
// acknowledged it.
func (d *Document) closers(s *signed) []charter.MemberID {
	if d.kind == nil || !s.right || !d.kind.Closes(s.Change) {
		return nil
	}
	return slices.DeleteFunc(d.seenBy(s), func(m charter.MemberID) bool { return m == s.Author })
}

// weigh notes on what a new entry stands, if anything here is beyond a frontier. It returns
// whether that changes what counts.
func (d *Document) weigh(s *signed) (again bool) {
	if len(d.cut.beyond) == 0 && !d.cut.marked {
		return false
	}
	for _, s := range d.cut.beyond {
		if s.right && s.at == unknown {
			s.at = d.placeOf(s.Entry.Device, s.Entry.Run, s.Entry.ID())
			again = again || s.at != unknown
		}
	}
	if !d.cut.marked || again {
		d.bringAll()
	} else {
		for _, who := range s.node.brought.all() { // they stood on it before it was here
			d.stand(who, s.Change.Deps)
		}
		d.bring(s)
		d.bringClosed()
	}
	for _, s := range d.cut.beyond {
		was := s.sound
		d.finish(s)
		again = again || s.sound != was
	}
	return again
}

// bringAll finds for each change who stands on it.
func (d *Document) bringAll() {
	for _, s := range d.arrived {
		s.node.brought = nil
	}
	before, called := d.cut.lacks, d.cut.called
	d.cut.marked, d.cut.lacks = true, nil
	for _, s := range d.arrived {
		d.bring(s)
	}
	d.bringClosed()
	d.cut.called = called
	for hash, b := range d.cut.lacks {
		if had := before[hash]; had == nil || *had != *b {
			d.cut.called = append(d.cut.called, hash)
		}
	}
}

// bringClosed notes who stands on what closes the document, because they have acknowledged it. What closes it may be
// within, and something in its past beyond.
func (d *Document) bringClosed() {
	for s := range d.closing() {
		for _, m := range d.closers(s) {
			d.stand(m, []change.Hash{s.Change.Hash})
		}
	}
}

// closing yields the entries here that close the document. Each entry is looked at once.
func (d *Document) closing() iter.Seq[*signed] {
	for ; d.kind != nil && d.cut.looked < len(d.arrived); d.cut.looked++ {
		if s := d.arrived[d.cut.looked]; d.kind.Closes(s.Change) {
			d.cut.closings = append(d.cut.closings, s)
		}
	}
	return func(yield func(*signed) bool) {
		for _, s := range d.cut.closings {
			if s.right && !yield(s) {
				return
			}
		}
	}
}

// bring notes that the author of an entry stands on its past. A change on which its author or two
// others stand already has that in all of its past, too.
func (d *Document) bring(s *signed) {
	if s.right && s.full && s.at == within {
		d.stand(s.Author, s.Change.Deps)
	}
}

// stand notes that somebody stands on changes, and on all in their past.
func (d *Document) stand(who charter.MemberID, on []change.Hash) {
	for stack := slices.Clone(on); len(stack) > 0; {
		hash := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		n := d.changes[hash]
		had := d.cut.lacks[hash]
		if n != nil {
			had = n.brought
		}
		switch {
		case had.by(who) || had != nil && had.many:
		case n == nil:
			if d.cut.lacks == nil {
				d.cut.lacks = map[change.Hash]*brought{}
			}
			d.cut.lacks[hash] = had.with(who)
			d.cut.called = append(d.cut.called, hash)
		default:
			n.brought = had.with(who)
			stack = append(stack, n.change.Deps...)
		}
	}
}

// acknowledged returns which of several changes each full member has acknowledged, in statements
// that aren't beyond a frontier.
func (d *Document) acknowledged(competing []*node) map[charter.MemberID][]int {
	on := map[charter.MemberID][]int{}
	for i, n := range competing {
		for _, s := range n.carriers() {
			for _, m := range d.seenBy(s) {
				if !slices.Contains(on[m], i) {
					on[m] = append(on[m], i)
				}
			}
		}
	}
	return on
}

// seenBy returns the full members who have acknowledged an entry: its run, up to it or further, in a
// statement that isn't beyond a frontier.
func (d *Document) seenBy(s *signed) (who []charter.MemberID) {
	for _, a := range d.charter.SeenOf(s.Entry.Device, s.Entry.Run) {
		if a.Full && !slices.Contains(who, a.Member) &&
			d.under(a.Last, s.Entry.ID()) == within && d.placeOf(a.Device, a.Run, a.Entry) == within {
			who = append(who, a.Member)
		}
	}
	return who
}
