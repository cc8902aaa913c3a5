package accept

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/schema"
)

// forged signs a change that is void by the schema: it answers for Ana.
func (d *desk) forged(who, what string, on ...string) piece {
	return d.forgedMany(who, what, 1, on...)
}

// forgedMany is forged of several operations.
func (d *desk) forgedMany(who, what string, n int, on ...string) piece {
	c := d.draft(who, what, on...)
	c.Ops = nil
	for i := range n {
		c.Ops = append(c.Ops, changetest.Put(change.OpID{}, schema.OwnKey(theCoop().member("ana"), fmt.Sprint(ownEntry, "/", what, i)), change.StrValue(what)))
	}
	return d.sign(who, what, c)
}

// heldUnless adds an entry to one of two replicas, which the other would hold back, and says whether it would.
func (d *desk) heldUnless(doc *Document, name string) bool {
	p := d.named[name]
	held := !doc.MayCount(p.Entry, p.change)
	doc.Add(p.Entry, p.change)
	if state, _ := doc.State(p.ID()); state == charter.Accepted {
		d.t.Fatalf("%s is accepted: this shows nothing", name)
	}
	return held
}

func TestOfTwinsTheOneThatStaysIsKeptWhicheverComesLast(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("mel", "a", "first")
	d.twin("a", "b", 1, "first")
	d.keepsAll(t, []string{"first", "a"}, "b")
	d.keepsAll(t, []string{"first", "b"}, "a")
}

func TestWhatMakesSomebodyStandOnATwinIsKeptBeItVoid(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("mel", "a", "first")
	d.twin("a", "b", 1, "first")
	doc := d.read("first", "a", "b")
	loser, winner := "a", "b"
	if state, _ := doc.State(d.named["a"].ID()); state == charter.Accepted {
		loser, winner = "b", "a"
	}
	d.forged("ben", "forged", loser)
	if d.heldUnless(doc, "forged") {
		t.Error("it turns the twins over where it is kept, and may be held back elsewhere")
	}
	d.expect(doc, loser+" accepted, "+winner+" void")
	d.forged("ben", "again", loser)
	if !d.heldUnless(doc, "again") {
		t.Error("the next, which changes nothing, is kept as well")
	}
}

func TestWhatBringsInWhatIsBeyondAFrontierIsKeptBeItVoid(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("eli", "late", "first")
	doc := d.read("first", "late")
	doc.Rejudge(removal(t, theCoop().whole, "eli", nil))
	d.expect(doc, "first accepted, late void")
	d.forged("ben", "forged", "late")
	if d.heldUnless(doc, "forged") {
		t.Error("it brings in what was late where it is kept, and may be held back elsewhere")
	}
	d.expect(doc, "late accepted")
	d.forged("ben", "again", "late")
	if !d.heldUnless(doc, "again") {
		t.Error("the next, which changes nothing, is kept as well")
	}
}

func TestWhatSomebodyHereStandsOnIsKeptThoughAFrontierCutsIt(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("eli", "late", "first")
	d.write("eli", "later", "late")
	d.write("eli", "last", "later")
	d.write("ben", "ben's", "later")
	d.write("eli", "eli's own", "last")
	doc := d.read("first", "late", "ben's", "eli's own")
	out := doc.Rejudge(removal(t, theCoop().whole, "eli", nil))
	d.expect(doc, "late void")
	if !slices.Equal(out.Called, []change.Hash{d.named["later"].change.Hash}) {
		t.Errorf("called: %x", out.Called)
	}
	may := func(name string) bool { return doc.MayCount(d.named[name].Entry, d.named[name].change) }
	switch {
	case may("last"):
		t.Error("what only its own author stands on is kept")
	case !may("later"):
		t.Error("what Ben stands on isn't kept")
	}
	p := d.named["later"]
	doc.Add(p.Entry, p.change)
	d.expect(doc, "late accepted, later accepted, ben's accepted")
}

