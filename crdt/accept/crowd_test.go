package accept

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
	"kith/crdt/charter"
)

// large signs a change with n operations on keys of its own.
func (d *desk) large(who, name string, n int, on ...string) piece {
	c := d.draft(who, name, on...)
	c.Ops = nil
	for i := range n {
		c.Ops = append(c.Ops, changetest.Put(change.OpID{Counter: 2, Actor: d.named["first"].change.Actor}, fmt.Sprint(name, i), change.BoolValue(true)))
	}
	return d.sign(who, name, c)
}

func TestBranchesBesideEachOtherTakeTheRoomOfOneDocumentTogether(t *testing.T) {
	// Mel writes beside the others what would fill the document many times over.
	d := newDesk(t, "ana")
	d.room = bounds{ops: 60, writes: 100}
	d.large("ana", "ana's", 20, "first")
	d.large("ben", "ben's", 5, "ana's")
	for i := range 4 {
		d.pens["mel"] = nil // another run
		d.large("mel", fmt.Sprint("mel's ", i), 25+i, "first")
	}
	d.large("cleo", "cleo's", 6, "first") // one more than Ben: not left to which hash is lower
	names := []string{"first", "ana's", "ben's", "cleo's", "mel's 0", "mel's 1", "mel's 2", "mel's 3"}
	d.everyOrder("ana's accepted, ben's accepted, cleo's accepted, mel's 0 accepted, mel's 1 void, mel's 2 void, mel's 3 void", names...)

	// On which more people stand, that stays, whoever wrote it and however much.
	d.large("dora", "dora's", 1, "mel's 3")
	d.large("eli", "eli's", 1, "dora's")
	d.everyOrder("mel's 3 accepted, dora's accepted, eli's accepted, ana's accepted, ben's accepted, cleo's void, mel's 0 void",
		append(names, "dora's", "eli's")...)
}

func TestWhatNobodyHasRoomForStandsInNobodysWay(t *testing.T) {
	d := newDesk(t, "ana")
	d.room = bounds{ops: 60, writes: 10}
	huge := d.draft("mel", "x", "first")
	for range 10 {
		huge.Ops = append(huge.Ops, title("x")) // one thing, eleven times
	}
	d.sign("mel", "huge", huge)
	d.large("ben", "ben's", 30, "first")
	d.everyOrder("huge void, ben's accepted", "first", "huge", "ben's")
	if doc := d.read("first", "huge"); doc.crowd.full {
		t.Error("a change that fits nowhere makes the document a crowded one")
	}
}

func TestAKeyIsWrittenSoOftenAndNoMore(t *testing.T) {
	d := newDesk(t, "ana")
	d.room = bounds{ops: 1000, writes: 4}
	names := []string{"first"}
	for i := range 6 {
		d.pens["mel"] = nil
		name := fmt.Sprint("mel's ", i)
		d.write("mel", name, "first")
		names = append(names, name)
	}
	d.write("ben", "ben's", "first")
	d.write("cleo", "cleo's", "ben's")
	names = append(names, "ben's", "cleo's")
	d.everyOrder("ben's accepted, cleo's accepted", names...)
	accepted := 0
	doc := d.read(names...)
	for _, name := range names { // in whatever order they are now
		if state, _ := doc.State(d.named[name].ID()); strings.HasPrefix(name, "mel") && state == charter.Accepted {
			accepted++
		}
	}
	if accepted != 2 {
		t.Errorf("%d of Mel's are accepted", accepted)
	}
	// Somebody's next own change is refused before it is made.
	doc = d.read("first", "ben's", "cleo's")
	for i := range 2 {
		d.write("ana", fmt.Sprint("ana's ", i), "cleo's")
		p := d.named[fmt.Sprint("ana's ", i)]
		if state, why := doc.Try(p.Entry, p.change); state != charter.Accepted {
			t.Fatalf("%v: %s", state, why)
		}
		d.pens["ana"] = nil
		doc.Add(p.Entry, p.change)
	}
	p := d.write("ana", "one too many", "cleo's")
	if state, why := doc.Try(p.Entry, p.change); state != charter.Void || why != whyLong {
		t.Errorf("%v: %s", state, why)
	}
}

func TestWhoFillsADocumentLeavesEverybodyRoomOfTheirOwn(t *testing.T) {
	d := newDesk(t, "ana")
	d.room = bounds{ops: 60, writes: 100, ownOps: 5, places: 6}
	d.large("mel", "mel's", 35, "first") // five of their own, and thirty that are anybody's
	d.large("mel", "one more", 1, "mel's")
	d.large("ben", "ben's", 5, "mel's") // who has seen all of it
	d.large("ben", "ben's too", 1, "ben's")
	d.large("ana", "ana's", 3, "ben's") // and two in the first
	d.large("cleo", "cleo's", 4, "ana's")
	d.everyOrder("mel's accepted, one more void, ben's accepted, ben's too void, ana's accepted, cleo's accepted",
		"first", "mel's", "one more", "ben's", "ben's too", "ana's", "cleo's")
}

