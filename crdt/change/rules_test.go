package change_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
)

var root change.OpID

// own is the nth operation, from 1, of the change that names it, for changetest.New.
func own(n uint64) change.OpID { return change.OpID{Counter: n} }

const (
	ana = change.Actor("ana's actor 0001")
	ben = change.Actor("ben's actor 0001")
)

// sample is a document in which Ana made a bit of everything, and Ben wrote beside her:
//
//	1 title   2 text, with letters 3 a and 4 b   5 list, with elements 6 (map) and 7 (counter)
//	8 count   9 "in" in the map of the list     and by Ben, apart: 10 a letter, 11 title
type sample struct {
	h         *change.History
	first     *change.Change
	bens      *change.Change
	chunks    [][]byte
	benBefore *change.History // as Ben saw it
}

func newSample(t testing.TB) *sample {
	s := &sample{h: change.NewHistory()}
	s.first = changetest.New(s.h, ana,
		changetest.Put(root, "title", change.StrValue("Minutes")),
		changetest.Make(root, "text", change.MakeText),
		changetest.Insert(own(2), root, change.StrValue("a")),
		changetest.Insert(own(2), own(3), change.StrValue("b")),
		changetest.Make(root, "list", change.MakeList),
		change.Op{Obj: own(5), Insert: true, Action: change.MakeMap},
		changetest.Insert(own(5), own(6), change.CounterValue(1)),
		changetest.Put(root, "count", change.CounterValue(1)),
		changetest.Put(own(6), "in", change.IntValue(1)),
	)
	s.add(t, s.first)
	s.bens = changetest.New(s.h, ben,
		changetest.Insert(s.id(2), s.id(4), change.StrValue("c")),
		change.Op{InMap: true, Key: "title", Action: change.Set, Value: change.StrValue("Notes"), Pred: []change.OpID{s.id(1)}},
	)
	s.add(t, s.bens)
	return s
}

func (s *sample) add(t testing.TB, c *change.Change) {
	t.Helper()
	must(t, s.h.Check(c))
	s.h.Add(c)
	s.chunks = append(s.chunks, c.Encode())
}

// id is Ana's nth operation.
func (s *sample) id(n uint64) change.OpID { return change.OpID{Counter: n, Actor: ana} }

// bensID is Ben's nth operation, from 1.
func (s *sample) bensID(n int) change.OpID { return s.bens.Ops[n-1].ID }

// next is Ana's next change, on top of all, with one good operation of each sort.
func (s *sample) next() *change.Change {
	return &change.Change{
		Deps: s.h.Heads(), Actor: ana, Seq: 2, StartOp: s.h.MaxOp() + 1, Time: 1_700_000_000_000,
		Ops: []change.Op{
			{InMap: true, Key: "title", Action: change.Set, Value: change.StrValue("T"), Pred: []change.OpID{s.bensID(2)}},
			{Obj: s.id(2), Elem: s.id(3), Insert: true, Action: change.Set, Value: change.StrValue("x")},
			{Obj: s.id(2), Elem: s.id(4), Action: change.Delete, Pred: []change.OpID{s.id(4)}},
			{InMap: true, Key: "count", Action: change.Increment, Value: change.IntValue(2), Pred: []change.OpID{s.id(8)}},
			{Obj: s.id(5), Elem: s.id(6), Action: change.MakeText, Pred: []change.OpID{s.id(6)}},
			{Obj: s.id(2), Elem: s.id(3), Insert: true, Action: change.Mark, MarkName: "bold", Value: change.BoolValue(true)},
			{Obj: s.id(2), Elem: s.bensID(1), Insert: true, Action: change.Mark, Expand: true},
			{Obj: s.id(5), Elem: s.id(7), Action: change.Increment, Value: change.IntValue(2), Pred: []change.OpID{s.id(7)}},
			{Obj: s.id(6), InMap: true, Key: "in", Action: change.Delete, Pred: []change.OpID{s.id(9)}},
		},
	}
}

// The operations of sample.next.
const (
	setTitle = iota
	insertLetter
	deleteLetter
	incCount
	makeInList
	beginMark
	endMark
	incInList
	deleteIn
)

