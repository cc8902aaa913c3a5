package change_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
)

// Changes that no honest device makes, and that break no rule: the core has to live with them.
func TestTheCoreLivesWithWhatIsOddAndAllowed(t *testing.T) {
	const big = 1<<63 - 1
	key := func(obj change.OpID, key string, a change.Action, v change.Value, preds ...change.OpID) change.Op {
		return change.Op{Obj: obj, InMap: true, Key: key, Action: a, Value: v, Pred: preds}
	}
	element := func(obj, elem change.OpID, a change.Action, v change.Value, preds ...change.OpID) change.Op {
		return change.Op{Obj: obj, Elem: elem, Action: a, Value: v, Pred: preds}
	}
	tests := []struct {
		name string
		ops  []change.Op
	}{
		{"a counter over its end, and under", []change.Op{
			key(root, "n", change.Set, change.CounterValue(big)),
			key(root, "n", change.Increment, change.IntValue(big), own(1)),
			key(root, "n", change.Increment, change.IntValue(big), own(1)),
			key(root, "m", change.Set, change.CounterValue(-big-1)),
			key(root, "m", change.Increment, change.IntValue(-big-1), own(4)),
		}},
		{"a counter in a text", []change.Op{
			changetest.Make(root, "t", change.MakeText),
			changetest.Insert(own(1), root, change.CounterValue(big)),
			element(own(1), own(2), change.Increment, change.IntValue(1), own(2)),
		}},
		{"a counter and a string in conflict, incremented together", []change.Op{
			key(root, "n", change.Set, change.CounterValue(1)),
			key(root, "n", change.Set, change.StrValue("s")),
			key(root, "n", change.Increment, change.IntValue(1), own(1), own(2)),
		}},
		{"an increment of a counter that is gone", []change.Op{
			key(root, "n", change.Set, change.CounterValue(1)),
			key(root, "n", change.Delete, change.Value{}, own(1)),
			key(root, "n", change.Increment, change.IntValue(1), own(1)),
		}},
		{"two values of a key by one hand", []change.Op{
			key(root, "k", change.Set, change.IntValue(1)),
			key(root, "k", change.Set, change.IntValue(2)),
			key(root, "k", change.MakeMap, change.Value{}),
			key(own(3), "in", change.Set, change.IntValue(3)),
		}},
		{"a value replaced twice, and deleted twice", []change.Op{
			key(root, "k", change.Set, change.IntValue(1)),
			key(root, "k", change.Set, change.IntValue(2), own(1)),
			key(root, "k", change.Set, change.IntValue(3), own(1)),
			key(root, "k", change.Delete, change.Value{}, own(1), own(2)),
			key(root, "k", change.Delete, change.Value{}, own(1), own(3)),
		}},
		{"work in an object that is gone", []change.Op{
			changetest.Make(root, "l", change.MakeList),
			key(root, "l", change.Delete, change.Value{}, own(1)),
			changetest.Insert(own(1), root, change.IntValue(1)),
			element(own(1), own(3), change.MakeMap, change.Value{}, own(3)),
			key(own(4), "k", change.MakeText, change.Value{}),
			changetest.Insert(own(5), root, change.StrValue("x")),
		}},
		{"elements after and instead of deleted ones", []change.Op{
			changetest.Make(root, "l", change.MakeList),
			changetest.Insert(own(1), root, change.IntValue(1)),
			element(own(1), own(2), change.Delete, change.Value{}, own(2)),
			changetest.Insert(own(1), own(2), change.IntValue(2)),
			element(own(1), own(2), change.Set, change.IntValue(3), own(2)),
		}},
		{"much in one place of a text", []change.Op{
			changetest.Make(root, "t", change.MakeText),
			changetest.Insert(own(1), root, change.StrValue("many letters")),
			changetest.Insert(own(1), root, change.StrValue("")),
			changetest.Insert(own(1), own(2), change.StrValue("🦊\x00\u202e")),
			changetest.Insert(own(1), own(2), change.IntValue(1)),
			changetest.Insert(own(1), own(2), change.BytesValue([]byte{0xff})),
			changetest.Insert(own(1), own(2), change.Value{}),
			element(own(1), own(3), change.MakeList, change.Value{}, own(3)),
			{Obj: own(1), Elem: own(4), Insert: true, Action: change.MakeText},
		}},
		{"marks in a list, over nothing, and backwards", []change.Op{
			changetest.Make(root, "l", change.MakeList),
			{Obj: own(1), Insert: true, Action: change.Mark, MarkName: "m", Value: change.CounterValue(1), Expand: true},
			{Obj: own(1), Insert: true, Action: change.Mark},
			changetest.Insert(own(1), own(2), change.IntValue(1)),
			changetest.Insert(own(1), own(3), change.IntValue(1)),
			{Obj: own(1), Elem: own(5), Insert: true, Action: change.Mark, MarkName: strings.Repeat("m", change.MaxKey)},
			{Obj: own(1), Elem: own(2), Insert: true, Action: change.Mark, Expand: true},
		}},
		{"odd keys", []change.Op{
			key(root, "\x00", change.Set, change.IntValue(1)),
			key(root, strings.Repeat("k", change.MaxKey), change.Set, change.IntValue(1)),
			key(root, "__proto__", change.MakeMap, change.Value{}),
			key(root, "\u202e\ufeff", change.Set, change.IntValue(1)),
		}},
		{"every extreme value", extremes()},
	}
	child := startCore(t, "checked")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := change.NewHistory()
			c := changetest.New(h, ana, tt.ops...)
			must(t, h.Check(c))
			h.Add(c)
			again := changetest.New(h, ben, changetest.Put(root, "another", change.IntValue(1)))
			empty := changetest.New(h, ben)
			for _, doc := range [][][]byte{{c.Encode()}, {c.Encode(), again.Encode()}, {c.Encode(), empty.Encode()}} {
				if wrong, died := child.use(doc); died || wrong != "" {
					child = startCore(t, "checked")
					t.Errorf("died: %v: %.300s", died, wrong)
				}
			}
		})
	}
}

