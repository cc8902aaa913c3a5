package accept

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"
)

// twin signs a second change under the number of an entry of the same author, with any number
// in the run; it is ground until its ID is lower than the other's.
func (d *desk) twin(of, name string, number uint64, on ...string) piece {
	other := d.named[of]
	for who, p := range d.pens {
		if p.run != other.Run {
			continue
		}
		c := d.draft(who, name, on...)
		c.Seq = other.change.Seq
		for c.Time = 1; ; c.Time++ {
			q := *p
			it := q.signAs(number, d.doc, nil, d.heads, c.Encode())
			if it.ID().Compare(other.ID()) < 0 {
				d.named[name] = it
				return it
			}
		}
	}
	panic("no pen of " + of)
}

// everyOrder reads the named entries in all orders, or in many if there are more than 120, and
// expects the same of each replica.
func (d *desk) everyOrder(want string, names ...string) {
	d.t.Helper()
	var canon string
	check := func(order []string) {
		d.t.Helper()
		doc := d.read(order...)
		d.expect(doc, want)
		got := seen(doc)
		if canon == "" {
			canon = got
			applied(d.t, doc)
		}
		same(d.t, fmt.Sprintf("replicas differ in order %v", order), canon, got)
		same(d.t, "judged afresh", got, seen(afresh(doc)))
	}
	if len(names) > 5 {
		rng := rand.New(rand.NewSource(1))
		for range 120 {
			rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
			check(names)
		}
		return
	}
	var permute func(done, rest []string)
	permute = func(done, rest []string) {
		if len(rest) == 0 {
			check(done)
		}
		for i := range rest {
			permute(append(slices.Clone(done), rest[i]), append(slices.Clone(rest[:i]), rest[i+1:]...))
		}
	}
	permute(nil, names)
}

func TestATwinGroundLowerAfterAYearOfOthersWorkStaysOut(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("mel", "a", "first")
	d.write("ben", "bens", "a")
	d.write("cleo", "cleos", "bens")
	d.twin("a", "b", 1, "first")
	d.everyOrder("first accepted, a accepted, bens accepted, cleos accepted, b void", "first", "a", "bens", "cleos", "b")

	doc := d.read("first", "a", "bens", "cleos")
	out := doc.Add(d.named["b"].Entry, d.named["b"].change)
	if out.Rebuild || out.Accepted != nil || len(out.Changed) != 1 || out.Changed[0].Why != whyTwin {
		t.Errorf("%+v", out)
	}
}

func TestATwinOnWhichNobodyStandsGivesWayToTheLowerNumberAndThenID(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("mel", "x", "first") // so that there is room below
	d.write("mel", "a", "x")     // number 2
	d.twin("a", "b", 2, "x")
	d.everyOrder("x accepted, a void, b accepted", "first", "x", "a", "b")
	d.twin("a", "lower", 1, "x")
	d.everyOrder("x accepted, a void, b void, lower accepted", "first", "x", "a", "b", "lower")

	doc := d.read("first", "x", "a")
	out := doc.Add(d.named["lower"].Entry, d.named["lower"].change)
	if !out.Rebuild || len(out.Accepted) != 3 || len(out.Changed) != 2 {
		t.Errorf("%+v", out)
	}
}

// What a judge hands out, and what a replica makes a document of, is all that is accepted: also if things that came
// together turned it over twice.
func TestWhatComesTogetherAndTurnsThingsOverTwiceIsHandedOutWhole(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("mel", "x", "first")
	d.write("mel", "a", "x") // number 2
	d.twin("a", "b", 2, "x")
	d.twin("a", "lower", 1, "x")
	d.write("ben", "bens", "x")
	for _, names := range [][]string{{"b", "lower"}, {"lower", "b"}, {"lower", "bens", "b"}, {"b", "bens", "lower"}} {
		doc := d.read("first", "x", "a")
		var all []Item
		for _, name := range names {
			all = append(all, Item{Entry: d.named[name].Entry, Change: d.named[name].change})
		}
		out := doc.AddAll(all)
		want := doc.History().Len()
		if len(doc.Order()) != want || !out.Rebuild || len(out.Accepted) != want {
			t.Errorf("%v: %d are accepted, %d are there, and %d are handed out", names, want, len(doc.Order()), len(out.Accepted))
		}
	}
}

