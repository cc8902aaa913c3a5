package accept

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
	"kith/crdt/charter"
	"kith/crdt/schema"
)

// says signs a change in which somebody says something under names of their family.
func (d *desk) says(who, what string, on string, names ...string) piece {
	c := d.draft(who, what, on)
	c.Ops = nil
	for _, name := range names {
		c.Ops = append(c.Ops, changetest.Put(change.OpID{}, schema.OwnKey(theCoop().member(who), ownEntry+"/"+name), change.StrValue(what)))
	}
	return d.sign(who, what, c)
}

func TestAMemberHasSoManyWordsOfAFamilyAndNoMoreWhereverTheyAreWritten(t *testing.T) {
	d := newDesk(t, "ana")
	d.says("mel", "m1", "first", "a", "b")
	d.pens["mel"] = nil // beside it, on another device
	d.says("mel", "m2", "first", "b", "c", "d")
	d.says("ben", "b1", "first", "a", "b", "c")
	d.says("mel", "again", "m1", "a", "b") // over what is there
	d.pens["mel"] = nil
	d.says("mel", "five", "first", "p", "q", "r", "s", "t")
	d.everyOrder("m1 accepted, again accepted, b1 accepted, five void", "first", "m1", "again", "b1", "five")
	d.everyOrder("m1 accepted, m2 accepted, b1 accepted", "first", "m1", "m2", "b1") // a, b, c and d
	d.pens["mel"] = nil
	d.says("mel", "one more", "m2", "e")
	d.everyOrder("m1 accepted, m2 accepted, one more void", "first", "m1", "m2", "one more")
}

func TestHowManyWordsOfAFamilyAreInHangsOnNoOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(t, "ana")
		names := []string{"first"}
		for i := range rapid.IntRange(1, 7).Draw(t, "changes") {
			who := rapid.SampledFrom([]string{"ana", "ben", "mel"}).Draw(t, "who")
			if rapid.Bool().Draw(t, "another run") {
				d.pens[who] = nil
			}
			what := fmt.Sprint(who, i)
			d.says(who, what, rapid.SampledFrom(names).Draw(t, "on"), rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}), 1, 5, rapid.ID[string]).Draw(t, "names")...)
			names = append(names, what)
		}
		want := ""
		for i := range 4 {
			doc := d.read(rapid.Permutation(names).Draw(t, "order")...)
			got := ""
			for _, name := range names {
				state, _ := doc.State(d.named[name].ID())
				got += fmt.Sprint(name, " ", state, ", ")
			}
			for _, who := range []string{"ana", "ben", "mel"} {
				n := 0
				for _, key := range doc.History().Keys(change.OpID{}) {
					if m, _, ok := schema.SplitOwn(key); ok && m == theCoop().member(who) {
						n++
					}
				}
				if n > 4 {
					t.Fatalf("%s has %d names", who, n)
				}
			}
			if i > 0 && got != want {
				t.Fatalf("in another order: %s\nwant %s", got, want)
			}
			want = got
		}
	})
}

func TestWhatIsAddedToAKindIsThereUnderTheRulesOfThatTimeOnly(t *testing.T) {
	d := newDesk(t, "ana")
	c := d.draft("ana", "x", "first")
	c.Ops = []change.Op{changetest.Put(change.OpID{}, "later", change.StrValue("x"))}
	p := d.sign("ana", "x", c)
	doc := d.read("first")
	if rules := doc.Rules(nil, p.change); rules != 2 {
		t.Errorf("it is written under rules %d, want 2", rules)
	}
	if rules := doc.Rules(nil, d.draft("ana", "y", "first")); rules != 1 {
		t.Errorf("a title is written under rules %d, want 1", rules)
	}
	if state, why := d.read("first", "x").State(p.ID()); state != charter.Void {
		t.Errorf("under rules 1 it is %v: %s", state, why) // as it is to a Kith that knows no others
	}
}