func extremes() []change.Op {
	var ops []change.Op
	for i, v := range values {
		ops = append(ops, changetest.Put(root, fmt.Sprint("k", i), v))
	}
	return ops
}

// Empty changes, alone, first, and in rows; and the same actor many times over.
func TestTheCoreLivesWithEmptyChangesAndManyActors(t *testing.T) {
	h := change.NewHistory()
	var doc [][]byte
	add := func(c *change.Change) {
		must(t, h.Check(c))
		h.Add(c)
		doc = append(doc, c.Encode())
	}
	add(changetest.New(h, ana))
	add(changetest.New(h, ana))
	add(changetest.New(h, ben))
	add(changetest.New(h, ana, changetest.Put(root, "k", change.IntValue(1))))
	for i := range 200 {
		add(changetest.New(h, actorNumber(i)))
		add(changetest.New(h, change.Actor(strings.Repeat("x", 1+i%change.MaxActorSize)), changetest.Put(root, "k", change.IntValue(2))))
	}
	if wrong, died := startCore(t, "checked").use(doc); died || wrong != "" {
		t.Errorf("died: %v: %.300s", died, wrong)
	}
}

// What is odd and allowed may also be mixed into what people write at the same time.
func TestWritesToAKeyAreAllListed(t *testing.T) {
	s := newSample(t)
	writes := s.h.Writes(root, "title")
	if len(writes) != 2 || !writes[0].Overwritten || writes[1].Overwritten ||
		writes[0].Value != change.StrValue("Minutes") || writes[1].Value != change.StrValue("Notes") ||
		writes[0].Change != s.first.Hash || writes[1].Change != s.bens.Hash || writes[1].ID != s.bensID(2) {
		t.Errorf("title: %+v", writes)
	}
	c, err := change.Parse(s.next().Encode())
	must(t, err)
	s.add(t, c)
	writes = s.h.Writes(root, "count")
	if len(writes) != 2 || writes[0].Overwritten || writes[1].Action != change.Increment || writes[1].Value.Int() != 2 {
		t.Errorf("count: %+v", writes)
	}
	writes = s.h.Writes(s.id(6), "in")
	if len(writes) != 2 || !writes[0].Overwritten || writes[1].Action != change.Delete {
		t.Errorf("in: %+v", writes)
	}
	if w := s.h.Writes(s.id(2), "title"); w != nil {
		t.Errorf("a text has keys: %+v", w)
	}
	if keys := s.h.Keys(root); !slices.Equal(sorted(keys), []string{"count", "list", "text", "title"}) {
		t.Errorf("keys: %v", keys)
	}
}

