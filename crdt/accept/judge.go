package accept

import (
	"cmp"
	"errors"
	"slices"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/schema"
)

// Why an entry isn't accepted, in a member's words; the names are added where it is shown.
const (
	whyRules       = "needs a newer Kith: it was written under rules that this one doesn't know"
	whyHeads       = "waits for news from the charter"
	whyHeadsVoid   = "rests on a charter statement that doesn't hold"
	whyElsewhere   = "was made on the other side of a split of the co-op"
	whyPlace       = "belongs to another document"
	whyAuthority   = "the device that signed it spoke for no member"
	whyKept        = "only people of the co-op that shared the document may write in it"
	whyNotTheirs   = "only who made it writes in it"
	whyEnded       = "was written when the share had ended, and its author knew"
	whyActor       = "was written under another device's name"
	whyCreation    = "isn't a proper first change, nor a change to what is there"
	whyKind        = "needs a newer Kith: this one doesn't know this kind of document"
	whyTwin        = "the same device wrote two changes under one number, and the other one stays"
	whySignedTwice = "the same change was signed more than once, and another of its entries stays"
	whyIgnoring    = "ignores what the same device wrote before"
	whyBackwards   = "knows less of the charter than what it builds on"
	whyStart       = "numbers its operations wrongly"
	whyContext     = "refers to what isn't in its past"
	whyLarge       = "the document has more changes in it than Kith takes"
	whyLong        = "the document, or one place of it, has been written as often as Kith takes; where there isn't room for all, what more people have worked on comes first"
	whyCut         = "was written beyond what the co-op honours of its device, and nobody else's work stands on it"
	whyRun         = "waits for what the same device wrote next to it"
	whyTurn        = "waits for its turn: there is more in the document than Kith takes at once"
	whyAbsent      = "isn't here yet"
	whyMissing     = "waits for changes that aren't here yet"
	whyOnVoid      = "builds on a change that doesn't count"
	whyOnPending   = "builds on a change that waits itself"
)

// assess holds an entry against the rules that look at itself and the charter alone, and against
// the frontiers.
func (d *Document) assess(s *signed) {
	d.look(s)
	d.finish(s)
}

// look is the first part of assess. What it says of a right entry is said in finish.
func (d *Document) look(s *signed) {
	state, why := d.soundness(s)
	s.right = state == charter.Accepted
	if !s.right {
		s.sound = false
		d.set(s, state, why)
	}
}

// finish is the second part of assess. It asks who stands on the entry.
func (d *Document) finish(s *signed) {
	if !s.right {
		return
	}
	was := s.sound
	state, why := d.honour(s)
	s.sound = state == charter.Accepted
	switch {
	case !s.sound:
		d.set(s, state, why)
	case !was:
		d.set(s, charter.Pending, "") // until the rules that look at its past have spoken
	}
}

func (d *Document) soundness(s *signed) (charter.State, string) {
	e, c := s.Entry, s.Change
	s.Author, s.full, s.at, s.head = charter.MemberID{}, false, within, entry.ID{}
	past, author, state, why := d.authority(e)
	if state != charter.Accepted {
		if why == whyHeads {
			s.head = d.firstPending(e.Heads)
		}
		return state, why
	}
	s.Author, s.side = author, past.Side()
	if standing, ok := past.Standing(author); ok {
		s.full = standing == charter.Full
	}
	if actor := entry.ActorOf(e.Space, e.Device, e.Run, e.Doc); string(c.Actor) != string(actor[:]) {
		return charter.Void, whyActor
	}
	if s.node.mostOnOne() > d.bounds.writes {
		return charter.Void, whyLarge
	}
	first := len(c.Deps) == 0
	if first != (e.Create != nil) || first && c.Seq != 1 {
		return charter.Void, whyCreation
	}
	if first {
		kind, ok := d.kinds(e.Create.Kind)
		if !ok {
			return charter.Pending, whyKind
		}
		d.kind = kind // the document's ID holds for no other
	}
	if s.at = d.placeOf(e.Device, e.Run, e.ID()); s.at != within {
		d.cut.beyond = append(d.cut.beyond, s)
	}
	return charter.Accepted, ""
}