func TestNobodyFillsADocumentThatSomebodyElseMade(t *testing.T) {
	d := newDesk(t, "ana") // two of hers are in the first change
	d.room = bounds{ops: 82, writes: 200, ownOps: 1, makersOps: 20, othersOps: 25, places: 6}
	d.large("mel", "mel's", 25, "first")
	d.large("mel", "one more", 1, "mel's")
	d.pens["mel"] = nil // another run, elsewhere
	d.large("mel", "beside", 25, "first")
	d.large("eli", "eli's", 25, "mel's") // an accomplice, and still there is room for all
	d.large("ben", "ben's", 5, "eli's")
	d.large("cleo", "cleo's", 4, "ben's") // beyond that everybody has their own
	d.large("ana", "ana's", 19, "cleo's")
	d.everyOrder("mel's accepted, one more void, beside void, eli's accepted, ben's accepted, cleo's accepted, ana's accepted",
		"first", "mel's", "one more", "beside", "eli's", "ben's", "cleo's", "ana's")
	doc := d.read("first", "mel's")
	p := d.named["one more"]
	if state, why := doc.Try(p.Entry, p.change); state != charter.Void || why != whyLong {
		t.Errorf("the next one of hers is %v: %s", state, why)
	}
}

func TestWhoWritesAKeyToTheLastLeavesEverybodySomeWrites(t *testing.T) {
	d := newDesk(t, "ana")
	d.room = bounds{ops: 1000, writes: 10, ownWrites: 1, places: 6}
	names, last := []string{"first"}, "first"
	for i := range 5 { // one of their own, and four that are anybody's
		name := fmt.Sprint("mel's ", i)
		d.write("mel", name, last)
		names, last = append(names, name), name
	}
	d.write("mel", "one more", last)
	d.write("ben", "ben's", last)
	d.write("ana", "ana's", "ben's")
	d.pens["mel"] = nil // another run
	d.large("mel", "elsewhere", 1, last)
	d.everyOrder("mel's 4 accepted, one more void, ben's accepted, ana's accepted, elsewhere accepted",
		append(names, "one more", "ben's", "ana's", "elsewhere")...)
}

// inTurnByTheWords is what is taken of a document, in its turn, by the words of the rule and by nothing else.
func inTurnByTheWords(d *Document) (order []change.Hash) {
	o := newOracle(d)
	valid := func(c *change.Change) bool { return o.accepted(c.Hash) } // it asks for no room
	stand := func(c *change.Change) map[charter.MemberID]bool {
		who := map[charter.MemberID]bool{}
		for _, e := range o.entries {
			if state, by, full := o.sound(e); state == charter.Accepted && valid(e.Change) && (e.Change.Hash == c.Hash || o.past(e.Change)[c.Hash]) {
				who[by] = who[by] || full && o.within(e.Entry)
				for _, m := range o.acknowledged(e.Entry) {
					who[m] = true
				}
			}
		}
		maps.DeleteFunc(who, func(_ charter.MemberID, is bool) bool { return !is })
		return who
	}
	people, author := map[change.Hash]int{}, map[change.Hash]charter.MemberID{}
	for h, c := range o.changes {
		if valid(c) {
			people[h] = len(stand(c))
			_, author[h], _ = o.sound(o.carriers(h)[0])
		}
	}
	var maker charter.MemberID
	for _, e := range o.entries {
		if e.Entry.Create != nil && valid(e.Change) {
			maker = author[e.Change.Hash]
		}
	}
	b := d.bounds
	taken, seen := map[change.Hash]bool{}, map[change.Hash]bool{}
	of := func(m charter.MemberID) (n int) {
		for h := range taken {
			if author[h] == m {
				n += len(o.changes[h].Ops)
			}
		}
		return n
	}
	fits := func(c *change.Change) bool {
		ops, writes := map[charter.MemberID]int{}, map[keyOf]map[charter.MemberID]int{}
		taken[c.Hash] = true
		for h := range taken {
			who := author[h]
			for _, op := range o.changes[h].Ops {
				ops[who]++
				at := keyOf{op.Obj, op.Key}
				if writes[at] == nil {
					writes[at] = map[charter.MemberID]int{}
				}
				writes[at][who]++
			}
		}
		within := func(all map[charter.MemberID]int, most, own, makers int) bool {
			sum, beyond := 0, 0
			for who, n := range all {
				kept := own
				if who == maker {
					kept = max(own, makers)
				}
				sum, beyond = sum+n, beyond+max(0, n-kept)
			}
			return sum <= most && beyond <= most-own*b.places-makers
		}
		ok := within(ops, b.ops, b.ownOps, b.makersOps)
		for who, n := range ops {
			ok = ok && (who == maker || b.othersOps == 0 || n <= b.othersOps)
		}
		for _, op := range c.Ops {
			if op.InMap {
				ok = ok && within(writes[keyOf{op.Obj, op.Key}], b.writes, b.ownWrites, 0)
			}
		}
		if !ok {
			delete(taken, c.Hash)
		}
		return ok
	}
	for {
		var next *change.Change
		var less int
		for h, c := range o.changes {
			if people[h] == 0 && !valid(c) || seen[h] || slices.ContainsFunc(c.Deps, func(d change.Hash) bool { return !taken[d] }) {
				continue
			}
			has := of(author[h]) + len(c.Ops)
			if next == nil || people[h] > people[next.Hash] || people[h] == people[next.Hash] &&
				(has < less || has == less && bytes.Compare(h[:], next.Hash[:]) < 0) {
				next, less = c, has
			}
		}
		if next == nil {
			return order
		}
		seen[next.Hash] = true
		if fits(next) {
			order = append(order, next.Hash)
		}
	}
}