func TestObjectsKnowWhereTheyWereMade(t *testing.T) {
	s := newSample(t)
	tests := []struct {
		id   change.OpID
		want change.Object
	}{
		{root, change.Object{Type: change.MapType, InMap: true}},
		{s.id(2), change.Object{ID: s.id(2), Type: change.TextType, InMap: true, Key: "text", RootKey: "text", MadeBy: s.first.Hash, Depth: 1}},
		{s.id(6), change.Object{ID: s.id(6), Type: change.MapType, Parent: s.id(5), Elem: s.id(6), RootKey: "list", MadeBy: s.first.Hash, Depth: 2}},
	}
	for _, tt := range tests {
		if got, ok := s.h.Object(tt.id); !ok || got != tt.want {
			t.Errorf("%s:\ngot  %+v\nwant %+v", tt.id, got, tt.want)
		}
	}
	for _, id := range []change.OpID{s.id(1), s.id(99), s.bensID(1), {Counter: 1, Actor: "nobody"}} {
		if got, ok := s.h.Object(id); ok {
			t.Errorf("%s is an object: %+v", id, got)
		}
	}
}

func TestObjectsOfAChangeAreKnownBeforeItIsAdded(t *testing.T) {
	s := newSample(t)
	c := changetest.New(s.h, ana,
		changetest.Make(root, "new", change.MakeList),
		change.Op{Obj: own(1), Insert: true, Action: change.MakeMap},
		changetest.Make(own(2), "in", change.MakeText),
		change.Op{Obj: s.id(5), Elem: s.id(6), Action: change.MakeText, Pred: []change.OpID{s.id(6)}},
		changetest.Put(root, "no object", change.Value{}),
	)
	must(t, s.h.Check(c))
	ids := []change.OpID{root, s.id(2), s.id(6), s.id(1), {Counter: 99, Actor: ana}}
	for i := range c.Ops {
		ids = append(ids, c.Ops[i].ID)
	}
	var before []change.Object
	for _, id := range ids {
		o, _ := s.h.ObjectFor(c, id)
		before = append(before, o)
	}
	s.h.Add(c)
	for i, id := range ids {
		if after, _ := s.h.Object(id); after != before[i] {
			t.Errorf("%s:\nbefore %+v\nafter  %+v", id, before[i], after)
		}
	}
	if before[7].RootKey != "new" || before[8].RootKey != "list" {
		t.Errorf("root keys %q and %q", before[7].RootKey, before[8].RootKey)
	}
}

func TestAHistoryTellsWhatItHolds(t *testing.T) {
	s := newSample(t)
	if s.h.Len() != 2 || s.h.Ops() != 11 || s.h.MaxOp() != 11 || s.h.Seq(ana) != 1 || s.h.Seq("nobody") != 0 {
		t.Errorf("%d changes, %d operations up to %d", s.h.Len(), s.h.Ops(), s.h.MaxOp())
	}
	info, ok := s.h.Change(s.bens.Hash)
	if !ok || info.Actor != ben || info.Seq != 1 || info.StartOp != 10 || info.MaxOp != 11 || !slices.Equal(info.Deps, []change.Hash{s.first.Hash}) {
		t.Errorf("Ben's change: %+v", info)
	}
	if _, ok := s.h.Change(change.Hash{1}); ok || s.h.Has(change.Hash{1}) {
		t.Error("a change that isn't there is there")
	}
	if !s.h.IsPast(s.first.Hash, s.bens.Hash) || s.h.IsPast(s.bens.Hash, s.first.Hash) || s.h.IsPast(change.Hash{}, s.bens.Hash) {
		t.Error("past is wrong")
	}
	defer func() {
		if recover() == nil {
			t.Error("Add takes a change that Check refuses")
		}
	}()
	s.h.Add(s.bens)
}