// authority holds an entry against rules 1 to 4, which need its payload for nothing.
func (d *Document) authority(e *entry.Entry) (past *charter.Past, author charter.MemberID, state charter.State, why string) {
	if e.Rules > entry.RulesVersion {
		return nil, author, charter.Pending, whyRules
	}
	switch past, state = d.charter.Of(e); state {
	case charter.Accepted:
	case charter.Void:
		return nil, author, state, whyHeadsVoid
	case charter.Elsewhere:
		return nil, author, state, whyElsewhere
	default:
		return nil, author, charter.Pending, whyHeads
	}
	if e.Kind != entry.Change || e.Space != d.space || e.Doc != d.id {
		return nil, author, charter.Void, whyPlace
	}
	if past.Ended() {
		return nil, author, charter.Void, whyEnded
	}
	author, ok := past.Speaks(e.Device)
	if !ok {
		return nil, author, charter.Void, whyAuthority
	}
	return past, author, charter.Accepted, ""
}

// firstPending returns the first of some charter heads that isn't judged, or if there is none the first on a side of
// a split that nobody has taken; zero if there is none of those either. Where the other side of a share has split, an
// entry may wait for the former alone.
func (d *Document) firstPending(heads []entry.ID) (first entry.ID) {
	for _, h := range heads {
		switch state, _ := d.charter.State(h); {
		case state != charter.Pending:
		case !d.charter.IsSound(h):
			return h
		case first.IsZero():
			first = h
		}
	}
	return first
}

// set notes the state of an entry.
func (d *Document) set(s *signed, state charter.State, why string) {
	s.state, s.why = state, why
	if s.state != s.told {
		d.touched = append(d.touched, s)
	}
}

// settle judges a change that stands in no list of waiting ones, and all that waited for it.
func (d *Document) settle(n *node) {
	var woken []*node // none, mostly
	for {
		if d.admit(n) {
			hash := n.change.Hash
			for w := d.waiting[hash]; w != nil; {
				next := w.next
				w.next = nil
				woken = append(woken, w)
				w = next
			}
			delete(d.waiting, hash)
		}
		if len(woken) == 0 {
			return
		}
		n, woken = woken[len(woken)-1], woken[:len(woken)-1]
	}
}

// admit judges a change, and says whether it is valid now. If there is room for all, it is taken.
func (d *Document) admit(n *node) bool {
	if n.lost {
		d.setSound(n, charter.Void, whyTwin)
		return false
	}
	if d.crowd.over || !n.first.sound && n.bestSound() == nil {
		return false
	}
	for _, dep := range n.change.Deps {
		if m := d.changes[dep]; m == nil || m.valid == nil {
			d.setSound(n, charter.Pending, "")
			if d.waiting == nil {
				d.waiting = map[change.Hash]*node{}
			}
			n.next, d.waiting[dep] = d.waiting[dep], n
			return false
		}
	}
	unfit := d.valid().Check(n.change)
	if len(n.more) == 0 {
		d.decideOn(&n.first, unfit)
	} else {
		for _, s := range n.carriers() {
			d.decideOn(s, unfit)
		}
	}
	switch {
	case n.valid == nil:
		return false
	case d.crowd.full:
		d.enter(n)
	case !d.hasRoom(n.valid):
		d.crowd.over = true
		return false
	default:
		d.names.count(d.history, d.kind, n.change)
		d.take(n)
	}
	return true
}

// take accepts a valid change.
func (d *Document) take(n *node) {
	d.history.Add(n.change)
	n.accepted = n.valid
	d.order = append(d.order, &n.valid.Item)
	d.ops.take(&d.bounds, n.valid.Author, d.byMaker(n.valid), len(n.change.Ops))
	if len(n.more) > 0 {
		d.setSound(n, charter.Void, whySignedTwice)
	}
	d.set(n.valid, charter.Accepted, "")
}

