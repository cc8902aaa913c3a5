package accept

import (
	"iter"
	"maps"
	"slices"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/schema"
)

// Item is one entry with the change that it carries.
type Item struct {
	Entry  *entry.Entry
	Change *change.Change
	Author charter.MemberID // for whom the device speaks; zero as long as that isn't known
}

// Verdict is the state of an entry, and why: in a member's words, empty if it is accepted.
type Verdict struct {
	ID    entry.ID
	State charter.State
	Why   string
}

// Outcome is what Add or Rejudge has changed.
type Outcome struct {
	Changed  []Verdict // entries that are new here, or have another state than before
	Accepted []*Item   // newly accepted, each after those it stands on; all of Order with Rebuild
	// Rebuild says that an entry which was accepted isn't any more: the document must be built
	// afresh from Accepted.
	Rebuild bool
	// Again says that what MayCount has said no to may count by now.
	Again bool
	// Called are changes that aren't here of which the same is so, since somebody stands on them now.
	Called []change.Hash
}

// Charter is what is asked of the charter of a space: of a co-op's (*charter.Charter), or of the two
// of a share (*share.Share). It never changes.
type Charter interface {
	// Of returns the charter as an entry knows it; nil in all states but Accepted. The state depends
	// on the entry's heads and device alone.
	Of(*entry.Entry) (*charter.Past, charter.State)
	State(statement entry.ID) (charter.State, string)
	// IsSound is that of charter.Charter.
	IsSound(statement entry.ID) bool
	// Cut is that of charter.Charter.
	Cut(entry.Device) ([]charter.Frontier, bool)
	// SeenOf is that of charter.Charter.
	SeenOf(entry.Device, entry.Run) []charter.Seen
	// Forgets is what was said of forgetting a document: see JudgeHeads.
	Forgets(entry.DocID) charter.Forgets
}

// Document judges the entries of one document. It is not safe for concurrent use, not even by
// readers. A document of ten small changes takes about 10 kB, besides the entries and changes.
type Document struct {
	space   entry.SpaceID
	id      entry.DocID
	charter Charter
	kinds   Kinds
	runs    Runs // nil: only what is in the document itself

	entries map[entry.ID]*signed
	changes map[change.Hash]*node
	arrived []*signed                // all entries
	slots   map[change.Actor][]*node // sound changes, ascending by sequence number

	kind    *schema.Kind // once the first change is known
	history *change.History
	names   names   // of members, in families; not of a crowded document, see room
	order   []*Item // accepted
	ops     opsTaken

	waiting map[change.Hash]*node    // changes that wait for this one to be valid
	missing map[change.Hash]struct{} // changes that others stand on and that aren't here

	twins   twins
	crowd   crowd
	due     putOff
	made    *signed // the valid entry of the first change
	bounds  bounds
	cut     cutting
	touched []*signed // may have another state than was told
	told    int       // how much of order was told
	rebuild bool
	again   bool // see Outcome.Again

	backwards bool // something is void for what it knows of the charter
}

// signed is one entry as far as it was judged.
type signed struct {
	Item
	node  *node
	why   string // empty while pending on changes: see Document.why
	state charter.State
	told  charter.State // in an Outcome; untold if never
	right bool          // it passed all rules that look at itself and the charter alone
	at    place         // as to the frontiers of its device
	sound bool          // right, and no frontier cuts it, or others stand on it
	full  bool          // the author was a full member
	side  int           // of a share, on which the author was
	head  entry.ID      // pending for this statement; zero: for none, or for what isn't known
}

// untold is no state.
const untold charter.State = 255

// node is one change. It is mostly signed in one entry, but its author may sign it in several.
type node struct {
	change   *change.Change
	first    signed
	more     []*signed
	valid    *signed  // keeps all rules that look at its past; nil if none does, or that isn't known yet
	accepted *signed  // valid, and there is room for it; nil if none is
	next     *node    // waits for the same change
	marks    bits     // which twins are in its past
	twin     int      // its own place in marks plus one; 0 if it has none
	lost     bool     // another change under the same number stays
	walked   bool     // during markAll
	brought  *brought // if anything in the document is beyond a frontier
	people   bits     // who stands on it, as places in crowd.places
	needs    *needs   // in a crowded document, once it is valid
	most     int      // one more than mostOnOne; 0 until that is asked
}