func TestItIsSaidOnWhatSomebodyStandsThatIsNotHere(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("eli", "late", "first")
	d.write("eli", "later", "late")
	d.write("ben", "ben's", "later")
	doc := d.read("first", "later")
	doc.Rejudge(removal(t, theCoop().whole, "eli", nil))
	p := d.named["ben's"]
	if out := doc.Add(p.Entry, p.change); !slices.Equal(out.Called, []change.Hash{d.named["late"].change.Hash}) {
		t.Errorf("called: %x", out.Called)
	}
	p = d.named["late"]
	if !doc.MayCount(p.Entry, p.change) {
		t.Error("what Ben stands on isn't kept")
	}
	doc.Add(p.Entry, p.change)
	d.expect(doc, "late accepted, later accepted, ben's accepted")
}

func TestWhoNamesAChangeThatIsNotHereIsFoundByWayOfOthers(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("eli", "missing", "first")
	a, b := d.write("eli", "a", "missing"), d.write("eli", "b", "a")
	c := d.write("ben", "c", "b", "first")
	d.write("ben", "apart", "first")
	doc := d.read("first", "c", "b", "a", "apart")
	if got := doc.Naming(d.named["missing"].change.Hash); !slices.Equal(got, []entry.ID{a.ID(), b.ID(), c.ID()}) {
		t.Errorf("got %v", got)
	}
	if got := doc.Naming(d.named["a"].change.Hash); got != nil {
		t.Errorf("what is here is named by %v", got)
	}
}

func TestWhatSomebodyStandsOnByWayOfAVoidChangeIsKept(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("eli", "late", "first")
	d.forged("mel", "forged", "late")
	d.write("ben", "ben's", "forged")
	doc := d.read("first", "late", "ben's")
	removed := removal(t, theCoop().whole, "eli", nil)
	doc.Rejudge(removal(t, removed, "mel", nil)) // so that she brings nothing in herself
	d.expect(doc, "late void")
	if d.heldUnless(doc, "forged") {
		t.Error("Ben stands on what was late where it is kept, and may be held back elsewhere")
	}
	d.expect(doc, "late accepted")
}

func TestWhatClosesADocumentIsKeptIfItsAcknowledgementBringsSomethingIn(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("eli", "late", "first")
	last := d.closing("eli", "closed", "late")
	doc := d.read("first", "late")
	doc.Rejudge(acked(t, removal(t, theCoop().whole, "eli", nil), "ben", last))
	d.expect(doc, "late void")
	if !doc.MayCount(last.Entry, last.change) {
		t.Error("Ben has seen it closed, and it is held back")
	}
	doc.Add(last.Entry, last.change)
	d.expect(doc, "late accepted, closed accepted")
}

// keepsAll compares two replicas, one of which holds back what may not count.
func (d *desk) keepsAll(t *testing.T, names []string, extra ...string) {
	t.Helper()
	without, with := d.read(names...), d.read(names...)
	for _, x := range extra {
		p := d.named[x]
		if without.MayCount(p.Entry, p.change) {
			without.Add(p.Entry, p.change)
		}
		with.Add(p.Entry, p.change)
	}
	same(t, "where the others are held back it reads otherwise", inIt(with), inIt(without))
}

// inIt is what is in a document.
func inIt(d *Document) string {
	var lines []string
	for _, item := range d.Order() {
		lines = append(lines, item.Entry.ID().String())
	}
	slices.Sort(lines)
	return strings.Join(append(lines, fmt.Sprint(d.Heads())), "\n")
}

func TestInACrowdOnlyWhatIsValidSaysWhoStandsOnWhat(t *testing.T) {
	d := newDesk(t, "ana")
	d.room = bounds{ops: 30, writes: 10}
	d.large("ben", "ben's", 15, "first")
	d.large("cleo", "cleo's", 16, "first")
	d.forged("mel", "junk", "cleo's")
	d.keepsAll(t, []string{"first", "ben's", "cleo's"}, "junk")
	d.everyOrder("ben's accepted, cleo's void", "first", "ben's", "cleo's", "junk")
}