// settleAgain judges an entry whose change was here in another one.
func (d *Document) settleAgain(s *signed) {
	if !s.sound {
		return
	}
	n := s.node
	if n.valid == nil || compare(n.valid, s) > 0 || d.backwards || !d.twins.none() || d.crowd.full {
		d.due = dueAll
		return
	}
	// It comes after the one that stays, and adds nothing that others could build on: which says more than what else
	// may be wrong with it, and take says the same where it was here before.
	d.decideOn(s, nil)
	d.set(s, charter.Void, whySignedTwice)
}

func (d *Document) decideOn(s *signed, unfit error) {
	state, why := d.judge(s, unfit)
	switch {
	case state == charter.Accepted && s.node.valid != nil:
		state, why = charter.Void, whySignedTwice
	case state == charter.Accepted:
		if s.node.valid = s; s.Entry.Create != nil {
			d.made = s
		}
		state, why = charter.Pending, whyTurn
	}
	d.backwards = d.backwards || why == whyBackwards
	d.set(s, state, why)
}

// judge holds a sound entry, of which all dependencies are valid, against the rules that look
// at its past. unfit is what History.Check has said of the change.
func (d *Document) judge(s *signed, unfit error) (charter.State, string) {
	if !d.covers(s) {
		return charter.Void, whyBackwards
	}
	if unfit != nil {
		return charter.Void, reason(unfit)
	}
	if err := d.kind.Check(s.Change, s.Entry.Rules, s.Entry.Create != nil, s.Author, d.valid()); err != nil {
		return charter.Void, err.Error()
	}
	if s.Entry.Create == nil && d.kind.IsOfOne() && s.Author != d.made.Author {
		return charter.Void, whyNotTheirs
	}
	if s.Entry.Create == nil && s.side != d.side() && d.keptForOneSide() {
		return charter.Void, whyKept
	}
	if s.Change.MaxOp() > uint64(d.bounds.ops) {
		return charter.Void, whyLarge // with its past alone, whatever else comes
	}
	return charter.Accepted, ""
}

// side is that of a share on which the document was made.
func (d *Document) side() int { return d.made.side }

// keptForOneSide says whether only people of that side write in the document: its first change said so,
// and no other can.
func (d *Document) keptForOneSide() bool {
	for _, w := range d.valid().Writes(change.OpID{}, schema.Kept) {
		if w.Value.Bool() {
			return true
		}
	}
	return false
}

func reason(unfit error) string {
	var e *change.ContextError
	if errors.As(unfit, &e) {
		switch e.Rule {
		case change.RuleSeq, change.RuleTwin:
			return whyIgnoring
		case change.RuleStartOp:
			return whyStart
		}
	}
	return whyContext
}

// covers says whether the entry knows of the charter all that those it stands on knew. Where a
// change was signed in several entries, any of them will do: signing it again with newer charter
// heads must not void what others built on it.
func (d *Document) covers(s *signed) bool {
	var past *charter.Past
	for _, dep := range s.Change.Deps {
		m := d.changes[dep]
		if m.first.sound && slices.Equal(m.first.Entry.Heads, s.Entry.Heads) {
			continue
		}
		if past == nil {
			past, _ = d.charter.Of(s.Entry)
		}
		if !slices.ContainsFunc(m.carriers(), func(o *signed) bool { return past.Covers(o.Entry.Heads) }) {
			return false
		}
	}
	return true
}

