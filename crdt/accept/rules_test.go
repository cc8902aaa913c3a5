package accept

import (
	"strings"
	"testing"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/schema"
)

func TestEachRuleHasItsState(t *testing.T) {
	co := theCoop()
	founding := co.upTo(0).Heads() // when only Ana was there
	tests := []struct {
		name  string
		make  func(d *desk) piece // an entry called "it"; "first" and "mels" are accepted
		state charter.State
		why   string
	}{
		{"a change to what is there", func(d *desk) piece { return d.write("ben", "it", "first", "mels") }, charter.Accepted, ""},
		{"a change by somebody who hasn't seen the last one", func(d *desk) piece { return d.write("ben", "it", "first") }, charter.Accepted, ""},
		{"rules of a newer release", func(d *desk) piece {
			p := d.pen("ben")
			c := d.draft("ben", "it", "first")
			e := must(entry.NewUnder(entry.RulesVersion+1, entry.Fields{Space: co.space, Heads: d.heads, Kind: entry.Change, Doc: d.doc, Run: p.run, Number: 1, Payload: c.Encode()}, device("ben")))
			return piece{e, must(change.Parse(e.Payload))}
		}, charter.Pending, whyRules},
		{"charter heads that aren't here", func(d *desk) piece {
			d.heads = []entry.ID{{1, 2, 3}}
			return d.write("ben", "it", "first")
		}, charter.Pending, whyHeads},
		{"a stranger's device", func(d *desk) piece { return d.write("zoe", "it", "first") }, charter.Void, whyAuthority},
		{"a device at a time at which it wasn't certified", func(d *desk) piece {
			d.heads = founding
			return d.write("ben", "it", "first")
		}, charter.Void, whyAuthority},
		{"another device's actor", func(d *desk) piece {
			c := d.draft("ben", "it", "first")
			c.Actor = d.named["first"].change.Actor
			return d.sign("ben", "it", c)
		}, charter.Void, whyActor},
		{"an actor of another document", func(d *desk) piece {
			c := d.draft("ben", "it", "first")
			c.Actor = d.pen("ben").actor(entry.DocID{9})
			return d.sign("ben", "it", c)
		}, charter.Void, whyActor},
		{"an actor of another run", func(d *desk) piece {
			c := d.draft("ben", "it", "first")
			c.Actor = newPen("ben").actor(d.doc)
			return d.sign("ben", "it", c)
		}, charter.Void, whyActor},
		{"a first change of somebody else's document", func(d *desk) piece {
			c := first(d.pen("ben").actor(d.doc), "note")
			return d.sign("ben", "it", c)
		}, charter.Void, whyCreation},
		{"a creation header on a later change", func(d *desk) piece {
			p := d.pen("ana")
			return p.sign(d.doc, d.named["first"].Create, d.heads, d.draft("ana", "it", "first").Encode())
		}, charter.Void, whyCreation},
		{"a creation header with number 2", func(d *desk) piece {
			p := d.pen("ana")
			c := first(p.actor(d.doc), "note")
			c.Seq = 2
			return p.sign(d.doc, d.named["first"].Create, d.heads, c.Encode())
		}, charter.Void, whyCreation},
		{"another document's entry", func(d *desk) piece {
			p := d.pen("ben")
			return p.sign(entry.DocID{9}, nil, d.heads, d.draft("ben", "it", "first").Encode())
		}, charter.Void, whyPlace},
		{"a dependency that isn't here", func(d *desk) piece {
			c := d.draft("ben", "it", "first")
			c.Deps = []change.Hash{{1}}
			return d.sign("ben", "it", c)
		}, charter.Pending, whyMissing},
		{"charter heads behind those of a dependency", func(d *desk) piece {
			d.heads = co.upTo(1).Heads()
			return d.write("ben", "it", "first")
		}, charter.Void, whyBackwards},
		{"a number left out", func(d *desk) piece {
			c := d.draft("mel", "it", "mels")
			c.Seq++
			return d.sign("mel", "it", c)
		}, charter.Void, whyIgnoring},
		{"the author's own last change ignored", func(d *desk) piece {
			c := d.draft("mel", "it", "first")
			c.Seq = 2
			return d.sign("mel", "it", c)
		}, charter.Void, whyIgnoring},
		{"a start too high", func(d *desk) piece {
			c := d.draft("ben", "it", "first")
			c.StartOp = 4294967290
			return d.sign("ben", "it", c)
		}, charter.Void, whyStart},
		{"a start too low", func(d *desk) piece {
			c := d.draft("ben", "it", "first")
			c.StartOp = 1
			return d.sign("ben", "it", c)
		}, charter.Void, whyStart},
		{"a value of another key replaced", func(d *desk) piece {
			c := d.draft("ben", "it", "first")
			c.Ops[0].Pred = []change.OpID{{Counter: 2, Actor: d.named["first"].change.Actor}}
			return d.sign("ben", "it", c)
		}, charter.Void, whyContext},
		{"a value replaced that is outside the past", func(d *desk) piece {
			c := d.draft("ben", "it", "mels")
			c.Deps = d.draft("ben", "it", "first").Deps
			c.Ops[0].Pred = []change.OpID{{Counter: 3, Actor: d.named["mels"].change.Actor}}
			return d.sign("ben", "it", c)
		}, charter.Void, whyStart},
		{"a key that a note doesn't have", func(d *desk) piece {
			c := d.draft("ben", "it", "first")
			c.Ops[0].Key = "created_by"
			return d.sign("ben", "it", c)
		}, charter.Void, "has no “created_by”"},
		{"a new text over the old one", func(d *desk) piece {
			c := d.draft("ben", "it", "first")
			c.Ops[0] = change.Op{InMap: true, Key: schema.Text, Action: change.MakeText, Pred: []change.OpID{{Counter: 1, Actor: d.named["first"].change.Actor}}}
			return d.sign("ben", "it", c)
		}, charter.Void, "can't be replaced"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, "ana")
			d.write("mel", "mels", "first")
			it := tt.make(d)
			doc := d.read("first", "mels")
			before := seen(doc)
			state, why := doc.Try(it.Entry, it.change)
			same(t, "Try has changed something", before, seen(doc))
			if state != tt.state || why != tt.why && !strings.Contains(why, tt.why) {
				t.Errorf("Try says %v (%q), want %v (%q)", state, why, tt.state, tt.why)
			}
			out := doc.Add(it.Entry, it.change)
			if len(out.Changed) != 1 || out.Changed[0].ID != it.ID() || out.Changed[0].State != state || out.Changed[0].Why != why {
				t.Errorf("Add says %v, Try %v (%q)", out.Changed, state, why)
			}
			if (len(out.Accepted) == 1) != (state == charter.Accepted) || out.Rebuild {
				t.Errorf("accepted %v, rebuild %v", out.Accepted, out.Rebuild)
			}
			if again := doc.Add(it.Entry, it.change); again.Changed != nil || again.Accepted != nil || again.Rebuild {
				t.Errorf("the same entry once more: %+v", again)
			}
			same(t, "judged afresh", seen(doc), seen(afresh(doc)))
			applied(t, doc)
		})
	}
}