// mostOnOne is that of the change, counted once.
func (n *node) mostOnOne() int {
	if n.most == 0 {
		n.most = n.change.MostOnOne() + 1 // which is 0 for a text alone
	}
	return n.most - 1
}

// Kinds gives the table of the kind of that name; ok is false for one that this release doesn't know.
type Kinds func(name string) (k *schema.Kind, ok bool)

// New returns the Document of which no entry is known yet. runs tells how what a cut device wrote
// here hangs together with the rest of its runs; with nil only what is in this document is known.
func New(space entry.SpaceID, doc entry.DocID, c Charter, kinds Kinds, runs Runs) *Document {
	return &Document{
		space: space, id: doc, charter: c, kinds: kinds, runs: runs, history: change.NewHistory(), bounds: everybodys,
		entries: map[entry.ID]*signed{}, changes: map[change.Hash]*node{},
	}
}

// Add judges one entry of the document, and again those that waited for it. c is what
// change.Parse has made of the payload; both are kept and must not be modified. An entry that is
// here already changes nothing.
func (d *Document) Add(e *entry.Entry, c *change.Change) Outcome {
	return d.AddAll([]Item{{Entry: e, Change: c}})
}

// AddAll is Add for several entries.
func (d *Document) AddAll(all []Item) Outcome {
	d.add(all)
	return d.Weigh()
}

// AddLater is AddAll, but puts off what costs much in a large document until Weigh is called: to take in turn what there
// may be no room for, and to decide anew on what was decided. What hangs on that is pending.
func (d *Document) AddLater(all []Item) Outcome {
	d.add(all)
	return d.unlessLarge()
}

// Due says whether something was put off.
func (d *Document) Due() bool { return d.due != dueNothing }

// Weigh does what was put off.
func (d *Document) Weigh() Outcome {
	switch d.due {
	case dueAll:
		d.judgeAll()
	case dueTurns:
		d.takeTurns(false)
	}
	return d.outcome()
}

// WeighGently is Weigh as far as nothing is taken out that is accepted, and nothing decided anew.
func (d *Document) WeighGently() Outcome {
	if d.due == dueTurns {
		d.takeTurns(true)
	}
	return d.outcome()
}

// largeOps is from how many operations on a document is large.
const largeOps = 20_000

// Large says whether it costs much to judge the document anew, or to load it.
func (d *Document) Large() bool { return d.crowd.full || d.history.Ops() > largeOps }

func (d *Document) unlessLarge() Outcome {
	if d.Large() {
		return d.outcome()
	}
	return d.Weigh()
}

// Take adds an entry of one's own that Try has accepted. It is accepted whatever was put off, and whether it stays so is
// decided by Weigh. What Overdue says must be done before Try.
func (d *Document) Take(e *entry.Entry, c *change.Change) {
	d.add([]Item{{Entry: e, Change: c}})
	if d.due == dueAll { // there may not be room for all, and there is for what is here
		d.Weigh()
	}
	if n := d.changes[c.Hash]; n.accepted == nil && n.valid != nil {
		d.crowd.room.take(n.needs, nil)
		d.crowd.turns = append(d.crowd.turns, n)
		d.take(n)
	}
	d.outcome()
}

// Overdue says whether something was put off that can't be judged beside more.
func (d *Document) Overdue() bool { return d.due == dueAll }

func (d *Document) add(items []Item) {
	for _, it := range items {
		if d.entries[it.Entry.ID()] != nil {
			continue
		}
		n, isNew, stoodOn := d.insert(it.Entry, it.Change)
		s := d.entries[it.Entry.ID()]
		if d.crowd.full && d.cut.wanted[it.Entry.ID()] { // more of a run that somebody acknowledged
			d.crowd.stale, d.due = true, max(d.due, dueTurns)
		}
		again := d.weigh(s)
		switch {
		case d.due == dueAll:
		case again:
			d.due = dueAll
		case !isNew:
			d.settleAgain(s)
		default:
			d.settleNew(n, stoodOn)
		}
	}
}