func TestTheSampleIsGood(t *testing.T) {
	s := newSample(t)
	c, err := change.Parse(s.next().Encode())
	must(t, err)
	s.add(t, c)
	if wrong, died := startCore(t, "checked").use(s.chunks); died || wrong != "" {
		t.Fatalf("the core: %s", wrong)
	}
}

// What is wrong in a change by itself: Parse refuses it.
func TestAChangeWrongInItselfIsRefused(t *testing.T) {
	s := newSample(t)
	tests := []struct {
		name string
		edit func(c *change.Change)
	}{
		{"the first number of a change is 1", func(c *change.Change) { c.Seq = 0 }},
		{"no change has a number over 32 bits", func(c *change.Change) { c.Seq = 1 << 32 }},
		{"operations are numbered from 1", func(c *change.Change) { c.StartOp = 0 }},
		{"no operation has a number over 32 bits", func(c *change.Change) { c.StartOp = 1 << 32 }},
		{"nor does the last one", func(c *change.Change) { c.StartOp = 1<<32 - 3 }},
		{"a time lies after 1970", func(c *change.Change) { c.Time = -1 }},
		{"a time lies before the year 10000", func(c *change.Change) { c.Time = change.MaxTime + 1 }},
		{"a message is UTF-8", func(c *change.Change) { c.Message = "\xff" }},
		{"an actor isn't empty", func(c *change.Change) { c.Actor = "" }},
		{"a dependency is named once", func(c *change.Change) { c.Deps = append(c.Deps, c.Deps[0]) }},
		{"a key isn't empty", func(c *change.Change) { c.Ops[setTitle].Key = "" }},
		{"a key is UTF-8", func(c *change.Change) { c.Ops[setTitle].Key = "\xc0\x80" }},
		{"a text is UTF-8", func(c *change.Change) { c.Ops[setTitle].Value = change.StrValue("\xed\xa0\x80") }},
		{"a timestamp lies before the year 10000", func(c *change.Change) { c.Ops[setTitle].Value = change.TimestampValue(change.MaxTime + 1) }},
		{"a timestamp lies after the year 0", func(c *change.Change) { c.Ops[setTitle].Value = change.TimestampValue(change.MinTimestamp - 1) }},
		{"a value has a type that means something", func(c *change.Change) { c.Ops[setTitle].Value.Kind = 10 }},
		{"tables are no more", func(c *change.Change) { c.Ops[makeInList].Action = 6 }},
		{"an action is known", func(c *change.Change) { c.Ops[makeInList].Action = 8 }},
		{"nothing is inserted into a map", func(c *change.Change) { c.Ops[setTitle].Insert = true; c.Ops[setTitle].Pred = nil }},
		{"the root is a map", func(c *change.Change) { c.Ops[insertLetter].Obj = root }},
		{"an insert replaces nothing", func(c *change.Change) { c.Ops[insertLetter].Pred = []change.OpID{s.id(3)} }},
		{"the head of a list can't be deleted", func(c *change.Change) { c.Ops[deleteLetter].Elem = root }},
		{"an element is replaced by naming what it had", func(c *change.Change) { c.Ops[makeInList].Pred = nil }},
		{"a delete names what it deletes", func(c *change.Change) { c.Ops[deleteIn].Pred = nil }},
		{"a delete has no value", func(c *change.Change) { c.Ops[deleteIn].Value = change.IntValue(1) }},
		{"a delete isn't inserted", func(c *change.Change) {
			c.Ops[insertLetter].Action, c.Ops[insertLetter].Value = change.Delete, change.Value{}
		}},
		{"an object that is made has no value", func(c *change.Change) { c.Ops[makeInList].Value = change.StrValue("t") }},
		{"an increment names a counter", func(c *change.Change) { c.Ops[incCount].Pred = nil }},
		{"an increment is by an int", func(c *change.Change) { c.Ops[incCount].Value = change.UintValue(1) }},
		{"an increment is by a number", func(c *change.Change) { c.Ops[incCount].Value = change.Value{} }},
		{"a mark lies in a text", func(c *change.Change) {
			c.Ops[beginMark].Obj, c.Ops[beginMark].InMap, c.Ops[beginMark].Key = root, true, "title"
		}},
		{"a mark is inserted", func(c *change.Change) {
			c.Ops[beginMark].Insert = false
			c.Ops[beginMark].Pred = []change.OpID{s.id(3)}
		}},
		{"a mark that begins ends", func(c *change.Change) { c.Ops = c.Ops[:endMark] }},
		{"a mark ends right after it began", func(c *change.Change) {
			c.Ops[endMark], c.Ops[incInList] = c.Ops[incInList], c.Ops[endMark]
		}},
		{"a mark that ends began", func(c *change.Change) { c.Ops = slices.Delete(c.Ops, beginMark, endMark) }},
		{"a mark ends in the text it began in", func(c *change.Change) { c.Ops[endMark].Obj = s.id(5) }},
		{"the end of a mark has no value", func(c *change.Change) { c.Ops[endMark].Value = change.BoolValue(true) }},
		{"only a mark has a name", func(c *change.Change) { c.Ops[setTitle].MarkName = "bold" }},
		{"only a mark expands", func(c *change.Change) { c.Ops[setTitle].Expand = true }},
		{"predecessors ascend", func(c *change.Change) { c.Ops[setTitle].Pred = []change.OpID{s.bensID(2), s.id(1)} }},
		{"a predecessor is named once", func(c *change.Change) { c.Ops[setTitle].Pred = []change.OpID{s.id(1), s.id(1)} }},
		{"an operation doesn't replace itself", func(c *change.Change) { c.Ops[setTitle].Pred = []change.OpID{{Counter: c.StartOp, Actor: ana}} }},
		{"an object is there before what is in it", func(c *change.Change) {
			c.Ops[insertLetter].Obj = change.OpID{Counter: c.StartOp + makeInList, Actor: ana}
		}},
		{"an element is there before what follows it", func(c *change.Change) {
			c.Ops[insertLetter].Elem = change.OpID{Counter: c.StartOp + insertLetter, Actor: ana}
		}},
		{"another's operation with as high a number isn't earlier", func(c *change.Change) { c.Ops[insertLetter].Elem = change.OpID{Counter: c.StartOp, Actor: ben} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := s.next()
			tt.edit(c)
			_, err := change.Parse(c.Encode())
			var syntax *change.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("got %v, want a SyntaxError", err)
			}
			if syntax.Offset <= 0 || syntax.Offset > len(c.Encode()) {
				t.Errorf("it is said to be at byte %d of %d", syntax.Offset, len(c.Encode()))
			}
		})
	}
}