// afresh judges all that a Document has seen without a fast path.
func afresh(d *Document) *Document {
	out := New(d.space, d.id, d.charter, toys, d.runs)
	out.bounds = d.bounds
	for _, s := range d.arrived {
		out.insert(s.Entry, s.Change)
	}
	out.judgeAll()
	out.outcome()
	return out
}

func TestWhatWaitsComesInWithWhatItWaitedFor(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("ben", "second", "first")
	d.write("cleo", "third", "second")
	d.write("ben", "fourth", "third")
	doc := d.read("fourth", "third", "second")
	d.expect(doc, "fourth pending, third pending, second pending")
	if state, why := doc.State(d.named["third"].ID()); why != whyOnPending {
		t.Errorf("%v (%q)", state, why)
	}
	first := d.named["first"]
	out := doc.Add(first.Entry, first.change)
	var order []string
	for _, item := range out.Accepted {
		for name, p := range d.named {
			if p.Entry == item.Entry {
				order = append(order, name)
			}
		}
	}
	if got := strings.Join(order, " "); got != "first second third fourth" || len(out.Changed) != 4 || out.Rebuild {
		t.Errorf("accepted %s; %+v", got, out)
	}
	if doc.Kind() != "note" || doc.Creator() != theCoop().member("ana") {
		t.Errorf("a %s by %v", doc.Kind(), doc.Creator())
	}
}

func TestWhatStandsOnSomethingVoidWaits(t *testing.T) {
	d := newDesk(t, "ana")
	c := d.draft("mel", "bad", "first")
	c.Ops[0].Key = "created_by"
	d.sign("mel", "bad", c)
	d.write("mel", "on-it", "bad")
	doc := d.read("first", "bad", "on-it")
	d.expect(doc, "first accepted, bad void, on-it pending")
	if _, why := doc.State(d.named["on-it"].ID()); why != whyOnVoid {
		t.Errorf("why: %q", why)
	}
}

