package accept

import (
	"testing"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
	"kith/crdt/charter"
	"kith/crdt/schema"
)

// forged signs a change that is void by the schema: it answers for Ana.
func (d *desk) forged(who, what string, on ...string) piece {
	c := d.draft(who, what, on...)
	c.Ops = []change.Op{changetest.Put(change.OpID{}, schema.OwnKey(theCoop().member("ana"), ownEntry+"/"+what), change.StrValue(what))}
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
