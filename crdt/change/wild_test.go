package change_test

import (
	"fmt"
	"math/rand"
	"os"
	"slices"
	"strconv"
	"testing"

	"kith/crdt/change"
)

// wild makes documents that no honest device makes, and that break no rule: several actors, each
// on any earlier changes, write whatever Parse and Check let pass.
type wild struct {
	rng    *rand.Rand
	h      *change.History
	all    []*change.Change
	last   map[change.Actor]*change.Change
	chunks [][]byte
	ops    []change.Op
}

func (w *wild) step() {
	actor := actorNumber(w.rng.Intn(4))
	c := &change.Change{Actor: actor, Seq: 1, StartOp: 1, Time: int64(w.rng.Intn(3)), Message: []string{"", "m"}[w.rng.Intn(2)]}
	var deps []*change.Change
	if last := w.last[actor]; last != nil {
		c.Seq, deps = last.Seq+1, append(deps, last)
	}
	for range w.rng.Intn(3) {
		if len(w.all) > 0 {
			deps = append(deps, w.all[len(w.all)-1-w.rng.Intn(min(len(w.all), 6))])
		}
	}
	for _, d := range deps {
		c.Deps = append(c.Deps, d.Hash)
		c.StartOp = max(c.StartOp, d.MaxOp()+1)
	}
	slices.SortFunc(c.Deps, change.Hash.Compare)
	c.Deps = slices.Compact(c.Deps)
	// Grow the change operation by operation, keeping what passes.
	var good *change.Change
	for range 1 + w.rng.Intn(8) {
		before := len(c.Ops)
		id := change.OpID{Counter: c.StartOp + uint64(before), Actor: actor}
		c.Ops = append(c.Ops, w.op(id, c.Ops)...)
		parsed, err := change.Parse(c.Encode())
		if err == nil {
			err = w.h.Check(parsed)
		}
		if err != nil {
			c.Ops = c.Ops[:before]
			continue
		}
		good = parsed
	}
	if good == nil || w.h.Check(good) != nil {
		return
	}
	w.h.Add(good)
	w.all = append(w.all, good)
	w.last[actor] = good
	w.chunks = append(w.chunks, good.Encode())
	w.ops = append(w.ops, good.Ops...)
}

// op draws one operation, or the two of a mark, mostly such as have a chance.
func (w *wild) op(id change.OpID, own []change.Op) []change.Op {
	known := append(slices.Clone(w.ops), own...)
	for i := range own {
		known[len(w.ops)+i].ID = change.OpID{Counter: id.Counter - uint64(len(own)-i), Actor: id.Actor}
	}
	op := change.Op{InMap: true, Key: fmt.Sprint("k", w.rng.Intn(3))}
	if len(known) > 0 { // somewhere where something is
		near := known[w.rng.Intn(len(known))]
		op.Obj, op.InMap, op.Elem = near.Obj, near.InMap, near.Elem
		if near.Insert {
			op.Elem = near.ID
		}
		if t, ok := near.Action.Makes(); ok && w.rng.Intn(2) == 0 {
			op.Obj, op.InMap, op.Elem = near.ID, t == change.MapType, change.OpID{}
		}
		if op.InMap && near.InMap {
			op.Key = near.Key
		}
	}
	op.Insert = !op.InMap && (op.Elem.IsZero() || w.rng.Intn(2) == 0)
	if op.Insert && w.rng.Intn(8) == 0 {
		begin := op
		begin.Action, begin.MarkName, begin.Value = change.Mark, "m", values[w.rng.Intn(len(values))]
		begin.Expand, op.Expand = w.rng.Intn(2) == 0, w.rng.Intn(2) == 0
		op.Action = change.Mark
		return []change.Op{begin, op}
	}
	op.Action = []change.Action{0, 1, 1, 1, 2, 3, 3, 4, 5, 5}[w.rng.Intn(10)]
	switch op.Action {
	case change.Set:
		op.Value = values[w.rng.Intn(len(values))]
		if w.rng.Intn(2) == 0 {
			op.Value = change.CounterValue(int64(w.rng.Intn(9)))
		}
	case change.Increment:
		op.Value = change.IntValue(int64(w.rng.Uint64()))
	}
	if !op.Insert {
		for _, o := range known { // any of those in the same place
			elem := o.Elem
			if o.Insert {
				elem = o.ID
			}
			if o.Obj == op.Obj && o.InMap == op.InMap && (op.InMap && o.Key == op.Key || !op.InMap && elem == op.Elem) && w.rng.Intn(3) > 0 {
				op.Pred = append(op.Pred, o.ID)
			}
		}
		slices.SortFunc(op.Pred, change.OpID.Compare)
		op.Pred = slices.Compact(op.Pred)
		if len(op.Pred) > 3 {
			op.Pred = op.Pred[len(op.Pred)-1-w.rng.Intn(3):]
		}
	}
	return []change.Op{op}
}

// The core lives with any document whose changes are all accepted, not only with honest ones.
func TestTheCoreLivesWithWildDocuments(t *testing.T) {
	n := 60
	if s := os.Getenv("KITH_FUZZ_N"); s != "" {
		var err error
		n, err = strconv.Atoi(s)
		must(t, err)
		n /= 50
	}
	child := startCore(t, "checked")
	kinds := map[string]int{}
	for seed := range n {
		w := &wild{rng: rand.New(rand.NewSource(int64(seed))), h: change.NewHistory(), last: map[change.Actor]*change.Change{}}
		for range 40 {
			w.step()
		}
		for _, op := range w.ops {
			kinds[fmt.Sprintf("%v %v", op.Action, len(op.Pred))]++
		}
		if wrong, died := child.use(w.chunks); died || wrong != "" {
			child = startCore(t, "checked")
			t.Errorf("seed %d: died: %v: %.600s", seed, died, wrong)
		}
	}
	t.Logf("%d documents with %v", n, kinds)
}