func TestInACrowdOnlyWhatIsTakenSaysHowMuchSomebodyWrote(t *testing.T) {
	d := newDesk(t, "ana")
	d.room = bounds{ops: 30, writes: 10}
	d.large("ben", "ben's", 16, "first")
	d.large("mel", "mel's", 15, "first")
	var junk []string
	for i := range 5 {
		d.pens["mel"] = nil
		junk = append(junk, fmt.Sprint("junk", i))
		d.forgedMany("mel", junk[i], 5, "first")
	}
	d.keepsAll(t, []string{"first", "ben's", "mel's"}, junk...)
	d.everyOrder("mel's accepted, ben's void", append(junk, "first", "ben's", "mel's")...)
}

func TestInACrowdWhatMakesSomebodyStandOnAChangeIsKeptThoughThereIsNoRoom(t *testing.T) {
	d := newDesk(t, "ana")
	d.room = bounds{ops: 60, writes: 10}
	d.large("ben", "ben's", 20, "first")
	d.write("dora", "dora's", "ben's")
	d.write("ana", "ana's", "dora's")
	d.large("fay", "fay's", 19, "first")
	d.large("cleo", "cleo's", 20, "first")
	d.large("mel", "mel's", 1, "first")
	d.pens["mel"] = nil // another run
	d.large("mel", "too much", 17, "cleo's")
	doc := d.read("first", "mel's", "ben's", "dora's", "ana's", "cleo's", "fay's")
	d.expect(doc, "fay's accepted, cleo's void")
	if d.heldUnless(doc, "too much") {
		t.Error("Mel's stands on Cleo's where it is kept, and may be held back elsewhere")
	}
	d.expect(doc, "cleo's accepted, fay's void")
	d.pens["mel"] = nil
	d.large("mel", "again", 17, "cleo's")
	if !d.heldUnless(doc, "again") {
		t.Error("the next, which changes nothing, is kept as well")
	}
}

func TestInACrowdWhatMakesAnotherChangeOfItsAuthorValidIsKeptThoughThereIsNoRoom(t *testing.T) {
	d := newDesk(t, "ana")
	d.room = bounds{ops: 30, writes: 10}
	d.large("ana", "ana's", 16, "first")
	d.large("mel", "mel's", 16, "first")
	d.large("ben", "before", 1, "first")
	d.large("ben", "ben's", 25, "before")
	d.write("ben", "both", "ana's", "ben's")
	doc := d.read("both", "first", "before", "mel's", "ana's")
	d.expect(doc, "mel's accepted, ana's void")
	if d.heldUnless(doc, "ben's") {
		t.Error("Ben stands on Ana's where it is kept, and may be held back elsewhere")
	}
	d.expect(doc, "ana's accepted, mel's void")
}

func TestASecondEntryOfAChangeIsKeptIfOthersCanBuildOnItWhoKnewLess(t *testing.T) {
	c := theCoop()
	d := newDeskAt(t, "ana", c.upTo(3).Heads())
	d.heads = c.whole.Heads()
	d.write("mel", "mel's", "first")
	p := d.named["mel's"]
	d.heads = c.upTo(len(people) - 1).Heads()
	older := d.pen("mel").signAs(9, d.doc, nil, c.upTo(len(people)-1).Heads(), p.Payload)
	doc := d.read("first", "mel's")
	if doc.MayCount(older.Entry, older.change) {
		t.Error("one that knew as much is kept")
	}
	first := d.pen("mel").signAs(1, d.doc, nil, c.whole.Heads(), p.Payload)
	if compare(&signed{Item: Item{Entry: first.Entry}}, &signed{Item: Item{Entry: p.Entry}}) < 0 && !doc.MayCount(first.Entry, first.change) {
		t.Error("one that comes before it is held back")
	}
}