func TestTheCharterArrivesLate(t *testing.T) {
	co := theCoop()
	d := newDesk(t, "ana")
	d.write("ben", "second", "first")
	doc := New(co.space, d.doc, co.upTo(0), toys, nil)
	for _, name := range []string{"second", "first"} {
		doc.Add(d.named[name].Entry, d.named[name].change)
	}
	d.expect(doc, "first pending, second pending")
	if heads, _ := doc.Waiting(d.named["first"].ID()); len(heads) != 1 || heads[0] != co.statements[len(people)-1].ID() {
		t.Errorf("waits for %v", heads)
	}
	if out := doc.Rejudge(co.upTo(3)); out.Changed != nil {
		t.Errorf("changed too early: %v", out.Changed)
	}
	if out := doc.Rejudge(co.whole); len(out.Accepted) != 2 || out.Rebuild {
		t.Errorf("%+v", out)
	}
	d.expect(doc, "first accepted, second accepted")
}

func TestADocumentOfAnUnknownKindWaitsForANewerRelease(t *testing.T) {
	co := theCoop()
	p := newPen("ana")
	id, create := p.create("role")
	it := p.sign(id, create, co.whole.Heads(), first(p.actor(id), "note").Encode())
	doc := New(co.space, id, co.whole, toys, nil)
	doc.Add(it.Entry, it.change)
	if state, why := doc.State(it.ID()); state != charter.Pending || why != whyKind {
		t.Errorf("%v (%q)", state, why)
	}
	if doc.Kind() != "" || doc.Creator() != (charter.MemberID{}) {
		t.Errorf("a %q by %v", doc.Kind(), doc.Creator())
	}
}

func TestNobodyCanAnswerForAna(t *testing.T) {
	co := theCoop()
	p := newPen("ben")
	id, create := p.create("task")
	begin := p.sign(id, create, co.whole.Heads(), first(p.actor(id), "task").Encode())
	doc := New(co.space, id, co.whole, toys, nil)
	doc.Add(begin.Entry, begin.change)
	answer := changetest.Put(change.OpID{}, schema.OwnKey(co.member("ana"), ownAnswer), change.StrValue(`{"answer":"accepted"}`))
	for name, state := range map[string]charter.State{"ben": charter.Void, "ana": charter.Accepted} {
		q := newPen(name)
		it := q.sign(id, nil, co.whole.Heads(), changetest.New(doc.History(), q.actor(id), answer).Encode())
		doc.Add(it.Entry, it.change)
		if got, why := doc.State(it.ID()); got != state || state == charter.Void && why != schema.OwnSay {
			t.Errorf("%s: %v (%q)", name, got, why)
		}
	}
}

func TestADocumentDoesNotGrowWithoutEnd(t *testing.T) {
	d := newDesk(t, "ana")
	d.room = bounds{ops: 250_000, writes: MaxWrites}
	doc := d.read("first")
	on := "first"
	var last piece
	for i := range 3 {
		c := d.draft("mel", "x", on)
		c.Ops = nil
		for n := range 100_000 {
			c.Ops = append(c.Ops, changetest.Insert(change.OpID{Counter: 1, Actor: d.named["first"].change.Actor}, change.OpID{}, change.StrValue("x")))
			if n > 0 {
				c.Ops[n].Elem = change.OpID{Counter: c.StartOp + uint64(n) - 1, Actor: c.Actor}
			}
		}
		on = strings.Repeat("i", i+1)
		last = d.sign("mel", on, c)
		doc.Add(last.Entry, last.change)
	}
	if state, why := doc.State(last.ID()); state != charter.Void || why != whyLarge {
		t.Errorf("%v (%q) at operation %d", state, why, last.change.MaxOp())
	}
}