func TestWhoComesInWhereThereIsNoRoomForAllHangsOnNoOrder(t *testing.T) {
	crowded := 0
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(t, "ana")
		d.room = bounds{ops: rapid.IntRange(8, 40).Draw(t, "operations"), writes: rapid.IntRange(2, 6).Draw(t, "writes")}
		if rapid.Bool().Draw(t, "some is kept") {
			d.room.places, d.room.ownOps, d.room.ownWrites = 2, rapid.IntRange(0, 4).Draw(t, "own"), rapid.IntRange(0, 1).Draw(t, "own writes")
		}
		if rapid.Bool().Draw(t, "some is the maker's") {
			d.room.ops += 8
			d.room.makersOps, d.room.othersOps = rapid.IntRange(1, 8).Draw(t, "the maker's"), rapid.IntRange(4, 20).Draw(t, "each other's")
		}
		names := []string{"first"}
		for i := range rapid.IntRange(1, 14).Draw(t, "changes") {
			who := rapid.SampledFrom([]string{"ana", "ben", "mel", "mel", "mel"}).Draw(t, "who")
			if who == "mel" || rapid.Bool().Draw(t, "another run") {
				d.pens[who] = nil
			}
			on := []string{"first"}
			for range rapid.IntRange(0, 2).Draw(t, "more") {
				on = append(on, rapid.SampledFrom(names).Draw(t, "on"))
			}
			slices.Sort(on)
			on = slices.Compact(on)
			name := fmt.Sprint(who, i)
			if c := d.draft(who, name, on...); rapid.Bool().Draw(t, "title") {
				d.sign(who, name, c)
			} else {
				d.large(who, name, rapid.IntRange(1, 9).Draw(t, "operations"), on...)
			}
			names = append(names, name)
		}
		canon := ""
		for range 4 {
			doc := d.read(rapid.Permutation(names).Draw(t, "order")...)
			if got := seen(doc); canon == "" {
				canon = got
				applied(t, doc)
			} else {
				same(t, "replicas differ", canon, got)
			}
			same(t, "judged afresh", canon, seen(afresh(doc)))
			if doc.crowd.full {
				crowded++
				var got []change.Hash
				for _, n := range doc.crowd.turns {
					got = append(got, n.change.Hash)
				}
				if want := inTurnByTheWords(doc); !slices.Equal(got, want) {
					t.Fatalf("they come in otherwise than by the rule's words\ngot  %v\nwant %v", got, want)
				}
			}
		}
	})
	if crowded == 0 {
		t.Error("no document was crowded: this shows nothing")
	}
	t.Logf("%d crowded", crowded)
}

func TestTakingARecordBackTakesNoRoomFromAnother(t *testing.T) {
	d := newDesk(t, "ana")
	names := []string{"first"}
	for i := range MaxClosings {
		d.pens["mel"] = nil // another run
		names = append(names, fmt.Sprint("record ", i))
		d.closing("mel", names[i+1], "first")
	}
	first := d.named[names[1]].change
	d.pens["mel"] = nil
	back := d.draft("mel", "back", names[1])
	back.Ops = []change.Op{{InMap: true, Key: first.Ops[1].Key, Action: change.Delete, Pred: []change.OpID{{Counter: first.StartOp + 1, Actor: first.Actor}}}}
	d.sign("mel", "back", back)
	last := names[len(names)-1]
	before := d.read(append(slices.Clone(names[:len(names)-1]), "back", last)...)
	after := d.read(append(names, "back")...)
	d.expect(before, "back accepted, "+last+" accepted")
	same(t, "replicas differ", seen(after), seen(before))
}