// What is good by itself but doesn't fit the document: Check refuses it, and says why.
func TestAChangeThatDoesNotFitIsRefused(t *testing.T) {
	s := newSample(t)
	nobody := change.Actor("nobody's actor 1")
	tests := []struct {
		name string
		want change.Rule
		op   int
		edit func(c *change.Change)
	}{
		{"numbers of changes have no gap", change.RuleSeq, -1, func(c *change.Change) { c.Seq = 3 }},
		{"a new actor begins with number 1", change.RuleSeq, -1, func(c *change.Change) { c.Actor = nobody }},
		{"a number is used once", change.RuleSeq, -1, func(c *change.Change) { c.Seq = 1 }},
		{"operations begin above the past", change.RuleStartOp, -1, func(c *change.Change) {
			c.StartOp--
			c.Ops = []change.Op{changetest.Put(root, "x", change.Value{})}
		}},
		{"and not higher", change.RuleStartOp, -1, func(c *change.Change) { c.StartOp++ }},
		{"and not so high that the core aborts later", change.RuleStartOp, -1, func(c *change.Change) { c.StartOp = 4_294_967_280 }},
		{"an object was made", change.RuleReference, insertLetter, func(c *change.Change) { c.Ops[insertLetter].Obj = s.id(3) }},
		{"an object was made by somebody who is here", change.RuleReference, insertLetter, func(c *change.Change) {
			c.Ops[insertLetter].Obj = change.OpID{Counter: 2, Actor: nobody}
		}},
		{"an object is named with its number", change.RuleReference, insertLetter, func(c *change.Change) {
			c.Ops[insertLetter].Obj = change.OpID{Counter: 2, Actor: ben}
		}},
		{"an object that goes isn't one that came", change.RuleReference, insertLetter, func(c *change.Change) {
			c.Ops[insertLetter].Obj = change.OpID{Counter: c.StartOp, Actor: ana}
		}},
		{"a list has no keys", change.RuleObject, setTitle, func(c *change.Change) { c.Ops[setTitle].Obj = s.id(5) }},
		{"a text has no keys", change.RuleObject, setTitle, func(c *change.Change) { c.Ops[setTitle].Obj = s.id(2) }},
		{"a map has no elements", change.RuleObject, insertLetter, func(c *change.Change) { c.Ops[insertLetter].Obj = s.id(6) }},
		{"an element is of its list", change.RuleReference, insertLetter, func(c *change.Change) { c.Ops[insertLetter].Elem = s.id(7) }},
		{"an element was inserted", change.RuleReference, insertLetter, func(c *change.Change) { c.Ops[insertLetter].Elem = s.id(1) }},
		{"an element is named by its insert, not by what replaced it", change.RuleReference, incInList, func(c *change.Change) {
			c.Ops[incInList].Elem = change.OpID{Counter: c.StartOp + makeInList, Actor: ana}
		}},
		{"a deleted element was inserted", change.RuleReference, deleteLetter, func(c *change.Change) { c.Ops[deleteLetter].Elem = s.id(2) }},
		{"a predecessor is of the same key", change.RulePred, setTitle, func(c *change.Change) { c.Ops[setTitle].Pred = []change.OpID{s.id(8)} }},
		{"a predecessor is of the same map", change.RulePred, deleteIn, func(c *change.Change) { c.Ops[deleteIn].Obj = root }},
		{"a predecessor is of the same element", change.RulePred, deleteLetter, func(c *change.Change) { c.Ops[deleteLetter].Pred = []change.OpID{s.id(3)} }},
		{"a predecessor is of the same list", change.RulePred, deleteLetter, func(c *change.Change) { c.Ops[deleteLetter].Pred = []change.OpID{s.id(7)} }},
		{"a predecessor is in the past", change.RulePred, setTitle, func(c *change.Change) {
			c.Ops[setTitle].Pred = []change.OpID{{Counter: 1, Actor: nobody}}
		}},
		{"an increment is no value to replace", change.RulePred, incCount, func(c *change.Change) {
			c.Ops[setTitle] = change.Op{InMap: true, Key: "count", Action: change.Increment, Value: change.IntValue(1), Pred: []change.OpID{s.id(8)}}
			c.Ops[incCount] = change.Op{InMap: true, Key: "count", Action: change.Set, Pred: []change.OpID{{Counter: c.StartOp, Actor: ana}}}
		}},
		{"a delete is no value to replace", change.RulePred, insertLetter, func(c *change.Change) {
			c.Ops[setTitle] = change.Op{InMap: true, Key: "title", Action: change.Delete, Pred: []change.OpID{s.bensID(2)}}
			c.Ops[insertLetter] = change.Op{InMap: true, Key: "title", Action: change.Set, Pred: []change.OpID{{Counter: c.StartOp, Actor: ana}}}
		}},
		{"a mark is no value to replace", change.RulePred, incInList, func(c *change.Change) {
			mark := change.OpID{Counter: c.StartOp + beginMark, Actor: ana}
			c.Ops[incInList] = change.Op{Obj: s.id(2), Elem: mark, Action: change.Delete, Pred: []change.OpID{mark}}
		}},
		{"a string can't be incremented", change.RulePred, incCount, func(c *change.Change) {
			c.Ops[incCount].Key, c.Ops[incCount].Pred = "title", []change.OpID{s.bensID(2)}
		}},
		{"an int can't be incremented", change.RulePred, deleteIn, func(c *change.Change) {
			c.Ops[deleteIn].Action, c.Ops[deleteIn].Value = change.Increment, change.IntValue(1)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := s.next()
			tt.edit(c)
			c, err := change.Parse(c.Encode())
			must(t, err)
			err = s.h.Check(c)
			var misfit *change.ContextError
			if !errors.As(err, &misfit) {
				t.Fatalf("got %v, want a ContextError", err)
			}
			if misfit.Rule != tt.want || misfit.Op != tt.op {
				t.Errorf("got rule %s at operation %d (%v), want %s at %d", misfit.Rule, misfit.Op, err, tt.want, tt.op)
			}
			good, err := change.Parse(s.next().Encode())
			must(t, err)
			if err := s.h.Check(good); err != nil {
				t.Errorf("after it, a good change is refused: %v", err)
			}
		})
	}
}