// holding is a replica that has no room left for what some devices wrote.
type holding struct {
	d       *desk
	doc     *Document
	full    map[string]bool // whose
	charged map[entry.ID]string
	held    []string
}

// give is what package replica does: it holds back what may not count, and lets go what may by now.
func (h *holding) give(name string) {
	h.held = append(h.held, name)
	for more := true; more; {
		more = false
		for i, name := range h.held {
			p := h.d.named[name]
			if who := h.d.whose(name); h.full[who] && !h.doc.MayCount(p.Entry, p.change) {
				by := h.namedBy(p)
				if by == "" {
					continue
				}
				h.charged[p.ID()] = by
			}
			h.held = slices.Delete(h.held, i, i+1)
			h.doc.Add(p.Entry, p.change)
			more = true
			break
		}
	}
}

// namedBy says in whose room something is kept for which there is none.
func (h *holding) namedBy(p piece) string {
	for _, id := range h.doc.Naming(p.change.Hash) {
		it, _ := h.doc.Item(id)
		if who := cmp.Or(h.charged[id], whose(it.Entry.Device)); !h.full[who] {
			return who
		}
	}
	for _, a := range h.doc.charter.SeenOf(p.Device, p.Run) {
		if who := whose(a.Device); !h.full[who] && (a.Last == p.ID() || h.doc.under(a.Last, p.ID()) == within) {
			return who
		}
	}
	return ""
}

// whose says who wrote something.
func (d *desk) whose(name string) string { return whose(d.named[name].Device) }

func whose(d entry.Device) string {
	return people[slices.IndexFunc(people, func(who string) bool { return device(who).Device() == d })]
}

func TestWhatIsHeldBackHereAndNotThereMakesNoDifference(t *testing.T) {
	crowded, back := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(t, "ana")
		d.room = bounds{ops: rapid.IntRange(8, 40).Draw(t, "operations"), writes: rapid.IntRange(2, 6).Draw(t, "writes")}
		if rapid.Bool().Draw(t, "some is kept") {
			d.room.places, d.room.ownOps, d.room.ownWrites = 2, rapid.IntRange(0, 4).Draw(t, "own"), rapid.IntRange(0, 1).Draw(t, "own writes")
		}
		hostile := []string{"mel", "eli"}
		names, pens := []string{"first"}, map[string]*pen{}
		c := theCoop().whole
		var charters []*charter.Charter
		for i := range rapid.IntRange(1, 14).Draw(t, "changes") {
			who := rapid.SampledFrom([]string{"ana", "ben", "mel", "mel", "eli"}).Draw(t, "who")
			bad := slices.Contains(hostile, who)
			if bad || rapid.Bool().Draw(t, "another run") {
				d.pens[who] = nil
			}
			on := []string{"first"}
			for range rapid.IntRange(0, 2).Draw(t, "more") {
				on = append(on, rapid.SampledFrom(names).Draw(t, "on"))
			}
			slices.Sort(on)
			on = slices.Compact(on)
			name := fmt.Sprint(who, i)
			switch what := rapid.IntRange(0, 9).Draw(t, "what"); {
			case what < 2:
				d.sign(who, name, d.draft(who, name, on...))
			case what < 5 && bad:
				d.forgedMany(who, name, rapid.IntRange(1, 9).Draw(t, "operations"), on...)
			case what == 5 && bad && pens[names[i]] != nil && d.whose(names[i]) == who:
				d.pens[who] = pens[names[i]]
				d.twin(names[i], name, 1, "first")
			default:
				d.large(who, name, rapid.IntRange(1, 9).Draw(t, "operations"), on...)
			}
			names, pens[name] = append(names, name), d.pens[who]
			if rapid.IntRange(0, 4).Draw(t, "acknowledged") == 0 {
				c = acked(t, c, rapid.SampledFrom([]string{"cleo", "dora", "eli"}).Draw(t, "by"), d.named[rapid.SampledFrom(names).Draw(t, "last")])
				charters = append(charters, c)
			}
		}
		if rapid.IntRange(0, 3).Draw(t, "removed") == 0 {
			charters = append(charters, removal(t, c, "eli", nil))
		}
		canon := ""
		for range 4 {
			h := &holding{d: d, doc: d.read(), full: map[string]bool{}, charged: map[entry.ID]string{}}
			if canon != "" {
				h.full[rapid.SampledFrom([]string{"ben", "mel", "eli"}).Draw(t, "full")] = true
			}
			known := 0
			for _, name := range rapid.Permutation(names).Draw(t, "order") {
				h.give(name)
				if known < len(charters) && rapid.IntRange(0, 2).Draw(t, "news") == 0 {
					h.doc.Rejudge(charters[known])
					known++
				}
			}
			if len(charters) > 0 {
				h.doc.Rejudge(charters[len(charters)-1])
			}
			if len(h.held) > 0 { // it came with the last word
				last := h.held[len(h.held)-1]
				h.held = h.held[:len(h.held)-1]
				h.give(last)
			}
			if canon == "" {
				canon = inIt(h.doc)
			}
			back += len(h.held)
			if h.doc.crowd.full {
				crowded++
			}
			same(t, "replicas differ", canon, inIt(h.doc))
			loaded := New(theCoop().space, d.doc, h.doc.charter, toys, nil)
			loaded.bounds = d.room
			for _, s := range h.doc.arrived {
				loaded.AddAll([]Item{s.Item})
			}
			same(t, "after a restart", canon, inIt(loaded))
		}
	})
	if crowded == 0 || back == 0 {
		t.Error("no document was crowded, or nothing held back: this shows nothing")
	}
	t.Logf("%d crowded, %d held back", crowded, back)
}