// insert enters an entry that isn't here, up to the rules that look at its past. isNew says that
// its change wasn't here in another entry, stoodOn that some change that is here builds on it.
func (d *Document) insert(e *entry.Entry, c *change.Change) (n *node, isNew, stoodOn bool) {
	n = d.changes[c.Hash]
	isNew = n == nil
	var s *signed
	if isNew {
		n = &node{change: c}
		s = &n.first
	} else {
		s = new(signed)
		n.more = append(n.more, s)
	}
	*s = signed{Item: Item{Entry: e, Change: n.change}, node: n, told: untold}
	d.entries[e.ID()] = s
	d.arrived = append(d.arrived, s)
	if isNew {
		stoodOn = d.link(n)
	}
	d.assess(s)
	if s.sound {
		d.claim(n)
	}
	return n, isNew, stoodOn
}

// Rejudge judges again what the charter's growth, another branch of it, or more of the runs of
// cut devices has changed.
func (d *Document) Rejudge(c Charter) Outcome {
	d.rejudge(c)
	return d.Weigh()
}

// RejudgeLater is to Rejudge what AddLater is to AddAll.
func (d *Document) RejudgeLater(c Charter) Outcome {
	d.rejudge(c)
	return d.unlessLarge()
}

func (d *Document) rejudge(c Charter) {
	d.charter = c
	d.cut = cutting{}
	before := make([]signed, len(d.arrived))
	for i, s := range d.arrived {
		before[i] = *s
		d.look(s)
	}
	if len(d.cut.beyond) > 0 {
		d.bringAll()
	}
	var now []*node // sound since now
	again := false
	for i, s := range d.arrived {
		d.finish(s)
		before := &before[i]
		switch {
		case s.sound && !before.sound:
			d.claim(s.node)
			now = append(now, s.node)
			again = again || len(s.node.more) > 0
		case s.sound != before.sound || s.Author != before.Author || s.side != before.side || s.full != before.full:
			again = true
		}
		again = again || s.at != before.at
	}
	if !d.twins.none() && !again { // claim may have found some
		d.markAll()
		again = d.decide(now...)
	}
	if again || d.due == dueAll {
		d.due = dueAll
		return
	}
	for _, n := range now {
		d.settle(n)
	}
	switch {
	case d.crowd.over:
		d.due = dueAll
	case d.crowd.full && d.peopleAnew():
		d.due = dueTurns
	}
}

// Try says what Add would say of an entry, and changes nothing. It is for the next entry of one's
// own: of a second one under a number that is taken it says void, whoever stands on the first, and so it does of
// one that would come in only in the place of others.
func (d *Document) Try(e *entry.Entry, c *change.Change) (charter.State, string) {
	n, state, why := d.try(e, c)
	switch {
	case why != whyTurn:
		return state, why
	case slices.ContainsFunc(c.Deps, func(dep change.Hash) bool { return d.changes[dep].accepted == nil }):
		return charter.Pending, d.whyWaiting(n)
	}
	r := d.crowd.room
	if r == nil { // what was taken so far, there was room for without counting
		r = newRoom(d.bounds)
		for _, it := range d.order {
			r.take(d.needsOf(d.changes[it.Change.Hash].accepted), nil)
		}
	}
	if !r.fits(d.needsOf(&n.first)) {
		return charter.Void, whyLong
	}
	return charter.Accepted, ""
}

// MayCount says whether an entry that isn't here would be accepted if it came, perhaps in the place of others; or, void
// or waiting itself, have somebody stand on what competes or is beyond a frontier, who doesn't yet. Who stands on it may
// wait for it. All that it says no to can be left out, and nothing else changes.
func (d *Document) MayCount(e *entry.Entry, c *change.Change) bool {
	if n := d.changes[c.Hash]; n != nil && d.entries[e.ID()] == nil {
		return d.mayCarry(n, e)
	}
	n, state, why := d.try(e, c)
	switch {
	case d.standsAnew(&n.first):
		return true
	case why == whyTwin:
		return d.mayStay(n)
	case why != whyTurn || !d.crowd.full:
		return state == charter.Accepted || why == whyTurn
	}
	if _, named := d.missing[c.Hash]; named {
		return true // what waits for it may be valid then, and have its author stand on more
	}
	n.needs = d.needsOf(&n.first)
	for _, who := range d.standersOf(&n.first) {
		if place, ok := d.crowd.places[who]; ok {
			n.people = n.people.withOne(place)
		} else {
			return true
		}
	}
	return d.standsFirst(n) || d.comesIn(n)
}