// What somebody wrote while apart isn't in a change's past, although it is in the document.
func TestAReferenceToWhatAnotherWroteMeanwhileIsRefused(t *testing.T) {
	s := newSample(t)
	apart := func(op change.Op) *change.Change {
		c := &change.Change{Deps: []change.Hash{s.first.Hash}, Actor: ana, Seq: 2, StartOp: s.first.MaxOp() + 1, Ops: []change.Op{op}}
		for range 5 { // so that the numbers would allow it
			c.Ops = append([]change.Op{changetest.Put(root, "more", change.Value{})}, c.Ops...)
		}
		parsed, err := change.Parse(c.Encode())
		must(t, err)
		return parsed
	}
	// Ana's fifth change apart would start above Ben's numbers only after a change of her own.
	first := apart(changetest.Put(root, "last", change.Value{}))
	must(t, s.h.Check(first))
	s.h.Add(first)
	second := func(op change.Op) error {
		c := &change.Change{Deps: []change.Hash{first.Hash}, Actor: ana, Seq: 3, StartOp: first.MaxOp() + 1, Ops: []change.Op{op}}
		parsed, err := change.Parse(c.Encode())
		must(t, err)
		return s.h.Check(parsed)
	}
	var misfit *change.ContextError
	err := second(changetest.Insert(s.id(2), s.bensID(1), change.StrValue("x")))
	if !errors.As(err, &misfit) || misfit.Rule != change.RuleReference {
		t.Errorf("element: got %v", err)
	}
	op := changetest.Put(root, "title", change.Value{})
	op.Pred = []change.OpID{s.id(1), s.bensID(2)}
	if err := second(op); !errors.As(err, &misfit) || misfit.Rule != change.RulePred {
		t.Errorf("predecessor: got %v", err)
	}
	op.Pred = op.Pred[:1]
	if err := second(op); err != nil {
		t.Errorf("what was there before is refused: %v", err)
	}
}

