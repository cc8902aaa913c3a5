package crdt_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// Whatever people wrote into a document, of whatever kind: taken out of it, it stands nowhere in the one that goes on, and all else that can
// be typed does.
func TestWhatGoesOnWithoutSomeWordsSaysAllButThem(t *testing.T) {
	drawTheSame(t)
	for _, k := range kinds.All.Nouns() {
		t.Run(k.Name, func(t *testing.T) { rapid.Check(t, func(t *rapid.T) { checkWithout(t, k) }) })
	}
}

func checkWithout(t *rapid.T, k *kind.Kind) {
	c := found(t, k.Name, "ana", "ben", "cleo")
	c.ids["eli"] = eli
	ana := c.desk("ana")
	var words []string
	for i, verbs := range [][]*kind.Verb{{k.Make}, {k.Edit}} {
		verb, r, said := drawAct(t, c, verbs[0].Name, 'α', verbs)
		if ana.try(does(k, verb, ana, r, now.AddDate(0, 0, i))) == nil {
			words = append(words, said...)
		}
	}
	v := ana.view()
	if v == nil || len(words) == 0 {
		return
	}
	part := pick(t, "part", words)
	next, found, err := crdt.ContinuedWithout(v, part)
	if err != nil {
		if !refused(err) {
			t.Fatal(err)
		}
		return
	}
	fresh := goingOn(t, next)
	if says := asJSON(c, shown(c, fresh)); strings.Contains(says, part) {
		t.Fatalf("“%s” still stands in %s", part, says)
	}
	without := func(s string) string { return strings.ReplaceAll(s, part, crdt.TakenOut) }
	if fresh.Kind == v.Kind && (fresh.Title != without(v.Title) || fresh.Text != without(v.Text)) {
		t.Fatalf("%q, %q went on as %q, %q", v.Title, v.Text, fresh.Title, fresh.Text)
	}
	if is := strings.Contains(v.Title+"\n"+v.Text, part); is && !found {
		t.Fatalf("“%s” isn't found in %s", part, asJSON(c, shown(c, v)))
	}
}

func goingOn(t *rapid.T, next crdt.Copied) *crdt.View {
	return found(t, next.Kind.Name, "ana", "ben", "cleo").desk("ana").do(next.Begin())
}

func TestWordsThatAreAnAmountAreNotTakenOutOfIt(t *testing.T) {
	ana := found(t, kinds.Intake.Name, "ana").desk("ana")
	r := kind.Begin("Bikes", "4000.00 EUR, they say")
	r.Put(kinds.Intake.Field("budget"), change.StrValue("4000 EUR"))
	must(t, ana.try(does(kinds.Intake, kinds.Intake.Make, ana, r, now)))
	if _, _, err := crdt.ContinuedWithout(ana.view(), "4000.00"); err == nil || !strings.Contains(err.Error(), "stand in it as budget") {
		t.Errorf("an amount was taken out of a budget: %v", err)
	}
	if _, found, err := crdt.ContinuedWithout(ana.view(), "5000"); err != nil || found {
		t.Errorf("what doesn't stand there was found: %v, %v", found, err)
	}
	if c, found, err := crdt.ContinuedWithout(ana.view(), ""); err != nil || !found || c.Text != "4000.00 EUR, they say" {
		t.Errorf("all that stands now went on as %q: %v, %v", c.Text, found, err)
	}
}