func TestTheTwinStaysOnWhichMorePeopleStand(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("mel", "a", "first")
	d.twin("a", "b", 1, "first")
	d.write("ben", "on-b", "b")
	d.everyOrder("a void, b accepted, on-b accepted", "first", "a", "b", "on-b")
	d.write("cleo", "on-a", "a")
	d.write("dora", "on-a too", "on-a")
	d.everyOrder("a accepted, on-a accepted, on-a too accepted, b void, on-b pending",
		"first", "a", "b", "on-b", "on-a", "on-a too")
}

func TestOnePersonCountsOnceAndTheAuthorNotAtAll(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("mel", "a", "first")
	d.twin("a", "b", 1, "first")
	d.pens["mel, elsewhere"] = newPen("mel")
	d.write("ben", "on-a", "a")
	for i, on := 0, "b"; i < 5; i++ { // the lower twin, on which Mel and her second run stand
		name := fmt.Sprintf("mel on b %d", i)
		c := d.draft("mel, elsewhere", name, on)
		p := d.pens["mel, elsewhere"]
		d.named[name] = p.sign(d.doc, nil, d.heads, c.Encode())
		on = name
	}
	var names []string
	for name := range d.named {
		names = append(names, name)
	}
	d.everyOrder("a accepted, on-a accepted, b void, mel on b 0 pending", names...)
}

func TestThreeLateHostileMembersDoNotOutweighFour(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("mel", "a", "first")
	d.write("ben", "bens", "a")
	d.write("cleo", "cleos", "bens")
	d.write("dora", "doras", "cleos")
	d.write("ana", "anas", "doras")
	// A year later, Mel with Eli and Fay, who saw all of it.
	d.twin("a", "b", 1, "first")
	d.write("eli", "elis", "b")
	d.write("fay", "fays", "elis")
	d.everyOrder("a accepted, bens accepted, cleos accepted, doras accepted, anas accepted, b void, elis pending, fays pending",
		"first", "a", "bens", "cleos", "doras", "anas", "b", "elis", "fays")
}

func TestWhoStandsOnBothTwinsCountsForNeither(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("mel", "a", "first")
	d.twin("a", "b", 1, "first")
	d.write("eli", "eli on a", "a")
	d.write("eli", "eli on b", "b") // the same run: of its own twins this makes one more
	d.write("ben", "bens", "a")
	d.everyOrder("a accepted, bens accepted, b void", "first", "a", "b", "eli on a", "eli on b", "bens")
}

func TestAChangeOnBothTwinsNeverCounts(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("mel", "a", "first")
	d.twin("a", "b", 1, "first")
	d.write("eli", "joins", "a", "b")
	d.everyOrder("a void, b accepted, joins pending", "first", "a", "b", "joins")
}

func TestATwinOnTopOfTheOtherIsNone(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("mel", "x", "first")
	d.write("mel", "a", "x")
	d.twin("a", "b", 1, "x", "a")
	d.everyOrder("a accepted, b void", "first", "x", "a", "b")
}

func TestTheLosersBranchDoesNotReachTheWinners(t *testing.T) {
	// More stand on a than on b; but of their successors, more stand on b's.
	d := newDesk(t, "ana")
	d.write("mel", "a", "first")
	d.write("mel", "after a", "a")
	d.twin("a", "b", 1, "first")
	d.twin("after a", "after b", 1, "b")
	d.write("ben", "bens", "a")
	d.write("dora", "doras", "a")
	d.write("cleo", "cleos", "after a")
	d.write("eli", "elis", "after b")
	d.write("fay", "fays", "after b")
	d.everyOrder("a accepted, after a accepted, cleos accepted, b void, after b pending, elis pending",
		"first", "a", "after a", "b", "after b", "bens", "doras", "cleos", "elis", "fays")
}