// Attack 6, as far as it concerns this package.
func TestASecondChangeWithTheSameNumberIsATwin(t *testing.T) {
	s := newSample(t)
	twin := changetest.Rebuild(s.chunks[1], func(c *change.Change) { c.Message = "another" })
	c, err := change.Parse(twin)
	must(t, err)
	var misfit *change.ContextError
	if err := s.h.Check(c); !errors.As(err, &misfit) || misfit.Rule != change.RuleTwin {
		t.Fatalf("got %v, want a twin", err)
	}
	// One that doesn't fit anyway is said not to fit: that doesn't hang on who came first.
	c, err = change.Parse(changetest.Rebuild(twin, func(c *change.Change) { c.StartOp++ }))
	must(t, err)
	if err := s.h.Check(c); !errors.As(err, &misfit) || misfit.Rule != change.RuleStartOp {
		t.Fatalf("got %v, want a misfit", err)
	}
	c, err = change.Parse(s.chunks[1])
	must(t, err)
	if err := s.h.Check(c); !errors.Is(err, change.ErrKnown) {
		t.Fatalf("got %v for a change that is here", err)
	}
}

func TestAChangeMustStandOnItsActorsLast(t *testing.T) {
	s := newSample(t)
	c := &change.Change{Deps: []change.Hash{s.first.Hash}, Actor: ben, Seq: 2, StartOp: s.first.MaxOp() + 1,
		Ops: []change.Op{changetest.Put(root, "x", change.Value{})}}
	c, err := change.Parse(c.Encode())
	must(t, err)
	var misfit *change.ContextError
	if err := s.h.Check(c); !errors.As(err, &misfit) || misfit.Rule != change.RuleSeq {
		t.Fatalf("got %v", err)
	}
}

func TestMissingDependenciesAreNamed(t *testing.T) {
	s := newSample(t)
	c := s.next()
	absent := []change.Hash{{0xff}, {1}}
	c.Deps = append(c.Deps, absent...)
	c, err := change.Parse(c.Encode())
	must(t, err)
	var missing *change.MissingError
	if err := s.h.Check(c); !errors.As(err, &missing) {
		t.Fatalf("got %v", err)
	}
	if !slices.Equal(missing.Deps, []change.Hash{{1}, {0xff}}) {
		t.Errorf("missing are %v", missing.Deps)
	}
}