// mayCarry is MayCount for an entry whose change is here in others. It counts if it comes before them, if its author knew
// less of the charter, so that others who knew less can build on it, or if it alone is acknowledged.
func (d *Document) mayCarry(n *node, e *entry.Entry) bool {
	s := &signed{Item: Item{Entry: e, Change: n.change}, node: n}
	if state := d.asIfHere(s); state != charter.Accepted {
		return false
	}
	if n.valid == nil {
		return d.mayBeValid(s)
	}
	past, _ := d.charter.Of(e)
	others := n.carriers()
	return compare(s, n.valid) < 0 ||
		!slices.ContainsFunc(others, func(o *signed) bool { return past.Covers(o.Entry.Heads) }) ||
		slices.ContainsFunc(d.seenBy(s), func(m charter.MemberID) bool {
			return !slices.ContainsFunc(others, func(o *signed) bool { return slices.Contains(d.seenBy(o), m) })
		})
}

// mayStay is MayCount for a twin: one on which nobody stands, and which comes after the one that stays, stays never.
func (d *Document) mayStay(n *node) bool {
	if _, named := d.missing[n.change.Hash]; named || len(d.seenBy(&n.first)) > 0 {
		return true
	}
	at, _ := d.slot(n.change.Actor, n.change.Seq)
	for _, m := range d.slots[n.change.Actor][at:] {
		if m.change.Seq == n.change.Seq && m.valid != nil {
			return compare(&n.first, m.bestSound()) < 0
		}
	}
	return d.mayBeValid(&n.first)
}

// mayBeValid says whether an entry that would be sound keeps what looks at its past.
func (d *Document) mayBeValid(s *signed) bool {
	if slices.ContainsFunc(s.Change.Deps, func(dep change.Hash) bool { m := d.changes[dep]; return m == nil || m.valid == nil }) {
		return false
	}
	state, _ := d.judge(s, d.valid().Check(s.Change))
	return state == charter.Accepted
}

// asIfHere says whether an entry that isn't here would be sound.
func (d *Document) asIfHere(s *signed) charter.State {
	kind, cut := d.kind, d.cut.beyond
	defer func() { d.kind, d.cut.beyond = kind, cut }()
	state, _ := d.soundness(s)
	if s.right = state == charter.Accepted; s.right {
		state, _ = d.honourAbsent(s)
	}
	return state
}

// try judges an entry that isn't here by all but the room that there is. Of one that is valid it says that it is accepted
// or, if there may not be room, that it waits for its turn.
func (d *Document) try(e *entry.Entry, c *change.Change) (*node, charter.State, string) {
	n := &node{change: c}
	if s := d.entries[e.ID()]; s != nil {
		state, why := d.State(e.ID())
		return n, state, why
	}
	if d.changes[c.Hash] != nil {
		return n, charter.Void, whySignedTwice
	}
	n.first = signed{Item: Item{Entry: e, Change: c}, node: n}
	s := &n.first
	kind, cut := d.kind, d.cut.beyond
	defer func() { d.kind, d.cut.beyond = kind, cut }()
	state, why := d.soundness(s)
	if s.right = state == charter.Accepted; s.right {
		state, why = d.honourAbsent(s)
	}
	if state != charter.Accepted {
		return n, state, why
	}
	s.sound = true
	if _, taken := d.slot(c.Actor, c.Seq); taken {
		return n, charter.Void, whyTwin
	}
	for _, dep := range c.Deps {
		if m := d.changes[dep]; m == nil || m.valid == nil {
			return n, charter.Pending, d.whyWaiting(n)
		}
	}
	state, why = d.judge(s, d.valid().Check(c))
	if state == charter.Accepted && (d.crowd.full || !d.hasRoom(s)) {
		return n, charter.Pending, whyTurn
	}
	return n, state, why
}

// outcome hands out what has changed since the last time.
func (d *Document) outcome() Outcome {
	out := Outcome{Rebuild: d.rebuild, Again: d.again, Called: d.cut.called}
	if d.told < len(d.order) {
		out.Accepted = d.order[d.told:len(d.order):len(d.order)]
	}
	for _, s := range d.touched {
		if s.told != s.state {
			out.Changed = append(out.Changed, Verdict{ID: s.Entry.ID(), State: s.state, Why: d.why(s)})
			s.told = s.state
		}
	}
	d.touched, d.told, d.rebuild, d.again, d.cut.called = d.touched[:0], len(d.order), false, false, nil
	return out
}