func TestSigningAChangeAgainVoidsNobodysWork(t *testing.T) {
	co := theCoop()
	d := newDeskAt(t, "eli", co.upTo(5).Heads()) // when Mel and Fay weren't there
	d.write("eli", "a", "first")
	d.write("ben", "bens", "a")
	// Once more, lower in the run and with all charter heads there are: those of Ben's change
	// don't cover them.
	a := d.named["a"]
	d.named["again"] = d.pens["eli"].signAs(a.Number-1, d.doc, nil, co.whole.Heads(), a.Payload)
	d.everyOrder("first accepted, a void, bens accepted, again accepted", "first", "a", "bens", "again")

	doc := d.read("first", "a", "bens", "again")
	if _, why := doc.State(a.ID()); why != whySignedTwice {
		t.Errorf("why: %q", why)
	}
	// Nor if only Ben's work stands on the later one.
	d.heads = co.whole.Heads()
	d.write("cleo", "cleos", "bens")
	d.named["never good"] = d.pens["eli"].signAs(1, d.doc, nil, co.upTo(0).Heads(), a.Payload)
	d.everyOrder("first accepted, a void, bens accepted, again accepted, never good void, cleos accepted",
		"first", "a", "bens", "again", "never good", "cleos")
}

// A later one may be wrong besides. Why it is void is the same on every replica, whichever came first.
func TestWhyAChangeSignedAgainIsVoidHangsOnNoOrder(t *testing.T) {
	d := newDesk(t, "ana") // who knows the whole charter
	d.write("ana", "a", "first")
	a := d.named["a"]
	d.named["backwards"] = d.pens["ana"].signAs(a.Number+1, d.doc, nil, theCoop().upTo(5).Heads(), a.Payload)
	for _, order := range [][]string{{"first", "a", "backwards"}, {"first", "backwards", "a"}, {"backwards", "a", "first"}} {
		doc := d.read(order...)
		d.expect(doc, "a accepted, backwards void")
		if _, why := doc.State(d.named["backwards"].ID()); why != whySignedTwice {
			t.Errorf("%v: %s", order, why)
		}
	}
}

func TestAnHonestDeviceMakesNoTwinOfItsOwn(t *testing.T) {
	// Ana's change is refused; the core would give the next one the same number. A fresh run
	// has numbers of its own, and the document goes on.
	d := newDesk(t, "ana")
	bad := d.draft("ana", "bad", "first")
	bad.Ops[0].Key = "created_by"
	d.sign("ana", "bad", bad)
	d.sign("ana", "same run", d.draft("ana", "same run", "first"))
	if d.named["same run"].change.Seq != d.named["bad"].change.Seq {
		t.Fatal("the second change should have the number of the first")
	}
	d.pens["ana"] = newPen("ana")
	d.write("ana", "fresh run", "first")
	d.everyOrder("first accepted, bad void, fresh run accepted", "first", "bad", "fresh run")
	if s := d.named["fresh run"].change.Seq; s != 1 {
		t.Errorf("the fresh run begins at %d", s)
	}
}

func TestTwoFirstChangesOfOneDocumentAreTwins(t *testing.T) {
	d := newDesk(t, "mel")
	p := d.pens["mel"]
	one := d.named["first"]
	other := p.sign(d.doc, one.Create, d.heads, first(p.actor(d.doc), "note", title("other")).Encode())
	d.named["other first"] = other
	d.write("ben", "bens", "other first")
	d.everyOrder("first void, other first accepted, bens accepted", "first", "other first", "bens")
	d.write("cleo", "cleos", "first")
	d.everyOrder("first accepted, other first void, bens pending, cleos accepted", "first", "other first", "bens", "cleos")
}
