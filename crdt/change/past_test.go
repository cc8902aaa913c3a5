package change_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
)

// A graph is a History beside the plainest model of it: for each change the set of its past.
type graph struct {
	t       testing.TB
	h       *change.History
	all     []*change.Change
	past    map[change.Hash]map[change.Hash]bool // each with itself
	last    map[change.Actor]*change.Change
	chunks  [][]byte
	element []change.OpID
	text    change.OpID
}

func newGraph(t testing.TB) *graph {
	g := &graph{t: t, h: change.NewHistory(), past: map[change.Hash]map[change.Hash]bool{}, last: map[change.Actor]*change.Change{}}
	c := changetest.New(g.h, someActor, changetest.Make(change.OpID{}, "text", change.MakeText))
	must(t, g.h.Check(c))
	g.took(c)
	g.text = c.Ops[0].ID
	return g
}

// on returns a change by actor on top of deps and its actor's last change, with an operation for
// each op; their IDs and those of elements are the caller's.
func (g *graph) on(actor change.Actor, deps []*change.Change, ops ...change.Op) *change.Change {
	c := &change.Change{Actor: actor, Seq: 1, StartOp: 1, Ops: ops}
	if last := g.last[actor]; last != nil {
		c.Seq = last.Seq + 1
		deps = append(slices.Clone(deps), last)
	}
	for _, d := range deps {
		c.Deps = append(c.Deps, d.Hash)
		c.StartOp = max(c.StartOp, d.MaxOp()+1)
	}
	slices.SortFunc(c.Deps, change.Hash.Compare)
	c.Deps = slices.Compact(c.Deps)
	parsed, err := change.Parse(c.Encode())
	must(g.t, err)
	return parsed
}

func (g *graph) took(c *change.Change) {
	g.h.Add(c)
	past := map[change.Hash]bool{c.Hash: true}
	for _, d := range c.Deps {
		for p := range g.past[d] {
			past[p] = true
		}
	}
	g.past[c.Hash] = past
	g.all = append(g.all, c)
	g.last[c.Actor] = c
	g.chunks = append(g.chunks, c.Encode())
}

func actorNumber(i int) change.Actor { return change.Actor(fmt.Sprintf("actor %010d", i)) }

// What is in whose past is the same by the model and by History, whatever the graph; and a
// reference holds if, and only if, what it names is in the past.
func TestThePastIsWhatDependenciesReach(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		g := newGraph(t)
		n := rapid.IntRange(2, 250).Draw(r, "changes")
		actors := rapid.IntRange(1, 5).Draw(r, "actors")
		narrow := rapid.IntRange(1, 12).Draw(r, "narrow") // how many of the last changes to build on
		inserted := map[change.OpID]change.Hash{}
		open := rapid.Bool().Draw(r, "open") // a head that nobody joins, so that all walks are long
		if open {
			c := g.on(actorNumber(99), g.all[:1], changetest.Insert(g.text, root, change.StrValue("x")))
			must(t, g.h.Check(c))
			g.took(c)
			g.all = g.all[:1]
		}
		for range n {
			var deps []*change.Change
			for range rapid.IntRange(1, 3).Draw(r, "deps") {
				k := rapid.IntRange(0, min(narrow, len(g.all))-1).Draw(r, "dep")
				if rapid.IntRange(0, 9).Draw(r, "old") == 0 {
					k = rapid.IntRange(0, len(g.all)-1).Draw(r, "older")
				}
				deps = append(deps, g.all[len(g.all)-1-k])
			}
			actor := actorNumber(rapid.IntRange(1, actors).Draw(r, "actor"))
			if !open && rapid.IntRange(0, 5).Draw(r, "all heads") == 0 {
				deps = nil
				for _, hash := range g.h.Heads() {
					deps = append(deps, g.change(hash))
				}
			}
			after := change.OpID{}
			if len(g.element) > 0 && rapid.Bool().Draw(r, "after") {
				after = g.element[rapid.IntRange(0, len(g.element)-1).Draw(r, "element")]
			}
			c := g.tryOn(actor, deps, changetest.Insert(g.text, after, change.StrValue("x")))
			if c == nil {
				continue
			}
			holds := after.IsZero()
			for _, d := range c.Deps {
				holds = holds || g.past[d][inserted[after]]
			}
			err := g.h.Check(c)
			if holds != (err == nil) {
				t.Fatalf("a reference that holds: %v, but Check says %v", holds, err)
			}
			if err != nil {
				continue
			}
			g.took(c)
			g.element = append(g.element, c.Ops[0].ID)
			inserted[c.Ops[0].ID] = c.Hash
		}
		for _, a := range g.all {
			for _, b := range g.all {
				if got, want := g.h.IsPast(a.Hash, b.Hash), g.past[b.Hash][a.Hash]; got != want {
					t.Fatalf("IsPast is %v, want %v", got, want)
				}
			}
		}
	})
}