// link enters a new change into the hash graph, and says whether a change that was here before
// stands on it.
func (d *Document) link(n *node) (stoodOn bool) {
	d.changes[n.change.Hash] = n
	n.brought = d.cut.lacks[n.change.Hash]
	delete(d.cut.lacks, n.change.Hash)
	if _, stoodOn = d.missing[n.change.Hash]; stoodOn {
		delete(d.missing, n.change.Hash)
	}
	for _, dep := range n.change.Deps {
		if d.changes[dep] == nil {
			if d.missing == nil {
				d.missing = map[change.Hash]struct{}{}
			}
			d.missing[dep] = struct{}{}
		}
	}
	return stoodOn
}

// slot returns where changes of an actor under a number are, or would be, in d.slots.
func (d *Document) slot(a change.Actor, seq uint64) (at int, taken bool) {
	return slices.BinarySearchFunc(d.slots[a], seq, func(n *node, seq uint64) int {
		switch {
		case n.change.Seq < seq:
			return -1
		case n.change.Seq > seq:
			return 1
		}
		return 0
	})
}

// claim enters a sound change under its actor and number, and sees whether that makes twins.
func (d *Document) claim(n *node) {
	a, seq := n.change.Actor, n.change.Seq
	if d.slots == nil {
		d.slots = map[change.Actor][]*node{}
	}
	at, taken := d.slot(a, seq)
	list := d.slots[a]
	for i := at; i < len(list) && list[i].change.Seq == seq; i++ {
		if list[i] == n {
			return
		}
	}
	d.slots[a] = slices.Insert(list, at, n)
	if taken {
		d.twins.stale = true
		if !slices.Contains(d.twins.actors, a) {
			d.twins.actors = append(d.twins.actors, a)
		}
	}
}

// Kind returns the name of the document's kind; "" as long as its first change isn't accepted.
func (d *Document) Kind() string {
	if d.kind == nil || len(d.order) == 0 {
		return ""
	}
	return d.kind.Name()
}

// Rules returns the lowest version of the shared rules under which a change of the document can be written; create is
// the header of the one that makes it, else nil.
func (d *Document) Rules(create *entry.Creation, c *change.Change) uint64 {
	k := d.kind
	if create != nil {
		k, _ = d.kinds(create.Kind)
	}
	if k == nil {
		return entry.RulesVersion
	}
	return k.Rules(c)
}

// Creator returns who made the document; zero as long as its first change isn't accepted.
func (d *Document) Creator() charter.MemberID {
	if len(d.order) == 0 {
		return charter.MemberID{}
	}
	return d.order[0].Author
}

// Order returns all accepted items, each after those it stands on. The caller must not modify
// it; a later Add or Rejudge leaves it valid, but not up to date.
func (d *Document) Order() []*Item { return d.order }

// Len returns the number of entries, in whatever state.
func (d *Document) Len() int { return len(d.arrived) }

// Entries returns the states of all entries, in the order in which they came.
func (d *Document) Entries() []Verdict {
	all := make([]Verdict, len(d.arrived))
	for i, s := range d.arrived {
		all[i] = Verdict{ID: s.Entry.ID(), State: s.state, Why: d.why(s)}
	}
	return all
}

// Item returns an entry in whatever state; ok is false if it isn't here.
func (d *Document) Item(id entry.ID) (item *Item, ok bool) {
	if s := d.entries[id]; s != nil {
		return &s.Item, true
	}
	return nil, false
}

// Naming returns the entries here that stand on a change which isn't here, those first that do so directly.
func (d *Document) Naming(hash change.Hash) (ids []entry.ID) {
	if _, missed := d.missing[hash]; !missed {
		return nil
	}
	after := map[change.Hash][]*node{}
	for _, s := range d.arrived {
		if n := s.node; s == &n.first && n.valid == nil { // or all that it stands on is here
			for _, dep := range n.change.Deps {
				after[dep] = append(after[dep], n)
			}
		}
	}
	found := map[*node]bool{}
	for queue := []change.Hash{hash}; len(queue) > 0; queue = queue[1:] {
		for _, n := range after[queue[0]] {
			if found[n] {
				continue
			}
			found[n] = true
			ids = append(ids, n.first.Entry.ID())
			for _, s := range n.more {
				ids = append(ids, s.Entry.ID())
			}
			queue = append(queue, n.change.Hash)
		}
	}
	return ids
}