// carriers returns the sound entries that carry the change, the one that comes first in its run
// first.
func (n *node) carriers() []*signed {
	var all []*signed
	if n.first.sound {
		all = append(all, &n.first)
	}
	for _, s := range n.more {
		if s.sound {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, compare)
	return all
}

// bestSound returns the first of carriers; nil if there is none.
func (n *node) bestSound() *signed {
	var best *signed
	if n.first.sound {
		best = &n.first
	}
	for _, s := range n.more {
		if s.sound && (best == nil || compare(s, best) < 0) {
			best = s
		}
	}
	return best
}

func compare(a, b *signed) int {
	return cmp.Or(cmp.Compare(a.Entry.Number, b.Entry.Number), a.Entry.ID().Compare(b.Entry.ID()))
}

func (d *Document) setSound(n *node, state charter.State, why string) {
	if n.first.sound {
		d.set(&n.first, state, why)
	}
	for _, s := range n.more {
		if s.sound {
			d.set(s, state, why)
		}
	}
}

// why returns why an entry is in its state. What a pending one waits for changes as others come,
// so it is looked up when somebody asks.
func (d *Document) why(s *signed) string {
	if s.state != charter.Pending || s.why != "" {
		return s.why
	}
	return d.whyWaiting(s.node)
}

func (d *Document) whyWaiting(n *node) string {
	why := whyTurn
	for _, dep := range n.change.Deps {
		m := d.changes[dep]
		switch {
		case m == nil:
			return whyMissing
		case m.accepted != nil:
		case m.void():
			why = whyOnVoid
		case why == whyTurn:
			why = whyOnPending
		}
	}
	return why
}

// void says whether no entry that carries the change can be accepted, as things are.
func (n *node) void() bool {
	if n.first.state != charter.Void {
		return false
	}
	for _, s := range n.more {
		if s.state != charter.Void {
			return false
		}
	}
	return true
}

// judgeAll judges everything afresh.
func (d *Document) judgeAll() {
	before, contests := d.order, len(d.twins.contests)
	d.judgeFresh(d.crowd.full)
	if d.crowd.over {
		d.judgeFresh(true)
	}
	d.again = d.again || d.crowd.full || len(d.twins.contests) != contests || len(d.cut.beyond) > 0
	d.keepPlaces(before)
}

// judgeFresh forgets what was decided, and judges all that is here.
func (d *Document) judgeFresh(full bool) {
	d.history, d.names, d.order, d.ops, d.waiting = change.NewHistory(), nil, nil, opsTaken{}, nil
	d.slots, d.twins, d.backwards, d.crowd, d.due, d.made = nil, twins{}, false, crowd{full: full}, dueNothing, nil
	if full {
		d.crowd.valid, d.crowd.places = change.NewHistory(), map[charter.MemberID]int{}
	}
	for _, s := range d.arrived {
		n := s.node
		n.valid, n.accepted, n.next, n.lost, n.marks, n.twin, n.people = nil, nil, nil, false, nil, 0, nil
	}
	for _, s := range d.arrived {
		if s.sound {
			d.claim(s.node)
		}
	}
	if !d.twins.none() {
		d.markAll()
		d.decide()
	}
	for _, s := range d.arrived {
		if s == &s.node.first {
			d.settle(s.node)
		}
	}
	if full {
		d.takeTurns(false)
	}
}

// keepPlaces keeps what was accepted and still is in its place, so that the rest can be appended.
func (d *Document) keepPlaces(before []*Item) {
	if d.rebuild {
		return // all of it is handed out, also what was told before
	}
	for _, item := range before[:d.told] {
		if d.changes[item.Change.Hash].accepted != d.entries[item.Entry.ID()] {
			d.rebuild, d.told = true, 0
			return
		}
	}
	order := slices.Clip(before[:d.told])
	for _, item := range d.order {
		if d.entries[item.Entry.ID()].told != charter.Accepted {
			order = append(order, item)
		}
	}
	d.order = order
}

// WhyFull is why nothing more that somebody writes has room in a document.
const WhyFull = whyLong

// IsFull says whether a reason is that there is no room any more in a document.
func IsFull(why string) bool { return why == whyLong || why == whyLarge }