func TestWhatWasMadeOnTheOtherBranchIsElsewhereAndComesBack(t *testing.T) {
	// Ana's device seats Ben, and in another place Gil, after one and the same step.
	co := theCoop()
	code := key("code for gil")
	r := must(charter.NewRedemption(co.space, code, key("gil"), device("gil"), "Gil", "laptop"))
	gils := must(entry.New(entry.Fields{
		Space: co.space, Heads: co.upTo(0).Heads(), Kind: entry.Statement, Run: entry.Run{99}, Number: 1,
		Payload: must(co.upTo(0).FillSeat(code.Device(), r)),
	}, device("ana")))
	ben := co.upTo(1).With(gils).StandOn(co.upTo(1).Tip())
	gil := ben.StandOn(co.upTo(0).With(gils).Tip())

	d := newDeskAt(t, "ana", co.upTo(0).Heads())
	d.write("ana", "before", "first")
	d.heads = co.upTo(1).Heads()
	d.write("ben", "bens", "before")
	d.write("ana", "on bens", "bens")
	d.heads = gil.Heads()
	d.write("gil", "gils", "before")
	doc := New(co.space, d.doc, ben, toys, nil)
	for _, name := range []string{"on bens", "first", "gils", "before", "bens"} {
		doc.Add(d.named[name].Entry, d.named[name].change)
	}
	onBens := "first accepted, before accepted, bens accepted, on bens accepted, gils elsewhere"
	d.expect(doc, onBens)
	out := doc.Rejudge(gil)
	if !out.Rebuild || len(out.Accepted) != 3 || len(out.Changed) != 3 {
		t.Errorf("%+v", out)
	}
	d.expect(doc, "first accepted, before accepted, bens elsewhere, on bens elsewhere, gils accepted")
	same(t, "judged afresh", seen(doc), seen(afresh(doc)))
	doc.Rejudge(ben)
	d.expect(doc, onBens)
	same(t, "judged afresh", seen(doc), seen(afresh(doc)))
	// Nobody has taken a side: nothing from after the fork counts yet.
	doc.Rejudge(ben.StandOn(charter.StepID{}))
	d.expect(doc, "first accepted, before accepted, bens pending, on bens pending, gils pending")
}

func TestEntriesAreFoundInWhateverState(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("ben", "bens", "first")
	bad := d.draft("cleo", "bad", "first")
	bad.StartOp++
	d.sign("cleo", "bad", bad)
	doc := d.read("bad", "first")
	if doc.Len() != 2 || len(doc.Entries()) != 2 {
		t.Errorf("%d entries: %v", doc.Len(), doc.Entries())
	}
	if state, why := doc.State(d.named["bens"].ID()); state != charter.Pending || why != whyAbsent {
		t.Errorf("one that isn't here is %v (%q)", state, why)
	}
	if item, ok := doc.Item(d.named["bad"].ID()); !ok || item.Author != theCoop().member("cleo") {
		t.Errorf("the void one: %v %v", item, ok)
	}
	if _, ok := doc.Item(d.named["bens"].ID()); ok {
		t.Error("one that isn't here is found")
	}
	if _, ok := doc.ItemOf(d.named["bad"].change.Hash); ok {
		t.Error("a void change is found as accepted")
	}
	if item, ok := doc.ItemOf(d.named["first"].change.Hash); !ok || item.Entry != d.named["first"].Entry {
		t.Errorf("the first: %v %v", item, ok)
	}
	// What Try says of entries that it can say more of than Add would be asked.
	try := func(name string, want charter.State, wantWhy string) {
		t.Helper()
		if state, why := doc.Try(d.named[name].Entry, d.named[name].change); state != want || why != wantWhy {
			t.Errorf("Try of %s: %v (%q)", name, state, why)
		}
	}
	try("first", charter.Accepted, "")
	try("bad", charter.Void, whyStart)
	d.named["again"] = d.pens["ana"].sign(d.doc, d.named["first"].Create, d.heads, d.named["first"].Payload)
	try("again", charter.Void, whySignedTwice)
	d.named["twin"] = d.pens["ana"].sign(d.doc, d.named["first"].Create, d.heads, first(d.pens["ana"].actor(d.doc), "note", title("x")).Encode())
	try("twin", charter.Void, whyTwin)
}

func TestNobodyElseWritesInWhatIsOfOneMember(t *testing.T) {
	d := newDeskOf(t, "ana", "diary")
	d.write("ana", "again", "first")
	d.write("ben", "meddled", "again")
	d.write("ana", "on-it", "meddled")
	d.write("cleo", "tags", "first")
	d.expect(d.read("first", "again", "meddled", "on-it", "tags"), "first accepted, again accepted, meddled void, on-it pending, tags void")
	doc := d.read("tags", "meddled", "again", "first")
	d.expect(doc, "first accepted, again accepted, meddled void, tags void")
	if _, why := doc.State(d.named["tags"].ID()); why != whyNotTheirs {
		t.Errorf("why: %q", why)
	}
}