// Attack 3: one change has one form.
func TestAnotherFormOfAChangeIsRefused(t *testing.T) {
	s := newSample(t)
	good := s.next().Encode()
	body := changetest.Body(good)
	head, columns, _, ok := changetest.Split(body)
	if !ok {
		t.Fatal("can't split")
	}
	column := func(spec uint64, data string) []changetest.Column {
		out := slices.Clone(columns)
		for i := range out {
			if out[i].Spec == spec {
				out[i].Data = []byte(data)
				return out
			}
		}
		out = append(out, changetest.Column{Spec: spec, Data: []byte(data)})
		slices.SortStableFunc(out, func(a, b changetest.Column) int { return int(a.Spec) - int(b.Spec) })
		return out
	}
	find := func(spec uint64) string {
		for _, c := range columns {
			if c.Spec == spec {
				return string(c.Data)
			}
		}
		return ""
	}
	tests := []struct {
		name  string
		chunk []byte
	}{
		{"the length of the body in more bytes than needed", append(slices.Clone(good[:9]), append([]byte{good[9] | 0x80, good[10] | 0x80, 0}, good[11:]...)...)},
		{"bytes after the columns", changetest.Chunk(append(slices.Clone(body), 1))},
		{"bytes after the chunk", append(slices.Clone(good), 0)},
		{"an unknown column", changetest.Chunk(changetest.Join(head, column(0xf2, "\x7f\x01"), nil))},
		{"a deflated column", changetest.Chunk(changetest.Join(head, column(0x42|8, "\x7f\x01"), nil))},
		{"a column twice", changetest.Chunk(changetest.Join(head, append(slices.Clone(columns), columns[len(columns)-1]), nil))},
		{"columns in another order", changetest.Chunk(changetest.Join(head, append(slices.Clone(columns[1:]), columns[0]), nil))},
		{"an empty column", changetest.Chunk(changetest.Join(head, column(0xf2, ""), nil))},
		{"a column of nulls", changetest.Chunk(changetest.Join(head, column(0xa5, "\x00\x09"), nil))},
		{"values past the last operation", changetest.Chunk(changetest.Join(head, column(0x01, find(0x01)+"\x7f\x00"), nil))},
		{"bools past the last operation", changetest.Chunk(changetest.Join(head, column(0x34, find(0x34)+"\x01"), nil))},
		{"a number in more bytes than needed", changetest.Chunk(changetest.Join(head, column(0x42, "\x7f\x81\x00"+find(0x42)[2:]), nil))},
		{"a run of one", changetest.Chunk(changetest.Join(head, column(0x42, "\x01\x01"+find(0x42)[2:]), nil))},
		{"a run cut in two", changetest.Chunk(changetest.Join(head, column(0x70, "\x7f\x01"+find(0x70)), nil))},
		{"no run at all", changetest.Chunk(changetest.Join(head, column(0x42, "\x00\x00"+find(0x42)), nil))},
		{"a wrong checksum", append(slices.Clone(good[:4]), append([]byte{good[4] ^ 1}, good[5:]...)...)},
		{"other magic bytes", append([]byte{0x84}, good[1:]...)},
		{"a document", append(append(slices.Clone(good[:8]), 0), good[9:]...)},
		{"nothing", nil},
		{"half of it", good[:len(good)/2]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := change.Parse(tt.chunk)
			var syntax *change.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("got %v, want a SyntaxError", err)
			}
		})
	}
	if _, err := change.Parse(good); err != nil {
		t.Errorf("the good form is refused: %v", err)
	}
	c, err := change.Parse(changetest.Rebuild(good, func(c *change.Change) { c.Actor = ben }))
	if err != nil || len(c.Others) != 1 || c.Others[0] != ana {
		t.Errorf("others are %v, %v", c.Others, err)
	}
	unused := strings.Replace(string(body), "\x01\x10"+string(ben), "\x02\x10"+string(ben)+"\x10zzzzzzzzzzzzzzzz", 1)
	if unused == string(body) {
		t.Fatal("no list of actors found")
	}
	if _, err := change.Parse(changetest.Chunk([]byte(unused))); err == nil {
		t.Error("an actor that nothing refers to is taken")
	}
}