// tryOn is on, but nil where a reference names a later operation than the change's.
func (g *graph) tryOn(actor change.Actor, deps []*change.Change, op change.Op) *change.Change {
	start := uint64(1)
	if last := g.last[actor]; last != nil {
		start = last.MaxOp() + 1
	}
	for _, d := range deps {
		start = max(start, d.MaxOp()+1)
	}
	if op.Elem.Counter >= start {
		return nil
	}
	return g.on(actor, deps, op)
}

func (g *graph) change(h change.Hash) *change.Change {
	i := slices.IndexFunc(g.all, func(c *change.Change) bool { return c.Hash == h })
	return g.all[i]
}

// Two people write 3,000 changes each while apart; then the changes of one arrive after those of
// the other. It is the case that a walk to the fork for each change would make slow.
func TestLongBranchesKeepTheirPast(t *testing.T) {
	g := newGraph(t)
	root := g.all[0]
	for n := range 2 {
		after := change.OpID{}
		for range 3000 {
			deps := []*change.Change{root}
			if last := g.last[actorNumber(n)]; last != nil {
				deps = nil
			}
			c := g.on(actorNumber(n), deps, changetest.Insert(g.text, after, change.StrValue("x")))
			after = c.Ops[0].ID
			must(t, g.h.Check(c))
			g.h.Add(c)
			g.last[c.Actor] = c
			g.all = append(g.all, c)
		}
	}
	a, b := g.all[3000], g.all[6000]
	if g.h.IsPast(a.Hash, b.Hash) || g.h.IsPast(b.Hash, a.Hash) {
		t.Error("the branches are in each other's past")
	}
	if !g.h.IsPast(g.all[3001].Hash, b.Hash) || !g.h.IsPast(root.Hash, b.Hash) {
		t.Error("a branch lacks its own past")
	}
	across := g.on(b.Actor, nil, changetest.Insert(g.text, a.Ops[0].ID, change.StrValue("x")))
	if err := g.h.Check(across); err == nil {
		t.Error("a reference to the other branch is taken")
	}
}

func BenchmarkAcceptLongBranch(b *testing.B) {
	for b.Loop() {
		g := newGraph(b)
		root := g.all[0]
		for n := range 2 {
			for range 10_000 {
				deps := []*change.Change{root}
				if last := g.last[actorNumber(n)]; last != nil {
					deps = nil
				}
				c := g.on(actorNumber(n), deps, changetest.Insert(g.text, change.OpID{}, change.StrValue("x")))
				must(b, g.h.Check(c))
				g.h.Add(c)
				g.last[c.Actor] = c
			}
		}
	}
}

// A hostile device never joins the branches it makes.
func BenchmarkAcceptThousandsOfHeads(b *testing.B) {
	for b.Loop() {
		g := newGraph(b)
		for n := range 20_000 {
			c := g.on(actorNumber(n), []*change.Change{g.all[0]}, changetest.Insert(g.text, change.OpID{}, change.StrValue("x")))
			must(b, g.h.Check(c))
			g.h.Add(c)
		}
	}
}

// The worst that a hostile device can do to a walk: an open head from the start, so that nothing is
// full, and then changes on old places in the graph of the others, each walked anew.
func BenchmarkAcceptOnOldPlaces(b *testing.B) {
	g := newGraph(b)
	c := g.on(actorNumber(99), g.all[:1], changetest.Insert(g.text, root, change.StrValue("x")))
	must(b, g.h.Check(c))
	g.h.Add(c)
	last := g.all[0]
	var old []*change.Change
	for range 100_000 {
		c := g.on(ana, []*change.Change{last}, changetest.Insert(g.text, root, change.StrValue("x")))
		must(b, g.h.Check(c))
		g.h.Add(c)
		g.last[ana], last = c, c
		old = append(old, c)
	}
	n := 0
	for b.Loop() {
		n++
		c := g.on(actorNumber(1000+n), []*change.Change{old[90_000+n%5000]}, changetest.Insert(g.text, root, change.StrValue("x")))
		must(b, g.h.Check(c))
		g.h.Add(c)
	}
}