// Two members who have used up their room can each sign a part of what makes the other's count: a replica that holds back both
// reads otherwise then than one that has both. No bound on what is kept, that is each replica's own, could do without: which
// of many pairs counts is said by what they are together. It lasts until anybody who reads it writes on.
func TestWhatTwoWithoutRoomMakeCountTogetherIsTheSameEverywhereOnceAnybodyWritesOnIt(t *testing.T) {
	d := newDesk(t, "ana")
	d.room = bounds{ops: 40, writes: 10}
	names := []string{"first", "eli's", "mel's", "ben's", "more", "part", "other part"}
	d.large("eli", "eli's", 1, "first")
	d.large("mel", "mel's", 1, "first")
	d.large("ben", "ben's", 18, "first")
	d.pens["ben"], d.pens["eli"], d.pens["mel"] = nil, nil, nil // other runs
	d.large("ben", "more", 21, "first")                         // which crowds the document
	d.large("eli", "part", 19, "first")
	d.large("mel", "other part", 1, "part")
	read := func(full ...string) *holding {
		h := &holding{d: d, doc: d.read(), full: map[string]bool{}, charged: map[entry.ID]string{}}
		for _, who := range full {
			h.full[who] = true
		}
		for _, name := range names {
			h.give(name)
		}
		return h
	}
	all := read()
	for _, one := range []string{"eli", "mel"} {
		same(t, one+" alone has no room left", inIt(all.doc), inIt(read(one).doc))
	}
	both := read("eli", "mel")
	d.expect(all.doc, "part accepted, other part accepted, ben's void")
	d.expect(both.doc, "ben's accepted")
	if len(both.held) != 2 {
		t.Fatalf("held back: %v", both.held)
	}
	d.write("cleo", "cleo's", "other part")
	for _, h := range []*holding{all, both} {
		h.give("cleo's")
	}
	same(t, "Cleo has written on", inIt(all.doc), inIt(both.doc))
}