// Missing returns the changes on which something stands and that aren't here.
func (d *Document) Missing() iter.Seq[change.Hash] { return maps.Keys(d.missing) }

// ItemOf returns the accepted entry that carries a change.
func (d *Document) ItemOf(hash change.Hash) (item *Item, ok bool) {
	if n := d.changes[hash]; n != nil && n.accepted != nil {
		return &n.accepted.Item, true
	}
	return nil, false
}

// State returns the state of an entry and why it is that; pending for one that isn't here.
func (d *Document) State(id entry.ID) (charter.State, string) {
	s := d.entries[id]
	if s == nil {
		return charter.Pending, whyAbsent
	}
	return s.state, d.why(s)
}

// Waiting returns what a pending entry waits for: statements that its charter heads name, and
// changes that it stands on.
func (d *Document) Waiting(id entry.ID) (heads []entry.ID, deps []change.Hash) {
	s := d.entries[id]
	if s == nil || s.state != charter.Pending {
		return nil, nil
	}
	for _, h := range s.Entry.Heads {
		if state, _ := d.charter.State(h); state == charter.Pending {
			heads = append(heads, h)
		}
	}
	for _, dep := range s.Change.Deps {
		if m := d.changes[dep]; m == nil || m.accepted == nil {
			deps = append(deps, dep)
		}
	}
	return heads, deps
}

// Awaits is what of the charter could settle entries of a document that aren't.
type Awaits struct {
	Heads []entry.ID // statements that entries wait for: of each the first that isn't judged; unique
	Any   bool       // some wait for the charter, and it isn't known for what in it
	Turn  bool       // some are elsewhere
	More  bool       // some wait for more of what a cut device wrote: see Wanted
	Newer bool       // some wait for a release that knows their rules or their kind: nothing of the charter settles these
	Crowd bool       // there may not be room for all: any acknowledgement counts here
	Large bool       // see Document.Large: it is nothing that the charter could settle
	// Runs are those of which acknowledgements count here, since some changes compete, or one that closes
	// the document stands on something beyond a frontier, or is beyond it itself.
	Runs []Run
}

// Run is a run of a device.
type Run struct {
	Device entry.Device
	Run    entry.Run
}

// Awaits says what of the charter could settle what isn't settled.
func (d *Document) Awaits() Awaits {
	a := Awaits{Crowd: d.crowd.full, Large: d.Large()}
	if len(d.order) == len(d.arrived) {
		return a
	}
	a.More = len(d.cut.wanted) > 0
	a.Turn = len(d.order) == 0 // nothing shows, so nothing else finds it: what waits here for changes may lie elsewhere then
	heads := map[entry.ID]bool{}
	for _, s := range d.arrived {
		switch {
		case s.state == charter.Elsewhere:
			a.Turn = true
		case s.why == whyRules, s.why == whyKind:
			a.Newer = true
		case s.state != charter.Pending || s.why != whyHeads:
		case s.head.IsZero():
			a.Any = true
		case !heads[s.head]:
			heads[s.head] = true
			a.Heads = append(a.Heads, s.head)
		}
	}
	runs := map[Run]bool{}
	note := func(s *signed) {
		if r := (Run{s.Entry.Device, s.Entry.Run}); !runs[r] {
			runs[r] = true
			a.Runs = append(a.Runs, r)
		}
	}
	for _, c := range d.twins.contests {
		for _, n := range c.nodes {
			for _, s := range n.carriers() {
				note(s)
			}
		}
	}
	if len(d.cut.beyond) > 0 {
		for s := range d.closing() {
			note(s)
		}
	}
	return a
}

// History returns the accepted changes. The caller must not modify it.
func (d *Document) History() *change.History { return d.history }

// Heads returns the accepted changes on which nothing accepted stands, ascending.
func (d *Document) Heads() []change.Hash { return d.history.Heads() }

// Ops returns the number of operations in accepted changes.
func (d *Document) Ops() int { return d.history.Ops() }
