package accept

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/automerge/automerge-go"
	"pgregory.net/rapid"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

func TestReplicasThatHoldTheSameSayTheSame(t *testing.T) {
	tell := func(t *rapid.T) {
		hostile := []string{"mel", "eli"}[:1+rapid.IntRange(0, 1).Draw(t, "accomplice")]
		s := newStory(t, []string{"ana", "ben", "cleo"}, hostile)
		s.tell(30, true)
		s.settle()
		for _, id := range s.docs {
			canon := seen(s.replicas[0].doc(id))
			for _, r := range s.replicas {
				d := r.doc(id)
				same(t, r.who+"'s replica differs from Ana's", canon, seen(d))
				same(t, "judged afresh", canon, seen(afresh(d)))
				again := applied(t, d)
				if got, want := contentOf(again), contentOf(s.replicas[0].core[id]); got != want {
					t.Fatalf("the document reads differently\nhere %s\nAna  %s", got, want)
				}
			}
			// A newcomer, whom all of it reaches in any order, with the charter in between.
			d := New(s.coop.space, id, s.coop.upTo(0), toys, nil)
			order := rapid.Permutation(append(rapid.SliceOfN(rapid.SampledFrom(s.all), 0, 8).Draw(t, "again"), s.all...)).Draw(t, "newcomer")
			statements := 0
			for _, p := range order {
				if p.Doc == id {
					d.Add(p.Entry, p.change)
				}
				if n := rapid.IntRange(0, 3*len(people)).Draw(t, "statements"); n > statements && n < len(people) {
					statements = n
					d.Rejudge(s.coop.upTo(n))
					same(t, "judged afresh", seen(d), seen(afresh(d)))
				}
			}
			d.Rejudge(s.coop.whole)
			same(t, "a newcomer's replica differs", canon, seen(d))
			oracle(t, d)
		}
	}
	rapid.Check(t, tell)
}

func TestWhatHonestPeopleBuildOnIsNotVoidedFromOutside(t *testing.T) {
	// The hostile device sees everything first and does what it likes. What honest people wrote
	// before has reached all of them by then, and what the hostile device does reaches them at
	// once, so they never build on two twins; between that, they write apart. Nothing that they
	// wrote ever stops to count.
	rapid.Check(t, func(t *rapid.T) {
		s := newStory(t, []string{"ana", "ben", "cleo"}, []string{"mel"})
		for _, r := range s.replicas {
			r.charter = len(people) - 1
		}
		s.tell(40, false)
		s.settle()
		for _, p := range s.all {
			for _, r := range s.replicas {
				if state, why := r.doc(p.Doc).State(p.ID()); s.honest[p.ID()] && state != charter.Accepted {
					t.Fatalf("an honest entry is %v: %s", state, why)
				}
			}
		}
	})
}

func TestHonestPeopleAloneNeverSeeAnythingRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStory(t, []string{"ana", "ben", "cleo", "dora"}, nil)
		s.tell(40, true)
		s.settle()
		for _, p := range s.all {
			for _, r := range s.replicas {
				if state, why := r.doc(p.Doc).State(p.ID()); state != charter.Accepted {
					t.Fatalf("an honest entry is %v: %s", state, why)
				}
			}
		}
		for _, id := range s.docs {
			for _, r := range s.replicas[1:] {
				if got, want := contentOf(r.core[id]), contentOf(s.replicas[0].core[id]); got != want {
					t.Fatalf("the document reads differently\n%s %s\nAna %s", r.who, got, want)
				}
			}
		}
	})
}

// contentOf is what a document says, whoever asks.
func contentOf(am *automerge.Doc) string { return mapOf(am.RootMap()) }

func mapOf(m *automerge.Map) string {
	keys := must(m.Keys())
	slices.Sort(keys)
	var b strings.Builder
	for _, key := range keys {
		switch v := must(m.Get(key)); v.Kind() {
		case automerge.KindText:
			fmt.Fprintf(&b, "%s: %q\n", key, must(v.Text().Get()))
		case automerge.KindMap:
			fmt.Fprintf(&b, "%s: {%s}\n", key, mapOf(v.Map()))
		default:
			fmt.Fprintf(&b, "%s: %#v\n", key, v.Interface())
		}
	}
	return b.String()
}

// oracle judges each entry once more by the words of the rules and by nothing else, slowly.
func oracle(t *rapid.T, d *Document) {
	all := newOracle(d)
	for _, s := range d.arrived {
		if want := all.state(s); want != s.state {
			t.Fatalf("entry %v is %v (%s), by the rules %v", s.Entry.ID(), s.state, d.why(s), want)
		}
	}
	accepted := map[entry.ID]bool{}
	for i, item := range d.Order() {
		for _, dep := range item.Change.Deps {
			if !slices.ContainsFunc(d.Order()[:i], func(o *Item) bool { return o.Change.Hash == dep }) {
				t.Fatalf("in the order something comes before what it stands on")
			}
		}
		if accepted[item.Entry.ID()] {
			t.Fatalf("twice in the order")
		}
		accepted[item.Entry.ID()] = true
	}
}
